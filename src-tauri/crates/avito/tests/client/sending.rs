//! What goes out: paths, queries, bodies.

use avito::{BlacklistEntry, BlacklistReason, ChatType, ChatsQuery, ItemsQuery, OrdersQuery};
use serde_json::json;

use crate::support::{CHAT, ME, Reply, Server};

async fn anything_goes() -> Server {
    Server::start(|seen| {
        (seen.path != "/token").then(|| {
            Reply::ok(&json!({
                "id": "m1", "status": "active", "chats": [], "messages": [], "resources": [], "orders": [],
                "subscriptions": [], "voices_urls": {"v": "https://voice.example.ru/v"}, "ok": true,
                "12345.abc": {"140x105": "https://img.example.ru/140.jpg"}
            }))
        })
    })
    .await
}

#[tokio::test]
async fn every_call_has_the_documented_method_and_path() {
    let server = anything_goes().await;
    let client = server.client();
    client.chats(ME, &ChatsQuery::default()).await.unwrap();
    client.chat(ME, CHAT).await.unwrap();
    client.messages(ME, CHAT, 100, 0).await.unwrap();
    client.send_text(ME, CHAT, "да").await.unwrap();
    client.send_image(ME, CHAT, "12345.abc").await.unwrap();
    client.upload_image(ME, "a.png", "image/png", vec![1]).await.unwrap();
    client.delete_message(ME, CHAT, "0f3c").await.unwrap();
    client.mark_read(ME, CHAT).await.unwrap();
    client.voice_urls(ME, &["v"]).await.unwrap();
    client.blacklist(ME, &[]).await.unwrap();
    client.register_webhook("https://x").await.unwrap();
    client.unsubscribe_webhook("https://x").await.unwrap();
    client.subscriptions().await.unwrap();
    client.items(&ItemsQuery::default()).await.unwrap();
    client.item(ME, 7_412_345_678).await.unwrap();
    client.orders(&OrdersQuery::default()).await.unwrap();
    let made: Vec<String> =
        server.calls().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
    let chat = format!("accounts/{ME}/chats/{CHAT}");
    assert_eq!(
        made,
        [
            format!("GET /messenger/v2/accounts/{ME}/chats"),
            format!("GET /messenger/v2/{chat}"),
            format!("GET /messenger/v3/{chat}/messages/"),
            format!("POST /messenger/v1/{chat}/messages"),
            format!("POST /messenger/v1/{chat}/messages/image"),
            format!("POST /messenger/v1/accounts/{ME}/uploadImages"),
            format!("POST /messenger/v1/{chat}/messages/0f3c"),
            format!("POST /messenger/v1/{chat}/read"),
            format!("GET /messenger/v1/accounts/{ME}/getVoiceFiles"),
            format!("POST /messenger/v2/accounts/{ME}/blacklist"),
            "POST /messenger/v3/webhook".to_owned(),
            "POST /messenger/v1/webhook/unsubscribe".to_owned(),
            "POST /messenger/v1/subscriptions".to_owned(),
            "GET /core/v1/items".to_owned(),
            format!("GET /core/v1/accounts/{ME}/items/7412345678/"),
            "GET /order-management/1/orders".to_owned(),
        ]
    );
    assert!(made.iter().all(|line| !line.contains("%7E")), "the tilde is left as it is");
}

#[tokio::test]
async fn lists_in_queries_are_comma_separated_and_absent_when_empty() {
    let server = anything_goes().await;
    let client = server.client();
    let query = ChatsQuery {
        item_ids: vec![7_632_548_910, 1],
        unread_only: true,
        chat_types: vec![ChatType::U2i, ChatType::U2u],
        limit: 20,
        offset: 40,
    };
    client.chats(ME, &query).await.unwrap();
    client.chats(ME, &ChatsQuery::default()).await.unwrap();
    let orders = OrdersQuery {
        statuses: vec!["delivered".into(), "closed".into()],
        date_from: Some(1),
        ..OrdersQuery::default()
    };
    client.orders(&orders).await.unwrap();
    let items =
        ItemsQuery { statuses: vec!["active".into(), "old".into()], per_page: 99, ..ItemsQuery::default() };
    client.items(&items).await.unwrap();
    let calls = server.calls();
    for (call, name, value) in [
        (0, "item_ids", Some("7632548910,1")),
        (0, "unread_only", Some("true")),
        (0, "chat_types", Some("u2i,u2u")),
        (0, "limit", Some("20")),
        (0, "offset", Some("40")),
        (1, "item_ids", None),
        (1, "unread_only", None),
        (1, "chat_types", None),
        (1, "limit", Some("100")),
        (2, "statuses", Some("delivered,closed")),
        (2, "dateFrom", Some("1")),
        (2, "ids", None),
        (3, "status", Some("active,old")),
        (3, "per_page", Some("99")),
    ] {
        assert_eq!(calls[call].query(name), value, "{call} {name}");
    }
}

#[tokio::test]
async fn bodies_are_as_documented() {
    let server = anything_goes().await;
    let client = server.client();
    client.send_text(ME, CHAT, "строка\nи 😀").await.unwrap();
    client.send_image(ME, CHAT, "12345.abc").await.unwrap();
    client.register_webhook("https://inbox.example.ru/a?b=c").await.unwrap();
    let entries = [
        BlacklistEntry { user_id: 3, item_id: Some(7_412_345_678), reason: BlacklistReason::Fraud },
        BlacklistEntry { user_id: 4, item_id: None, reason: BlacklistReason::Other },
    ];
    client.blacklist(ME, &entries).await.unwrap();
    let bodies: Vec<_> = server.calls().iter().map(crate::support::Seen::json).collect();
    assert_eq!(
        bodies,
        [
            json!({"type": "text", "message": {"text": "строка\nи 😀"}}),
            json!({"image_id": "12345.abc"}),
            json!({"url": "https://inbox.example.ru/a?b=c"}),
            json!({"users": [
                {"user_id": 3, "context": {"item_id": 7_412_345_678_i64, "reason_id": 2}},
                {"user_id": 4, "context": {"reason_id": 4}},
            ]}),
        ]
    );
}

#[tokio::test]
async fn a_picture_travels_as_a_named_file_in_the_documented_field() {
    let server = anything_goes().await;
    let bytes = b"\x89PNG\r\n\x1a\n not really".to_vec();
    let image =
        server.client().upload_image(ME, "Турка \"медная\".png", "image/png", bytes.clone()).await.unwrap();
    assert_eq!(image.id, "12345.abc");
    assert_eq!(image.sizes["140x105"], "https://img.example.ru/140.jpg");
    let seen = &server.calls()[0];
    let head = seen.headers["content-type"].to_str().unwrap();
    assert!(head.starts_with("multipart/form-data; boundary="), "{head}");
    assert!(seen.headers.contains_key("content-length"), "sent with a length, not in chunks");
    let body = String::from_utf8_lossy(&seen.body);
    assert!(body.contains("name=\"uploadfile[]\"; filename=\"image.png\"\r\n"), "{body}");
    assert!(body.to_lowercase().contains("content-type: image/png\r\n"), "{body}");
    assert!(seen.body.windows(bytes.len()).any(|window| window == bytes), "the bytes arrive unchanged");

    let error = server.client().upload_image(ME, "a.png", "not a mime", vec![1]).await.unwrap_err();
    assert_eq!(*error.class(), avito::Class::Validation);
}

#[tokio::test]
async fn voice_files_are_asked_for_one_by_one() {
    let server = Server::start(|seen| {
        let id = seen.query("voice_ids")?;
        let urls =
            if id == "unknown" { json!({}) } else { json!({id: format!("https://voice.example.ru/{id}")}) };
        Some(Reply::ok(&json!({"voices_urls": urls})))
    })
    .await;
    let urls = server.client().voice_urls(ME, &["a", "unknown", "b"]).await.unwrap();
    assert_eq!(
        urls.into_iter().collect::<Vec<_>>(),
        [
            ("a".to_owned(), "https://voice.example.ru/a".to_owned()),
            ("b".to_owned(), "https://voice.example.ru/b".to_owned()),
        ]
    );
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test]
async fn a_confirmation_may_be_empty() {
    let server =
        Server::start(|seen| (seen.path != "/token").then(|| Reply::raw(200, "text/plain", ""))).await;
    let client = server.client();
    client.mark_read(ME, CHAT).await.unwrap();
    client.delete_message(ME, CHAT, "0f3c").await.unwrap();
    client.blacklist(ME, &[]).await.unwrap();
}
