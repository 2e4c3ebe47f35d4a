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
	MessageId,
	MessageRow,
	ModelCheck,
	ModelPreset,
	ModelSecrets,
	Notice,
	PastQuestion,
	QuestionGroup,
	QuestionId,
	Recall,
	ReplayDraft,
	Replayed,
	Rule,
	RuleId,
	RuleLevel,
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
	#failures: { code: ErrorCode; of: keyof DraftHost | null }[] = [];

	constructor(owner: Owner, some: boolean) {
		this.#owner = owner;
		const settings: DraftSettings = {
			on: true,
			useModel: some,
			preset: some ? "openai" : null,
			baseUrl: some ? "https://api.openai.com/v1" : "",
			model: some ? "gpt-5-mini" : "",
			embeddingsModel: "",
			timeoutS: 60,
			rubPerMillionIn: 20,
			rubPerMillionOut: 160,
			dayTokens: null,
			monthTokens: null,
			dayRub: 50,
			monthRub: null,
			holdingText: "Здравствуйте! Вижу ваш вопрос, отвечу здесь же.",
			workers: 3,
			queue: 1000,
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
		const settings = {
			hours: "outside" as const,
			fromMin: 540,
			toMin: 1260,
			days: [true, true, true, true, true, true, true] as [boolean, boolean, boolean, boolean, boolean, boolean, boolean],
			afterMin: 0,
			delayS: 2,
			minChance: 0.85,
			perHour: 3,
			stopWords: ["возврат", "брак"],
			template: "Здравствуйте! Сейчас мы закрыты, ответим с 9:00.",
			templateWords: [],
		};
		this.rulesHeld = [
			{ id: 1, account: null, item: null, active: true, settings },
			{ id: 2, account: 1, item: "3400000001", active: false, settings: { ...settings, hours: "always", afterMin: 15, template: "" } },
		];
		this.levelsFound = [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95].map((minChance, index) => ({ minChance, drafts: 184 - index * 22, asIs: 150 - index * 16, edited: 24 - index * 3, dismissed: 10 - index }));
		const question = "Здравствуйте! Самовывоз где и до скольки?";
		this.automaticReplies = waiting.slice(3, 5).map((row, index) => ({ draft: 900 + index, chat: row.id, message: index === 0 ? null : 1, rule: 1, question, text: "Самовывоз: ул. Ленина, 14, ежедневно с 10 до 20.", sources: ["Доставка и самовывоз.docx"], sentMs: Date.now() - (index + 1) * 4_000_000 }));
		const run = { chat: 1, buyer: "Анна", question, text: "Самовывоз: ул. Ленина, 14, ежедневно с 10 до 20.", chance: 0.93, became: "sent" as const };
		this.dryRuns = [
			{ ...run, sendsAtMs: Date.now() - 30_000_000, hindrance: null },
			{ ...run, buyer: "Пётр", question: "Отдадите за 15?", text: "Есть в наличии, отдам за 15 000 ₽.", chance: 0.3, sendsAtMs: null, hindrance: "unsupported" },
			{ ...run, buyer: "Ольга", question: "Обменяете на самокат?", text: "", chance: 0, sendsAtMs: null, hindrance: "noDraft" },
		];
		const past = (message: number, words: string, reply: string, before: string, after: string, verdict: Replayed["verdict"]) => ({ question: { chat: 1, message, buyer: "Анна", question: words, askedMs: Date.now() - message * 9_000_000, reply }, found: { before: replayed(before), after: replayed(after), verdict } });
		this.past = [
			past(1, question, "Ленина 14, с 10 до 20", "Самовывоз: [ул. Ленина, 14|source|0].", "Самовывоз на [ул. Ленина, 14|source|0], [с 10 до 20|source|0].", "better"),
			past(2, "Торг есть?", "Нет, цена окончательная", "", "Отдам за [15 000 ₽|nothing].", "unsupported"),
			past(3, "Отправите в Омск?", "Да, Авито Доставкой", "Отправим Авито Доставкой.", "", "worse"),
		];
		const sent = waiting[5];
		if (sent) {
			const reply = marked("Здравствуйте! Цена [18 500 ₽|nothing], забирайте.");
			this.recallsOffered = [{ draft: 990, account: sent.account, chat: sent.id, buyer: sent.buyer.name, message: 1, ...reply, untilMs: Date.now() + 2_400_000 }];
		}
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
			doubted: false,
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

	/** The buyer has written again: what stood there does not wait any more, and sending it is refused. */
	overtake(chat: ChatId): void {
		this.#drop(chat);
	}

	/** `of`: the command that fails; none: the next one, whichever it is. */
	failNext(code: ErrorCode, of: keyof DraftHost | null = null): void {
		this.#failures.push({ code, of });
	}

	async #called(command: keyof DraftHost, ...args: unknown[]): Promise<void> {
		this.#owner.calls.push([`drafts.${command}`, ...args]);
		await Promise.resolve();
		const at = this.#failures.findIndex(({ of }) => of === null || of === command);
		const [failure] = at < 0 ? [] : this.#failures.splice(at, 1);
		if (failure) throw new HostError({ code: failure.code, message: failure.code });
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
			.filter((draft) => draft.state === "ready")
			.map((draft) => {
				const row = rows.get(draft.chat);
				return { account: row?.account ?? 1, buyer: row?.buyer.name ?? null, itemTitle: row?.itemTitle ?? null, askedMs: draft.createdMs - 60_000, draft };
			})
			.sort((a, b) => a.askedMs - b.askedMs || (a.draft.id ?? 0) - (b.draft.id ?? 0));
	}

	async send(draft: DraftId, text: string | null, despiteMarks: boolean): Promise<SentDraft> {
		await this.#called("send", draft, text, despiteMarks);
		const view = this.#find(draft);
		if (!view.oneKey && view.maker !== "holding" && !despiteMarks) throw new HostError({ code: "draftUnsupported", message: "unsupported" });
		const row = await this.#owner.sendText(view.chat, text ?? view.text);
		this.#drop(view.chat);
		return { row, lesson: text === null ? null : this.lesson };
	}

	async again(chat: ChatId, instruction: string): Promise<void> {
		await this.#called("again", chat, instruction);
		const view = this.drafts.get(chat);
		if (view) this.put(chat, `Здравствуйте! ${view.text}`);
	}

	async dismiss(chat: ChatId, draft: DraftId | null, reason: string | null): Promise<void> {
		await this.#called("dismiss", chat, draft, reason);
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
		this.rulesHeld = [...this.rulesHeld.filter((known) => known.id !== id), { ...rule, id }].sort((a, b) => (a.id ?? 0) - (b.id ?? 0));
		this.#owner.emit({ what: "drafts" });
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

	levelsFound: RuleLevel[] = [];
	recallsOffered: Recall[] = [];
	past: { question: PastQuestion; found: Replayed }[] = [];

	async levels(rule: Rule): Promise<RuleLevel[]> {
		await this.#called("levels", rule);
		return this.levelsFound;
	}

	async recalls(chat: ChatId | null): Promise<Recall[]> {
		await Promise.resolve();
		return this.recallsOffered.filter((row) => chat === null || row.chat === chat);
	}

	async recall(draft: DraftId): Promise<void> {
		await this.#called("recall", draft);
		const row = this.recallsOffered.find((row) => row.draft === draft);
		this.recallsOffered = this.recallsOffered.filter((row) => row.draft !== draft);
		if (row) this.put(row.chat, "Здравствуйте! Цена [19 000 ₽|source|1].");
	}

	async keep(draft: DraftId): Promise<void> {
		await this.#called("keep", draft);
		this.recallsOffered = this.recallsOffered.filter((row) => row.draft !== draft);
	}

	async pastQuestions(limit: number): Promise<PastQuestion[]> {
		await this.#called("pastQuestions", limit);
		return this.past.slice(0, limit).map((row) => row.question);
	}

	async replayProposed(chat: ChatId, message: MessageId): Promise<Replayed> {
		await this.#called("replayProposed", chat, message);
		return this.#replayed(chat, message);
	}

	async replay(chat: ChatId, message: MessageId, settings: DraftSettings, secrets: ModelSecrets): Promise<Replayed> {
		await this.#called("replay", chat, message, settings, secrets);
		return this.#replayed(chat, message);
	}

	#replayed(chat: ChatId, message: MessageId): Replayed {
		const row = this.past.find((row) => row.question.chat === chat && row.question.message === message);
		if (!row) throw new HostError({ code: "notFound", message: "no such question" });
		return row.found;
	}
}

/** A draft as a replay shows it; facts as in {@link marked}, no words: none was made. */
export function replayed(words: string): ReplayDraft {
	const { text, marks } = marked(words);
	const red = marks.some((mark) => mark.support === "nothing");
	return { maker: text ? "model" : null, text, marks, oneKey: text !== "" && !red, stopped: [], trouble: null, near: 0.5 };
}
