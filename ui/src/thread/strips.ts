// What may stand between a talk and its composer: at most one strip about what is wrong, one about the draft, and one to learn from.
// Which of them is decided here, so that they neither pile up nor contradict each other.
import type { DraftView, ErrorCode } from "../host/contract";

/** `error`, `pixels`: what the seller has just done went wrong. `blocked`: nothing can be sent. `split`: the text becomes several messages. */
export type Notice = "error" | "pixels" | "blocked" | "split" | null;

/** `lesson`: the reply just sent may be kept in knowledge. */
export type DraftStrip = "editing" | "draft" | "lesson" | null;

/** `draft`: the keys of the draft in sight. `thread`: the keys of the thread. */
export type TipHere = "draft" | "thread" | null;

/** The answer to what was just done comes first: it goes with the next key, and what blocks is then there again. */
export function notice(at: { error: ErrorCode | null; tooManyPixels: boolean; blocked: boolean; split: boolean }): Notice {
	if (at.tooManyPixels) return "pixels";
	if (at.error) return "error";
	if (at.blocked) return "blocked";
	return at.split ? "split" : null;
}

/** What an answered question teaches waits while there is another question's draft. */
export function draftStrip(at: { editing: boolean; draft: boolean; lesson: boolean }): DraftStrip {
	if (at.editing) return "editing";
	if (at.draft) return "draft";
	return at.lesson ? "lesson" : null;
}

/** None beside trouble, and none about keys that do nothing just now: a draft's keys work while it is unfolded and can be sent. */
export function tipHere(at: { notice: Notice; strip: DraftStrip; draft: DraftView | null; folded: boolean }): TipHere {
	if (at.notice) return null;
	if (at.strip === null) return "thread";
	return at.strip === "draft" && at.draft?.oneKey && !at.folded ? "draft" : null;
}
