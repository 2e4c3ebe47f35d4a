// The language of the window. Messages read it through `getLocale`, so that a change redraws every word.
import type { Language } from "../host/contract";
import { overwriteGetLocale, type Locale } from "./generated/runtime";

class WindowLanguage {
	setting = $state<Language>("system");

	get locale(): Locale {
		if (this.setting !== "system") return this.setting;
		return /^(ru|be|kk|uk)\b/i.test(navigator.language) ? "ru" : "en";
	}
}

export const language = new WindowLanguage();

overwriteGetLocale(() => language.locale);
