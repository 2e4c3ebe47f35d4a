//! Whatever is delivered or read: the store takes it or says what it is, no delivery is lost, nothing is taken twice.

use avito::{Chat, Message};
use proptest::prelude::*;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use super::*;
use crate::ingest::Beyond;
use crate::reading;
use crate::reading::thread::AvitoNow;
use crate::store::testing;
use crate::view::ChatQuery;

#[path = "../../../avito/tests/client/mangled.rs"]
mod mangled;

use mangled::{anything, damaged, made_up, text};

const SELLER: i64 = 150_000_001;

fn shop() -> (Connection, AccountId) {
    let connection = testing();
    let new = accounts::NewAccount {
        user_id: SELLER,
        name: String::new(),
        client_id: String::new(),
        api_url: None,
        calls_per_minute: 60,
        added_ms: 0,
    };
    let account = accounts::add(&connection, &new).unwrap();
    (connection, account)
}

/// Takes in all that waits, as the worker does.
fn take_all(connection: &Connection) {
    let mut outcome = Outcome::default();
    loop {
        let waiting = events::pending(connection, BATCH).unwrap();
        if waiting.is_empty() {
            break;
        }
        for event in waiting {
            take_event(connection, &event, &webhook::parse(&event.body), 0, &mut outcome).unwrap();
        }
    }
    for (_, taken) in outcome.taken {
        chats::refresh(connection, taken.chat).unwrap();
    }
}

fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Cell>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Chats and messages, without what counts looks.
fn archive(connection: &Connection) -> [Vec<Vec<Cell>>; 3] {
    ["SELECT * FROM chats", "SELECT * FROM messages", "SELECT * FROM media"].map(|sql| rows(connection, sql))
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Every chat and thread can be shown.
fn show_all(connection: &Connection) {
    let query = ChatQuery { account: None, unread_only: false, text: None, after: None, limit: 500 };
    let now = AvitoNow { local_ms: 1_760_000_000_000, of: std::collections::BTreeMap::new() };
    for row in reading::chats::page(connection, &query).unwrap().rows {
        reading::chats::view(connection, row.id).unwrap().unwrap();
        let page = reading::thread::page(connection, row.id, None, 500, &now).unwrap();
        serde_json::to_string(&(row, page)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn invariant_02_any_delivery_is_settled_kept_and_taken_once(bodies in prop::collection::vec(anything(), 1..12)) {
        let (connection, account) = shop();
        for (at, body) in bodies.iter().enumerate() {
            events::append(&connection, account, at as i64, body, None).unwrap();
        }
        take_all(&connection);
        prop_assert_eq!(number(&connection, "SELECT count(*) FROM events"), bodies.len() as i64);
        prop_assert_eq!(number(&connection, "SELECT count(*) FROM events WHERE state = 0"), 0);
        let kept: Vec<Vec<Cell>> = bodies.iter().map(|body| vec![Cell::Blob(body.clone())]).collect();
        prop_assert_eq!(rows(&connection, "SELECT body FROM events ORDER BY id"), kept);
        show_all(&connection);
        // The second time round nothing is new; what one delivery says of a message may complete what another said.
        for body in &bodies {
            events::append(&connection, account, 99, body, None).unwrap();
        }
        take_all(&connection);
        let (messages, settled) = (number(&connection, "SELECT count(*) FROM messages"), archive(&connection));
        for body in &bodies {
            events::append(&connection, account, 100, body, None).unwrap();
        }
        take_all(&connection);
        prop_assert_eq!(number(&connection, "SELECT count(*) FROM messages"), messages);
        prop_assert_eq!(archive(&connection), settled);
    }

    #[test]
    fn any_answer_that_can_be_read_can_be_stored_and_shown(
        beyond in any::<(bool, bool)>().prop_map(|(newer, older)| Beyond { newer, older }),
        bodies in prop::collection::vec(prop_oneof![made_up().prop_map(String::into_bytes), damaged(Vec::new())], 1..8),
    ) {
        let (connection, account) = shop();
        let owner = Owner { account, user_id: SELLER };
        for body in bodies {
            let Ok(value) = serde_json::from_slice::<Value>(&body) else { continue };
            let list = |key: &str| match value.get(key).and_then(Value::as_array) {
                Some(elements) => elements.clone(),
                None => vec![value.clone()],
            };
            for chat in list("chats").iter().filter_map(|chat| Chat::from_json(chat).ok()) {
                ingest::take_chat(&connection, owner, &chat, false, 1).unwrap();
            }
            let messages: Vec<Message> =
                list("messages").iter().filter_map(|message| Message::from_json(message).ok()).collect();
            let chat = chats::id_of(&connection, account, "u2i-b").unwrap();
            ingest::take_page(&connection, owner, chat, &messages, beyond, 2).unwrap();
        }
        show_all(&connection);
    }

    #[test]
    fn a_text_is_kept_as_written_and_found_by_each_of_its_words(words in text(), other in text()) {
        let (connection, account) = shop();
        let message = |id: &str, chat: &str, text: &str| json!({"payload": {"type": "message", "value": {"id": id, "chat_id": chat,
            "user_id": SELLER, "author_id": 7, "created": 5, "type": "text", "content": {"text": text}}}}).to_string();
        events::append(&connection, account, 1, message("m1", "u2i-a", &words).as_bytes(), None).unwrap();
        take_all(&connection);
        let chat = chats::find(&connection, account, "u2i-a").unwrap().unwrap();
        let stored = crate::store::messages::page(&connection, chat, None, 1).unwrap().remove(0);
        if stored.kind == "text" {
            prop_assert_eq!(&stored.text, &words);
        }
        chats::set_composer_text(&connection, chat, &words).unwrap();
        prop_assert_eq!(chats::get(&connection, chat).unwrap().unwrap().composer_text, words.clone());
        for asked in [words.as_str(), other.as_str(), "%", "_", "\\"] {
            let query = ChatQuery { account: None, unread_only: false, text: Some(asked.to_owned()), after: None, limit: 5 };
            let found = reading::chats::page(&connection, &query).unwrap().total == 1;
            let kept = ingest::fold(&stored.text);
            prop_assert_eq!(found, ingest::fold(asked).split_whitespace().all(|word| kept.contains(word)), "{:?} in {:?}", asked, kept);
        }
    }
}

#[test]
fn a_text_of_five_megabytes_is_kept_shown_in_part_and_searched_for_without_harm() {
    let (connection, account) = shop();
    let long = "длинное слово ".repeat(200_000);
    let body = json!({"payload": {"type": "message", "value": {"id": "m1", "chat_id": "u2i-a", "user_id": SELLER, "author_id": 7,
        "created": i64::MAX, "type": "text", "content": {"text": long}}}});
    events::append(&connection, account, 1, body.to_string().as_bytes(), None).unwrap();
    take_all(&connection);
    show_all(&connection);
    for (asked, found) in [(long.as_str(), 1), (&"%".repeat(5_000_000), 0), (&"слово ".repeat(900_000), 1)]
    {
        let query = ChatQuery {
            account: None,
            unread_only: false,
            text: Some(asked.to_owned()),
            after: None,
            limit: 5,
        };
        let page = reading::chats::page(&connection, &query).unwrap();
        assert_eq!(page.total, found);
        assert!(
            page.rows.iter().all(|row| row.preview.as_ref().is_some_and(|preview| preview
                .text
                .chars()
                .count()
                <= 201))
        );
    }
}

#[test]
fn a_heap_of_large_deliveries_is_not_held_in_memory_at_once() {
    let (connection, account) = shop();
    for at in 0..8 {
        events::append(&connection, account, at, &vec![b' '; 1024 * 1024], None).unwrap();
    }
    assert_eq!(events::pending(&connection, BATCH).unwrap().len(), 2);
}
