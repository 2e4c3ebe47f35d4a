import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { LineReason, TunnelState } from "../host/contract";
import { toasts } from "../shared/toasts.svelte";
import { renderIn, testFrame, type TestFrame } from "../testing/render";
import { codeWords } from "./codes";
import { delay, deliveredWords } from "./lineWords";
import ReceptionArea from "./ReceptionArea.svelte";

async function open(frame: TestFrame) {
	const chats: number[] = [];
	renderIn(frame, ReceptionArea, { onchat: (chat: number) => chats.push(chat) });
	await screen.findAllByTestId("line");
	return chats;
}

/** What is written there, with its spaces as they are seen. */
const words = (testid: string) => (screen.getByTestId(testid).textContent ?? "").replace(/\s+/g, " ");
const field = (testid: string) => screen.getByTestId<HTMLInputElement>(testid);
const tab = (name: string) => userEvent.click(screen.getByTestId(`reception-tab-${name}`));
const calls = (frame: TestFrame, command: string) => frame.host.calls.filter(([name]) => name === command).map(([, ...rest]) => rest);

describe("words", () => {
	const CODES = "102 103 105 106 107 108 115 116 119 120 121 123 300 319 320 334 725 727 734 3004 3200 4018 8012 9040 15013 9001 4999".split(" ");
	const OURS = "network tls proxy cut unexpected stopped_remotely bad_server bad_ca_file bad_proxy bad_command bad_pattern program_missing program_denied no_address ended not_https bad_address port_taken none timeout dns connect elsewhere http_502 ngrok_3200 internal".split(" ");

	test.each([...CODES, ...OURS])("code %s says what happened and what to do", (code) => {
		const found = codeWords(code);
		expect(found.words).toMatch(/\p{L}{3}/u);
		expect(found.step).toMatch(/\.$/);
	});

	test("a country that is refused, an old version and a used-up quota lead to other tunnels", () => {
		for (const code of ["9040", "120", "725", "727"]) expect(codeWords(code).otherTunnel).toBe(true);
		for (const code of ["107", "334", "3200", "cut"]) expect(codeWords(code).otherTunnel).toBe(false);
	});

	test("delays and counts", () => {
		expect(delay(810)).toBe("810\u00a0мс");
		expect(delay(1240)).toBe("1,2\u00a0с");
		expect(deliveredWords({ byEvent: 412, recovered: 0, meanDelayMs: 810 })).toBe("доставлено вебхуком 412 из 412, в среднем 810\u00a0мс");
		expect(deliveredWords({ byEvent: 410, recovered: 2, meanDelayMs: null })).toBe("доставлено вебхуком 410 из 412");
		expect(deliveredWords({ byEvent: 0, recovered: 0, meanDelayMs: null })).toBe("сообщений не было");
	});
});

describe("the state of a line", () => {
	const REASONS: [LineReason, string, RegExp][] = [
		["live", "Сообщения приходят сразу", /проверка это подтвердила/],
		["noTunnel", "Проверяем Avito сами", /Включите туннель/],
		["tunnelDown", "Проверяем Avito сами", /ничего делать не нужно/],
		["unsteady", "Проверяем Avito сами", /то есть, то нет/],
		["refused", "Проверяем Avito сами", /не принял адрес/],
		["eventsMissing", "Проверяем Avito сами", /не сообщил/],
		["notWanted", "Проверяем Avito сами", /Вы сняли вебхук/],
	];
	test.each(REASONS)("%s", async (reason, title, why) => {
		const frame = await testFrame();
		frame.host.receptionState.reason = reason;
		await open(frame);
		expect(screen.getByRole("heading", { name: title })).toBeTruthy();
		expect(screen.getByText(why)).toBeTruthy();
	});

	test("shows address without its secret, counts, and since when all is here", async () => {
		await open(await testFrame());
		expect(words("line-address")).toMatch(/webhook\/avito\/1\/…$/);
		expect(words("line-today")).toContain("доставлено вебхуком 412 из 412, в среднем 810 мс");
		expect(words("ledger-words")).toMatch(/^Без пропусков со? /);
	});

	test("several accounts are told by their names", async () => {
		await open(await testFrame({ accounts: 2 }));
		expect(screen.getAllByTestId("line").map((line) => line.getAttribute("aria-label"))).toEqual(["Вело-Мастер", "Техника у дома"]);
	});

	test("a test shows its time in two parts", async () => {
		const frame = await testFrame();
		await open(frame);
		await userEvent.click(screen.getByTestId("line-test"));
		await waitFor(() => expect(words("line-test-result")).toContain("дошло за 340 мс: в пути 336 мс, обработка 4 мс"));
	});

	test("removing and changing the secret are asked about first", async () => {
		const frame = await testFrame();
		await open(frame);
		await userEvent.click(screen.getByTestId("line-remove"));
		expect(calls(frame, "unregisterWebhook")).toEqual([]);
		await userEvent.click(screen.getByTestId("ask-yes"));
		await waitFor(() => expect(calls(frame, "unregisterWebhook")).toEqual([[1]]));
		await waitFor(() => expect(screen.getByTestId("line").dataset["reason"]).toBe("notWanted"));
		await userEvent.click(screen.getByTestId("line-register"));
		await waitFor(() => expect(screen.getByTestId("line").dataset["reason"]).toBe("live"));
		await userEvent.click(screen.getByTestId("line-rotate"));
		await userEvent.click(screen.getByTestId("ask-yes"));
		await waitFor(() => expect(calls(frame, "rotateWebhookSecret")).toEqual([[1]]));
	});

	test("a stranger's address is named and goes only after a question; ours cannot be removed there", async () => {
		const frame = await testFrame();
		await open(frame);
		const rows = screen.getAllByTestId("subscription");
		expect(rows.map((row) => row.dataset["owner"])).toEqual(["current", "stranger"]);
		expect(within(rows[0] as HTMLElement).queryByRole("button")).toBeNull();
		await userEvent.click(screen.getByTestId("subscription-remove"));
		expect(words("ask")).toContain("https://crm.example/hook/…");
		await userEvent.click(screen.getByTestId("ask-yes"));
		await waitFor(() => expect(screen.getAllByTestId("subscription")).toHaveLength(1));
	});
});

describe("the list of checks", () => {
	test("runs one after the other and says that all is well", async () => {
		const frame = await testFrame();
		await open(frame);
		await userEvent.click(screen.getByTestId("checks-run"));
		await screen.findByTestId("checks-well");
		expect(calls(frame, "checkLine").map(([, what]) => what)).toEqual(["internet", "key", "tariff", "tunnel", "https", "speed", "subscription", "delivery"]);
	});

	test("says what is wrong, what to do, and what could not be looked at", async () => {
		const frame = await testFrame();
		frame.host.receptionState.findings = {
			tunnel: { passed: false, code: "9040", detail: null, tookMs: 3 },
			https: { passed: null, code: "no_address", detail: null, tookMs: 0 },
			subscription: { passed: false, code: "not_listed", detail: null, tookMs: 3 },
		};
		await open(frame);
		await userEvent.click(screen.getByTestId("checks-run"));
		await waitFor(() => expect(screen.getByTestId("check-delivery").dataset["state"]).toBe("passed"));
		expect(words("check-tunnel")).toMatch(/не обслуживает вашу страну.*CloudPub/);
		expect(screen.getByTestId("check-https").dataset["state"]).toBe("skipped");
		expect(words("check-subscription")).toContain("Зарегистрировать заново");
		expect(screen.queryByTestId("checks-well")).toBeNull();
	});
});

describe("the tunnel", () => {
	const failed = (code: string): TunnelState => ({ state: "failed", code, reason: "ERR" });

	test("refused by country: the other tunnels are one click away", async () => {
		const frame = await testFrame();
		frame.host.receptionState.tunnel = { ...frame.host.receptionState.tunnel, now: failed("9040") };
		await open(frame);
		await userEvent.click(screen.getByTestId("tunnel-others"));
		expect(field("preset-cloudPub").checked).toBe(true);
		await userEvent.click(screen.getByTestId("preset-tuna"));
		await userEvent.click(screen.getByTestId("program-save"));
		await waitFor(() => expect(calls(frame, "saveTunnels")).toHaveLength(1));
		const [[saved]] = calls(frame, "saveTunnels") as [[{ order: string[]; program: { preset: string } }]];
		expect([saved.order, saved.program.preset]).toEqual([["program", "ngrok"], "tuna"]);
	});

	test("the other tunnels are offered from the tunnel's own tab too", async () => {
		const frame = await testFrame();
		frame.host.receptionState.tunnel = { ...frame.host.receptionState.tunnel, now: failed("9040") };
		await open(frame);
		await tab("tunnel");
		expect(screen.queryByTestId("preset-cloudPub")).toBeNull();
		await userEvent.click(screen.getByTestId("tunnel-others"));
		expect(field("preset-cloudPub").checked).toBe(true);
	});

	test("a wrong token asks for a new one and does not push other tunnels", async () => {
		const frame = await testFrame();
		frame.host.receptionState.tunnel = { ...frame.host.receptionState.tunnel, now: failed("107") };
		await open(frame);
		expect(words("tunnel-now")).toMatch(/отклонил токен/);
		expect(screen.queryByTestId("tunnel-others")).toBeNull();
		await userEvent.click(screen.getByTestId("tunnel-retry"));
		await waitFor(() => expect(calls(frame, "retryTunnel")).toHaveLength(1));
	});

	test("the token goes to the core and is not kept in the page", async () => {
		const frame = await testFrame();
		frame.host.receptionState.tunnel = { ...frame.host.receptionState.tunnel, ngrokTokenKept: false };
		frame.host.receptionState.save({ ...frame.host.receptionState.tunnel.settings, order: [] });
		await open(frame);
		await userEvent.click(screen.getByTestId("line-setup"));
		expect(field("ngrok-save").disabled).toBe(true);
		await userEvent.type(screen.getByTestId("ngrok-token"), "2abcDEF");
		await userEvent.click(screen.getByTestId("ngrok-save"));
		await waitFor(() => expect(calls(frame, "saveTunnels")).toEqual([[expect.objectContaining({ order: ["ngrok"] }), "2abcDEF"]]));
		expect(calls(frame, "setNgrokToken")).toEqual([]);
		await waitFor(() => expect(field("ngrok-token").value).toBe(""));
	});

	test("a switch shows what is, when the change was refused", async () => {
		const frame = await testFrame();
		await open(frame);
		await tab("tunnel");
		const before = field("tunnel-unregister").checked;
		frame.host.failNext("saveTunnels", "storage");
		await userEvent.click(field("tunnel-unregister"));
		await waitFor(() => expect(toasts.list).toHaveLength(1));
		expect(field("tunnel-unregister").checked).toBe(before);
		await userEvent.click(field("tunnel-unregister"));
		await waitFor(() => expect(field("tunnel-unregister").checked).toBe(!before));
	});

	test("an own address needs https, and its snippets are ready to copy", async () => {
		const frame = await testFrame();
		await open(frame);
		await tab("tunnel");
		await userEvent.click(screen.getByTestId("tunnel-open-own"));
		await userEvent.type(screen.getByTestId("own-url"), "http://shop.example");
		expect(field("own-save").disabled).toBe(true);
		await userEvent.clear(screen.getByTestId("own-url"));
		await userEvent.type(screen.getByTestId("own-url"), "https://shop.example");
		await waitFor(() => expect(words("own-snippet")).toContain("proxy_pass http://127.0.0.1:8765/"));
		// What scrolls is reached by keyboard.
		expect(screen.getByTestId("own-snippet").tabIndex).toBe(0);
		expect(field("own-save").disabled).toBe(false);
	});

	test("a tunnel in use is checked where it is set up; what is wrong is said with what to do", async () => {
		const frame = await testFrame();
		await open(frame);
		await tab("tunnel");
		await userEvent.click(screen.getByTestId("tunnel-check"));
		await waitFor(() => expect(screen.getByTestId("line-test-result").dataset["passed"]).toBe("true"));
		expect(calls(frame, "testWebhook")).toHaveLength(1);

		frame.host.testWebhook = () => Promise.resolve({ atMs: 1, passed: false, code: "ngrok_3200", detail: null, totalMs: null, handlerMs: null });
		await userEvent.click(screen.getByTestId("tunnel-check"));
		await waitFor(() => expect(screen.getByTestId("line-test-result").dataset["passed"]).toBe("false"));
		expect(words("line-test-result")).toContain(codeWords("3200").words);
		expect(words("line-test-result")).toContain(codeWords("3200").step);

		frame.host.receptionState.tunnel = { ...frame.host.receptionState.tunnel, now: failed("107") };
		frame.host.emit({ what: "accounts" });
		await waitFor(() => expect(screen.queryByTestId("tunnel-check")).toBeNull());
	});

	test("the month's free requests are shown, and a warning when they run out", async () => {
		const frame = await testFrame();
		frame.host.receptionState.tunnel = { ...frame.host.receptionState.tunnel, ngrokRequests: 17_000 };
		await open(frame);
		expect(words("ngrok-quota")).toMatch(/17.000 из 20.000/);
		expect(words("ngrok-quota")).toMatch(/Скоро бесплатные запросы кончатся/);
	});
});

describe("the event log", () => {
	test("filters, shows a body on demand, leads to the chat and is emptied after a question", async () => {
		const frame = await testFrame();
		const chats = await open(frame);
		await tab("log");
		await screen.findByTestId("event-log");
		expect(screen.getAllByTestId("event")).toHaveLength(6);
		await userEvent.click(screen.getByTestId("log-other"));
		await waitFor(() => expect(screen.getAllByTestId("event").map((row) => row.dataset["outcome"])).toEqual(["otherKind", "empty", "notJson"]));
		await userEvent.click(screen.getByTestId("log-messages"));
		await waitFor(() => expect(screen.getAllByTestId("event")).toHaveLength(2));
		await userEvent.click(screen.getAllByTestId("event-body-open")[0] as HTMLElement);
		await waitFor(() => expect(words("event-body")).toContain('"id": "event-9"'));
		expect(screen.getByTestId("event-body").tabIndex).toBe(0);
		await userEvent.click(screen.getByText("Алексей"));
		expect(chats).toEqual([9]);
		await userEvent.click(screen.getByTestId("log-clear"));
		await userEvent.click(screen.getByTestId("ask-yes"));
		await waitFor(() => expect(calls(frame, "clearEventLog")).toEqual([[null]]));
		await waitFor(() => expect(screen.queryByTestId("event-log")).toBeNull());
	});
});
