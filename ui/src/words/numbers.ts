import { numberFormat } from "./formats";

/** «18 240», with no-break spaces. */
export function number(value: number): string {
	// CLDR leaves four digits together in some languages; a shop's numbers are easier to compare when they do not differ.
	return numberFormat({ useGrouping: "always" } as Intl.NumberFormatOptions).format(value);
}

/** «7,3»: always one digit after the point, so that values stand in a column. */
export function tenths(value: number): string {
	return numberFormat({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);
}

/** A count for a small round badge: «7», «99+». */
export function badge(value: number): string {
	return value > 99 ? "99+" : String(value);
}

/** «42 %»; a share is never more than `most` wholes. */
export function percent(part: number, whole: number, most = 1): string {
	const share = whole > 0 ? Math.min(most, part / whole) : 0;
	return numberFormat({ style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** Size of a file: «57 Б», «640 КБ», «12,7 МБ», with a no-break space: CLDR has a plain one in Russian, none before a byte in English. */
export function fileSize(bytes: number): string {
	return sizeWords(bytes).replace(/(\d)\s*(\p{L})/u, "$1\u00a0$2");
}

function sizeWords(bytes: number): string {
	if (bytes < 1000) return numberFormat({ style: "unit", unit: "byte", unitDisplay: "narrow" }).format(bytes);
	const units = ["kilobyte", "megabyte", "gigabyte"] as const;
	let [size, unit] = [bytes / 1000, 0];
	while (size >= 1000 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
	const digits = size < 100 && unit > 0 ? 1 : 0;
	return numberFormat({ style: "unit", unit: units[unit] as string, maximumFractionDigits: digits }).format(size);
}

/** Length of a recording: «0:07», «12:30». */
export function duration(seconds: number): string {
	const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** «4 500 ₽», with no-break spaces; kopecks only where there are some. */
export function roubles(value: number): string {
	const whole = Number.isInteger(value);
	const options: Intl.NumberFormatOptions = { minimumFractionDigits: whole ? 0 : 2, maximumFractionDigits: 2, useGrouping: "always" } as Intl.NumberFormatOptions;
	return `${numberFormat(options).format(value)}\u00a0₽`;
}
