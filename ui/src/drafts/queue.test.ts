import { describe, expect, test, vi } from "vitest";
import { FakeHost } from "../host/fake";
import { HostError } from "../host/host";
import { toasts } from "../shared/toasts.svelte";
import { DraftQueue } from "./queue.svelte";

/** A queue over these chats, the one that waits longest first. */
async function queueOf(...chats: number[]) {
	const host = new FakeHost();
	for (const chat of chats) host.drafts.put(chat, `[Ответ ${chat}|source|0]`);
	const queue = new DraftQueue(host);
	await queue.read();
	return { host, queue };
}
const [Z, A, B] = [2, 3, 4];
/** Asked before all others, and ready after them. */
const late = (host: FakeHost) => host.drafts.put(Z, "[Здравствуйте|source|0]", { createdMs: 0 });
const chats = (queue: DraftQueue) => queue.rows.map((row) => row.draft.chat);
const sent = (host: FakeHost) => host.calls.filter(([name]) => name === "drafts.send").map(([, ...args]) => args);

describe("what is in sight", () => {
	test("stays while it is read, though another has waited longer", async () => {
		const { host, queue } = await queueOf(A);
		late(host);
		await queue.read();
		expect(chats(queue)).toEqual([Z, A]);
		expect(queue.marked?.draft.chat).toBe(A);
	});

	test("stays while it is changed, with its words, also when it waits no more or was made anew", async () => {
		const { host, queue } = await queueOf(A);
		queue.edit();
		queue.edited = "Мои слова";
		late(host);
		const seen = async () => {
			await queue.read();
			return [queue.marked?.draft.id, queue.edited];
		};
		expect(await seen()).toEqual([103, "Мои слова"]);
		host.drafts.overtake(A);
		expect(await seen()).toEqual([103, "Мои слова"]);
		expect(chats(queue)).toEqual([A, Z]);
		host.drafts.put(A, "[Другое|source|0]", { id: 900 });
		expect(await seen()).toEqual([103, "Мои слова"]);
		expect(chats(queue)).toEqual([Z, A]);
		// Once the words are given up, what the core made stands there.
		queue.edited = null;
		expect(queue.marked?.draft.id).toBe(900);
	});

	test("does not jump back once the words are given up of what waits no more", async () => {
		const { host, queue } = await queueOf(A, B);
		queue.edit();
		host.drafts.overtake(A);
		await queue.read();
		queue.edited = null;
		expect(queue.marked?.draft.chat).toBe(B);
		host.drafts.put(A, "[Другое|source|0]", { id: 900 });
		await queue.read();
		expect(queue.marked?.draft.chat).toBe(B);
	});

	test("may be left for another, and its words are there on the way back", async () => {
		const { queue } = await queueOf(A, B);
		queue.edit();
		queue.edited = "Мои слова";
		queue.move(1);
		expect([queue.marked?.draft.chat, queue.edited]).toEqual([B, null]);
		queue.edit();
		queue.move(-1);
		expect([queue.marked?.draft.chat, queue.edited]).toEqual([A, "Мои слова"]);
		queue.move(1);
		expect(queue.edited, "nothing was changed in that one").toBeNull();
	});

	test("is given up once the talk overtook it: what is asked now is not turned down with it", async () => {
		const { host, queue } = await queueOf(A);
		queue.edit();
		queue.edited = "Мои слова";
		host.drafts.put(A, "[Другое|source|0]", { id: 900 });
		await queue.read();
		await queue.dismiss();
		expect([queue.marked?.draft.id, queue.edited]).toEqual([900, null]);
		expect(host.calls.some(([name]) => name === "drafts.dismiss")).toBe(false);
	});

	test("is of one shop: the same numbers mean other drafts in the next", async () => {
		const { host, queue } = await queueOf(A);
		queue.edit();
		queue.edited = "Мои слова";
		host.drafts.put(A, "[Другое|source|0]", { id: 900 });
		expect(queue.edited).toBe("Мои слова");
		queue.forget();
		await queue.read();
		expect([queue.marked?.draft.id, queue.edited]).toEqual([900, null]);
	});
});

describe("a press", () => {
	test.each([
		["of another buyer", (host: FakeHost) => host.drafts.overtake(A), B, 104],
		["of the same buyer", (host: FakeHost) => host.drafts.put(A, "[Другое|source|0]", { id: 900 }), A, 900],
	])("does not send the draft %s that came under it by itself; the next press does", async (_, change, chat, id) => {
		const { host, queue } = await queueOf(A, B);
		change(host);
		await queue.read();
		expect(queue.marked?.draft.chat).toBe(chat);
		await queue.send(true);
		expect(sent(host)).toEqual([]);
		expect(queue.mistaken).toBe(true);
		await queue.send(true);
		expect(sent(host)).toEqual([[id, null, false]]);
		expect(queue.mistaken).toBe(false);
	});

	test("does not turn it down either, nor send it by the button", async () => {
		const { host, queue } = await queueOf(A, B);
		host.drafts.overtake(A);
		await queue.read();
		await queue.dismiss();
		expect(host.calls).toEqual([]);
		await queue.dismiss();
		expect(host.calls).toEqual([["drafts.dismiss", B, 100 + B, null]]);
	});

	test("sends what the seller went to, and what is next after the seller's own, and what came where nothing was", async () => {
		const { host, queue } = await queueOf(Z, A, B);
		host.drafts.overtake(Z);
		await queue.read();
		if (queue.marked) queue.mark(queue.marked);
		await queue.send(true);
		await queue.send(true);
		expect(queue.rows).toEqual([]);
		late(host);
		await queue.read();
		await queue.send(true);
		expect(sent(host).map(([id]) => id)).toEqual([103, 104, 102]);
	});
});

describe("a refusal", () => {
	/** A is sent with the seller's words; its buyer has just written. */
	async function overtaken(meanwhile: (queue: DraftQueue) => void = () => undefined, words: string | null = "Мои слова") {
		const { host, queue } = await queueOf(A, B);
		if (words !== null) {
			queue.edit();
			queue.edited = words;
		}
		host.drafts.overtake(A);
		const done = queue.send(true);
		expect(queue.marked?.draft.chat).toBe(B);
		meanwhile(queue);
		await done;
		return { host, queue };
	}

	test("brings the words back under their own buyer", async () => {
		const { host, queue } = await overtaken();
		expect([queue.marked?.draft.id, queue.edited, queue.refused]).toEqual([103, "Мои слова", "draftStale"]);
		queue.move(1);
		expect([queue.marked?.draft.chat, queue.edited, queue.refused]).toEqual([B, null, null]);
		await queue.send(true);
		expect(sent(host).at(-1)).toEqual([104, null, false]);
	});

	test("does not take the seller from another draft that is being changed: a note leads back", async () => {
		const { queue } = await overtaken((queue) => {
			queue.edit();
			queue.edited = "Слова для другого";
		});
		expect([queue.marked?.draft.chat, queue.edited, queue.refused]).toEqual([B, "Слова для другого", null]);
		const [toast] = toasts.list;
		expect(toast?.words).toContain("подсказка устарела");
		toast?.action?.act();
		expect([queue.marked?.draft.id, queue.edited, queue.refused]).toEqual([103, "Мои слова", "draftStale"]);
		queue.move(1);
		expect(queue.edited).toBe("Слова для другого");
		// What the note spoke of was given up meanwhile.
		queue.move(-1);
		queue.edited = null;
		toast?.action?.act();
		expect([queue.edited, queue.refused]).toEqual(["Слова для другого", null]);
	});

	test("of a draft that is no more is said, and not of the one in sight", async () => {
		const { queue } = await overtaken(undefined, null);
		expect([queue.marked?.draft.chat, queue.refused]).toEqual([B, null]);
		expect(toasts.list.map((toast) => toast.words).join()).toContain("подсказка устарела");
	});

	test("of a draft that still waits brings it back, and the next press sends it", async () => {
		const { host, queue } = await queueOf(A, B);
		host.drafts.failNext("storage");
		await queue.send(true);
		expect([queue.marked?.draft.chat, queue.refused]).toEqual([A, "storage"]);
		await queue.send(true);
		await vi.waitFor(() => expect(sent(host).map(([id]) => id)).toEqual([103, 103]));
		expect(chats(queue)).toEqual([B]);
	});

	test("that comes when the other shop is shown says nothing there", async () => {
		const { host, queue } = await queueOf(A, B);
		queue.edit();
		queue.edited = "Мои слова";
		let refuse: (error: unknown) => void = () => undefined;
		host.drafts.send = () => new Promise((_, reject) => (refuse = reject));
		const done = queue.send(true);
		queue.forget();
		refuse(new HostError({ code: "notFound", message: "gone" }));
		await done;
		expect([queue.edited, queue.refused]).toEqual([null, null]);
	});
});
