//! What the data takes on the disk.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Sizes of the data folder's parts, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StorageView {
    /// The archive: chats, knowledge, drafts.
    pub archive: i64,
    /// Pictures and voice messages.
    pub media: i64,
    /// Of these, what cleaning would free.
    pub pictures: i64,
    /// Logs.
    pub logs: i64,
}
