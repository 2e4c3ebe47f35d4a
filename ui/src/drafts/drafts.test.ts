import { fireEvent, render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { ModelCheck, SentDraft } from "../host/contract";
import { FakeHost } from "../host/fake";
import { marked } from "../host/fakeDrafts";
import { HostError } from "../host";
import { toasts } from "../shared/toasts.svelte";
import { Gate } from "../testing/gate";
import { loadParts } from "../views/parts";
import Window from "../views/Window.svelte";
import { spans } from "./spans";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

async function start(put: (host: FakeHost) => void = () => undefined) {
	const host = new FakeHost();
	put(host);
	render(Window, { props: { host } });
	await screen.findAllByTestId("chat-row");
	return { host, user: userEvent.setup() };
}

const row = async (id: number) => (await screen.findAllByTestId("chat-row")).find((element) => element.dataset["chatId"] === String(id)) as HTMLElement;
const composer = () => screen.getByTestId("composer") as HTMLTextAreaElement;
const sent = (host: FakeHost) => host.calls.filter(([name]) => name === "drafts.send").map(([, ...args]) => args);

describe("marks", () => {
	test("cut the text at its facts and lose none of it", () => {
		const { text, marks } = marked("Цена [18 500 ₽|source|0], забрать [сегодня|nothing].");
		expect(spans(text, marks).map(({ text: words, mark }) => [words, mark?.support ?? ""])).toEqual([
			["Цена ", ""],
			["18 500 ₽", "source"],
			[", забрать ", ""],
			["сегодня", "nothing"],
			[".", ""],
		]);
	});

	test("that overlap or lie outside are left out, never the words", () => {
		const mark = { fact: "number", support: "nothing", source: null } as const;
		const odd = [
			{ ...mark, start: 2, end: 6 },
			{ ...mark, start: 4, end: 8 },
			{ ...mark, start: 8, end: 99 },
			{ ...mark, start: 3, end: 3 },
		];
		expect(spans("0123456789", odd).map((span) => span.text)).toEqual(["01", "2345", "6789"]);
	});
});

describe("the draft above the composer", () => {
	test("is sent by one key, once, and its echo is in the thread", async () => {
		const { host, user } = await start((host) => host.drafts.put(2, "[Да, в наличии|source|1]."));
		await user.click(await row(2));
		expect((await screen.findByTestId("draft-text")).textContent).toBe("Да, в наличии.");
		await user.keyboard("{Control>}{Enter}{Enter}{/Control}");
		await vi.waitFor(() => expect(screen.getAllByTestId("message").at(-1)?.textContent).toContain("Да, в наличии."));
		expect(sent(host)).toEqual([[102, null, false]]);
		await vi.waitFor(() => expect(screen.queryByTestId("draft")).toBeNull());
	});

	test("with an unsupported fact is marked and no key sends it as it is", async () => {
		const { host, user } = await start((host) => host.drafts.put(2, "Отдам за [15 000 ₽|nothing]."));
		await user.click(await row(2));
		const fact = await screen.findByTestId("draft-fact");
		expect(fact.dataset["support"]).toBe("nothing");
		expect(fact.title).toBe("Цена: нет ни в одном источнике");
		expect((screen.getByTestId("draft-send") as HTMLButtonElement).disabled).toBe(true);
		await user.keyboard("{Control>}{Enter}{/Control}");
		expect(sent(host)).toEqual([]);
	});

	test("that only holds the buyer is sent by its button and by no key", async () => {
		const { host, user } = await start((host) => host.drafts.put(2, "Вижу ваш вопрос, отвечу здесь же.", { state: "unanswerable", maker: "holding", oneKey: false, marks: [], sources: [] }));
		await user.click(await row(2));
		await screen.findByTestId("draft-text");
		await user.keyboard("{Control>}{Enter}{/Control}");
		expect(sent(host)).toEqual([]);
		expect(screen.queryByTestId("tip-draft"), "the tip speaks of a key that does nothing here").toBeNull();
		await user.click(screen.getByTestId("draft-send"));
		await vi.waitFor(() => expect(sent(host)).toEqual([[102, null, false]]));
	});

	test("goes into the composer to be changed, and what is sent is the change", async () => {
		const { host, user } = await start((host) => host.drafts.put(2, "[Да|source|1], приезжайте."));
		await user.click(await row(2));
		await screen.findByTestId("draft-text");
		await user.keyboard("{Control>}e{/Control}");
		await vi.waitFor(() => expect(composer().value).toBe("Да, приезжайте."));
		await user.type(composer(), " Жду!{Enter}");
		await vi.waitFor(() => expect(sent(host)).toEqual([[102, "Да, приезжайте. Жду!", true]]));
		expect(host.calls.filter(([name]) => name === "sendText")).toHaveLength(1);
		expect(composer().value).toBe("");
	});

	test("whose change the talk overtook stays in the composer, and the next Enter sends it as the seller's own words", async () => {
		const { host, user } = await start((host) => host.drafts.put(2, "[Да|source|1], приезжайте."));
		await user.click(await row(2));
		await user.click(await screen.findByTestId("draft-edit"));
		host.drafts.failNext("draftStale");
		await user.type(composer(), " Жду!{Enter}");
		expect((await screen.findByTestId("composer-error")).textContent).toContain("подсказка устарела");
		expect(composer().value).toBe("Да, приезжайте. Жду!");
		await user.type(composer(), "{Enter}");
		await vi.waitFor(() => expect(host.calls).toContainEqual(["sendText", 2, "Да, приезжайте. Жду!"]));
		expect(sent(host), "no second time as a draft").toHaveLength(1);
	});

	test("whose change the talk overtook is not spoken of beside the next draft", async () => {
		const { host, user } = await start((host) => host.drafts.put(2, "[Да|source|1], приезжайте."));
		await user.click(await row(2));
		await user.click(await screen.findByTestId("draft-edit"));
		host.drafts.failNext("draftStale");
		await user.type(composer(), " Жду!{Enter}");
		await screen.findByTestId("composer-error");
		host.drafts.put(2, "[Завтра|source|1] тоже можно.", { id: 900 });
		expect(await screen.findByTestId("draft-folded")).toBeTruthy();
		await vi.waitFor(() => expect(screen.queryByTestId("composer-error")).toBeNull());
		expect(composer().value, "the seller's words stay").toBe("Да, приезжайте. Жду!");
	});

	describe("while its change is on its way to the core", () => {
		/** Chat 2 with an edited draft that was sent; `arrive` lets the core have it. */
		async function underWay(put: (host: FakeHost) => void = () => undefined) {
			const { host, user } = await start((host) => {
				host.drafts.put(2, "[Да|source|1], приезжайте.");
				put(host);
			});
			const gate = new Gate<void>();
			const send = host.drafts.send.bind(host.drafts);
			vi.spyOn(host.drafts, "send").mockImplementation(async (...draft) => {
				await gate.call();
				return send(...draft);
			});
			await user.click(await row(2));
			await user.click(await screen.findByTestId("draft-edit"));
			await user.type(composer(), " Жду!{Enter}");
			await vi.waitFor(() => expect(gate.waiting).toBe(1));
			return { host, user, arrive: () => gate.answer(0, undefined) };
		}
		const texts = (host: FakeHost) => host.calls.filter(([name]) => name === "sendText").map(([, ...args]) => args);

		test("another chat keeps its words and its draft, and the chat it was for has neither words nor draft left", async () => {
			const entry = { kind: "question" as const, scope: { account: 1, item: null }, title: "Торг?", text: "Жду!", url: null };
			const { host, user, arrive } = await underWay((host) => {
				host.drafts.put(3, "[Нет|source|1].");
				host.drafts.lesson = entry;
			});
			await user.click(await row(3));
			await user.type(composer(), "для третьего");
			await screen.findByTestId("draft-folded");
			const seen: boolean[] = [];
			const watcher = new MutationObserver(() => seen.push(screen.queryByTestId("draft-folded") !== null));
			watcher.observe(document.body, { childList: true, subtree: true });
			arrive();
			await vi.waitFor(() => expect(host.chats[1]?.composerText).toBe(""));
			await vi.waitFor(() => expect(texts(host)).toEqual([[2, "Да, приезжайте. Жду!"]]));
			watcher.disconnect();
			expect(composer().value).toBe("для третьего");
			expect(screen.queryByTestId("lesson"), "what the other chat teaches").toBeNull();
			expect(seen, "its draft is never away").not.toContain(false);
			await user.click(await row(2));
			await vi.waitFor(() => expect(screen.getByTestId("thread").dataset["chatId"]).toBe("2"));
			expect(composer().value).toBe("");
			expect(host.chats[2]?.composerText).toBe("для третьего");
		});

		test("what is typed behind it stays", async () => {
			const { host, user, arrive } = await underWay();
			await user.type(composer(), " И ещё вопрос");
			arrive();
			await vi.waitFor(() => expect(composer().value).toBe("И ещё вопрос"));
			await user.type(composer(), "{Enter}");
			await vi.waitFor(() => expect(texts(host)).toEqual([[2, "Да, приезжайте. Жду!"], [2, "И ещё вопрос"]]));
		});

		test("who comes back to the chat meanwhile does not send it twice", async () => {
			const { host, user, arrive } = await underWay();
			await user.click(await row(3));
			await user.click(await row(2));
			await vi.waitFor(() => expect(composer().value).toBe("Да, приезжайте. Жду!"));
			await user.type(composer(), "{Enter}");
			expect(texts(host)).toEqual([]);
			arrive();
			await vi.waitFor(() => expect(composer().value).toBe(""));
			expect(texts(host)).toEqual([[2, "Да, приезжайте. Жду!"]]);
		});

		test("the window does not go, and keep the words for the next start, before they are there", async () => {
			const { host, arrive } = await underWay();
			const left: (string | undefined)[] = [];
			vi.spyOn(host, "closeWindow").mockImplementation(async () => void left.push(host.chats[1]?.composerText));
			host.emit({ what: "closing" });
			await vi.waitFor(() => expect(host.calls).toContainEqual(["saveComposer", 2, "Да, приезжайте. Жду!"]));
			expect(left).toEqual([]);
			arrive();
			await vi.waitFor(() => expect(left).toEqual([""]));
		});

		test("a photo that is added meanwhile does not take the words along", async () => {
			const { host, user, arrive } = await underWay();
			await user.upload(screen.getByTestId("attach"), new File(["x"], "a.png", { type: "image/png" }));
			await user.type(composer(), "{Enter}");
			expect(screen.getAllByTestId("picture-chip")).toHaveLength(1);
			arrive();
			await vi.waitFor(() => expect(composer().value).toBe(""));
			await user.type(composer(), "{Enter}");
			await vi.waitFor(() => expect(host.calls.map(([name]) => name)).toContain("sendImage"));
			expect(texts(host)).toEqual([[2, "Да, приезжайте. Жду!"]]);
		});

		test("the draft of another chat can be sent", async () => {
			const { host, user, arrive } = await underWay((host) => host.drafts.put(3, "[Нет|source|1]."));
			await user.click(await row(3));
			await screen.findByTestId("draft-text");
			await user.click(screen.getByTestId("draft-send"));
			await vi.waitFor(() => expect(host.drafts.send).toHaveBeenCalledTimes(2));
			arrive();
			arrive();
			await vi.waitFor(() => expect(texts(host)).toEqual([[2, "Да, приезжайте. Жду!"], [3, "Нет."]]));
		});

		test("a failure is told in another chat as the other chat's", async () => {
			const { host, user, arrive } = await underWay();
			await user.click(await row(3));
			await user.type(composer(), "для третьего");
			host.drafts.failNext("storage");
			arrive();
			await vi.waitFor(() => expect(toasts.list.map(({ words, bad }) => [words, bad])).toEqual([["Ответ в другом чате не ушёл: он остался там в поле ввода", true]]));
			expect(composer().value).toBe("для третьего");
			expect(screen.queryByTestId("composer-error")).toBeNull();
			await user.click(await row(2));
			await vi.waitFor(() => expect(composer().value).toBe("Да, приезжайте. Жду!"));
		});
	});

	test("that could not be sent as it is says nothing below another chat's draft, but is told", async () => {
		const { host, user } = await start((host) => {
			host.drafts.put(2, "[Да|source|1].");
			host.drafts.put(3, "[Нет|source|1].");
		});
		const gate = new Gate<void>();
		vi.spyOn(host.drafts, "send").mockImplementation(async () => {
			await gate.call();
			throw new HostError({ code: "storage", message: "storage" });
		});
		await user.click(await row(2));
		await user.click(await screen.findByTestId("draft-send"));
		await user.click(await row(3));
		await vi.waitFor(() => expect(screen.getByTestId("draft-text").textContent).toBe("Нет."));
		gate.answer(0, undefined);
		await vi.waitFor(() => expect(toasts.list.map(({ words }) => words)).toEqual(["Подсказка в другом чате не отправлена"]));
		expect(screen.queryByRole("alert")).toBeNull();
	});

	test("that could not be turned down says nothing below another chat's draft", async () => {
		const { host, user } = await start((host) => {
			host.drafts.put(2, "[Да|source|1].");
			host.drafts.put(3, "[Нет|source|1].");
		});
		const gate = new Gate<void>();
		const dismissed = vi.spyOn(host.drafts, "dismiss").mockImplementation(async () => {
			await gate.call();
			throw new HostError({ code: "storage", message: "storage" });
		});
		await user.click(await row(2));
		await screen.findByTestId("draft-text");
		await user.keyboard("{Control>}d{/Control}");
		await user.click(await row(3));
		await vi.waitFor(() => expect(screen.getByTestId("draft-text").textContent).toBe("Нет."));
		gate.answer(0, undefined);
		await vi.waitFor(() => expect(dismissed.mock.settledResults[0]?.type).toBe("rejected"));
		host.drafts.put(3, "[Нет|source|1], увы.");
		await vi.waitFor(() => expect(screen.getByTestId("draft-text").textContent).toBe("Нет, увы."));
		expect(screen.queryByRole("alert")).toBeNull();
	});

	test("explains its keys only where they do something", async () => {
		const { user } = await start((host) => host.drafts.put(2, "[Да|source|1]."));
		await user.click(await row(2));
		expect(await screen.findByTestId("tip-draft")).toBeTruthy();
		await user.type(composer(), "Сам отвечу");
		await screen.findByTestId("draft-folded");
		expect(screen.queryByTestId("tip-draft"), "folded").toBeNull();
	});

	test("an edited reply may be kept in knowledge with one click", async () => {
		const entry = { kind: "question" as const, scope: { account: 1, item: null }, title: "Торг?", text: "Уступлю 500 ₽.", url: null };
		const { host, user } = await start((host) => {
			host.drafts.put(2, "Торг возможен.");
			host.drafts.lesson = entry;
		});
		await user.click(await row(2));
		await user.click(await screen.findByTestId("draft-edit"));
		await user.type(composer(), " Уступлю 500 ₽.{Enter}");
		await user.click(await screen.findByTestId("lesson-yes"));
		await vi.waitFor(() => expect(host.calls).toContainEqual(["drafts.answer", [], entry]));
	});

	test("steps back while the seller types, and its keys with it", async () => {
		const { host, user } = await start((host) => host.drafts.put(2, "[Да|source|1]."));
		await user.click(await row(2));
		await screen.findByTestId("draft-text");
		await user.type(composer(), "Сам отвечу");
		expect(await screen.findByTestId("draft-folded")).toBeTruthy();
		await user.keyboard("{Control>}d{/Control}");
		host.drafts.put(2, "Другая подсказка");
		expect(composer().value).toBe("Сам отвечу");
		await user.keyboard("{Control>}{Enter}{/Control}");
		await vi.waitFor(() => expect(host.calls).toContainEqual(["sendText", 2, "Сам отвечу"]));
		expect(sent(host)).toEqual([]);
		expect(host.calls.some(([name]) => name === "drafts.dismiss")).toBe(false);
	});

	test("that the talk overtook says so and is not sent", async () => {
		const { host, user } = await start((host) => host.drafts.put(2, "[Да|source|1]."));
		await user.click(await row(2));
		host.drafts.failNext("draftStale");
		await user.click(await screen.findByTestId("draft-send"));
		expect((await screen.findByRole("alert")).textContent).toContain("подсказка устарела");
		expect(host.calls.some(([name]) => name === "sendText")).toBe(false);
		host.drafts.put(2, "[Завтра|source|1].", { id: 900 });
		await vi.waitFor(() => expect(screen.getByTestId("draft-text").textContent).toBe("Завтра."));
		expect(screen.queryByRole("alert"), "that was about the other one").toBeNull();
	});

	test("shows the words of a source, and why the model's were not used", async () => {
		const { user } = await start((host) => host.drafts.put(2, "[Да|source|1].", { maker: "quote", stopped: ["newLink", "claimsHuman"] }));
		await user.click(await row(2));
		expect((await screen.findByTestId("draft-stopped")).textContent).toContain("новая ссылка, выдаёт себя за человека");
		const brought = vi.spyOn(Element.prototype, "scrollIntoView");
		await user.click(screen.getAllByTestId("draft-source")[0] as HTMLElement);
		expect(brought.mock.contexts).toContain(screen.getByTestId("source-words"));
		expect(screen.getByTestId("source-words").textContent).toContain("Самовывоз: ул. Ленина, 14");
		expect(screen.getByTestId("source-words").tabIndex).toBe(0); // it scrolls by keyboard
	});

	test("a question without an answer says where it went", async () => {
		const { user } = await start((host) => host.drafts.put(2, "", { state: "unanswerable" }));
		await user.click(await row(2));
		expect((await screen.findByTestId("draft")).textContent).toContain("нет ответа на этот вопрос");
	});
});

describe("the queue", () => {
	async function queue(put: (host: FakeHost) => void) {
		const started = await start(put);
		await started.user.keyboard("{Control>}2{/Control}");
		await screen.findAllByTestId("waiting-draft");
		return started;
	}
	const left = () => screen.queryAllByTestId("waiting-draft").map((element) => Number(element.dataset["chatId"]));

	test("is walked by keyboard alone: read, send, next", async () => {
		const { host, user } = await queue((host) => [2, 3, 4].forEach((chat) => host.drafts.put(chat, `[Ответ ${chat}|source|0]`)));
		await user.keyboard("{ArrowDown}");
		expect(screen.getByTestId("queue-draft").textContent).toContain("Ответ 3");
		await user.keyboard("{Control>}{Enter}{/Control}");
		await vi.waitFor(() => expect(left()).toEqual([2, 4]));
		expect(screen.getByTestId("queue-draft").textContent).toContain("Ответ 4");
		await user.keyboard("{Control>}d{/Control}");
		await vi.waitFor(() => expect(left()).toEqual([2]));
		expect(sent(host)).toEqual([[103, null, false]]);
		expect(host.calls).toContainEqual(["drafts.dismiss", 4, 104, null]);
	});

	test("an edited one is sent as edited; Escape gives the draft back", async () => {
		const { host, user } = await queue((host) => void host.drafts.put(2, "Отдам за [15 000 ₽|nothing]"));
		await user.keyboard("{Control>}{Enter}{/Control}");
		expect(sent(host)).toEqual([]);
		await user.keyboard("{Control>}e{/Control}");
		const field = await screen.findByTestId("queue-edit");
		await user.keyboard("{Escape}");
		expect(screen.queryByTestId("queue-edit")).toBeNull();
		await user.keyboard("{Control>}e{/Control}");
		await user.clear(await screen.findByTestId("queue-edit"));
		await user.type(screen.getByTestId("queue-edit"), "Отдам за 18 000 ₽");
		await user.keyboard("{Control>}{Enter}{/Control}");
		await vi.waitFor(() => expect(sent(host)).toEqual([[102, "Отдам за 18 000 ₽", true]]));
		expect(field.isConnected).toBe(false);
	});

	test("what was refused comes back with the reason and the seller's words", async () => {
		const { host, user } = await queue((host) => [2, 3].forEach((chat) => host.drafts.put(chat, "[Да|source|0]")));
		await user.click(screen.getByTestId("queue-edit-open"));
		const field = await screen.findByTestId<HTMLTextAreaElement>("queue-edit");
		await user.type(field, ", сегодня");
		host.drafts.overtake(2);
		await user.click(screen.getByTestId("queue-send"));
		expect((await screen.findByRole("alert")).textContent).toContain("устарела");
		expect(screen.getByTestId<HTMLTextAreaElement>("queue-edit").value).toBe("Да, сегодня");
		expect(left()).toEqual([2, 3]);
		expect(screen.getAllByTestId("waiting-draft")[0]?.getAttribute("aria-selected")).toBe("true");
	});

	test("a key that is held is pressed once, and what came under it by itself is not sent before that is said", async () => {
		const { host, user } = await queue((host) => [2, 3, 4].forEach((chat) => host.drafts.put(chat, `[Ответ ${chat}|source|0]`)));
		const press = (repeat: boolean) => fireEvent.keyDown(screen.getByTestId("draft-queue"), { code: "Enter", key: "Enter", ctrlKey: true, repeat });
		host.drafts.overtake(2);
		await vi.waitFor(() => expect(left()).toEqual([3, 4]));
		await press(false);
		expect((await screen.findByRole("alert")).textContent).toContain("другая подсказка");
		for (let held = 0; held < 3; held++) await press(true);
		expect(sent(host)).toEqual([]);
		await user.keyboard("{Control>}{Enter}{/Control}");
		await vi.waitFor(() => expect(sent(host)).toEqual([[103, null, false]]));
		expect(screen.queryByRole("alert")).toBeNull();
	});

	test("a queue that is opened anew is read anew: the first press counts", async () => {
		const { host, user } = await queue((host) => [2, 3].forEach((chat) => host.drafts.put(chat, `[Ответ ${chat}|source|0]`)));
		await user.keyboard("{Control>}1{/Control}");
		host.drafts.overtake(2);
		await user.keyboard("{Control>}2{/Control}");
		await vi.waitFor(() => expect(left()).toEqual([3]));
		await user.keyboard("{Control>}{Enter}{/Control}");
		await vi.waitFor(() => expect(sent(host)).toEqual([[103, null, false]]));
	});

	test("the field that is written in keeps the keys when an answer comes late", async () => {
		const { host, user } = await queue((host) => [2, 3].forEach((chat) => host.drafts.put(chat, `[Ответ ${chat}|source|0]`)));
		const gate = new Gate<SentDraft>();
		host.drafts.send = gate.call;
		await user.keyboard("{Control>}{Enter}{/Control}");
		await user.keyboard("{Control>}e{/Control}");
		const field = await screen.findByTestId("queue-edit");
		gate.answer(0, { row: {} as SentDraft["row"], lesson: null });
		await user.keyboard("!?");
		expect((field as HTMLTextAreaElement).value).toBe("Ответ 3!?");
	});
});

describe("what nobody could answer", () => {
	test("one answer settles the group and goes into knowledge for its item", async () => {
		const { host, user } = await start((host) => {
			const question = { chat: 2, askedMs: Date.now() - 60_000 };
			host.drafts.groups = [{ questions: [{ id: 7, text: "Гарантия есть?", ...question }, { id: 8, text: "А гарантия?", ...question }], scope: { account: 1, item: "340" }, itemTitle: "Велосипед" }];
		});
		await user.keyboard("{Control>}2{/Control}");
		await user.click(screen.getByTestId("drafts-tab-questions"));
		const group = await screen.findByTestId("question-group");
		expect(group.textContent).toContain("1 похожий");
		await user.click(within(group).getByTestId("question-begin"));
		await user.type(screen.getByTestId("question-answer"), "Год на раму.");
		await user.click(screen.getByTestId("question-save"));
		await vi.waitFor(() =>
			expect(host.calls).toContainEqual(["drafts.answer", [7, 8], { kind: "question", scope: { account: 1, item: "340" }, title: "Гарантия есть?", text: "Год на раму.", url: null }]),
		);
		await vi.waitFor(() => expect(screen.queryByTestId("question-group")).toBeNull());
	});

	test("an answer that is being written stays whatever comes meanwhile", async () => {
		const group = (...texts: [number, string][]) => ({
			questions: texts.map(([id, text]) => ({ id, text, chat: 2, askedMs: Date.now() - 60_000 })),
			scope: { account: 1, item: "340" },
			itemTitle: "Велосипед",
		});
		const { host, user } = await start((host) => void (host.drafts.groups = [group([7, "Гарантия есть?"])]));
		await user.keyboard("{Control>}2{/Control}");
		await user.click(screen.getByTestId("drafts-tab-questions"));
		await user.click(await screen.findByTestId("question-begin"));
		await user.type(screen.getByTestId("question-answer"), "Год на ");
		const field = screen.getByTestId("question-answer") as HTMLTextAreaElement;
		// Somebody else asks the same, and another asks for something else.
		host.drafts.groups = [group([10, "Доставка есть?"]), group([9, "А гарантия?"], [7, "Гарантия есть?"])];
		host.emit({ what: "drafts" });
		await vi.waitFor(() => expect(screen.getAllByTestId("question-group").length).toBe(2));
		expect(screen.getByTestId("question-answer")).toBe(field);
		expect(document.activeElement).toBe(field);
		await user.keyboard("раму.");
		// The question was settled elsewhere: what is typed can still be kept.
		host.drafts.groups = [group([10, "Доставка есть?"])];
		host.emit({ what: "drafts" });
		await vi.waitFor(() => expect(screen.getAllByTestId("question-group")[0]?.textContent).not.toContain("1 похожий"));
		expect(screen.getByTestId("question-answer")).toBe(field);
		expect(field.value).toBe("Год на раму.");
		await user.click(screen.getByTestId("question-save"));
		await vi.waitFor(() => expect(host.calls.some(([name]) => name === "drafts.answer")).toBe(true));
		await vi.waitFor(() => expect(screen.getAllByTestId("question-group").length).toBe(1));
	});

	test("an answer waits while another part, a chat or another question is looked at, and no other shop has it", async () => {
		const group = (id: number, text: string) => ({ questions: [{ id, text, chat: 2, askedMs: Date.now() - 60_000 }], scope: { account: 1, item: "340" }, itemTitle: "Велосипед" });
		const { host, user } = await start((host) => {
			[host.mode, host.hasRealAccounts] = ["demo", true];
			host.drafts.groups = [group(7, "Гарантия есть?"), group(8, "Обменяете?")];
		});
		const open = async () => user.click(await screen.findByTestId("drafts-tab-questions"));
		const written = () => screen.queryAllByTestId("question-answer").map((field) => (field as HTMLTextAreaElement).value);
		await user.keyboard("{Control>}2{/Control}");
		await open();
		const [first, second] = await screen.findAllByTestId("question-group");
		await user.click(within(first!).getByTestId("question-begin"));
		await user.type(within(first!).getByTestId("question-answer"), "Год на ");
		await user.click(within(first!).getByLabelText("Для всех объявлений"));
		await user.click(within(second!).getByTestId("question-begin"));
		await user.type(within(second!).getByTestId("question-answer"), "Нет.");
		expect(written()).toEqual(["Год на ", "Нет."]);
		// The two are one question for a while.
		const apart = host.drafts.groups;
		host.drafts.groups = [{ ...group(7, "Гарантия есть?"), questions: apart.flatMap((one) => one.questions) }];
		host.emit({ what: "drafts" });
		await vi.waitFor(() => expect(screen.getByText(/1 похожий/)).toBeTruthy());
		expect(written().sort()).toEqual(["Год на ", "Нет."]);
		host.drafts.groups = apart;
		host.emit({ what: "drafts" });
		await vi.waitFor(() => expect(screen.queryByText(/1 похожий/)).toBeNull());
		expect(written()).toEqual(["Год на ", "Нет."]);
		await user.click(screen.getByTestId("drafts-tab-statistics"));
		expect(written()).toEqual([]);
		await open();
		expect(written()).toEqual(["Год на ", "Нет."]);
		await user.keyboard("{Control>}1{/Control}");
		await vi.waitFor(() => expect(screen.queryByTestId("drafts-area")).toBeNull());
		await user.keyboard("{Control>}2{/Control}");
		await open();
		await user.type((await screen.findAllByTestId("question-answer"))[0]!, "раму.");
		await user.click(screen.getAllByTestId("question-save")[0]!);
		await vi.waitFor(() => expect(host.calls).toContainEqual(["drafts.answer", [7], { kind: "question", scope: { account: 1, item: null }, title: "Гарантия есть?", text: "Год на раму.", url: null }]));
		await vi.waitFor(() => expect(written()).toEqual(["Нет."]));
		await user.click(screen.getByTestId("demo-leave"));
		await vi.waitFor(() => expect(written()).toEqual([]));
	});
});

test("the figures scroll by the keys: the part takes the focus where nothing in it does", async () => {
	const { user } = await start();
	await user.keyboard("{Control>}2{/Control}");
	await user.click(screen.getByTestId("drafts-tab-statistics"));
	await vi.waitFor(() => expect(screen.getByRole("tabpanel").tabIndex).toBe(0));
	await user.click(screen.getByTestId("drafts-tab-setup"));
	await vi.waitFor(() => expect(screen.getByRole("tabpanel").hasAttribute("tabindex")).toBe(false));
});

test("where nothing was sent yet there is nothing to count of, and a minute is a minute", async () => {
	const { user } = await start((host) => (host.drafts.figures = { ...host.drafts.figures, answerWithoutS: 60, unanswerable: 3 }));
	await user.keyboard("{Control>}2{/Control}");
	await user.click(screen.getByTestId("drafts-tab-statistics"));
	const value = (name: string) => screen.getByText(name).parentElement?.querySelector("dd")?.textContent;
	await screen.findByText("Вопросов без ответа", { selector: "dt" });
	expect(["Отправлено без правок", "Отправлено с правками", "Изменено в среднем", "Ответ с подсказкой, обычно за"].map(value)).toEqual(["–", "–", "–", "–"]);
	expect(value("Ответ без подсказки, обычно за")).toBe("1\u00a0мин");
});

describe("the model's settings", () => {
	async function setup() {
		const started = await start();
		await started.user.keyboard("{Control>}2{/Control}");
		await started.user.click(screen.getByTestId("drafts-tab-setup"));
		await started.user.click(await screen.findByTestId("drafts-use-model"));
		return started;
	}

	test("a preset fills the form, the check tells in words, and the key is given once", async () => {
		const { host, user } = await setup();
		await user.click(screen.getByTestId("preset-openai"));
		expect((screen.getByTestId("model-url") as HTMLInputElement).value).toBe("https://api.openai.com/v1");
		await user.type(screen.getByTestId("model-key"), "sk-secret");
		host.drafts.found = { trouble: "wrongKey", models: [], tookMs: 0 };
		await user.click(screen.getByTestId("model-check"));
		expect((await screen.findByTestId("model-verdict")).textContent).toContain("Ключ модели не подходит");
		await user.click(screen.getByTestId("drafts-save"));
		await vi.waitFor(() => expect(host.calls.some(([name]) => name === "drafts.saveSettings")).toBe(true));
		const call = host.calls.find(([name]) => name === "drafts.saveSettings");
		expect(call?.[2]).toEqual({ key: "sk-secret", headers: null, proxy: null });
		await vi.waitFor(() => expect((screen.getByTestId("model-key") as HTMLInputElement).value).toBe(""));
		expect(document.body.textContent).not.toContain("sk-secret");
	});

	test("what a check found is said of what was checked, not of what was chosen meanwhile", async () => {
		const { host, user } = await setup();
		const gate = new Gate<ModelCheck>();
		host.drafts.check = gate.call;
		await user.click(screen.getByTestId("preset-openai"));
		await user.click(screen.getByTestId("model-check"));
		await user.click(screen.getByTestId("preset-ollama"));
		gate.answer(0, { trouble: null, models: [], tookMs: 840 });
		const button = screen.getByTestId<HTMLButtonElement>("model-check");
		await vi.waitFor(() => expect(button.disabled).toBe(false));
		expect(screen.queryByTestId("model-verdict")).toBeNull();
		// What the model does not depend on may change.
		await user.click(button);
		await user.type(screen.getByTestId("day-rub"), "5{Tab}");
		gate.answer(0, { trouble: null, models: [], tookMs: 840 });
		expect((await screen.findByTestId("model-verdict")).textContent).toContain("0,8");
	});

	test("a limit left empty is none, a comma is a decimal point", async () => {
		const { host, user } = await setup();
		await user.clear(screen.getByTestId("day-rub"));
		await user.type(screen.getByTestId("month-rub"), "1 500,50");
		await user.tab();
		await user.click(screen.getByTestId("drafts-save"));
		await vi.waitFor(() => expect(host.calls.find(([name]) => name === "drafts.saveSettings")?.[1]).toMatchObject({ dayRub: null, monthRub: 1500.5 }));
	});
});
