//! Which message at Avito is which row of the outbox.
//!
//! Avito has no idempotency key, so likeness must do: our text (or a picture), by us, at or after the attempt's time, claimed by
//! no other row. An answer to the sending is surer than likeness and overrules it ([`crate::store::outbox::settle`]).

use rusqlite::Connection;

use crate::ids::{AccountId, ChatId, MessageId, OutboxId};
use crate::store::messages::StoredMessage;
use crate::store::outbox::{self, OutboxRow, OutboxState};
use crate::store::{StoreError, messages};

/// Avito's clock is known to a second or two only (the `Date` header of an answer).
const CLOCK_SLACK_S: i64 = 3;

/// A message of ours came in: if a row of the chat is under way and looks like it, the row is done.
pub(crate) fn by_likeness(
    connection: &Connection,
    account: AccountId,
    chat: ChatId,
    id: MessageId,
    message: &StoredMessage,
) -> Result<Option<OutboxId>, StoreError> {
    if outbox::is_claimed(connection, id)? {
        return Ok(None);
    }
    let rows = outbox::open_of_chat(connection, chat)?;
    let row = rows.iter().find(|row| {
        row.account == account
            && matches!(row.state, OutboxState::Sending | OutboxState::Unknown)
            && looks_like(row, message)
    });
    if let Some(row) = row {
        outbox::settle(connection, row.id, id)?;
    }
    Ok(row.map(|row| row.id))
}

/// Looks among the stored messages of the chat for the one this row became.
pub(crate) fn find(connection: &Connection, row: &OutboxRow) -> Result<Option<MessageId>, StoreError> {
    let newest = messages::page(connection, row.chat, None, 300)?;
    for message in newest.iter().rev() {
        if looks_like(row, message) && !outbox::is_claimed(connection, message.id)? {
            return Ok(Some(message.id));
        }
    }
    Ok(None)
}

fn looks_like(row: &OutboxRow, message: &StoredMessage) -> bool {
    let (Some(attempt_s), Some(attempt_ms)) = (row.attempt_s, row.attempt_ms) else {
        return false; // never tried: nothing of it can be at Avito
    };
    // A message that was in the store before the first attempt cannot be its result, whatever the clocks say.
    let after_attempt = message.sent_s >= attempt_s - CLOCK_SLACK_S && message.first_seen_ms >= attempt_ms;
    let same = match (&row.text, &row.image) {
        (Some(text), _) => message.kind == "text" && same_text(text, &message.text),
        (None, Some(image)) => message.kind == "image" && same_picture(image.sizes.as_deref(), &message.json),
        (None, None) => false,
    };
    message.outgoing && after_attempt && same
}

/// Avito may trim what it stores.
fn same_text(ours: &str, theirs: &str) -> bool {
    ours == theirs || ours.trim() == theirs.trim()
}

/// The upload told the picture's addresses; a message with one of them is this picture. Whether Avito keeps them is not
/// known, so without a common address any picture of ours will do.
fn same_picture(sizes: Option<&str>, json: &str) -> bool {
    let addresses = |text: &str, path: &[&str]| -> Vec<String> {
        let mut value = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
        for key in path {
            value = value.get_mut(*key).map(serde_json::Value::take).unwrap_or_default();
        }
        let map = value.as_object().cloned().unwrap_or_default();
        map.into_iter().filter_map(|(_, address)| address.as_str().map(str::to_owned)).collect()
    };
    let ours = sizes.map(|sizes| addresses(sizes, &[])).unwrap_or_default();
    let theirs = addresses(json, &["content", "image", "sizes"]);
    ours.is_empty() || theirs.is_empty() || ours.iter().any(|address| theirs.contains(address)) || {
        tracing::debug!("an outgoing picture shares no address with the upload");
        true
    }
}
