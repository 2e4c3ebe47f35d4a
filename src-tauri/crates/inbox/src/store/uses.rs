//! Table `passage_uses`: where passages were used.

use rusqlite::Connection;

use super::StoreError;
use crate::ids::{AccountId, ChatId, SourceId};

/// Notes that a draft, or a reply that went out, rests on a passage. The same question's draft counts once, and becomes the reply.
#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
pub(crate) fn add(
    connection: &Connection,
    account: AccountId,
    chat: ChatId,
    source: SourceId,
    key: &str,
    question: &str,
    sent: bool,
    now_ms: i64,
) -> Result<(), StoreError> {
    let known = "UPDATE passage_uses SET sent = max(sent, ?4), at_ms = ?5
                 WHERE id = (SELECT max(id) FROM passage_uses WHERE chat = ?1 AND key = ?2 AND question = ?3 AND sent = 0)";
    if connection.prepare_cached(known)?.execute((chat, key, question, sent, now_ms))? > 0 {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO passage_uses (account, chat, source, key, question, sent, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((account, chat, source, key, question, sent, now_ms))?;
    Ok(())
}
