// The price of a listing: Avito gives it as words in Russian, whatever language the window speaks.
import { m } from "./generated/messages";
import { roubles } from "./numbers";

/** What Avito writes where there is no amount. */
const WITHOUT_AMOUNT = new Map<string, () => string>([
	["цена не указана", m.price_none],
	["бесплатно", m.price_free],
	["договорная", m.price_agreed],
	["договорная цена", m.price_agreed],
]);

/** «4 500 ₽», «от 4 500,50 ₽»: up to twelve digits in groups, as many as a number holds exactly. */
const AMOUNT = /^(от\s+)?(\d{1,12}|\d{1,3}(?:\s\d{3}){1,3})(?:,(\d{1,2}))?\s*₽$/i;

/**
 * Avito's words for a listing's price, as the window writes amounts: «4 500 ₽», “4,500 ₽”, “No price”. What is not understood whole
 * («от 500 ₽ за м²») stays as Avito wrote it.
 */
export function itemPrice(avito: string): string {
	const words = avito.trim();
	const amount = AMOUNT.exec(words);
	if (!amount) return WITHOUT_AMOUNT.get(words.toLowerCase())?.() ?? words;
	const [, from, whole = "", kopecks = "0"] = amount;
	const price = roubles(Number(`${whole.replace(/\s/g, "")}.${kopecks}`));
	return from ? m.price_from({ price }) : price;
}
