import { describe, expect, test, vi } from "vitest";
import type { ChatPage } from "../host/contract";
import { FakeHost } from "../host/fake";
import { Gate } from "../testing/gate";
import { ChatList } from "./chatList.svelte";

async function readList(host: FakeHost): Promise<ChatList> {
	const list = new ChatList(host);
	list.ask();
	await vi.waitFor(() => expect(list.ready).toBe(true));
	return list;
}

const texts = (host: FakeHost) => host.calls.filter(([name]) => name === "listChats");

describe("chat list", () => {
	test("reads on by cursor until the rows in sight are there, without repeating a chat", async () => {
		const list = await readList(new FakeHost({ chats: 450 }));
		expect(list.rows).toHaveLength(100);
		expect(list.total).toBe(450);
		list.reach(320);
		await vi.waitFor(() => expect(list.rows.length).toBeGreaterThan(320));
		list.reach(449);
		await vi.waitFor(() => expect(list.rows).toHaveLength(450));
		expect(new Set(list.rows.map((row) => row.id)).size).toBe(450);
		list.reach(449);
		expect(list.rows).toHaveLength(450);
	});

	test("an answer to an older question never replaces the newer one's", async () => {
		const host = new FakeHost({ chats: 3 });
		const gate = new Gate<ChatPage>();
		const rows = (await host.listChats({ account: null, unreadOnly: false, text: null, after: null, limit: 3 })).rows;
		vi.spyOn(host, "listChats").mockImplementation(gate.call);
		const list = new ChatList(host);
		list.search("велосипед");
		list.search("диван");
		expect(gate.waiting).toBe(2);
		gate.answer(1, { rows: rows.slice(0, 1), next: null, total: 1 });
		await vi.waitFor(() => expect(list.rows).toHaveLength(1));
		gate.answer(0, { rows, next: null, total: 3 });
		await Promise.resolve();
		await Promise.resolve();
		expect(list.rows).toHaveLength(1);
		expect(list.total).toBe(1);
	});

	test("many notices within a frame cost one reading, and the loaded range stays loaded", async () => {
		const host = new FakeHost({ chats: 700 });
		const list = new ChatList(host);
		const stop = list.start();
		await vi.waitFor(() => expect(list.ready).toBe(true));
		list.reach(650);
		await vi.waitFor(() => expect(list.rows).toHaveLength(700));
		host.calls.length = 0;
		host.chats[5]?.messages.splice(0);
		for (let index = 0; index < 20; index++) host.emit({ what: "chats", chats: [index] });
		await vi.waitFor(() => expect(texts(host)).toHaveLength(3));
		await vi.waitFor(() => expect(list.rows.find((row) => row.id === 6)?.preview).toBeNull());
		expect(list.rows).toHaveLength(700);
		// The top first, then the rest.
		expect(texts(host).map(([, query]) => (query as { limit: number }).limit)).toEqual([30, 500, 170]);
		stop();
	});

	test("news at the top is shown before the rest is read again, and nothing is twice there or missing", async () => {
		const host = new FakeHost({ chats: 80 });
		const list = await readList(host);
		await vi.waitFor(() => expect(list.rows).toHaveLength(80));
		const [unchanged, lowest] = [list.rows[1], list.rows[70]];
		if (!unchanged || !lowest) throw new Error("no such rows");
		host.deliver(lowest.id, { kind: "text", text: "Беру!" });
		const gate = new Gate<ChatPage>();
		const real = host.listChats.bind(host);
		const spy = vi.spyOn(host, "listChats").mockImplementationOnce(real).mockImplementationOnce(gate.call).mockImplementation(real);
		list.refresh();
		await vi.waitFor(() => expect(spy).toHaveBeenCalledTimes(2));
		expect(list.rows[0]?.id).toBe(lowest.id);
		expect(list.rows[0]?.preview?.text).toBe("Беру!");
		expect(new Set(list.rows.map((row) => row.id)).size).toBe(80);
		expect(list.rows).toHaveLength(80);
		expect(list.rows.find((row) => row.id === unchanged.id)).toBe(unchanged);
		gate.answer(0, await real(spy.mock.calls[1]![0]));
		await vi.waitFor(() => expect(list.rows[0]?.id).toBe(lowest.id));
		expect(list.rows).toHaveLength(80);
	});

	test("a change during a reading is read again", async () => {
		const host = new FakeHost({ chats: 2 });
		const list = await readList(host);
		const gate = new Gate<ChatPage>();
		const real = host.listChats.bind(host);
		const spy = vi.spyOn(host, "listChats").mockImplementationOnce(gate.call).mockImplementation(real);
		list.refresh();
		list.refresh();
		gate.answer(0, { rows: [], next: null, total: 0 });
		await vi.waitFor(() => expect(spy).toHaveBeenCalledTimes(2));
		await vi.waitFor(() => expect(list.rows).toHaveLength(2));
	});

	test("filters ask the host, and ё and case do not matter to the search", async () => {
		const list = await readList(new FakeHost({ chats: 24, accounts: 2 }));
		list.search("АРТЕМ");
		await vi.waitFor(() => expect(list.rows.map((row) => row.buyer.name)).toEqual(["Артём"]));
		list.search("");
		list.choose(2);
		await vi.waitFor(() => expect(list.rows.every((row) => row.account === 2) && list.rows.length === 12).toBe(true));
		list.filter(true);
		await vi.waitFor(() => expect(list.rows.every((row) => row.unread > 0)).toBe(true));
		expect(list.filtered).toBe(true);
	});

	test("a failed first reading shows its error, and asking again recovers", async () => {
		const host = new FakeHost({ chats: 2 });
		host.failNext("listChats", "storage");
		const list = new ChatList(host);
		list.ask();
		await vi.waitFor(() => expect(list.error).toBe("storage"));
		list.ask();
		await vi.waitFor(() => expect(list.rows).toHaveLength(2));
		expect(list.error).toBeNull();
	});

	test("the arrow keys stop at both ends", async () => {
		const list = await readList(new FakeHost({ chats: 3 }));
		expect(list.neighbour(1)?.id).toBe(list.rows[0]?.id);
		list.markedId = list.rows[2]?.id ?? null;
		expect(list.neighbour(1)?.id).toBe(list.rows[2]?.id);
		list.markedId = list.rows[0]?.id ?? null;
		expect(list.neighbour(-1)?.id).toBe(list.rows[0]?.id);
	});
});
