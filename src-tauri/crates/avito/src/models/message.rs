//! Messages.

use serde_json::Value;

use super::Content;
use crate::error::Error;
use crate::json::Fields;

/// Seen from the account: who wrote to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the other side to the account.
    Incoming,
    /// From the account, whichever program or person of it wrote.
    Outgoing,
}

/// The kind of a message, Avito's `type`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described at the Content variant of the same name")]
pub enum Kind {
    Text,
    Image,
    Link,
    Item,
    Location,
    Call,
    Voice,
    System,
    Deleted,
    AppCall,
    File,
    Video,
    /// A kind unknown to this version, as Avito calls it; empty when the type is missing.
    Other(String),
}

impl Kind {
    /// As Avito writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Link => "link",
            Self::Item => "item",
            Self::Location => "location",
            Self::Call => "call",
            Self::Voice => "voice",
            Self::System => "system",
            Self::Deleted => "deleted",
            Self::AppCall => "appCall",
            Self::File => "file",
            Self::Video => "video",
            Self::Other(kind) => kind,
        }
    }

    /// The kind in a message, found by its content's key when the type is missing.
    fn of(message: &Value, content: &Value) -> Self {
        match message.get("type").and_then(Value::as_str) {
            Some(kind) => kind.into(),
            None => ["image", "link", "item", "location", "call", "voice", "text"]
                .into_iter()
                .find(|key| content.get(key).is_some_and(|value| !value.is_null()))
                .unwrap_or_default()
                .into(),
        }
    }
}

impl From<&str> for Kind {
    fn from(kind: &str) -> Self {
        match kind {
            "text" => Self::Text,
            "image" => Self::Image,
            "link" => Self::Link,
            "item" => Self::Item,
            "location" => Self::Location,
            "call" => Self::Call,
            "voice" => Self::Voice,
            "system" => Self::System,
            "deleted" => Self::Deleted,
            "appCall" => Self::AppCall,
            "file" => Self::File,
            "video" => Self::Video,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Opaque id, unique within the account.
    pub id: String,
    /// The author's user id. Of system messages it means nothing.
    pub author_id: Option<i64>,
    /// When it was written, in unix seconds; 0 when Avito did not say.
    pub created: i64,
    /// Told by the API; for webhook values computed from `user_id` and `author_id`.
    pub direction: Option<Direction>,
    /// Avito's `type`. A deleted or system message may well be `Kind::Text`: look at the content.
    pub kind: Kind,
    /// What it says.
    pub content: Content,
    /// Whether the account has read it (`isRead` or `is_read`). For outgoing ones prefer `read_at`.
    pub is_read: Option<bool>,
    /// When the other side read it, in unix seconds.
    pub read_at: Option<i64>,
    /// When it was delivered, in unix seconds; only seen in the last message of a chat.
    pub delivered_at: Option<i64>,
    /// The message this one quotes.
    pub quote: Option<Box<Quote>>,
    /// The JSON it was read from.
    pub raw: Value,
}

/// A message quoted by another.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// The quoted message's id.
    pub id: Option<String>,
    /// Its author.
    pub author_id: Option<i64>,
    /// When it was written, in unix seconds.
    pub created: Option<i64>,
    /// Its kind.
    pub kind: Kind,
    /// What it says.
    pub content: Content,
}

/// A page of messages, in the server's order: newest first, as far as anybody has seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MessagesPage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether there are more, when told. Otherwise a page shorter than the limit is the last.
    pub has_more: Option<bool>,
    /// JSON paths of elements that could not be read at all.
    pub skipped: Vec<String>,
}

impl Message {
    /// Interprets a message from a list, from a chat, from a send's answer or from a webhook.
    ///
    /// # Errors
    /// [`crate::Class::UnexpectedShape`] when it is not an object with an `id`.
    pub fn from_json(json: &Value) -> Result<Self, Error> {
        Self::read(json.clone()).map_err(|path| Error::shape("message", path))
    }

    /// The words of the message, see [`Content::text`].
    pub fn text(&self) -> Option<&str> {
        self.content.text()
    }

    /// Like [`Message::from_json`], keeping the value and failing with the JSON path.
    pub(crate) fn read(raw: Value) -> Result<Self, String> {
        let id = raw.id("id").ok_or("id")?;
        let content = raw.get("content").unwrap_or(&Value::Null);
        let kind = Kind::of(&raw, content);
        let read_at = raw.seconds("read");
        let delivered_at = raw.seconds("delivered");
        Ok(Self {
            author_id: raw.int("author_id"),
            created: raw.seconds("created").or(delivered_at).unwrap_or(0),
            direction: direction(&raw, &kind),
            content: Content::from_json(&kind, content),
            is_read: raw.flag("isRead").or_else(|| raw.flag("is_read")),
            read_at,
            delivered_at,
            quote: raw.object("quote").map(|quote| Box::new(Quote::read(quote))),
            id,
            kind,
            raw,
        })
    }
}

impl Quote {
    fn read(raw: &Value) -> Self {
        let content = raw.get("content").unwrap_or(&Value::Null);
        let kind = Kind::of(raw, content);
        Self {
            id: raw.id("id"),
            author_id: raw.int("author_id"),
            created: raw.seconds("created"),
            content: Content::from_json(&kind, content),
            kind,
        }
    }
}

/// `direction` where there is one; a webhook value has none, but names the account (`user_id`) and the author.
fn direction(raw: &Value, kind: &Kind) -> Option<Direction> {
    match raw.get("direction").and_then(Value::as_str) {
        Some("in") => Some(Direction::Incoming),
        Some("out") => Some(Direction::Outgoing),
        _ => {
            let account = raw.int("user_id")?;
            let outgoing = *kind != Kind::System && raw.int("author_id")? == account;
            Some(if outgoing { Direction::Outgoing } else { Direction::Incoming })
        }
    }
}
