// Formats of the window's language. Each is made once: making one takes WebKit a millisecond, and a list is full of them.
import { language } from "./language.svelte";

function kept<Options, Format>(make: (locale: string, options: Options) => Format): (options: Options) => Format {
	const formats = new Map<string, Format>();
	return (options) => {
		const name = `${language.locale} ${JSON.stringify(options)}`;
		let format = formats.get(name);
		if (!format) formats.set(name, (format = make(language.locale, options)));
		return format;
	};
}

export const numberFormat = kept((locale, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options));

/** English here is the English of people who write 24 hours and the day first. */
export const timeFormat = kept((locale, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, options));
