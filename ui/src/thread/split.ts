/** Avito takes at most so many characters. Counted in UTF-16 units, the stricter of the two ways to count. */
export const TEXT_LIMIT = 1000;

/** The best place to cut within `window`: after a paragraph, a sentence, a word; else in the middle of a word. */
function cutAt(window: string): number {
	const half = window.length / 2;
	const last = (pattern: RegExp) => {
		let end = 0;
		for (const match of window.matchAll(pattern)) end = match.index + match[0].length;
		return end;
	};
	for (const pattern of [/\n\s*\n/g, /[.!?…]+[)»"]*\s+/g, /\n/g, /\s+/g]) {
		const end = last(pattern);
		if (end > half) return end;
	}
	const word = last(/\s+/g);
	if (word > 0) return word;
	// Never between the halves of one character.
	return /[\uD800-\uDBFF]$/.test(window) ? window.length - 1 : window.length;
}

/** Cuts a text into messages Avito takes; nothing but white space at the cuts is lost. */
export function splitText(text: string, limit = TEXT_LIMIT): string[] {
	const pieces: string[] = [];
	let rest = text.trim();
	while (rest.length > limit) {
		const end = cutAt(rest.slice(0, limit));
		pieces.push(rest.slice(0, end).trimEnd());
		rest = rest.slice(end).trimStart();
	}
	if (rest) pieces.push(rest);
	return pieces;
}
