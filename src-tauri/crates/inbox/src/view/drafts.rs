//! Drafts: what the page shows of them, and what it may ask for.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{EntryInput, MessageRow, Scope, SourceKind};
use crate::ids::{AccountId, ChatId, DraftId, MessageId, PassageId, QuestionId, SourceId};

/// Where a draft stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DraftState {
    /// The buyer is still writing, or the draft's turn has not come.
    Waiting,
    /// It is being made; `text` grows.
    Writing,
    /// It waits for the seller.
    Ready,
    /// Nothing the seller told us answers the question; `text` may be a holding reply.
    Unanswerable,
    /// Sent as it was.
    Sent,
    /// Sent after the seller changed it.
    SentEdited,
    /// Sent by a rule.
    SentByRule,
    /// Turned down by the seller.
    Dismissed,
    /// The talk went on without it.
    Stale,
    /// Another version took its place.
    Replaced,
}

/// Whose words a draft is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DraftMaker {
    /// A language model, from the sources.
    Model,
    /// The seller's own words, quoted.
    Quote,
    /// A fixed text that the seller set, because nothing answers.
    Holding,
    /// A fixed text of a rule of the seller's.
    Template,
}

/// What a marked span states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DraftFact {
    /// A number.
    Number,
    /// Money.
    Price,
    /// A day.
    Date,
    /// A time, how long something takes.
    Time,
    /// A measure.
    Size,
    /// A street, a station.
    Address,
    /// A telephone.
    Phone,
    /// A link, a name in a messenger.
    Link,
    /// Whether it is there.
    Stock,
    /// Delivery, warranty, discount, payment …
    Promise,
    /// A bank card's number.
    Card,
}

/// What speaks for a marked span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DraftSupport {
    /// A source.
    Source,
    /// The sum of prices that have sources.
    Sum,
    /// Nothing: red.
    Nothing,
    /// A source that the listing's live price contradicts: red.
    Outdated,
}

/// A fact of the draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftMark {
    /// Where it begins, in UTF-16 units as JavaScript counts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// What is stated.
    pub fact: DraftFact,
    /// What speaks for it.
    pub support: DraftSupport,
    /// The source, an index into `sources`; none without one.
    pub source: Option<u32>,
}

/// What a source of a draft is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DraftSourceKind {
    /// A passage of knowledge.
    Passage,
    /// The listing's live data.
    Item,
    /// The seller's earlier words in this chat.
    Said,
    /// The text of a rule.
    Template,
}

/// A source of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftSource {
    /// What it is.
    pub kind: DraftSourceKind,
    /// The passage, where it is one.
    pub passage: Option<PassageId>,
    /// The passage's lasting name.
    pub key: Option<String>,
    /// The source the passage belongs to.
    pub source: Option<SourceId>,
    /// What that is.
    pub source_kind: Option<SourceKind>,
    /// The seller's message, where it is one.
    pub message: Option<MessageId>,
    /// A short name for a chip; empty for the item and earlier words: the page has words for them.
    pub title: String,
    /// Its words.
    pub text: String,
    /// When it last changed or was said, UTC milliseconds; none: now.
    pub changed_ms: Option<i64>,
    /// The draft uses it; otherwise it was only given to the model.
    pub cited: bool,
}

/// How far a draft may be trusted, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Confidence {
    /// Look closely.
    Low,
    /// Likely right.
    Medium,
    /// Every fact has a source and the source answers the question.
    High,
}

/// Why a model's words were not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DraftDanger {
    /// Nothing in them.
    Empty,
    /// Longer than Avito takes.
    TooLong,
    /// Part of our instructions.
    LeaksPrompt,
    /// A new link.
    NewLink,
    /// A new telephone number.
    NewPhone,
    /// A card's number.
    Card,
    /// It says to be human.
    ClaimsHuman,
    /// It speaks about itself.
    SpeaksAsModel,
    /// It asks the buyer for codes, money, or to leave the chat.
    Instructs,
    /// It says that something was done.
    ClaimsAction,
    /// Another language than the buyer's.
    OtherLanguage,
    /// Marks of ours or of markup.
    Markup,
}

/// What hinders the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ModelTrouble {
    /// The key is not accepted.
    WrongKey,
    /// No money or quota at the provider.
    NoMoney,
    /// The provider refuses this country or account.
    Forbidden,
    /// Too many calls.
    TooMany,
    /// No such model.
    ModelMissing,
    /// The question is too long for this model.
    TooLong,
    /// The request was refused.
    Refused,
    /// The server has trouble.
    Server,
    /// No connection.
    Network,
    /// The answer cannot be read.
    Malformed,
    /// It took too long.
    TooSlow,
    /// Stopped by the seller.
    Cancelled,
    /// The address, proxy or a header is wrong.
    BadAddress,
    /// The seller's budget of the day is used up.
    DayBudget,
    /// The seller's budget of the month is used up.
    MonthBudget,
    /// The key is not in the keychain (any more).
    KeyMissing,
}

/// A draft for a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    /// The draft; none while it waits or is being made.
    pub id: Option<DraftId>,
    /// The chat.
    pub chat: ChatId,
    /// Where it stands.
    pub state: DraftState,
    /// What the buyer asked: all messages since the last reply.
    pub question: String,
    /// The draft, or so much of it as there is.
    pub text: String,
    /// Whose words.
    pub maker: DraftMaker,
    /// The model, where one wrote it.
    pub model: Option<String>,
    /// Facts in order.
    pub marks: Vec<DraftMark>,
    /// Sources, cited ones first.
    pub sources: Vec<DraftSource>,
    /// In words.
    pub confidence: Confidence,
    /// The same as a number, 0 to 1.
    pub chance: f64,
    /// A model wrote it, and code does not find that its sources speak of what is asked.
    pub doubted: bool,
    /// One key may send it: every fact has a source, and code and model agree.
    pub one_key: bool,
    /// Why the model's own words are not shown.
    pub stopped: Vec<DraftDanger>,
    /// Why the model did not write it.
    pub trouble: Option<ModelTrouble>,
    /// When it was made, or began.
    pub created_ms: i64,
    /// When a rule will send it; none: never by itself.
    pub sends_at_ms: Option<i64>,
}

/// The draft of a question outside of any chat. Not for the page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TriedDraft {
    /// Whose words; none: no draft.
    pub maker: Option<DraftMaker>,
    /// The draft.
    pub text: String,
    /// Keys of the passages it rests on.
    pub cited: Vec<String>,
    /// How far it may be trusted, 0 to 1.
    pub chance: f64,
    /// One key could send it.
    pub one_key: bool,
    /// Why a model's own words are not in it.
    pub stopped: Vec<DraftDanger>,
    /// Why the model did not write it.
    pub trouble: Option<ModelTrouble>,
}

/// A draft in the queue over all chats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WaitingDraft {
    /// Its account.
    pub account: AccountId,
    /// The buyer's name.
    pub buyer: Option<String>,
    /// Title of the listing.
    pub item_title: Option<String>,
    /// Since when the buyer waits.
    pub asked_ms: i64,
    /// The draft.
    pub draft: DraftView,
}

/// What came of sending a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SentDraft {
    /// The echo in the thread.
    pub row: MessageRow,
    /// An entry that the edited reply could become: offered when it says more than the knowledge does.
    pub lesson: Option<EntryInput>,
}

/// A question that nothing answers, with those like it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuestionGroup {
    /// All of them, newest first.
    pub questions: Vec<OpenQuestion>,
    /// For whom an answer would hold: the item when all are about one.
    pub scope: Scope,
    /// Title of that item.
    pub item_title: Option<String>,
}

/// A question that nothing answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OpenQuestion {
    /// The question.
    pub id: QuestionId,
    /// Where it was asked.
    pub chat: ChatId,
    /// The buyer's words.
    pub text: String,
    /// When.
    pub asked_ms: i64,
}

/// A service that speaks the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelPreset {
    /// Names it for the page's words.
    pub id: String,
    /// Its own name.
    pub name: String,
    /// Base address.
    pub base_url: String,
    /// A model to begin with; what stands in angle brackets is for the seller to replace.
    pub model: String,
    /// A key is needed.
    pub needs_key: bool,
    /// Runs on this machine.
    pub local: bool,
    /// Where a key or the program is to be had.
    pub help_url: String,
}

/// A header some providers ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HeaderInput {
    /// Its name.
    pub name: String,
    /// Its value; never shown again.
    pub value: String,
}

/// How drafts are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftSettings {
    /// Make drafts at all.
    pub on: bool,
    /// Ask a language model; otherwise the seller's own words are quoted.
    pub use_model: bool,
    /// The preset it was begun with.
    pub preset: Option<String>,
    /// Base address with the version's path.
    pub base_url: String,
    /// The model's name.
    pub model: String,
    /// The embedding model at the same address, for finding by meaning; empty: knowledge is found by words alone.
    #[serde(default)]
    pub embeddings_model: String,
    /// How long an answer may take, seconds.
    pub timeout_s: u32,
    /// Price of a million tokens of questions, roubles; 0: free.
    pub rub_per_million_in: f64,
    /// Price of a million tokens of answers.
    pub rub_per_million_out: f64,
    /// Tokens a day at most; none: no limit.
    pub day_tokens: Option<u32>,
    /// Tokens a month at most.
    pub month_tokens: Option<u32>,
    /// Roubles a day at most.
    pub day_rub: Option<f64>,
    /// Roubles a month at most.
    pub month_rub: Option<f64>,
    /// A polite reply offered where nothing answers; empty: none is offered.
    pub holding_text: String,
    /// Drafts made at the same time; 1 suits a model on one's own machine.
    pub workers: u32,
    /// Chats whose work is held in memory at most; the others wait in the archive.
    pub queue: u32,
}

impl Default for DraftSettings {
    fn default() -> Self {
        Self {
            on: true,
            use_model: false,
            preset: None,
            base_url: String::new(),
            model: String::new(),
            embeddings_model: String::new(),
            timeout_s: 60,
            rub_per_million_in: 0.0,
            rub_per_million_out: 0.0,
            day_tokens: None,
            month_tokens: None,
            day_rub: None,
            month_rub: None,
            holding_text: "Здравствуйте! Вижу ваш вопрос, отвечу здесь же.".into(),
            workers: 3,
            queue: 1000,
        }
    }
}

/// What is secret of a model's settings. None keeps what is stored.
#[derive(Clone, Default, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelSecrets {
    /// The key; empty removes it.
    pub key: Option<String>,
    /// Further headers.
    pub headers: Option<Vec<HeaderInput>>,
    /// A proxy for the model alone, it may hold a password; empty removes it.
    pub proxy: Option<String>,
}

/// The settings with what is known of their secrets and of the budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftSettingsView {
    /// The settings.
    pub settings: DraftSettings,
    /// A key is kept.
    pub has_key: bool,
    /// Names of the headers kept.
    pub header_names: Vec<String>,
    /// The proxy without its password.
    pub proxy: Option<String>,
    /// What was used today.
    pub today: ModelUse,
    /// What was used this month.
    pub month: ModelUse,
    /// What hinders the model at present.
    pub trouble: Option<ModelTrouble>,
    /// Rules are paused.
    pub rules_paused: bool,
}

/// What a model was used for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelUse {
    /// Questions asked.
    pub calls: u32,
    /// Tokens of questions and answers.
    pub tokens: u32,
    /// Roubles by the prices in the settings.
    pub rub: f64,
}

/// What a check of a model found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelCheck {
    /// What hinders it; none: it answers.
    pub trouble: Option<ModelTrouble>,
    /// Models the server names; empty: it does not tell.
    pub models: Vec<String>,
    /// How long an answer took, milliseconds.
    pub took_ms: u32,
}

/// How drafts have done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftStatistics {
    /// Over all.
    pub all: DraftCounts,
    /// By who made them: model names, `quote`, `holding`.
    pub by_maker: Vec<(String, DraftCounts)>,
    /// By source: its title.
    pub by_source: Vec<(String, DraftCounts)>,
    /// Middle time from a buyer's question to a reply that began as a draft, seconds.
    pub answer_with_s: Option<u32>,
    /// The same for other replies.
    pub answer_without_s: Option<u32>,
    /// Questions that nothing answered.
    pub unanswerable: u32,
}

/// Counts of drafts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftCounts {
    /// Sent as they were, by rules included.
    pub sent: u32,
    /// Sent after a change.
    pub edited: u32,
    /// How much of an edited one was changed on average, 0 to 1.
    pub edit_share: f64,
    /// Turned down.
    pub dismissed: u32,
    /// Overtaken by the talk.
    pub stale: u32,
}
