import type { ErrorCode, KeyCheck, TariffState } from "../host/contract";
import { m } from "../words";
import { errorWords } from "../words/errors";

/** `note`: the key works, and something is not known yet. */
export type Verdict = { tone: "ok" | "note" | "warn" | "danger"; title: string; text: string };

const tariffWords: Record<TariffState, { tone: Verdict["tone"]; text: () => string }> = {
	included: { tone: "ok", text: m.verdict_included },
	missing: { tone: "warn", text: m.verdict_missing },
	unknown: { tone: "note", text: m.verdict_unknown },
	employeeKey: { tone: "danger", text: m.verdict_employee },
};

/** What a check of a key came to, in words. */
export function verdictWords(check: KeyCheck | null, error: ErrorCode | null): Verdict | null {
	if (error) return { tone: "danger", title: m.verdict_failed(), text: errorWords[error]() };
	if (!check) return null;
	const { tone, text } = tariffWords[check.tariff];
	const title = m.verdict_shop({ name: check.name, id: String(check.userId) });
	return { tone, title, text: check.alreadyAdded === null ? text() : `${text()} ${m.verdict_already()}` };
}
