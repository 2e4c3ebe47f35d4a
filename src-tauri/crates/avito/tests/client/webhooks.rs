//! What Avito posts to us, in the known shape and in looser ones.

use avito::webhook::{self, Delivery, NotJson};
use avito::{ChatType, Content, Direction, Message};
use serde_json::{Value, json};

use crate::support::{CHAT, ME};

const BUYER: i64 = 250_000_002;

fn value() -> Value {
    json!({"id": "m1", "chat_id": CHAT, "user_id": ME, "author_id": BUYER, "created": 1_760_003_600, "type": "text",
        "chat_type": "u2i", "content": {"text": "Здравствуйте!"}, "item_id": 7_412_345_678_i64,
        "published_at": "2025-10-09T09:53:20Z"})
}

fn v3(value: &Value) -> Value {
    json!({"id": "e1", "version": "v3.0.0", "timestamp": 1_760_003_601, "payload": {"type": "message", "value": value}})
}

fn parse(body: &Value) -> Delivery {
    webhook::parse(body.to_string().as_bytes()).unwrap()
}

fn ids(delivery: &Delivery) -> Vec<&str> {
    delivery.messages.iter().map(|found| found.message.id.as_str()).collect()
}

#[test]
fn a_v3_delivery_is_read_in_full() {
    let delivery = parse(&v3(&value()));
    assert_eq!((delivery.event_id.as_deref(), delivery.version.as_deref()), (Some("e1"), Some("v3.0.0")));
    assert_eq!((delivery.timestamp, delivery.kind.as_deref()), (Some(1_760_003_601), Some("message")));
    let [found] = &delivery.messages[..] else { panic!("{delivery:?}") };
    assert_eq!((found.chat_id.as_str(), found.user_id, found.author_id), (CHAT, Some(ME), Some(BUYER)));
    assert_eq!((found.item_id, found.chat_type.clone()), (Some(7_412_345_678), ChatType::U2i));
    assert_eq!((found.message.created, found.message.direction), (1_760_003_600, Some(Direction::Incoming)));
    assert_eq!(found.message.content, Content::Text { text: "Здравствуйте!".into() });
    assert_eq!(found.message.raw, value());
    assert_eq!(delivery.json, v3(&value()));
}

#[test]
fn the_direction_follows_from_the_author() {
    let mut own = value();
    own["author_id"] = ME.into();
    let mut bot = own.clone();
    bot["type"] = "system".into();
    let mut nobody = value();
    nobody.as_object_mut().unwrap().remove("user_id");
    for (value, expected) in
        [(own, Some(Direction::Outgoing)), (bot, Some(Direction::Incoming)), (nobody, None)]
    {
        let delivery = parse(&v3(&value));
        assert_eq!(delivery.messages[0].message.direction, expected, "{value}");
    }
}

#[test]
fn looser_shapes_are_understood() {
    let context = json!({"type": "item", "value": {"id": 9, "title": "Турка"}});
    let mut bare = value();
    bare["context"] = context.clone();
    for (body, event_id) in [
        (json!({"id": "e1", "value": value()}), Some("e1")),
        (json!({"id": "e1", "message": value()}), Some("e1")),
        (json!({"id": "e1", "payload": value()}), Some("e1")),
        (json!({"id": 5, "payload": {"value": value()}}), Some("5")),
        (json!({"payload": {"type": "message", "value": [value()]}}), None),
        (json!({"payload": {"messages": [value()]}}), None),
        (json!({"event": "new_message", "messages": [value()]}), None),
        (json!({"payload": {"type": "message", "value": null}, "value": value()}), None),
        (bare, None),
    ] {
        let delivery = parse(&body);
        assert_eq!((ids(&delivery), delivery.event_id.as_deref()), (vec!["m1"], event_id), "{body}");
    }
    let several = json!({"messages": [{"id": "a", "content": {}}, 5, {"id": "b", "content": {}}], "chat_id": CHAT,
        "user_id": ME, "context": context});
    let delivery = parse(&several);
    assert_eq!(ids(&delivery), ["a", "b"]);
    let found = &delivery.messages[0];
    assert_eq!((found.chat_id.as_str(), found.user_id, found.item_id), (CHAT, Some(ME), Some(9)));
    assert_eq!(found.context.as_ref().unwrap().item.as_ref().unwrap().title, "Турка");
}

#[test]
fn a_message_stored_from_a_delivery_is_read_again_the_same() {
    let mut own = value();
    own["author_id"] = ME.into();
    own.as_object_mut().unwrap().remove("user_id");
    for body in [v3(&value()), json!({"user_id": ME, "message": own})] {
        let found = parse(&body).messages.remove(0).message;
        assert!(found.direction.is_some(), "{body}");
        assert_eq!(Message::from_json(&found.raw).unwrap(), found);
    }
}

#[test]
fn whatever_is_json_is_a_delivery_if_need_be_without_messages() {
    let mut no_chat = value();
    no_chat.as_object_mut().unwrap().remove("chat_id");
    for body in [
        json!({}),
        json!([]),
        json!(null),
        json!("text"),
        json!(5),
        json!({"payload": null}),
        json!({"payload": {"type": "message", "value": {}}}),
        json!({"payload": {"type": "message_read", "value": value()}}),
        json!({"type": "ping", "value": value()}),
        v3(&no_chat),
    ] {
        let delivery = parse(&body);
        assert!(delivery.messages.is_empty(), "{body}");
        assert_eq!(delivery.json, body);
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for body in ["", "<html>", "{\"id\":", "a=b&c=d", "{} {}"] {
        assert_eq!(webhook::parse(body.as_bytes()), Err(NotJson), "{body}");
    }
}

#[test]
fn deep_huge_and_broken_bodies_do_no_harm() {
    let depth = 200_000;
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(webhook::parse(deep.as_bytes()).unwrap().messages.is_empty(), "JSON, though too deep to hold");
    let around = v3(&value()).to_string().replacen('{', &format!(r#"{{"deep":{deep},"huge":-1e999,"#), 1);
    assert_eq!(ids(&webhook::parse(around.as_bytes()).unwrap()), ["m1"], "a message beside it is found");
    let crowd = json!({"chat_id": CHAT, "messages": vec![json!({"id": 1, "content": 0}); 40_000]});
    assert_eq!(parse(&crowd).messages.len(), 100);
    assert_eq!(webhook::parse("[".repeat(depth).as_bytes()), Err(NotJson));

    let mut long = value();
    long["content"]["text"] = "я".repeat(4_000_000).into();
    assert_eq!(ids(&parse(&v3(&long))), ["m1"]);

    let mut body = v3(&value()).to_string().into_bytes();
    let place = body.windows(4).position(|window| window == "Здр".as_bytes().split_at(4).0).unwrap();
    body[place] = 0xFF;
    assert_eq!(ids(&webhook::parse(&body).unwrap()), ["m1"], "a broken character costs only itself");
    assert_eq!(webhook::parse(b"\xff\xfe\x00"), Err(NotJson));
}

#[test]
fn the_guessed_signature_is_recognised() {
    // RFC 4231, test case 2.
    let (body, secret) = (b"what do ya want for nothing?", "Jefe".into());
    let right = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert!(webhook::signature_matches(body, &secret, right));
    assert!(webhook::signature_matches(body, &secret, &format!(" {} ", right.to_uppercase())));
    for wrong in ["", "zz", "5bd", &right[2..], &right.replace('5', "6"), "я", &"0".repeat(64)] {
        assert!(!webhook::signature_matches(body, &secret, wrong), "{wrong}");
    }
    assert!(!webhook::signature_matches(b"another body", &secret, right));
}
