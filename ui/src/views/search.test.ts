import { render, screen, within } from "@testing-library/svelte";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { MessageSearch } from "../chats/messageSearch.svelte";
import type { FoundMessage, FoundPage } from "../host/contract";
import { FakeHost, type FakeOptions } from "../host/fake";
import { Gate } from "../testing/gate";
import { loadParts } from "./parts";
import Window from "./Window.svelte";

// Otherwise a part would be compiled while a test waits for it.
beforeAll(loadParts, 60_000);

const empty: FoundPage = { found: [], more: false, readAs: null, similar: false, outstanding: 0 };

async function start(options: FakeOptions = {}) {
	const host = new FakeHost(options);
	const far = host.deliver(3, { kind: "text", text: "Привезите, пожалуйста, зонтик" });
	for (let index = 0; index < 70; index++) host.deliver(3, { kind: "text", text: `номер ${index}` });
	render(Window, { props: { host } });
	await screen.findAllByTestId("chat-row");
	return { host, far, user: userEvent.setup() };
}

async function look(user: UserEvent, words: string) {
	await user.click(screen.getByTestId("chat-search"));
	await user.paste(words);
}

describe("search", () => {
	test("finds words anywhere in the history and opens the chat at them", async () => {
		const { host, far, user } = await start();
		await look(user, "зонтик");
		const found = await screen.findByTestId("found-message");
		expect(within(found).getByText("зонтик").tagName).toBe("MARK");
		await user.click(found);
		await vi.waitFor(() => expect(host.calls).toContainEqual(["messagesAround", 3, far.id, 60]));
		await vi.waitFor(() => expect(document.querySelector(".flashed")?.textContent).toContain("зонтик"));
	});

	test("is walked by the arrow keys, through chats and messages, and Enter opens", async () => {
		const { host, user } = await start();
		await look(user, "номер 6");
		await vi.waitFor(() => expect(screen.getAllByTestId("found-message").length).toBeGreaterThan(5));
		const chats = within(screen.getByTestId("search-results")).queryAllByTestId("chat-row").length;
		expect(chats).toBe(1);
		await user.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}");
		const marked = screen.getByTestId("search-results").getAttribute("aria-activedescendant") ?? "";
		const second = screen.getAllByTestId("found-message")[1];
		expect(marked).toBe(second?.id);
		await user.keyboard("{Enter}");
		await vi.waitFor(() => expect(host.calls).toContainEqual(["messagesAround", 3, Number(second?.dataset["messageId"]), 60]));
	});

	test("says when nothing is found, in chats and messages alike", async () => {
		const { user } = await start();
		await look(user, "дирижабль");
		expect(await screen.findByText("Ничего не нашлось")).toBeTruthy();
		await user.keyboard("{Escape}");
		await vi.waitFor(() => expect(screen.getAllByTestId("chat-row").length).toBeGreaterThan(2));
	});

	test("all chats that fit are shown on request", async () => {
		const { user } = await start({ chats: 60 });
		await look(user, "а");
		await user.click(await screen.findByTestId("search-all-chats"));
		expect(screen.queryByTestId("search-results")).toBeNull();
		expect(screen.getByTestId("chat-list")).toBeTruthy();
	});

	test("an answer to older words never replaces the newer one's", async () => {
		const host = new FakeHost();
		const gate = new Gate<FoundPage>();
		vi.spyOn(host, "searchMessages").mockImplementation(gate.call);
		const search = new MessageSearch(host);
		search.ask("стол", null, "real");
		search.ask("стул", null, "real");
		gate.answer(1, { ...empty, similar: true });
		await vi.waitFor(() => expect(search.ready).toBe(true));
		gate.answer(0, { ...empty, readAs: "стол" });
		// Whatever is to be done with the answer is done by then.
		await new Promise((done) => setTimeout(done));
		expect([search.similar, search.readAs]).toEqual([true, null]);
	});

	test("what is said while the history is still looked through, and asked again until it is", async () => {
		vi.useFakeTimers();
		try {
			const host = new FakeHost();
			const spy = vi.spyOn(host, "searchMessages").mockResolvedValueOnce({ ...empty, outstanding: 5000 }).mockResolvedValue(empty);
			const search = new MessageSearch(host);
			search.ask("стол", null, "real");
			await vi.advanceTimersByTimeAsync(0);
			expect(search.outstanding).toBe(5000);
			await vi.advanceTimersByTimeAsync(5000);
			expect(search.outstanding).toBe(0);
			expect(spy).toHaveBeenCalledTimes(2);
		} finally {
			vi.useRealTimers();
		}
	});

	test("finds nothing of the other shop once that is left", async () => {
		const { host, user } = await start({ mode: "demo", hasRealAccounts: true });
		await look(user, "зонтик");
		await screen.findByTestId("found-message");
		const gate = new Gate<FoundPage>();
		vi.spyOn(host, "searchMessages").mockImplementation(gate.call);
		await user.click(screen.getByTestId("demo-leave"));
		await vi.waitFor(() => expect(screen.queryByTestId("demo-banner")).toBeNull());
		await vi.waitFor(() => expect(screen.queryByTestId("found-message")).toBeNull());
		expect(gate.waiting).toBe(1);
		gate.answer(0, empty);
		expect(await screen.findByText("Ничего не нашлось")).toBeTruthy();
	});

	describe("while the history is looked through and the seller reads on", () => {
		const one = (message: number): FoundMessage => ({ message, chat: 1, account: 1, buyer: null, itemTitle: null, sentMs: message, outgoing: false, kind: "text", parts: [] });
		/** Newest first. */
		const from = (newest: number, count: number) => Array.from({ length: count }, (_, index) => one(newest - index));

		async function reading(...pages: Partial<FoundPage>[]) {
			const host = new FakeHost();
			const spy = vi.spyOn(host, "searchMessages").mockResolvedValue(empty);
			for (const page of pages) spy.mockResolvedValueOnce({ ...empty, ...page });
			const search = new MessageSearch(host);
			search.ask("стол", null, "real");
			await vi.advanceTimersByTimeAsync(0);
			const readOn = async () => {
				search.readOn();
				await vi.advanceTimersByTimeAsync(0);
			};
			return { search, readOn, asked: () => spy.mock.calls.map(([{ before, limit }]) => [before, limit]) };
		}
		beforeEach(() => void vi.useFakeTimers());
		afterEach(() => void vi.useRealTimers());

		test("what is found later still comes, and all that was read is looked at again", async () => {
			const { search, readOn, asked } = await reading(
				{ found: from(1000, 50), more: true, outstanding: 5 },
				{ found: from(950, 50), more: true, outstanding: 5 },
				{ found: [one(1001), ...from(1000, 99)], more: true },
			);
			await readOn();
			await vi.advanceTimersByTimeAsync(1500);
			expect(asked()).toEqual([[null, 50], [951, 50], [null, 100]]);
			expect(search.outstanding).toBe(0);
			expect(search.found.map(({ message }) => message)).toEqual([1001, ...from(1000, 100).map(({ message }) => message)]);
		});

		test("what was read beyond one answer stays where it is", async () => {
			const pages = [1000, 950, 900, 850, 800].map((newest) => ({ found: from(newest, 50), more: true, outstanding: 5 }));
			const { search, readOn, asked } = await reading(...pages, { found: from(1010, 200), more: true });
			for (let index = 1; index < pages.length; index++) await readOn();
			await vi.advanceTimersByTimeAsync(1500);
			expect(asked().at(-1)).toEqual([null, 200]);
			expect(search.found).toEqual(from(1010, 260));
		});

		test("what only resembled the words goes when they themselves are found", async () => {
			const { search } = await reading({ found: from(1000, 50), more: true, similar: true, outstanding: 5 }, { found: from(800, 50), more: true });
			await vi.advanceTimersByTimeAsync(1500);
			expect([search.similar, search.found]).toEqual([false, from(800, 50)]);
		});
	});
});
