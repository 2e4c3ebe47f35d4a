/** What is quoted of a long message. */
const LONGEST = 160;

/** A message as a line of its own above the reply; Avito has no quotes that a program could send. */
export function quoted(text: string): string {
	const line = text.replace(/\s+/gu, " ").trim();
	if (line.length <= LONGEST) return `«${line}»\n`;
	const cut = line.slice(0, LONGEST);
	const word = cut.lastIndexOf(" ");
	return `«${(word > LONGEST / 2 ? cut.slice(0, word) : cut.replace(/[\uD800-\uDBFF]$/, "")).trimEnd()}…»\n`;
}
