//! Table `events`, the journal of webhook deliveries.

use rusqlite::{Connection, OptionalExtension as _};

use super::StoreError;
use crate::ids::{AccountId, ChatId, EventId};

/// Bodies held in memory at one time. A delivery has a few KiB, but may have a MiB.
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventState {
    /// Its messages are in the store.
    Done = 1,
    /// JSON, but nothing we know; kept.
    NotUnderstood = 2,
    /// Not JSON; kept in part.
    NotJson = 3,
}

/// A delivery waiting to be taken in.
#[derive(Debug)]
pub(crate) struct PendingEvent {
    pub(crate) id: EventId,
    pub(crate) account: AccountId,
    pub(crate) received_ms: i64,
    pub(crate) body: Vec<u8>,
}

/// Avito's signature of a delivery: kept to learn from, never trusted.
#[derive(Debug)]
pub(crate) struct Signature {
    /// The header as it came, cut.
    pub(crate) header: String,
    /// Whether it is the HMAC we guess; none without the account's key.
    pub(crate) matches: Option<bool>,
}

/// Writes a delivery down, to be taken in later.
pub(crate) fn append(
    connection: &Connection,
    account: AccountId,
    received_ms: i64,
    body: &[u8],
    signature: Option<&Signature>,
) -> Result<EventId, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO events (account, received_ms, body, size, signature, signature_matches)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            account,
            received_ms,
            body,
            i64::try_from(body.len()).unwrap_or(i64::MAX),
            signature.map(|signature| &signature.header),
            signature.and_then(|signature| signature.matches),
        ))?;
    Ok(EventId(connection.last_insert_rowid()))
}

/// Writes down a delivery that needs no taking in: a test of our own.
pub(crate) fn append_settled(
    connection: &Connection,
    account: AccountId,
    received_ms: i64,
    body: &[u8],
    kind: &str,
) -> Result<EventId, StoreError> {
    connection.execute(
        "INSERT INTO events (account, received_ms, body, size, state, kind, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        (
            account,
            received_ms,
            body,
            i64::try_from(body.len()).unwrap_or(i64::MAX),
            EventState::Done as i64,
            kind,
        ),
    )?;
    Ok(EventId(connection.last_insert_rowid()))
}

/// Keeps the beginning of something that is not JSON.
pub(crate) fn append_not_json(
    connection: &Connection,
    account: AccountId,
    received_ms: i64,
    body: &[u8],
) -> Result<EventId, StoreError> {
    let beginning: String = String::from_utf8_lossy(body).chars().take(500).collect();
    connection.execute(
        "INSERT INTO events (account, received_ms, body, size, state, outcome) VALUES (?1, ?2, ?3, ?4, ?5, 'not json')",
        (
            account,
            received_ms,
            beginning.as_bytes(),
            i64::try_from(body.len()).unwrap_or(i64::MAX),
            EventState::NotJson as i64,
        ),
    )?;
    Ok(EventId(connection.last_insert_rowid()))
}

/// The oldest deliveries not taken in yet. By the index of these: a walk through the table would read all deliveries there ever were.
const PENDING: &str =
    "SELECT id, account, received_ms, body FROM events WHERE state = 0 ORDER BY id LIMIT ?1";

/// The oldest deliveries not taken in yet: at most `limit`, and no more once [`BATCH_BYTES`] are reached.
pub(crate) fn pending(connection: &Connection, limit: u32) -> Result<Vec<PendingEvent>, StoreError> {
    let mut statement = connection.prepare_cached(PENDING)?;
    let mut rows = statement.query([limit])?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while bytes < BATCH_BYTES
        && let Some(row) = rows.next()?
    {
        let event = PendingEvent {
            id: row.get(0)?,
            account: row.get(1)?,
            received_ms: row.get(2)?,
            body: row.get(3)?,
        };
        bytes += event.body.len();
        events.push(event);
    }
    Ok(events)
}

const COUNT_PENDING: &str = "SELECT count(*) FROM events WHERE state = 0";

/// How many deliveries are not taken in yet.
pub(crate) fn count_pending(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row(COUNT_PENDING, [], |row| row.get(0))?)
}

/// What a delivery is about, for the event log.
#[derive(Debug, Default)]
pub(crate) struct About<'a> {
    /// Avito's word for its kind.
    pub(crate) kind: Option<&'a str>,
    /// The chat it concerns.
    pub(crate) chat: Option<ChatId>,
    /// From the message's time to its arrival.
    pub(crate) delay_ms: Option<i64>,
}

/// Notes what a delivery is about.
pub(crate) fn describe(connection: &Connection, id: EventId, about: &About<'_>) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE events SET kind = ?2, chat = ?3, delay_ms = ?4 WHERE id = ?1")?
        .execute((id, about.kind, about.chat, about.delay_ms))?;
    Ok(())
}

/// A delivery in the event log.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) id: EventId,
    pub(crate) account: AccountId,
    pub(crate) received_ms: i64,
    pub(crate) kind: Option<String>,
    pub(crate) chat: Option<ChatId>,
    pub(crate) buyer: Option<String>,
    pub(crate) size: u32,
    pub(crate) delay_ms: Option<i64>,
    pub(crate) state: i64,
    pub(crate) outcome: String,
}

/// Which deliveries the log shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    Messages,
    SelfTests,
    /// Not messages, not self-tests, or not understood.
    Other,
}

/// A page of the log, the newest first.
pub(crate) fn page(
    connection: &Connection,
    account: Option<AccountId>,
    which: Which,
    before: Option<EventId>,
    limit: u32,
) -> Result<Vec<EventRow>, StoreError> {
    let filter = match which {
        Which::All => "1",
        Which::Messages => "e.kind = 'message' AND e.state = 1",
        Which::SelfTests => "e.kind = 'self-test'",
        Which::Other => {
            "e.state <> 0 AND (e.kind IS NULL OR e.kind NOT IN ('message', 'self-test') OR e.state <> 1)"
        }
    };
    let sql = format!(
        "SELECT e.id, e.account, e.received_ms, e.kind, c.id, c.buyer_name, e.size, e.delay_ms, e.state, e.outcome
         FROM events e LEFT JOIN chats c ON c.id = e.chat
         WHERE {filter} AND (?1 IS NULL OR e.account = ?1) AND (?2 IS NULL OR e.id < ?2)
         ORDER BY e.id DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((account, before, limit), |row| {
        Ok(EventRow {
            id: row.get(0)?,
            account: row.get(1)?,
            received_ms: row.get(2)?,
            kind: row.get(3)?,
            chat: row.get(4)?,
            buyer: row.get(5)?,
            size: row.get(6)?,
            delay_ms: row.get(7)?,
            state: row.get(8)?,
            outcome: row.get(9)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The body of a delivery as it came.
pub(crate) fn body(connection: &Connection, id: EventId) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT body FROM events WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Empties the log; what is not taken in yet stays.
pub(crate) fn clear(connection: &Connection, account: Option<AccountId>) -> Result<usize, StoreError> {
    let sql = "DELETE FROM events WHERE state <> 0 AND (?1 IS NULL OR account = ?1)";
    Ok(connection.execute(sql, [account])?)
}

/// Closes a delivery.
pub(crate) fn settle(
    connection: &Connection,
    id: EventId,
    state: EventState,
    outcome: &str,
) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE events SET state = ?2, outcome = ?3 WHERE id = ?1")?.execute((
        id,
        state as i64,
        outcome,
    ))?;
    Ok(())
}

/// Forgets settled deliveries older than this; their messages are in the archive.
pub(crate) fn prune(connection: &Connection, before_ms: i64) -> Result<usize, StoreError> {
    Ok(connection.execute("DELETE FROM events WHERE state <> 0 AND received_ms < ?1", [before_ms])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, plan};

    #[tokio::test]
    async fn what_is_not_taken_in_is_found_without_reading_what_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        for _ in 0..2 {
            let store = Store::open(&path, None).unwrap();
            for sql in [PENDING, COUNT_PENDING] {
                let lines = store.read(move |c| Ok(plan(c, sql))).await.unwrap();
                assert!(lines[0].contains("INDEX events_to_do"), "{lines:?}");
            }
            // What is known of a table with one row is wrong soon.
            let row =
                "INSERT INTO events (account, received_ms, body, size, state) VALUES (1, 1, x'7b7d', 2, 1)";
            store.write(move |c| Ok(c.execute(row, [])?)).await.unwrap();
            store.close().await;
        }
    }
}
