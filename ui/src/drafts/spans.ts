import type { DraftMark } from "../host/contract";

export type Span = { text: string; mark: DraftMark | null };

/** A draft's text cut at its facts. Marks that overlap or lie outside the text are left out. */
export function spans(text: string, marks: readonly DraftMark[]): Span[] {
	const cut: Span[] = [];
	let at = 0;
	for (const mark of [...marks].sort((a, b) => a.start - b.start)) {
		if (mark.start < at || mark.end > text.length || mark.end <= mark.start) continue;
		if (mark.start > at) cut.push({ text: text.slice(at, mark.start), mark: null });
		cut.push({ text: text.slice(mark.start, mark.end), mark });
		at = mark.end;
	}
	if (at < text.length) cut.push({ text: text.slice(at), mark: null });
	return cut;
}
