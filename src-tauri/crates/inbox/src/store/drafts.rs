//! Table `drafts`: suggested replies and what became of them.

use rusqlite::{Connection, OptionalExtension, Row};

use super::StoreError;
use crate::ids::{AccountId, ChatId, DraftId, MessageId, OutboxId, RuleId};
use crate::view::DraftMaker;

/// What became of a draft. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Ready = 0,
    Unanswerable = 1,
    Sent = 2,
    SentEdited = 3,
    SentByRule = 4,
    Dismissed = 5,
    Stale = 6,
    Replaced = 7,
}

impl State {
    fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Ready,
            1 => Self::Unanswerable,
            2 => Self::Sent,
            3 => Self::SentEdited,
            4 => Self::SentByRule,
            5 => Self::Dismissed,
            7 => Self::Replaced,
            _ => Self::Stale,
        }
    }
}

/// A draft as stored. `marks`, `sources` and `stopped` are JSON of the view's types.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DraftRow {
    pub(crate) id: DraftId,
    pub(crate) account: AccountId,
    pub(crate) chat: ChatId,
    pub(crate) message: MessageId,
    pub(crate) question: String,
    pub(crate) asked_s: i64,
    pub(crate) state: State,
    pub(crate) maker: DraftMaker,
    pub(crate) model: Option<String>,
    pub(crate) text: String,
    pub(crate) marks: String,
    pub(crate) sources: String,
    pub(crate) chance: f64,
    pub(crate) stopped: String,
    pub(crate) trouble: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) outbox: Option<OutboxId>,
    pub(crate) edit_share: Option<f64>,
    pub(crate) settled_ms: Option<i64>,
}

const COLUMNS: &str = "id, account, chat, message, question, asked_s, state, maker, model, text, marks, sources, chance, stopped, \
     trouble, created_ms, outbox, edit_share, settled_ms";

fn read(row: &Row<'_>) -> rusqlite::Result<DraftRow> {
    Ok(DraftRow {
        id: row.get(0)?,
        account: row.get(1)?,
        chat: row.get(2)?,
        message: row.get(3)?,
        question: row.get(4)?,
        asked_s: row.get(5)?,
        state: State::from_number(row.get(6)?),
        maker: match row.get::<_, i64>(7)? {
            0 => DraftMaker::Model,
            1 => DraftMaker::Quote,
            3 => DraftMaker::Template,
            _ => DraftMaker::Holding,
        },
        model: row.get(8)?,
        text: row.get(9)?,
        marks: row.get(10)?,
        sources: row.get(11)?,
        chance: row.get(12)?,
        stopped: row.get(13)?,
        trouble: row.get(14)?,
        created_ms: row.get(15)?,
        outbox: row.get(16)?,
        edit_share: row.get(17)?,
        settled_ms: row.get(18)?,
    })
}

/// Adds a draft (`id` is ignored).
pub(crate) fn add(connection: &Connection, draft: &DraftRow) -> Result<DraftId, StoreError> {
    let maker = match draft.maker {
        DraftMaker::Model => 0,
        DraftMaker::Quote => 1,
        DraftMaker::Holding => 2,
        DraftMaker::Template => 3,
    };
    connection
        .prepare_cached(
            "INSERT INTO drafts (account, chat, message, question, asked_s, state, maker, model, text, marks, sources, chance,
                                 stopped, trouble, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(rusqlite::params![
            draft.account,
            draft.chat,
            draft.message,
            draft.question,
            draft.asked_s,
            draft.state as i64,
            maker,
            draft.model,
            draft.text,
            draft.marks,
            draft.sources,
            draft.chance,
            draft.stopped,
            draft.trouble,
            draft.created_ms,
        ])?;
    Ok(DraftId(connection.last_insert_rowid()))
}

/// One draft.
pub(crate) fn get(connection: &Connection, id: DraftId) -> Result<Option<DraftRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM drafts WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// The newest draft of a chat, whatever became of it.
pub(crate) fn newest(connection: &Connection, chat: ChatId) -> Result<Option<DraftRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM drafts WHERE chat = ?1 ORDER BY id DESC LIMIT 1");
    Ok(connection.prepare_cached(&sql)?.query_row([chat], read).optional()?)
}

/// Whether a question has had a draft, or was found to have no answer.
pub(crate) fn is_done(connection: &Connection, chat: ChatId, message: MessageId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM drafts WHERE chat = ?1 AND message = ?2 LIMIT 1";
    Ok(connection.prepare_cached(sql)?.exists((chat, message))?)
}

/// Drafts that wait for the seller, oldest question first.
pub(crate) fn ready(connection: &Connection, limit: u32) -> Result<Vec<DraftRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM drafts WHERE state = 0 ORDER BY asked_s, id LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map([limit], read)?.collect::<Result<_, _>>()?)
}

/// Drafts since a moment, oldest first.
pub(crate) fn since(connection: &Connection, from_ms: i64) -> Result<Vec<DraftRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM drafts WHERE created_ms >= ?1 ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map([from_ms], read)?.collect::<Result<_, _>>()?)
}

/// Changes what became of a draft that still waits. Answers whether it did.
pub(crate) fn settle(
    connection: &Connection,
    id: DraftId,
    state: State,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE drafts SET state = ?2, settled_ms = ?3 WHERE id = ?1 AND state IN (0, 1)";
    Ok(connection.prepare_cached(sql)?.execute((id, state as i64, now_ms))? > 0)
}

/// Every draft of the chat that still waits gets this state. Answers whether there was one.
pub(crate) fn settle_chat(
    connection: &Connection,
    chat: ChatId,
    state: State,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE drafts SET state = ?2, settled_ms = ?3 WHERE chat = ?1 AND state IN (0, 1)";
    Ok(connection.prepare_cached(sql)?.execute((chat, state as i64, now_ms))? > 0)
}

/// What was sent instead of a draft's own text.
pub(crate) struct Edited<'a> {
    pub(crate) text: &'a str,
    pub(crate) share: f64,
}

/// Notes the reply a draft became.
pub(crate) fn set_sent(
    connection: &Connection,
    id: DraftId,
    outbox: OutboxId,
    edited: Option<&Edited<'_>>,
    rule: Option<RuleId>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE drafts SET outbox = ?2, sent_text = ?3, edit_share = ?4, rule = ?5 WHERE id = ?1",
        )?
        .execute((id, outbox, edited.map(|edited| edited.text), edited.map(|edited| edited.share), rule))?;
    Ok(())
}

/// Notes why the seller turned it down.
pub(crate) fn set_reason(connection: &Connection, id: DraftId, reason: &str) -> Result<(), StoreError> {
    connection.execute("UPDATE drafts SET reason = ?2 WHERE id = ?1", (id, reason))?;
    Ok(())
}

/// The seller took the reply back: the draft stands again. One that a rule sent is not wanted.
pub(crate) fn unsend(connection: &Connection, outbox: OutboxId, now_ms: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE drafts SET outbox = NULL, sent_text = NULL, edit_share = NULL,
               state = CASE WHEN state = 4 THEN 5 WHEN maker = 2 THEN 1 ELSE 0 END,
               settled_ms = CASE WHEN state = 4 THEN ?2 END
             WHERE outbox = ?1",
        )?
        .execute((outbox, now_ms))?;
    Ok(())
}

/// The draft that became this reply.
pub(crate) fn of_outbox(connection: &Connection, outbox: OutboxId) -> Result<Option<DraftRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM drafts WHERE outbox = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([outbox], read).optional()?)
}

/// How many a rule has sent in a chat since a moment.
pub(crate) fn sent_by_rules(connection: &Connection, chat: ChatId, from_ms: i64) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM drafts WHERE chat = ?1 AND state = 4 AND settled_ms >= ?2";
    Ok(connection.prepare_cached(sql)?.query_row((chat, from_ms), |row| row.get(0))?)
}

/// A reply of a rule's that was dropped before it went out, so that no rule has answered yet.
pub(crate) fn overtaken(connection: &Connection, id: DraftId, now_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE drafts SET state = 6, rule = NULL, settled_ms = ?2 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute((id, now_ms))?;
    Ok(())
}

/// A reply of a rule's that the seller no longer wants sent by itself: the draft stands again, and no rule sends it.
pub(crate) fn hand_back(connection: &Connection, id: DraftId) -> Result<(), StoreError> {
    let sql = "UPDATE drafts SET state = 0, outbox = NULL, settled_ms = NULL WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// The rule that sent a draft.
pub(crate) fn rule_of(connection: &Connection, id: DraftId) -> Result<Option<RuleId>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT rule FROM drafts WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?)
}

/// What rules have sent, newest first, with the rule.
pub(crate) fn by_rules(
    connection: &Connection,
    chat: Option<ChatId>,
    limit: u32,
) -> Result<Vec<(DraftRow, Option<RuleId>)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, rule FROM drafts WHERE state = 4 AND (?1 IS NULL OR chat = ?1) ORDER BY id DESC LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((chat, limit), |row| Ok((read(row)?, row.get(19)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a reply on its way or sent was put there by a rule.
pub(crate) fn is_automatic(connection: &Connection, outbox: OutboxId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM drafts WHERE outbox = ?1 AND state = 4";
    Ok(connection.prepare_cached(sql)?.exists([outbox])?)
}

/// Whether a rule has had its turn with this question, whatever became of its reply.
pub(crate) fn had_rule(
    connection: &Connection,
    chat: ChatId,
    message: MessageId,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM drafts WHERE chat = ?1 AND message = ?2 AND rule IS NOT NULL LIMIT 1";
    Ok(connection.prepare_cached(sql)?.exists((chat, message))?)
}

/// The newest draft made for a question, whatever became of it.
pub(crate) fn of_question(
    connection: &Connection,
    chat: ChatId,
    message: MessageId,
) -> Result<Option<DraftRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM drafts WHERE chat = ?1 AND message = ?2 ORDER BY id DESC LIMIT 1");
    Ok(connection.prepare_cached(&sql)?.query_row((chat, message), read).optional()?)
}

/// A draft that became a message at Avito, with what was sent where that differs from its text.
pub(crate) struct SentRow {
    pub(crate) draft: DraftRow,
    pub(crate) message: MessageId,
    pub(crate) sent_text: Option<String>,
}

/// Replies that began as drafts, are at Avito since a moment, still stand there, and of which nothing is decided.
pub(crate) fn sent_since(
    connection: &Connection,
    chat: Option<ChatId>,
    from_s: i64,
) -> Result<Vec<SentRow>, StoreError> {
    let columns: Vec<String> = COLUMNS.split(", ").map(|name| format!("d.{}", name.trim())).collect();
    let sql = format!(
        "SELECT {}, m.id, d.sent_text FROM drafts d JOIN outbox o ON o.id = d.outbox JOIN messages m ON m.id = o.message
         WHERE d.state IN (2, 3, 4) AND d.recall = 0 AND m.deleted = 0 AND m.sent_s >= ?1 AND (?2 IS NULL OR d.chat = ?2)
           AND d.created_ms >= ?1 * 1000 - 86400000
         ORDER BY d.id DESC LIMIT 200",
        columns.join(", ")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((from_s, chat), |row| {
        Ok(SentRow { draft: read(row)?, message: row.get(19)?, sent_text: row.get(20)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What the seller decided about a reply whose facts changed: taken back, or it stays.
pub(crate) fn set_recall(connection: &Connection, id: DraftId, taken_back: bool) -> Result<(), StoreError> {
    let sql = "UPDATE drafts SET recall = ?2 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute((id, if taken_back { 2 } else { 1 }))?;
    Ok(())
}
