import { describe, expect, test, vi } from "vitest";
import type { MessagePage, MessageRow } from "../host/contract";
import { FakeHost } from "../host/fake";
import { message } from "../host/fakeData";
import { Gate } from "../testing/gate";
import { mergeNewest, Thread } from "./thread.svelte";

const text = (words: string) => ({ kind: "text", text: words }) as const;

async function openThread(host: FakeHost, chat: number): Promise<Thread> {
	const thread = new Thread(host);
	await thread.open(chat);
	expect(thread.ready).toBe(true);
	return thread;
}

describe("thread", () => {
	test("opens at the newest page and reads older ones in front of it", async () => {
		const host = new FakeHost();
		const thread = await openThread(host, 1);
		const whole = host.chats[0]?.messages ?? [];
		expect(thread.rows).toEqual(whole.slice(-60));
		expect(thread.hasOlder).toBe(true);
		await thread.loadOlder();
		expect(thread.rows).toEqual(whole);
		expect(thread.hasOlder).toBe(false);
		await thread.loadOlder();
		expect(thread.rows).toEqual(whole);
	});

	test("opens around a message that was found, and reads on both ways to the end", async () => {
		const host = new FakeHost();
		for (let index = 0; index < 200; index++) host.deliver(1, text(`номер ${index}`));
		const whole = host.chats[0]?.messages ?? [];
		const at = whole[100]?.id ?? 0;
		const thread = new Thread(host);
		const stop = thread.start();
		await thread.open(1, 0, at);
		expect(thread.target).toEqual({ id: at });
		expect(thread.rows).toEqual(whole.slice(70, 131));
		expect([thread.hasOlder, thread.hasNewer]).toEqual([true, true]);
		// News belongs to the end, which is not shown: the piece stays as it is, and nothing is marked as read.
		host.calls.length = 0;
		host.deliver(1, text("новое"));
		await vi.waitFor(() => expect(host.calls.map(([name]) => name)).toContain("messages"));
		thread.looked();
		expect(thread.rows).toEqual(whole.slice(70, 131));
		expect(host.calls.map(([name]) => name)).not.toContain("markRead");
		await thread.loadOlder();
		expect(thread.rows[0]).toEqual(whole[10]);
		while (thread.hasNewer) await thread.loadNewer();
		expect(thread.rows).toEqual(whole.slice(10));
		const added = host.deliver(1, text("ещё новее"));
		await vi.waitFor(() => expect(thread.rows.at(-1)?.key).toBe(added.key));
		expect(thread.rows).toEqual(whole.slice(10));
		stop();
	});

	test("from the middle of a thread a reply of ours leads back to its end", async () => {
		const host = new FakeHost();
		for (let index = 0; index < 200; index++) host.deliver(1, text(`номер ${index}`));
		const whole = host.chats[0]?.messages ?? [];
		const thread = new Thread(host);
		await thread.open(1, 0, whole[50]?.id ?? 0);
		const echo = await host.sendText(1, "Ответ");
		thread.append(1, echo);
		await vi.waitFor(() => expect(thread.rows.at(-1)?.key).toBe(echo.key));
		expect(thread.hasNewer).toBe(false);
		expect(thread.rows).toEqual(whole.slice(-60));
	});

	test("older messages can be read at the end of a thread after its middle was left while it was read on", async () => {
		const host = new FakeHost();
		for (let index = 0; index < 200; index++) host.deliver(1, text(`номер ${index}`));
		const at = host.chats[0]?.messages[100]?.id ?? 0;
		const thread = new Thread(host);
		await thread.open(1, 0, at);
		const gate = new Gate<MessagePage>();
		vi.spyOn(host, "messages").mockImplementationOnce(gate.call);
		const reading = thread.loadOlder();
		thread.newest();
		gate.answer(0, { rows: [], older: null, newer: null });
		await reading;
		await vi.waitFor(() => expect(thread.rows).toHaveLength(60));
		expect(thread.loadingOlder).toBe(false);
		await thread.loadOlder();
		expect(thread.rows).toHaveLength(120);
	});

	test("a message that is gone since it was found opens the chat at its end", async () => {
		const host = new FakeHost();
		const thread = new Thread(host);
		await thread.open(1, 0, 987654);
		await vi.waitFor(() => expect(thread.rows.at(-1)?.key).toBe(host.chats[0]?.messages.at(-1)?.key));
		expect(thread.error).toBeNull();
	});

	test("a notice adds the new message and keeps the older ones that were read", async () => {
		const host = new FakeHost();
		const thread = new Thread(host);
		const stop = thread.start();
		await thread.open(1);
		await thread.loadOlder();
		const before = thread.rows.length;
		const added = host.deliver(1, text("Ещё вопрос"));
		await vi.waitFor(() => expect(thread.rows.at(-1)?.key).toBe(added.key));
		expect(thread.rows).toHaveLength(before + 1);
		stop();
	});

	test("an answer for a chat that was left is dropped", async () => {
		const host = new FakeHost();
		const gate = new Gate<MessagePage>();
		const spy = vi.spyOn(host, "messages").mockImplementationOnce(gate.call);
		const thread = new Thread(host);
		const first = thread.open(1);
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		await thread.open(2);
		const rows = thread.rows;
		gate.answer(0, { rows: [message(false, 1, text("из первого чата"))], older: null, newer: null });
		await first;
		expect(thread.rows).toBe(rows);
		expect(thread.chatId).toBe(2);
		expect(spy).toHaveBeenCalledTimes(2);
	});

	test("an answer older than our own echo does not take the echo away", async () => {
		const host = new FakeHost();
		const thread = await openThread(host, 2);
		const gate = new Gate<MessagePage>();
		const stale = { rows: thread.rows, older: null, newer: null };
		vi.spyOn(host, "messages").mockImplementationOnce(gate.call);
		thread.refresh();
		await vi.waitFor(() => expect(gate.waiting).toBe(1));
		const echo = await host.sendText(2, "Да, отправлю");
		thread.append(2, echo);
		gate.answer(0, stale);
		await vi.waitFor(() => expect(host.calls.filter(([name]) => name === "chat").length).toBeGreaterThanOrEqual(3));
		expect(thread.rows.at(-1)?.key).toBe(echo.key);
		expect(thread.rows.filter((row) => row.key === echo.key)).toHaveLength(1);
	});

	test("a chat seen before is there at once and then read again", async () => {
		const host = new FakeHost();
		const thread = await openThread(host, 1);
		await thread.open(2);
		const again = thread.open(1);
		expect(thread.ready).toBe(true);
		expect(thread.rows).toHaveLength(60);
		await again;
		expect(thread.rows).toHaveLength(60);
	});

	test("the unread divider stays where it was while the chat is open", async () => {
		const host = new FakeHost();
		const thread = await openThread(host, 1);
		const divider = thread.firstUnread;
		expect(divider).not.toBeNull();
		await host.markRead(1);
		thread.refresh();
		await vi.waitFor(() => expect(thread.view?.row.unread).toBe(0));
		expect(thread.firstUnread).toBe(divider);
	});

	test("another shop forgets what chats of the same numbers held", async () => {
		const host = new FakeHost();
		const thread = await openThread(host, 1);
		thread.forget();
		expect(thread.chatId).toBeNull();
		void thread.open(1);
		expect(thread.rows).toEqual([]);
	});
});

describe("marking read", () => {
	const marks = (host: FakeHost) => host.calls.filter(([name]) => name === "markRead").length;

	test("happens once per newest message of the buyer", async () => {
		const host = new FakeHost();
		const thread = await openThread(host, 1);
		thread.looked();
		thread.looked();
		expect(marks(host)).toBe(1);
		await vi.waitFor(() => expect(host.chats[0]?.unread).toBe(0));
		host.deliver(1, text("Вы тут?"));
		thread.refresh();
		await vi.waitFor(() => expect(thread.rows.at(-1)?.body).toEqual(text("Вы тут?")));
		thread.looked();
		expect(marks(host)).toBe(2);
	});

	test("never happens while the window is not in front", async () => {
		const host = new FakeHost();
		const thread = await openThread(host, 1);
		vi.mocked(document.hasFocus).mockReturnValue(false);
		thread.looked();
		expect(marks(host)).toBe(0);
	});

	test("is not asked for where nothing is unread", async () => {
		const host = new FakeHost();
		const thread = await openThread(host, 2);
		thread.looked();
		expect(marks(host)).toBe(0);
	});
});

describe("merging the newest page", () => {
	const row = (key: string, sentMs: number): MessageRow => ({ ...message(false, sentMs, text(key)), key });
	const older = { sentMs: 0, order: 0, id: 1 };

	test("keeps what is older than the page and takes the page for the rest", () => {
		const rows = [row("a", 1), row("b", 2), row("c", 3), row("gone", 4)];
		const page = { rows: [row("b", 2), row("c", 3), row("d", 5)], older, newer: null };
		const merged = mergeNewest(rows, page);
		expect(merged.rows.map(({ key }) => key)).toEqual(["a", "b", "c", "d"]);
		expect(merged.replaced).toBe(false);
	});

	test("starts anew when the page does not join on to what was read", () => {
		const merged = mergeNewest([row("a", 1)], { rows: [row("x", 90), row("y", 91)], older, newer: null });
		expect(merged.rows.map(({ key }) => key)).toEqual(["x", "y"]);
		expect(merged.replaced).toBe(true);
	});

	test("a page that holds everything replaces everything", () => {
		const merged = mergeNewest([row("a", 1), row("b", 2)], { rows: [row("b", 2)], older: null, newer: null });
		expect(merged.rows.map(({ key }) => key)).toEqual(["b"]);
	});
});

test("a chat that another area hides is neither open nor read", async () => {
	const host = new FakeHost();
	const thread = new Thread(host);
	const stop = thread.start();
	const unread = (await host.listChats({ account: null, unreadOnly: true, text: "", limit: 1, after: null })).rows[0];
	await thread.open(unread!.id);
	thread.show(false);
	thread.looked();
	expect(host.calls.filter(([name]) => name === "openChat").at(-1)).toEqual(["openChat", null]);
	expect(host.calls.some(([name]) => name === "markRead")).toBe(false);
	thread.show(true);
	expect(host.calls.filter(([name]) => name === "openChat").at(-1)).toEqual(["openChat", unread!.id]);
	expect(host.calls).toContainEqual(["markRead", unread!.id]);
	stop();
});
