//! Table `source_passages` and the index beside it, changed together.

use knowledge::{NewPassage, Writer};
use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest as _, Sha256};

use super::StoreError;
use super::sources::Removed;
use crate::ids::{PassageId, SourceId};
use crate::ingest::fold;

/// A piece of a source as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// Headings above it, outer first; the question of an entry.
    pub(crate) heading: String,
    pub(crate) text: String,
    pub(crate) page: Option<u32>,
    pub(crate) sheet: Option<String>,
    pub(crate) line: Option<u32>,
    /// Avito's item, when it is another than the source's.
    pub(crate) item: Option<i64>,
}

impl Part {
    /// Equal for equal words: what the key is made of.
    pub(crate) fn digest(&self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(&self.heading);
        hash.update([0]);
        hash.update(&self.text);
        u64::from_be_bytes(hash.finalize().as_slice()[..8].try_into().unwrap_or_default())
    }
}

/// A passage as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PassageRow {
    pub(crate) id: PassageId,
    pub(crate) source: SourceId,
    pub(crate) key: String,
    pub(crate) part: Part,
    pub(crate) off: bool,
}

pub(crate) const COLUMNS: &str = "source_passages.id, source_passages.source, source_passages.key, source_passages.heading, \
     source_passages.text, source_passages.page, source_passages.sheet, source_passages.line, source_passages.item, source_passages.off";

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<PassageRow> {
    Ok(PassageRow {
        id: row.get(0)?,
        source: row.get(1)?,
        key: row.get(2)?,
        part: Part {
            heading: row.get(3)?,
            text: row.get(4)?,
            page: row.get(5)?,
            sheet: row.get(6)?,
            line: row.get(7)?,
            item: row.get(8)?,
        },
        off: row.get(9)?,
    })
}

/// Whose the passages are, and for whom they hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of {
    pub(crate) source: SourceId,
    pub(crate) account: Option<i64>,
    pub(crate) item: Option<i64>,
    /// The source is switched off: its passages are kept and not found.
    pub(crate) off: bool,
    pub(crate) reading: i64,
}

/// Reads what [`put`] must know of a source, with the number its next reading gets.
pub(crate) fn of(connection: &Connection, source: SourceId) -> Result<Option<Of>, StoreError> {
    // Above also what an interrupted reading has left.
    let sql = "SELECT account, item, off,
                 max(reading, coalesce((SELECT max(reading) FROM source_passages WHERE source = ?1), 0))
               FROM sources WHERE id = ?1 AND removed = 0";
    let found = connection.prepare_cached(sql)?.query_row([source], |row| {
        Ok(Of {
            source,
            account: row.get(0)?,
            item: row.get(1)?,
            off: row.get(2)?,
            reading: row.get::<_, i64>(3)? + 1,
        })
    });
    Ok(found.optional()?)
}

/// The same for a reading under way, as the source is now; none: it is removed.
pub(crate) fn of_now(connection: &Connection, of: Of) -> Result<Option<Of>, StoreError> {
    let sql = "SELECT account, item, off FROM sources WHERE id = ?1 AND removed = 0";
    let found = connection.prepare_cached(sql)?.query_row([of.source], |row| {
        Ok(Of { account: row.get(0)?, item: row.get(1)?, off: row.get(2)?, ..of })
    });
    Ok(found.optional()?)
}

/// Adds a passage that was read, or notes that it is still there. `again` counts equal ones before it in this reading.
pub(crate) fn put(
    connection: &Connection,
    writer: &mut Writer<'_>,
    of: &Of,
    ordinal: i64,
    part: &Part,
    again: u32,
) -> Result<(), StoreError> {
    let key = key(of.source, part, again);
    let known: Option<(i64, bool)> = connection
        .prepare_cached(
            "UPDATE source_passages SET ordinal = ?2, page = ?3, sheet = ?4, line = ?5, reading = ?6, item = ?7
             WHERE key = ?1 RETURNING id, off",
        )?
        .query_row((&key, ordinal, part.page, &part.sheet, part.line, of.reading, part.item), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (id, off) = match known {
        Some(known) => known,
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO source_passages
                       (source, key, ordinal, heading, text, page, sheet, line, fingerprint, reading, item)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                )?
                .execute((
                    of.source,
                    &key,
                    ordinal,
                    &part.heading,
                    &part.text,
                    part.page,
                    &part.sheet,
                    part.line,
                    fingerprint(part),
                    of.reading,
                    part.item,
                ))?;
            (connection.last_insert_rowid(), false)
        }
    };
    if !off && !of.off {
        writer.put(&NewPassage {
            key: &key,
            account: of.account,
            item: part.item.or(of.item),
            title: &part.heading,
            text: &part.text,
        })?;
        set_indexed(connection, id, true)?;
    }
    Ok(())
}

/// A reading is complete: what it did not find is no longer in the source, and follows with [`settle_piece`].
pub(crate) fn end_reading(connection: &Connection, of: &Of) -> Result<(), StoreError> {
    let sql = "UPDATE sources SET reading = ?2, unsettled = 1 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute((of.source, of.reading))?;
    Ok(())
}

/// So many passages at a time: so that a delivery does not wait for the index.
const PIECE: u32 = 200;

/// Takes a piece of a source's passages into the index or out of it, and deletes what is no longer there. Gives whether there
/// is more; at the end the source counts as settled, and one that was removed for good is gone.
pub(crate) fn settle_piece(connection: &Connection, source: SourceId) -> Result<bool, StoreError> {
    let state = "SELECT account, item, off, removed, reading FROM sources WHERE id = ?1";
    let state = connection.prepare_cached(state)?.query_row([source], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, bool>(2)?, row.get::<_, i64>(3)?, row.get::<_, i64>(4)?))
    });
    let Some((account, item, off, removed, reading)) = state.optional()? else { return Ok(false) };
    let (off, removed) = (off || removed == Removed::ForNow as i64, removed == Removed::ForGood as i64);
    let mut writer = Writer::new(connection);
    let gone = format!(
        "SELECT {COLUMNS} FROM source_passages WHERE source = ?1 AND (?2 OR reading < ?3) LIMIT {PIECE}"
    );
    let gone = rows(connection, &gone, (source, removed, reading))?;
    for row in &gone {
        writer.remove(&row.key)?;
        connection.prepare_cached("DELETE FROM source_passages WHERE id = ?1")?.execute([row.id])?;
    }
    let mut left = PIECE.saturating_sub(u32::try_from(gone.len()).unwrap_or(PIECE));
    if left > 0 && !removed {
        let changed = format!(
            "SELECT {COLUMNS} FROM source_passages WHERE source = ?1 AND indexed <> (off = 0 AND ?2 = 0) LIMIT {left}"
        );
        let changed = rows(connection, &changed, (source, off))?;
        for PassageRow { id, key, part, off: passage_off, .. } in &changed {
            let on = !off && !passage_off;
            if on {
                let (title, text) = (&part.heading, &part.text);
                let item = part.item.or(item);
                writer.put(&NewPassage { key, account, item, title, text })?;
            } else {
                writer.remove(key)?;
            }
            set_indexed(connection, id.0, on)?;
        }
        left = left.saturating_sub(u32::try_from(changed.len()).unwrap_or(left));
    }
    writer.finish()?;
    if left > 0 {
        let end = if removed {
            "DELETE FROM sources WHERE id = ?1"
        } else {
            "UPDATE sources SET unsettled = 0 WHERE id = ?1"
        };
        connection.prepare_cached(end)?.execute([source])?;
    }
    Ok(left == 0)
}

fn rows(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<PassageRow>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_map(values, read)?.collect::<Result<_, _>>()?)
}

/// Switches one passage off or on.
pub(crate) fn set_off(
    connection: &Connection,
    id: PassageId,
    off: bool,
) -> Result<Option<SourceId>, StoreError> {
    let sql = "UPDATE source_passages SET off = ?2 WHERE id = ?1 RETURNING source";
    let source: Option<SourceId> =
        connection.prepare_cached(sql)?.query_row((id, off), |row| row.get(0)).optional()?;
    if let Some(source) = source {
        connection.prepare_cached("UPDATE sources SET unsettled = 1 WHERE id = ?1")?.execute([source])?;
    }
    Ok(source)
}

fn set_indexed(connection: &Connection, id: i64, indexed: bool) -> Result<(), StoreError> {
    let sql = "UPDATE source_passages SET indexed = ?2 WHERE id = ?1 AND indexed <> ?2";
    connection.prepare_cached(sql)?.execute((id, indexed))?;
    Ok(())
}

/// For whom a source holds has changed: all its passages go into the index anew with [`settle_piece`].
pub(crate) fn forget_index(connection: &Connection, source: SourceId) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE source_passages SET indexed = 0 WHERE source = ?1")?
        .execute([source])?;
    connection.prepare_cached("UPDATE sources SET unsettled = 1 WHERE id = ?1")?.execute([source])?;
    Ok(())
}

/// The passages of a source in order, after a place.
pub(crate) fn page(
    connection: &Connection,
    source: SourceId,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, PassageRow)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, ordinal FROM source_passages WHERE source = ?1 AND ordinal > ?2 ORDER BY ordinal LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((source, after, limit), |row| Ok((row.get(10)?, read(row)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Shows every passage of a source.
pub(crate) fn each(
    connection: &Connection,
    source: SourceId,
    mut see: impl FnMut(PassageRow) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM source_passages WHERE source = ?1 ORDER BY ordinal");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([source])?;
    while let Some(row) = rows.next()? {
        see(read(row)?)?;
    }
    Ok(())
}

/// The passage the index knows by this key; none also when a newer reading of its source no longer has it, and the index has not followed.
pub(crate) fn by_key(connection: &Connection, key: &str) -> Result<Option<PassageRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM source_passages JOIN sources ON sources.id = source_passages.source
         WHERE source_passages.key = ?1 AND source_passages.reading >= sources.reading"
    );
    Ok(connection.prepare_cached(&sql)?.query_row([key], read).optional()?)
}

/// The same words in the same source keep their key, wherever they move.
fn key(source: SourceId, part: &Part, again: u32) -> String {
    let number = part.digest();
    if again == 0 { format!("{source}:{number:016x}") } else { format!("{source}:{number:016x}:{again}") }
}

/// Of the words alone: case, ё, marks and spaces do not count.
pub(crate) fn fingerprint(part: &Part) -> i64 {
    let mut hash = Sha256::new();
    for field in [&part.heading, &part.text] {
        let words: String = fold(field).chars().filter(|c| c.is_alphanumeric()).collect();
        hash.update(words);
        hash.update([0]);
    }
    i64::from_be_bytes(hash.finalize().as_slice()[..8].try_into().unwrap_or_default())
}
