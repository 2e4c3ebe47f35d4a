import { describe, expect, test } from "vitest";
import { isAvito, linkify } from "./linkify";

const links = (text: string) => linkify(text).flatMap((piece) => (piece.url ? [[piece.text, piece.url]] : []));

describe("addresses in a text", () => {
	test("the pieces put together are the text", () => {
		for (const text of ["", "без ссылок", "a https://x.example/1, b www.avito.ru/2. c", "(https://ru.example/a_(b))"]) {
			expect(linkify(text).map((piece) => piece.text).join("")).toBe(text);
		}
	});

	test("punctuation of the sentence is not part of the address", () => {
		expect(links("Смотрите https://www.avito.ru/item_1?x=1. И ещё (https://a.example/b)!")).toEqual([
			["https://www.avito.ru/item_1?x=1", "https://www.avito.ru/item_1?x=1"],
			["https://a.example/b", "https://a.example/b"],
		]);
		expect(links("https://ru.example/a_(b)")[0]?.[0]).toBe("https://ru.example/a_(b)");
	});

	test("a bare avito.ru is an address, a mail address is not", () => {
		expect(links("m.avito.ru/123 и me@avito.ru")).toEqual([["m.avito.ru/123", "https://m.avito.ru/123"]]);
	});

	test("only web addresses become links", () => {
		for (const text of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "tel:+79000000000", "https://localhost", "http://"]) {
			expect(links(text)).toEqual([]);
		}
	});

	test("markup stays text", () => {
		const text = '<img src=x onerror=alert(1)> <a href="https://evil.example">avito.ru</a>';
		expect(linkify(text).map((piece) => piece.text).join("")).toBe(text);
		expect(links(text).map(([, url]) => url)).toEqual(["https://evil.example/", "https://avito.ru/"]);
	});
});

describe("texts that mean no good", () => {
	test.each([
		["one long word", "a".repeat(1_000_000)],
		["many dots", "a.".repeat(500_000)],
		["an address that never ends", `www.${"a".repeat(1_000_000)}`],
		["brackets that never end", `www.a${")".repeat(200_000)}`],
		["many addresses", "avito.ru ".repeat(20_000)],
		["NUL, zero width, half an emoji", "\0\u200b\ufeff\ud83d ".repeat(100_000)],
	])("%s is read to its end and shown as written", (_name, text) => {
		expect(linkify(text).map((piece) => piece.text).join("")).toBe(text);
	});

	test("an address ends where the direction of writing is turned", () => {
		expect(links("https://pay.example/\u202egpj.avito.ru")).toEqual([
			["https://pay.example/", "https://pay.example/"],
			["gpj.avito.ru", "https://gpj.avito.ru/"],
		]);
	});
});

describe("Avito's own site", () => {
	test.each(["https://www.avito.ru/1", "https://avito.ru", "http://m.avito.ru/x"])("%s is", (address) => expect(isAvito(address)).toBe(true));

	test.each([
		"https://avito.ru@evil.example/",
		"https://avito.ru.evil.example/",
		"https://evilavito.ru/",
		"https://evil.example/avito.ru",
		"https://аvito.ru/", // the first letter is Cyrillic
		"javascript://avito.ru/%0aalert(1)",
	])("%s is not", (address) => expect(isAvito(address)).toBe(false));
});
