//! Search over all messages.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::PreviewKind;
use crate::ids::{AccountId, ChatId, MessageId};

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessageQuery {
    /// The words, as typed. All of them must stand in a message, in any form; the last may be half typed.
    pub text: String,
    /// One account or all.
    pub account: Option<AccountId>,
    /// One chat or all.
    pub chat: Option<ChatId>,
    /// Continue after this message.
    pub before: Option<MessageId>,
    /// At most so many messages, 1…200.
    pub limit: u32,
}

/// Messages that were found, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundPage {
    /// The messages.
    pub found: Vec<FoundMessage>,
    /// There are more; ask for those before the last one.
    pub more: bool,
    /// Nothing was found as typed, and this is what was looked for: the same keys in the other keyboard layout.
    pub read_as: Option<String>,
    /// Nothing was found as typed: the words found are only like those.
    pub similar: bool,
    /// Messages not looked through yet, about: they are not found until they are.
    pub outstanding: u32,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundMessage {
    /// The message.
    pub message: MessageId,
    /// Its chat.
    pub chat: ChatId,
    /// The chat's account.
    pub account: AccountId,
    /// The buyer's name.
    pub buyer: Option<String>,
    /// Title of the listing.
    pub item_title: Option<String>,
    /// When it was sent.
    pub sent_ms: i64,
    /// Whether it is ours.
    pub outgoing: bool,
    /// What kind of message it is.
    pub kind: PreviewKind,
    /// One line of its text around the first word found.
    pub parts: Vec<FoundPart>,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundPart {
    /// The text.
    pub text: String,
    /// Whether it is a word that was looked for.
    pub found: bool,
}
