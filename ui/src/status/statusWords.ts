// One account's state in words.
import type { AccountView, Mode } from "../host/contract";
import { m, span } from "../words";
import { troubles } from "../words/troubles";

export type Tone = "ok" | "warn" | "danger" | "idle";

/** Seconds between two checks, as far as the account's times tell. */
export function interval(account: AccountView): number | null {
	if (account.nextCheckMs === null || account.lastCheckedMs === null) return null;
	const seconds = Math.round((account.nextCheckMs - account.lastCheckedMs) / 1000);
	return seconds > 0 ? seconds : null;
}

function modeWords(account: AccountView): string {
	const words: Record<Exclude<Mode, "polling">, () => string> = {
		starting: m.status_starting,
		live: m.status_live,
		offline: m.status_offline,
	};
	if (account.mode !== "polling") return words[account.mode]();
	const seconds = interval(account);
	return seconds === null ? m.status_polling() : m.status_polling_every({ every: span(seconds * 1000) });
}

/** The mode beside the account's name, where both share a line. */
function shortWords(account: AccountView): string {
	if (account.mode === "live") return m.status_live_short();
	const seconds = interval(account);
	return account.mode === "polling" && seconds !== null ? m.status_polling_short({ every: span(seconds * 1000) }) : modeWords(account);
}

/** `short` is for an account that is well and shares the line with its name. */
export function statusWords(account: AccountView): { words: string; short: string; tone: Tone } {
	const state = longWords(account);
	return { ...state, short: state.tone === "ok" ? shortWords(account) : state.words };
}

function longWords(account: AccountView): { words: string; tone: Tone } {
	const trouble = account.trouble ? troubles[account.trouble.code] : null;
	if (trouble && trouble.severity !== "note") return { words: trouble.title(), tone: trouble.severity === "act" ? "danger" : "warn" };
	// A trouble worth only a note leaves the mode in front; the popover tells the rest.
	if (trouble) return { words: modeWords(account), tone: "warn" };
	if (account.mode === "offline") return { words: modeWords(account), tone: "danger" };
	return { words: modeWords(account), tone: account.mode === "starting" ? "idle" : "ok" };
}
