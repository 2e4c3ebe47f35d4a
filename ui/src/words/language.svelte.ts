// The language of the window. Messages read it through `getLocale`, so that a change redraws every word.
import type { Language } from "../host/contract";
import { remember, remembered } from "../shared/storage";
import { overwriteGetLocale, type Locale } from "./generated/runtime";

const CHOICES: readonly Language[] = ["ru", "en", "system"];

export class WindowLanguage {
	/** Before the settings can be read: what this window used last, at first Russian, as the core has it. */
	setting = $state<Language>(CHOICES[remembered("language", 0)] ?? "ru");

	/** Takes over the stored setting. */
	follow(setting: Language): void {
		this.setting = setting;
		remember("language", CHOICES.indexOf(setting));
	}

	get locale(): Locale {
		if (this.setting !== "system") return this.setting;
		return /^(ru|be|kk|uk)\b/i.test(navigator.language) ? "ru" : "en";
	}
}

export const language = new WindowLanguage();

overwriteGetLocale(() => language.locale);
