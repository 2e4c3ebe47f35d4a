// Words for kinds, places, reasons and troubles of knowledge.
import type { AccountView, FoundPassage, FoundWord, MatchKind, ProblemCode, Scope, SourceKind, SourceProblem, SourceRowView } from "../host/contract";
import type { IconName } from "../shared/icons";
import { m } from "../words";

export const kinds: Record<SourceKind, { one: () => string; many: () => string; icon: IconName }> = {
	question: { one: m.knowledge_question, many: m.knowledge_questions, icon: "question" },
	note: { one: m.knowledge_note, many: m.knowledge_notes, icon: "edit" },
	file: { one: m.knowledge_file, many: m.knowledge_files, icon: "file" },
	pasted: { one: m.knowledge_pasted, many: m.knowledge_pasted_many, icon: "copy" },
	item: { one: m.knowledge_item, many: m.knowledge_items, icon: "tag" },
	reply: { one: m.knowledge_reply, many: m.knowledge_replies, icon: "chats" },
};

const problems: Record<ProblemCode, () => string> = {
	empty: m.problem_empty,
	noText: m.problem_no_text,
	unknownKind: m.problem_unknown_kind,
	oldKind: m.problem_old_kind,
	password: m.problem_password,
	damaged: m.problem_damaged,
	tooLarge: m.problem_too_large,
	bomb: m.problem_bomb,
	macros: m.problem_macros,
	tooSlow: m.problem_too_slow,
	tooMany: m.problem_too_many,
	fileMissing: m.problem_file_missing,
	fileTrouble: m.problem_file_trouble,
	interrupted: m.problem_interrupted,
};

export const codeWords = (code: ProblemCode): string => problems[code]();

/** «Страницы 3–5: картинки без текста…» */
export function problemWords(problem: SourceProblem): string {
	const words = codeWords(problem.code);
	if (problem.sheet !== null) return m.problem_on_sheet({ sheet: problem.sheet, words });
	if (problem.pageFrom === null) return words;
	const pages = problem.pageTo === null || problem.pageTo === problem.pageFrom ? String(problem.pageFrom) : `${problem.pageFrom}–${problem.pageTo}`;
	return m.problem_on_pages({ pages, words });
}

export const titleOf = (row: SourceRowView): string => row.title || row.preview || kinds[row.kind].one();

export function scopeWords(scope: Scope, itemTitle: string | null, accounts: readonly AccountView[]): string {
	if (scope.item !== null) return itemTitle ?? m.knowledge_for_item();
	if (scope.account !== null) return accounts.find((account) => account.id === scope.account)?.name ?? m.knowledge_for_account();
	return m.knowledge_for_all();
}

/** «стр. 2», «лист Прайс, строка 14». */
export function placeWords(place: Pick<FoundPassage, "page" | "sheet" | "line">): string {
	const parts = [];
	if (place.page !== null) parts.push(m.place_page({ page: place.page }));
	if (place.sheet !== null) parts.push(m.place_sheet({ sheet: place.sheet }));
	if (place.line !== null) parts.push(m.place_line({ line: place.line }));
	return parts.join(", ");
}

const hows: Record<MatchKind, (words: { asked: string; word: string }) => string> = {
	same: ({ word }) => m.reason_same({ word }),
	form: m.reason_form,
	sound: m.reason_sound,
	synonym: m.reason_synonym,
	typo: m.reason_typo,
	part: m.reason_part,
};

/** Each reason once, in words. */
export function reasonWords(words: readonly FoundWord[]): string[] {
	return [...new Set(words.map((word) => hows[word.how]({ asked: word.asked, word: word.word })))];
}

const concepts: Record<string, () => string> = {
	price: m.asks_price,
	address: m.asks_address,
	hours: m.asks_hours,
	delivery: m.asks_delivery,
	warranty: m.asks_warranty,
	payment: m.asks_payment,
};

export const askedWords = (names: readonly string[]): string[] => names.flatMap((name) => concepts[name]?.() ?? []);

/** A text cut into pieces, the counted words marked. */
export function marked(text: string, words: readonly FoundWord[], inHeading: boolean): { text: string; mark: boolean }[] {
	const spans = words.filter((word) => word.inHeading === inHeading).sort((a, b) => a.start - b.start);
	const pieces = [];
	let at = 0;
	for (const { start, end } of spans) {
		if (start < at) continue;
		if (start > at) pieces.push({ text: text.slice(at, start), mark: false });
		pieces.push({ text: text.slice(start, end), mark: true });
		at = end;
	}
	if (at < text.length) pieces.push({ text: text.slice(at), mark: false });
	return pieces;
}
