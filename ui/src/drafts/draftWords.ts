// The words of drafts: one table for each list of codes, so that none is forgotten.
import type { Confidence, DraftDanger, DraftFact, DraftSource, DraftSupport, ModelTrouble } from "../host/contract";
import { m, moment } from "../words";

export const confidenceWords: Record<Confidence, () => string> = {
	high: m.confidence_high,
	medium: m.confidence_medium,
	low: m.confidence_low,
};

export const factWords: Record<DraftFact, () => string> = {
	number: m.fact_number,
	price: m.fact_price,
	date: m.fact_date,
	time: m.fact_time,
	size: m.fact_size,
	address: m.fact_address,
	phone: m.fact_phone,
	link: m.fact_link,
	stock: m.fact_stock,
	promise: m.fact_promise,
	card: m.fact_card,
};

export const supportWords: Record<DraftSupport, (fact: string, source: string) => string> = {
	source: (fact, source) => m.support_source({ fact, source }),
	sum: (fact) => m.support_sum({ fact }),
	nothing: (fact) => m.support_nothing({ fact }),
	outdated: (fact) => m.support_outdated({ fact }),
};

export const dangerWords: Record<DraftDanger, () => string> = {
	empty: m.danger_empty,
	tooLong: m.danger_too_long,
	leaksPrompt: m.danger_leak,
	newLink: m.danger_link,
	newPhone: m.danger_phone,
	card: m.danger_card,
	claimsHuman: m.danger_human,
	speaksAsModel: m.danger_model,
	instructs: m.danger_instructs,
	claimsAction: m.danger_action,
	otherLanguage: m.danger_language,
	markup: m.danger_markup,
};

export const modelTroubleWords: Record<ModelTrouble, () => string> = {
	wrongKey: m.model_wrong_key,
	noMoney: m.model_no_money,
	forbidden: m.model_forbidden,
	tooMany: m.model_too_many,
	modelMissing: m.model_missing,
	tooLong: m.model_too_long,
	refused: m.model_refused,
	server: m.model_server,
	network: m.model_network,
	malformed: m.model_malformed,
	tooSlow: m.model_too_slow,
	cancelled: m.model_cancelled,
	badAddress: m.model_bad_address,
	dayBudget: m.model_day_budget,
	monthBudget: m.model_month_budget,
	keyMissing: m.model_key_missing,
};

/** A source without a title of its own: the text of a rule. */
export const templateWords = m.source_template;

/** What stands on the chip of a source. */
export function sourceName(source: DraftSource, now: number): string {
	if (source.kind === "item") return m.source_item();
	if (source.kind === "template") return m.source_template();
	if (source.kind === "said") return source.changedMs === null ? m.source_said() : m.source_said_at({ time: moment(source.changedMs, now) });
	return source.title || m.source_untitled();
}
