//! JSON Lines: one object a line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::pictures::Pictures;
use super::{Chat, Entry, Reader};
use crate::backup::BackupError;
use crate::clock;
use crate::folder::create_private_file;

/// A line of `chats.jsonl`. Avito's numbers are text: they may be too long for readers whose numbers are floating.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChatLine<'a> {
    chat: &'a str,
    account: String,
    account_name: &'a str,
    buyer: Person<'a>,
    item: Option<Item<'a>>,
    created: String,
    updated: String,
    messages: u32,
}

/// A line of `account-….jsonl`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageLine<'a> {
    id: &'a str,
    chat: &'a str,
    account: String,
    buyer: Person<'a>,
    item: Option<Item<'a>>,
    direction: &'static str,
    /// ISO 8601, UTC.
    sent: String,
    /// Avito's seconds.
    sent_s: i64,
    read_s: Option<i64>,
    kind: &'a str,
    text: &'a str,
    deleted: bool,
    /// Files in the folder of the export.
    media: Vec<String>,
    /// The message as Avito gave it.
    raw: Raw<'a>,
}

#[derive(Serialize)]
struct Person<'a> {
    id: Option<String>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    title: Option<&'a str>,
    price: Option<&'a str>,
    url: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Raw<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

impl<'a> Raw<'a> {
    /// As it is, unless it would break the line.
    fn new(json: &'a str) -> Self {
        match serde_json::from_str::<&RawValue>(json) {
            Ok(raw) if !json.contains(['\n', '\r']) => Self::Json(raw),
            _ => Self::Text(json),
        }
    }
}

pub(super) fn write(
    reader: &Reader<'_>,
    chats: &[Chat],
    pictures: &mut Pictures,
    out: &Path,
) -> Result<(), BackupError> {
    let mut chat_lines = BufWriter::new(create_private_file(&out.join("chats.jsonl"))?);
    let mut files: BTreeMap<i64, BufWriter<File>> = BTreeMap::new();
    for chat in chats {
        line(
            &mut chat_lines,
            &ChatLine {
                chat: &chat.avito_id,
                account: chat.user_id.to_string(),
                account_name: &chat.account_name,
                buyer: buyer(chat),
                item: item(chat),
                created: utc(chat.created_ms),
                updated: utc(chat.updated_ms),
                messages: chat.messages,
            },
        )?;
        // Two accounts with one number: the same seller on Avito and on a stand-in.
        let file = match files.entry(chat.account.0) {
            std::collections::btree_map::Entry::Occupied(file) => file.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let mut path = out.join(format!("account-{}.jsonl", chat.user_id));
                if path.exists() {
                    path = out.join(format!("account-{}-{}.jsonl", chat.user_id, chat.account));
                }
                place.insert(BufWriter::new(create_private_file(&path)?))
            }
        };
        reader.each(chat, |entry| line(file, &message(chat, &entry, pictures)?))?;
    }
    for file in files.values_mut() {
        file.flush()?;
    }
    Ok(chat_lines.flush()?)
}

fn message<'a>(
    chat: &'a Chat,
    entry: &'a Entry,
    pictures: &mut Pictures,
) -> Result<MessageLine<'a>, BackupError> {
    let stored = &entry.stored;
    let forms = entry.media();
    let media = if forms.is_empty() { None } else { pictures.take(&forms)? };
    Ok(MessageLine {
        id: &stored.avito_id,
        chat: &chat.avito_id,
        account: chat.user_id.to_string(),
        buyer: buyer(chat),
        item: item(chat),
        direction: if stored.outgoing { "out" } else { "in" },
        sent: utc(stored.sent_s.saturating_mul(1000)),
        sent_s: stored.sent_s,
        read_s: stored.read_s,
        kind: &stored.kind,
        text: &stored.text,
        deleted: stored.deleted,
        media: media.into_iter().collect(),
        raw: Raw::new(&stored.json),
    })
}

fn buyer(chat: &Chat) -> Person<'_> {
    Person { id: chat.buyer_id.map(|id| id.to_string()), name: chat.buyer_name.as_deref() }
}

fn item(chat: &Chat) -> Option<Item<'_>> {
    Some(Item {
        id: chat.item_id?.to_string(),
        title: chat.item_title.as_deref(),
        price: chat.item_price.as_deref(),
        url: chat.item_url.as_deref(),
    })
}

fn utc(at_ms: i64) -> String {
    clock::utc_text(at_ms)
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), BackupError> {
    serde_json::to_writer(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}
