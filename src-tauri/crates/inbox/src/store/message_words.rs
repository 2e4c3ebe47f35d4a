//! Table `message_words`: which words stand in which message. What counts as a word is for [`crate::search`] to say.
//!
//! Written behind the archive: triggers take out what has changed or gone, [`crate::search`] puts in what is not there yet.

use rusqlite::{Connection, OptionalExtension as _};

use super::{StoreError, settings};
use crate::ids::{AccountId, ChatId, MessageId};

/// The newest message that was looked through; all older ones were, too, but for those that are due again.
const LOOKED_THROUGH: &str = "messages_looked_through";
/// Bits of a row's number that are the message's id.
const ID_BITS: u32 = 31;

/// A message that is not in the table yet.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) id: MessageId,
    pub(crate) account: AccountId,
    pub(crate) chat: ChatId,
    pub(crate) sent_s: i64,
    pub(crate) text: String,
    /// It was there before and has changed.
    pub(crate) again: bool,
}

/// The next messages to look through: first those that have changed, then the others, oldest first.
pub(crate) fn next(connection: &Connection, limit: u32) -> Result<Vec<Unread>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Unread {
            id: row.get(0)?,
            account: row.get(1)?,
            chat: row.get(2)?,
            sent_s: row.get(3)?,
            text: row.get(4)?,
            again: row.get(5)?,
        })
    };
    let mut statement = connection.prepare_cached(DUE)?;
    let changed: Vec<Unread> = statement.query_map([limit], read)?.collect::<Result<_, _>>()?;
    if !changed.is_empty() {
        return Ok(changed);
    }
    let mut statement = connection.prepare_cached(NEW)?;
    Ok(statement.query_map((looked_through(connection)?, limit), read)?.collect::<Result<_, _>>()?)
}

/// CROSS: the few that are due first. Left to itself SQLite may read all messages to find which of them are due, after every notice.
const DUE: &str = "SELECT m.id, m.account, m.chat, m.sent_s, m.text, 1
     FROM message_words_due d CROSS JOIN messages m ON m.id = d.id LIMIT ?1";
const NEW: &str =
    "SELECT id, account, chat, sent_s, text, 0 FROM messages WHERE id > ?1 ORDER BY id LIMIT ?2";

fn looked_through(connection: &Connection) -> Result<i64, StoreError> {
    Ok(settings::get(connection, LOOKED_THROUGH)?.unwrap_or(0))
}

/// How many messages are still to be looked through, about: removed ones between them count.
pub(crate) fn outstanding(connection: &Connection) -> Result<u32, StoreError> {
    let newest: i64 = connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM messages")?
        .query_row([], |row| row.get(0))?;
    let left = newest.saturating_sub(looked_through(connection)?);
    Ok(u32::try_from(left.max(0)).unwrap_or(u32::MAX))
}

/// Puts messages in, each with its words; one without words is only noted as looked through.
pub(crate) fn put(connection: &Connection, batch: &[(Unread, String)]) -> Result<(), StoreError> {
    let looked_through = looked_through(connection)?;
    let mut highest = looked_through;
    for (message, words) in batch {
        if message.again {
            connection
                .prepare_cached("DELETE FROM message_words_due WHERE id = ?1")?
                .execute([message.id])?;
            if message.id.0 > looked_through {
                continue; // its turn comes
            }
        } else if message.id.0 <= looked_through {
            continue;
        }
        highest = highest.max(message.id.0);
        if !words.is_empty() {
            connection
                .prepare_cached("INSERT OR REPLACE INTO message_words (rowid, words) VALUES (?1, ?2)")?
                .execute((place(message.sent_s, message.id), words))?;
        }
    }
    settings::set(connection, LOOKED_THROUGH, &highest)
}

/// The number of a message's row: rows are in the order of time.
fn place(sent_s: i64, id: MessageId) -> i64 {
    (sent_s << ID_BITS) | id.0
}

/// The newest messages that fit `expression` (FTS5's), older than `before`.
pub(crate) fn find(
    connection: &Connection,
    expression: &str,
    before: Option<MessageId>,
    limit: usize,
) -> Result<Vec<MessageId>, StoreError> {
    let sent_s = |id: MessageId| {
        connection
            .prepare_cached("SELECT sent_s FROM messages WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()
    };
    let below = match before {
        Some(id) => match sent_s(id)? {
            Some(sent_s) => place(sent_s, id),
            None => return Ok(Vec::new()),
        },
        None => i64::MAX,
    };
    let mut statement = connection.prepare_cached(FIND)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mask = (1_i64 << ID_BITS) - 1;
    let found = statement
        .query_map((expression, below, limit), |row| Ok(MessageId(row.get::<_, i64>(0)? & mask)))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Accounts that were removed with their archive kept are out of sight; there are few, so they are skipped one by one.
const FIND: &str = "SELECT w.rowid FROM message_words w JOIN messages m ON m.id = w.rowid & 2147483647
     WHERE w.message_words MATCH ?1 AND w.rowid < ?2
       AND m.account IN (SELECT id FROM accounts WHERE removed_ms IS NULL)
     ORDER BY w.rowid DESC LIMIT ?3";

/// Words of the table that begin so, with the number of messages they stand in.
pub(crate) fn vocabulary(connection: &Connection, beginning: &str) -> Result<Vec<(String, u32)>, StoreError> {
    connection.execute_batch(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.message_vocabulary USING fts5vocab('main', 'message_words', 'row')",
    )?;
    let mut statement = connection
        .prepare_cached("SELECT term, doc FROM temp.message_vocabulary WHERE term >= ?1 AND term < ?2")?;
    let end = format!("{beginning}\u{10ffff}");
    let words = statement.query_map((beginning, end), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(words.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{plan, testing};

    #[test]
    fn what_is_to_be_looked_through_is_found_without_reading_the_archive() {
        let connection = testing();
        let due = plan(&connection, DUE);
        assert!(
            due[0].contains("SCAN d") && due[1].contains("SEARCH m USING INTEGER PRIMARY KEY"),
            "{due:?}"
        );
        let new = plan(&connection, NEW);
        assert!(new[0].contains("SEARCH messages USING INTEGER PRIMARY KEY (rowid>?)"), "{new:?}");
    }

    #[test]
    fn what_is_found_comes_newest_first_without_sorting() {
        let lines = plan(&testing(), FIND);
        assert!(!lines.iter().any(|line| line.contains("TEMP B-TREE")), "{lines:?}");
        assert!(lines[0].contains("SCAN w VIRTUAL TABLE"), "{lines:?}");
    }
}
