import { expect, test } from "vitest";
import type { AccountView } from "../host/contract";
import { testFrame } from "../testing/render";
import { statusWords } from "./statusWords";

test("a shop that is well says so in a word or two beside its name, and in a sentence alone", async () => {
	const account = (await testFrame()).app.accounts[0] as AccountView;
	const live: AccountView = { ...account, mode: "live", trouble: null };
	expect(statusWords(live)).toMatchObject({ words: "Сообщения приходят сразу", short: "На связи", tone: "ok" });
	const polling: AccountView = { ...live, mode: "polling", lastCheckedMs: 1_000_000, nextCheckMs: 1_120_000 };
	expect(statusWords(polling)).toMatchObject({ words: "Проверяем Avito раз в\u00a02\u00a0мин", short: "Раз в\u00a02\u00a0мин", tone: "ok" });
	const offline = statusWords({ ...live, mode: "offline" });
	expect(offline.short).toBe(offline.words);
});
