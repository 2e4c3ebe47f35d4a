//! The one door by which messages enter the store, whatever brought them: a delivery, a reading, our own sending.
//!
//! Ingest is idempotent and order-free (invariant 2): any mix of duplicates, reorderings and sources of the same messages
//! gives the same store. That holds because two forms of a message are merged field by field with rules that do not depend
//! on which came first. The one exception is `tie`, the order within one second, which Avito tells only in a reading: before
//! that it is the order of arrival.

mod second;

use std::borrow::Cow;

use avito::{Content, Direction, Kind, Message};
use rusqlite::Connection;

pub(crate) use self::second::Beyond;
use crate::ids::{AccountId, ChatId, MediaId, MessageId};
use crate::outbox::claim;
use crate::store::messages::{Source, StoredMessage};
use crate::store::{StoreError, chats, media, messages};
use crate::voices;

/// Whose store a message enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Local id.
    pub(crate) account: AccountId,
    /// Avito's id, to tell our own messages from the buyer's.
    pub(crate) user_id: i64,
}

/// What came of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) message: MessageId,
    pub(crate) chat: ChatId,
    /// The store did not know it before, or only as the last message in the list of chats: what the list announces is told
    /// (alerted, counted) when an event or a reading brings it.
    pub(crate) new: bool,
    /// The store differs from before.
    pub(crate) changed: bool,
    /// A buyer's own words.
    pub(crate) from_buyer: bool,
    /// A buyer's own words that the seller has not seen: worth an alert, when it is new. Echoes and Avito's notes never are.
    pub(crate) for_the_seller: bool,
    /// When it was sent, by Avito's clock.
    pub(crate) sent_s: i64,
    /// Its recording is to be fetched.
    pub(crate) recording: bool,
}

impl Taken {
    /// The seller is told of it. `floor_s`: older messages are history, not news.
    pub(crate) fn is_news(&self, floor_s: i64) -> bool {
        self.new && self.for_the_seller && self.sent_s >= floor_s
    }
}

/// Takes one message in. `tie` is its place within its second when a reading tells it.
///
/// The caller refreshes the chat's derived columns afterwards, once per chat ([`chats::refresh`]).
pub(crate) fn take(
    connection: &Connection,
    owner: Owner,
    chat: ChatId,
    message: &Message,
    source: Source,
    tie: Option<i64>,
    now_ms: i64,
) -> Result<Taken, StoreError> {
    let old = messages::find(connection, owner.account, &message.id)?;
    let mut new = stored(owner, chat, message, source, now_ms);
    new.tie = match (tie, &old) {
        (Some(tie), _) => tie,
        (None, Some(old)) => old.tie,
        (None, None) => messages::next_tie(connection, chat, new.sent_s)?,
    };
    let content = meaning(message);
    register_media(connection, owner.account, &content)?;
    let recording = voices::to_keep(connection, owner.account, &content, new.sent_s, now_ms)?;
    let mut merged = match &old {
        Some(old) => merge(old, new, tie.is_some()),
        None => new,
    };
    let changed = old.as_ref() != Some(&merged);
    let id = match &old {
        Some(old) if !changed => old.id,
        _ => messages::put(connection, &merged)?,
    };
    if merged.outgoing {
        merged.id = id;
        claim::by_likeness(connection, &merged)?;
    }
    let from_buyer = !merged.outgoing && merged.rank == 0;
    Ok(Taken {
        message: id,
        chat,
        new: source != Source::ChatList
            && old.as_ref().is_none_or(|old| only_announced(old) && merged.source != old.source),
        changed,
        from_buyer,
        for_the_seller: from_buyer && !merged.deleted && merged.unread != Some(false),
        sent_s: merged.sent_s,
        recording,
    })
}

/// Known from the list of chats alone. (One that was read as deleted before has its words from the list too, and is no news.)
fn only_announced(message: &StoredMessage) -> bool {
    message.source == Source::ChatList as i64 && !message.deleted
}

/// Takes a page of a chat's messages in, as Avito lists them (newest first).
pub(crate) fn take_page(
    connection: &Connection,
    owner: Owner,
    chat: ChatId,
    page: &[Message],
    beyond: Beyond,
    now_ms: i64,
) -> Result<Vec<Taken>, StoreError> {
    let mut taken = Vec::with_capacity(page.len());
    let (oldest, newest) =
        (page.last().map(|message| message.created), page.first().map(|message| message.created));
    for run in page.chunk_by(|newer, older| newer.created == older.created).rev() {
        let second = run[0].created;
        let at_end = Beyond {
            newer: beyond.newer && newest == Some(second),
            older: beyond.older && oldest == Some(second),
        };
        let ids: Vec<&str> = run.iter().rev().map(|message| message.id.as_str()).collect();
        let (place, others_moved) = second::make_room(connection, chat, second, &ids, at_end)?;
        for (message, tie) in run.iter().rev().zip(place..) {
            let mut one = take(connection, owner, chat, message, Source::Reading, Some(tie), now_ms)?;
            one.changed |= others_moved;
            taken.push(one);
        }
    }
    chats::refresh(connection, chat)?;
    Ok(taken)
}

/// The form in which a message is stored, before it meets an older form of itself.
fn stored(owner: Owner, chat: ChatId, message: &Message, source: Source, now_ms: i64) -> StoredMessage {
    let outgoing = match message.direction {
        Some(direction) => direction == Direction::Outgoing,
        None => message.author_id == Some(owner.user_id),
    };
    let content = meaning(message);
    let system = matches!(*content, Content::System { .. });
    StoredMessage {
        id: MessageId(0),
        account: owner.account,
        chat,
        avito_id: message.id.clone(),
        author_id: message.author_id,
        outgoing: outgoing && !system,
        sent_s: message.created,
        rank: i64::from(system),
        tie: 0,
        kind: kind_word(&content).to_owned(),
        text: content.text().unwrap_or_default().to_owned(),
        json: message.raw.to_string(),
        unread: unread(message, outgoing, system, source),
        read_s: message.read_at,
        deleted: matches!(*content, Content::Deleted),
        source: source as i64,
        first_seen_ms: now_ms,
    }
}

/// What a message says, seen from here. Avito's notes that come as ordinary text are told by how they begin, and anybody can begin
/// a text like that: it is a note only when its author is no person (0 and 1 are in use, or nobody). Otherwise a buyer could
/// speak in Avito's name.
pub(crate) fn meaning(message: &Message) -> Cow<'_, Content> {
    let disguised = matches!(message.content, Content::System { .. }) && message.kind == Kind::Text;
    if disguised && message.author_id.is_some_and(|author| author > 1) {
        let text = message.raw.pointer("/content/text").and_then(serde_json::Value::as_str);
        return Cow::Owned(Content::Text { text: text.unwrap_or_default().to_owned() });
    }
    Cow::Borrowed(&message.content)
}

/// Only a buyer's message can be unread. A delivery has no flag and is news by its nature; the list of chats has none and
/// says nothing.
fn unread(message: &Message, outgoing: bool, system: bool, source: Source) -> Option<bool> {
    if outgoing || system {
        return Some(false);
    }
    match (message.is_read, source) {
        (Some(read), _) => Some(!read),
        (None, Source::Event) => Some(true),
        (None, _) => None,
    }
}

/// Our word for the kind, as stored; what is disguised as text (deleted, system notes) is called by its true name.
fn kind_word(content: &Content) -> &str {
    match content {
        Content::Text { .. } => "text",
        Content::Image { .. } => "image",
        Content::Link { .. } => "link",
        Content::Item { .. } => "item",
        Content::Location { .. } => "location",
        Content::Call { .. } => "call",
        Content::Voice { .. } => "voice",
        Content::System { .. } => "system",
        Content::Deleted => "deleted",
        Content::Unsupported { kind } | Content::Unknown { kind, .. } => kind,
    }
}

/// Two forms of one message become one; the result does not depend on which came first.
fn merge(old: &StoredMessage, new: StoredMessage, tie_is_avitos: bool) -> StoredMessage {
    let has_words = |message: &StoredMessage| message.kind != "deleted";
    // Our copy of a deleted message stays: words win over their absence, then the fuller source wins.
    let take_new = match (has_words(old), has_words(&new)) {
        (true, false) => false,
        (false, true) => true,
        _ => new.source >= old.source,
    };
    let unread = match (old.unread, new.unread) {
        (Some(false), _) | (_, Some(false)) => Some(false), // read once is read for good
        (Some(true), _) | (_, Some(true)) => Some(true),
        (None, None) => None,
    };
    let read_s = match (old.read_s, new.read_s) {
        (Some(old), Some(new)) => Some(old.min(new)),
        (old, new) => old.or(new),
    };
    let tie = if tie_is_avitos { new.tie } else { old.tie };
    let deleted = old.deleted || new.deleted;
    let (kept, other) = if take_new { (&new, old) } else { (old, &new) };
    StoredMessage {
        id: old.id,
        avito_id: old.avito_id.clone(),
        author_id: kept.author_id.or(other.author_id),
        sent_s: if kept.sent_s == 0 { other.sent_s } else { kept.sent_s },
        unread,
        read_s,
        tie,
        deleted,
        first_seen_ms: old.first_seen_ms,
        ..kept.clone()
    }
}

/// Addresses of pictures and voice the page may ask for.
fn register_media(connection: &Connection, account: AccountId, content: &Content) -> Result<(), StoreError> {
    for address in media_addresses(content) {
        media::id_of(connection, account, &address)?;
    }
    Ok(())
}

/// Width of a picture in a bubble, in pixels; a screen with doubled pixels shows it sharp at 320.
const BUBBLE_WIDTH: u32 = 640;

/// The addresses of a message: for a picture the one for the bubble, then the largest.
pub(crate) fn media_addresses(content: &Content) -> Vec<String> {
    match content {
        Content::Image { sizes, .. } => {
            let small = avito::models::best_for(sizes, BUBBLE_WIDTH);
            let large = avito::models::best_for(sizes, u32::MAX);
            [small, large].into_iter().flatten().map(str::to_owned).collect()
        }
        Content::Item { image_url: Some(url), .. } => vec![url.clone()],
        Content::Voice { voice_id } => vec![voice_address(voice_id)],
        _ => Vec::new(),
    }
}

/// How a voice file is named in `media`; its real address lives for an hour only.
pub(crate) fn voice_address(voice_id: &str) -> String {
    format!("voice:{voice_id}")
}

/// Takes in what Avito says of a chat. Answers its local id and whether a reader would see a change. `hidden`: the tariff hides
/// the texts.
pub(crate) fn take_chat(
    connection: &Connection,
    owner: Owner,
    chat: &avito::Chat,
    hidden: bool,
    now_ms: i64,
) -> Result<(ChatId, bool), StoreError> {
    let id = chats::id_of(connection, owner.account, &chat.id)?;
    let picture = |address: Option<&String>| -> Result<Option<MediaId>, StoreError> {
        address.map(|address| media::id_of(connection, owner.account, address)).transpose()
    };
    let buyer = chat.other_user(owner.user_id);
    let item = chat.context.as_ref().and_then(|context| context.item.as_ref());
    let known = chats::get(connection, id)?;
    let title = item.map(|item| item.title.clone()).filter(|title| !title.is_empty());
    let name = buyer.map(|buyer| buyer.name.clone()).filter(|name| !name.is_empty());
    let searchable = [
        name.clone().or_else(|| known.as_ref().and_then(|known| known.buyer_name.clone())),
        title.clone().or_else(|| known.as_ref().and_then(|known| known.item_title.clone())),
    ];
    let details = chats::ChatDetails {
        buyer_id: buyer.map(|buyer| buyer.id),
        buyer_name: name,
        buyer_profile_url: buyer.and_then(|buyer| buyer.profile_url.clone()),
        buyer_avatar: picture(buyer.and_then(|buyer| buyer.avatar_url.as_ref()))?,
        item_id: item.map(|item| item.id),
        item_title: title,
        item_price: item.and_then(|item| item.price_string.clone()),
        item_url: item.and_then(|item| item.url.clone()),
        item_place: item.and_then(|item| item.location.as_ref()).and_then(|place| place.title.clone()),
        item_status: item.and_then(|item| item.status_id),
        item_picture: picture(item.and_then(|item| item.image_url.as_ref()))?,
        created_ms: chat.created.saturating_mul(1000),
        updated_ms: chat.updated.saturating_mul(1000),
        hidden_by_tariff: hidden,
        search_text: fold(&searchable.into_iter().flatten().collect::<Vec<_>>().join(" ")),
    };
    let mut changed = chats::set_details(connection, id, &details)?;
    // The advertisement that stands for a hidden text is never stored. If it is a buyer's real text, a reading brings it.
    if let Some(last) = &chat.last_message
        && !hidden
        && !chat.has_tariff_placeholder()
    {
        changed |= take(connection, owner, id, last, Source::ChatList, None, now_ms)?.changed;
    }
    if changed {
        chats::refresh(connection, id)?;
    }
    Ok((id, changed))
}

/// Folds text for comparing: lower case, ё as е, without what nobody sees.
pub(crate) fn fold(text: &str) -> String {
    let seen = text.chars().filter(|c| !is_unseen(*c));
    seen.flat_map(char::to_lowercase).map(|c| if c == 'ё' { 'е' } else { c }).collect()
}

/// Characters of no width that only steer how others are drawn: a word with them is found by how it looks.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
