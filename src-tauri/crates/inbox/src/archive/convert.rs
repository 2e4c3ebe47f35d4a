//! A database under another key: switching encryption on, a new recovery code, a restored backup.
//!
//! The new form is written beside the old one, compared with it and made durable; only then it takes its name. A kill at any moment
//! leaves either the old file or the new one in place, both whole.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use secrecy::zeroize::Zeroizing;

use super::ArchiveKey;
use crate::folder;
use crate::store::{self, StoreError};

/// Where the new form of the database at `path` is made. What lies there at a start is half-made, and of no use.
pub(super) fn beside(path: &Path) -> PathBuf {
    path.with_extension("db.new")
}

/// Puts the database at `path` under another key, in place. Nobody else may have it open. `None`: not encrypted.
pub(crate) fn replace(
    path: &Path,
    from: Option<&ArchiveKey>,
    to: Option<&ArchiveKey>,
) -> Result<(), StoreError> {
    let new = beside(path);
    copy(path, from, &new, to)?;
    // With the last connection SQLite has taken the log into the file. Were it still there, it would be played into the new file.
    let log = path.with_extension("db-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(StoreError::Folder(std::io::Error::other("the database is in use")));
    }
    // In between the note would accuse the old key's owner of a damaged file.
    super::forget_fingerprint(path)?;
    std::fs::rename(&new, path)?;
    make_durable(path)?;
    Ok(to.map_or(Ok(()), |key| super::note_fingerprint(path, key))?)
}

/// Writes the database at `from` to `to`, under another key. Nobody may write to it meanwhile.
pub(crate) fn copy(
    from: &Path,
    from_key: Option<&ArchiveKey>,
    to: &Path,
    to_key: Option<&ArchiveKey>,
) -> Result<(), StoreError> {
    remove(to)?;
    drop(folder::create_private_file(to)?);
    let connection = Connection::open(from)?;
    store::unlock(&connection, from_key)?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    let key = to_key.map_or_else(Zeroizing::default, ArchiveKey::pragma);
    let target = to.to_string_lossy();
    connection.execute("ATTACH DATABASE ?1 AS new KEY ?2", (&*target, key.as_str()))?;
    connection.execute_batch("SELECT sqlcipher_export('new')").or_else(exported)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(Some("new"), "user_version", version)?;
    compare(&connection)?;
    connection.execute_batch("DETACH DATABASE new")?;
    connection.close().map_err(|(_, error)| error)?;
    make_durable(to)
}

/// The export is a SELECT that answers a row, which `execute_batch` may call an error.
fn exported(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::ExecuteReturnedResults => Ok(()),
        other => Err(other),
    }
}

/// Every table has its rows, and the copy is sound.
fn compare(connection: &Connection) -> Result<(), StoreError> {
    // A virtual table keeps its rows in others of these.
    let mut statement = connection.prepare(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL TABLE %'",
    )?;
    let tables = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    for table in tables {
        let count = |schema: &str| -> rusqlite::Result<i64> {
            let name = table.replace('"', "\"\"");
            connection.query_row(&format!("SELECT count(*) FROM {schema}.\"{name}\""), [], |row| row.get(0))
        };
        if count("main")? != count("new")? {
            return Err(StoreError::Folder(std::io::Error::other(
                "the copy of the database is not complete",
            )));
        }
    }
    let sound: String = connection.query_row("PRAGMA new.quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(StoreError::Folder(std::io::Error::other("the copy of the database is not sound")));
    }
    Ok(())
}

/// Removes a half-made file with what belongs to it.
pub(super) fn remove(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn make_durable(path: &Path) -> Result<(), StoreError> {
    File::options().write(true).open(path)?.sync_all()?;
    #[cfg(unix)] // elsewhere a folder cannot be opened for this
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
