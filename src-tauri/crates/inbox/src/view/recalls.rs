//! Replies whose facts changed after they were sent.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::DraftMark;
use crate::ids::{AccountId, ChatId, DraftId, MessageId};

/// A reply that Avito can still delete, and that states something that is no longer so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Recall {
    /// The draft it began as.
    pub draft: DraftId,
    /// Its account.
    pub account: AccountId,
    /// Its chat.
    pub chat: ChatId,
    /// The buyer's name.
    pub buyer: Option<String>,
    /// The message.
    pub message: MessageId,
    /// Its words.
    pub text: String,
    /// Facts in them that nothing says any longer; empty: the passage it quotes was changed or removed.
    pub marks: Vec<DraftMark>,
    /// Avito deletes it until then.
    pub until_ms: i64,
}
