// What is suspicious about an address a stranger sent. The words are the caller's.
import { isAvito, webAddress } from "./linkify";

/** `lookalike`: made to be taken for Avito; `hidden`: something before an `@` hides the host; `letters`: a host in foreign letters;
 * `number`: no name but a number; `open`: not encrypted. The gravest first. */
export type LinkDanger = "lookalike" | "hidden" | "letters" | "number" | "open";

/** Letters and figures that are drawn like those of «avito», and how they are typed in other scripts. */
const LIKE: Record<string, string> = { а: "a", α: "a", à: "a", á: "a", ä: "a", "@": "a", "4": "a", ν: "v", ѵ: "v", і: "i", ı: "i", í: "i", ï: "i", l: "i", "1": "i", "|": "i", т: "t", τ: "t", "7": "t", о: "o", ο: "o", ö: "o", ó: "o", "0": "o" };

/** Host labels with look-alike letters written as the letters they look like. */
function plain(host: string): string {
	return [...host.toLowerCase()]
		.map((letter) => LIKE[letter] ?? letter)
		.join("")
		.replaceAll("w", "vv")
		.replaceAll("vv", "v");
}

/** One letter too many, too few, another, or two changed places. */
function nearly(word: string, wanted: string): boolean {
	if (Math.abs(word.length - wanted.length) > 1 || word === wanted) return word === wanted;
	let at = 0;
	while (at < Math.min(word.length, wanted.length) && word[at] === wanted[at]) at++;
	const [left, right] = [word.slice(at), wanted.slice(at)];
	return (
		left.slice(1) === right.slice(1) ||
		left.slice(1) === right ||
		left === right.slice(1) ||
		(left.slice(2) === right.slice(2) && left[0] === right[1] && left[1] === right[0])
	);
}

/** Null for Avito's own site and for an address nothing speaks against. `typed` is the address as it stood in the text. */
export function linkDanger(address: string, typed = address): LinkDanger | null {
	const url = webAddress(address);
	if (!url || isAvito(url.href)) return null;
	const host = url.hostname;
	// A host in foreign letters is turned into `xn--…`; what the reader saw is in the text.
	const seen = /^(?:https?:\/\/)?([^/?#]*)/iu.exec(typed)?.[1] ?? host;
	const labels = plain(`${host}.${seen}`).split(/[.\-_:@]/u);
	if (labels.some((label) => label.includes("avito") || (label.length > 3 && nearly(label, "avito")))) return "lookalike";
	if (url.username !== "" || url.password !== "") return "hidden";
	if (host.split(".").some((label) => label.startsWith("xn--"))) return /\.(?:xn--p1ai|xn--p1acf|xn--80asehdb|xn--80aswg)$/.test(host) ? null : "letters";
	if (/^[\d.]+$/.test(host) || host.startsWith("[")) return "number";
	return url.protocol === "http:" ? "open" : null;
}
