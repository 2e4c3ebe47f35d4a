// What stands around a thread: quoting, blocking, orders, other chats, looking closer at a picture.
import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { ChatView, RelatedChats } from "../host/contract";
import { FakeHost } from "../host/fake";
import { message } from "../host/fakeData";
import { Gate } from "../testing/gate";
import { renderIn, testFrame } from "../testing/render";
import { loadParts } from "./parts";
import Window from "./Window.svelte";
import ItemPanel from "../thread/ItemPanel.svelte";
import { quoted } from "../thread/quote";
import Viewer from "../thread/Viewer.svelte";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

async function open(chat: number, host = new FakeHost({ chats: 4, settings: { language: "ru" } })) {
	render(Window, { props: { host } });
	await screen.findAllByTestId("chat-row");
	host.emit({ what: "openChat", chat });
	await screen.findAllByTestId("message");
	return { host, user: userEvent.setup() };
}

test("a quote is one line, cut between words", () => {
	expect(quoted("  Отлично,\n буду!  ")).toBe("«Отлично, буду!»\n");
	const long = quoted("слово ".repeat(60));
	expect(long.length).toBeLessThan(165);
	expect(long).toMatch(/слово…»\n$/);
});

test("quoting puts the words above what is typed and goes on with writing", async () => {
	const { user } = await open(2);
	const composer = screen.getByTestId("composer") as HTMLTextAreaElement;
	await user.type(composer, "Да");
	const bubble = screen.getAllByTestId("message")[0] as HTMLElement;
	const words = bubble.querySelector(".text")?.textContent ?? "";
	await user.click(bubble.querySelector("[data-testid=message-menu]") as HTMLElement);
	await user.click(await screen.findByTestId("quote-message"));
	await waitFor(() => expect(composer.value).toBe(`«${words}»\nДа`));
	await waitFor(() => expect(document.activeElement).toBe(composer));
});

describe("blocking", () => {
	test("warns that there is no way back, needs a reason, and the chat says so afterwards", async () => {
		const { host, user } = await open(2);
		await user.click(screen.getByTestId("chat-menu"));
		await user.click(await screen.findByTestId("block-open"));
		expect((await screen.findByTestId("block-question")).textContent).toContain("Разблокировать нельзя");
		const block = screen.getByTestId("block-do") as HTMLButtonElement;
		expect(block.disabled).toBe(true);
		await user.click(screen.getByTestId("block-fraud"));
		await user.click(block);
		expect(host.calls).toContainEqual(["blockBuyer", 2, "fraud"]);
		expect(await screen.findByTestId("blocked")).toBeTruthy();
		expect(screen.queryByTestId("block-question")).toBeNull();
	});

	test("is not left while Avito is asked: the answer comes where the question is", async () => {
		const { host, user } = await open(2);
		const gate = new Gate<null>();
		const blocked = host.blockBuyer.bind(host);
		host.blockBuyer = async (...args) => {
			await gate.call();
			return blocked(...args);
		};
		await user.click(screen.getByTestId("chat-menu"));
		await user.click(await screen.findByTestId("block-open"));
		await user.click(await screen.findByTestId("block-spam"));
		await user.click(screen.getByTestId("block-do"));
		const question = screen.getByTestId("block-question");
		expect((within(question).getByText("Отмена") as HTMLButtonElement).disabled).toBe(true);
		expect(within(question).queryByLabelText("Закрыть")).toBeNull();
		await fireEvent(question, new Event("cancel", { cancelable: true }));
		await fireEvent.pointerDown(question);
		expect(screen.getByTestId("block-question")).toBe(question);
		host.failNext("blockBuyer", "network");
		gate.answer(0, null);
		expect((await screen.findByRole("alert")).textContent).toContain("Нет связи");
		await user.click(within(question).getByText("Отмена"));
		expect(screen.queryByTestId("block-question")).toBeNull();
	});

	test("a failure is told where the question is", async () => {
		const { host, user } = await open(2);
		host.failNext("blockBuyer", "network");
		await user.click(screen.getByTestId("chat-menu"));
		await user.click(await screen.findByTestId("block-open"));
		await user.click(await screen.findByTestId("block-spam"));
		await user.click(screen.getByTestId("block-do"));
		expect((await screen.findByRole("alert")).textContent).toContain("Нет связи");
		expect(screen.queryByTestId("blocked")).toBeNull();
	});
});

describe("the panel beside a chat", () => {
	async function panel(chat: number, fail = false) {
		const frame = await testFrame({ chats: 40, settings: { language: "ru" } });
		if (fail) frame.host.failNext("orders", "network");
		const onchat = vi.fn();
		renderIn(frame, ItemPanel, { view: await frame.host.chat(chat), onchat, onclose: () => undefined });
		return { frame, onchat, user: userEvent.setup() };
	}

	test("shows what has to be done about its orders, and leads to the buyer's other chats", async () => {
		const { onchat, user } = await panel(1);
		const orders = await screen.findAllByTestId("order");
		expect(orders.map((order) => order.dataset["status"])).toEqual(["onConfirmation", "delivered"]);
		expect(orders[0]?.textContent).toMatch(/Подтвердите заказ\s*до /);
		const other = (await screen.findAllByTestId("related-chat"))[0] as HTMLElement;
		await user.click(other);
		expect(onchat).toHaveBeenCalledWith(Number(other.dataset["chatId"]));
	});

	test("shows other chats of the one that is open, whatever answers late", async () => {
		const frame = await testFrame({ chats: 40, settings: { language: "ru" } });
		const answers = await Promise.all([1, 2].map((chat) => frame.host.relatedChats(chat)));
		const views = await Promise.all([1, 2].map((chat) => frame.host.chat(chat)));
		const gate = new Gate<RelatedChats>();
		vi.spyOn(frame.host, "relatedChats").mockImplementation(gate.call);
		const props = (view: ChatView) => ({ view, onchat: () => undefined, onclose: () => undefined });
		const { rerender } = renderIn(frame, ItemPanel, props(views[0]!));
		await waitFor(() => expect(gate.waiting).toBe(1));
		await rerender({ props: { props: props(views[1]!) } });
		await waitFor(() => expect(gate.waiting).toBe(2));
		gate.answer(1, answers[1]!);
		const shown = (await screen.findAllByTestId("related-chat")).length;
		gate.answer(0, answers[0]!);
		// Whatever is to be done with the answer is done by then.
		await new Promise((done) => setTimeout(done));
		expect(screen.getAllByTestId("related-chat")).toHaveLength(shown);
	});

	test("an account that may not read orders is told nothing, a failure is", async () => {
		const { user } = await panel(2, true);
		const failed = await screen.findByText(/Заказы не загрузились/);
		await user.click(failed.querySelector("button") as HTMLElement);
		await waitFor(() => expect(screen.queryByText(/Заказы не загрузились/)).toBeNull());
		expect(screen.queryByTestId("orders")).toBeNull();
	});
});

test("the viewer goes nearer and back, to the next picture, and saves", async () => {
	const frame = await testFrame();
	const user = userEvent.setup();
	const rows = [2001, 2002].map((small) => message(false, Date.now(), { kind: "image", small, large: small, width: 4, height: 3, caption: null }));
	renderIn(frame, Viewer, { rows, shown: rows[0]?.key ?? "", onclose: () => undefined });
	const stage = () => screen.getByTestId("viewer").querySelector(".stage") as HTMLElement;
	await user.click(screen.getByTestId("viewer-in"));
	expect(Number(stage().dataset["scale"])).toBeGreaterThan(1);
	await user.keyboard("0");
	expect(stage().dataset["scale"]).toBe("1");
	const first = stage().querySelector("img")?.src;
	await user.click(screen.getByTestId("viewer-next"));
	expect(stage().querySelector("img")?.src).not.toBe(first);
	await user.click(screen.getByTestId("viewer-save"));
	await vi.waitFor(() => expect(frame.host.calls).toContainEqual(["saveMedia", 2002]));
});
