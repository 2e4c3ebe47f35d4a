//! A thread and its bubbles.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Preview, TroubleCode};
use crate::ids::{MediaId, MessageId, OutboxId};

/// A position in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessageCursor {
    /// `sent_ms` of the oldest row seen.
    pub sent_ms: i64,
    /// Tie-breaker, opaque.
    pub order: i64,
    /// `id` of the oldest row seen.
    pub id: MessageId,
}

/// A piece of a thread, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// Rows, oldest first; local echoes of the outbox last (newest page only).
    pub rows: Vec<MessageRow>,
    /// Where older messages begin; none at the beginning of what we hold.
    pub older: Option<MessageCursor>,
    /// Of a piece from the middle: the last message of it, when newer ones follow. None: it reaches the end, or was asked for
    /// from the end.
    pub newer: Option<MessageId>,
}

/// One bubble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessageRow {
    /// Stable key for lists; the echo and the real message share it.
    pub key: String,
    /// Local id; none for an echo Avito has not confirmed.
    pub id: Option<MessageId>,
    /// Avito's message id.
    pub avito_id: Option<String>,
    /// Outbox row of an echo.
    pub outbox: Option<OutboxId>,
    /// Ours.
    pub outgoing: bool,
    /// When it was sent.
    pub sent_ms: i64,
    /// What it says.
    pub body: MessageBody,
    /// Deleted at Avito; `body` keeps our copy if we had one.
    pub deleted: bool,
    /// Ours: how far it has come.
    pub delivery: Option<Delivery>,
    /// Ours: a rule sent it.
    pub automatic: bool,
    /// Ours: may be deleted at Avito until then.
    pub deletable_until_ms: Option<i64>,
    /// Message it answers.
    pub quote: Option<QuoteView>,
}

/// A quoted message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuoteView {
    /// Whether the quoted message is ours.
    pub outgoing: bool,
    /// Its kind and words.
    pub preview: Preview,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum MessageBody {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// Picture.
    Image {
        /// For the bubble.
        small: Option<MediaId>,
        /// For the large view.
        large: Option<MediaId>,
        /// Width of the picture in pixels, if known.
        width: Option<u32>,
        /// Height of the picture in pixels, if known.
        height: Option<u32>,
        /// Caption.
        caption: Option<String>,
    },
    /// Link.
    Link {
        /// Words of the message.
        text: String,
        /// The real address.
        url: String,
        /// Title of the preview.
        title: Option<String>,
        /// Description of the preview.
        description: Option<String>,
        /// Domain as Avito saw it.
        domain: Option<String>,
    },
    /// Listing.
    Item {
        /// Title.
        title: String,
        /// Ready-made price text.
        price: Option<String>,
        /// Address on the site.
        url: Option<String>,
        /// Picture.
        picture: Option<MediaId>,
    },
    /// Place.
    Location {
        /// Title.
        title: String,
        /// Address in words.
        text: String,
        /// Latitude, degrees.
        lat: Option<f64>,
        /// Longitude, degrees.
        lon: Option<f64>,
    },
    /// Call.
    Call {
        /// Not answered.
        missed: bool,
    },
    /// Voice message.
    Voice {
        /// The file, through the core.
        media: MediaId,
    },
    /// Avito's own note.
    System {
        /// Its text.
        text: String,
    },
    /// Deleted at Avito before we had a copy.
    Deleted,
    /// Something Avito does not hand out (video, file, call in the app) or we do not know.
    Unsupported {
        /// Avito's word for the kind.
        what: String,
    },
}

/// How far a message of ours has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Delivery {
    /// In the outbox.
    Queued,
    /// Not sent before this moment: the seller may take it back.
    Held {
        /// When it goes out.
        until_ms: i64,
    },
    /// On its way (for pictures: being uploaded or sent).
    Sending,
    /// The answer was lost; we look into the chat before anything else.
    Checking,
    /// Tried again by itself at this time.
    Waiting {
        /// Why.
        code: TroubleCode,
        /// When it is tried again.
        until_ms: i64,
    },
    /// Parked: the seller decides.
    Failed {
        /// Why.
        code: SendFailure,
        /// The server's own words, if it had any.
        detail: Option<String>,
    },
    /// Avito has it.
    Sent,
    /// The buyer has read it.
    Read,
}

/// Why a reply was parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SendFailure {
    /// Avito refused the text or picture.
    Refused,
    /// No access to this chat (blocked, removed, employee's key).
    Forbidden,
    /// The chat is gone.
    NotFound,
    /// The tariff has no messenger API.
    TariffMissing,
    /// The key does not work.
    WrongKey,
    /// It cannot be proved whether Avito has it.
    Unproved,
    /// The picture's file is no longer there.
    FileMissing,
}
