// Drafts: the part of the port that makes suggested replies, their queue and the model behind them.
import type {
	AutomaticReply,
	ChatId,
	DraftId,
	DraftMark,
	DraftSettings,
	DraftSettingsView,
	DraftStatistics,
	DraftView,
	DryRun,
	EntryInput,
	ModelCheck,
	ModelPreset,
	MessageId,
	ModelSecrets,
	PastQuestion,
	QuestionGroup,
	QuestionId,
	Recall,
	Replayed,
	Rule,
	RuleId,
	RuleLevel,
	SentDraft,
	SourceId,
	WaitingDraft,
} from "./contract";

export interface DraftHost {
	/** The draft of a chat; null where none is wanted. */
	of(chat: ChatId): Promise<DraftView | null>;
	/** All that wait for the seller, longest waiting first. */
	waiting(): Promise<WaitingDraft[]>;
	/**
	 * Sends it exactly as it was made (`text` is null) or as the seller changed it. Refused with `draftUnsupported` when a fact has no
	 * source and the seller has not said to have looked, with `draftStale` when the talk went on, with
	 * `draftOutdated` when what it says is no longer so (another one is made then).
	 */
	send(draft: DraftId, text: string | null, despiteMarks: boolean): Promise<SentDraft>;
	/** Another version of a chat's draft; the instruction may be empty. */
	again(chat: ChatId, instruction: string): Promise<void>;
	/** Turns this draft down; without one stops the making of the chat's. */
	dismiss(chat: ChatId, draft: DraftId | null, reason: string | null): Promise<void>;
	/** The facts of a text as it is typed, held against what the chat's draft would be made from. */
	facts(chat: ChatId, text: string): Promise<DraftMark[]>;
	questions(): Promise<QuestionGroup[]>;
	/** Writes the answer into knowledge and takes the questions off the list. */
	answer(questions: QuestionId[], entry: EntryInput): Promise<SourceId>;
	dropQuestions(questions: QuestionId[]): Promise<void>;
	settings(): Promise<DraftSettingsView>;
	saveSettings(settings: DraftSettings, secrets: ModelSecrets): Promise<void>;
	presets(): Promise<ModelPreset[]>;
	/** Asks the model a short question with these settings, without saving them. */
	check(settings: DraftSettings, secrets: ModelSecrets): Promise<ModelCheck>;
	rules(): Promise<Rule[]>;
	/** Without an id: a new one. */
	saveRule(rule: Rule): Promise<RuleId>;
	removeRule(rule: RuleId): Promise<void>;
	/** The one big switch. */
	pauseRules(paused: boolean): Promise<void>;
	/** What a rule would have done with the questions of the last 24 hours. */
	dryRun(rule: Rule): Promise<DryRun[]>;
	/** What rules have sent, newest first; of one chat, or of all when null. */
	automatic(chat: ChatId | null, limit: number): Promise<AutomaticReply[]>;
	statistics(): Promise<DraftStatistics>;
	/** What the drafts of the last 30 days say of a rule's threshold. */
	levels(rule: Rule): Promise<RuleLevel[]>;
	/** Sent replies that are no longer so while Avito can delete them; of one chat, or of all when null. */
	recalls(chat: ChatId | null): Promise<Recall[]>;
	/** Deletes such a reply at Avito; a new draft is made. */
	recall(draft: DraftId): Promise<void>;
	/** Such a reply stays. */
	keep(draft: DraftId): Promise<void>;
	/** The newest questions that the seller answered. */
	pastQuestions(limit: number): Promise<PastQuestion[]>;
	/** Asks one of them again with these settings, saved or not. */
	replay(chat: ChatId, message: MessageId, settings: DraftSettings, secrets: ModelSecrets): Promise<Replayed>;
	/** The same question with the knowledge of now and with the change proposed last, by the settings in use. */
	replayProposed(chat: ChatId, message: MessageId): Promise<Replayed>;
}
