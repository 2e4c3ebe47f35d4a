//! Table `passage_uses`: where passages were used.

use rusqlite::Connection;

use super::StoreError;
use crate::ids::{AccountId, ChatId, SourceId};

/// Notes that a draft, or a reply that went out, rests on a passage.
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
    connection
        .prepare_cached(
            "INSERT INTO passage_uses (account, chat, source, key, question, sent, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((account, chat, source, key, question, sent, now_ms))?;
    Ok(())
}
