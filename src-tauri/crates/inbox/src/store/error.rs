//! Why the database could not do what was asked. The kinds of failure are told apart here and nowhere else (invariant 12).

use std::io;

use knowledge::KnowledgeError;
use rusqlite::{ErrorCode, ffi};

/// Why the database could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk, or the seller's share of it, is full.
    #[error("no space is left on the disk")]
    Full,
    /// The disk or the folder takes no writing.
    #[error("the data folder cannot be written to")]
    ReadOnly,
    /// Another program keeps the file locked.
    #[error("another program keeps the database locked")]
    Busy,
    /// The file is not what was written: torn, cut or overwritten.
    #[error("the database is damaged")]
    Damaged,
    /// The file was written by a newer program.
    #[error("the database has version {found}, this program knows {known}")]
    Newer {
        /// Version of the file.
        found: i64,
        /// Version of this program.
        known: i64,
    },
    /// The file is encrypted and its key is not to be had.
    #[error("the key of the archive is missing")]
    KeyMissing,
    /// Anything else SQLite says: the disk does not answer, or a fault of ours.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
    /// The database file or its folder cannot be used.
    #[error("data folder: {0}")]
    Folder(io::Error),
    /// The writer has ended (the program is closing).
    #[error("the database is closed")]
    Closed,
}

/// A failure of the disk or the file, not of one request: nothing can be kept until it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskTrouble {
    /// [`StoreError::Full`].
    Full,
    /// [`StoreError::ReadOnly`].
    ReadOnly,
    /// [`StoreError::Busy`].
    Busy,
    /// [`StoreError::Damaged`]: does not pass by itself.
    Damaged,
    /// The disk answers with errors.
    Failing,
}

impl DiskTrouble {
    /// What a failure with a file says about the disk.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::Full),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Some(Self::ReadOnly),
            io::ErrorKind::Other => None, // words of ours
            _ => Some(Self::Failing),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error() else { return Self::Sqlite(error) };
        match code.code {
            ErrorCode::DiskFull => Self::Full,
            // The index of the log is a file as well; it is made longer before it is used.
            _ if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Self::Full,
            ErrorCode::ReadOnly => Self::ReadOnly,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<KnowledgeError> for StoreError {
    fn from(error: KnowledgeError) -> Self {
        match error {
            KnowledgeError::Database(error) => error.into(),
            KnowledgeError::Newer { found, known } => Self::Newer { found, known },
            // The index can be made again from the passages: nothing of the seller's is lost.
            KnowledgeError::Damaged(_) => Self::Folder(io::Error::other(error)),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match DiskTrouble::of(&error) {
            Some(DiskTrouble::Full) => Self::Full,
            Some(DiskTrouble::ReadOnly) => Self::ReadOnly,
            _ => Self::Folder(error),
        }
    }
}

impl StoreError {
    /// The same once more: a commit that fails fails for all its callers, and not every error can be cloned.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::ReadOnly => Self::ReadOnly,
            Self::Busy => Self::Busy,
            Self::Damaged => Self::Damaged,
            Self::Newer { found, known } => Self::Newer { found: *found, known: *known },
            Self::KeyMissing => Self::KeyMissing,
            Self::Sqlite(rusqlite::Error::SqliteFailure(code, text)) => {
                Self::Sqlite(rusqlite::Error::SqliteFailure(*code, text.clone()))
            }
            Self::Sqlite(other) => Self::Folder(io::Error::other(other.to_string())),
            Self::Folder(error) => Self::Folder(io::Error::new(error.kind(), error.to_string())),
            Self::Closed => Self::Closed,
        }
    }

    /// What it says about disk and file, if it is about them.
    pub(crate) fn disk_trouble(&self) -> Option<DiskTrouble> {
        match self {
            Self::Full => Some(DiskTrouble::Full),
            Self::ReadOnly => Some(DiskTrouble::ReadOnly),
            Self::Busy => Some(DiskTrouble::Busy),
            Self::Damaged => Some(DiskTrouble::Damaged),
            Self::Sqlite(error) => {
                matches!(error.sqlite_error_code(), Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen))
                    .then_some(DiskTrouble::Failing)
            }
            Self::Folder(error) => DiskTrouble::of(error),
            Self::Newer { .. } | Self::KeyMissing | Self::Closed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: i32) -> StoreError {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into()
    }

    #[test]
    fn invariant_12_each_failure_of_disk_and_file_has_its_own_class() {
        let class = |code| of(code).disk_trouble();
        assert_eq!(class(ffi::SQLITE_FULL), Some(DiskTrouble::Full));
        assert_eq!(class(ffi::SQLITE_IOERR_SHMSIZE), Some(DiskTrouble::Full));
        assert_eq!(class(ffi::SQLITE_READONLY), Some(DiskTrouble::ReadOnly));
        assert_eq!(class(ffi::SQLITE_READONLY_DIRECTORY), Some(DiskTrouble::ReadOnly));
        assert_eq!(class(ffi::SQLITE_BUSY), Some(DiskTrouble::Busy));
        assert_eq!(class(ffi::SQLITE_BUSY_SNAPSHOT), Some(DiskTrouble::Busy));
        assert_eq!(class(ffi::SQLITE_CORRUPT), Some(DiskTrouble::Damaged));
        assert_eq!(class(ffi::SQLITE_NOTADB), Some(DiskTrouble::Damaged));
        assert_eq!(class(ffi::SQLITE_IOERR_WRITE), Some(DiskTrouble::Failing));
        assert_eq!(class(ffi::SQLITE_CANTOPEN), Some(DiskTrouble::Failing));
        // A fault of one request says nothing about the disk.
        assert_eq!(class(ffi::SQLITE_CONSTRAINT), None);
        assert_eq!(StoreError::Closed.disk_trouble(), None);
        let io = |kind: io::ErrorKind| StoreError::from(io::Error::from(kind)).disk_trouble();
        assert_eq!(io(io::ErrorKind::StorageFull), Some(DiskTrouble::Full));
        assert_eq!(io(io::ErrorKind::ReadOnlyFilesystem), Some(DiskTrouble::ReadOnly));
        assert_eq!(io(io::ErrorKind::PermissionDenied), Some(DiskTrouble::ReadOnly));
    }

    #[test]
    fn a_failure_told_to_several_callers_keeps_its_class() {
        for error in [StoreError::Full, StoreError::Damaged, of(ffi::SQLITE_IOERR_FSYNC), StoreError::Busy] {
            assert_eq!(error.again().disk_trouble(), error.disk_trouble());
        }
        assert!(matches!(
            StoreError::Newer { found: 2, known: 1 }.again(),
            StoreError::Newer { found: 2, known: 1 }
        ));
    }
}
