//! Past questions asked again, before a model or a document is trusted with new ones.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DraftDanger, DraftMaker, DraftMark, ModelTrouble};
use crate::ids::{ChatId, MessageId};

/// A question of the past that the seller answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PastQuestion {
    /// Its chat.
    pub chat: ChatId,
    /// The newest of the buyer's messages.
    pub message: MessageId,
    /// The buyer's name.
    pub buyer: Option<String>,
    /// The question.
    pub question: String,
    /// When it was asked.
    pub asked_ms: i64,
    /// What the seller answered.
    pub reply: String,
}

/// What a question would have got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReplayDraft {
    /// Whose words; none: no draft.
    pub maker: Option<DraftMaker>,
    /// The draft.
    pub text: String,
    /// Its facts.
    pub marks: Vec<DraftMark>,
    /// One key could send it.
    pub one_key: bool,
    /// Why the model's own words are not shown.
    pub stopped: Vec<DraftDanger>,
    /// Why the model did not write it.
    pub trouble: Option<ModelTrouble>,
    /// How near it is to the seller's own reply, by words: 0 nothing, 1 the same.
    pub near: f64,
}

/// What the settings on the screen change for one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ReplayVerdict {
    /// A draft where there was none, one without red facts, or one nearer to the seller's reply.
    Better,
    /// No draft where there was one, or one further from the seller's reply.
    Worse,
    /// Neither.
    Same,
    /// The new draft states what no source says, or was stopped.
    Unsupported,
    /// The model could not be asked.
    Failed,
}

/// One question asked again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// As things were: the draft it got then, or what the saved settings give.
    pub before: ReplayDraft,
    /// With the settings on the screen and the knowledge of now.
    pub after: ReplayDraft,
    /// The comparison.
    pub verdict: ReplayVerdict,
}
