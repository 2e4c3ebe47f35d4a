//! Search over all messages: every word in any of its forms, the last one half typed.
//!
//! The words are kept beside the archive (`store/message_words.rs`) and put there in the background, so that neither taking
//! in a delivery nor a start waits for it; what is not looked through yet is told with every answer.

mod excerpt;
mod words;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use knowledge::analysis::{distance, english_keys_to_russian, russian_keys_to_english};
use rusqlite::Connection;

use self::words::Wanted;
use crate::Core;
use crate::error::CoreError;
use crate::ids::{ChatId, MessageId};
use crate::journal::let_intake_pass;
use crate::reading::thread;
use crate::store::{Store, StoreError, chats, message_words, messages};
use crate::view::{FoundMessage, FoundPage, MessageQuery};

/// Messages looked through by one transaction.
const BATCH: u32 = 500;
/// After news: more of it is likely to follow at once.
const CALM: Duration = Duration::from_millis(150);
/// After a failure, mostly of the disk.
const PAUSE: Duration = Duration::from_secs(5);
/// A shorter word is too like too many others.
const MISTYPED_FROM: usize = 4;
/// Words that may stand for a mistyped one.
const LIKE: usize = 4;

impl Core {
    /// Messages with all these words, newest first, over all chats or within one.
    pub async fn search_messages(&self, query: MessageQuery) -> Result<FoundPage, CoreError> {
        Ok(self.inner.store.read(move |c| search(c, &query)).await?)
    }
}

/// Looks new messages through. Runs until the core stops.
pub(crate) async fn look_through(core: Core) {
    let mut notices = core.inner.notices.subscribe();
    loop {
        let_intake_pass(&core).await;
        match step(&core.inner.store).await {
            Ok(true) => {}
            Ok(false) => {
                let _ = notices.recv().await; // also when some were missed
                tokio::time::sleep(CALM).await;
                notices = notices.resubscribe();
            }
            Err(error) => {
                tracing::warn!(%error, "messages could not be looked through");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Looks everything through at once, for archives that are made to be measured.
#[doc(hidden)]
pub async fn look_everything_through(store: &Store) -> Result<(), StoreError> {
    while step(store).await? {}
    Ok(())
}

/// One batch; answers whether there was any.
async fn step(store: &Store) -> Result<bool, StoreError> {
    let batch = store
        .read(|c| {
            let unread = message_words::next(c, BATCH)?;
            let with_words = unread.into_iter().map(|message| {
                let places = format!("{} {}", place("a", message.account.0), place("c", message.chat.0));
                let words = words::row(&message.text);
                let row = if words.is_empty() { words } else { format!("{words} {places}") };
                (message, row)
            });
            Ok(with_words.collect::<Vec<_>>())
        })
        .await?;
    if batch.is_empty() {
        return Ok(false);
    }
    store.write(move |c| message_words::put(c, &batch)).await?;
    Ok(true)
}

/// A word no text holds: whose message it is.
fn place(kind: &str, id: i64) -> String {
    format!("_{kind}{id}")
}

fn search(connection: &Connection, query: &MessageQuery) -> Result<FoundPage, StoreError> {
    let mut page = FoundPage {
        found: Vec::new(),
        more: false,
        read_as: None,
        similar: false,
        outstanding: message_words::outstanding(connection)?,
    };
    let limit = query.limit.clamp(1, 200) as usize;
    let find = |wanted: &[Wanted]| {
        message_words::find(connection, &expression(wanted, query), query.before, limit + 1)
    };
    let mut wanted = words::wanted(&query.text);
    if wanted.is_empty() {
        return Ok(page);
    }
    let mut found = find(&wanted)?;
    // A later page is of the same words as the first, so the first one's way is taken again.
    let nothing = |found: &[MessageId]| -> Result<bool, StoreError> {
        Ok(found.is_empty()
            && (query.before.is_none()
                || message_words::find(
                    connection,
                    &expression(&words::wanted(&query.text), query),
                    None,
                    1,
                )?
                .is_empty()))
    };
    if nothing(&found)? {
        if let Some(other) = other_layout(&query.text) {
            let otherwise = words::wanted(&other);
            if !otherwise.is_empty() {
                found = find(&otherwise)?;
            }
            if !found.is_empty() {
                wanted = otherwise;
                page.read_as = Some(other);
            }
        }
        if found.is_empty()
            && let Some(like) = similar(connection, &wanted)?
        {
            found = find(&like)?;
            page.similar = !found.is_empty();
            wanted = like;
        }
    }
    page.more = found.len() > limit;
    found.truncate(limit);
    let mut known = BTreeMap::new();
    for id in found {
        page.found.extend(shape(connection, id, &wanted, &mut known)?);
    }
    Ok(page)
}

fn expression(wanted: &[Wanted], query: &MessageQuery) -> String {
    let mut parts: Vec<String> = wanted.iter().map(Wanted::expression).collect();
    parts.extend(query.account.map(|account| format!("\"{}\"", place("a", account.0))));
    parts.extend(query.chat.map(|chat| format!("\"{}\"", place("c", chat.0))));
    parts.join(" AND ")
}

/// What the same keys give in the other layout.
fn other_layout(text: &str) -> Option<String> {
    let latin = text.chars().any(|c| c.is_ascii_alphabetic());
    let other = if latin { english_keys_to_russian(text) } else { russian_keys_to_english(text) };
    (other != text).then_some(other)
}

/// The same words, with those that stand in no message replaced by the most frequent ones that are like them. None: nothing is.
fn similar(connection: &Connection, wanted: &[Wanted]) -> Result<Option<Vec<Wanted>>, StoreError> {
    let mut changed = false;
    let mut like = Vec::new();
    for word in wanted {
        let known = !message_words::find(connection, &word.expression(), None, 1)?.is_empty();
        let terms = if known { Vec::new() } else { mistyped(connection, word)? };
        changed |= !terms.is_empty();
        like.push(if terms.is_empty() { word.clone() } else { Wanted { terms, beginning: false } });
    }
    Ok(changed.then_some(like))
}

fn mistyped(connection: &Connection, word: &Wanted) -> Result<Vec<String>, StoreError> {
    let Some(term) = word.terms.first().filter(|term| term.chars().count() >= MISTYPED_FROM) else {
        return Ok(Vec::new());
    };
    // The first letter is seldom wrong, and all words of a large archive would take too long.
    let first: String = term.chars().take(1).collect();
    let limit = if term.chars().count() < 7 { 1.0 } else { 2.0 };
    let mut like: Vec<(u32, u32, String)> = message_words::vocabulary(connection, &first)?
        .into_iter()
        .filter_map(|(known, messages)| {
            let away = distance(term, &known, limit)?;
            Some(((away * 10.0) as u32, u32::MAX - messages, known))
        })
        .collect();
    like.sort_unstable();
    let nearest = like.first().map_or(0, |(away, ..)| *away);
    like.retain(|(away, ..)| *away <= nearest + 5);
    Ok(like.into_iter().take(LIKE).map(|(.., known)| known).collect())
}

type Chats = BTreeMap<ChatId, (Option<String>, Option<String>)>;

fn shape(
    connection: &Connection,
    id: MessageId,
    wanted: &[Wanted],
    known: &mut Chats,
) -> Result<Option<FoundMessage>, StoreError> {
    let Some(message) = messages::get(connection, id)? else { return Ok(None) };
    let (buyer, item_title) = match known.entry(message.chat) {
        Entry::Occupied(known) => known.get().clone(),
        Entry::Vacant(new) => {
            let chat = chats::get(connection, message.chat)?;
            new.insert(chat.map(|chat| (chat.buyer_name, chat.item_title)).unwrap_or_default()).clone()
        }
    };
    Ok(Some(FoundMessage {
        message: id,
        chat: message.chat,
        account: message.account,
        buyer,
        item_title,
        sent_ms: message.sent_s * 1000,
        outgoing: message.outgoing,
        kind: thread::preview_kind(&message),
        parts: excerpt::around(&message.text, |term| wanted.iter().any(|wanted| wanted.is(term))),
    }))
}

/// For measuring beside the same question put to FTS5 alone: the expression of a query.
#[doc(hidden)]
pub fn expression_of(text: &str) -> String {
    let query = MessageQuery { text: text.to_owned(), account: None, chat: None, before: None, limit: 1 };
    expression(&words::wanted(text), &query)
}
