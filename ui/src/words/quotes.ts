import { language } from "./language.svelte";

/** Words as they stand inside quotation marks: their own become the inner ones, «Лампа „Летучая мышь“». */
export function innerQuotes(words: string): string {
	return language.locale === "ru" ? words.replaceAll("«", "„").replaceAll("»", "“") : words;
}
