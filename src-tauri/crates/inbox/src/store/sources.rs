//! Table `sources`: what the seller told us.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use crate::ids::{AccountId, FolderId, SourceId};
use crate::view::{SourceKind, SourceState};

const KINDS: [SourceKind; 6] = [
    SourceKind::Question,
    SourceKind::Note,
    SourceKind::File,
    SourceKind::Pasted,
    SourceKind::Item,
    SourceKind::Reply,
];
const STATES: [SourceState; 4] =
    [SourceState::ToRead, SourceState::Read, SourceState::Unreadable, SourceState::Stopped];

fn numbered<T: Copy + PartialEq>(all: &[T], value: T) -> i64 {
    all.iter().position(|other| *other == value).and_then(|at| i64::try_from(at).ok()).unwrap_or(0)
}

fn of_number<T: Copy>(all: &[T], value: ValueRef<'_>) -> FromSqlResult<T> {
    let number = i64::column_result(value)?;
    let found = usize::try_from(number).ok().and_then(|at| all.get(at));
    found.copied().ok_or(FromSqlError::OutOfRange(number))
}

impl ToSql for SourceKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(numbered(&KINDS, *self).into())
    }
}

impl FromSql for SourceKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        of_number(&KINDS, value)
    }
}

impl ToSql for SourceState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(numbered(&STATES, *self).into())
    }
}

impl FromSql for SourceState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        of_number(&STATES, value)
    }
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceRow {
    pub(crate) id: SourceId,
    pub(crate) kind: SourceKind,
    pub(crate) account: Option<AccountId>,
    pub(crate) item: Option<i64>,
    pub(crate) title: String,
    pub(crate) text: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) folder: Option<FolderId>,
    pub(crate) size: Option<i64>,
    pub(crate) modified_ms: Option<i64>,
    pub(crate) hash: Option<Vec<u8>>,
    pub(crate) state: SourceState,
    pub(crate) reading: i64,
    /// JSON.
    pub(crate) problems: Option<String>,
    pub(crate) off: bool,
    pub(crate) unsettled: bool,
    pub(crate) added_ms: i64,
    pub(crate) changed_ms: i64,
}

pub(crate) const COLUMNS: &str = "sources.id, sources.kind, sources.account, sources.item, sources.title, sources.text, sources.url, \
     sources.path, sources.folder, sources.size, sources.modified_ms, sources.hash, sources.state, sources.reading, \
     sources.problems, sources.off, sources.unsettled, sources.added_ms, sources.changed_ms";

/// Reads a row of [`COLUMNS`], which come first.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<SourceRow> {
    Ok(SourceRow {
        id: row.get(0)?,
        kind: row.get(1)?,
        account: row.get(2)?,
        item: row.get(3)?,
        title: row.get(4)?,
        text: row.get(5)?,
        url: row.get(6)?,
        path: row.get(7)?,
        folder: row.get(8)?,
        size: row.get(9)?,
        modified_ms: row.get(10)?,
        hash: row.get(11)?,
        state: row.get(12)?,
        reading: row.get(13)?,
        problems: row.get(14)?,
        off: row.get(15)?,
        unsettled: row.get(16)?,
        added_ms: row.get(17)?,
        changed_ms: row.get(18)?,
    })
}

/// What a new source is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewSource {
    pub(crate) kind: SourceKind,
    pub(crate) account: Option<AccountId>,
    pub(crate) item: Option<i64>,
    pub(crate) title: String,
    pub(crate) text: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) folder: Option<FolderId>,
    pub(crate) state: SourceState,
    pub(crate) now_ms: i64,
}

/// Adds a source.
pub(crate) fn add(connection: &Connection, new: &NewSource) -> Result<SourceId, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sources (kind, account, item, title, text, url, path, folder, state, added_ms, changed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
        )?
        .execute((
            new.kind,
            new.account,
            new.item,
            &new.title,
            &new.text,
            &new.url,
            &new.path,
            new.folder,
            new.state,
            new.now_ms,
        ))?;
    Ok(SourceId(connection.last_insert_rowid()))
}

/// Whether the seller has told us anything.
pub(crate) fn any(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM sources WHERE removed = 0 AND off = 0 LIMIT 1")?.exists([])?)
}

/// A source that was not removed.
pub(crate) fn get(connection: &Connection, id: SourceId) -> Result<Option<SourceRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sources WHERE id = ?1 AND removed = 0");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// Changes what was written, and for whom it holds.
pub(crate) fn rewrite(connection: &Connection, id: SourceId, new: &NewSource) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE sources SET kind = ?2, account = ?3, item = ?4, title = ?5, text = ?6, url = ?7, changed_ms = ?8
             WHERE id = ?1",
        )?
        .execute((id, new.kind, new.account, new.item, &new.title, &new.text, &new.url, new.now_ms))?;
    Ok(())
}

/// Switches a source off or on. Its passages follow with [`super::passages::settle_piece`].
pub(crate) fn set_off(connection: &Connection, id: SourceId, off: bool) -> Result<bool, StoreError> {
    let sql = "UPDATE sources SET off = ?2, unsettled = 1 WHERE id = ?1 AND removed = 0 AND off <> ?2";
    Ok(connection.prepare_cached(sql)?.execute((id, off))? > 0)
}

/// The seller removes a source. Its passages, and then itself, follow with [`super::passages::settle_piece`].
pub(crate) fn set_removed(connection: &Connection, id: SourceId) -> Result<bool, StoreError> {
    let sql = "UPDATE sources SET removed = 1, off = 1, unsettled = 1 WHERE id = ?1 AND removed = 0";
    Ok(connection.prepare_cached(sql)?.execute([id])? > 0)
}

/// Sources whose passages do not stand in the index as they should: a kill came between.
pub(crate) fn unsettled(connection: &Connection) -> Result<Vec<SourceId>, StoreError> {
    let mut statement = connection.prepare("SELECT id FROM sources WHERE unsettled = 1 ORDER BY id")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}
