const ISOLATING = /[\u2066-\u2069]/;
const END = "\u2069";
/** A paragraph ends here, and with it whatever turned its writing. */
const PARAGRAPH = /([\n\r\u2029])/;

/**
 * The text with its isolating marks of direction paired, paragraph by paragraph. An end too many would end the isolation of the
 * element around it, a missing end would swallow the element's: either way what stands beside the text would be drawn with it.
 */
export function contained(text: string): string {
	return ISOLATING.test(text) ? text.split(PARAGRAPH).map(paired).join("") : text;
}

function paired(line: string): string {
	let open = 0;
	let kept = "";
	for (const char of line) {
		if (char === END && open === 0) continue;
		if (ISOLATING.test(char)) open += char === END ? -1 : 1;
		kept += char;
	}
	return kept + END.repeat(open);
}
