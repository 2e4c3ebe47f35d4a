//! Table `messages`, the archive. Only [`crate::ingest`] inserts; nothing deletes single rows.

use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use crate::ids::{AccountId, ChatId, MessageId};

/// What brought a message; the later ones know more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// `last_message` of the list of chats.
    ChatList = 0,
    /// A webhook delivery.
    Event = 1,
    /// The answer to our own sending.
    Sending = 2,
    /// The list of messages.
    Reading = 3,
}

/// A message as stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredMessage {
    pub(crate) id: MessageId,
    pub(crate) account: AccountId,
    pub(crate) chat: ChatId,
    pub(crate) avito_id: String,
    pub(crate) author_id: Option<i64>,
    pub(crate) outgoing: bool,
    pub(crate) sent_s: i64,
    pub(crate) rank: i64,
    pub(crate) tie: i64,
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) json: String,
    pub(crate) unread: Option<bool>,
    pub(crate) read_s: Option<i64>,
    pub(crate) deleted: bool,
    pub(crate) source: i64,
    pub(crate) first_seen_ms: i64,
}

const COLUMNS: &str = "id, account, chat, avito_id, author_id, outgoing, sent_s, rank, tie, kind, text, json, unread, \
     read_s, deleted, source, first_seen_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    Ok(StoredMessage {
        id: row.get(0)?,
        account: row.get(1)?,
        chat: row.get(2)?,
        avito_id: row.get(3)?,
        author_id: row.get(4)?,
        outgoing: row.get(5)?,
        sent_s: row.get(6)?,
        rank: row.get(7)?,
        tie: row.get(8)?,
        kind: row.get(9)?,
        text: row.get(10)?,
        json: row.get(11)?,
        unread: row.get(12)?,
        read_s: row.get(13)?,
        deleted: row.get(14)?,
        source: row.get(15)?,
        first_seen_ms: row.get(16)?,
    })
}

/// One message by local id.
pub(crate) fn get(connection: &Connection, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// One message by Avito's id.
pub(crate) fn find(
    connection: &Connection,
    account: AccountId,
    avito_id: &str,
) -> Result<Option<StoredMessage>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE account = ?1 AND avito_id = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row((account, avito_id), read).optional()?)
}

/// Inserts a new row (`id` is ignored) or writes the merged form over the old one.
pub(crate) fn put(connection: &Connection, message: &StoredMessage) -> Result<MessageId, StoreError> {
    Ok(connection
        .prepare_cached(
            "INSERT INTO messages (account, chat, avito_id, author_id, outgoing, sent_s, rank, tie, kind, text, json,
                                   unread, read_s, deleted, source, first_seen_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (account, avito_id) DO UPDATE SET
               chat = excluded.chat, author_id = excluded.author_id, outgoing = excluded.outgoing,
               sent_s = excluded.sent_s, rank = excluded.rank, tie = excluded.tie, kind = excluded.kind,
               text = excluded.text, json = excluded.json, unread = excluded.unread, read_s = excluded.read_s,
               deleted = excluded.deleted, source = excluded.source
             RETURNING id",
        )?
        .query_row(
            rusqlite::params![
                message.account,
                message.chat,
                message.avito_id,
                message.author_id,
                message.outgoing,
                message.sent_s,
                message.rank,
                message.tie,
                message.kind,
                message.text,
                message.json,
                message.unread,
                message.read_s,
                message.deleted,
                message.source,
                message.first_seen_ms,
            ],
            |row| row.get(0),
        )?)
}

/// Place for a message that is new within its second, after those already there.
pub(crate) fn next_tie(connection: &Connection, chat: ChatId, sent_s: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(tie) + 1, 0) FROM messages WHERE chat = ?1 AND sent_s = ?2")?
        .query_row((chat, sent_s), |row| row.get(0))?)
}

/// A message's place among those of its second.
#[derive(Debug)]
pub(crate) struct InSecond {
    pub(crate) id: MessageId,
    pub(crate) avito_id: String,
    pub(crate) tie: i64,
}

/// The messages of one second of a chat, in our order.
pub(crate) fn of_second(
    connection: &Connection,
    chat: ChatId,
    sent_s: i64,
) -> Result<Vec<InSecond>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, avito_id, tie FROM messages WHERE chat = ?1 AND sent_s = ?2 ORDER BY rank, tie, avito_id",
    )?;
    let rows = statement.query_map((chat, sent_s), |row| {
        Ok(InSecond { id: row.get(0)?, avito_id: row.get(1)?, tie: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Moves a message within its second.
pub(crate) fn set_tie(connection: &Connection, id: MessageId, tie: i64) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE messages SET tie = ?2 WHERE id = ?1")?.execute((id, tie))?;
    Ok(())
}

/// A page of a thread: the newest `limit` messages older than the position, newest first.
pub(crate) fn page(
    connection: &Connection,
    chat: ChatId,
    before: Option<(i64, MessageId)>,
    limit: u32,
) -> Result<Vec<StoredMessage>, StoreError> {
    if let Some((sent_s, id)) = before {
        let mut statement = connection.prepare_cached(&older_sql())?;
        return Ok(statement.query_map((chat, sent_s, id, limit), read)?.collect::<Result<_, _>>()?);
    }
    let mut statement = connection.prepare_cached(&newest_sql())?;
    Ok(statement.query_map((chat, limit), read)?.collect::<Result<_, _>>()?)
}

/// The oldest `limit` messages newer than this one, oldest first.
pub(crate) fn after(
    connection: &Connection,
    chat: ChatId,
    id: MessageId,
    limit: u32,
) -> Result<Vec<StoredMessage>, StoreError> {
    let mut statement = connection.prepare_cached(&newer_sql())?;
    Ok(statement.query_map((chat, id, limit), read)?.collect::<Result<_, _>>()?)
}

/// The first words of ours after a message.
pub(crate) fn reply_after(
    connection: &Connection,
    chat: ChatId,
    message: MessageId,
) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT text FROM messages WHERE chat = ?1 AND outgoing = 1 AND rank = 0 AND deleted = 0 AND text <> ''
           AND (sent_s, rank, tie, avito_id) > (SELECT sent_s, rank, tie, avito_id FROM messages WHERE id = ?2)
         ORDER BY sent_s, rank, tie, avito_id LIMIT 1",
    )?;
    Ok(statement.query_row((chat, message), |row| row.get(0)).optional()?)
}

/// Every message of a chat, oldest first, one at a time.
pub(crate) fn for_each<E: From<rusqlite::Error>>(
    connection: &Connection,
    chat: ChatId,
    mut take: impl FnMut(StoredMessage) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = connection.prepare_cached(&oldest_sql())?;
    for message in statement.query_map([chat], read)? {
        take(message?)?;
    }
    Ok(())
}

fn oldest_sql() -> String {
    format!("SELECT {COLUMNS} FROM messages WHERE chat = ?1 ORDER BY sent_s, rank, tie, avito_id")
}

/// How many messages a chat holds.
pub(crate) fn count_of_chat(connection: &Connection, chat: ChatId) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM messages WHERE chat = ?1")?
        .query_row([chat], |row| row.get(0))?)
}

const NEWEST_FIRST: &str = "ORDER BY sent_s DESC, rank DESC, tie DESC, avito_id DESC";

fn newest_sql() -> String {
    format!("SELECT {COLUMNS} FROM messages WHERE chat = ?1 {NEWEST_FIRST} LIMIT ?2")
}

fn older_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM messages
         WHERE chat = ?1 AND sent_s <= ?2
           AND (sent_s, rank, tie, avito_id) < (SELECT sent_s, rank, tie, avito_id FROM messages WHERE id = ?3)
         {NEWEST_FIRST} LIMIT ?4"
    )
}

fn newer_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM messages
         WHERE chat = ?1 AND sent_s >= (SELECT sent_s FROM messages WHERE id = ?2)
           AND (sent_s, rank, tie, avito_id) > (SELECT sent_s, rank, tie, avito_id FROM messages WHERE id = ?2)
         ORDER BY sent_s, rank, tie, avito_id LIMIT ?3"
    )
}

/// The oldest unread message of a chat.
pub(crate) fn first_unread(connection: &Connection, chat: ChatId) -> Result<Option<MessageId>, StoreError> {
    Ok(connection.prepare_cached(FIRST_UNREAD)?.query_row([chat], |row| row.get(0)).optional()?)
}

/// Few messages are unread: without the index named, SQLite walks a long chat from its beginning.
const FIRST_UNREAD: &str = "SELECT id FROM messages INDEXED BY messages_unread WHERE chat = ?1 AND unread = 1
     ORDER BY sent_s, rank, tie, avito_id LIMIT 1";

/// Marks a message as deleted at Avito; our copy stays.
pub(crate) fn set_deleted(connection: &Connection, id: MessageId) -> Result<(), StoreError> {
    connection.execute("UPDATE messages SET deleted = 1 WHERE id = ?1", [id])?;
    Ok(())
}

/// How many messages an account holds.
pub(crate) fn count(connection: &Connection, account: AccountId) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM messages WHERE account = ?1")?
        .query_row([account], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{plan, testing};

    #[test]
    fn the_first_unread_message_is_found_among_the_unread_ones_only() {
        let lines = plan(&testing(), FIRST_UNREAD);
        assert!(lines[0].contains("USING INDEX messages_unread (chat=?)"), "{lines:?}");
    }

    #[test]
    fn a_page_of_a_thread_is_read_in_order_from_an_index() {
        let connection = testing();
        for sql in [newest_sql(), older_sql(), newer_sql(), oldest_sql()] {
            let lines = plan(&connection, &sql);
            assert!(!lines.iter().any(|line| line.contains("TEMP B-TREE")), "{lines:?}");
            assert!(lines[0].contains("USING INDEX messages_by_time (chat=?"), "{lines:?}");
        }
    }
}
