//! The webhook endpoint over raw sockets.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Shop, timing};

struct Address {
    host: String,
    path: String,
}

async fn address(shop: &Shop) -> Address {
    let url = shop.webhook().await;
    let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
    Address { host: host.to_owned(), path: format!("/{path}") }
}

/// Sends bytes and reads until the other side closes (every request here asks for that).
async fn raw(host: &str, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(host).await.unwrap();
    // The server may answer and close before it has taken everything.
    let _ = stream.write_all(request).await;
    read(&mut stream).await
}

async fn read(stream: &mut TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer).await {
        if count == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..count]);
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}

fn post(address: &Address, path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        address.host,
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn event(shop: &Shop, message: &str, chat: &str, text: &str) -> Vec<u8> {
    let user = shop.seller.user_id;
    json!({"id": format!("event-{message}"), "version": "v3.0.0", "timestamp": shop.sim.now(), "payload": {"type": "message", "value": {
        "id": message, "chat_id": chat, "user_id": user, "author_id": 7_000_001, "created": shop.sim.now(), "type": "text",
        "chat_type": "u2i", "content": {"text": text}, "item_id": null}}})
    .to_string()
    .into_bytes()
}

/// The journal as it lies on the disk, without our own tests: body, state, outcome.
fn journal(shop: &Shop) -> Vec<(Vec<u8>, i64, String)> {
    let db = rusqlite::Connection::open(shop.folder.path().join("prilavok.db")).unwrap();
    let mut statement = db
        .prepare("SELECT body, state, outcome FROM events WHERE kind IS NOT 'self-test' ORDER BY id")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_01_every_json_is_kept_before_it_is_answered_200() {
    let shop = Shop::live().await;
    let to = address(&shop).await;
    let bodies = [
        event(&shop, "m1", "u2i-x", "Здравствуйте"),
        b"{}".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b" 17 ".to_vec(),
        br#"{"payload":{"type":"chat_blocked","value":{"id":"1"}}}"#.to_vec(),
        br#"{"id":"e","payload":{"type":"message","value":null}}"#.to_vec(),
        br#"{"a":"\ud83d"}"#.to_vec(),
        format!("{}{}", "[".repeat(5000), "]".repeat(5000)).into_bytes(),
    ];
    for (index, body) in bodies.iter().enumerate() {
        let (status, answer) = raw(&to.host, &post(&to, &to.path, body)).await;
        assert_eq!(
            (status, serde_json::from_str::<Value>(&answer).unwrap()),
            (200, json!({"ok": true})),
            "{index}"
        );
        assert_eq!(journal(&shop)[index].0, *body, "durable when it is answered");
    }
    shop.until("all are settled", async || journal(&shop).iter().all(|(_, state, _)| *state != 0)).await;
    let outcomes: Vec<String> = journal(&shop).into_iter().map(|(_, _, outcome)| outcome).collect();
    assert_eq!(outcomes[0], "message");
    assert_eq!(outcomes[5], "unknown kind");
    let chat = shop.find("u2i-x").await;
    assert_eq!(shop.texts(chat).await, ["Здравствуйте"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_is_answered_400_and_kept_in_part() {
    let shop = Shop::live().await;
    let to = address(&shop).await;
    let long = "ы".repeat(2000);
    for body in ["", "{", "hello", "{\"a\":1}}", &long] {
        let (status, _) = raw(&to.host, &post(&to, &to.path, body.as_bytes())).await;
        assert_eq!(status, 400, "{body}");
    }
    let (status, _) = raw(&to.host, &post(&to, &to.path, b"\xff\xfe{}")).await;
    assert_eq!(status, 400);
    let kept = journal(&shop);
    assert_eq!(kept.len(), 6);
    assert!(kept.iter().all(|(_, state, outcome)| *state == 3 && outcome == "not json"));
    assert_eq!(String::from_utf8(kept[4].0.clone()).unwrap(), "ы".repeat(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_looks_like_any_unknown_path() {
    let shop = Shop::live().await;
    let to = address(&shop).await;
    let body = event(&shop, "m1", "u2i-x", "подделка");
    let secret = to.path.rsplit('/').next().unwrap();
    let mut answers = Vec::new();
    for path in [
        format!("/webhook/avito/{}/wrong", shop.account),
        format!("/webhook/avito/{}/{}", shop.account, &secret[1..]),
        format!("/webhook/avito/{}/{secret}x", shop.account),
        format!("/webhook/avito/999/{secret}"),
        format!("/webhook/avito/x/{secret}"),
        format!("/webhook/avito/{}/%ff%fe", shop.account),
        format!("{}/", to.path),
        "/webhook/avito/".to_owned(),
        "/".to_owned(),
        "/favicon.ico".to_owned(),
    ] {
        let answer = raw(&to.host, &post(&to, &path, &body)).await;
        assert_eq!(answer.0, 404, "{path}");
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(journal(&shop).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_post_is_taken() {
    let shop = Shop::live().await;
    let to = address(&shop).await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let request = format!(
            "{method} {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            to.path
        );
        assert_eq!(raw(&to.host, request.as_bytes()).await.0, 405, "{method}");
    }
    assert!(journal(&shop).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_is_refused_announced_or_not() {
    let shop = Shop::live().await;
    let to = address(&shop).await;
    let announced = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1048577\r\n\r\n",
        to.path
    );
    assert_eq!(raw(&to.host, announced.as_bytes()).await.0, 413, "before a byte of the body");
    let mut stream = TcpStream::connect(&to.host).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        to.path
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk =
        [format!("{:x}\r\n", 64 * 1024).into_bytes(), vec![b' '; 64 * 1024], b"\r\n".to_vec()].concat();
    for _ in 0..17 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    assert_eq!(read(&mut stream).await.0, 413);
    assert!(journal(&shop).is_empty());
    // Just below the limit is fine.
    let body = format!("\"{}\"", "a".repeat(1024 * 1024 - 2));
    assert_eq!(raw(&to.host, &post(&to, &to.path, body.as_bytes())).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_too_slow_for_avitos_two_seconds_is_given_up() {
    let shop = Shop::live().await;
    let to = address(&shop).await;
    let mut stream = TcpStream::connect(&to.host).await.unwrap();
    let head =
        format!("POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{{", to.path);
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(read(&mut stream).await.0, 408);
    assert!(journal(&shop).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_only_drips_is_cut_off() {
    let sim = crate::support::empty_sim().await;
    let timing = inbox::Timing { head_patience: Duration::from_millis(400), ..timing() };
    let shop = Shop::new(sim, crate::support::Setup { timing, ..Default::default() }).await;
    let host = shop.core.endpoint_address().to_string();
    let stream = TcpStream::connect(&host).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let drip = tokio::spawn(async move {
        let head = b"POST / HTTP/1.1\r\nHost: x\r\nX: ".iter().chain(std::iter::repeat(&b'a'));
        for byte in head {
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(crate::support::PATIENCE, reader.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "the connection is still open");
    drip.abort();
    // Nobody else is held up by one that says nothing at all.
    let _silent = TcpStream::connect(&host).await.unwrap();
    assert_eq!(
        raw(&host, b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await.0,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_of_another_account_is_kept_and_not_taken_in() {
    let shop = Shop::live().await;
    let to = address(&shop).await;
    let body = String::from_utf8(event(&shop, "m1", "u2i-x", "чужое")).unwrap();
    let body = body.replace(&format!("\"user_id\":{}", shop.seller.user_id), "\"user_id\":4");
    assert_eq!(raw(&to.host, &post(&to, &to.path, body.as_bytes())).await.0, 200);
    shop.until("settled", async || journal(&shop)[0].1 == 2).await;
    assert_eq!(journal(&shop)[0].2, "another account's");
    assert!(shop.list().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_deliveries_on_one_connection_are_all_taken() {
    let shop = Shop::live().await;
    let to = address(&shop).await;
    let mut stream = TcpStream::connect(&to.host).await.unwrap();
    for number in 0..50 {
        let body = event(&shop, &format!("m{number}"), "u2i-x", &number.to_string());
        let head = format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", to.path, body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
        let mut answer = [0; 1024];
        let count = stream.read(&mut answer).await.unwrap();
        assert!(answer[..count].starts_with(b"HTTP/1.1 200"));
    }
    let chat = shop.find("u2i-x").await;
    shop.until("all", async || shop.thread(chat).await.len() == 50).await;
}

#[tokio::test]
async fn a_signature_is_kept_and_compared_with_the_guess_but_decides_nothing() {
    let shop = Shop::live().await;
    let address = address(&shop).await;
    let (chat, _) = shop.chat("Анна", "Добрый день").await;
    let forged = event(&shop, "forged", &chat, "Подпись чужая");
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Avito-Messenger-Signature: {}\r\nContent-Length: {}\r\n\r\n",
        address.path,
        address.host,
        "0".repeat(64),
        forged.len()
    );
    assert_eq!(raw(&address.host, &[head.as_bytes(), &forged].concat()).await.0, 200);
    shop.until("both are taken in", async || journal(&shop).iter().all(|(_, state, _)| *state == 1)).await;

    let db = rusqlite::Connection::open(shop.folder.path().join("prilavok.db")).unwrap();
    let mut statement =
        db.prepare("SELECT length(signature), signature_matches FROM events WHERE kind IS NOT 'self-test' ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(i64, Option<bool>)> = rows.map(Result::unwrap).collect();
    assert_eq!(rows.first(), Some(&(64, Some(true))), "the stand-in signs as we guess");
    assert_eq!(rows.last(), Some(&(64, Some(false))));
}
