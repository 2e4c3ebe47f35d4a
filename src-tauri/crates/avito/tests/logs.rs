//! What the logs and errors tell, and what they must not. A program of its own, because the log is the program's.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

#[path = "client/support.rs"]
#[expect(dead_code, reason = "made for the other tests, which use all of it")]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use avito::{ChatsQuery, Client, Grant};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use support::{CHAT, ME, Reply, SECRET, Server, config, token};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_logs_nor_errors_hold_secrets_texts_or_queries() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let server = Server::start(|seen| match seen.path.as_str() {
        "/token" => {
            let mut answer = token(7);
            answer["refresh_token"] = "next-refresh-token".into();
            Some(Reply::ok(&answer))
        }
        path if path.ends_with("/chats") => Some(Reply::error(500, &format!("token {} broke", seen.token()))),
        _ => Some(Reply::ok(
            &json!({"id": "m1", "created": 1, "type": "text", "content": {"text": "ответ покупателю"}}),
        )),
    })
    .await;
    let grant = Grant::Refresh { refresh_token: "first-refresh-token".into() };
    let configuration = config(&server.url, grant);
    let mut told = format!("{configuration:?}");
    let client = Client::new(configuration).unwrap();
    told += &format!("{client:?}");
    client.send_text(ME, CHAT, "ответ покупателю").await.unwrap();
    let query = ChatsQuery { item_ids: vec![7_412_345_678], ..ChatsQuery::default() };
    let error = client.chats(ME, &query).await.unwrap_err();
    told += &format!("{error} {error:?}");
    assert_eq!(error.message(), Some("token … broke"), "an echoed token is taken out");

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line = "avito call method=\"POST\" path=\"/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages\" status=200";
    assert!(logged.contains(line), "one line per call: {logged}");
    // The libraries below log headers of the connection at most; the body and the query are never theirs to tell.
    let ours: String = logged.lines().filter(|line| line.contains(" avito")).collect();
    for secret in [SECRET, "access-token-7", "first-refresh-token", "next-refresh-token", "ответ покупателю"]
    {
        assert!(!logged.contains(secret), "{secret} in {logged}");
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    for private in [CHAT, "7412345678"] {
        assert!(!ours.contains(private), "{private} in {ours}");
        assert!(!told.contains(private), "{private} in {told}");
    }
}
