//! Table `events`, the journal of webhook deliveries.

use rusqlite::Connection;

use super::StoreError;
use crate::ids::{AccountId, EventId};

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

/// The oldest deliveries not taken in yet: at most `limit`, and no more once [`BATCH_BYTES`] are reached.
pub(crate) fn pending(connection: &Connection, limit: u32) -> Result<Vec<PendingEvent>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, account, received_ms, body FROM events WHERE state = 0 ORDER BY id LIMIT ?1",
    )?;
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

/// How many deliveries are not taken in yet.
pub(crate) fn count_pending(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row("SELECT count(*) FROM events WHERE state = 0", [], |row| row.get(0))?)
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
