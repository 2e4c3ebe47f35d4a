import { createEvent, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { FakeHost } from "../host/fake";
import type { Trial } from "../host/contract";
import type { FakeKnowledge } from "../host/fakeKnowledge";
import { HostError } from "../host";
import { replayed } from "../host/fakeDrafts";
import { toasts } from "../shared/toasts.svelte";
import { Gate } from "../testing/gate";
import { renderIn, testFrame } from "../testing/render";
import { loadParts } from "../views/parts";
import Window from "../views/Window.svelte";
import { Knowledge } from "./knowledge.svelte";
import KnowledgeArea from "./KnowledgeArea.svelte";
import { marked, problemWords } from "./names";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

async function start(fill: (knowledge: FakeKnowledge) => void = () => undefined) {
	const frame = await testFrame();
	fill(frame.host.knowledge);
	const knowledge = new Knowledge(frame.host);
	renderIn(frame, KnowledgeArea, { knowledge });
	await waitFor(() => expect(knowledge.view).not.toBeNull());
	return { ...frame, fake: frame.host.knowledge, knowledge, user: userEvent.setup() };
}

const rows = () => screen.queryAllByTestId("source-row").map((row) => row.textContent);

test("an empty area explains itself, and its example can be tried", async () => {
	const { user } = await start();
	await user.click(await screen.findByTestId("add-example"));
	expect((await screen.findByTestId("trial-answer")).textContent).toContain("400 ₽");
	await waitFor(() => expect(rows()).toHaveLength(1));
});

describe("files", () => {
	test("a reading shows how far it is and can be stopped", async () => {
		const { fake, user } = await start((fake) => fake.add({ kind: "file", title: "Прайс.xlsx", state: "toRead", progress: { percent: 40, passages: 1200 } }));
		const row = await screen.findByTestId("source-row");
		expect(within(row).getByRole("progressbar").getAttribute("aria-valuenow")).toBe("40");
		expect(row.textContent).toContain("1\u00a0200 отрывков");
		await user.click(within(row).getByTestId("stop-reading"));
		await waitFor(() => expect(screen.getByTestId("source-row").textContent).toContain("остановлено"));
		expect(fake.calls.some(([name]) => name === "stopReading")).toBe(true);
	});

	test("what cannot be read says why, with pages", async () => {
		await start((fake) => fake.add({ kind: "file", title: "Скан.pdf", state: "unreadable", problems: [{ code: "noText", pageFrom: 3, pageTo: 5, sheet: null }] }));
		expect((await screen.findByTestId("source-problem")).textContent).toMatch(/^Стр\. 3–5\. Это картинки без текста/);
		expect(problemWords({ code: "damaged", pageFrom: null, pageTo: null, sheet: "Цены" })).toMatch(/^Лист «Цены»\. /);
	});

	test("a file that is followed says that it changes the answers by itself; a dropped one is not followed", async () => {
		const { fake, user } = await start((fake) => {
			fake.add({ kind: "file", title: "Перетащенный.csv" });
			fake.add({ kind: "file", title: "Прайс.csv", path: "/home/shop/Прайс.csv" });
		});
		const open = (name: RegExp) => screen.getByRole("button", { name });
		await user.click(open(/Прайс/));
		expect((await screen.findByTestId("source-followed")).textContent).toContain("сразу возьмёт новое в ответы, без пробы");
		fake.change(fake.rows[0]!.id, { off: true });
		await waitFor(() => expect(screen.getByTestId("source-followed").textContent).toContain("только когда вы его включите"));
		await user.click(open(/Перетащенный/));
		await waitFor(() => expect(screen.queryByTestId("source-followed")).toBeNull());
	});

	test("dropped files are added as they are", async () => {
		const { fake } = await start();
		const file = new File(["привет"], "условия.txt");
		await fireEvent.drop(screen.getByTestId("knowledge"), { dataTransfer: { types: ["Files"], files: [file] } });
		await waitFor(() => expect(rows()[0]).toContain("условия.txt"));
		expect(fake.calls).toContainEqual(["addDroppedFile", { account: null, item: null }, "условия.txt", Buffer.from("привет").toString("base64"), false]);
	});

	test("one dropped on trial is read, tried against its older form, and takes its place", async () => {
		const { host, fake, user } = await start((fake) => fake.add({ kind: "file", title: "Прайс.csv" }));
		const older = fake.rows[0]!.id;
		const question = { chat: 1, message: 4, buyer: "Анна", question: "Есть парковка?", askedMs: 0, reply: "Да" };
		host.drafts.past = [{ question, found: { before: replayed(""), after: replayed("Да, во дворе"), verdict: "better" } }];
		const area = screen.getByTestId("knowledge");
		const files = { types: ["Files"], files: [new File(["новое"], "Прайс.csv")] };
		await fireEvent.dragEnter(area, { dataTransfer: files });
		const zone = await screen.findByTestId("drop-trial");
		zone.getBoundingClientRect = () => new DOMRect(0, 400, 600, 200);
		// What stands for a window here knows no place of a dragged thing.
		const drop = createEvent.drop(area, { dataTransfer: files });
		Object.defineProperties(drop, { clientX: { value: 300 }, clientY: { value: 500 } });
		await fireEvent(area, drop);
		await user.click(await screen.findByTestId("replay-start"));
		expect((await screen.findByTestId("replay-better")).textContent).toContain("1");
		const added = fake.rows.find((row) => row.off)!.id;
		expect(fake.calls).toContainEqual(["proposeKnowledge", { on: [added], off: [older], entry: null, edits: null }]);
		expect(host.calls).toContainEqual(["drafts.replayProposed", 1, 4]);
		expect(fake.rows).toHaveLength(2);
		await user.click(screen.getByTestId("source-replace"));
		await waitFor(() => expect(fake.rows.map((row) => [row.id, row.off])).toEqual([[added, false]]));
		await waitFor(() => expect(fake.calls).toContainEqual(["forgetProposed"]));
	});
});

test("an entry is written, changed, removed and had back", async () => {
	const { user, fake } = await start((fake) => fake.add({ title: "Торг" }, "Торг при осмотре."));
	await user.click(screen.getByTestId("knowledge-add"));
	await user.click(screen.getByTestId("add-question"));
	const save = () => screen.getByTestId("entry-save") as HTMLButtonElement;
	expect(save().disabled).toBe(true);
	await user.type(screen.getByTestId("entry-title"), "Гарантия?");
	await user.type(screen.getByTestId("entry-text"), "Полгода.");
	await user.click(save());
	expect((await screen.findByTestId("source")).textContent).toContain("Полгода.");
	await user.click(screen.getByTestId("source-edit"));
	await user.clear(screen.getByTestId("entry-text"));
	await user.type(screen.getByTestId("entry-text"), "Год.");
	await user.click(save());
	await waitFor(() => expect(screen.getByTestId("source").textContent).toContain("Год."));
	await user.click(screen.getByTestId("source-remove"));
	await waitFor(() => expect(fake.rows).toHaveLength(1));
	const said = toasts.list.at(-1);
	expect(said?.words).toContain("«Гарантия?»");
	said?.action?.act();
	expect((await screen.findByTestId("source")).textContent).toContain("Год.");
	expect(fake.rows).toHaveLength(2);
});

describe("an entry that is being written", () => {
	const text = () => (screen.getByTestId("entry-text") as HTMLTextAreaElement).value;
	const begin = async (user: ReturnType<typeof userEvent.setup>, kind: string) => {
		await user.click(screen.getByTestId("knowledge-add"));
		await user.click(screen.getByTestId(`add-${kind}`));
	};

	test("is there as it was after a look at a chat, and no other shop has it", async () => {
		const host = new FakeHost({ mode: "demo", hasRealAccounts: true });
		host.knowledge.add({ kind: "item", title: "Самовар", scope: { account: 1, item: "777" } });
		const user = userEvent.setup();
		render(Window, { props: { host } });
		await screen.findAllByTestId("chat-row");
		await user.keyboard("{Control>}3{/Control}");
		await user.click(await screen.findByTestId("knowledge-add"));
		await user.click(screen.getByTestId("add-note"));
		await user.type(screen.getByTestId("entry-title"), "Склад");
		await user.type(screen.getByTestId("entry-text"), "Ленина, 14.");
		await user.selectOptions(screen.getByTestId("entry-scope"), await screen.findByRole("option", { name: "Самовар" }));
		await user.keyboard("{Control>}1{/Control}");
		await waitFor(() => expect(screen.queryByTestId("knowledge")).toBeNull());
		await user.keyboard("{Control>}3{/Control}");
		await screen.findByTestId("entry-form");
		expect([(screen.getByTestId("entry-title") as HTMLInputElement).value, text()]).toEqual(["Склад", "Ленина, 14."]);
		await waitFor(() => expect((screen.getByTestId("entry-scope") as HTMLSelectElement).selectedOptions[0]?.textContent).toBe("Самовар"));
		await user.click(screen.getByTestId("demo-leave"));
		await waitFor(() => expect(screen.queryByTestId("entry-form")).toBeNull());
		await begin(user, "note");
		expect(text()).toBe("");
	});

	test("waits while a source or the trial is looked at, until it is saved or given up", async () => {
		const { user } = await start((fake) => fake.add({ title: "Торг" }, "Торг при осмотре."));
		await begin(user, "note");
		await user.type(screen.getByTestId("entry-text"), "Склад на Ленина.");
		await user.click(within(screen.getByTestId("source-row")).getByRole("button"));
		await user.click(await screen.findByTestId("source-edit"));
		await user.type(screen.getByTestId("entry-text"), " Немного.");
		await user.click(screen.getByTestId("open-trial"));
		await begin(user, "note");
		expect(text()).toBe("Склад на Ленина.");
		await user.click(screen.getByText("Отмена"));
		await begin(user, "note");
		expect(text()).toBe("");
		await user.click(within(screen.getByTestId("source-row")).getByRole("button"));
		await user.click(await screen.findByTestId("source-edit"));
		expect(text()).toBe("Торг при осмотре. Немного.");
		await user.click(screen.getByTestId("entry-save"));
		expect((await screen.findByTestId("source")).textContent).toContain("Немного.");
		await user.click(screen.getByTestId("source-edit"));
		expect(text()).toBe("Торг при осмотре. Немного.");
	});

	test("of a source never goes over other words than it was begun from", async () => {
		const { fake, knowledge, user } = await start((fake) => fake.add({ title: "Торг" }, "Торг при осмотре."));
		const { id } = fake.rows[0]!;
		await knowledge.open(id);
		await user.click(await screen.findByTestId("source-edit"));
		await user.type(screen.getByTestId("entry-text"), " Немного.");
		// Another archive may be here by now, and the number means another source.
		fake.texts.set(id, "Торга нет.");
		await knowledge.open(id);
		await user.click(await screen.findByTestId("source-edit"));
		expect(text()).toBe("Торга нет.");
		await user.type(screen.getByTestId("entry-text"), " Совсем.");
		await user.click(screen.getByTestId("open-trial"));
		await knowledge.open(id);
		await user.click(await screen.findByTestId("source-edit"));
		expect(text()).toBe("Торга нет. Совсем.");
	});

	test("of a source that was removed meanwhile becomes one of its own", async () => {
		const { fake, knowledge, user } = await start((fake) => fake.add({ title: "Торг" }, "Торг при осмотре."));
		const { id } = fake.rows[0]!;
		await knowledge.open(id);
		await user.click(await screen.findByTestId("source-edit"));
		await user.type(screen.getByTestId("entry-text"), " Немного.");
		await fake.removeSource(id);
		vi.spyOn(fake, "saveEntry").mockRejectedValueOnce(new HostError({ code: "notFound", message: "" }));
		await user.click(screen.getByTestId("entry-save"));
		expect((await screen.findByTestId("source")).textContent).toContain("Торг при осмотре. Немного.");
		expect(fake.rows.map((row) => row.id)).not.toContain(id);
		expect(toasts.list).toEqual([]);
	});
});

test("an entry is tried on past questions as it is written, before it is saved", async () => {
	const { host, fake, user } = await start((fake) => fake.add({ title: "Торг" }, "Торг при осмотре."));
	const question = { chat: 1, message: 4, buyer: "Анна", question: "Торг есть?", askedMs: 0, reply: "Нет" };
	host.drafts.past = [{ question, found: { before: replayed("Торг при осмотре"), after: replayed(""), verdict: "worse" } }];
	await user.click(within(await screen.findByTestId("source-row")).getByRole("button"));
	await user.click(await screen.findByTestId("source-edit"));
	await user.clear(screen.getByTestId("entry-text"));
	await user.type(screen.getByTestId("entry-text"), "Мы на Ленина, 14.");
	await user.click(screen.getByTestId("entry-check"));
	await user.click(screen.getByTestId("replay-start"));
	expect((await screen.findByTestId("replay-worse")).textContent).toContain("1");
	const proposed = fake.calls.find(([name]) => name === "proposeKnowledge")?.[1];
	expect(proposed).toMatchObject({ on: [], off: [], entry: { title: "Торг", text: "Мы на Ленина, 14." }, edits: fake.rows[0]?.id });
	expect(fake.calls.some(([name]) => name === "saveEntry")).toBe(false);
});

test("a question shows what is found and which words spoke for it", async () => {
	const { user } = await start((fake) => fake.add({ title: "Доставка" }, "Курьером 400 рублей."));
	await user.type(screen.getByTestId("trial-question"), "доставка курьером");
	await user.click(screen.getByTestId("trial-ask"));
	const found = await screen.findByTestId("found");
	expect([...found.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["Доставка", "Курьером"]);
	expect(screen.getByTestId("trial-answer").textContent).toContain("90");
	expect(marked("а б", [], false)).toEqual([{ text: "а б", mark: false }]);
});

describe("a question that is tried", () => {
	const trial = (quote: string): Trial => ({ passages: [], answer: null, quote }) as Trial & { quote: string };
	async function held() {
		const { host } = await testFrame();
		const gate = new Gate<Trial>();
		const asked = vi.spyOn(host.knowledge, "tryQuestion").mockImplementation(gate.call);
		const knowledge = new Knowledge(host);
		const ask = (question: string) => {
			knowledge.question = question;
			return knowledge.try();
		};
		const first = ask("первый");
		gate.answer(0, trial("первый"));
		await first;
		asked.mockClear();
		return { host, knowledge, gate, asked, ask };
	}

	test("is answered by what was asked last, also when an older answer comes later", async () => {
		const { knowledge, gate, asked, ask } = await held();
		const quiet = knowledge.try(true);
		const second = ask("второй");
		gate.answer(0, trial("первый снова"));
		await quiet;
		expect([knowledge.trying, knowledge.trial]).toEqual([true, trial("первый")]);
		const third = ask("третий");
		gate.answer(1, trial("третий"));
		await third;
		gate.answer(0, trial("второй"));
		await second;
		expect([knowledge.trying, knowledge.trial]).toEqual([false, trial("третий")]);
		expect(asked.mock.calls.map(([, question]) => question)).toEqual(["первый", "второй", "третий"]);
	});

	test("is not asked once more while it is tried, but right after, about what is there then", async () => {
		const { knowledge, gate, asked, ask } = await held();
		const second = ask("второй");
		await knowledge.refresh();
		await knowledge.refresh();
		expect(asked.mock.calls).toHaveLength(1);
		gate.answer(0, trial("второй"));
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		await second;
		gate.answer(0, trial("второй, новее"));
		await waitFor(() => expect(knowledge.trial).toEqual(trial("второй, новее")));
		expect(asked.mock.calls.map(([, question]) => question)).toEqual(["второй", "второй"]);
	});

	test("holds for the account that was chosen last, also when it is chosen while it is tried", async () => {
		const { knowledge, gate, asked, ask } = await held();
		const second = ask("второй");
		knowledge.scope = { account: 1, item: null };
		const again = knowledge.try(true);
		gate.answer(1, trial("по счёту"));
		await again;
		gate.answer(0, trial("по всему"));
		await second;
		expect([knowledge.trying, knowledge.trial]).toEqual([false, trial("по счёту")]);
		expect(asked.mock.calls.at(-1)).toEqual([{ account: 1, item: null }, "второй"]);
	});

	test("of another shop is not answered in this one", async () => {
		const { knowledge, gate, ask } = await held();
		const second = ask("второй");
		knowledge.forget();
		gate.answer(0, trial("второй"));
		await second;
		expect([knowledge.trying, knowledge.trial]).toEqual([false, null]);
	});
});

test("equal passages are offered for merging", async () => {
	const { user, fake } = await start((fake) => {
		const passages = [1, 2].map((id) => ({ id, source: fake.add({ title: `Торг ${id}` }, "Торг при осмотре.").id, sourceTitle: `Торг ${id}`, scope: { account: null, item: null }, changedMs: 0 }));
		fake.duplicates = [{ fingerprint: "-12", text: "Торг при осмотре.", passages }];
	});
	const box = await screen.findByTestId("duplicates");
	await user.click(within(box).getByRole("button"));
	await user.click(within(box).getAllByTestId("keep-one")[1]!);
	expect(fake.calls).toContainEqual(["keepOneDuplicate", 2]);
	await waitFor(() => expect(screen.queryByTestId("duplicates")).toBeNull());
});

test("an entry can be kept for one listing", async () => {
	const { user, fake } = await start((fake) => fake.add({ kind: "item", title: "Самовар", scope: { account: 1, item: "777" } }, "Цена: 18 500 ₽."));
	await user.click(screen.getByTestId("knowledge-add"));
	await user.click(screen.getByTestId("add-question"));
	await user.type(screen.getByTestId("entry-title"), "Не течёт?");
	await user.type(screen.getByTestId("entry-text"), "Проверяли, не течёт.");
	await user.selectOptions(await screen.findByTestId("entry-scope"), await screen.findByRole("option", { name: "Самовар" }));
	await user.click(screen.getByTestId("entry-save"));
	await waitFor(() => expect(fake.rows[0]?.scope).toEqual({ account: 1, item: "777" }));
});

test("finding by meaning says how far it is, and in words why it is not there", async () => {
	const { fake } = await start((fake) => {
		fake.meaning = { model: "embed", ready: 12, all: 40, trouble: null };
	});
	const strip = await screen.findByTestId("meaning");
	expect(strip.textContent).toContain("12 из 40");
	fake.meaning = { model: "embed", ready: 40, all: 40, trouble: "wrongKey" };
	fake.change(-1, {});
	await waitFor(() => expect(screen.getByTestId("meaning").textContent).toContain("только по словам"));
	fake.meaning = { model: "embed", ready: 40, all: 40, trouble: null };
	fake.change(-1, {});
	await waitFor(() => expect(screen.queryByTestId("meaning")).toBeNull());
});
