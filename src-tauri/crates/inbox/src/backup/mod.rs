//! Backups: one encrypted file with everything, made while the program runs, read back before it counts.
//!
//! ```text
//! create   snapshot of the database ─▶ tar ─▶ encrypted FILE.part ─▶ read back ─▶ FILE
//! verify   FILE ─▶ decrypted ─▶ checksums, database opened and checked, rows counted
//! restore  the same into shop-restoring/ ─▶ under this installation's key, migrated ─▶ shop/ set aside ─▶ renamed to shop/
//! ```
//!
//! `seal` is the outer form (a file in the format of `age`), `format` the inner one (tar). The database is never readable on a disk.
//! Secrets (keys of Avito's API, of webhooks) are not in a backup: they live in the keychain.

mod create;
mod format;
mod job;
mod restore;
mod seal;
mod secret;
mod unpack;

use std::io;
use std::path::{Path, PathBuf};

pub(crate) use self::create::{Source, create};
pub use self::job::Job;
pub use self::restore::{Staged, restore, verify};
pub(crate) use self::restore::{check, settle, stage};
pub use self::secret::BackupSecret;

use crate::folder;
use crate::store::StoreError;

/// What backups are named by.
const EXTENSION: &str = "prilavok-backup";

/// Why a backup could not be made, checked or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Another kind of file.
    #[error("the file is not a backup of this program")]
    NotABackup,
    /// The passphrase or recovery code does not open it.
    #[error("the passphrase or recovery code does not open this backup")]
    WrongSecret,
    /// Cut, torn or changed.
    #[error("the backup is damaged or cut")]
    Damaged,
    /// Made by a newer program.
    #[error("the backup was made by a newer version of the program")]
    Newer,
    /// The archive is not encrypted, so it has no recovery code to encrypt with.
    #[error("no passphrase was given, and the archive has no recovery code")]
    SecretNeeded,
    /// The passphrase for a new backup is too short.
    #[error("the passphrase is shorter than eight characters")]
    SecretTooShort,
    /// There is a file of that name.
    #[error("the file exists already")]
    Exists,
    /// No space left.
    #[error("there is no space left on the disk")]
    DiskFull,
    /// Stopped by the seller.
    #[error("stopped")]
    Cancelled,
    /// Another backup, check or export is going on.
    #[error("another backup or export is going on")]
    Busy,
    /// The database.
    #[error(transparent)]
    Store(StoreError),
    /// Files.
    #[error("file: {0}")]
    File(io::Error),
}

impl From<io::Error> for BackupError {
    /// What is wrapped inside counts: a reader of the tar stream passes on what the decryption found.
    fn from(error: io::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(now) = cause {
            match now.downcast_ref::<Self>() {
                Some(Self::Damaged) => return Self::Damaged,
                Some(Self::Cancelled) => return Self::Cancelled,
                _ => {}
            }
            cause = match now.downcast_ref::<io::Error>() {
                Some(io) if is_full(io) => return Self::DiskFull,
                Some(io) => io.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static)),
                None => now.source(),
            };
        }
        Self::File(error)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Folder(error) => error.into(),
            StoreError::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {
                Self::DiskFull
            }
            StoreError::Sqlite(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
            {
                Self::Cancelled
            }
            other => Self::Store(other),
        }
    }
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Sqlite(error).into()
    }
}

/// A name for a new backup in this folder that no file has yet: `prilavok-2026-11-21.prilavok-backup`.
pub fn free_name(folder: &Path, now_ms: i64) -> PathBuf {
    let day = crate::clock::local_day(now_ms);
    let names = (1..).map(|number: u32| match number {
        1 => format!("prilavok-{day}.{EXTENSION}"),
        _ => format!("prilavok-{day}-{number}.{EXTENSION}"),
    });
    let mut paths = names.map(|name| folder.join(name)).filter(|path| !path.exists());
    paths.next().unwrap_or_else(|| folder.join(format!("prilavok.{EXTENSION}")))
}

/// A folder for the time of one piece of work.
struct WorkFolder(PathBuf);

impl WorkFolder {
    /// What a killed run left there is removed.
    fn new(inside: &Path) -> io::Result<Self> {
        let path = inside.join(WORK);
        remove_folder(&path)?;
        folder::create_private_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        if let Err(error) = remove_folder(&self.0) {
            tracing::warn!(%error, "a folder for a backup's making could not be removed");
        }
    }
}

/// Name of the work folder.
const WORK: &str = "backup-work";

fn remove_folder(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes names in a folder durable. Where a folder cannot be opened for this, or a stick's file system does not know it, nothing
/// is lost but the promise.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Err(error) = std::fs::File::open(path).and_then(|folder| folder.sync_all()) {
        tracing::debug!(%error, "a folder could not be made durable");
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests;
