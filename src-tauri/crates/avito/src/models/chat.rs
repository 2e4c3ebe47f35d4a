//! Chats, the listing they are about, the people in them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::content::PICTURE_WIDTH;
use super::{Message, best_for};
use crate::error::Error;
use crate::json::Fields;

/// The width wanted of an avatar, in pixels.
const AVATAR_WIDTH: u32 = 128;
/// A fragment of the advertising text that replaces every message when the tariff has no messenger API.
const TARIFF_PLACEHOLDER: &str = "подписку с api мессенджера";

/// What a chat is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ChatType {
    /// About a listing.
    U2i,
    /// Between users, opened from a profile.
    U2u,
    /// Between a user and Avito itself.
    A2u,
    /// Unknown to this version.
    Other(String),
}

impl ChatType {
    /// As Avito writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::U2i => "u2i",
            Self::U2u => "u2u",
            Self::A2u => "a2u",
            Self::Other(other) => other,
        }
    }

    /// The type a chat id begins with, such as `u2i` of `u2i-k3Vd~8QmZ`.
    pub fn of_chat_id(chat_id: &str) -> Self {
        chat_id.split_once('-').map_or("", |(prefix, _)| prefix).into()
    }
}

impl From<&str> for ChatType {
    fn from(name: &str) -> Self {
        match name {
            "u2i" => Self::U2i,
            "u2u" => Self::U2u,
            "a2u" => Self::A2u,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for ChatType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which chats to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatsQuery {
    /// Only chats about these items; all when empty.
    pub item_ids: Vec<i64>,
    /// Only chats with unread messages: Avito has no other unread mark.
    pub unread_only: bool,
    /// Empty means Avito's default, `u2i` only.
    pub chat_types: Vec<ChatType>,
    /// 1 to 100.
    pub limit: u32,
    /// 0 to 1000; chats beyond cannot be listed.
    pub offset: u32,
}

impl Default for ChatsQuery {
    fn default() -> Self {
        Self { item_ids: Vec::new(), unread_only: false, chat_types: Vec::new(), limit: 100, offset: 0 }
    }
}

/// A page of chats, the most recently updated first. Pages shift while they are walked: drop duplicates by id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatsPage {
    /// The chats.
    pub chats: Vec<Chat>,
    /// Whether there are more, when told. Otherwise a page shorter than the limit is the last.
    pub has_more: Option<bool>,
    /// JSON paths of elements that could not be read at all.
    pub skipped: Vec<String>,
}

/// A chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    /// Opaque id.
    pub id: String,
    /// By the id's prefix.
    pub chat_type: ChatType,
    /// What it is about.
    pub context: Option<Context>,
    /// Unix seconds; 0 when missing.
    pub created: i64,
    /// When it last changed, in unix seconds; 0 when missing.
    pub updated: i64,
    /// The newest message, without its read flag.
    pub last_message: Option<Message>,
    /// The participants as far as Avito names them, in no particular order; may be one or none.
    pub users: Vec<ChatUser>,
    /// The JSON it was read from.
    pub raw: Value,
}

/// What a chat is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// `item` is the only documented value.
    pub kind: String,
    /// The listing, when `kind` is `item`.
    pub item: Option<ContextItem>,
}

/// The listing a chat is about.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextItem {
    /// Avito's item id, beyond 32 bits.
    pub id: i64,
    /// Its title; empty when missing.
    pub title: String,
    /// The listing's author: the account itself when it is the seller in this chat.
    pub user_id: Option<i64>,
    /// The price as a ready-made text, or words such as «Бесплатно».
    pub price_string: Option<String>,
    /// 4 has been seen on active listings, 20 means deleted; the rest is unknown.
    pub status_id: Option<i64>,
    /// The listing's page.
    pub url: Option<String>,
    /// The main picture, small.
    pub image_url: Option<String>,
    /// How many pictures the listing has.
    pub image_count: Option<i64>,
    /// Where it is.
    pub location: Option<ItemLocation>,
}

/// Where a listing is.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemLocation {
    /// Usually the town.
    pub title: Option<String>,
    /// Latitude in degrees.
    pub lat: Option<f64>,
    /// Longitude in degrees.
    pub lon: Option<f64>,
}

/// A participant of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatUser {
    /// User id within the messenger; need not be the public one.
    pub id: i64,
    /// The name; empty when missing.
    pub name: String,
    /// A picture about 128 pixels wide.
    pub avatar_url: Option<String>,
    /// The public profile.
    pub profile_url: Option<String>,
}

impl Chat {
    /// Interprets a chat from the list or from a single answer.
    ///
    /// # Errors
    /// [`crate::Class::UnexpectedShape`] when it is not an object with an `id`.
    pub fn from_json(json: &Value) -> Result<Self, Error> {
        Self::read(json.clone()).map_err(|path| Error::shape("chat", path))
    }

    /// The participant who is not `own_id`; Avito does not always name one.
    pub fn other_user(&self, own_id: i64) -> Option<&ChatUser> {
        self.users.iter().find(|user| user.id != own_id)
    }

    /// Whether the last message is the advertisement Avito puts there when the tariff has no messenger API.
    pub fn has_tariff_placeholder(&self) -> bool {
        // Read from the JSON: the advertisement need not have a message id.
        let text = self.raw.pointer("/last_message/content/text").and_then(Value::as_str);
        text.is_some_and(is_tariff_placeholder)
    }

    pub(crate) fn read(raw: Value) -> Result<Self, String> {
        let id = raw.id("id").ok_or("id")?;
        let users = raw.get("users").and_then(Value::as_array).into_iter().flatten();
        let last_message = raw.object("last_message").and_then(|message| Message::read(message.clone()).ok());
        Ok(Self {
            chat_type: ChatType::of_chat_id(&id),
            context: raw.get("context").and_then(Context::read),
            created: raw.seconds("created").unwrap_or(0),
            updated: raw.seconds("updated").unwrap_or(0),
            last_message,
            users: users.filter_map(ChatUser::read).collect(),
            id,
            raw,
        })
    }
}

impl Context {
    pub(crate) fn read(raw: &Value) -> Option<Self> {
        let kind = raw.text("type")?;
        // Of other kinds the value's id would be something else.
        let item = raw.object("value").filter(|_| kind == "item").and_then(ContextItem::read);
        Some(Self { kind, item })
    }
}

impl ContextItem {
    fn read(raw: &Value) -> Option<Self> {
        let pictures: BTreeMap<String, String> =
            raw.get("images").map(|images| images.links("main")).unwrap_or_default();
        Some(Self {
            id: raw.int("id")?,
            title: raw.text("title").unwrap_or_default(),
            user_id: raw.int("user_id"),
            price_string: raw.text("price_string"),
            status_id: raw.int("status_id"),
            url: raw.text("url"),
            image_url: best_for(&pictures, PICTURE_WIDTH).map(str::to_owned),
            image_count: raw.get("images").and_then(|images| images.int("count")),
            location: raw.object("location").map(|place| ItemLocation {
                title: place.text("title"),
                lat: place.float("lat"),
                lon: place.float("lon"),
            }),
        })
    }
}

impl ChatUser {
    fn read(raw: &Value) -> Option<Self> {
        let profile = raw.get("public_user_profile").unwrap_or(&Value::Null);
        let avatar = profile.get("avatar").unwrap_or(&Value::Null);
        let avatar_url = best_for(&avatar.links("images"), AVATAR_WIDTH).map(str::to_owned);
        Some(Self {
            id: raw.int("id")?,
            name: raw.text("name").unwrap_or_default(),
            avatar_url: avatar_url.or_else(|| avatar.text("default")),
            profile_url: profile.text("url"),
        })
    }
}

/// Whether a text is the advertisement that replaces messages when the tariff has no messenger API.
pub fn is_tariff_placeholder(text: &str) -> bool {
    text.to_lowercase().replace('\u{a0}', " ").contains(TARIFF_PLACEHOLDER)
}
