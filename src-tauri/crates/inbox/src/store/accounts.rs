//! Table `accounts`.

use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use crate::ids::AccountId;

/// One connected account. Its secret is in the keychain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountRow {
    pub(crate) id: AccountId,
    pub(crate) user_id: i64,
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) api_url: Option<String>,
    pub(crate) calls_per_minute: u32,
    pub(crate) added_ms: i64,
    pub(crate) backfill_offset: u32,
    pub(crate) backfill_listed: bool,
    pub(crate) backfill_done: bool,
    pub(crate) backfill_paused: bool,
    pub(crate) caught_up_s: Option<i64>,
    pub(crate) last_checked_ms: Option<i64>,
    pub(crate) last_event_ms: Option<i64>,
}

const COLUMNS: &str = "id, user_id, name, client_id, api_url, calls_per_minute, added_ms, backfill_offset, \
     backfill_listed, backfill_done, backfill_paused, last_checked_ms, last_event_ms, caught_up_s";

fn read(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        id: row.get(0)?,
        user_id: row.get(1)?,
        name: row.get(2)?,
        client_id: row.get(3)?,
        api_url: row.get(4)?,
        calls_per_minute: row.get(5)?,
        added_ms: row.get(6)?,
        backfill_offset: row.get(7)?,
        backfill_listed: row.get(8)?,
        backfill_done: row.get(9)?,
        backfill_paused: row.get(10)?,
        last_checked_ms: row.get(11)?,
        last_event_ms: row.get(12)?,
        caught_up_s: row.get(13)?,
    })
}

/// All connected accounts (not the removed ones), by id.
pub(crate) fn list(connection: &Connection) -> Result<Vec<AccountRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE removed_ms IS NULL ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// One connected account.
pub(crate) fn get(connection: &Connection, id: AccountId) -> Result<Option<AccountRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE id = ?1 AND removed_ms IS NULL");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// What a new account needs.
#[derive(Debug, Clone)]
pub(crate) struct NewAccount {
    pub(crate) user_id: i64,
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) api_url: Option<String>,
    pub(crate) calls_per_minute: u32,
    pub(crate) added_ms: i64,
}

/// Connects an account. One that was removed with its archive kept comes back under its old id, with its chats.
pub(crate) fn add(connection: &Connection, new: &NewAccount) -> Result<AccountId, StoreError> {
    let id = connection.query_row(
        "INSERT INTO accounts (user_id, name, client_id, api_url, calls_per_minute, added_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (user_id, coalesce(api_url, '')) DO UPDATE SET
           name = excluded.name, client_id = excluded.client_id, calls_per_minute = excluded.calls_per_minute,
           added_ms = excluded.added_ms, removed_ms = NULL
         RETURNING id",
        (&new.user_id, &new.name, &new.client_id, &new.api_url, &new.calls_per_minute, &new.added_ms),
        |row| row.get(0),
    )?;
    Ok(id)
}

/// The connected account of this Avito user at this server, if there is one.
pub(crate) fn find(
    connection: &Connection,
    user_id: i64,
    api_url: Option<&str>,
) -> Result<Option<AccountId>, StoreError> {
    Ok(connection
        .query_row(
            "SELECT id FROM accounts
             WHERE user_id = ?1 AND coalesce(api_url, '') = coalesce(?2, '') AND removed_ms IS NULL",
            (user_id, api_url),
            |row| row.get(0),
        )
        .optional()?)
}

/// Removes the account and keeps its chats.
pub(crate) fn remove_keeping_archive(
    connection: &Connection,
    id: AccountId,
    now_ms: i64,
) -> Result<(), StoreError> {
    super::outbox::park_all(connection, id)?;
    connection.execute("UPDATE accounts SET removed_ms = ?2 WHERE id = ?1", (id, now_ms))?;
    Ok(())
}

/// Puts an account of another archive into this one, under its number: nothing of it is read yet, and what is read now is history.
pub(crate) fn begin_again(
    connection: &Connection,
    account: &AccountRow,
    now_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO accounts (id, user_id, name, client_id, api_url, calls_per_minute, added_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            account.id,
            account.user_id,
            &account.name,
            &account.client_id,
            &account.api_url,
            account.calls_per_minute,
            now_ms,
        ),
    )?;
    Ok(())
}

/// Rows removed by one transaction: so many that it is quick for all, so few that a delivery does not wait for it.
const PIECE: u32 = 2000;

/// Removes a piece of a removed account's archive. Answers whether there is more. The seller asked for exactly this.
pub(crate) fn remove_piece(connection: &Connection, id: AccountId) -> Result<bool, StoreError> {
    for table in
        ["outbox", "messages", "chats", "media", "events", "passage_uses", "drafts", "open_questions"]
    {
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE account = ?1 LIMIT {PIECE})"
        );
        if connection.prepare_cached(&sql)?.execute([id])? > 0 {
            return Ok(true);
        }
    }
    for table in ["lines", "doors", "deliveries", "awaited_events", "coverage", "blocked_buyers"] {
        connection.execute(&format!("DELETE FROM {table} WHERE account = ?1"), [id])?;
    }
    connection.execute("DELETE FROM draft_work WHERE account = ?1", [id])?;
    connection.execute("DELETE FROM draft_rules WHERE account = ?1", [id])?;
    connection.execute("DELETE FROM accounts WHERE id = ?1", [id])?;
    Ok(false)
}

/// Notes a new key or name.
pub(crate) fn set_key(
    connection: &Connection,
    id: AccountId,
    client_id: &str,
    name: &str,
) -> Result<(), StoreError> {
    connection
        .execute("UPDATE accounts SET client_id = ?2, name = ?3 WHERE id = ?1", (id, client_id, name))?;
    Ok(())
}

/// Notes a complete look at Avito: every chat that changed up to `caught_up_s` (Avito's clock) was read.
pub(crate) fn set_checked(
    connection: &Connection,
    id: AccountId,
    now_ms: i64,
    caught_up_s: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE accounts SET last_checked_ms = ?2, caught_up_s = max(coalesce(caught_up_s, 0), ?3) WHERE id = ?1",
        (id, now_ms, caught_up_s),
    )?;
    Ok(())
}

/// Notes a delivery.
pub(crate) fn set_event_seen(connection: &Connection, id: AccountId, now_ms: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE accounts SET last_event_ms = max(coalesce(last_event_ms, 0), ?2) WHERE id = ?1",
        (id, now_ms),
    )?;
    Ok(())
}

/// Notes how far the list of chats was read.
pub(crate) fn set_backfill(
    connection: &Connection,
    id: AccountId,
    offset: u32,
    listed: bool,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE accounts SET backfill_offset = ?2, backfill_listed = ?3 WHERE id = ?1",
        (id, offset, listed),
    )?;
    Ok(())
}

/// Notes that old history is complete.
pub(crate) fn set_backfill_done(connection: &Connection, id: AccountId) -> Result<(), StoreError> {
    connection.execute("UPDATE accounts SET backfill_done = 1 WHERE id = ?1", [id])?;
    Ok(())
}

/// Pauses or resumes the reading of old history.
pub(crate) fn set_backfill_paused(
    connection: &Connection,
    id: AccountId,
    paused: bool,
) -> Result<(), StoreError> {
    connection.execute("UPDATE accounts SET backfill_paused = ?2 WHERE id = ?1", (id, paused))?;
    Ok(())
}
