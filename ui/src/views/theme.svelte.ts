import type { Theme } from "../host/contract";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** Puts the chosen colours on the document and follows the system where the seller left it to it. Returns the stopper. */
export function applyTheme(theme: Theme): () => void {
	const put = () => {
		document.documentElement.dataset["theme"] = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
	};
	put();
	if (theme !== "system") return () => undefined;
	dark.addEventListener("change", put);
	return () => dark.removeEventListener("change", put);
}

/** Puts the size of the text on the document, relative to the system's: every size of the window is in rem. */
export function applyTextSize(percent: number): void {
	document.documentElement.style.fontSize = percent === 100 ? "" : `${percent}%`;
}
