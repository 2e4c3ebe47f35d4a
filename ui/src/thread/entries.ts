// What stands in a thread: messages in groups, the days between them, and where the unread ones begin.
import type { MessageId, MessageRow } from "../host/contract";
import { daysAgo } from "../words/times";

export type Entry =
	| { kind: "day"; key: string; ms: number }
	| { kind: "unread"; key: string }
	/** `first` and `last` of a run by the same side within a few minutes. */
	| { kind: "message"; key: string; row: MessageRow; first: boolean; last: boolean }
	/** Pictures of one side sent together, side by side. */
	| { kind: "album"; key: string; rows: MessageRow[]; first: boolean; last: boolean };

const TOGETHER_MS = 5 * 60_000;

/** Notes stand alone in the middle of the thread. */
export function isNote(row: MessageRow): boolean {
	return row.body.kind === "system";
}

function together(a: MessageRow, b: MessageRow): boolean {
	return a.outgoing === b.outgoing && !isNote(a) && !isNote(b) && b.sentMs - a.sentMs < TOGETHER_MS && daysAgo(a.sentMs, b.sentMs) === 0;
}

/** The entries before the first of those that are drawn at once: the newest `atOnce`, and the first unread one in any case. */
export function hiddenAtFirst(entries: readonly Entry[], atOnce: number): number {
	const unread = entries.findIndex((entry) => entry.kind === "unread");
	const newest = Math.max(0, entries.length - atOnce);
	return unread < 0 ? newest : Math.max(0, Math.min(newest, unread - Math.ceil(atOnce / 3)));
}

/** What is as it was among the entries of `before` is the same object, so that it is not drawn again. */
export function threadEntries(rows: readonly MessageRow[], firstUnread: MessageId | null, before: readonly Entry[] = []): Entry[] {
	const known = new Map(before.map((entry) => [entry.key, entry]));
	return inAlbums(freshEntries(rows, firstUnread)).map((entry) => {
		const old = known.get(entry.key);
		return old && same(old, entry) ? old : entry;
	});
}

function same(a: Entry, b: Entry): boolean {
	if (a.kind === "album" && b.kind === "album")
		return a.first === b.first && a.last === b.last && a.rows.length === b.rows.length && a.rows.every((row, index) => row === b.rows[index]);
	if (a.kind === "message" && b.kind === "message") return a.row === b.row && a.first === b.first && a.last === b.last;
	return a.kind === "day" && b.kind === "day" ? a.ms === b.ms : a.kind === b.kind;
}

function freshEntries(rows: readonly MessageRow[], firstUnread: MessageId | null): Entry[] {
	const entries: Entry[] = [];
	rows.forEach((row, index) => {
		const before = rows[index - 1];
		const after = rows[index + 1];
		const unreadHere = firstUnread !== null && row.id === firstUnread;
		const unreadNext = firstUnread !== null && after?.id === firstUnread;
		if (!before || daysAgo(before.sentMs, row.sentMs) !== 0) entries.push({ kind: "day", key: `day ${row.key}`, ms: row.sentMs });
		if (unreadHere) entries.push({ kind: "unread", key: "unread" });
		entries.push({
			kind: "message",
			key: row.key,
			row,
			first: !before || unreadHere || !together(before, row),
			last: !after || unreadNext || !together(row, after),
		});
	});
	return entries;
}

const ALBUM_MS = 60_000;

/** A picture without words or trouble of its own. */
function plainPicture(entry: Entry | undefined): MessageRow | null {
	if (entry?.kind !== "message") return null;
	const { row } = entry;
	const settled = !row.delivery || ["sent", "read", "sending", "queued"].includes(row.delivery.state);
	return row.body.kind === "image" && !row.body.caption && !row.quote && !row.deleted && settled ? row : null;
}

/** Pictures that came one right after another become one entry. Its key is the first one's, so that it stays when more come. */
function inAlbums(entries: Entry[]): Entry[] {
	const result: Entry[] = [];
	for (const entry of entries) {
		const before = result.at(-1);
		const row = plainPicture(entry);
		const last = before?.kind === "album" ? before.rows.at(-1) : plainPicture(before);
		const joins = row && last && entry.kind === "message" && !entry.first && last.outgoing === row.outgoing && row.sentMs - last.sentMs < ALBUM_MS;
		if (!joins || (before?.kind !== "album" && before?.kind !== "message")) result.push(entry);
		else if (before.kind === "album") result[result.length - 1] = { ...before, rows: [...before.rows, row], last: entry.last };
		else result[result.length - 1] = { kind: "album", key: `album ${before.key}`, rows: [before.row, row], first: before.first, last: entry.last };
	}
	return result;
}

/** Entries that are drawn or left out together. */
export type Chunk = { key: string; entries: Entry[] };

const CHUNK = 24;
const MOST_IN_CHUNK = 60;

/** A number that looks like chance and is always the same for a key. */
function mixed(key: string): number {
	let sum = 2166136261;
	for (let index = 0; index < key.length; index++) sum = Math.imul(sum ^ key.charCodeAt(index), 16777619);
	return sum >>> 0;
}

/**
 * Where a chunk ends follows from the messages themselves and not from where the list begins, so that chunks stay the same when older
 * messages come before them or newer ones after.
 */
export function chunksOf(entries: readonly Entry[]): Chunk[] {
	const chunks: Chunk[] = [];
	for (const entry of entries) {
		const present = chunks.at(-1);
		const begins = entry.kind !== "unread" && mixed(entry.key) % CHUNK === 0;
		if (!present || begins || present.entries.length >= MOST_IN_CHUNK) chunks.push({ key: entry.key, entries: [entry] });
		else present.entries.push(entry);
	}
	return chunks;
}
