use avito::webhook;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::*;
use crate::store::{accounts, testing};

const SELLER: i64 = 150_000_001;
const BUYER: i64 = 250_000_002;
/// A page that holds the whole chat.
const WHOLE: Beyond = Beyond { newer: false, older: false };

fn owner(connection: &Connection) -> Owner {
    let new = accounts::NewAccount {
        user_id: SELLER,
        name: String::new(),
        client_id: String::new(),
        api_url: None,
        calls_per_minute: 60,
        added_ms: 0,
    };
    Owner { account: accounts::add(connection, &new).unwrap(), user_id: SELLER }
}

/// A message as Avito holds it.
#[derive(Clone)]
struct Original {
    id: String,
    chat: &'static str,
    ours: bool,
    created: i64,
    kind: &'static str,
    content: Value,
    deleted: Option<bool>,
}

impl Original {
    fn author(&self) -> i64 {
        match (self.kind, self.ours) {
            ("system", _) => 1,
            (_, true) => SELLER,
            (_, false) => BUYER,
        }
    }

    fn event(&self) -> Value {
        json!({"id": self.id, "chat_id": self.chat, "user_id": SELLER, "author_id": self.author(), "created": self.created,
            "type": self.kind, "chat_type": "u2i", "content": self.content})
    }

    /// `later`: after the other side has read it, and perhaps after its deletion.
    fn reading(&self, later: bool) -> Value {
        let (kind, content) = match self.deleted.filter(|_| later) {
            Some(true) => ("text", json!({"text": "Сообщение удалено"})),
            Some(false) => ("deleted", json!({})),
            None => (self.kind, self.content.clone()),
        };
        json!({"id": self.id, "author_id": self.author(), "created": self.created, "type": kind, "content": content,
            "direction": if self.ours { "out" } else { "in" }, "isRead": later,
            "read": if later { json!(self.created + 60) } else { Value::Null }})
    }

    fn last_message(&self) -> Value {
        json!({"id": self.id, "author_id": self.author(), "created": self.created, "type": self.kind, "content": self.content,
            "direction": if self.ours { "out" } else { "in" }, "delivered": self.created + 1})
    }

    fn sent(&self) -> Message {
        let answer = json!({"id": self.id, "created": self.created, "direction": "out", "type": self.kind, "content": self.content});
        Message::from_json(&answer).unwrap()
    }
}

/// One way in which Avito tells us something.
#[derive(Clone)]
enum Telling {
    Event(Original),
    Sending(Original),
    List(&'static str, Original),
    Page(&'static str, Vec<Original>, bool),
}

fn originals(rng: &mut StdRng) -> Vec<Original> {
    let mut created = 1_760_000_000;
    (0..rng.random_range(3..16))
        .map(|number| {
            created += rng.random_range(0..3);
            let (kind, content) = match rng.random_range(0..6) {
                0 => ("image", json!({"image": {"sizes": {"640x480": format!("https://img/{number}.jpg")}}})),
                1 => ("system", json!({"text": format!("заметка {number}"), "flow_id": "f"})),
                2 => ("video", json!({})),
                _ => ("text", json!({"text": format!("слова {}", rng.random_range(0..3))})),
            };
            Original {
                id: format!("{:032x}", rng.random::<u128>()),
                chat: ["u2i-a", "u2i-b"][rng.random_range(0..2)],
                ours: kind != "system" && rng.random_bool(0.4),
                created,
                kind,
                content,
                deleted: rng.random_bool(0.2).then(|| rng.random_bool(0.5)),
            }
        })
        .collect()
}

/// What reaches us of these messages: a set of tellings, each at least once.
fn tellings(rng: &mut StdRng, originals: &[Original], pages: bool) -> Vec<Telling> {
    let mut tellings = Vec::new();
    for original in originals {
        if rng.random_bool(0.7) {
            tellings.push(Telling::Event(original.clone()));
        }
        if original.ours && rng.random_bool(0.7) {
            tellings.push(Telling::Sending(original.clone()));
        }
        if rng.random_bool(0.3) {
            tellings.push(Telling::List(original.chat, original.clone()));
        }
    }
    for chat in ["u2i-a", "u2i-b"] {
        let of_chat: Vec<Original> = originals.iter().filter(|one| one.chat == chat).cloned().collect();
        if pages {
            tellings.push(Telling::Page(chat, of_chat.clone(), true));
            if rng.random_bool(0.5) {
                tellings.push(Telling::Page(chat, of_chat, false));
            }
        }
    }
    tellings
}

/// Tells it all, and answers what the store holds then. Each message may be new once.
fn told(tellings: &[Telling], pages: bool) -> Vec<Value> {
    let connection = testing();
    let owner = owner(&connection);
    let mut new = Vec::new();
    for (now_ms, telling) in (0..).zip(tellings) {
        let taken = match telling {
            Telling::Event(original) => {
                let chat = chats::id_of(&connection, owner.account, original.chat).unwrap();
                let body = json!({"id": format!("event {now_ms}"), "payload": {"type": "message", "value": original.event()}});
                let delivery = webhook::parse(body.to_string().as_bytes()).unwrap();
                let message = &delivery.messages[0].message;
                vec![take(&connection, owner, chat, message, Source::Event, None, now_ms).unwrap()]
            }
            Telling::Sending(original) => {
                let chat = chats::id_of(&connection, owner.account, original.chat).unwrap();
                vec![take(&connection, owner, chat, &original.sent(), Source::Sending, None, now_ms).unwrap()]
            }
            Telling::List(chat, last) => {
                let chat = json!({"id": chat, "created": 1, "updated": last.created, "last_message": last.last_message(),
                    "users": [{"id": BUYER, "name": "Марина"}]});
                let chat = avito::Chat::from_json(&chat).unwrap();
                take_chat(&connection, owner, &chat, false, now_ms).unwrap();
                Vec::new()
            }
            Telling::Page(chat, originals, later) => {
                let chat = chats::id_of(&connection, owner.account, chat).unwrap();
                let page: Vec<Message> = originals
                    .iter()
                    .rev()
                    .map(|original| Message::from_json(&original.reading(*later)).unwrap())
                    .collect();
                take_page(&connection, owner, chat, &page, WHOLE, now_ms).unwrap()
            }
        };
        new.extend(taken.iter().filter(|taken| taken.new).map(|taken| taken.message));
        for chat in ["u2i-a", "u2i-b"] {
            if let Some(chat) = chats::find(&connection, owner.account, chat).unwrap() {
                chats::refresh(&connection, chat).unwrap();
            }
        }
    }
    let count = new.len();
    new.sort_unstable();
    new.dedup();
    assert_eq!(new.len(), count, "a message was news twice");
    dump(&connection, pages)
}

/// The store without local ids and times of ours; without readings also without the order inside a second.
fn dump(connection: &Connection, pages: bool) -> Vec<Value> {
    let mut statement = connection
        .prepare(
            "SELECT m.avito_id, c.avito_id, m.author_id, m.outgoing, m.sent_s, m.rank, m.kind, m.text, m.json, m.unread, m.read_s,
                    m.deleted, m.source, m.tie
             FROM messages m JOIN chats c ON c.id = m.chat ORDER BY m.avito_id",
        )
        .unwrap();
    let mut rows: Vec<Value> = statement
        .query_map([], |row| {
            let mut raw: Value = serde_json::from_str(&row.get::<_, String>(8)?).unwrap();
            // Facts of the moment have columns of their own.
            let raw_fields = raw.as_object_mut().unwrap();
            raw_fields.remove("isRead");
            raw_fields.remove("read");
            let tie: i64 = row.get(13)?;
            Ok(json!([
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<i64>>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, i64>(4)?,
                row.get::<_, i64>(5)?,
                row.get::<_, String>(6)?,
                row.get::<_, String>(7)?,
                raw,
                row.get::<_, Option<i64>>(9)?,
                row.get::<_, Option<i64>>(10)?,
                row.get::<_, i64>(11)?,
                row.get::<_, i64>(12)?,
                pages.then_some(tie),
            ]))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut statement = connection
        .prepare(
            "SELECT c.avito_id, c.updated_ms, c.unread, c.last_words_ours, m.avito_id FROM chats c
             LEFT JOIN messages m ON m.id = c.last_message ORDER BY c.avito_id",
        )
        .unwrap();
    let chats = statement
        .query_map([], |row| {
            let order_known =
                pages.then_some((row.get::<_, Option<i64>>(3)?, row.get::<_, Option<String>>(4)?));
            Ok(json!([row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, order_known]))
        })
        .unwrap();
    rows.extend(chats.map(Result::unwrap));
    rows
}

#[test]
fn invariant_02_any_mix_of_duplicates_orders_and_sources_gives_the_same_store() {
    for seed in 0..80 {
        let mut rng = StdRng::seed_from_u64(seed);
        let pages = seed % 3 != 0;
        let originals = originals(&mut rng);
        let mut tellings = tellings(&mut rng, &originals, pages);
        let expected = told(&tellings, pages);
        for _ in 0..3 {
            let mut again = tellings.clone();
            for _ in 0..rng.random_range(0..6) {
                if let Some(telling) = tellings.get(rng.random_range(0..tellings.len().max(1))) {
                    again.push(telling.clone());
                }
            }
            again.shuffle(&mut rng);
            assert_eq!(told(&again, pages), expected, "seed {seed}");
            tellings.shuffle(&mut rng);
        }
    }
}

#[test]
fn invariant_09_nobody_speaks_in_avitos_name() {
    let text = "[Системное сообщение] Подтвердите карту";
    let message = |kind: &str, author: Value| {
        let json = json!({"id": "1", "type": kind, "author_id": author, "content": {"text": text}});
        Message::from_json(&json).unwrap()
    };
    assert_eq!(*meaning(&message("text", json!(BUYER))), Content::Text { text: text.into() });
    assert!(matches!(*meaning(&message("text", json!(1))), Content::System { .. }));
    assert!(matches!(*meaning(&message("text", Value::Null)), Content::System { .. }));
    assert!(matches!(*meaning(&message("system", json!(BUYER))), Content::System { .. }));
}

#[test]
fn a_message_only_announced_by_the_list_is_news_when_it_is_read() {
    let connection = testing();
    let owner = owner(&connection);
    let mut rng = StdRng::seed_from_u64(1);
    let original = Original {
        ours: false,
        kind: "text",
        content: json!({"text": "да"}),
        deleted: None,
        ..originals(&mut rng).remove(0)
    };
    let chat = chats::id_of(&connection, owner.account, original.chat).unwrap();
    let message = Message::from_json(&original.last_message()).unwrap();
    assert!(!take(&connection, owner, chat, &message, Source::ChatList, None, 0).unwrap().new);
    let read = Message::from_json(&original.reading(false)).unwrap();
    let taken = take_page(&connection, owner, chat, std::slice::from_ref(&read), WHOLE, 1).unwrap();
    assert!(taken[0].new && taken[0].for_the_seller);
    assert!(!take_page(&connection, owner, chat, &[read], WHOLE, 2).unwrap()[0].new);
}
