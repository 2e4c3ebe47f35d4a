import { language } from "./language.svelte";

/** Words as they stand inside quotation marks: their own become the inner ones, «Лампа „Летучая мышь“». */
export function innerQuotes(words: string): string {
	return language.locale === "ru" ? words.replaceAll("«", "„").replaceAll("»", "“") : words;
}

/** Words in the quotation marks of the window's language: «так», “so”. */
export function quoted(words: string): string {
	return language.locale === "ru" ? `«${innerQuotes(words)}»` : `“${words}”`;
}
