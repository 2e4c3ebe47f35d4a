// The drafts' part of the host behind Tauri.
import type {
	ChatId,
	DraftId,
	DraftSettings,
	EntryInput,
	MessageId,
	ModelSecrets,
	QuestionId,
	Rule,
	RuleId,
} from "./contract";
import type { DraftHost } from "./drafts";

type Call = <Answer>(command: string, args?: Record<string, unknown>) => Promise<Answer>;

export class TauriDrafts implements DraftHost {
	constructor(private readonly call: Call) {}

	of: DraftHost["of"] = (chat) => this.call("draft", { chat });
	waiting: DraftHost["waiting"] = () => this.call("waiting_drafts", { limit: 200 });
	send: DraftHost["send"] = (draft: DraftId, text: string | null, despiteMarks: boolean) => this.call("send_draft", { draft, text, despiteMarks });
	again: DraftHost["again"] = (chat, instruction) => this.call("another_draft", { chat, instruction });
	dismiss: DraftHost["dismiss"] = (chat, draft, reason) => this.call("dismiss_draft", { chat, draft, reason });
	facts: DraftHost["facts"] = (chat, text) => this.call("check_reply", { chat, text });
	questions: DraftHost["questions"] = () => this.call("open_questions");
	answer: DraftHost["answer"] = (questions: QuestionId[], entry: EntryInput) => this.call("answer_questions", { questions, entry });
	dropQuestions: DraftHost["dropQuestions"] = (questions) => this.call("put_questions_away", { questions });
	settings: DraftHost["settings"] = () => this.call("draft_settings");
	saveSettings: DraftHost["saveSettings"] = (settings: DraftSettings, secrets: ModelSecrets) => this.call("save_draft_settings", { settings, secrets });
	presets: DraftHost["presets"] = () => this.call("model_presets");
	check: DraftHost["check"] = (settings, secrets) => this.call("check_model", { settings, secrets });
	statistics: DraftHost["statistics"] = () => this.call("draft_statistics", { days: 30 });

	rules: DraftHost["rules"] = () => this.call("rules");
	saveRule: DraftHost["saveRule"] = (rule: Rule) => this.call("save_rule", { rule });
	removeRule: DraftHost["removeRule"] = (rule: RuleId) => this.call("remove_rule", { rule });
	pauseRules: DraftHost["pauseRules"] = (paused: boolean) => this.call("pause_rules", { paused });
	dryRun: DraftHost["dryRun"] = (rule: Rule) => this.call("dry_run", { rule });
	levels: DraftHost["levels"] = (rule: Rule) => this.call("rule_levels", { rule });
	recalls: DraftHost["recalls"] = (chat: ChatId | null) => this.call("recalls", { chat });
	recall: DraftHost["recall"] = (draft: DraftId) => this.call("recall_reply", { draft });
	keep: DraftHost["keep"] = (draft: DraftId) => this.call("keep_reply", { draft });
	pastQuestions: DraftHost["pastQuestions"] = (limit: number) => this.call("past_questions", { limit });
	replayProposed: DraftHost["replayProposed"] = (chat: ChatId, message: MessageId) => this.call("replay_proposed", { chat, message });
	replay: DraftHost["replay"] = (chat: ChatId, message: MessageId, settings: DraftSettings, secrets: ModelSecrets) => this.call("replay", { chat, message, settings, secrets });
	automatic: DraftHost["automatic"] = (chat: ChatId | null, limit: number) => this.call("automatic_replies", { chat, limit });
}
