const LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.";
const CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбю";

/** What the same keys write in the Russian layout: `yfcnhjqrb` → `настройки`. */
export function inRussianLayout(text: string): string {
	return [...text].map((letter) => CYRILLIC[LATIN.indexOf(letter)] ?? letter).join("");
}

const fold = (text: string) => text.toLowerCase().replaceAll("ё", "е");

/** Whether every typed word begins a word of the name; also when it was typed in the wrong layout. */
export function matches(name: string, typed: string): boolean {
	const words = fold(name).split(/[\s«»(),.]+/);
	const all = (text: string) =>
		fold(text)
			.split(/\s+/)
			.filter(Boolean)
			.every((part) => words.some((word) => word.startsWith(part)));
	return all(typed) || all(inRussianLayout(typed.toLowerCase()));
}
