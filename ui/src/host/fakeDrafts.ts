// Drafts of the fake host: what a test puts in is what the page sees.
import type {
	ChatId,
	DraftId,
	DraftSettings,
	DraftSettingsView,
	DraftStatistics,
	DraftView,
	ModelCheck,
	ModelPreset,
	ModelSecrets,
	QuestionGroup,
	QuestionId,
	WaitingDraft,
} from "./contract";

/** The core's defaults. */
export function defaultDraftSettings(): Required<DraftSettings> {
	return {
		on: true,
		useModel: false,
		preset: null,
		baseUrl: "",
		model: "",
		timeoutS: 60,
		rubPerMillionIn: 0,
		rubPerMillionOut: 0,
		dayTokens: null,
		monthTokens: null,
		dayRub: null,
		monthRub: null,
		holdingText: "Здравствуйте! Вижу ваш вопрос, отвечу здесь же.",
	};
}

const noCounts = { sent: 0, edited: 0, editShare: 0, dismissed: 0, stale: 0 };

/** State of the fake's drafts; tests write into it. */
export class FakeDrafts {
	/** By chat. */
	drafts = new Map<ChatId, DraftView>();
	questions: QuestionGroup[] = [];
	settings: DraftSettings = defaultDraftSettings();
	hasKey = false;
	headerNames: string[] = [];
	proxy: string | null = null;
	/** What `checkModel` finds. */
	check: ModelCheck = { trouble: null, models: ["double-1"], tookMs: 420 };
	statistics: DraftStatistics = { all: noCounts, byMaker: [], bySource: [], answerWithS: null, answerWithoutS: null, unanswerable: 0 };
	presets: ModelPreset[] = [
		{ id: "ollama", name: "Ollama", baseUrl: "http://127.0.0.1:11434/v1", model: "qwen2.5:7b", needsKey: false, local: true, helpUrl: "https://ollama.com/download" },
		{ id: "openAi", name: "OpenAI", baseUrl: "https://api.openai.com/v1", model: "gpt-4o-mini", needsKey: true, local: false, helpUrl: "https://platform.openai.com/api-keys" },
	];

	/** The ready draft with this id. */
	find(id: DraftId): DraftView | undefined {
		return [...this.drafts.values()].find((draft) => draft.id === id);
	}

	waiting(named: (chat: ChatId) => Omit<WaitingDraft, "draft">): WaitingDraft[] {
		const ready = [...this.drafts.values()].filter((draft) => draft.state === "ready");
		return ready.map((draft) => ({ ...named(draft.chat), draft })).sort((a, b) => a.askedMs - b.askedMs);
	}

	close(ids: QuestionId[]): void {
		const left = this.questions.map((group) => ({ ...group, questions: group.questions.filter((question) => !ids.includes(question.id)) }));
		this.questions = left.filter((group) => group.questions.length > 0);
	}

	save(settings: DraftSettings, secrets: ModelSecrets): void {
		this.settings = settings;
		if (secrets.key !== null && secrets.key !== undefined) this.hasKey = secrets.key !== "";
		if (secrets.headers) this.headerNames = secrets.headers.map((header) => header.name);
		if (secrets.proxy !== null && secrets.proxy !== undefined) this.proxy = secrets.proxy || null;
	}

	view(): DraftSettingsView {
		const none = { calls: 0, tokens: 0, rub: 0 };
		return {
			settings: this.settings,
			hasKey: this.hasKey,
			headerNames: this.headerNames,
			proxy: this.proxy,
			today: none,
			month: none,
			trouble: null,
			rulesPaused: false,
		};
	}
}
