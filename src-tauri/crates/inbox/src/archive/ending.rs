//! How the last run ended, told by a file beside the database that exists while the database is open.
//!
//! After a kill SQLite takes what was committed from its log. A log that is gone by then (a cleaning program, a copy of the folder
//! without it) leaves a database that opens without complaint and lacks the newest messages, and what became of replies already sent:
//! they would be sent again. So such an archive is not opened.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::folder;
use crate::store::StoreError;

/// How the run before this one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It closed the database, or there was none.
    Orderly,
    /// It was killed.
    Killed,
}

/// Looks before anything is opened: opening and closing a database removes its log.
pub(super) fn of_last_run(path: &Path) -> Result<Ending, StoreError> {
    let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let log = with_suffix(path, "-wal");
    let noted = match fs::read_to_string(with_suffix(path, "-open")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        noted => Some(noted?),
    };
    if length(path) == 0 {
        // SQLite would make a new database and throw the log away.
        let lost = noted.is_some() || length(&log) > 0;
        return if lost { Err(StoreError::Damaged) } else { Ok(Ending::Orderly) };
    }
    // A note about another file, which was moved here or away since, says nothing.
    if noted.is_none_or(|noted| noted != identity(path)) {
        return Ok(Ending::Orderly);
    }
    if log.exists() { Ok(Ending::Killed) } else { Err(StoreError::Damaged) }
}

/// The database is open and has its log.
pub(crate) fn begin(path: &Path) -> io::Result<()> {
    let mut note = folder::create_private_file(&with_suffix(path, "-open"))?;
    note.write_all(identity(path).as_bytes())?;
    note.sync_all()
}

/// The database is closed: all is in the one file. Also right before it is opened for something short.
pub(crate) fn end(path: &Path) {
    if let Err(error) = fs::remove_file(with_suffix(path, "-open"))
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "the next start will take this run for a killed one");
    }
}

/// What stays the same as long as a file is the same file.
fn identity(path: &Path) -> String {
    #[cfg(unix)]
    let number = fs::metadata(path).map(|file| std::os::unix::fs::MetadataExt::ino(&file)).ok();
    #[cfg(not(unix))]
    let number = fs::metadata(path)
        .and_then(|file| file.created())
        .ok()
        .and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_nanos()));
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// SQLite's way of naming what lies beside a database.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
