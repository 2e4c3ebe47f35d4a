// Who is at the newest message stays there, whatever grows or shrinks around it; only scrolling up goes away.
import { fireEvent, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Draft } from "../drafts/draft.svelte";
import type { MessageRow } from "../host/contract";
import { message } from "../host/fakeData";
import { Gate } from "../testing/gate";
import { renderIn, testFrame } from "../testing/render";
import { MessageActions } from "./actions";
import { Composer } from "./composer.svelte";
import MessageList from "./MessageList.svelte";
import { Thread } from "./thread.svelte";
import ThreadPane from "./ThreadPane.svelte";

/** Tells the list that something in it has another size now. */
let resized: () => void = () => undefined;
/** Pixels of all messages and of the window on them. */
let [all, sight] = [2000, 500];

beforeEach(() => {
	[all, sight] = [2000, 500];
	vi.stubGlobal(
		"ResizeObserver",
		class {
			constructor(told: () => void) {
				resized = told;
			}
			observe() {}
			unobserve() {}
			disconnect() {}
		},
	);
});
afterEach(() => void vi.unstubAllGlobals());

async function atTheNewest(): Promise<HTMLElement> {
	const frame = await testFrame({ chats: 3 });
	const thread = new Thread(frame.host);
	const actions = new MessageActions(frame.host, frame.app, thread, new Composer(frame.host));
	renderIn(frame, MessageList, { thread, actions, onquote: () => undefined, ondelete: () => undefined });
	const log = screen.getByRole("log");
	Object.defineProperties(log, { scrollHeight: { get: () => all }, clientHeight: { get: () => sight } });
	await thread.open(1);
	await vi.waitFor(() => expect(screen.getAllByTestId("message").length).toBeGreaterThan(1));
	log.scrollTop = all - sight;
	await fireEvent.scroll(log);
	expect(screen.queryByTestId("jump-newest")).toBeNull();
	return log;
}

test("a card that takes room below and a scroll event that comes late do not lose the newest message", async () => {
	const log = await atTheNewest();
	// A card appears while the list's own scrolling has not been told yet.
	sight = 300;
	await fireEvent.scroll(log);
	log.scrollTo = (to?: unknown) => void (log.scrollTop = Math.min((to as ScrollToOptions).top ?? 0, all - sight));
	resized();
	expect(log.scrollTop).toBe(all - sight);
});

test("who has scrolled up is left there", async () => {
	const log = await atTheNewest();
	log.scrollTop = 900;
	await fireEvent.scroll(log);
	expect(await screen.findByTestId("jump-newest")).toBeTruthy();
	all = 2200;
	resized();
	expect(log.scrollTop).toBe(900);
});

/** Presses the button for the newest from so many pixels above it, and tells how the list was asked to go there. */
async function pressedAt(left: number): Promise<{ log: HTMLElement; ways: ScrollToOptions[] }> {
	const log = await atTheNewest();
	const ways: ScrollToOptions[] = [];
	log.scrollTo = (to?: unknown) => {
		const way = to as ScrollToOptions;
		ways.push(way);
		// A glide takes its time, and is not told to its end here.
		if (way.behavior !== "smooth") log.scrollTop = all - sight;
	};
	log.scrollTop = all - sight - left;
	await fireEvent.scroll(log);
	await userEvent.click(await screen.findByTestId("jump-newest"));
	return { log, ways };
}

test("from far away the newest is there at once, without a way that could end in its middle", async () => {
	[all, sight] = [540_000, 500];
	const { log, ways } = await pressedAt(530_000);
	expect(ways.map((way) => way.behavior)).toEqual(["instant"]);
	expect(log.scrollTop).toBe(all - sight);
});

test("from near by the list glides to the newest, and is there at once when something grows meanwhile", async () => {
	const { log, ways } = await pressedAt(900);
	expect(ways.map((way) => way.behavior)).toEqual(["smooth"]);
	log.scrollTop += 300;
	await fireEvent.scroll(log);
	all = 2200;
	resized();
	expect(log.scrollTop).toBe(all - sight);
});

test("who scrolls up while the list glides to the newest is left there", async () => {
	const { log } = await pressedAt(900);
	log.scrollTop -= 200;
	await fireEvent.scroll(log);
	resized();
	expect(log.scrollTop).toBe(400);
});

test("a photo that goes out from another chat moves nothing here", async () => {
	const frame = await testFrame();
	const { host } = frame;
	const gate = new Gate<MessageRow>();
	vi.spyOn(host, "sendImage").mockImplementation(gate.call);
	const [thread, composer, draft] = [new Thread(host), new Composer(host), new Draft(host)];
	renderIn(frame, ThreadPane, { thread, composer, draft, known: null, onaction: vi.fn(), onchat: vi.fn() });
	const user = userEvent.setup();
	const open = async (chat: number) => {
		composer.turnTo(chat);
		await thread.open(chat);
		await screen.findAllByTestId("message");
	};
	await open(2);
	await user.upload(screen.getByTestId("attach"), [new File(["x"], "a.png", { type: "image/png" }), new File(["x"], "b.png", { type: "image/png" })]);
	await user.type(screen.getByTestId("composer"), "{Enter}");
	await vi.waitFor(() => expect(gate.waiting).toBe(1));
	await open(3);
	const scrollTo = vi.spyOn(screen.getByRole("log"), "scrollTo");
	for (const key of ["o1", "o2"]) {
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		gate.answer(0, { ...message(true, 1, { kind: "text", text: "" }), key });
	}
	await composer.finish();
	expect(scrollTo).not.toHaveBeenCalled();
});
