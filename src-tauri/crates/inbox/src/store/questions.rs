//! Table `open_questions`: what nothing answers.

use rusqlite::Connection;

use super::StoreError;
use crate::ids::{AccountId, ChatId, MessageId, QuestionId, SourceId};

/// A question that nothing answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuestionRow {
    pub(crate) id: QuestionId,
    pub(crate) account: AccountId,
    pub(crate) chat: ChatId,
    pub(crate) item: Option<i64>,
    pub(crate) item_title: Option<String>,
    pub(crate) text: String,
    pub(crate) asked_ms: i64,
}

/// Adds a question, once for a message.
pub(crate) fn add(
    connection: &Connection,
    account: AccountId,
    chat: ChatId,
    message: MessageId,
    item: Option<i64>,
    text: &str,
    asked_ms: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO open_questions (account, chat, message, item, text, asked_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (message) DO NOTHING",
        )?
        .execute((account, chat, message, item, text, asked_ms))?;
    Ok(())
}

/// Open questions, newest first.
pub(crate) fn open(connection: &Connection, limit: u32) -> Result<Vec<QuestionRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT q.id, q.account, q.chat, q.item, c.item_title, q.text, q.asked_ms FROM open_questions q
         LEFT JOIN chats c ON c.id = q.chat WHERE q.state = 0 ORDER BY q.asked_ms DESC, q.id DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([limit], |row| {
        Ok(QuestionRow {
            id: row.get(0)?,
            account: row.get(1)?,
            chat: row.get(2)?,
            item: row.get(3)?,
            item_title: row.get(4)?,
            text: row.get(5)?,
            asked_ms: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Answered by an entry, or put away. Answers the chat, if it was open.
pub(crate) fn close(
    connection: &Connection,
    id: QuestionId,
    source: Option<SourceId>,
) -> Result<Option<ChatId>, StoreError> {
    let state = if source.is_some() { 1 } else { 2 };
    let sql = "UPDATE open_questions SET state = ?2, source = ?3 WHERE id = ?1 AND state = 0 RETURNING chat";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((id, state, source))?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

/// How many came since a moment.
pub(crate) fn count_since(connection: &Connection, from_ms: i64) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM open_questions WHERE asked_ms >= ?1";
    Ok(connection.prepare_cached(sql)?.query_row([from_ms], |row| row.get(0))?)
}
