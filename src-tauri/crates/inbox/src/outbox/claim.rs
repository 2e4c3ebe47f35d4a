//! Which message at Avito is which row of the outbox.
//!
//! Avito has no idempotency key, so likeness must do: our text or picture, by us, not there before the attempt, claimed by no other
//! row. An answer to the sending is surer than likeness and overrules it ([`crate::store::outbox::settle`]).

use rusqlite::Connection;
use serde_json::Value;

use crate::ids::{MessageId, OutboxId};
use crate::store::messages::StoredMessage;
use crate::store::outbox::{self, OutboxRow, OutboxState};
use crate::store::{StoreError, messages};

/// How much a message looks like a row of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// Not at all, or it was there before.
    None,
    /// A picture of ours without a common address: whether Avito keeps the addresses of an upload is not known.
    Perhaps,
    /// The same.
    Same,
}

/// A message of ours came in: if a row of the chat is under way and looks like it, the row is done.
pub(crate) fn by_likeness(
    connection: &Connection,
    message: &StoredMessage,
) -> Result<Option<OutboxId>, StoreError> {
    if outbox::is_claimed(connection, message.id)? {
        return Ok(None);
    }
    let rows = outbox::open_of_chat(connection, message.chat)?;
    // What is under way comes first; a reply that waits or is parked may have been accepted in an earlier attempt.
    let order = [OutboxState::Sending, OutboxState::Unknown, OutboxState::Queued, OutboxState::Failed];
    let row = order.iter().find_map(|state| {
        rows.iter().find(|row| {
            row.state == *state
                && (*state == OutboxState::Sending || row.uncertain > 0)
                && likeness(row, message) == Likeness::Same
        })
    });
    if let Some(row) = row {
        outbox::settle(connection, row.id, message.id)?;
    }
    Ok(row.map(|row| row.id))
}

/// Looks among the stored messages of the chat for the one this row became: the surest, then the oldest.
pub(crate) fn find(
    connection: &Connection,
    row: &OutboxRow,
) -> Result<Option<(MessageId, Likeness)>, StoreError> {
    let newest = messages::page(connection, row.chat, None, 300)?;
    let mut perhaps = None;
    for message in newest.iter().rev() {
        let likeness = likeness(row, message);
        if likeness == Likeness::None || outbox::is_claimed(connection, message.id)? {
            continue;
        }
        if likeness == Likeness::Same {
            return Ok(Some((message.id, likeness)));
        }
        perhaps = perhaps.or(Some((message.id, likeness)));
    }
    Ok(perhaps)
}

fn likeness(row: &OutboxRow, message: &StoredMessage) -> Likeness {
    let (Some(attempt_s), Some(attempt_after)) = (row.attempt_s, row.attempt_after) else {
        return Likeness::None; // never tried: nothing of it can be at Avito
    };
    if !message.outgoing || message.id <= attempt_after || message.sent_s < attempt_s {
        return Likeness::None;
    }
    match (&row.text, &row.image) {
        (Some(text), _) if message.kind == "text" && same_text(text, &message.text) => Likeness::Same,
        (None, Some(image)) if message.kind == "image" => picture(image.sizes.as_deref(), &message.json),
        _ => Likeness::None,
    }
}

/// Avito may trim what it stores, and one space may stand for another: prices have no-break ones.
fn same_text(ours: &str, theirs: &str) -> bool {
    let plain = |text: &str| text.trim().replace(['\u{a0}', '\u{202f}'], " ");
    ours == theirs || plain(ours) == plain(theirs)
}

/// The upload told the picture's addresses; a message with one of them is this picture.
fn picture(sizes: Option<&str>, json: &str) -> Likeness {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let addresses = |map: Option<&Value>| -> Vec<String> {
        let map = map.and_then(Value::as_object).into_iter().flatten();
        map.filter_map(|(_, address)| address.as_str().map(str::to_owned)).collect()
    };
    let ours = addresses(sizes.map(parse).as_ref());
    let theirs = addresses(parse(json).pointer("/content/image/sizes"));
    if ours.iter().any(|address| theirs.contains(address)) { Likeness::Same } else { Likeness::Perhaps }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ids::{AccountId, ChatId};
    use crate::store::outbox::OutboxImage;

    fn row(text: Option<&str>, sizes: Option<&str>) -> OutboxRow {
        OutboxRow {
            id: OutboxId(1),
            account: AccountId(1),
            chat: ChatId(1),
            created_ms: 0,
            text: text.map(str::to_owned),
            image: text.is_none().then(|| OutboxImage {
                file: String::new(),
                name: String::new(),
                mime: String::new(),
                image_id: Some("1.a".into()),
                sizes: sizes.map(str::to_owned),
            }),
            state: OutboxState::Unknown,
            attempts: 1,
            uncertain: 1,
            attempt_after: Some(MessageId(10)),
            attempt_s: Some(100),
            ended_ms: None,
            retry_at_ms: None,
            code: None,
            detail: None,
            message: None,
        }
    }

    fn message(id: i64, sent_s: i64, kind: &str, text: &str) -> StoredMessage {
        StoredMessage {
            id: MessageId(id),
            account: AccountId(1),
            chat: ChatId(1),
            avito_id: id.to_string(),
            author_id: None,
            outgoing: true,
            sent_s,
            rank: 0,
            tie: 0,
            kind: kind.to_owned(),
            text: text.to_owned(),
            json: json!({"content": {"image": {"sizes": {"640x480": text}}}}).to_string(),
            unread: Some(false),
            read_s: None,
            deleted: false,
            source: 3,
            first_seen_ms: 0,
        }
    }

    #[test]
    fn only_what_came_after_the_attempt_can_be_its_message_whatever_our_clock_says() {
        let row = row(Some("да"), None);
        assert_eq!(likeness(&row, &message(11, 100, "text", " да ")), Likeness::Same);
        assert_eq!(likeness(&row, &message(10, 100, "text", "да")), Likeness::None, "was here before");
        let priced = self::row(Some("Отдам за 24\u{a0}500\u{a0}₽"), None);
        let theirs = message(11, 100, "text", "Отдам за 24 500 ₽");
        assert_eq!(likeness(&priced, &theirs), Likeness::Same, "one space for another");
        assert_eq!(
            likeness(&row, &message(11, 99, "text", "да")),
            Likeness::None,
            "is older than what was here"
        );
        assert_eq!(likeness(&row, &message(11, 100, "text", "нет")), Likeness::None);
        let theirs = StoredMessage { outgoing: false, ..message(11, 100, "text", "да") };
        assert_eq!(likeness(&row, &theirs), Likeness::None);
        let untried = OutboxRow { attempt_s: None, ..row };
        assert_eq!(likeness(&untried, &message(11, 100, "text", "да")), Likeness::None);
    }

    #[test]
    fn a_picture_is_known_by_its_address_and_another_picture_proves_nothing() {
        let row = row(None, Some(r#"{"1280x960":"https://img/1","32x32":"https://img/2"}"#));
        assert_eq!(likeness(&row, &message(11, 100, "image", "https://img/2")), Likeness::Same);
        assert_eq!(likeness(&row, &message(11, 100, "image", "https://img/3")), Likeness::Perhaps);
        assert_eq!(likeness(&row, &message(11, 100, "text", "https://img/2")), Likeness::None);
    }
}
