// By keyboard alone: whatever goes away under the focus, the focus goes on to what stands there now.
import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Questions } from "../drafts/questions.svelte";
import QuestionsPane from "../drafts/QuestionsPane.svelte";
import RulesPane from "../drafts/RulesPane.svelte";
import { Knowledge } from "../knowledge/knowledge.svelte";
import KnowledgeArea from "../knowledge/KnowledgeArea.svelte";
import type { SelfTest } from "../host/contract";
import { renderIn, testFrame } from "../testing/render";
import ReceptionArea from "../tunnel/ReceptionArea.svelte";
import { holdFocus } from "./heldFocus";

const nothing = () => undefined;
let stop: () => void = nothing;
beforeEach(() => {
	stop = holdFocus();
});
afterEach(() => stop());

const focused = () => document.activeElement as HTMLElement;
/** The page has had its look at the focus. */
async function looked() {
	await new Promise(requestAnimationFrame);
	await new Promise(requestAnimationFrame);
}
/** An element that gets the focus while nobody is told, as in a window in the background. */
function untold(element: HTMLElement): HTMLElement {
	element.addEventListener("focusin", (event) => event.stopPropagation());
	return element;
}
/** Presses a button as a keyboard does: it has the focus, then Enter. */
async function press(element: HTMLElement) {
	element.focus();
	await userEvent.setup().keyboard("{Enter}");
}

test("a question is put away and the next one is at hand", async () => {
	const frame = await testFrame({ chats: 30, drafts: true });
	renderIn(frame, QuestionsPane, { questions: new Questions(frame.host), onchat: nothing });
	const [first, second] = await screen.findAllByTestId("question-group");
	await press(within(first!).getByText("Убрать"));
	await waitFor(() => expect(first!.isConnected).toBe(false));
	await waitFor(() => expect(second!.contains(focused())).toBe(true));
});

test("an answer that is given up leaves the focus at its question", async () => {
	const frame = await testFrame({ chats: 30, drafts: true });
	renderIn(frame, QuestionsPane, { questions: new Questions(frame.host), onchat: nothing });
	const second = (await screen.findAllByTestId("question-group"))[1]!;
	await press(within(second).getByTestId("question-begin"));
	await waitFor(() => expect(focused()).toBe(within(second).getByTestId("question-answer")));
	await press(within(second).getByText("Отмена"));
	await waitFor(() => expect(second.contains(focused())).toBe(true));
});

test("a rule is opened and left, and the focus is in what is shown", async () => {
	const frame = await testFrame({ chats: 30, drafts: true });
	renderIn(frame, RulesPane, { onchat: nothing });
	await press(await screen.findByTestId("rule-add"));
	const editor = await screen.findByTestId("rule-editor");
	await waitFor(() => expect(editor.contains(focused())).toBe(true));
	await press(within(editor).getByText("Отмена"));
	await waitFor(() => expect(editor.isConnected).toBe(false));
	await waitFor(() => expect(focused()).not.toBe(document.body));
	expect(focused().isConnected).toBe(true);
});

test("a source is removed and the focus goes on beside the list", async () => {
	const frame = await testFrame();
	frame.host.knowledge.add({ title: "Есть ли доставка?" }, "Да");
	frame.host.knowledge.add({ title: "Есть ли гарантия?" }, "Да");
	renderIn(frame, KnowledgeArea, { knowledge: new Knowledge(frame.host) });
	await press((await screen.findByText("Есть ли гарантия?")).closest("button")!);
	await press(await screen.findByTestId("source-remove"));
	await waitFor(() => expect(focused()).toBe(screen.getByTestId("trial-question")));
});

test("an entry is saved and the focus is in what became of it", async () => {
	const frame = await testFrame();
	const knowledge = new Knowledge(frame.host);
	renderIn(frame, KnowledgeArea, { knowledge });
	await waitFor(() => expect(knowledge.view).not.toBeNull());
	knowledge.write("note");
	await userEvent.setup().type(await screen.findByTestId("entry-text"), "Самовывоз до 20");
	await press(screen.getByTestId("entry-save"));
	const source = await screen.findByTestId("source");
	await waitFor(() => expect(source.contains(focused())).toBe(true));
});

test("another part that is asked for by the palette takes the focus along from tab to tab", async () => {
	const frame = await testFrame();
	renderIn(frame, ReceptionArea, { onchat: nothing });
	(await screen.findByRole("tab", { selected: true })).focus();
	frame.app.go("tunnel", "log");
	await waitFor(() => expect(screen.getByTestId("reception-tab-log").getAttribute("aria-selected")).toBe("true"));
	await waitFor(() => expect(focused()).toBe(screen.getByTestId("reception-tab-log")));
});

test("a strange address is removed after a question and the focus stays in the list", async () => {
	const frame = await testFrame();
	renderIn(frame, ReceptionArea, { onchat: nothing });
	await press(await screen.findByTestId("subscription-remove"));
	await press(await screen.findByTestId("ask-yes"));
	await waitFor(() => expect(screen.queryByTestId("subscription-remove")).toBeNull());
	await waitFor(() => expect(focused()).toBe(screen.getByTestId("subscriptions-refresh")));
});

describe("a button that is switched off while it works", () => {
	/** Presses the self-test; it works until it is told the end. */
	async function pressTest() {
		const frame = await testFrame();
		let done: (test: SelfTest) => void = nothing;
		frame.host.testWebhook = () => new Promise((resolve) => (done = resolve));
		renderIn(frame, ReceptionArea, { onchat: nothing });
		const button = await screen.findByTestId<HTMLButtonElement>("line-test");
		await press(button);
		await waitFor(() => expect(button.disabled).toBe(true));
		return { button, end: () => done({ atMs: 1, passed: true, code: null, detail: null, totalMs: 1, handlerMs: 1 }) };
	}

	test("has the focus back when it is done", async () => {
		const { button, end } = await pressTest();
		// As browsers do with what is switched off; this document does not.
		const elsewhere = untold(document.body.appendChild(document.createElement("input")));
		elsewhere.focus();
		elsewhere.remove();
		expect(focused()).toBe(document.body);
		end();
		await waitFor(() => expect(focused()).toBe(button));
	});

	test("does not take it from what the seller has gone on to", async () => {
		const { button, end } = await pressTest();
		const tab = screen.getAllByRole("tab")[0]!;
		tab.focus();
		end();
		await waitFor(() => expect(button.disabled).toBe(false));
		await looked();
		expect(focused()).toBe(tab);
	});
});

describe("on a plain page", () => {
	afterEach(() => (document.body.innerHTML = ""));
	const one = (selector: string) => document.querySelector<HTMLElement>(selector)!;
	/** Switches the first button off while it has the focus, as its own press may do. */
	async function switchOff() {
		document.body.innerHTML = "<main><p><button>a</button><button>b</button></p></main><input>";
		const button = one("button") as HTMLButtonElement;
		button.focus();
		button.disabled = true;
		// As browsers do with what is switched off; this document does not.
		untold(one("input")).focus();
		one("input").remove();
		expect(focused()).toBe(document.body);
		await waitFor(() => expect(focused()).toBe(one("p")), { timeout: 5000 });
		return button;
	}

	test("a button that stays switched off leaves the focus in its row, where a second Enter presses nothing", async () => {
		await switchOff();
		const pressed = vi.fn();
		one("button + button").addEventListener("click", pressed);
		await userEvent.setup().keyboard("{Enter}");
		expect(pressed).not.toHaveBeenCalled();
		await userEvent.setup().tab();
		expect(focused()).toBe(one("button + button"));
		// The row is no stop of its own.
		expect(one("p").hasAttribute("tabindex")).toBe(false);
	});

	test("a button that works for long has the focus back from its row", async () => {
		const button = await switchOff();
		button.disabled = false;
		await waitFor(() => expect(focused()).toBe(button));
	});

	test("who clicks beside everything has let go of the focus", async () => {
		document.body.innerHTML = "<main><button>a</button><p>text</p></main>";
		one("button").focus();
		one("button").blur();
		one("p").remove();
		await looked();
		expect(focused()).toBe(document.body);
	});

	test("what got the focus without a word keeps it", async () => {
		document.body.innerHTML = "<main><button>a</button><button>b</button></main><input>";
		one("button").focus();
		untold(one("input")).focus();
		one("button").remove();
		await looked();
		expect(focused()).toBe(one("input"));
	});

	test("a list that is being read anew is waited for", async () => {
		document.body.innerHTML = "<main><button>before</button><section><button>row</button></section></main>";
		one("section button").focus();
		one("section").innerHTML = "<p aria-busy=true></p>";
		await looked();
		expect(focused()).toBe(document.body);
		one("section").innerHTML = "<button>row, read again</button>";
		await looked();
		expect(focused()).toBe(one("section button"));
	});
});
