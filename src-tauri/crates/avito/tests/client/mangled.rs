//! Documents no honest server sends: made up, or real ones that were damaged. Strategies for property tests.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Names that mean something to us, so that made-up documents reach deep into the reading.
const NAMES: &[&str] = &[
    "id",
    "chat_id",
    "chat",
    "user_id",
    "author_id",
    "created",
    "updated",
    "read",
    "delivered",
    "type",
    "chat_type",
    "content",
    "text",
    "payload",
    "value",
    "message",
    "messages",
    "event",
    "version",
    "timestamp",
    "context",
    "item",
    "item_id",
    "title",
    "image",
    "images",
    "main",
    "sizes",
    "640x480",
    "link",
    "url",
    "preview",
    "location",
    "lat",
    "voice",
    "voice_id",
    "call",
    "quote",
    "direction",
    "isRead",
    "users",
    "name",
    "public_user_profile",
    "avatar",
    "last_message",
    "chats",
    "meta",
    "has_more",
    "voices_urls",
    "ok",
    "error",
    "access_token",
    "expires_in",
    "refresh_token",
    "subscriptions",
    "phones",
    "email",
    "flow_id",
];

/// Values that break careless readers, as they are written in JSON.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "0.5",
    "1e999",
    "-1e999",
    "1e-999",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "123456789012345678901234567890",
    "1760000000",
    "1760000000000",
    "\"\"",
    "\"m1\"",
    "\"u2i-a\"",
    "\"message\"",
    "\"text\"",
    "\"image\"",
    "\"system\"",
    "\"deleted\"",
    "\"in\"",
    "\"out\"",
    "\"9223372036854775807\"",
    r#""\ud83d""#,
    r#""\ude00 \ud83d""#,
    r#""\u0000""#,
    r#""до\u0000после""#,
    r#""\uffff\u202e\u2066""#,
    "\"\u{202e}ялпук\u{200b}\"",
    "\"👩‍👩‍👧‍👦\"",
    "\"Сообщение удалено\"",
    "\"[Системное сообщение] да\"",
    "\"<b>&amp;\"",
    "[]",
    "{}",
    "[[[[[]]]]]",
    "[null]",
    "\"https://img/1.jpg\"",
    "\"file:///etc/passwd\"",
];

/// A delivery and answers as they really look.
const REAL: &[&str] = &[
    r#"{"id":"e1","version":"v3.0.0","timestamp":1760003601,"payload":{"type":"message","value":{"id":"m1","chat_id":"u2i-a","user_id":150000001,"author_id":250000002,"created":1760003600,"type":"text","chat_type":"u2i","content":{"text":"Здравствуйте! \ud83d\ude00"},"item_id":7412345678}}}"#,
    r#"{"chats":[{"id":"u2i-a","created":1760003600,"updated":1760003700,"context":{"type":"item","value":{"id":7412345678,"title":"Кофемолка","price_string":"2 500 ₽","status_id":4,"url":"https://www.avito.ru/1","images":{"count":1,"main":{"140x105":"https://img/1.jpg"}},"location":{"title":"Тверь","lat":56.8,"lon":35.9}}},"users":[{"id":250000002,"name":"Анна","public_user_profile":{"avatar":{"default":"https://a/1.png","images":{"128x128":"https://a/2.png"}},"url":"https://www.avito.ru/user/x"}}],"last_message":{"id":"m2","author_id":250000002,"created":1760003700,"direction":"in","type":"text","content":{"text":"Ещё продаёте?"}}}],"meta":{"has_more":false}}"#,
    r#"{"messages":[{"id":"m3","author_id":250000002,"created":1760003600,"direction":"in","type":"image","isRead":true,"read":1760003650,"content":{"image":{"sizes":{"640x480":"https://img/2.jpg","1280x960":"https://img/3.jpg"}}},"quote":{"id":"m1","author_id":150000001,"created":1760003000,"type":"text","content":{"text":"Да"}}},{"id":"m4","author_id":250000002,"created":1760003601,"direction":"in","type":"voice","content":{"voice":{"voice_id":"v1"}}},{"id":"m5","author_id":1,"created":1760003602,"direction":"in","type":"location","content":{"location":{"kind":"house","lat":55.7,"lon":37.6,"text":"Москва","title":"Дом"}}}],"meta":{"has_more":true}}"#,
    r#"{"id":150000001,"name":"Лавка","email":"a@example.org","phone":"70000000000","phones":["70000000000"],"profile_url":"https://www.avito.ru/user/y"}"#,
    r#"{"voices_urls":{"v1":"https://voice/1.mp4"}}"#,
    r#"{"a1b2":{"640x480":"https://img/2.jpg","1280x960":"https://img/3.jpg"}}"#,
    r#"{"subscriptions":[{"url":"https://example.org/hook","version":"3"}]}"#,
    r#"{"access_token":"t","expires_in":86400,"token_type":"Bearer","refresh_token":"r"}"#,
    r#"{"error":{"code":402,"message":"Payment required","fields":{"a":"b"}}}"#,
];

/// Text as people and programs that mean no good write it.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "да",
        "Ёж",
        " ",
        "\n",
        "%",
        "_",
        "\\",
        "'",
        "\"",
        "\0",
        "\u{202e}",
        "\u{2066}",
        "\u{2069}",
        "\u{200b}",
        "\u{200d}",
        "\u{feff}",
        "שלום",
        "مرحبا",
        "é",
        "е\u{308}",
        "👩‍👩‍👧",
        "İ",
        "ß",
        "ﬁ",
        "<b>",
        "--",
        "\u{fffd}",
        "\u{10ffff}",
        "слово",
    ]);
    prop_oneof![3 => vec(pieces, 0..12).prop_map(|pieces| pieces.concat()), 1 => ".{0,40}"]
}

/// A made-up JSON document: well formed, though perhaps with one name twice.
pub(crate) fn made_up() -> impl Strategy<Value = String> {
    let string = text().prop_map(|text| serde_json::Value::from(text).to_string());
    let leaf = prop_oneof![4 => select(VALUES).prop_map(str::to_owned), 1 => string];
    leaf.prop_recursive(7, 80, 8, |inner| {
        let field = (select(NAMES), inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            3 => vec(field, 0..8).prop_map(|fields| format!("{{{}}}", fields.join(","))),
            1 => vec(inner, 0..6).prop_map(|elements| format!("[{}]", elements.join(","))),
        ]
    })
}

/// A real document after some damage; `more` are others to begin with.
pub(crate) fn damaged(more: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let real: Vec<String> = REAL.iter().map(|&document| document.to_owned()).chain(more).collect();
    let blow = (any::<Index>(), any::<Index>(), 0..6_u8, select(VALUES), any::<u8>());
    (select(real), vec(blow, 1..5)).prop_map(|(document, blows)| {
        let mut bytes = document.into_bytes();
        for (from, to, kind, value, byte) in blows {
            if bytes.is_empty() {
                break;
            }
            let (a, b) = (from.index(bytes.len()), to.index(bytes.len()));
            let (start, end) = (a.min(b), a.max(b));
            match kind {
                0 => bytes[start] = byte,
                1 => drop(bytes.drain(start..end)),
                2 => drop(bytes.splice(start..start, bytes[start..end.min(start + 200)].to_vec())),
                3 => bytes.truncate(end),
                4 => drop(bytes.splice(start..start, value.bytes())),
                _ => replace_value(&mut bytes, start, value),
            }
        }
        bytes
    })
}

/// Puts another value where the next one begins: the document stays well formed more often than not.
fn replace_value(bytes: &mut Vec<u8>, from: usize, value: &str) {
    let Some(colon) = bytes[from..].iter().position(|byte| *byte == b':').map(|at| from + at + 1) else {
        return;
    };
    let Some(end) =
        bytes[colon..].iter().position(|byte| matches!(byte, b',' | b'}' | b']')).map(|at| colon + at)
    else {
        return;
    };
    bytes.splice(colon..end, value.bytes());
}

/// Anything at all: made up, damaged, or mere bytes.
pub(crate) fn anything() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => made_up().prop_map(String::into_bytes),
        4 => damaged(Vec::new()),
        1 => vec(any::<u8>(), 0..200),
    ]
}
