//! The chat list and one chat's frame.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::thread;
use crate::ids::{AccountId, ChatId};
use crate::ingest::fold;
use crate::store::chats::{self, COLUMNS, Common, StoredChat};
use crate::store::messages::StoredMessage;
use crate::store::outbox::{self, OutboxState};
use crate::store::{StoreError, messages};
use crate::view::{
    BuyerView, ChatCursor, ChatPage, ChatQuery, ChatRow, ChatView, Delivery, ItemStatus, ItemView, Preview,
    RelatedChats,
};

/// What stays as it is in a part of an address; chat ids are made of nothing else.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `status_id` of a live listing, as seen in real answers.
pub(crate) const STATUS_ACTIVE: i64 = 4;
/// `status_id` of a deleted listing, by Avito's document.
const STATUS_DELETED: i64 = 20;

/// Characters of a search that count: no message of Avito's is longer.
const SEARCH_LENGTH: usize = 1000;
/// Words of a search that count.
const SEARCH_WORDS: usize = 32;

/// A page of the chat list, newest first.
pub(crate) fn page(connection: &Connection, query: &ChatQuery) -> Result<ChatPage, StoreError> {
    let limit = query.limit.clamp(1, 500) as usize;
    let (total, mut stored) = if words(query.text.as_deref().unwrap_or_default()).is_empty() {
        listed(connection, query, limit)?
    } else {
        found(connection, query, limit)?
    };
    let more = stored.len() > limit;
    stored.truncate(limit);
    let next =
        stored.last().filter(|_| more).map(|last| ChatCursor { updated_ms: last.updated_ms, id: last.id });
    let rows = stored.into_iter().map(|chat| shape(connection, chat)).collect::<Result<_, _>>()?;
    Ok(ChatPage { rows, next, total })
}

/// How many chats there are, and the next `limit` of them and one more, if there is one.
fn listed(
    connection: &Connection,
    query: &ChatQuery,
    limit: usize,
) -> Result<(u32, Vec<StoredChat>), StoreError> {
    let (condition, values) = condition(query);
    let total: u32 = connection
        .prepare_cached(&total_sql(query, &condition))?
        .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
    let (sql, mut values) = page_sql(query);
    values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX) + 1));
    let mut statement = connection.prepare_cached(&sql)?;
    let stored = statement.query_map(params_from_iter(values), chats::read)?.collect::<Result<_, _>>()?;
    Ok((total, stored))
}

/// The same for a search. Every chat has to be looked at to count what is found, so the page comes from the same look: a second one
/// would cost as much again.
fn found(
    connection: &Connection,
    query: &ChatQuery,
    limit: usize,
) -> Result<(u32, Vec<StoredChat>), StoreError> {
    let (condition, values) = condition(query);
    let sql = format!("SELECT c.updated_ms, c.id FROM chats c WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut all: Vec<(i64, ChatId)> = statement
        .query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
    all.sort_unstable_by(|a, b| b.cmp(a));
    let begin =
        query.after.map_or(0, |after| all.partition_point(|chat| *chat >= (after.updated_ms, after.id)));
    let stored =
        all.iter().skip(begin).take(limit + 1).filter_map(|(_, id)| chats::get(connection, *id).transpose());
    Ok((total, stored.collect::<Result<_, _>>()?))
}

/// How many chats there are in all. Without an index named, SQLite may look at every chat to find the few unread ones.
fn total_sql(query: &ChatQuery, condition: &str) -> String {
    let index = match (query.unread_only, query.account) {
        (true, Some(_)) => "INDEXED BY chats_unread",
        (true, None) => "INDEXED BY chats_unread_by_time",
        (false, _) => "",
    };
    format!("SELECT count(*) FROM chats c {index} WHERE {condition}")
}

/// The query of a page without its last value, the limit.
fn page_sql(query: &ChatQuery) -> (String, Vec<Value>) {
    let (condition, mut values) = condition(query);
    let mut after = "";
    if let Some(cursor) = query.after {
        after = " AND (c.updated_ms, c.id) < (?, ?)";
        values.extend([Value::Integer(cursor.updated_ms), Value::Integer(cursor.id.0)]);
    }
    let order = "ORDER BY c.updated_ms DESC, c.id DESC LIMIT ?";
    (format!("SELECT {COLUMNS} FROM chats c WHERE {condition}{after} {order}"), values)
}

fn condition(query: &ChatQuery) -> (String, Vec<Value>) {
    // The plus keeps SQLite from going account by account and sorting everything: the order comes from an index.
    let mut parts = vec!["+c.account IN (SELECT id FROM accounts WHERE removed_ms IS NULL)".to_owned()];
    let mut values = Vec::new();
    if let Some(account) = query.account {
        parts.push("c.account = ?".to_owned());
        values.push(Value::Integer(account.0));
    }
    if query.unread_only {
        parts.push("c.unread > 0".to_owned());
    }
    for word in words(query.text.as_deref().unwrap_or_default()) {
        // Not LIKE: it has wildcards, ends at a NUL and refuses long patterns. Full-text search over all messages is another matter.
        parts.push("(instr(c.search_text, ?) OR instr(c.last_words, ?))".to_owned());
        values.extend([Value::Text(word.clone()), Value::Text(word)]);
    }
    (parts.join(" AND "), values)
}

/// The words searched for, folded, each once. Of a text pasted whole the first ones are enough to find its chat.
pub(crate) fn words(text: &str) -> Vec<String> {
    let beginning: String = text.chars().take(SEARCH_LENGTH).collect();
    let folded = fold(&beginning);
    let mut words: Vec<&str> = Vec::new();
    for word in folded.split_whitespace() {
        if words.len() < SEARCH_WORDS && !words.contains(&word) {
            words.push(word);
        }
    }
    words.into_iter().map(str::to_owned).collect()
}

/// One row of the list.
pub(crate) fn row(connection: &Connection, id: ChatId) -> Result<Option<ChatRow>, StoreError> {
    chats::get(connection, id)?.map(|chat| shape(connection, chat)).transpose()
}

/// The first words of a message.
pub(crate) fn preview(message: &StoredMessage) -> Preview {
    let delivery = if message.read_s.is_some() { Delivery::Read } else { Delivery::Sent };
    Preview {
        kind: thread::preview_kind(message),
        text: thread::one_line(&message.text),
        outgoing: message.outgoing,
        delivery: message.outgoing.then_some(delivery),
    }
}

fn shape(connection: &Connection, chat: StoredChat) -> Result<ChatRow, StoreError> {
    let open = outbox::open_of_chat(connection, chat.id)?;
    let failed = open.iter().any(|row| row.state == OutboxState::Failed);
    let preview = match (open.last(), chat.last_message) {
        (Some(row), _) => Some(Preview {
            kind: thread::echo_kind(row),
            text: thread::one_line(row.text.as_deref().unwrap_or_default()),
            outgoing: true,
            delivery: Some(thread::delivery_of_row(row)),
        }),
        (None, Some(last)) => messages::get(connection, last)?.as_ref().map(preview),
        (None, None) => None,
    };
    Ok(ChatRow {
        id: chat.id,
        avito_id: chat.avito_id,
        account: chat.account,
        buyer: BuyerView {
            name: chat.buyer_name,
            avatar: chat.buyer_avatar,
            profile_url: chat.buyer_profile_url,
        },
        item_title: chat.item_title,
        item_price: chat.item_price,
        item_picture: chat.item_picture,
        updated_ms: chat.updated_ms,
        preview,
        unread: chat.unread,
        awaits_reply: open.is_empty() && chat.last_words_ours == Some(false),
        failed,
        composer_text: Some(thread::one_line(&chat.composer_text)).filter(|line| !line.is_empty()),
    })
}

/// The open chat's frame.
pub(crate) fn view(connection: &Connection, id: ChatId) -> Result<Option<ChatView>, StoreError> {
    let Some(chat) = chats::get(connection, id)? else { return Ok(None) };
    let others = |column: &str, value: Option<i64>| -> Result<u32, StoreError> {
        let Some(value) = value else { return Ok(0) };
        let sql = format!("SELECT count(*) FROM chats WHERE account = ?1 AND {column} = ?2 AND id <> ?3");
        Ok(connection.prepare_cached(&sql)?.query_row((chat.account, value, id), |row| row.get(0))?)
    };
    let item = match (&chat.item_title, chat.item_id) {
        (Some(title), Some(item_id)) => Some(ItemView {
            avito_id: item_id.to_string(),
            title: title.clone(),
            price: chat.item_price.clone(),
            picture: chat.item_picture,
            status: match chat.item_status {
                Some(STATUS_ACTIVE) => ItemStatus::Active,
                Some(STATUS_DELETED) => ItemStatus::Removed,
                _ => ItemStatus::Other,
            },
            url: chat.item_url.clone(),
            place: chat.item_place.clone(),
            other_chats: others("item_id", Some(item_id))?,
        }),
        _ => None,
    };
    let buyer_other_chats = others("buyer_id", chat.buyer_id)?;
    Ok(Some(ChatView {
        item,
        site_url: site_url(&chat.avito_id),
        composer_text: chat.composer_text.clone(),
        first_unread: messages::first_unread(connection, id)?,
        history_incomplete: !chat.history_done,
        hidden_by_tariff: chat.hidden_by_tariff,
        buyer_other_chats,
        blocked_ms: chats::blocked_ms(connection, chat.account, chat.buyer_id)?,
        row: shape(connection, chat)?,
    }))
}

/// So many related chats of each kind are shown.
const RELATED: u32 = 20;

/// Chats about the same listing and with the same buyer.
pub(crate) fn related(connection: &Connection, id: ChatId) -> Result<Option<RelatedChats>, StoreError> {
    let Some(chat) = chats::get(connection, id)? else { return Ok(None) };
    let rows = |common| -> Result<Vec<ChatRow>, StoreError> {
        let others = chats::others_with(connection, &chat, common, RELATED)?;
        others.into_iter().map(|other| shape(connection, other)).collect()
    };
    Ok(Some(RelatedChats { about_item: rows(Common::Item)?, of_buyer: rows(Common::Buyer)? }))
}

/// Address of a chat on the site, as reported by integrators.
fn site_url(avito_id: &str) -> String {
    let mut url = String::from("https://www.avito.ru/profile/messenger/channel/");
    url.extend(percent_encoding::utf8_percent_encode(avito_id, SEGMENT));
    url
}

/// Without the index named, SQLite may look at every chat of the account.
const UNREAD_OF_ACCOUNT: &str =
    "SELECT count(*) FROM chats INDEXED BY chats_unread WHERE account = ?1 AND unread > 0";

/// Chats with unread messages: of each account, in the order asked for.
pub(crate) fn unread_counts(connection: &Connection, accounts: &[AccountId]) -> Result<Vec<u32>, StoreError> {
    let mut statement = connection.prepare_cached(UNREAD_OF_ACCOUNT)?;
    accounts.iter().map(|account| Ok(statement.query_row([account], |row| row.get(0))?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{plan, testing};
    use crate::view::ChatCursor;

    #[test]
    fn a_chat_id_cannot_lead_elsewhere() {
        assert!(site_url("u2i-k3Vd~8Qm_Z").ends_with("/channel/u2i-k3Vd~8Qm_Z"));
        assert!(site_url("../../x?y#z").ends_with("/channel/..%2F..%2Fx%3Fy%23z"));
    }

    #[test]
    fn a_search_is_bounded_however_long_it_is() {
        assert_eq!(words("Ёж  ЁЖ \u{200b} е\u{200d}ж"), ["еж"]);
        assert_eq!(
            words(&"слово ".repeat(1_000_000)),
            ["слово", "слов"],
            "a word that is cut is a part of the text as well"
        );
        let many: String = (0..1000).map(|number| format!("{number} ")).collect();
        assert_eq!(words(&many).len(), SEARCH_WORDS);
        assert_eq!(words(&"я".repeat(5_000_000))[0].chars().count(), SEARCH_LENGTH);
    }

    #[test]
    fn chats_are_counted_in_an_index_and_unread_ones_among_themselves() {
        let connection = testing();
        for account in [None, Some(AccountId(1))] {
            for unread_only in [false, true] {
                let query = ChatQuery { account, unread_only, text: None, after: None, limit: 50 };
                let sql = total_sql(&query, &condition(&query).0);
                let first = &plan(&connection, &sql)[0];
                let wanted = if unread_only { "chats_unread" } else { "COVERING INDEX" };
                assert!(first.contains(wanted), "{query:?}: {first}");
            }
        }
        assert!(plan(&connection, UNREAD_OF_ACCOUNT)[0].contains("chats_unread (account=?"));
    }

    #[test]
    fn a_page_of_the_list_is_read_in_order_from_an_index() {
        let connection = testing();
        let after = Some(ChatCursor { updated_ms: 1, id: ChatId(1) });
        for account in [None, Some(AccountId(1))] {
            for unread_only in [false, true] {
                let query = ChatQuery { account, unread_only, text: None, after, limit: 50 };
                let lines = plan(&connection, &page_sql(&query).0);
                assert!(!lines.iter().any(|line| line.contains("TEMP B-TREE")), "{query:?}: {lines:?}");
                assert!(lines[0].contains("USING INDEX chats_"), "{query:?}: {lines:?}");
            }
        }
    }
}
