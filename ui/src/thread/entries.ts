// What stands in a thread: messages in groups, the days between them, and where the unread ones begin.
import type { MessageId, MessageRow } from "../host/contract";
import { daysAgo } from "../words/times";

export type Entry =
	| { kind: "day"; key: string; ms: number }
	| { kind: "unread"; key: string }
	/** `first` and `last` of a run by the same side within a few minutes. */
	| { kind: "message"; key: string; row: MessageRow; first: boolean; last: boolean };

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
	return freshEntries(rows, firstUnread).map((entry) => {
		const old = known.get(entry.key);
		return old && same(old, entry) ? old : entry;
	});
}

function same(a: Entry, b: Entry): boolean {
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
