//! Backups, restoring and export.

use serde::{Deserialize, Serialize};
use specta::Type;

/// A backup that was read to its end and found good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupReport {
    /// The file.
    pub path: String,
    /// Its size.
    pub bytes: i64,
    /// When it was made.
    pub created_ms: i64,
    /// Version of the program that made it.
    pub program: String,
    /// Accounts in it, also disconnected ones whose chats were kept.
    pub accounts: u32,
    /// Chats in it.
    pub chats: u32,
    /// Messages in it.
    pub messages: u32,
    /// Pictures and voice files in it.
    pub files: u32,
}

/// A restored backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestoreReport {
    /// What was restored.
    pub backup: BackupReport,
    /// The folder with what was there before; none: there was nothing.
    pub set_aside: Option<String>,
}

/// The newest backup made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LastBackup {
    /// When it was made.
    pub at_ms: i64,
    /// The file, as it was named then.
    pub path: String,
    /// Its size.
    pub bytes: i64,
}

/// What long work is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LongWork {
    /// A backup is being made.
    Create,
    /// A backup is being checked.
    Verify,
    /// A backup is being restored.
    Restore,
    /// Chats are being exported.
    Export,
}

/// How far long work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WorkProgress {
    /// Which work.
    pub work: LongWork,
    /// Bytes (an export: messages) done.
    pub done: i64,
    /// In all; 0 while it is not known.
    pub total: i64,
}

/// The state of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupView {
    /// What is going on.
    pub running: Option<WorkProgress>,
    /// The newest backup made here.
    pub last: Option<LastBackup>,
    /// The archive has a recovery code, so a backup can do without a passphrase.
    pub has_recovery_code: bool,
}

/// How chats are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// JSON Lines, for programs.
    Jsonl,
    /// Pages for people.
    Html,
}

/// A finished export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The folder.
    pub path: String,
    /// Chats in it.
    pub chats: u32,
    /// Messages in it.
    pub messages: u32,
    /// Pictures and voice files in it.
    pub files: u32,
    /// Pictures and voice files that are not in it, because they were never opened here.
    pub missing_files: u32,
}

/// Files of backups, chosen by the system's own dialog; the page never names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupPlace {
    /// Where new backups and exports go.
    pub folder: String,
    /// The backup to check or restore.
    pub file: Option<String>,
}
