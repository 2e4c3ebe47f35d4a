import { expect, test } from "vitest";
import { contained } from "./contained";

test.each([
	["обычный текст", "обычный текст"],
	["\u202eялпук", "\u202eялпук"],
	["\u2066а\u2069", "\u2066а\u2069"],
	["\u2066а", "\u2066а\u2069"],
	["\u2067а\u2068б", "\u2067а\u2068б\u2069\u2069"],
	["а\u2069б", "аб"],
	["\u2069\u2066а\u2069\u2069", "\u2066а\u2069"],
	["\u2066а\nб\u2069\r\u2067в", "\u2066а\u2069\nб\r\u2067в\u2069"],
])("%j is contained as %j", (text, expected) => expect(contained(text)).toBe(expected));
