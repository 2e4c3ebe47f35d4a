import { expect, test } from "vitest";
import { linkDanger } from "./lookalike";

test.each([
	["https://avito-dostavka.pay-secure.example/order/7781", "lookalike"],
	["https://avito.ru.evil.example/", "lookalike"],
	["https://www.av1to.ru/1", "lookalike"],
	["https://avlto.ru/", "lookalike"],
	["https://avitto.ru/", "lookalike"],
	["https://avio.ru/", "lookalike"],
	["https://aivto.ru/", "lookalike"],
	["https://аvito.ru/", "lookalike"], // the first letter is Cyrillic
	["https://avito.ru@evil.example/", "lookalike"],
	["https://bank.example@evil.example/", "hidden"],
	["https://ѕbеr.example/", "letters"],
	["https://185.10.20.30/pay", "number"],
	["http://shop.example/", "open"],
] as const)("%s is %s", (address, danger) => expect(linkDanger(address)).toBe(danger));

test.each(["https://www.avito.ru/1", "https://m.avito.ru", "https://www.cdek.ru/track", "https://почта.рф/", "https://yandex.ru/maps", "https://vk.com/avanti", "https://auto.ru/"])(
	"%s is nothing to warn of",
	(address) => expect(linkDanger(address)).toBeNull(),
);
