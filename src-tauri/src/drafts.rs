//! Commands about drafts, the language model and open questions.

use inbox::view::{
    AutomaticReply, DraftMark, DraftSettings, DraftSettingsView, DraftStatistics, DraftView, DryRun,
    EntryInput, ModelCheck, ModelPreset, ModelSecrets, PastQuestion, QuestionGroup, Recall, Replayed, Rule,
    RuleLevel, SentDraft, UiError, WaitingDraft,
};
use inbox::{ChatId, DraftId, MessageId, QuestionId, RuleId, SourceId};
use tauri::State;

use crate::shops::Shops;

type Answer<T> = Result<T, UiError>;

/// The draft of a chat; null: none is wanted.
#[tauri::command]
#[specta::specta]
pub(crate) async fn draft(shops: State<'_, Shops>, chat: ChatId) -> Answer<Option<DraftView>> {
    Ok(shops.shown_core()?.draft(chat).await?)
}

/// Drafts that wait over all chats, the longest waiting buyer first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn waiting_drafts(shops: State<'_, Shops>, limit: u32) -> Answer<Vec<WaitingDraft>> {
    Ok(shops.shown_core()?.waiting_drafts(limit).await?)
}

/// Sends a draft, as it is (`text` is null) or changed. What no source says goes only with `despite_marks` or changed.
#[tauri::command]
#[specta::specta]
pub(crate) async fn send_draft(
    shops: State<'_, Shops>,
    draft: DraftId,
    text: Option<String>,
    despite_marks: bool,
) -> Answer<SentDraft> {
    Ok(shops.shown_core()?.send_draft(draft, text, despite_marks).await?)
}

/// Makes another version; `instruction` may be empty.
#[tauri::command]
#[specta::specta]
pub(crate) async fn another_draft(shops: State<'_, Shops>, chat: ChatId, instruction: String) -> Answer<()> {
    Ok(shops.shown_core()?.another_draft(chat, &instruction).await?)
}

/// Turns this draft down; without one stops the making of the chat's.
#[tauri::command]
#[specta::specta]
pub(crate) async fn dismiss_draft(
    shops: State<'_, Shops>,
    chat: ChatId,
    draft: Option<DraftId>,
    reason: Option<String>,
) -> Answer<()> {
    Ok(shops.shown_core()?.dismiss_draft(chat, draft, reason).await?)
}

/// The facts of a text as it is typed.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check_reply(
    shops: State<'_, Shops>,
    chat: ChatId,
    text: String,
) -> Answer<Vec<DraftMark>> {
    Ok(shops.shown_core()?.check_reply(chat, &text).await?)
}

/// Questions that nothing answers, those alike together.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_questions(shops: State<'_, Shops>) -> Answer<Vec<QuestionGroup>> {
    Ok(shops.shown_core()?.open_questions().await?)
}

/// Writes an entry that answers these questions.
#[tauri::command]
#[specta::specta]
pub(crate) async fn answer_questions(
    shops: State<'_, Shops>,
    questions: Vec<QuestionId>,
    entry: EntryInput,
) -> Answer<SourceId> {
    Ok(shops.shown_core()?.answer_questions(questions, entry).await?)
}

/// Puts questions away without an answer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn put_questions_away(shops: State<'_, Shops>, questions: Vec<QuestionId>) -> Answer<()> {
    Ok(shops.shown_core()?.put_questions_away(questions).await?)
}

/// How drafts have done in the last days.
#[tauri::command]
#[specta::specta]
pub(crate) async fn draft_statistics(shops: State<'_, Shops>, days: u32) -> Answer<DraftStatistics> {
    Ok(shops.shown_core()?.draft_statistics(days).await?)
}

/// How drafts are made; secrets are told of, never told.
#[tauri::command]
#[specta::specta]
pub(crate) async fn draft_settings(shops: State<'_, Shops>) -> Answer<DraftSettingsView> {
    Ok(shops.shown_core()?.draft_settings().await?)
}

/// Changes how drafts are made. Secrets that are null stay.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_draft_settings(
    shops: State<'_, Shops>,
    settings: DraftSettings,
    secrets: ModelSecrets,
) -> Answer<()> {
    Ok(shops.shown_core()?.save_draft_settings(settings, secrets).await?)
}

/// Tries a model with these settings, saved or not.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check_model(
    shops: State<'_, Shops>,
    settings: DraftSettings,
    secrets: ModelSecrets,
) -> Answer<ModelCheck> {
    Ok(shops.shown_core()?.check_model(settings, secrets).await?)
}

/// Services that speak the protocol.
#[tauri::command]
#[specta::specta]
pub(crate) async fn model_presets(shops: State<'_, Shops>) -> Answer<Vec<ModelPreset>> {
    Ok(shops.shown_core()?.model_presets())
}

/// All rules of sending.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rules(shops: State<'_, Shops>) -> Answer<Vec<Rule>> {
    Ok(shops.shown_core()?.rules().await?)
}

/// Adds a rule (without an id) or changes one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_rule(shops: State<'_, Shops>, rule: Rule) -> Answer<RuleId> {
    Ok(shops.shown_core()?.save_rule(rule).await?)
}

/// Removes a rule.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_rule(shops: State<'_, Shops>, rule: RuleId) -> Answer<()> {
    Ok(shops.shown_core()?.remove_rule(rule).await?)
}

/// The one big switch.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pause_rules(shops: State<'_, Shops>, paused: bool) -> Answer<()> {
    Ok(shops.shown_core()?.pause_rules(paused).await?)
}

/// What a rule would have done with the questions of the last 24 hours.
#[tauri::command]
#[specta::specta]
pub(crate) async fn dry_run(shops: State<'_, Shops>, rule: Rule) -> Answer<Vec<DryRun>> {
    Ok(shops.shown_core()?.dry_run(rule).await?)
}

/// What rules have sent, newest first; of one chat, or of all.
#[tauri::command]
#[specta::specta]
pub(crate) async fn automatic_replies(
    shops: State<'_, Shops>,
    chat: Option<ChatId>,
    limit: u32,
) -> Answer<Vec<AutomaticReply>> {
    Ok(shops.shown_core()?.automatic_replies(chat, limit).await?)
}

/// What the drafts of the last 30 days say of a rule's threshold.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rule_levels(shops: State<'_, Shops>, rule: Rule) -> Answer<Vec<RuleLevel>> {
    Ok(shops.shown_core()?.rule_levels(rule).await?)
}

/// Replies whose facts changed while Avito can still delete them; of one chat, or of all.
#[tauri::command]
#[specta::specta]
pub(crate) async fn recalls(shops: State<'_, Shops>, chat: Option<ChatId>) -> Answer<Vec<Recall>> {
    Ok(shops.shown_core()?.recalls(chat).await?)
}

/// Deletes such a reply at Avito and makes a new draft for its question.
#[tauri::command]
#[specta::specta]
pub(crate) async fn recall_reply(shops: State<'_, Shops>, draft: DraftId) -> Answer<()> {
    Ok(shops.shown_core()?.recall_reply(draft).await?)
}

/// Such a reply stays as it is.
#[tauri::command]
#[specta::specta]
pub(crate) async fn keep_reply(shops: State<'_, Shops>, draft: DraftId) -> Answer<()> {
    Ok(shops.shown_core()?.keep_reply(draft).await?)
}

/// The newest questions that the seller answered.
#[tauri::command]
#[specta::specta]
pub(crate) async fn past_questions(shops: State<'_, Shops>, limit: u32) -> Answer<Vec<PastQuestion>> {
    Ok(shops.shown_core()?.past_questions(limit).await?)
}

/// Asks a past question again with these settings, without saving or sending anything.
#[tauri::command]
#[specta::specta]
pub(crate) async fn replay(
    shops: State<'_, Shops>,
    chat: ChatId,
    message: MessageId,
    settings: DraftSettings,
    secrets: ModelSecrets,
) -> Answer<Replayed> {
    Ok(shops.shown_core()?.replay(chat, message, settings, secrets).await?)
}

/// Asks a past question with the knowledge of now and with the change that is tried.
#[tauri::command]
#[specta::specta]
pub(crate) async fn replay_proposed(
    shops: State<'_, Shops>,
    chat: ChatId,
    message: MessageId,
) -> Answer<Replayed> {
    Ok(shops.shown_core()?.replay_proposed(chat, message).await?)
}
