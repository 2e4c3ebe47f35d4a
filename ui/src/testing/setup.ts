import { beforeEach, vi } from "vitest";
import { language } from "../words/language.svelte";
import { toasts } from "../shared/toasts.svelte";

beforeEach(() => {
	language.setting = "ru";
	toasts.list = [];
	localStorage.clear();
	vi.spyOn(navigator, "language", "get").mockReturnValue("ru-RU");
	// A test's window is in front of its seller.
	vi.spyOn(document, "hasFocus").mockReturnValue(true);
});
