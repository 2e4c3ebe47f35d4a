//! The Avito API: calls, token, models of the answers, webhook payloads, classes of failure.
//!
//! Knows nothing of a database, of the application or of its words. Reading is lenient, because Avito's documents
//! and Avito's answers differ: unknown fields are ignored, unknown kinds are kept with their JSON, and one bad
//! element never loses the page it came in.
//!
//! * [`Client`] makes the calls, within a self-imposed [`budget`] and with a token it renews itself;
//! * [`models`] are the answers; [`webhook`] reads what Avito posts to us;
//! * [`Error`] says what went wrong ([`Class`]), whether to try again ([`Retry`]) and, for a send, whether the
//!   message may have been delivered ([`SendOutcome`]).

pub mod budget;
mod client;
mod clock;
pub mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod json;
mod lane;
pub mod models;
mod token;
pub mod webhook;
mod wire;

pub use client::{AVITO_API, BlacklistEntry, BlacklistReason, Client, ClientConfig};
pub use error::{Class, Error, Retry, SendOutcome};
pub use models::{
    AccountSelf, Chat, ChatType, ChatUser, ChatsPage, ChatsQuery, Content, Context, ContextItem, Direction,
    Item, ItemInfo, ItemsPage, ItemsQuery, Kind, Message, MessagesPage, Order, OrdersPage, OrdersQuery,
    Quote, Subscription, UploadedImage, is_tariff_placeholder,
};
pub use token::{Credentials, Grant};
