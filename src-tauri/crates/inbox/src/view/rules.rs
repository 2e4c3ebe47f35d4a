//! Rules: when a draft may be sent without being asked.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::DraftState;
use crate::ids::{AccountId, ChatId, DraftId, MessageId, RuleId};

/// When within the day and week a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RuleHours {
    /// At any time.
    #[default]
    Always,
    /// Within the hours named.
    Within,
    /// Outside of them: nights and days off.
    Outside,
}

/// What a rule allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RuleSettings {
    /// When it holds.
    pub hours: RuleHours,
    /// Beginning of the hours, minutes of the day by this machine's clock.
    pub from_min: u32,
    /// Their end; before the beginning: over midnight.
    pub to_min: u32,
    /// Days of the week of the hours, Monday first.
    pub days: [bool; 7],
    /// Only when the seller has not answered for so many minutes.
    pub after_min: u32,
    /// So long after the draft is made at least, seconds.
    pub delay_s: u32,
    /// Only above this chance, 0 to 1.
    pub min_chance: f64,
    /// At most so many in a chat and hour.
    pub per_hour: u32,
    /// Never when the question has one of these words.
    pub stop_words: Vec<String>,
    /// Sent where nothing else answers; empty: nothing is.
    pub template: String,
    /// The template answers questions with one of these words; empty: every question.
    pub template_words: Vec<String>,
}

impl Default for RuleSettings {
    fn default() -> Self {
        Self {
            hours: RuleHours::Always,
            from_min: 9 * 60,
            to_min: 21 * 60,
            days: [true; 7],
            after_min: 0,
            delay_s: 2,
            min_chance: 0.9,
            per_hour: 3,
            stop_words: ["возврат", "брак", "обман", "жалоба", "суд", "полиция"].map(str::to_owned).to_vec(),
            template: String::new(),
            template_words: Vec::new(),
        }
    }
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// The rule; none: a new one.
    pub id: Option<RuleId>,
    /// For this account; none: every account.
    pub account: Option<AccountId>,
    /// For this item of Avito's, as text; none: every item.
    pub item: Option<String>,
    /// Switched on.
    pub active: bool,
    /// What it allows.
    pub settings: RuleSettings,
}

/// Why a rule does not send a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RuleHindrance {
    /// No draft that answers.
    NoDraft,
    /// A fact has no source.
    Unsupported,
    /// Not sure enough.
    LowChance,
    /// Not at this hour.
    OutsideHours,
    /// A stop word.
    StopWord,
    /// Enough were sent in this chat in the last hour.
    TooMany,
    /// The seller or the buyer went on before its time had come.
    TalkWentOn,
    /// The seller is typing in this chat.
    SellerTypes,
}

/// What a rule would have done with a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DryRun {
    /// The chat.
    pub chat: ChatId,
    /// The buyer's name.
    pub buyer: Option<String>,
    /// The question.
    pub question: String,
    /// The draft.
    pub text: String,
    /// Its chance.
    pub chance: f64,
    /// When it would have been sent; none: not at all.
    pub sends_at_ms: Option<i64>,
    /// Why not.
    pub hindrance: Option<RuleHindrance>,
    /// What became of it in truth.
    pub became: DraftState,
}

/// A reply that a rule sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AutomaticReply {
    /// The draft it was.
    pub draft: DraftId,
    /// The chat.
    pub chat: ChatId,
    /// The message; none while it is on its way.
    pub message: Option<MessageId>,
    /// The rule.
    pub rule: Option<RuleId>,
    /// The question.
    pub question: String,
    /// What was sent.
    pub text: String,
    /// Titles of its sources.
    pub sources: Vec<String>,
    /// When.
    pub sent_ms: i64,
}

/// What the drafts of the last 30 days say of one threshold: what a rule would have sent, and what the seller did with it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RuleLevel {
    /// The threshold, 0 to 1.
    pub min_chance: f64,
    /// Drafts a rule would have sent above it, at any hour.
    pub drafts: u32,
    /// Of them the seller sent as they were.
    pub as_is: u32,
    /// Sent after a change.
    pub edited: u32,
    /// Turned down.
    pub dismissed: u32,
}
