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
    pub(crate) attempt_after: Option<MessageId>,
    pub(crate) attempt_s: Option<i64>,
    pub(crate) ended_ms: Option<i64>,
    pub(crate) retry_at_ms: Option<i64>,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) message: Option<MessageId>,
}

const COLUMNS: &str = "id, account, chat, created_ms, text, image_file, image_name, image_mime, image_id, image_sizes, \
     state, attempts, attempt_after, attempt_s, ended_ms, retry_at_ms, code, detail, message, uncertain";

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
        attempt_after: row.get(12)?,
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

/// A reply nobody tried to send yet stays until this moment, so that the seller can take it back.
pub(crate) fn hold(connection: &Connection, id: OutboxId, until_ms: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET retry_at_ms = ?2 WHERE id = ?1 AND state = 0 AND attempts = 0",
        (id, until_ms),
    )?;
    Ok(())
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
    let mut statement = connection.prepare_cached(&heads_sql())?;
    Ok(statement.query_map([account], read)?.collect::<Result<_, _>>()?)
}

fn heads_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM outbox WHERE id IN
           (SELECT min(id) FROM outbox WHERE account = ?1 AND state < 5 AND state <> 3 GROUP BY chat)
         ORDER BY id"
    )
}

/// Rows that were being sent when the program ended: their outcome is unknown. Of a picture without an upload nothing can be at
/// Avito.
pub(crate) fn interrupted_to_unknown(connection: &Connection, now_ms: i64) -> Result<(), StoreError> {
    let rows: Vec<OutboxId> = connection
        .prepare_cached("SELECT id FROM outbox WHERE state < 5 AND state = 1")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    rows.into_iter().try_for_each(|id| interrupted(connection, id, now_ms))?;
    no_later_than(connection, now_ms)
}

/// The clock was set back, or this is another run: what waits for a moment in the future is looked at now.
pub(crate) fn no_later_than(connection: &Connection, now_ms: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET retry_at_ms = min(retry_at_ms, ?1), ended_ms = min(ended_ms, ?1)
         WHERE state < 5 AND (retry_at_ms > ?1 OR ended_ms > ?1)",
        [now_ms],
    )?;
    Ok(())
}

/// The same for one row.
pub(crate) fn interrupted(connection: &Connection, id: OutboxId, now_ms: i64) -> Result<(), StoreError> {
    let Some(row) = get(connection, id)? else { return Ok(()) };
    let nothing_sent = row.image.is_some_and(|image| image.image_id.is_none());
    let state = if nothing_sent { OutboxState::Queued } else { OutboxState::Unknown };
    set_state(connection, id, state, None, None, None, Some(now_ms))
}

/// An attempt begins: raised and committed before anything is sent. Answers false, and nothing may be sent, when the row does not
/// wait any more: dropped by the seller or found at Avito meanwhile.
///
/// What Avito shows later is told from what was there before by the order in which we took it in and by Avito's own clock; ours may
/// be set at any moment. The mark of an earlier attempt whose end is unknown stays, because its message may still appear.
pub(crate) fn begin_attempt(connection: &Connection, id: OutboxId) -> Result<bool, StoreError> {
    let begun = connection.execute(
        "UPDATE outbox SET state = 1, attempts = attempts + 1, ended_ms = NULL, retry_at_ms = NULL, code = NULL, detail = NULL
         WHERE id = ?1 AND state = 0",
        [id],
    )?;
    if begun == 0 {
        return Ok(false);
    }
    connection.execute(
        "UPDATE outbox SET attempt_after = (SELECT coalesce(max(id), 0) FROM messages),
                           attempt_s = (SELECT coalesce(max(sent_s), 0) FROM messages WHERE chat = outbox.chat)
         WHERE id = ?1 AND uncertain = 0",
        [id],
    )?;
    Ok(true)
}

/// The seller wants a parked or waiting reply sent now. One that may be at Avito is looked for once more, then sent.
pub(crate) fn retry(connection: &Connection, id: OutboxId) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET retry_at_ms = NULL, code = NULL, detail = NULL,
           image_id = CASE WHEN state = 3 THEN NULL ELSE image_id END,
           image_sizes = CASE WHEN state = 3 AND uncertain = 0 THEN NULL ELSE image_sizes END,
           -- He has looked at the chat himself: no picture he sees there is this one.
           attempt_after = CASE WHEN state = 3 AND code = 'unproved' AND text IS NULL
                                THEN (SELECT coalesce(max(id), 0) FROM messages) ELSE attempt_after END,
           state = CASE WHEN state = 3 AND uncertain > 0 THEN 2 ELSE 0 END,
           uncertain = min(uncertain, 1)
         WHERE id = ?1 AND state IN (0, 3)",
        [id],
    )?;
    Ok(())
}

/// In a restored archive: nothing that waited then may be sent by itself, because it may have been sent since the backup was made.
/// Each reply is parked as one that may be at Avito, with everything in the archive as what was there before: when the chat is read
/// and its message is there, the two find each other; otherwise the seller decides.
pub(crate) fn park_restored(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET state = 3, code = 'unproved', detail = NULL, retry_at_ms = NULL,
           attempt_after = CASE WHEN uncertain > 0 THEN attempt_after
                                ELSE (SELECT coalesce(max(id), 0) FROM messages) END,
           attempt_s = CASE WHEN uncertain > 0 THEN attempt_s
                            ELSE (SELECT coalesce(max(sent_s), 0) FROM messages WHERE chat = outbox.chat) END,
           uncertain = max(uncertain, 1)
         WHERE state IN (0, 1, 2)",
        [],
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

/// The row stays unknown and is looked for again at this time. An end in the future (our clock was set back) becomes now.
pub(crate) fn look_again(
    connection: &Connection,
    id: OutboxId,
    now_ms: i64,
    at_ms: i64,
    code: Option<&str>,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET retry_at_ms = ?2, code = ?3, ended_ms = min(coalesce(ended_ms, ?4), ?4) WHERE id = ?1 AND state = 2",
        (id, at_ms, code, now_ms),
    )?;
    Ok(())
}

/// The attempt certainly did not reach Avito: back to an open state, even when a look-alike message had been claimed meanwhile. Not
/// where an earlier attempt is uncertain: then the message may be that one's, and sent again it would be there twice.
pub(crate) fn reopen(
    connection: &Connection,
    id: OutboxId,
    state: OutboxState,
    retry_at_ms: Option<i64>,
    code: Option<&str>,
    detail: Option<&str>,
    ended_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET state = 1, message = NULL WHERE id = ?1 AND state = 5 AND uncertain = 0",
        [id],
    )?;
    set_state(connection, id, state, retry_at_ms, code, detail, Some(ended_ms))
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

/// The next time after `now_ms` at which a waiting row becomes due.
pub(crate) fn next_due(
    connection: &Connection,
    account: AccountId,
    now_ms: i64,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT min(retry_at_ms) FROM outbox WHERE account = ?1 AND state < 5 AND retry_at_ms > ?2",
        )?
        .query_row((account, now_ms), |row| row.get(0))?)
}

/// Parks what waits: its account is being disconnected, and must not send old replies when it comes back one day.
pub(crate) fn park_all(connection: &Connection, account: AccountId) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE outbox SET state = 3, retry_at_ms = NULL, code = NULL, uncertain = uncertain + (state = 1)
         WHERE account = ?1 AND state < 5 AND state <> 3",
        [account],
    )?;
    Ok(())
}

/// Files of pictures that were sent or dropped.
pub(crate) fn done_files(
    connection: &Connection,
    account: AccountId,
) -> Result<Vec<(OutboxId, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, image_file FROM outbox WHERE account = ?1 AND image_file IS NOT NULL AND state >= 5",
    )?;
    let rows = statement.query_map([account], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The file is gone.
pub(crate) fn forget_file(connection: &Connection, id: OutboxId) -> Result<(), StoreError> {
    connection.execute("UPDATE outbox SET image_file = NULL WHERE id = ?1", [id])?;
    Ok(())
}

/// Files of pictures that are still to be sent.
pub(crate) fn files(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement =
        connection.prepare("SELECT image_file FROM outbox WHERE state < 5 AND image_file IS NOT NULL")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{plan, testing};
    use crate::testing::Archive;

    fn setup() -> (Connection, AccountId, ChatId) {
        let Archive { connection, account, chat } = Archive::new();
        (connection, account, chat)
    }

    fn state(connection: &Connection, id: OutboxId) -> OutboxState {
        get(connection, id).unwrap().unwrap().state
    }

    #[test]
    fn invariant_03_a_reply_dropped_between_choosing_and_sending_is_not_sent() {
        let (connection, account, chat) = setup();
        let id = add_text(&connection, account, chat, "x", 0).unwrap();
        assert_eq!(heads(&connection, account).unwrap()[0].id, id);
        set_state(&connection, id, OutboxState::Discarded, None, None, None, None).unwrap();
        assert!(!begin_attempt(&connection, id).unwrap());
        assert_eq!(state(&connection, id), OutboxState::Discarded);
    }

    #[test]
    fn invariant_03_a_reply_found_at_avito_stays_found_when_a_later_attempt_fails() {
        let (connection, account, chat) = setup();
        let id = add_text(&connection, account, chat, "x", 0).unwrap();
        let queued = |to: OutboxState| reopen(&connection, id, to, None, None, None, 0).unwrap();
        let found = || {
            connection.execute("UPDATE outbox SET state = 5 WHERE id = ?1", [id]).unwrap();
        };
        // The only attempt certainly failed: what looked like it was somebody else's.
        assert!(begin_attempt(&connection, id).unwrap());
        found();
        queued(OutboxState::Queued);
        assert_eq!(state(&connection, id), OutboxState::Queued);
        // An attempt without an answer, and another one during which the first one's message is found.
        assert!(begin_attempt(&connection, id).unwrap());
        set_state(&connection, id, OutboxState::Unknown, None, None, None, None).unwrap();
        set_state(&connection, id, OutboxState::Queued, None, None, None, None).unwrap();
        assert!(begin_attempt(&connection, id).unwrap());
        found();
        queued(OutboxState::Queued);
        assert_eq!(state(&connection, id), OutboxState::Done);
        queued(OutboxState::Failed);
        assert_eq!(state(&connection, id), OutboxState::Done);
    }

    #[test]
    fn only_one_attempt_of_a_reply_can_begin() {
        let (connection, account, chat) = setup();
        let id = add_text(&connection, account, chat, "x", 0).unwrap();
        assert!(begin_attempt(&connection, id).unwrap());
        assert!(!begin_attempt(&connection, id).unwrap());
        assert_eq!(get(&connection, id).unwrap().unwrap().attempts, 1);
    }

    #[test]
    fn an_interrupted_picture_without_upload_is_sent_again_and_all_else_is_looked_for() {
        let (connection, account, chat) = setup();
        let image =
            OutboxImage { file: "f".into(), name: "n".into(), mime: "m".into(), image_id: None, sizes: None };
        let text = add_text(&connection, account, chat, "x", 0).unwrap();
        let (fresh, uploaded) = (
            add_image(&connection, account, chat, &image, 0).unwrap(),
            add_image(&connection, account, chat, &image, 0).unwrap(),
        );
        for id in [text, fresh, uploaded] {
            assert!(begin_attempt(&connection, id).unwrap());
        }
        set_uploaded(&connection, uploaded, "1.a", "{}").unwrap();
        interrupted_to_unknown(&connection, 7).unwrap();
        let states = [text, fresh, uploaded].map(|id| state(&connection, id));
        assert_eq!(states, [OutboxState::Unknown, OutboxState::Queued, OutboxState::Unknown]);
        assert_eq!(get(&connection, text).unwrap().unwrap().uncertain, 1);
    }

    #[test]
    fn a_clock_set_back_does_not_make_a_reply_wait_for_hours() {
        let (connection, account, chat) = setup();
        let id = add_text(&connection, account, chat, "x", 0).unwrap();
        begin_attempt(&connection, id).unwrap();
        set_state(&connection, id, OutboxState::Unknown, None, None, None, Some(10_000_000)).unwrap();
        look_again(&connection, id, 5_000, 5_030, None).unwrap();
        assert_eq!(get(&connection, id).unwrap().unwrap().ended_ms, Some(5_000));
    }

    #[test]
    fn the_next_due_time_is_in_the_future() {
        let (connection, account, chat) = setup();
        for at in [10, 20, 30] {
            let id = add_text(&connection, account, chat, "x", 0).unwrap();
            set_state(&connection, id, OutboxState::Queued, Some(at), None, None, None).unwrap();
        }
        assert_eq!(next_due(&connection, account, 15).unwrap(), Some(20));
        assert_eq!(next_due(&connection, account, 30).unwrap(), None);
    }

    #[test]
    fn the_next_replies_are_found_without_reading_the_sent_ones() {
        let connection = testing();
        for line in plan(&connection, &heads_sql()) {
            assert!(!line.contains("SCAN outbox") && !line.contains("TEMP B-TREE FOR GROUP"), "{line}");
        }
    }
}
