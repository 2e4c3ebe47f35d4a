// How long the reading of old history will still take, by how fast it has gone so far.
import type { Backfill } from "../host/contract";

/** Before that the speed says nothing. */
const LEAST_MS = 20_000;
const LEAST_CHATS = 3;

type Start = { done: number; ms: number };
const starts = new Map<number, Start>();

/** Milliseconds; null while nobody can tell. A pause begins the measuring anew. */
export function timeLeft(account: number, backfill: Backfill | null, now: number): number | null {
	if (!backfill || backfill.paused || backfill.listing) {
		starts.delete(account);
		return null;
	}
	const start = starts.get(account);
	if (!start || backfill.chatsDone < start.done) {
		starts.set(account, { done: backfill.chatsDone, ms: now });
		return null;
	}
	const [chats, ms] = [backfill.chatsDone - start.done, now - start.ms];
	if (chats < LEAST_CHATS || ms < LEAST_MS) return null;
	return ((backfill.chatsTotal - backfill.chatsDone) * ms) / chats;
}
