// A recovery code as people type it. Whether it is right, the core tells; here is only how much of it is there.

/** Letters and digits of a whole code. */
export const CODE_LENGTH = 28;
/** Letters and digits of the last group, which proves that the code was written down. */
export const GROUP_LENGTH = 4;

/** How many letters and digits were typed; dashes and spaces do not count. */
export function typedLength(text: string): number {
	return text.replaceAll(/[^\p{L}\p{N}]/gu, "").length;
}

/** The code's groups, for drawing. */
export function groups(code: string): string[] {
	return code.split("-");
}
