//! What the page and the command line see: rows the core has shaped, so that a reader only draws them.
//!
//! These types are the contract with the page; `specta` turns them into TypeScript. Times are UTC milliseconds, ids are
//! local row ids unless the field says otherwise. Nothing here can hold a secret.

mod account;
mod app;
mod backup;
mod chat;
mod drafts;
mod knowledge;
mod line;
mod message;
mod order;
mod recalls;
mod replay;
mod rules;
mod search;
mod storage;

pub use self::account::*;
pub use self::app::*;
pub use self::backup::*;
pub use self::chat::*;
pub use self::drafts::*;
pub use self::knowledge::*;
pub use self::line::*;
pub use self::message::*;
pub use self::order::*;
pub use self::recalls::*;
pub use self::replay::*;
pub use self::rules::*;
pub use self::search::*;
pub use self::storage::*;
