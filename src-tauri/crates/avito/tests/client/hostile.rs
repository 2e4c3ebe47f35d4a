//! Whatever Avito, or somebody in its place, sends: nothing panics, nothing takes for ever, what is there is read.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use avito::webhook::{self, NotJson};
use avito::{ChatsQuery, Client, ClientConfig, Content, Error, Grant, Message, OrdersQuery};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::mangled::{anything, damaged, text};
use crate::support::{CHAT, ME, Reply, Server, config};

/// Far more than an answer of any size takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, ..ProptestConfig::default() }
}

/// Avito's own examples, where its documents are at hand.
fn documented() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/avito-openapi/messenger.json");
    let document: Option<Value> =
        std::fs::read_to_string(path).ok().and_then(|text| serde_json::from_str(&text).ok());
    let mut found = Vec::new();
    let mut open = vec![document.unwrap_or_default()];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                found.extend(
                    fields.get("example").filter(|example| example.is_object()).map(Value::to_string),
                );
                open.extend(fields.into_iter().map(|(_, value)| value));
            }
            Value::Array(elements) => open.extend(elements),
            _ => {}
        }
    }
    found
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn a_body_is_a_delivery_exactly_when_it_is_json(body in prop_oneof![anything(), damaged(documented())]) {
        let is_json = serde_json::from_str::<IgnoredAny>(&String::from_utf8_lossy(&body)).is_ok();
        match webhook::parse(&body) {
            Err(NotJson) => prop_assert!(!is_json),
            Ok(delivery) => {
                prop_assert!(is_json);
                for found in delivery.messages {
                    prop_assert!((0..=253_402_300_799).contains(&found.message.created));
                    let again = Message::from_json(&found.message.raw).unwrap();
                    prop_assert_eq!(again, found.message, "stored and read again it is the same");
                }
            }
        }
    }

    #[test]
    fn a_message_is_read_as_written_whatever_stands_around_it(words in text(), around in anything()) {
        let value = json!({"id": "m1", "chat_id": CHAT, "user_id": ME, "created": 5, "type": "text", "content": {"text": words}});
        let around = String::from_utf8_lossy(&around);
        let around = if serde_json::from_str::<IgnoredAny>(&around).is_ok() { around.as_ref() } else { "1e999" };
        let body = format!(r#"{{"junk":{around},"payload":{{"type":"message","more":{around},"value":{value}}}}}"#);
        let mut delivery = webhook::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(delivery.messages.len(), 1);
        match delivery.messages.remove(0).message.content {
            Content::Text { text } => prop_assert_eq!(text, words),
            other => prop_assert!(words.trim().to_lowercase() == "сообщение удалено" || words.trim_start().starts_with('['), "{other:?}"),
        }
    }
}

/// Makes every call there is; what matters is that each comes to an end and that its error is fit to be logged.
async fn every_call(client: &Client) {
    let image = vec![0xFF, 0xD8, 0xFF];
    let mut errors: Vec<Option<Error>> = vec![
        client.account_self().await.err(),
        client.chats(ME, &ChatsQuery::default()).await.err(),
        client.chat(ME, CHAT).await.err(),
        client.messages(ME, CHAT, 100, 0).await.err(),
        client.send_text(ME, CHAT, "да").await.err(),
        client.send_image(ME, CHAT, "1").await.err(),
        client.upload_image(ME, "a.jpg", "image/jpeg", image).await.err(),
        client.delete_message(ME, CHAT, "1").await.err(),
        client.mark_read(ME, CHAT).await.err(),
        client.voice_urls(ME, &["v1"]).await.err(),
        client.register_webhook("https://example.org/").await.err(),
        client.subscriptions().await.err(),
    ];
    // Not the list of items: its budget would make the test wait, and it is read like orders.
    errors.push(client.item(ME, 1).await.err());
    errors.push(client.orders(&OrdersQuery::default()).await.err());
    for error in errors.into_iter().flatten() {
        let told = error.to_string();
        assert!(told.chars().count() < 1000 && !told.contains(char::is_control), "{told:?}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A server that answers everything but `/token` (or that alone) with what was put into it last.
fn answering(status: u16, token: bool) -> (impl Fn(Vec<u8>) + Clone, impl Future<Output = Server>) {
    let body = Arc::new(Mutex::new(Vec::new()));
    let given = body.clone();
    let server = Server::start(move |seen| {
        let is_token = seen.path == "/token";
        (is_token == token).then(|| Reply::raw(status, "application/json", given.lock().unwrap().clone()))
    });
    (move |new| *body.lock().unwrap() = new, server)
}

fn fast(server: &Server) -> Client {
    let config = config(&server.url, Grant::ClientCredentials);
    Client::new(ClientConfig { calls_per_minute: 1_000_000, ..config }).unwrap()
}

#[test]
fn no_answer_of_the_api_does_harm() {
    let runtime = runtime();
    for status in [200, 400, 500] {
        let (answer, server) = answering(status, false);
        let server = runtime.block_on(server);
        let client = fast(&server);
        let strategy = prop_oneof![3 => anything(), 1 => damaged(documented())];
        TestRunner::new(cases(if status == 200 { 96 } else { 32 }))
            .run(&strategy, |body| {
                answer(body);
                runtime
                    .block_on(async { tokio::time::timeout(PATIENCE, every_call(&client)).await.unwrap() });
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn no_answer_to_the_question_for_a_token_does_harm() {
    let runtime = runtime();
    for status in [200, 401, 429] {
        let (answer, server) = answering(status, true);
        let server = runtime.block_on(server);
        TestRunner::new(cases(64))
            .run(&anything(), |body| {
                answer(body);
                let client = fast(&server);
                let call = client.account_self();
                let outcome = runtime.block_on(async { tokio::time::timeout(PATIENCE, call).await.unwrap() });
                assert!(outcome.is_err(), "the server knows no account");
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn deep_wide_and_long_answers_come_to_an_end() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_fields = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let long = json!({"id": "m1", "name": "я".repeat(2_500_000), "content": {"text": "ы".repeat(2_500_000)}})
        .to_string();
    let digits = "9".repeat(1_000_000);
    let (answer, server) = answering(200, false);
    runtime().block_on(async {
        let server = server.await;
        let client = fast(&server);
        for body in [
            &deep,
            &deep_fields,
            &long,
            &digits,
            &format!(r#"{{"chats":[{deep},{deep_fields},{{"id":"u2i-a","deep":{deep}}}],"messages":[{{"id":{digits}}}],"meta":{deep}}}"#),
            &format!("[{}0]", "0,".repeat(500_000)),
            &format!("{{{}\"z\":0}}", "\"id\":\"a\",".repeat(300_000)),
        ] {
            answer(body.clone().into_bytes());
            let calls = async {
                // One for each way of reading: a list, one thing, a map, a mere confirmation.
                let _ = client.chats(ME, &ChatsQuery::default()).await;
                let _ = client.send_text(ME, CHAT, "да").await;
                let _ = client.voice_urls(ME, &["v1"]).await;
                let _ = client.mark_read(ME, CHAT).await;
            };
            tokio::time::timeout(PATIENCE, calls).await.unwrap();
        }
        answer(format!(r#"{{"chats":[{deep},{{"id":"u2i-a","deep":{deep},"updated":1e999}}]}}"#).into_bytes());
        let page = client.chats(ME, &ChatsQuery::default()).await.unwrap();
        assert_eq!((page.chats.len(), page.chats[0].id.as_str(), page.chats[0].updated), (1, "u2i-a", 0));
        assert_eq!(page.skipped.len(), 1, "one bad element costs only itself");
    });
}

#[test]
fn a_server_cannot_silence_an_account_for_ever() {
    runtime().block_on(async {
        for pause in ["18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT", "1e999", "-1", "я"] {
            let server = Server::start(move |seen| {
                (seen.path == "/token").then(|| Reply::error(429, "slow down").header("retry-after", pause))
            })
            .await;
            let error = fast(&server).account_self().await.unwrap_err();
            let avito::Retry::After(wait) = error.retry() else { panic!("{error}") };
            assert!(wait.is_none_or(|wait| wait <= Duration::from_secs(3600)), "{pause}: {wait:?}");
        }
    });
}
