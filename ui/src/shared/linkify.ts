// Finds addresses in a buyer's text. Nothing becomes markup: the caller draws each piece as text or as a button.

export type Piece = { text: string; url: string | null };

/** Longer ones are nobody's address. */
const LONGEST = 2000;
// Labels are bounded, as they are in names of hosts: otherwise a long word would be searched from each of its letters to its end.
const ADDRESS = /(?:https?:\/\/|www\.)[^\s<>"'`«»\u200e\u200f\u202a-\u202e\u2066-\u2069]+|(?:[\w-]{1,63}\.){0,8}avito\.ru(?:\/[^\s<>"'`«»\u200e\u200f\u202a-\u202e\u2066-\u2069]*)?/giu;
const TRAILING = /[.,;:!?…)\]}]+$/u;

/** The address as the browser would take it, if it is a web address at all. */
export function webAddress(text: string): URL | null {
	try {
		const url = new URL(/^https?:\/\//i.test(text) ? text : `https://${text}`);
		return (url.protocol === "https:" || url.protocol === "http:") && url.hostname.includes(".") ? url : null;
	} catch {
		return null;
	}
}

/** Avito's own site: the host decides, never what stands before an `@` or in the path. */
export function isAvito(address: string): boolean {
	const url = webAddress(address);
	return url !== null && url.username === "" && /(^|\.)avito\.ru$/.test(url.hostname);
}

/** Closing brackets and punctuation belong to the sentence, unless the bracket was opened inside the address. */
function trim(found: string): string {
	let text = found;
	for (;;) {
		const tail = TRAILING.exec(text)?.[0];
		if (!tail) return text;
		const last = tail.at(-1);
		if (last === ")" && text.split("(").length >= text.split(")").length) return text;
		text = text.slice(0, -1);
	}
}

export function linkify(text: string): Piece[] {
	const pieces: Piece[] = [];
	let from = 0;
	for (const match of text.matchAll(ADDRESS)) {
		const before = text[match.index - 1];
		// «me@avito.ru» is a mail address, not a site.
		if (before && /[\p{L}\p{N}@]/u.test(before)) continue;
		if (match[0].length > LONGEST) continue;
		const shown = trim(match[0]);
		const url = webAddress(shown);
		if (!url) continue;
		if (match.index > from) pieces.push({ text: text.slice(from, match.index), url: null });
		pieces.push({ text: shown, url: url.href });
		from = match.index + shown.length;
	}
	if (from < text.length) pieces.push({ text: text.slice(from), url: null });
	return pieces;
}
