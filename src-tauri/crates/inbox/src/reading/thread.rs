//! A thread: stored messages and the outbox's echoes as bubbles.

use std::collections::BTreeMap;

use avito::{Content, Message};
use rusqlite::Connection;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ids::{AccountId, ChatId, MediaId, MessageId};
use crate::ingest::{meaning, media_addresses};
use crate::store::messages::StoredMessage;
use crate::store::outbox::{self, OutboxRow, OutboxState};
use crate::store::{StoreError, drafts, media, messages};
use crate::view::{
    Delivery, MessageBody, MessageCursor, MessagePage, MessageRow, Preview, PreviewKind, QuoteView,
    SendFailure,
};

/// Avito deletes a message within an hour of its sending.
pub(crate) const DELETABLE_MS: i64 = 3_600_000;
/// Characters of a preview.
const PREVIEW_LENGTH: usize = 200;

/// The present time by Avito's clock: each account knows how far it is from ours.
#[derive(Debug, Clone)]
pub(crate) struct AvitoNow {
    pub(crate) local_ms: i64,
    pub(crate) of: BTreeMap<AccountId, i64>,
}

impl AvitoNow {
    pub(crate) fn at(&self, account: AccountId) -> i64 {
        self.of.get(&account).copied().unwrap_or(self.local_ms)
    }
}

/// A page of a thread, oldest first; the newest page ends with the echoes of what is under way.
pub(crate) fn page(
    connection: &Connection,
    chat: ChatId,
    before: Option<MessageCursor>,
    limit: u32,
    now: &AvitoNow,
) -> Result<MessagePage, StoreError> {
    let limit = limit.clamp(1, 500);
    let position = before.map(|cursor| (cursor.sent_ms.div_euclid(1000), cursor.id));
    let mut stored = messages::page(connection, chat, position, limit + 1)?;
    let more = stored.len() > limit as usize;
    stored.truncate(limit as usize);
    let older = stored.last().filter(|_| more).map(|oldest| MessageCursor {
        sent_ms: oldest.sent_s * 1000,
        order: oldest.rank,
        id: oldest.id,
    });
    let mut rows = Vec::with_capacity(stored.len());
    for message in stored.iter().rev() {
        rows.push(bubble(connection, message, now)?);
    }
    if before.is_none() {
        echoes(connection, chat, &mut rows)?;
    }
    Ok(MessagePage { rows, older, newer: None })
}

/// A piece of a thread from after `after`, oldest first; it ends with the echoes when nothing newer is left.
pub(crate) fn page_after(
    connection: &Connection,
    chat: ChatId,
    after: MessageId,
    limit: u32,
    now: &AvitoNow,
) -> Result<MessagePage, StoreError> {
    let limit = limit.clamp(1, 500);
    let mut stored = messages::after(connection, chat, after, limit + 1)?;
    let more = stored.len() > limit as usize;
    stored.truncate(limit as usize);
    let newer = stored.last().filter(|_| more).map(|newest| newest.id);
    let mut rows = Vec::with_capacity(stored.len());
    for message in &stored {
        rows.push(bubble(connection, message, now)?);
    }
    if !more {
        echoes(connection, chat, &mut rows)?;
    }
    Ok(MessagePage { rows, older: None, newer })
}

/// A piece of a thread with this message in its middle. None: the chat has no such message.
pub(crate) fn page_around(
    connection: &Connection,
    chat: ChatId,
    id: MessageId,
    limit: u32,
    now: &AvitoNow,
) -> Result<Option<MessagePage>, StoreError> {
    let Some(message) = messages::get(connection, id)?.filter(|message| message.chat == chat) else {
        return Ok(None);
    };
    let half = (limit / 2).max(1);
    let at = MessageCursor { sent_ms: message.sent_s * 1000, order: message.rank, id };
    let before = page(connection, chat, Some(at), half, now)?;
    let after = page_after(connection, chat, id, half, now)?;
    let mut rows = before.rows;
    rows.push(bubble(connection, &message, now)?);
    rows.extend(after.rows);
    Ok(Some(MessagePage { rows, older: before.older, newer: after.newer }))
}

/// What is under way stands at the end of the thread.
fn echoes(connection: &Connection, chat: ChatId, rows: &mut Vec<MessageRow>) -> Result<(), StoreError> {
    for row in outbox::open_of_chat(connection, chat)? {
        rows.push(echo(connection, &row)?);
    }
    Ok(())
}

/// One stored message as a bubble.
pub(crate) fn bubble(
    connection: &Connection,
    stored: &StoredMessage,
    now: &AvitoNow,
) -> Result<MessageRow, StoreError> {
    let json: Value = serde_json::from_str(&stored.json).unwrap_or_default();
    let message = Message::from_json(&json).ok();
    let sent_ms = stored.sent_s * 1000;
    let sent_by_us = if stored.outgoing { outbox::row_of_message(connection, stored.id)? } else { None };
    let deletable_until_ms = (stored.outgoing && !stored.deleted)
        .then_some(sent_ms + DELETABLE_MS)
        .filter(|until| *until > now.at(stored.account));
    let body = match &message {
        Some(message) => body(connection, stored.account, stored, &meaning(message))?,
        None => MessageBody::Text { text: stored.text.clone() },
    };
    Ok(MessageRow {
        key: sent_by_us.map_or_else(|| format!("m{}", stored.id), |row| format!("o{row}")),
        id: Some(stored.id),
        avito_id: Some(stored.avito_id.clone()),
        outbox: None,
        outgoing: stored.outgoing,
        sent_ms,
        body,
        deleted: stored.deleted,
        delivery: stored.outgoing.then_some(if stored.read_s.is_some() {
            Delivery::Read
        } else {
            Delivery::Sent
        }),
        automatic: sent_by_us.map_or(Ok(false), |row| drafts::is_automatic(connection, row))?,
        deletable_until_ms,
        quote: message.as_ref().and_then(|message| quote(message, stored)),
    })
}

/// A reply under way as a bubble.
pub(crate) fn echo(connection: &Connection, row: &OutboxRow) -> Result<MessageRow, StoreError> {
    let body = match (&row.text, &row.image) {
        (Some(text), _) => MessageBody::Text { text: text.clone() },
        (None, image) => {
            let address = image.as_ref().map(|image| outbox_address(&image.file)).unwrap_or_default();
            let picture = media::find(connection, row.account, &address)?;
            MessageBody::Image { small: picture, large: picture, width: None, height: None, caption: None }
        }
    };
    Ok(MessageRow {
        key: format!("o{}", row.id),
        id: None,
        avito_id: None,
        outbox: Some(row.id),
        outgoing: true,
        sent_ms: row.created_ms,
        body,
        deleted: false,
        delivery: Some(delivery_of_row(row)),
        automatic: drafts::is_automatic(connection, row.id)?,
        deletable_until_ms: None,
        quote: None,
    })
}

/// How the media table names a picture that is still in the outbox folder.
pub(crate) fn outbox_address(file: &str) -> String {
    format!("outbox:{file}")
}

/// How far a reply has come.
pub(crate) fn delivery_of_row(row: &OutboxRow) -> Delivery {
    match row.state {
        OutboxState::Queued => match (row.retry_at_ms, code(row.code.as_deref())) {
            (Some(until_ms), Some(code)) => Delivery::Waiting { code, until_ms },
            (Some(until_ms), None) if row.attempts == 0 => Delivery::Held { until_ms },
            _ => Delivery::Queued,
        },
        OutboxState::Sending => Delivery::Sending,
        OutboxState::Unknown => Delivery::Checking,
        OutboxState::Failed | OutboxState::Discarded => Delivery::Failed {
            code: code(row.code.as_deref()).unwrap_or(SendFailure::Refused),
            detail: row.detail.clone(),
        },
        OutboxState::Done => Delivery::Sent,
    }
}

fn code<T: DeserializeOwned>(word: Option<&str>) -> Option<T> {
    serde_json::from_value(Value::String(word?.to_owned())).ok()
}

pub(crate) fn echo_kind(row: &OutboxRow) -> PreviewKind {
    if row.text.is_some() { PreviewKind::Text } else { PreviewKind::Image }
}

pub(crate) fn preview_kind(message: &StoredMessage) -> PreviewKind {
    kind_of(&message.kind)
}

fn kind_of(word: &str) -> PreviewKind {
    match word {
        "text" => PreviewKind::Text,
        "image" => PreviewKind::Image,
        "link" => PreviewKind::Link,
        "item" => PreviewKind::Item,
        "location" => PreviewKind::Location,
        "call" | "appCall" => PreviewKind::Call,
        "voice" => PreviewKind::Voice,
        "system" => PreviewKind::System,
        "deleted" => PreviewKind::Deleted,
        "video" => PreviewKind::Video,
        "file" => PreviewKind::File,
        _ => PreviewKind::Other,
    }
}

/// Text for one line: no line breaks, bounded.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().flat_map(|word| std::iter::once(' ').chain(word.chars()));
    let mut line_of_any_length = words.skip(1);
    let mut line: String = line_of_any_length.by_ref().take(PREVIEW_LENGTH).collect();
    if line_of_any_length.next().is_some() {
        line.push('…');
    }
    line
}

fn body(
    connection: &Connection,
    account: AccountId,
    stored: &StoredMessage,
    content: &Content,
) -> Result<MessageBody, StoreError> {
    let addresses = media_addresses(content);
    let media_at = |index: usize| -> Result<Option<MediaId>, StoreError> {
        match addresses.get(index) {
            Some(address) => media::find(connection, account, address),
            None => Ok(None),
        }
    };
    Ok(match content {
        Content::Text { text } => MessageBody::Text { text: text.clone() },
        Content::Image { sizes, caption } => {
            let (width, height) = largest(sizes.keys().map(String::as_str));
            MessageBody::Image {
                small: media_at(0)?,
                large: media_at(1)?,
                width,
                height,
                caption: caption.clone().filter(|caption| !caption.is_empty()),
            }
        }
        Content::Link { text, url, preview } => {
            let preview = preview.clone().unwrap_or_default();
            MessageBody::Link {
                text: text.clone(),
                url: url.clone(),
                title: preview.title,
                description: preview.description,
                domain: preview.domain,
            }
        }
        Content::Item { title, url, price_string, .. } => MessageBody::Item {
            title: title.clone(),
            price: price_string.clone(),
            url: url.clone(),
            picture: media_at(0)?,
        },
        Content::Location { lat, lon, text, title, .. } => MessageBody::Location {
            title: title.clone().unwrap_or_default(),
            text: text.clone().unwrap_or_default(),
            lat: *lat,
            lon: *lon,
        },
        Content::Call { status, .. } => {
            MessageBody::Call { missed: status.as_deref().is_none_or(|status| status == "missed") }
        }
        Content::Voice { .. } => match media_at(0)? {
            Some(media) => MessageBody::Voice { media },
            None => MessageBody::Unsupported { what: stored.kind.clone() },
        },
        Content::System { text, .. } => MessageBody::System { text: text.clone() },
        Content::Deleted => MessageBody::Deleted,
        // A known kind that came empty (text without content) still shows its words, if it has any.
        Content::Unsupported { .. } | Content::Unknown { .. } if !stored.text.is_empty() => {
            MessageBody::Text { text: stored.text.clone() }
        }
        Content::Unsupported { kind } | Content::Unknown { kind, .. } => {
            MessageBody::Unsupported { what: kind.clone() }
        }
    })
}

/// Width and height of the largest size named, from keys like `1280x960`.
fn largest<'a>(keys: impl Iterator<Item = &'a str>) -> (Option<u32>, Option<u32>) {
    let parse = |key: &str| -> Option<(u32, u32)> {
        let (width, height) = key.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    };
    keys.filter_map(parse).max().unzip()
}

fn quote(message: &Message, stored: &StoredMessage) -> Option<QuoteView> {
    let quote = message.quote.as_ref()?;
    let same_author = quote.author_id.is_some() && quote.author_id == stored.author_id;
    // Two people talk: what is not by this message's author is by the other.
    let outgoing = if same_author { stored.outgoing } else { !stored.outgoing };
    Some(QuoteView {
        outgoing,
        preview: Preview {
            kind: kind_of(quote.kind.as_str()),
            text: one_line(quote.content.text().unwrap_or_default()),
            outgoing,
            delivery: None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_one_bounded_line() {
        assert_eq!(one_line("Добрый день!\n\nЕщё  продаёте?"), "Добрый день! Ещё продаёте?");
        assert_eq!(one_line(&"ё".repeat(500)).chars().count(), PREVIEW_LENGTH + 1);
        assert_eq!(one_line(&"ё".repeat(200)), "ё".repeat(200));
        assert_eq!(one_line(&format!("{} конец", "ё".repeat(200))), format!("{}…", "ё".repeat(200)));
        assert_eq!(one_line(&format!("{} конец", "ё".repeat(197))), format!("{} ко…", "ё".repeat(197)));
        assert_eq!(one_line(&"слово ".repeat(1_000_000)).chars().count(), PREVIEW_LENGTH + 1);
        assert_eq!(one_line(" \n "), "");
    }

    #[test]
    fn the_size_of_a_picture_is_that_of_its_largest_form() {
        assert_eq!(largest(["140x105", "1280x960", "640x480"].into_iter()), (Some(1280), Some(960)));
        assert_eq!(largest(["original"].into_iter()), (None, None));
    }
}
