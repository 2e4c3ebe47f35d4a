import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { DryRun, Replayed, Rule, RuleId, RuleLevel } from "../host/contract";
import { FakeHost } from "../host/fake";
import { marked, replayed } from "../host/fakeDrafts";
import { toasts } from "../shared/toasts.svelte";
import { Gate } from "../testing/gate";
import { loadParts } from "../views/parts";
import Window from "../views/Window.svelte";
import { NEW_RULE, clockOf, minutesOf, wordsOf } from "./rules.svelte";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

async function start(tab: string, put: (host: FakeHost) => void = () => undefined) {
	const host = new FakeHost();
	put(host);
	render(Window, { props: { host } });
	const user = userEvent.setup();
	await user.click(await screen.findByTestId("area-drafts"));
	await user.click(await screen.findByTestId(`drafts-tab-${tab}`));
	return { host, user };
}

/** A rule that sends. */
const active: Rule = { ...NEW_RULE, id: 3, active: true };
const called = (host: FakeHost, name: string) => host.calls.filter(([call]) => call === `drafts.${name}`).map(([, ...args]) => args);

describe("rules", () => {
	test("are none at first, and a new one is off and says what it would have done before it is saved", async () => {
		const run: DryRun = { chat: 1, buyer: "Анна", question: "Где забрать?", text: "Ленина, 14", chance: 0.93, sendsAtMs: Date.now() - 60_000, hindrance: null, became: "stale" };
		const { host, user } = await start("rules", (host) => {
			host.drafts.dryRuns = [run, { ...run, text: "", sendsAtMs: null, hindrance: "noDraft" }];
			host.drafts.levelsFound = [
				{ minChance: 0.5, drafts: 40, asIs: 30, edited: 6, dismissed: 4 },
				{ minChance: 0.9, drafts: 12, asIs: 11, edited: 1, dismissed: 0 },
			];
		});
		await screen.findByText("Правил нет: без вас ничего не уходит");
		await user.click(screen.getByTestId("rule-add"));
		expect((screen.getByTestId("rule-on") as HTMLInputElement).checked).toBe(false);
		await vi.waitFor(() => expect(screen.getByTestId("rule-level").textContent).toContain("Без правок вы отправили 11, изменили 1"));
		await user.click(screen.getByTestId("rule-hours-outside"));
		await user.clear(screen.getByTestId("rule-after"));
		await user.type(screen.getByTestId("rule-after"), "15{Tab}");
		await user.type(screen.getByTestId("rule-template"), "Ответим утром{Tab}");
		await user.clear(screen.getByTestId("rule-stop-words"));
		await user.type(screen.getByTestId("rule-stop-words"), "суд, жалоба,суд{Tab}");
		await user.click(screen.getByTestId("rule-try"));
		expect((await screen.findByTestId("dry-run")).textContent).toContain("Ушёл бы 1 ответ из 2");
		expect(screen.getAllByTestId("dry-row").map((row) => row.dataset["hindrance"])).toEqual([undefined, "noDraft"]);
		await user.click(screen.getByTestId("rule-on"));
		await user.click(screen.getByTestId("rule-save"));
		const saved = called(host, "saveRule")[0]?.[0];
		expect(saved).toMatchObject({ id: null, active: true, account: null, item: null, settings: { hours: "outside", afterMin: 15, template: "Ответим утром", stopWords: ["суд", "жалоба"], delayS: 2, minChance: 0.9 } });
		expect((await screen.findByTestId("rule")).textContent).toContain("если нет ответа 15 минут");
	});

	test("hold for one listing when one is chosen, count its past, and name it in the list", async () => {
		const { host, user } = await start("rules", (host) => {
			host.knowledge.add({ kind: "item", title: "Горный велосипед Stels", scope: { account: 1, item: "3400000001" } });
			host.knowledge.add({ kind: "item", title: "Шлем, размер M", scope: { account: 1, item: "3400000002" } });
		});
		await user.click(await screen.findByTestId("rule-add"));
		const scope = screen.getByTestId("rule-scope");
		await vi.waitFor(() => expect(within(scope).getByText("Шлем, размер M")).toBeTruthy());
		await user.selectOptions(scope, "Шлем, размер M");
		await vi.waitFor(() => expect(called(host, "levels").at(-1)?.[0]).toMatchObject({ account: 1, item: "3400000002" }));
		await user.click(screen.getByTestId("rule-save"));
		expect(called(host, "saveRule")[0]?.[0]).toMatchObject({ account: 1, item: "3400000002" });
		expect((await screen.findByTestId("rule")).textContent).toContain("Шлем, размер M");
		// And for everything again.
		await user.click(screen.getByTestId("rule-edit"));
		await user.selectOptions(screen.getByTestId("rule-scope"), "");
		await user.click(screen.getByTestId("rule-save"));
		expect(called(host, "saveRule")[1]?.[0]).toMatchObject({ account: null, item: null });
	});

	test("stop at one big switch, and what they sent is listed with its sources", async () => {
		const { host, user } = await start("rules", (host) => {
			host.drafts.rulesHeld = [active];
			host.drafts.automaticReplies = [{ draft: 9, chat: 2, message: 5, rule: 3, question: "Где вы?", text: "Ленина, 14", sources: ["Контакты.docx", ""], sentMs: Date.now() }];
		});
		expect((await screen.findByTestId("automatic-reply")).textContent).toContain("Источники: Контакты.docx, Шаблон правила");
		await user.click(screen.getByTestId("rules-pause"));
		await vi.waitFor(() => expect(screen.getByTestId("rules-state").dataset["paused"]).toBe("true"));
		expect(called(host, "pauseRules")).toEqual([[true]]);
		await user.click(screen.getByTestId("rule-switch"));
		await vi.waitFor(() => expect(called(host, "saveRule")[0]?.[0]).toMatchObject({ id: 3, active: false }));
		await user.click(screen.getByTestId("rule-edit"));
		await user.click(screen.getByTestId("rule-remove"));
		await user.click(screen.getByTestId("rule-remove-confirm"));
		await screen.findByText("Правил нет: без вас ничего не уходит");
		expect(called(host, "removeRule")).toEqual([[3]]);
	});

	test("are told of the listing on the screen only, whichever answer comes last", async () => {
		const run: DryRun = { chat: 1, buyer: "Анна", question: "Где забрать?", text: "Ленина, 14", chance: 0.93, sendsAtMs: null, hindrance: null, became: "stale" };
		const level = (drafts: number): RuleLevel[] => [{ minChance: 0.5, drafts, asIs: drafts, edited: 0, dismissed: 0 }];
		const { host, user } = await start("rules", (host) => {
			host.drafts.dryRuns = [run];
			host.knowledge.add({ kind: "item", title: "Шлем, размер M", scope: { account: 1, item: "3400000002" } });
		});
		const levels = new Gate<RuleLevel[]>();
		host.drafts.levels = levels.call;
		await user.click(await screen.findByTestId("rule-add"));
		const scope = screen.getByTestId("rule-scope");
		await vi.waitFor(() => expect(within(scope).getByText("Шлем, размер M")).toBeTruthy());
		await user.click(screen.getByTestId("rule-try"));
		await screen.findByTestId("dry-run");
		await user.selectOptions(scope, "Шлем, размер M");
		expect(screen.queryByTestId("dry-run"), "that was of all listings").toBeNull();
		// The one that was asked first answers last.
		levels.answer(1, level(40));
		await vi.waitFor(() => expect(screen.getByTestId("rule-level").textContent).toContain("40"));
		levels.answer(0, level(70));
		// And a dry run answers when the rule is another.
		const runs = new Gate<DryRun[]>();
		host.drafts.dryRun = runs.call;
		await user.click(screen.getByTestId("rule-try"));
		expect(screen.getByTestId("rule-level").textContent).toContain("40");
		await user.selectOptions(scope, "");
		runs.answer(0, [run]);
		await vi.waitFor(() => expect(screen.getByTestId<HTMLButtonElement>("rule-try").disabled).toBe(false));
		expect(screen.queryByTestId("dry-run")).toBeNull();
		expect(screen.getByTestId("rule-level").textContent?.trim(), "not known yet").toBe("");
	});

	test("stay open when one that was being stored before them is done", async () => {
		const { host, user } = await start("rules", (host) => (host.drafts.rulesHeld = [active]));
		const saved = new Gate<RuleId>();
		host.drafts.saveRule = saved.call;
		await user.click(await screen.findByTestId("rule-edit"));
		await user.click(screen.getByTestId("rule-save"));
		await user.click(screen.getByText("Отмена"));
		await user.click(screen.getByTestId("rule-add"));
		saved.answer(0, 3);
		await vi.waitFor(() => expect(screen.getByTestId<HTMLButtonElement>("rule-save").disabled).toBe(false));
		expect(screen.getByTestId("rule-editor")).toBeTruthy();
	});

	test("what could not be stored is said for longer than the next reading, and the switches show what is", async () => {
		const { host, user } = await start("rules", (host) => (host.drafts.rulesHeld = [active]));
		/** The rules are read once more. */
		const again = async () => {
			const before = called(host, "automatic").length;
			host.emit({ what: "drafts" });
			await vi.waitFor(() => expect(called(host, "automatic").length).toBeGreaterThan(before));
			await user.tab();
		};
		const rule = await screen.findByTestId<HTMLInputElement>("rule-switch");
		host.drafts.failNext("storage", "saveRule");
		await user.click(rule);
		await screen.findByRole("alert");
		await again();
		expect(screen.getByRole("alert").textContent).not.toBe("");
		expect(rule.checked).toBe(true);
		// Until something is done.
		await user.click(rule);
		await vi.waitFor(() => expect(rule.checked).toBe(false));
		expect(screen.queryByRole("alert")).toBeNull();
		host.drafts.failNext("storage", "pauseRules");
		await user.click(screen.getByTestId("rules-pause"));
		await screen.findByRole("alert");
		await again();
		expect(screen.getByRole("alert")).toBeTruthy();
		// What failed in the list is not said of the rule that is opened.
		await user.click(screen.getByTestId("rule-edit"));
		expect(screen.queryByRole("alert")).toBeNull();
		host.drafts.failNext("storage", "saveRule");
		await user.click(screen.getByTestId("rule-save"));
		await screen.findByRole("alert");
		await again();
		expect(within(screen.getByTestId("rule-editor")).getByRole("alert")).toBeTruthy();
		expect(toasts.list).toEqual([]);
	});

	test("that could not be read are not said to be none", async () => {
		const { host, user } = await start("rules", (host) => {
			host.drafts.rulesHeld = [active];
			host.drafts.failNext("storage", "rules");
		});
		await user.click(await screen.findByText("Повторить"));
		expect(await screen.findByTestId("rule")).toBeTruthy();
		expect(called(host, "rules")).toHaveLength(2);
	});

	test("hours and words are read as people write them", () => {
		expect([clockOf(0), clockOf(570), clockOf(1439)]).toEqual(["00:00", "09:30", "23:59"]);
		expect([minutesOf("9:30"), minutesOf("23:59"), minutesOf("")]).toEqual([570, 1439, null]);
		expect(wordsOf(" суд,\nжалоба ; суд,, ")).toEqual(["суд", "жалоба"]);
	});
});

describe("a reply that is no longer so", () => {
	const offer = (chat: number) => ({ draft: 7, account: 1, chat, buyer: "Анна", message: 5, ...marked("Цена [18 500 ₽|nothing], забирайте."), untilMs: Date.now() + 600_000 });

	test("is offered in its chat, taken back by one click and written anew", async () => {
		const host = new FakeHost();
		host.drafts.recallsOffered = [offer(2)];
		render(Window, { props: { host } });
		const user = userEvent.setup();
		await user.click((await screen.findAllByTestId("chat-row")).find((row) => row.dataset["chatId"] === "2") as HTMLElement);
		const card = await screen.findByTestId("recall");
		expect(card.textContent).toContain("Устарело в вашем ответе: «18 500 ₽»");
		await user.click(within(card).getByTestId("recall-do"));
		await vi.waitFor(() => expect(screen.queryByTestId("recall")).toBeNull());
		expect(called(host, "recall")).toEqual([[7]]);
		expect((await screen.findByTestId("draft-text")).textContent).toContain("19 000 ₽");
	});

	test("is offered over all chats above the queue, may stay, and says when it could not be deleted", async () => {
		const { host, user } = await start("queue", (host) => (host.drafts.recallsOffered = [offer(2)]));
		const card = await screen.findByTestId("recall");
		host.drafts.failNext("tooLateToDelete");
		await user.click(within(card).getByTestId("recall-do"));
		await vi.waitFor(() => expect(within(screen.getByTestId("recall")).getByRole("alert").textContent).not.toBe(""));
		await user.click(screen.getByTestId("recall-keep"));
		await vi.waitFor(() => expect(screen.queryByTestId("recall")).toBeNull());
		expect(called(host, "keep")).toEqual([[7]]);
	});
});

describe("past questions", () => {
	const past = (message: number, before: string, after: string, verdict: Replayed["verdict"]) => ({
		question: { chat: 1, message, buyer: "Анна", question: `Вопрос ${message}?`, askedMs: 0, reply: "Да" },
		found: { before: replayed(before), after: replayed(after), verdict },
	});

	test("are asked again with what is on the screen, and what speaks against it comes first", async () => {
		const { host, user } = await start("setup", (host) => (host.drafts.past = [past(1, "", "Да", "better"), past(2, "Да", "За [900 ₽|nothing]", "unsupported"), past(3, "Да", "", "worse")]));
		await user.click(await screen.findByTestId("replay-start"));
		await vi.waitFor(() => expect(screen.getAllByTestId("replay-row").map((row) => row.dataset["verdict"])).toEqual(["unsupported", "worse", "better"]));
		expect(screen.getByTestId("replay-better").textContent).toContain("1");
		expect(called(host, "replay").map(([chat, message]) => [chat, message])).toEqual([[1, 1], [1, 2], [1, 3]]);
		expect(screen.getByTestId("draft-fact").textContent).toContain("900 ₽");
		expect(called(host, "saveSettings")).toEqual([]);
	});

	test("where there are none that is said", async () => {
		const { user } = await start("setup");
		await user.click(await screen.findByTestId("replay-start"));
		await screen.findByText("Вопросов, на которые вы ответили, пока нет");
	});
});

describe("drafts that are off", () => {
	test("are switched on from the empty queue, with every other setting kept", async () => {
		const { host, user } = await start("queue", (host) => {
			host.drafts.view = { ...host.drafts.view, settings: { ...host.drafts.view.settings, on: false, model: "mine" } };
		});
		await user.click(await screen.findByTestId("queue-turn-on"));
		await vi.waitFor(() => expect(screen.queryByTestId("queue-turn-on")).toBeNull());
		expect(called(host, "saveSettings")[0]?.[0]).toMatchObject({ on: true, model: "mine" });
		expect(called(host, "saveSettings")[0]?.[1]).toEqual({ key: null, headers: null, proxy: null });
	});

	test("and cannot be switched on stay off, which is said", async () => {
		const { host, user } = await start("queue", (host) => {
			host.drafts.view = { ...host.drafts.view, settings: { ...host.drafts.view.settings, on: false } };
		});
		const button = await screen.findByTestId("queue-turn-on");
		host.drafts.failNext("diskFull", "saveSettings");
		await user.click(button);
		expect((await screen.findByTestId("toast")).textContent).toContain("Диск заполнен");
		expect(screen.getByTestId("queue-turn-on")).toBeTruthy();
	});
});
