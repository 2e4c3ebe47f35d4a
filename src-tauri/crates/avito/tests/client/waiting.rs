//! The budget and 429 as a caller meets them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use avito::{Class, Client, ClientConfig, Grant, Retry, SendOutcome};
use serde_json::json;

use crate::support::{CHAT, ME, Reply, Server, config};

#[tokio::test]
async fn a_429_is_reported_with_its_pause_and_holds_later_calls() {
    for (told, expected) in [(Some("30"), 30), (None, 5)] {
        let server = Server::start(move |seen| {
            let reply = Reply::error(429, "Too many requests");
            (seen.path != "/token").then(|| match told {
                Some(told) => reply.header("retry-after", told),
                None => reply,
            })
        })
        .await;
        let client = server.client();
        assert_eq!(client.limited_until(), None);
        let error = client.send_text(ME, CHAT, "да").await.unwrap_err();
        let pause = Some(Duration::from_secs(expected));
        assert_eq!(*error.class(), Class::RateLimited { retry_after: pause });
        assert_eq!((error.retry(), error.send_outcome()), (Retry::After(pause), SendOutcome::NotSent));

        let held = client.send_text(ME, CHAT, "да").await.unwrap_err();
        let Class::RateLimited { retry_after: Some(left) } = held.class() else { panic!("{held}") };
        assert!(*left <= Duration::from_secs(expected));
        assert_eq!((held.status(), held.send_outcome()), (None, SendOutcome::NotSent));
        assert!(client.limited_until().is_some_and(|until| until > Instant::now()));
        assert_eq!(server.calls().len(), 1, "the held call must not have been made");
    }
}

#[tokio::test]
async fn a_short_pause_is_waited_out() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|seen| {
        (seen.path != "/token").then(|| match CALLS.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::error(429, "Too many requests").header("retry-after", "1"),
            _ => Reply::ok(&json!({"id": ME})),
        })
    })
    .await;
    let client = server.client();
    client.account_self().await.unwrap_err();
    let until = client.limited_until().unwrap();
    client.account_self().await.unwrap();
    assert!(Instant::now() >= until);
    assert_eq!(client.limited_until(), None);
}

#[tokio::test]
async fn a_429_to_the_list_of_items_does_not_stop_the_messenger() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/token" => None,
        "/core/v1/items" => Some(Reply::json(429, &json!({"code": "429", "message": "slow down"}))),
        _ => Some(Reply::ok(&json!({"id": ME}))),
    })
    .await;
    let client = server.client();
    client.items(&avito::ItemsQuery::default()).await.unwrap_err();
    client.account_self().await.unwrap();
    let held = client.items(&avito::ItemsQuery::default()).await.unwrap_err();
    assert!(matches!(held.class(), Class::RateLimited { .. }));
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn a_send_never_waits_behind_a_backfill() {
    let server = Server::start(|seen| (seen.path != "/token").then(|| Reply::ok(&json!({"id": "m1"})))).await;
    let config = ClientConfig { calls_per_minute: 3, ..config(&server.url, Grant::ClientCredentials) };
    let client = Client::new(config).unwrap();
    let backfill = tokio::spawn({
        let background = client.background();
        async move {
            for _ in 0..3 {
                background.chat(ME, CHAT).await.unwrap();
            }
        }
    });
    while server.calls().len() < 2 {
        tokio::task::yield_now().await;
    }
    client.send_text(ME, CHAT, "да").await.unwrap();
    assert_eq!(server.calls().len(), 3, "two of the backfill, then the send");
    assert!(!backfill.is_finished(), "the third of the backfill waits for the budget");
    backfill.abort();
}

#[tokio::test]
async fn the_servers_clock_is_learnt_from_its_answers() {
    let server = Server::start(|seen| {
        (seen.path != "/token")
            .then(|| Reply::ok(&json!({"id": ME})).header("date", "Tue, 01 Jan 2030 00:00:00 GMT"))
    })
    .await;
    let client = server.client();
    assert_eq!(client.server_clock_offset_ms(), None);
    for _ in 0..3 {
        client.account_self().await.unwrap();
    }
    let local = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let offset = client.server_clock_offset_ms().unwrap();
    let server_now = i64::try_from(local.as_millis()).unwrap() + offset;
    assert!((server_now - 1_893_456_000_000).abs() < 60_000, "{server_now}");
}
