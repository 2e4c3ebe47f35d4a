import type { Theme } from "../host/contract";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

let systemDark = $state(dark.matches);
dark.addEventListener("change", () => (systemDark = dark.matches));

/** The colours that the seller chose, or the system's where they were left to it. Reading it follows the system. */
export const isDark = (theme: Theme): boolean => (theme === "system" ? systemDark : theme === "dark");

/** Puts the colours on the document. */
export function applyTheme(theme: Theme): void {
	document.documentElement.dataset["theme"] = isDark(theme) ? "dark" : "light";
}

/** Puts the size of the text on the document, relative to the system's: every size of the window is in rem. */
export function applyTextSize(percent: number): void {
	document.documentElement.style.fontSize = percent === 100 ? "" : `${percent}%`;
}
