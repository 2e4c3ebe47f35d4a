//! The chat list and the frame of a chat.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::Delivery;
use crate::ids::{AccountId, ChatId, MediaId, MessageId};

/// Which chats to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatQuery {
    /// One account or all.
    pub account: Option<AccountId>,
    /// Only chats with unread messages.
    pub unread_only: bool,
    /// Only chats whose buyer, listing or last words contain this (case and ё do not matter).
    pub text: Option<String>,
    /// Continue after this position.
    pub after: Option<ChatCursor>,
    /// At most so many rows, 1…500.
    pub limit: u32,
}

/// A position in the chat list: lists are read by key, never by offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatCursor {
    /// `updated_ms` of the last row seen.
    pub updated_ms: i64,
    /// `id` of the last row seen.
    pub id: ChatId,
}

/// A piece of the chat list, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatPage {
    /// Rows.
    pub rows: Vec<ChatRow>,
    /// Where the next page begins; none at the end.
    pub next: Option<ChatCursor>,
    /// How many chats match in all.
    pub total: u32,
}

/// The other person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BuyerView {
    /// Name, when Avito gave one.
    pub name: Option<String>,
    /// Picture.
    pub avatar: Option<MediaId>,
    /// Address of the profile on the site.
    pub profile_url: Option<String>,
}

/// State of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ItemStatus {
    /// On sale.
    Active,
    /// Deleted.
    Removed,
    /// Avito's number means nothing we know.
    Other,
}

/// The listing a chat is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ItemView {
    /// Avito's item id as text (it does not fit a JavaScript number for ever).
    pub avito_id: String,
    /// Title.
    pub title: String,
    /// Ready-made price text.
    pub price: Option<String>,
    /// Picture.
    pub picture: Option<MediaId>,
    /// Status.
    pub status: ItemStatus,
    /// Address on the site.
    pub url: Option<String>,
    /// City.
    pub place: Option<String>,
    /// Other chats about the same listing.
    pub other_chats: u32,
}

/// What kind of thing the last message was; the page has words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PreviewKind {
    /// Plain text, in `text`.
    Text,
    /// Picture; `text` holds a caption if there is one.
    Image,
    /// Link.
    Link,
    /// Listing.
    Item,
    /// Place.
    Location,
    /// Missed call.
    Call,
    /// Voice.
    Voice,
    /// Avito's own note.
    System,
    /// Deleted at Avito.
    Deleted,
    /// Video.
    Video,
    /// File.
    File,
    /// Anything else.
    Other,
}

/// Last words of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// Kind.
    pub kind: PreviewKind,
    /// One line of text, at most 200 characters.
    pub text: String,
    /// Whether it is ours.
    pub outgoing: bool,
    /// For ours: how far it has come.
    pub delivery: Option<Delivery>,
}

/// One line of the chat list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatRow {
    /// Local id.
    pub id: ChatId,
    /// Avito's chat id.
    pub avito_id: String,
    /// Its account.
    pub account: AccountId,
    /// The buyer.
    pub buyer: BuyerView,
    /// Title of the listing.
    pub item_title: Option<String>,
    /// Price of the listing.
    pub item_price: Option<String>,
    /// Picture of the listing.
    pub item_picture: Option<MediaId>,
    /// Order of the list: the later of Avito's `updated` and our newest message.
    pub updated_ms: i64,
    /// Last words.
    pub preview: Option<Preview>,
    /// Unread messages of the buyer.
    pub unread: u32,
    /// The last word is the buyer's.
    pub awaits_reply: bool,
    /// A reply of ours waits for the seller's decision.
    pub failed: bool,
    /// Half-typed text.
    pub composer_text: Option<String>,
}

/// The open chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatView {
    /// The same row as in the list.
    pub row: ChatRow,
    /// Its listing.
    pub item: Option<ItemView>,
    /// The chat on Avito's site.
    pub site_url: String,
    /// Half-typed text, to put into the composer.
    pub composer_text: String,
    /// First unread message when the chat was opened, for the divider.
    pub first_unread: Option<MessageId>,
    /// Older messages may still come from Avito (backfill not complete).
    pub history_incomplete: bool,
    /// This chat's texts are hidden by the tariff (Avito's placeholder).
    pub hidden_by_tariff: bool,
    /// The buyer's other chats.
    pub buyer_other_chats: u32,
    /// When the seller blocked this buyer; Avito has no way back.
    pub blocked_ms: Option<i64>,
}

/// Chats to look at beside the open one: the newest ones of each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RelatedChats {
    /// Others about the same listing.
    pub about_item: Vec<ChatRow>,
    /// Others with the same buyer.
    pub of_buyer: Vec<ChatRow>,
}

/// Why a buyer is blocked; Avito is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum BlockReason {
    /// Unwanted advertising.
    Spam,
    /// Attempted fraud.
    Fraud,
    /// Insults.
    Insults,
    /// Anything else.
    Other,
}
