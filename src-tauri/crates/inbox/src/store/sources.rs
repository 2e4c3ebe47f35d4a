//! Table `sources`: what the seller told us.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use crate::ids::{AccountId, FolderId, SourceId};
use crate::sources::Ended;
use crate::view::{ProblemCode, SourceKind, SourceState};

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
    /// It is read, and found only when it is switched on.
    pub(crate) off: bool,
    pub(crate) now_ms: i64,
}

/// Adds a source.
pub(crate) fn add(connection: &Connection, new: &NewSource) -> Result<SourceId, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sources (kind, account, item, title, text, url, path, folder, state, off, added_ms, changed_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
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
            new.off,
            new.now_ms,
        ))?;
    Ok(SourceId(connection.last_insert_rowid()))
}

/// Whether the seller has told us anything; items come by themselves.
pub(crate) fn any(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM sources WHERE removed = 0 AND off = 0 AND kind <> ?1 LIMIT 1";
    Ok(connection.prepare_cached(sql)?.exists([SourceKind::Item])?)
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

/// Changes for whom a source holds. Its passages follow with [`super::passages::forget_index`].
pub(crate) fn set_scope(
    connection: &Connection,
    id: SourceId,
    account: Option<AccountId>,
    item: Option<i64>,
) -> Result<bool, StoreError> {
    let sql = "UPDATE sources SET account = ?2, item = ?3 WHERE id = ?1 AND removed = 0";
    Ok(connection.prepare_cached(sql)?.execute((id, account, item))? > 0)
}

/// Switches a source off or on. Its passages follow with [`super::passages::settle_piece`].
pub(crate) fn set_off(connection: &Connection, id: SourceId, off: bool) -> Result<bool, StoreError> {
    let sql = "UPDATE sources SET off = ?2, unsettled = 1 WHERE id = ?1 AND removed = 0 AND off <> ?2";
    Ok(connection.prepare_cached(sql)?.execute((id, off))? > 0)
}

/// What the column `removed` says of a source that is gone for the seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removed {
    /// It is being deleted.
    ForGood = 1,
    /// It is kept for a while, so that it can be had back.
    ForNow = 2,
}

/// The seller removes a source, and may have it back with [`restore`]. Its passages follow with [`super::passages::settle_piece`].
pub(crate) fn put_away(connection: &Connection, id: SourceId) -> Result<bool, StoreError> {
    let sql = "UPDATE sources SET removed = ?2, unsettled = 1 WHERE id = ?1 AND removed = 0";
    Ok(connection.prepare_cached(sql)?.execute((id, Removed::ForNow as i64))? > 0)
}

/// The seller has a source back that was put away, unless its file has become a source again by itself. Answers whether one of them is there.
/// Its passages follow with [`super::passages::settle_piece`].
pub(crate) fn restore(connection: &Connection, id: SourceId) -> Result<bool, StoreError> {
    let again = "SELECT 1 FROM sources AS gone JOIN sources AS there ON there.path = gone.path
                 WHERE gone.id = ?1 AND there.removed = 0";
    if connection.prepare_cached(again)?.exists([id])? {
        return Ok(true);
    }
    let sql = "UPDATE sources SET removed = 0, unsettled = 1 WHERE id = ?1 AND removed = ?2";
    Ok(connection.prepare_cached(sql)?.execute((id, Removed::ForNow as i64))? > 0)
}

/// What was put away is not wanted back: this source, or all. It is deleted with [`super::passages::settle_piece`].
pub(crate) fn give_up(connection: &Connection, id: Option<SourceId>) -> Result<(), StoreError> {
    let sql = "UPDATE sources SET removed = ?2, unsettled = 1 WHERE removed = ?3 AND (?1 IS NULL OR id = ?1)";
    let values = (id, Removed::ForGood as i64, Removed::ForNow as i64);
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// A source is removed for good. Its passages, and then itself, follow with [`super::passages::settle_piece`].
pub(crate) fn set_removed(connection: &Connection, id: SourceId) -> Result<bool, StoreError> {
    let sql = "UPDATE sources SET removed = 1, off = 1, unsettled = 1 WHERE id = ?1 AND removed = 0";
    Ok(connection.prepare_cached(sql)?.execute([id])? > 0)
}

/// Sources whose passages do not stand in the index as they should: a kill came between.
pub(crate) fn unsettled(connection: &Connection) -> Result<Vec<SourceId>, StoreError> {
    let mut statement = connection.prepare("SELECT id FROM sources WHERE unsettled = 1 ORDER BY id")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Whether the seller still has it.
pub(crate) fn is_there(connection: &Connection, id: SourceId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM sources WHERE id = ?1 AND removed = 0";
    Ok(connection.prepare_cached(sql)?.exists([id])?)
}

/// The next source to be read.
pub(crate) fn next_to_read(connection: &Connection) -> Result<Option<SourceRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sources WHERE state = 0 AND removed = 0 ORDER BY id LIMIT 1");
    Ok(connection.prepare_cached(&sql)?.query_row([], read).optional()?)
}

/// Whether a source still waits to be read.
pub(crate) fn is_to_read(connection: &Connection, id: SourceId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM sources WHERE id = ?1 AND state = 0 AND removed = 0";
    Ok(connection.prepare_cached(sql)?.exists([id])?)
}

/// The source that stands in this file.
pub(crate) fn by_path(connection: &Connection, path: &str) -> Result<Option<SourceId>, StoreError> {
    let sql = "SELECT id FROM sources WHERE path = ?1 AND removed = 0";
    Ok(connection.prepare_cached(sql)?.query_row([path], |row| row.get(0)).optional()?)
}

/// The dropped file of the same name and scope, or a new source for it.
pub(crate) fn find_dropped_or_add(connection: &Connection, new: &NewSource) -> Result<SourceId, StoreError> {
    let sql = "SELECT id FROM sources WHERE kind = ?1 AND title = ?2 AND account IS ?3 AND item IS ?4
                 AND path IS NULL AND removed = 0 ORDER BY off, id LIMIT 1";
    let values = (new.kind, &new.title, new.account, new.item);
    let found = connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
    found.map_or_else(|| add(connection, new), Ok)
}

/// The file in use that one which is switched off would take the place of: of the same name, for the same accounts and items.
pub(crate) fn older_form(connection: &Connection, new: &SourceRow) -> Result<Option<SourceId>, StoreError> {
    if new.kind != SourceKind::File || !new.off {
        return Ok(None);
    }
    let sql = "SELECT id FROM sources WHERE kind = ?1 AND title = ?2 AND account IS ?3 AND item IS ?4
                 AND off = 0 AND removed = 0 ORDER BY id LIMIT 1";
    let values = (new.kind, &new.title, new.account, new.item);
    Ok(connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
}

/// A file takes the place of another. The passages of both follow with [`super::passages::settle_piece`].
pub(crate) fn replace(connection: &Connection, new: SourceId, old: SourceId) -> Result<bool, StoreError> {
    let (Some(row), true) = (get(connection, old)?, is_there(connection, new)?) else { return Ok(false) };
    if row.folder.is_some() {
        set_off(connection, old, true)?;
    } else {
        set_removed(connection, old)?;
    }
    set_off(connection, new, false)?;
    Ok(true)
}

/// A file is to be read, or read again.
pub(crate) fn set_to_read(connection: &Connection, id: SourceId) -> Result<(), StoreError> {
    let sql = "UPDATE sources SET state = 0 WHERE id = ?1 AND kind = ?2 AND removed = 0";
    connection.prepare_cached(sql)?.execute((id, SourceKind::File))?;
    Ok(())
}

/// The seller wants it read no further.
pub(crate) fn set_stopped(connection: &Connection, id: SourceId) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE sources SET state = 3 WHERE id = ?1 AND state = 0")?.execute([id])?;
    Ok(())
}

/// Notes how a reading ended.
pub(crate) fn set_read(
    connection: &Connection,
    id: SourceId,
    ended: &Ended,
    now_ms: i64,
) -> Result<(), StoreError> {
    if ended.state == SourceState::Stopped {
        return Ok(()); // whoever stopped it has noted that, and may want it again by now
    }
    let text = |error| StoreError::Folder(std::io::Error::other(error));
    let problems = (!ended.problems.is_empty()).then(|| serde_json::to_string(&ended.problems));
    let problems = problems.transpose().map_err(text)?;
    connection.prepare_cached("UPDATE sources SET state = ?2, problems = ?3 WHERE id = ?1")?.execute((
        id,
        ended.state,
        problems,
    ))?;
    if let Some((hash, size, modified_ms)) = &ended.file {
        connection
            .prepare_cached("UPDATE sources SET hash = ?2, size = ?3, modified_ms = ?4 WHERE id = ?1")?
            .execute((id, hash, size, modified_ms))?;
        if ended.changed {
            connection
                .prepare_cached("UPDATE sources SET changed_ms = ?2 WHERE id = ?1")?
                .execute((id, modified_ms.unwrap_or(now_ms)))?;
        }
    }
    Ok(())
}

/// All files that have a path.
pub(crate) fn files(connection: &Connection) -> Result<Vec<SourceRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sources WHERE path IS NOT NULL AND removed = 0 ORDER BY id");
    Ok(connection.prepare_cached(&sql)?.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// A watched folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FolderRow {
    pub(crate) id: FolderId,
    pub(crate) path: String,
    pub(crate) account: Option<AccountId>,
    pub(crate) item: Option<i64>,
    /// JSON.
    pub(crate) problem: Option<String>,
}

/// All watched folders.
pub(crate) fn folders(connection: &Connection) -> Result<Vec<FolderRow>, StoreError> {
    let sql = "SELECT id, path, account, item, problem FROM watched_folders ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(FolderRow {
            id: row.get(0)?,
            path: row.get(1)?,
            account: row.get(2)?,
            item: row.get(3)?,
            problem: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Watches a folder; one that is watched already holds for what is given now.
pub(crate) fn add_folder(
    connection: &Connection,
    path: &str,
    account: Option<AccountId>,
    item: Option<i64>,
    now_ms: i64,
) -> Result<FolderId, StoreError> {
    let sql = "INSERT INTO watched_folders (path, account, item, added_ms) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (path) DO UPDATE SET account = excluded.account, item = excluded.item RETURNING id";
    Ok(connection.query_row(sql, (path, account, item, now_ms), |row| row.get(0))?)
}

/// Notes why a folder could not be looked at; gives whether that is news.
pub(crate) fn set_folder_problem(
    connection: &Connection,
    id: FolderId,
    problem: Option<ProblemCode>,
) -> Result<bool, StoreError> {
    let problem = problem.map(|code| serde_json::to_string(&code)).transpose();
    let problem = problem.map_err(|error| StoreError::Folder(std::io::Error::other(error)))?;
    let sql = "UPDATE watched_folders SET problem = ?2 WHERE id = ?1 AND problem IS NOT ?2";
    Ok(connection.prepare_cached(sql)?.execute((id, problem))? > 0)
}

/// Watches a folder no more; gives the sources that are removed with it.
pub(crate) fn remove_folder(
    connection: &Connection,
    id: FolderId,
    keep_files: bool,
) -> Result<Vec<SourceId>, StoreError> {
    let sources: Vec<SourceId> = connection
        .prepare_cached("SELECT id FROM sources WHERE folder = ?1 AND removed = 0")?
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    connection.execute("UPDATE sources SET folder = NULL WHERE folder = ?1", [id])?;
    connection.execute("DELETE FROM watched_folders WHERE id = ?1", [id])?;
    if keep_files {
        return Ok(Vec::new());
    }
    for source in &sources {
        set_removed(connection, *source)?;
    }
    Ok(sources)
}

/// What is known of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemFacts {
    pub(crate) item: i64,
    pub(crate) title: String,
    /// Ready-made text.
    pub(crate) price: Option<String>,
    /// None: Avito has not said.
    pub(crate) on_sale: Option<bool>,
    pub(crate) place: Option<String>,
    pub(crate) url: Option<String>,
}

/// The items an account's chats are about, as the newest chat of each says.
pub(crate) fn items_of_chats(
    connection: &Connection,
    account: AccountId,
) -> Result<Vec<ItemFacts>, StoreError> {
    let sql = "SELECT item_id, item_title, item_price, item_status, item_place, item_url, max(updated_ms) FROM chats
               WHERE account = ?1 AND item_id IS NOT NULL AND item_title IS NOT NULL GROUP BY item_id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([account], |row| {
        let status: Option<i64> = row.get(3)?;
        Ok(ItemFacts {
            item: row.get(0)?,
            title: row.get(1)?,
            price: row.get(2)?,
            on_sale: status.map(|status| status == crate::reading::chats::STATUS_ACTIVE),
            place: row.get(4)?,
            url: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The source of an item's own facts.
pub(crate) fn of_item(
    connection: &Connection,
    account: AccountId,
    item: i64,
) -> Result<Option<SourceRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sources WHERE account = ?1 AND item = ?2 AND kind = ?3 AND removed = 0"
    );
    Ok(connection.prepare_cached(&sql)?.query_row((account, item, SourceKind::Item), read).optional()?)
}
