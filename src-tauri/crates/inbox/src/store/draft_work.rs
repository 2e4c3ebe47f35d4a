//! Table `draft_work`: chats whose question waits for a draft.

use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use crate::ids::{AccountId, ChatId, MessageId};

/// One chat's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) chat: ChatId,
    pub(crate) account: AccountId,
    pub(crate) message: MessageId,
    pub(crate) due_ms: i64,
    pub(crate) attempts: u32,
    pub(crate) instruction: Option<String>,
}

const COLUMNS: &str = "chat, account, message, due_ms, attempts, instruction";

fn read(row: &Row<'_>) -> rusqlite::Result<Work> {
    Ok(Work {
        chat: row.get(0)?,
        account: row.get(1)?,
        message: row.get(2)?,
        due_ms: row.get(3)?,
        attempts: row.get(4)?,
        instruction: row.get(5)?,
    })
}

/// The work of a chat.
pub(crate) fn get(connection: &Connection, chat: ChatId) -> Result<Option<Work>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM draft_work WHERE chat = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([chat], read).optional()?)
}

/// The work that comes first, at most `limit` rows.
pub(crate) fn first(connection: &Connection, limit: u32) -> Result<Vec<Work>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM draft_work ORDER BY due_ms, chat LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map([limit], read)?.collect::<Result<_, _>>()?)
}

/// Puts a chat's work, instead of what it had.
pub(crate) fn put(connection: &Connection, work: &Work) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO draft_work (chat, account, message, due_ms, attempts, instruction) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (chat) DO UPDATE SET message = excluded.message, due_ms = excluded.due_ms,
               attempts = excluded.attempts, instruction = excluded.instruction",
        )?
        .execute((work.chat, work.account, work.message, work.due_ms, work.attempts, &work.instruction))?;
    Ok(())
}

/// It is done, or no longer wanted.
pub(crate) fn remove(connection: &Connection, chat: ChatId) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("DELETE FROM draft_work WHERE chat = ?1")?.execute([chat])? > 0)
}

/// Nobody waits longer than this: for a clock that was set.
pub(crate) fn no_later_than(connection: &Connection, latest_ms: i64) -> Result<(), StoreError> {
    connection.execute("UPDATE draft_work SET due_ms = ?1 WHERE due_ms > ?1", [latest_ms])?;
    Ok(())
}
