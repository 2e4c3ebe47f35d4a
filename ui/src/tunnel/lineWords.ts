// A line's state in words.
import type { DeliveryCounts, LineReason, LineView, Mode, TunnelKind } from "../host/contract";
import type { Tone } from "../status/statusWords";
import { m, number } from "../words";
import { numberFormat } from "../words/formats";
import { codeWords } from "./codes";

export const tunnelNames: Record<TunnelKind, () => string> = { ngrok: m.tunnel_ngrok, program: m.tunnel_program, own: m.tunnel_own };

const modes: Record<Mode, () => string> = { live: m.line_live, polling: m.line_polling, offline: m.line_offline, starting: m.line_starting };

export const modeWords = (line: LineView) => modes[line.mode]();

/** Live is well, polling by one's own wish too; anything else wants to be seen. */
export function tone(line: LineView): Tone {
	if (line.mode === "live") return "ok";
	if (line.mode === "offline" || line.reason === "tunnelFailed") return "danger";
	return line.reason === "notWanted" || line.reason === "noTunnel" || line.reason === "starting" || line.reason === "tunnelConnecting" ? "idle" : "warn";
}

export function reasonWords(line: LineView): string {
	const words: Record<LineReason, () => string> = {
		live: m.line_why_live,
		starting: m.line_why_starting,
		account: m.line_why_account,
		notWanted: m.line_why_not_wanted,
		noTunnel: m.line_why_no_tunnel,
		tunnelConnecting: m.line_why_connecting,
		tunnelDown: m.line_why_down,
		tunnelFailed: m.line_why_failed,
		unsteady: m.line_why_unsteady,
		refused: m.line_why_refused,
		testFailed: () => m.line_why_test_failed({ why: codeWords(line.selfTest?.code ?? "internal").words }),
		eventsMissing: m.line_why_events_missing,
	};
	return words[line.reason]();
}

/** «0,8 с», «140 мс». */
export function delay(ms: number): string {
	if (ms < 1000) return m.millis({ count: number(Math.round(ms)) });
	return m.seconds_short({ count: numberFormat({ maximumFractionDigits: ms < 10_000 ? 1 : 0 }).format(ms / 1000) });
}

/** «доставлено вебхуком 412 из 412, в среднем 0,8 с» */
export function deliveredWords(counts: DeliveryCounts): string {
	const all = counts.byEvent + counts.recovered;
	if (all === 0) return m.line_delivered_none();
	const words = { got: number(counts.byEvent), all: number(all) };
	return counts.meanDelayMs === null ? m.line_delivered(words) : m.line_delivered_delay({ ...words, delay: delay(counts.meanDelayMs) });
}

const errors: Record<string, () => string> = { refused: m.line_error_refused, not_listed: m.line_error_not_listed, events_missing: m.line_error_events_missing };

export const errorOfLine = (code: string) => errors[code]?.() ?? codeWords(code).words;
