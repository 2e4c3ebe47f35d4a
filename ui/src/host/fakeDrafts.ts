// Drafts of the fake host: made from the chats it holds, every kind of draft among them.
import type {
	AutomaticReply,
	ChatId,
	ChatRow,
	DraftId,
	DraftMark,
	DraftSettings,
	DraftSettingsView,
	DraftSource,
	DraftStatistics,
	DraftView,
	DryRun,
	EntryInput,
	ErrorCode,
	MessageRow,
	ModelCheck,
	ModelPreset,
	ModelSecrets,
	Notice,
	QuestionGroup,
	QuestionId,
	Rule,
	RuleId,
	SentDraft,
	SourceId,
	WaitingDraft,
} from "./contract";
import type { DraftHost } from "./drafts";
import { HostError } from "./host";

/** What the fake needs of the host it belongs to. */
type Owner = {
	calls: unknown[][];
	emit(notice: Notice): void;
	sendText(chat: ChatId, text: string): Promise<MessageRow>;
	rowsForDrafts(): ChatRow[];
};

const PASSAGE: DraftSource = {
	kind: "passage",
	passage: 71,
	key: "71",
	source: 7,
	sourceKind: "file",
	message: null,
	title: "Доставка и самовывоз.docx",
	text: "Самовывоз: ул. Ленина, 14, ежедневно с 10 до 20. Отправляем Авито Доставкой на следующий день, упаковка бесплатно.",
	changedMs: Date.now() - 9 * 86_400_000,
	cited: true,
};
const ITEM: DraftSource = { ...PASSAGE, kind: "item", passage: null, key: null, source: null, sourceKind: null, title: "", text: "Цена 18 500 ₽, опубликовано", changedMs: null };

/** A draft's text with marks written as `[words|support|source]`. */
export function marked(text: string): { text: string; marks: DraftMark[] } {
	const marks: DraftMark[] = [];
	let plain = "";
	for (const part of text.split(/(\[[^\]]*\])/)) {
		const [words = "", support, source] = part.startsWith("[") ? part.slice(1, -1).split("|") : [part];
		if (support) {
			const fact = /₽/.test(words) ? "price" : /\d/.test(words) ? "time" : "stock";
			marks.push({ start: plain.length, end: plain.length + words.length, fact, support: support as DraftMark["support"], source: source ? Number(source) : null });
		}
		plain += words;
	}
	return { text: plain, marks };
}

export class FakeDrafts implements DraftHost {
	drafts = new Map<ChatId, DraftView>();
	groups: QuestionGroup[] = [];
	view: DraftSettingsView;
	/** What `check` finds. */
	found: ModelCheck = { trouble: null, models: ["gpt-5-mini", "gpt-5"], tookMs: 840 };
	/** What an edited reply teaches. */
	lesson: EntryInput | null = null;
	figures: DraftStatistics = { all: { sent: 0, edited: 0, editShare: 0, dismissed: 0, stale: 0 }, byMaker: [], bySource: [], answerWithS: null, answerWithoutS: null, unanswerable: 0 };
	#owner: Owner;
	#failures: ErrorCode[] = [];

	constructor(owner: Owner, some: boolean) {
		this.#owner = owner;
		const settings: DraftSettings = {
			on: true,
			useModel: some,
			preset: some ? "openai" : null,
			baseUrl: some ? "https://api.openai.com/v1" : "",
			model: some ? "gpt-5-mini" : "",
			timeoutS: 60,
			rubPerMillionIn: 20,
			rubPerMillionOut: 160,
			dayTokens: null,
			monthTokens: null,
			dayRub: 50,
			monthRub: null,
			holdingText: "Здравствуйте! Вижу ваш вопрос, отвечу здесь же.",
		};
		this.view = { settings, hasKey: some, headerNames: [], proxy: null, today: { calls: 41, tokens: 61_240, rub: 3.18 }, month: { calls: 730, tokens: 1_204_110, rub: 61.4 }, trouble: null, rulesPaused: false };
		if (some) this.#fill();
	}

	#fill(): void {
		const texts = [
			"[Да, в наличии|source|1]. Цена [18 500 ₽|source|1]. Забрать можно [с 10 до 20|source|0] на [ул. Ленина, 14|source|0].",
			"Отправим Авито Доставкой [на следующий день|source|0], упаковка бесплатно.",
			"[Есть в наличии|source|1], отдам за [15 000 ₽|nothing].",
		];
		const waiting = this.#owner.rowsForDrafts().slice(0, 6);
		waiting.forEach((row, index) => this.put(row.id, texts[index % 3] ?? "", index % 3 === 1 ? { maker: "quote", model: null } : {}));
		this.groups = [
			{
				questions: [
					{ id: 1, chat: waiting[0]?.id ?? 1, text: "А гарантия на рамку сколько?", askedMs: Date.now() - 3_600_000 },
					{ id: 2, chat: waiting[1]?.id ?? 2, text: "Гарантия есть?", askedMs: Date.now() - 9_600_000 },
				],
				scope: { account: 1, item: "3400000001" },
				itemTitle: "Горный велосипед Stels",
			},
			{ questions: [{ id: 3, chat: waiting[2]?.id ?? 3, text: "Обменяете на самокат?", askedMs: Date.now() - 86_400_000 }], scope: { account: null, item: null }, itemTitle: null },
		];
		this.figures = {
			all: { sent: 184, edited: 41, editShare: 0.18, dismissed: 12, stale: 9 },
			byMaker: [["gpt-5-mini", { sent: 142, edited: 33, editShare: 0.2, dismissed: 7, stale: 5 }], ["quote", { sent: 42, edited: 8, editShare: 0.1, dismissed: 5, stale: 4 }]],
			bySource: [["Доставка и самовывоз.docx", { sent: 90, edited: 12, editShare: 0.1, dismissed: 3, stale: 1 }], ["Прайс 2026.xlsx", { sent: 61, edited: 20, editShare: 0.3, dismissed: 8, stale: 2 }]],
			answerWithS: 48,
			answerWithoutS: 410,
			unanswerable: 17,
		};
	}

	/** A draft for a chat; facts are written as in {@link marked}. */
	put(chat: ChatId, words: string, rest: Partial<DraftView> = {}): DraftView {
		const { text, marks } = marked(words);
		const bad = marks.some((mark) => mark.support === "nothing" || mark.support === "outdated");
		const view: DraftView = {
			id: 100 + chat,
			chat,
			state: "ready",
			question: "Добрый день! Ещё в наличии? Где можно забрать?",
			text,
			maker: "model",
			model: "gpt-5-mini",
			marks,
			sources: [PASSAGE, ITEM],
			confidence: bad ? "low" : "high",
			chance: bad ? 0.4 : 0.93,
			oneKey: !bad,
			stopped: [],
			trouble: null,
			createdMs: Date.now() - 20_000,
			sendsAtMs: null,
			...rest,
		};
		this.drafts.set(chat, view);
		this.#owner.emit({ what: "draft", chat });
		return view;
	}

	failNext(code: ErrorCode): void {
		this.#failures.push(code);
	}

	async #called(command: keyof DraftHost, ...args: unknown[]): Promise<void> {
		this.#owner.calls.push([`drafts.${command}`, ...args]);
		await Promise.resolve();
		const code = this.#failures.shift();
		if (code) throw new HostError({ code, message: code });
	}

	#find(id: DraftId): DraftView {
		const found = [...this.drafts.values()].find((draft) => draft.id === id);
		if (!found) throw new HostError({ code: "draftStale", message: "gone" });
		return found;
	}

	#drop(chat: ChatId): void {
		this.drafts.delete(chat);
		this.#owner.emit({ what: "draft", chat });
		this.#owner.emit({ what: "drafts" });
	}

	async of(chat: ChatId): Promise<DraftView | null> {
		await Promise.resolve();
		return this.drafts.get(chat) ?? null;
	}

	async waiting(): Promise<WaitingDraft[]> {
		await Promise.resolve();
		const rows = new Map(this.#owner.rowsForDrafts().map((row) => [row.id, row]));
		return [...this.drafts.values()]
			.filter((draft) => draft.state === "ready" || draft.state === "unanswerable")
			.map((draft) => {
				const row = rows.get(draft.chat);
				return { account: row?.account ?? 1, buyer: row?.buyer.name ?? null, itemTitle: row?.itemTitle ?? null, askedMs: draft.createdMs - 60_000, draft };
			});
	}

	async send(draft: DraftId, text: string | null, despiteMarks: boolean): Promise<SentDraft> {
		await this.#called("send", draft, text, despiteMarks);
		const view = this.#find(draft);
		if (!view.oneKey && !despiteMarks) throw new HostError({ code: "draftUnsupported", message: "unsupported" });
		const row = await this.#owner.sendText(view.chat, text ?? view.text);
		this.#drop(view.chat);
		return { row, lesson: text === null ? null : this.lesson };
	}

	async again(chat: ChatId, instruction: string): Promise<void> {
		await this.#called("again", chat, instruction);
		const view = this.drafts.get(chat);
		if (view) this.put(chat, `Здравствуйте! ${view.text}`);
	}

	async dismiss(chat: ChatId, reason: string | null): Promise<void> {
		await this.#called("dismiss", chat, reason);
		this.#drop(chat);
	}

	async questions(): Promise<QuestionGroup[]> {
		await Promise.resolve();
		return this.groups;
	}

	/** Every price is unsupported: the fake knows none. */
	async facts(chat: ChatId, text: string): Promise<DraftMark[]> {
		await this.#called("facts", chat, text);
		return [...text.matchAll(/\d[\d\s]*₽/g)].map((found) => ({ start: found.index, end: found.index + found[0].length, fact: "price", support: "nothing", source: null }));
	}

	async answer(questions: QuestionId[], entry: EntryInput): Promise<SourceId> {
		await this.#called("answer", questions, entry);
		await this.#without(questions);
		return 1;
	}

	async dropQuestions(questions: QuestionId[]): Promise<void> {
		await this.#called("dropQuestions", questions);
		await this.#without(questions);
	}

	async #without(questions: QuestionId[]): Promise<void> {
		await Promise.resolve();
		this.groups = this.groups.filter((group) => !group.questions.some((one) => questions.includes(one.id)));
		this.#owner.emit({ what: "drafts" });
	}

	async settings(): Promise<DraftSettingsView> {
		await Promise.resolve();
		return this.view;
	}

	async saveSettings(settings: DraftSettings, secrets: ModelSecrets): Promise<void> {
		await this.#called("saveSettings", settings, secrets);
		this.view = { ...this.view, settings, hasKey: secrets.key === null ? this.view.hasKey : secrets.key !== "" };
		this.#owner.emit({ what: "drafts" });
	}

	async presets(): Promise<ModelPreset[]> {
		await Promise.resolve();
		return [
			{ id: "openai", name: "OpenAI", baseUrl: "https://api.openai.com/v1", model: "gpt-5-mini", needsKey: true, local: false, helpUrl: "https://platform.openai.com/api-keys" },
			{ id: "ollama", name: "Ollama", baseUrl: "http://127.0.0.1:11434/v1", model: "qwen3:8b", needsKey: false, local: true, helpUrl: "https://ollama.com" },
		];
	}

	async check(settings: DraftSettings, secrets: ModelSecrets): Promise<ModelCheck> {
		await this.#called("check", settings, secrets);
		return this.found;
	}

	async statistics(): Promise<DraftStatistics> {
		await Promise.resolve();
		return this.figures;
	}

	rulesHeld: Rule[] = [];
	dryRuns: DryRun[] = [];
	automaticReplies: AutomaticReply[] = [];

	async rules(): Promise<Rule[]> {
		await this.#called("rules");
		return this.rulesHeld;
	}

	async saveRule(rule: Rule): Promise<RuleId> {
		await this.#called("saveRule", rule);
		const id = rule.id ?? Math.max(0, ...this.rulesHeld.map((known) => known.id ?? 0)) + 1;
		this.rulesHeld = [...this.rulesHeld.filter((known) => known.id !== id), { ...rule, id }];
		return id;
	}

	async removeRule(id: RuleId): Promise<void> {
		await this.#called("removeRule", id);
		this.rulesHeld = this.rulesHeld.filter((rule) => rule.id !== id);
	}

	async pauseRules(paused: boolean): Promise<void> {
		await this.#called("pauseRules", paused);
		this.view = { ...this.view, rulesPaused: paused };
	}

	async dryRun(rule: Rule): Promise<DryRun[]> {
		await this.#called("dryRun", rule);
		return this.dryRuns;
	}

	async automatic(chat: ChatId | null, limit: number): Promise<AutomaticReply[]> {
		await this.#called("automatic", chat, limit);
		return this.automaticReplies.filter((reply) => chat === null || reply.chat === chat).slice(0, limit);
	}
}
