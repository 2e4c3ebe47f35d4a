import { expect, test } from "vitest";
import { message } from "../host/fakeData";
import { chunksOf, hiddenAtFirst, threadEntries } from "./entries";

const at = (day: number, hour: number, minute: number) => new Date(2026, 9, day, hour, minute).getTime();
const text = (outgoing: boolean, ms: number) => message(outgoing, ms, { kind: "text", text: "…" });

test("days part the messages, runs of one side within minutes stand together", () => {
	const rows = [text(false, at(1, 10, 0)), text(false, at(1, 10, 2)), text(true, at(1, 10, 3)), text(true, at(1, 11, 0)), text(true, at(2, 0, 1))];
	const entries = threadEntries(rows, null);
	expect(entries.map((entry) => (entry.kind === "message" ? `${entry.first ? "[" : ""}${entry.last ? "]" : ""}` : entry.kind))).toEqual(["day", "[", "]", "[]", "[]", "day", "[]"]);
});

test("the divider stands before the first unread message and parts its run", () => {
	const rows = [text(false, at(1, 10, 0)), text(false, at(1, 10, 1))];
	const entries = threadEntries(rows, rows[1]?.id ?? null);
	expect(entries.map((entry) => entry.kind)).toEqual(["day", "message", "unread", "message"]);
	expect(entries.filter((entry) => entry.kind === "message").every((entry) => entry.first && entry.last)).toBe(true);
});

test("keys are unique, also when the divider moves", () => {
	const rows = [text(false, at(1, 10, 0)), text(true, at(2, 10, 1))];
	const keys = threadEntries(rows, rows[0]?.id ?? null).map((entry) => entry.key);
	expect(new Set(keys).size).toBe(keys.length);
});

test("what has not changed stays the same object, so that it is not drawn again", () => {
	const rows = [text(false, at(1, 10, 0)), text(false, at(1, 10, 1))];
	const before = threadEntries(rows, null);
	const after = threadEntries([...rows, text(false, at(1, 10, 2))], null, before);
	expect(after[0]).toBe(before[0]);
	expect(after[1]).toBe(before[1]);
	// No longer the last of its run.
	expect(after[2]).not.toBe(before[2]);
	expect(after[3]?.kind === "message" && after[3].last).toBe(true);
});

test("at first the newest are drawn, and the first unread one with what stands before it", () => {
	const rows = Array.from({ length: 60 }, (_, index) => text(false, at(1, 10, index)));
	expect(hiddenAtFirst(threadEntries(rows, null), 20)).toBe(41);
	expect(hiddenAtFirst(threadEntries(rows.slice(0, 5), null), 20)).toBe(0);
	const entries = threadEntries(rows, rows[30]?.id ?? null);
	const unread = entries.findIndex((entry) => entry.kind === "unread");
	expect(hiddenAtFirst(entries, 20)).toBe(unread - 7);
	expect(hiddenAtFirst(threadEntries(rows, rows[59]?.id ?? null), 20)).toBe(42);
});

const picture = (outgoing: boolean, ms: number, caption: string | null = null) => message(outgoing, ms, { kind: "image", small: 1, large: 1, width: 4, height: 3, caption });

test("pictures of one side that come together are one album, as long as nothing is to be said of one of them", () => {
	const start = at(1, 10, 0);
	const rows = [picture(false, start), picture(false, start + 9_000), picture(false, start + 20_000), picture(true, start + 25_000), picture(true, start + 30_000, "Царапина"), text(true, start + 31_000)];
	const entries = threadEntries(rows, null).slice(1);
	expect(entries.map((entry) => (entry.kind === "album" ? entry.rows.length : entry.kind))).toEqual([3, "message", "message", "message"]);
	const failed = { ...rows[1], delivery: { state: "failed", code: "refused", detail: null } } as (typeof rows)[0];
	expect(threadEntries([rows[0] as (typeof rows)[0], failed], null).some((entry) => entry.kind === "album")).toBe(false);
});

test("chunks hold all entries in order, and stay the same when older and newer ones come", () => {
	const rows = Array.from({ length: 2000 }, (_, index) => text(index % 3 === 0, at(1, 0, 0) + index * 60_000));
	const entries = threadEntries(rows, null);
	const all = chunksOf(entries);
	expect(all.flatMap((chunk) => chunk.entries)).toEqual(entries);
	expect(all.every((chunk) => chunk.entries.length <= 60)).toBe(true);
	expect(all.length).toBeGreaterThan(50);
	const middle = new Set(chunksOf(entries.slice(500, 1500)).map((chunk) => chunk.key));
	const kept = all.filter((chunk) => middle.has(chunk.key)).length;
	// All but those at the cuts.
	expect(kept).toBeGreaterThan(middle.size - 4);
});
