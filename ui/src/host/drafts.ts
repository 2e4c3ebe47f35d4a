// What the page may ask about drafts, the language model and open questions.
import type {
	ChatId,
	DraftId,
	DraftMark,
	DraftSettings,
	DraftSettingsView,
	DraftStatistics,
	DraftView,
	EntryInput,
	ModelCheck,
	ModelPreset,
	ModelSecrets,
	QuestionGroup,
	QuestionId,
	SentDraft,
	SourceId,
	WaitingDraft,
} from "./contract";

/** The part of the port about drafts. */
export interface DraftHost {
	/** None is wanted: null. */
	draft(chat: ChatId): Promise<DraftView | null>;
	/** Over all chats, the longest waiting buyer first. */
	waitingDrafts(limit: number): Promise<WaitingDraft[]>;
	/** As it is when `text` is null; a draft with red facts only with `despiteMarks`. */
	sendDraft(draft: DraftId, text: string | null, despiteMarks: boolean): Promise<SentDraft>;
	anotherDraft(chat: ChatId, instruction: string): Promise<void>;
	/** Also stops one that is being made. */
	dismissDraft(chat: ChatId, reason: string | null): Promise<void>;
	/** The facts of a text as it is typed. */
	checkReply(chat: ChatId, text: string): Promise<DraftMark[]>;
	openQuestions(): Promise<QuestionGroup[]>;
	answerQuestions(questions: QuestionId[], entry: EntryInput): Promise<SourceId>;
	putQuestionsAway(questions: QuestionId[]): Promise<void>;
	draftStatistics(days: number): Promise<DraftStatistics>;
	draftSettings(): Promise<DraftSettingsView>;
	/** Secrets that are null stay. */
	saveDraftSettings(settings: DraftSettings, secrets: ModelSecrets): Promise<void>;
	checkModel(settings: DraftSettings, secrets: ModelSecrets): Promise<ModelCheck>;
	modelPresets(): Promise<ModelPreset[]>;
}
