//! Table `outbox`: replies on their way. The rules of sending are in [`crate::outbox`].

use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use crate::ids::{AccountId, ChatId, MessageId, OutboxId};

/// Where a reply stands. The numbers are stored; open states are below 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutboxState {
    /// Waits for its turn or for `retry_at_ms`.
    Queued = 0,
    /// An attempt is going on (or was, when the program was killed).
    Sending = 1,
    /// The attempt's answer was lost: Avito may have it.
    Unknown = 2,
    /// Parked until the seller decides.
    Failed = 3,
    /// Avito has it; `message` says which.
    Done = 5,
    /// Dropped by the seller.
    Discarded = 6,
}

impl OutboxState {
    fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Queued,
            1 => Self::Sending,
            2 => Self::Unknown,
            5 => Self::Done,
            6 => Self::Discarded,
            _ => Self::Failed,
        }
    }
}

/// A picture to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutboxImage {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) image_id: Option<String>,
    pub(crate) sizes: Option<String>,
}

/// One reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutboxRow {
    pub(crate) id: OutboxId,
    pub(crate) account: AccountId,
    pub(crate) chat: ChatId,
    pub(crate) created_ms: i64,
    pub(crate) text: Option<String>,
    pub(crate) image: Option<OutboxImage>,
    pub(crate) state: OutboxState,
    pub(crate) attempts: u32,
    pub(crate) uncertain: u32,
    pub(crate) attempt_ms: Option<i64>,
    pub(crate) attempt_s: Option<i64>,
    pub(crate) ended_ms: Option<i64>,
    pub(crate) retry_at_ms: Option<i64>,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) message: Option<MessageId>,
}

const COLUMNS: &str = "id, account, chat, created_ms, text, image_file, image_name, image_mime, image_id, image_sizes, \
     state, attempts, attempt_ms, attempt_s, ended_ms, retry_at_ms, code, detail, message, uncertain";

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    let file: Option<String> = row.get(5)?;
    let image = match file {
        Some(file) => Some(OutboxImage {
            file,
            name: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
            mime: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
            image_id: row.get(8)?,
            sizes: row.get(9)?,
        }),
        None => None,
    };
    Ok(OutboxRow {
        id: row.get(0)?,
        account: row.get(1)?,
        chat: row.get(2)?,
        created_ms: row.get(3)?,
        text: row.get(4)?,
        image,
        state: OutboxState::from_number(row.get(10)?),
        attempts: row.get(11)?,
        attempt_ms: row.get(12)?,
        attempt_s: row.get(13)?,
        ended_ms: row.get(14)?,
        retry_at_ms: row.get(15)?,
        code: row.get(16)?,
        detail: row.get(17)?,
        message: row.get(18)?,
        uncertain: row.get(19)?,
    })
}

/// Puts a text into the outbox.
pub(crate) fn add_text(
    connection: &Connection,
    account: AccountId,
    chat: ChatId,
    text: &str,
    now_ms: i64,
) -> Result<OutboxId, StoreError> {
    connection.execute(
        "INSERT INTO outbox (account, chat, created_ms, text) VALUES (?1, ?2, ?3, ?4)",
        (account, chat, now_ms, text),
    )?;
    Ok(OutboxId(connection.last_insert_rowid()))
}

/// Puts a picture into the outbox; its file is in the outbox folder already.
pub(crate) fn add_image(
    connection: &Connection,
    account: AccountId,
    chat: ChatId,
    image: &OutboxImage,
    now_ms: i64,
) -> Result<OutboxId, StoreError> {
    connection.execute(
        "INSERT INTO outbox (account, chat, created_ms, image_file, image_name, image_mime)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (account, chat, now_ms, &image.file, &image.name, &image.mime),
    )?;
    Ok(OutboxId(connection.last_insert_rowid()))
}

/// One row.
pub(crate) fn get(connection: &Connection, id: OutboxId) -> Result<Option<OutboxRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// Open rows of a chat in the order they were written.
pub(crate) fn open_of_chat(connection: &Connection, chat: ChatId) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE chat = ?1 AND state < 5 ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map([chat], read)?.collect::<Result<_, _>>()?)
}

/// For each chat of the account the oldest row that is not parked: order within a chat is kept, and a parked reply does not
/// hold up the next one.
pub(crate) fn heads(connection: &Connection, account: AccountId) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox WHERE id IN
           (SELECT min(id) FROM outbox WHERE account = ?1 AND state < 5 AND state <> 3 GROUP BY chat)
         ORDER BY id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map([account], read)?.collect::<Result<_, _>>()?)
}

/// Rows that were being sent when the program ended: their outcome is unknown.
pub(crate) fn interrupted_to_unknown(connection: &Connection, now_ms: i64) -> Result<usize, StoreError> {
    Ok(connection.execute("UPDATE outbox SET state = 2, uncertain = uncertain + 1, ended_ms = ?1, retry_at_ms = NULL WHERE state = 1", [now_ms])?)
}

/// An attempt begins: raised and committed before anything is sent. The time of an earlier attempt whose end is unknown
/// stays, because its message may still appear.
pub(crate) fn begin_attempt(
    connection: &Connection,
    id: OutboxId,
    now_ms: i64,
    server_s: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET state = 1, attempts = attempts + 1, ended_ms = NULL, retry_at_ms = NULL,
                           attempt_ms = CASE WHEN uncertain > 0 THEN attempt_ms ELSE ?2 END,
                           attempt_s = CASE WHEN uncertain > 0 THEN attempt_s ELSE ?3 END,
                           code = NULL, detail = NULL
         WHERE id = ?1 AND state < 5",
        (id, now_ms, server_s),
    )?;
    Ok(())
}

/// Notes what an upload gave.
pub(crate) fn set_uploaded(
    connection: &Connection,
    id: OutboxId,
    image_id: &str,
    sizes: &str,
) -> Result<(), StoreError> {
    connection
        .execute("UPDATE outbox SET image_id = ?2, image_sizes = ?3 WHERE id = ?1", (id, image_id, sizes))?;
    Ok(())
}

/// Moves a row to an open state with its reason.
pub(crate) fn set_state(
    connection: &Connection,
    id: OutboxId,
    state: OutboxState,
    retry_at_ms: Option<i64>,
    code: Option<&str>,
    detail: Option<&str>,
    ended_ms: Option<i64>,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET state = ?2, retry_at_ms = ?3, code = ?4, detail = ?5, ended_ms = coalesce(?6, ended_ms),
                           uncertain = uncertain + (?2 = 2)
         WHERE id = ?1 AND state < 5",
        (id, state as i64, retry_at_ms, code, detail, ended_ms),
    )?;
    Ok(())
}

/// The row stays unknown and is looked for again at this time.
pub(crate) fn look_again(
    connection: &Connection,
    id: OutboxId,
    at_ms: i64,
    code: Option<&str>,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET retry_at_ms = ?2, code = ?3 WHERE id = ?1 AND state = 2",
        (id, at_ms, code),
    )?;
    Ok(())
}

/// The attempt certainly did not reach Avito: back to an open state, even when a look-alike message had been claimed meanwhile.
pub(crate) fn reopen(
    connection: &Connection,
    id: OutboxId,
    state: OutboxState,
    retry_at_ms: Option<i64>,
    code: Option<&str>,
    detail: Option<&str>,
    ended_ms: i64,
) -> Result<(), StoreError> {
    connection.execute("UPDATE outbox SET state = 1, message = NULL WHERE id = ?1 AND state = 5", [id])?;
    set_state(connection, id, state, retry_at_ms, code, detail, Some(ended_ms))
}

/// Forgets an upload, so that a retry uploads again.
pub(crate) fn forget_upload(connection: &Connection, id: OutboxId) -> Result<(), StoreError> {
    connection.execute("UPDATE outbox SET image_id = NULL, image_sizes = NULL WHERE id = ?1", [id])?;
    Ok(())
}

/// The row is done: this message is what Avito made of it. A row that had claimed the message by likeness before gives it up,
/// because an answer of Avito's is surer than likeness.
pub(crate) fn settle(connection: &Connection, id: OutboxId, message: MessageId) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET message = NULL, state = CASE state WHEN 5 THEN 2 ELSE state END
         WHERE message = ?2 AND id <> ?1",
        (id, message),
    )?;
    connection.execute(
        "UPDATE outbox SET state = 5, message = ?2, retry_at_ms = NULL, code = NULL, detail = NULL WHERE id = ?1",
        (id, message),
    )?;
    Ok(())
}

/// Whether some row claims this message.
pub(crate) fn is_claimed(connection: &Connection, message: MessageId) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM outbox WHERE message = ?1")?.exists([message])?)
}

/// Earliest time at which a waiting row becomes due.
pub(crate) fn next_due(connection: &Connection, account: AccountId) -> Result<Option<i64>, StoreError> {
    Ok(connection.query_row(
        "SELECT min(retry_at_ms) FROM outbox WHERE account = ?1 AND state IN (0, 2) AND retry_at_ms IS NOT NULL",
        [account],
        |row| row.get(0),
    )?)
}

/// Open rows of an account.
pub(crate) fn count_open(connection: &Connection, account: AccountId) -> Result<u32, StoreError> {
    Ok(connection.query_row(
        "SELECT count(*) FROM outbox WHERE account = ?1 AND state < 5",
        [account],
        |row| row.get(0),
    )?)
}

/// The outbox row that became this message, for a key that stays the same when the echo turns into the message.
pub(crate) fn row_of_message(
    connection: &Connection,
    message: MessageId,
) -> Result<Option<OutboxId>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id FROM outbox WHERE message = ?1")?
        .query_row([message], |row| row.get(0))
        .optional()?)
}
