//! The core of Prilavok: accounts, the archive, sync, outbox, webhook endpoint, alerts. No window system in here.
//!
//! ```text
//! endpoint → journal ┐
//! sync (asking)      ├→ ingest → store → notices → page, command line
//! outbox (sending)   ┘
//! ```
//!
//! [`Core`] is the one handle. Reading a thread or the chat list is in [`Core`]'s reading methods, which shape the rows of
//! [`view`]; everything that changes the store goes through the store's single writer.

mod account;
mod alerts;
mod archive;
pub mod backup;
mod clock;
pub mod control;
mod core;
pub mod diagnostics;
mod drafting;
mod endpoint;
mod error;
pub mod export;
mod folder;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod ids;
mod ingest;
mod journal;
mod line;
mod media;
mod outbox;
mod reading;
mod search;
mod secrets;
mod sources;
mod store;
mod sync;
#[cfg(test)]
mod testing;
mod timing;
mod tunnels;
pub mod view;
mod voices;

pub use account::NewKey;
pub use alerts::Alert;
pub use archive::{ArchiveKey, BadCode, SetAside, set_aside};
pub use clock::Clock;
pub use core::{Attention, Core, CoreConfig};
/// Endings of files that can be read as knowledge, besides `pdf`.
pub use documents::EXTENSIONS as READABLE_FILES;
pub use error::CoreError;
pub use folder::DataFolder;
pub use ids::{
    AccountId, ChatId, DraftId, EventId, FolderId, MediaId, MessageId, OutboxId, PassageId, QuestionId,
    RuleId, SourceId,
};
pub use media::MediaFile;
#[doc(hidden)]
pub use search::{expression_of, look_everything_through};
pub use secrets::{SecretError, Vault};
pub use store::{Store, StoreError};
pub use timing::Timing;
pub use tunnels::{MakeTunnel, RealTunnels, TunnelPlan, proxy_snippets};
