//! Table `media`: the addresses Avito named, so that the page can ask for nothing else.

use rusqlite::{Connection, OptionalExtension};

use super::StoreError;
use crate::ids::{AccountId, MediaId};

/// One picture or voice file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaRow {
    pub(crate) account: AccountId,
    pub(crate) address: String,
    pub(crate) mime: Option<String>,
    pub(crate) fetched: bool,
}

/// The id of an address, made when it is new.
pub(crate) fn id_of(
    connection: &Connection,
    account: AccountId,
    address: &str,
) -> Result<MediaId, StoreError> {
    if let Some(id) = find(connection, account, address)? {
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO media (account, address) VALUES (?1, ?2)")?
        .execute((account, address))?;
    Ok(MediaId(connection.last_insert_rowid()))
}

/// The id of an address already known.
pub(crate) fn find(
    connection: &Connection,
    account: AccountId,
    address: &str,
) -> Result<Option<MediaId>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id FROM media WHERE account = ?1 AND address = ?2")?
        .query_row((account, address), |row| row.get(0))
        .optional()?)
}

/// One row.
pub(crate) fn get(connection: &Connection, id: MediaId) -> Result<Option<MediaRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT account, address, mime, fetched_ms IS NOT NULL FROM media WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(MediaRow {
                account: row.get(0)?,
                address: row.get(1)?,
                mime: row.get(2)?,
                fetched: row.get(3)?,
            })
        })
        .optional()?)
}

/// What an account has in the cache.
pub(crate) fn fetched(connection: &Connection, account: AccountId) -> Result<Vec<MediaId>, StoreError> {
    let mut statement =
        connection.prepare("SELECT id FROM media WHERE account = ?1 AND fetched_ms IS NOT NULL")?;
    Ok(statement.query_map([account], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Notes that the file is in the cache.
pub(crate) fn set_fetched(
    connection: &Connection,
    id: MediaId,
    mime: &str,
    size: usize,
    now_ms: i64,
) -> Result<(), StoreError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    connection.execute(
        "UPDATE media SET mime = ?2, size = ?3, fetched_ms = ?4, keep = 0 WHERE id = ?1",
        (id, mime, size, now_ms),
    )?;
    Ok(())
}

/// Marks a recording as one that is fetched without being asked for; false: it is in the cache. One that was marked before counts: the
/// chat list announces a message before it is read, and wakes nobody.
pub(crate) fn set_to_keep(
    connection: &Connection,
    account: AccountId,
    address: &str,
) -> Result<bool, StoreError> {
    let marked = connection
        .prepare_cached(
            "UPDATE media SET keep = 1 WHERE account = ?1 AND address = ?2 AND fetched_ms IS NULL",
        )?
        .execute((account, address))?;
    Ok(marked > 0)
}

/// The newest recording to be fetched, older than `before`.
pub(crate) fn next_to_keep(
    connection: &Connection,
    account: AccountId,
    before: Option<MediaId>,
) -> Result<Option<MediaId>, StoreError> {
    let before = before.map_or(i64::MAX, |id| id.0);
    Ok(connection
        .prepare_cached(
            "SELECT id FROM media WHERE account = ?1 AND keep = 1 AND id < ?2 ORDER BY id DESC LIMIT 1",
        )?
        .query_row((account, before), |row| row.get(0))
        .optional()?)
}

/// Notes that a recording is not to be had.
pub(crate) fn set_not_kept(connection: &Connection, id: MediaId) -> Result<(), StoreError> {
    connection.execute("UPDATE media SET keep = 0 WHERE id = ?1", [id])?;
    Ok(())
}

/// Pictures in the cache that Avito gives again. Voice files are not among them: Avito deletes those.
pub(crate) fn fetched_pictures(connection: &Connection) -> Result<Vec<MediaId>, StoreError> {
    let mut statement =
        connection.prepare("SELECT id FROM media WHERE fetched_ms IS NOT NULL AND address LIKE 'http%'")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Notes that files are no longer in the cache.
pub(crate) fn set_gone(connection: &Connection, ids: &[MediaId]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE media SET fetched_ms = NULL WHERE id = ?1")?;
    for id in ids {
        statement.execute([id])?;
    }
    Ok(())
}
