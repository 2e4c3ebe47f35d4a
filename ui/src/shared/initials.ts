/** One or two letters for a face without a picture. */
export function initials(name: string): string {
	const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
	const letters = words.length > 1 ? [words[0], words[1]] : [words[0]];
	return letters.map((word) => (word ? [...word][0] : "")).join("").toUpperCase();
}

/** A steady colour index for a name. */
export function hue(name: string, colours: number): number {
	let sum = 0;
	for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
	return sum % colours;
}
