import { describe, expect, test, vi } from "vitest";
import en from "../../messages/en.json";
import ru from "../../messages/ru.json";
import type { ErrorCode, Preview, SendFailure, TroubleCode } from "../host/contract";
import { errorWords, failureWords } from "./errors";
import { atMoment, badge, clockTime, dayLabel, daysAgo, duration, fileSize, innerQuotes, itemPrice, language, listTime, m, moment, number, quoted, sinceMoment, span, tenths } from "./index";
import { WindowLanguage } from "./language.svelte";
import { previewWords } from "./preview";
import { actionWords, detailWords, troubles } from "./troubles";

const at = (year: number, month: number, day: number, hour = 12, minute = 0) => new Date(year, month - 1, day, hour, minute).getTime();
const now = at(2026, 10, 15, 14, 30);

describe("plural forms", () => {
	test.each([
		[1, "1 новое сообщение"],
		[2, "2 новых сообщения"],
		[5, "5 новых сообщений"],
		[11, "11 новых сообщений"],
		[21, "21 новое сообщение"],
		[112, "112 новых сообщений"],
	])("%i in Russian", (count, words) => expect(m.unread_label({ count })).toBe(words));

	test("English has its own", () => {
		language.setting = "en";
		expect([1, 2].map((count) => m.unread_label({ count }))).toEqual(["1 new message", "2 new messages"]);
	});
});

describe("before the settings can be read", () => {
	test("the window speaks Russian, also on an English system, and later what it used last", () => {
		vi.spyOn(navigator, "language", "get").mockReturnValue("en-US");
		expect(new WindowLanguage().locale).toBe("ru");
		language.follow("en");
		expect(new WindowLanguage().locale).toBe("en");
		language.follow("system");
		expect(new WindowLanguage().setting).toBe("system");
	});
});

describe("times as people write them", () => {
	test("in a list", () => {
		expect(listTime(at(2026, 10, 15, 9, 5), now)).toBe("09:05");
		expect(listTime(at(2026, 10, 14, 23, 59), now)).toBe("вчера");
		expect(listTime(at(2026, 10, 12), now)).toBe("пн");
		expect(listTime(at(2026, 10, 3), now)).toBe("3 окт.");
		expect(listTime(at(2025, 4, 12), now)).toBe("12.04.2025");
	});

	test("between days", () => {
		expect(dayLabel(at(2026, 10, 15, 0, 1), now)).toBe("Сегодня");
		expect(dayLabel(at(2026, 10, 14), now)).toBe("Вчера");
		expect(dayLabel(at(2026, 10, 3), now)).toBe("3 октября");
		expect(dayLabel(at(2024, 10, 3), now)).toBe("3 октября 2024 г.");
	});

	test("in a sentence, with the time never alone on a line", () => {
		expect(moment(at(2026, 10, 15, 14, 5), now)).toBe("14:05");
		expect(moment(at(2026, 10, 14, 14, 5), now)).toBe("вчера в\u00a014:05");
		expect(moment(at(2026, 10, 3, 14, 5), now)).toBe("3 окт. в\u00a014:05");
	});

	const days = [at(2026, 10, 15, 14, 5), at(2026, 10, 14, 14, 5), at(2026, 10, 3, 14, 5), at(2025, 10, 3, 14, 5)];

	test("as the moment of something", () => {
		const words = () => days.map((day) => atMoment(day, now).replaceAll("\u00a0", " "));
		expect(words()).toEqual(["в 14:05", "вчера в 14:05", "3 окт. в 14:05", "03.10.2025 в 14:05"]);
		language.setting = "en";
		expect(words()).toEqual(["at 14:05", "yesterday at 14:05", "on 3 Oct at 14:05", "on 03/10/2025 at 14:05"]);
	});

	test("as a beginning", () => {
		const words = () => days.map((day) => sinceMoment(day, now).replaceAll("\u00a0", " "));
		expect(words()).toEqual(["с 14:05", "со вчера, 14:05", "с 3 окт., 14:05", "с 03.10.2025, 14:05"]);
		language.setting = "en";
		expect(words()).toEqual(["since 14:05", "since yesterday, 14:05", "since 3 Oct, 14:05", "since 03/10/2025, 14:05"]);
	});

	test("a day is a day of the calendar, not 24 hours", () => {
		expect(daysAgo(at(2026, 10, 14, 23, 59), at(2026, 10, 15, 0, 1))).toBe(1);
		expect(clockTime(at(2026, 10, 15, 0, 0))).toBe("00:00");
	});

	test("in English", () => {
		language.setting = "en";
		expect(listTime(at(2026, 10, 14), now)).toBe("yesterday");
		expect(listTime(at(2026, 10, 3), now)).toBe("3 Oct");
	});
});

test("numbers keep together", () => {
	expect(number(18240)).toBe("18\u00a0240");
	expect([7, 7.26].map(tenths)).toEqual(["7,0", "7,3"]);
	expect([7, 99, 100].map(badge)).toEqual(["7", "99", "99+"]);
	expect([0, 7.9, 754].map(duration)).toEqual(["0:00", "0:07", "12:34"]);
	expect(duration(Number.NaN)).toBe("0:00");
});

test("a size has a space before its unit in both languages", () => {
	expect([330, 158_000].map(fileSize)).toEqual(["330\u00a0Б", "158\u00a0кБ"]);
	language.setting = "en";
	expect([330, 158_000].map(fileSize)).toEqual(["330\u00a0B", "158\u00a0kB"]);
});

test("a stretch of time is told in its largest unit, and not torn from it", () => {
	expect([40, 60, 75, 90, 150, 3600, 7200, 86_400].map((seconds) => span(seconds * 1000))).toEqual(
		["40 с", "1 мин", "75 с", "2 мин", "3 мин", "1 ч", "2 ч", "1 дн."].map((words) => words.replace(" ", "\u00a0")),
	);
	language.setting = "en";
	expect([60, 7200].map((seconds) => span(seconds * 1000))).toEqual(["1\u00a0min", "2\u00a0hr"]);
});

describe("the price of a listing", () => {
	test.each([
		["3\u00a0600 ₽", "3\u00a0600\u00a0₽", "3,600\u00a0₽"],
		["24500₽", "24\u00a0500\u00a0₽", "24,500\u00a0₽"],
		["1\u202f234\u2009567 ₽", "1\u00a0234\u00a0567\u00a0₽", "1,234,567\u00a0₽"],
		["8 750,5 ₽", "8\u00a0750,50\u00a0₽", "8,750.50\u00a0₽"],
		["от 1 500 ₽", "от\u00a01\u00a0500\u00a0₽", "from\u00a01,500\u00a0₽"],
		["0 ₽", "0\u00a0₽", "0\u00a0₽"],
		["Цена не указана", "Цена не указана", "No price"],
		["Бесплатно", "Бесплатно", "Free"],
		["Договорная", "Договорная", "Negotiable"],
	])("%j is the same amount in the window's language", (avito, russian, english) => {
		expect(itemPrice(avito)).toBe(russian);
		language.setting = "en";
		expect(itemPrice(avito)).toBe(english);
	});

	test.each(["", "от 500 ₽ за м²", "1.200 ₽", "12 34 ₽", "1 000 – 2 000 ₽", "100 $", "₽", "9999999999999999 ₽", "\u202e100 ₽", "٣٦٠٠ ₽", "Цена: ₽"])(
		"%j is left as Avito wrote it",
		(avito) => {
			language.setting = "en";
			expect(itemPrice(avito)).toBe(avito);
		},
	);
});

test("quotation marks inside of others are the inner ones", () => {
	expect(innerQuotes("Лампа «Летучая мышь»")).toBe("Лампа „Летучая мышь“");
	language.setting = "en";
	expect(innerQuotes("Лампа «Летучая мышь»")).toBe("Лампа «Летучая мышь»");
	expect(quoted("900 ₽")).toBe("“900 ₽”");
});

describe("dictionaries", () => {
	test("say the same things in both languages", () => expect(Object.keys(en).sort()).toEqual(Object.keys(ru).sort()));

	test("have the same places for values, in every form of a word", () => {
		const forms = (message: unknown): string[] => (typeof message === "string" ? [message] : (message as { match: Record<string, string> }[]).flatMap(({ match }) => Object.values(match)));
		const places = (words: string) => [...words.matchAll(/\{\w+\}/g)].map(([place]) => place).sort().join(" ");
		for (const [key, message] of Object.entries(ru)) {
			const all = [...forms(message), ...forms(en[key as keyof typeof en])].map(places);
			expect(new Set(all).size, key).toBe(1);
		}
	});

	test("English has English marks", () => {
		// Buyers write in Russian: the example of a question and its answer stay as they are.
		const words = Object.entries(en).filter(([key]) => !key.startsWith("example_"));
		expect(JSON.stringify(words)).not.toMatch(/[«»]|\p{L}'/u);
	});

	test("are calm: no exclamation marks", () => {
		expect(JSON.stringify(ru)).not.toContain("!");
		expect(JSON.stringify(en)).not.toContain("!");
	});
});

// Every code of the contract, checked by the compiler: a new one fails the build here and in the tables.
const troubleCodes: Record<TroubleCode, true> = {
	wrongKey: true,
	secretMissing: true,
	tariffMissing: true,
	forbidden: true,
	rateLimited: true,
	serverTrouble: true,
	network: true,
	dns: true,
	unexpectedAnswer: true,
	eventsMissing: true,
	webhookRefused: true,
	tunnelDown: true,
	selfTestFailed: true,
	diskFull: true,
	diskReadOnly: true,
	archiveBusy: true,
	archiveDamaged: true,
	diskFailing: true,
};

describe("every code has words", () => {
	test.each(Object.keys(troubleCodes) as TroubleCode[])("trouble %s: what it is, what to do, and a button", (code) => {
		const words = troubles[code];
		expect(words.title()).toMatch(/\p{L}/u);
		expect(words.help()).toMatch(/[.]$/);
		expect(words.short()).toMatch(/\p{L}/u);
		expect(actionWords[words.action]()).toMatch(/\p{L}/u);
		// What only the seller can mend blocks sending; what mends itself never does.
		expect(words.sendingBlocked !== null).toBe(words.severity === "act");
	});

	test("Avito is quoted for what it said, and not for what the network or this program says", () => {
		expect(detailWords("serverTrouble", "Bad gateway")).toContain("Avito");
		expect(detailWords("forbidden", "Forbidden")).toContain("Avito");
		for (const code of ["network", "dns", "tunnelDown", "unexpectedAnswer"] as const) {
			expect(detailWords(code, "Connection refused")).toContain("Connection refused");
			expect(detailWords(code, "Connection refused")).not.toContain("Avito");
		}
	});

	test("errors and failures each have a sentence of their own", () => {
		const sentences = (Object.keys(errorWords) as ErrorCode[]).map((code) => errorWords[code]());
		expect(new Set(sentences).size).toBe(Object.keys(errorWords).length);
		const failures = (Object.keys(failureWords) as SendFailure[]).map((code) => failureWords[code]());
		expect(new Set(failures).size).toBe(Object.keys(failureWords).length);
	});
});

test("last words: a kind is named, a text is quoted", () => {
	const preview = (kind: Preview["kind"], text = ""): Preview => ({ kind, text, outgoing: false, delivery: null });
	expect(previewWords(preview("text", "привет"))).toEqual({ kind: null, text: "привет" });
	expect(previewWords(preview("voice"))).toEqual({ kind: "Голосовое сообщение", text: "" });
	expect(previewWords(preview("image", "вид сбоку"))).toEqual({ kind: "Фото", text: "вид сбоку" });
	expect(previewWords(preview("system", "Объявление снято"))).toEqual({ kind: null, text: "Объявление снято" });
	expect(previewWords(preview("link"))).toEqual({ kind: "Ссылка", text: "" });
});
