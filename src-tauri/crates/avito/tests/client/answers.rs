//! What comes in: chats, messages and the rest in all the shapes they are known to have.

use avito::models::{LinkPreview, best_for};
use avito::{
    Chat, ChatType, ChatsQuery, Content, Direction, ItemsQuery, Kind, Message, OrdersQuery,
    is_tariff_placeholder,
};
use serde_json::{Value, json};

use crate::support::{CHAT, ME, Reply, Server};

fn read(value: &Value) -> Message {
    Message::from_json(value).unwrap()
}

#[track_caller]
fn check(kind: &str, content: Value, expected: Content) {
    let message = json!({"id": "m1", "created": 5, "type": kind, "content": content});
    assert_eq!(read(&message).content, expected, "{message}");
    assert_eq!(read(&message).raw, message, "the JSON is kept");
}

fn text(text: &str) -> Content {
    Content::Text { text: text.to_owned() }
}

fn system(text: &str, flow_id: Option<&str>) -> Content {
    Content::System { text: text.to_owned(), flow_id: flow_id.map(str::to_owned) }
}

fn unknown(kind: &str, json: Value) -> Content {
    Content::Unknown { kind: kind.to_owned(), json }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn texts_are_what_they_say_and_some_say_they_are_something_else() {
    check("text", json!({"text": "Да, продаётся."}), text("Да, продаётся."));
    check("text", json!({"text": ""}), text(""));
    check("text", json!({"text": "Сообщение удалено"}), Content::Deleted);
    check("text", json!({"text": "Сообщение удалено?"}), text("Сообщение удалено?"));
    check("deleted", json!({}), Content::Deleted);
    check("deleted", json!(null), Content::Deleted);
    check("text", json!({"text": "[Системное сообщение] Номер оставлен"}), system("Номер оставлен", None));
    check("text", json!({"text": "Что за [Системное сообщение]?"}), text("Что за [Системное сообщение]?"));
    check("system", json!({"text": "Скидка", "flow_id": "sbc"}), system("Скидка", Some("sbc")));
    check("system", json!(null), system("", None));
}

#[test]
fn pictures_links_and_places_are_read() {
    let sizes = json!({"1280x960": "https://i/1280", "140x105": "https://i/140"});
    let expected = |caption| Content::Image {
        sizes: [
            ("1280x960".to_owned(), "https://i/1280".to_owned()),
            ("140x105".to_owned(), "https://i/140".to_owned()),
        ]
        .into(),
        caption,
    };
    check("image", json!({"image": {"sizes": sizes}}), expected(None));
    check("image", json!({"image": {"id": "1.a", "sizes": sizes}, "text": "вот"}), expected(some("вот")));
    let preview =
        json!({"title": "Т", "description": "О", "domain": "example.ru", "url": "https://e", "images": null});
    let read_preview = LinkPreview {
        title: some("Т"),
        description: some("О"),
        domain: some("example.ru"),
        url: some("https://e"),
        ..LinkPreview::default()
    };
    let link = |preview| Content::Link { text: "example.ru".into(), url: "https://e".into(), preview };
    check(
        "link",
        json!({"link": {"text": "example.ru", "url": "https://e", "preview": preview}}),
        link(Some(read_preview)),
    );
    check("link", json!({"link": {"text": "example.ru", "url": "https://e", "preview": null}}), link(None));
    check(
        "location",
        json!({"location": {"kind": "house", "lat": 56.5, "lon": "35.5", "text": "Тверь", "title": null}}),
        Content::Location {
            kind: some("house"),
            lat: Some(56.5),
            lon: Some(35.5),
            text: some("Тверь"),
            title: None,
        },
    );
}

#[test]
fn listings_are_read_in_both_shapes() {
    let price = "1\u{a0}200 ₽";
    check(
        "item",
        json!({"item": {"title": "Турка", "item_url": "https://a/1", "image_url": "https://i/1", "price_string": price}}),
        Content::Item {
            id: None,
            title: "Турка".into(),
            url: some("https://a/1"),
            image_url: some("https://i/1"),
            price_string: some(price),
        },
    );
    check(
        "item",
        json!({"item": {"id": 7_412_345_999_i64, "title": "Турка", "url": "https://a/1", "price_string": null,
            "status_id": 4, "images": {"count": 2, "main": {"140x105": "https://i/1"}}}}),
        Content::Item {
            id: Some(7_412_345_999),
            title: "Турка".into(),
            url: some("https://a/1"),
            image_url: some("https://i/1"),
            price_string: None,
        },
    );
}

#[test]
fn calls_voice_and_what_avito_does_not_deliver_are_read() {
    check(
        "call",
        json!({"call": {"status": "missed", "target_user_id": ME}}),
        Content::Call { status: some("missed"), target_user_id: Some(ME) },
    );
    check("voice", json!({"voice": {"voice_id": "6f1d"}}), Content::Voice { voice_id: "6f1d".into() });
    for kind in ["appCall", "file", "video"] {
        check(kind, json!({}), Content::Unsupported { kind: kind.into() });
        check(kind, json!(null), Content::Unsupported { kind: kind.into() });
    }
}

#[test]
fn what_cannot_be_interpreted_is_kept_with_its_json() {
    check("sticker", json!({"sticker": {"id": 5}}), unknown("sticker", json!({"sticker": {"id": 5}})));
    for kind in ["text", "image", "link", "item", "location", "call", "voice"] {
        for content in [json!(null), json!({}), json!([]), json!("text"), json!({kind: null})] {
            check(kind, content.clone(), unknown(kind, content));
        }
    }
    let missing = read(&json!({"id": "m1", "type": "text"}));
    assert_eq!(missing.content, unknown("text", Value::Null));
    let gift = read(&json!({"id": "m1", "type": "gift", "content": {"text": "Подарок"}}));
    assert_eq!((gift.kind.clone(), gift.text()), (Kind::Other("gift".into()), Some("Подарок")));
    let untyped = read(&json!({"id": "m1", "content": {"text": "да"}}));
    assert_eq!(untyped.content, text("да"));
}

#[test]
fn a_message_is_read_with_everything_but_its_id_missing_or_odd() {
    let bare = read(&json!({"id": 12}));
    assert_eq!((bare.id.as_str(), bare.created, bare.author_id, bare.direction), ("12", 0, None, None));
    let odd = read(
        &json!({"id": "m", "created": "1760003600", "author_id": [], "isRead": "yes", "read": false, "quote": 5}),
    );
    assert_eq!(
        (odd.created, odd.author_id, odd.is_read, odd.read_at, odd.quote),
        (1_760_003_600, None, None, None, None)
    );
    for no_message in [json!({}), json!({"id": ""}), json!({"id": null}), json!([]), json!("m"), json!(null)]
    {
        let error = Message::from_json(&no_message).unwrap_err();
        assert_eq!(*error.class(), avito::Class::UnexpectedShape { path: "id".into() }, "{no_message}");
    }
}

#[test]
fn flags_times_and_quotes_are_read() {
    for (flag, expected) in [
        (json!({"isRead": true}), Some(true)),
        (json!({"is_read": true}), Some(true)),
        (json!({"isRead": false, "is_read": true}), Some(false)),
        (json!({"isRead": null, "is_read": 1}), Some(true)),
        (json!({}), None),
    ] {
        let mut message = flag;
        message["id"] = "m".into();
        assert_eq!(read(&message).is_read, expected, "{message}");
    }
    let message = read(&json!({
        "id": "m", "author_id": 4_294_967_296_i64, "created": 1, "direction": "out", "type": "text",
        "content": {"text": "да"}, "read": 3, "delivered": 2,
        "quote": {"id": "q", "author_id": 9, "created": 0, "type": "text", "content": {"text": "нет?"}}
    }));
    assert_eq!(message.author_id, Some(4_294_967_296));
    assert_eq!(
        (message.direction, message.read_at, message.delivered_at),
        (Some(Direction::Outgoing), Some(3), Some(2))
    );
    assert_eq!(message.quote.unwrap().content, text("нет?"));
}

#[tokio::test]
async fn messages_are_read_wrapped_or_bare_and_keep_the_servers_order() {
    let list = json!([{"id": "b2", "type": "text", "content": {"text": "2"}}, {"id": "a1", "type": "text", "content": {"text": "1"}}]);
    for (body, has_more) in [
        (list.clone(), None),
        (json!({"messages": list}), None),
        (json!({"messages": list, "meta": {"has_more": true}}), Some(true)),
        (json!({"messages": list, "meta": null}), None),
    ] {
        let server = Server::start(move |seen| (seen.path != "/token").then(|| Reply::ok(&body))).await;
        let page = server.client().messages(ME, CHAT, 100, 0).await.unwrap();
        let ids: Vec<&str> = page.messages.iter().map(|message| message.id.as_str()).collect();
        assert_eq!((ids, page.has_more), (vec!["b2", "a1"], has_more));
    }
}

#[tokio::test]
async fn one_bad_message_does_not_lose_the_page() {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let body = format!(
        r#"{{"messages":[{{"id":"a","type":"text","content":{{"text":"один"}}}},{{"type":"text"}},7,null,
            {{"id":"deep","content":{deep}}},{{"id":"half","type":"text","content":{{"text":"\ud83d"}}}},
            {{"id":"new","type":"sticker","content":{{"set":1}}}}]}}"#
    );
    let server = Server::start(move |seen| {
        (seen.path != "/token").then(|| Reply::raw(200, "application/json", body.clone()))
    })
    .await;
    let page = server.client().messages(ME, CHAT, 100, 0).await.unwrap();
    let contents: Vec<Content> = page.messages.into_iter().map(|message| message.content).collect();
    let [one, deep, half, new] = &contents[..] else { panic!("{contents:?}") };
    assert_eq!([one, half, new], [&text("один"), &text("\u{fffd}"), &unknown("sticker", json!({"set": 1}))]);
    assert!(matches!(deep, Content::Unknown { .. }), "what is too deep is cut off: {deep:?}");
    assert_eq!(page.skipped, ["messages[1].id", "messages[2].id", "messages[3].id"]);
}

fn full_chat() -> Value {
    json!({
        "id": CHAT,
        "context": {"type": "item", "value": {
            "id": 7_412_345_678_i64, "title": "Кофемолка", "user_id": ME,
            "images": {"main": {"140x105": "https://i/140"}, "count": 4},
            "status_id": 4, "price_string": "4\u{a0}500 ₽", "url": "https://a/1",
            "location": {"title": "Тверь", "lat": 56.5, "lon": 35.5}}},
        "created": 1_760_000_000, "updated": 1_760_003_600,
        "last_message": {"id": "m", "author_id": 2, "created": 1_760_003_600, "type": "text", "direction": "in",
            "content": {"text": "Ещё продаётся?"}, "delivered": 1_760_003_601},
        "users": [
            {"id": ME, "name": "Лавка"},
            {"id": 250_000_002, "name": "Марина", "parsing_allowed": true, "public_user_profile": {
                "user_id": 250_000_002, "avatar": {"default": "https://s/d", "images": {
                    "24x24": "https://s/24", "128x128": "https://s/128", "192x192": "https://s/192"}},
                "url": "https://a/user"}}]
    })
}

#[test]
fn a_chat_is_read_in_full() {
    let chat = Chat::from_json(&full_chat()).unwrap();
    assert_eq!(
        (chat.chat_type.clone(), chat.created, chat.updated),
        (ChatType::U2i, 1_760_000_000, 1_760_003_600)
    );
    let item = chat.context.clone().unwrap().item.unwrap();
    assert_eq!((item.id, item.title.as_str(), item.user_id), (7_412_345_678, "Кофемолка", Some(ME)));
    assert_eq!((item.status_id, item.image_count), (Some(4), Some(4)));
    assert_eq!((item.image_url, item.price_string), (some("https://i/140"), some("4\u{a0}500 ₽")));
    assert_eq!(item.location.unwrap().title, some("Тверь"));
    let buyer = chat.other_user(ME).unwrap();
    assert_eq!((buyer.name.as_str(), buyer.avatar_url.as_deref()), ("Марина", Some("https://s/128")));
    assert_eq!(buyer.profile_url.as_deref(), Some("https://a/user"));
    assert_eq!(chat.last_message.as_ref().unwrap().delivered_at, Some(1_760_003_601));
    assert!(!chat.has_tariff_placeholder());
    assert_eq!(chat.raw, full_chat());
}

#[test]
fn a_chat_is_read_with_almost_nothing_in_it() {
    for chat in [
        json!({"id": "u2u-x"}),
        json!({"id": "u2u-x", "context": null, "users": null, "last_message": null}),
        json!({"id": "u2u-x", "context": {}, "users": [{}, null], "last_message": {}}),
        json!({"id": "u2u-x", "context": "?", "users": {}, "last_message": []}),
    ] {
        let read = Chat::from_json(&chat).unwrap();
        assert_eq!((read.chat_type, read.context, read.last_message), (ChatType::U2u, None, None), "{chat}");
        assert!(read.users.is_empty());
    }
    let other =
        Chat::from_json(&json!({"id": "a2u-x", "context": {"type": "promo", "value": {"id": 5}}})).unwrap();
    assert_eq!(other.context.unwrap().item, None, "an id of something else is no item id");
    assert_eq!(Chat::from_json(&json!({"id": "odd"})).unwrap().chat_type, ChatType::Other(String::new()));
}

#[test]
fn the_advertisement_of_a_missing_tariff_is_recognised() {
    let official = "Перейдите на подписку с API мессенджера, чтобы получить доступ к чатам";
    assert!(is_tariff_placeholder(official));
    assert!(is_tariff_placeholder("ПОДПИСКУ С API\u{a0}МЕССЕНДЖЕРА"));
    assert!(!is_tariff_placeholder("Продам подписку"));
    for last in [
        json!({"id": "m", "type": "text", "content": {"text": official}}),
        json!({"content": {"text": official}}),
    ] {
        let chat = Chat::from_json(&json!({"id": "u2i-x", "last_message": last})).unwrap();
        assert!(chat.has_tariff_placeholder());
    }
}

#[tokio::test]
async fn chats_are_read_with_the_bad_ones_named() {
    let body = json!({"chats": [full_chat(), {"users": []}], "meta": {"has_more": true}});
    let server = Server::start(move |seen| (seen.path != "/token").then(|| Reply::ok(&body))).await;
    let page = server.client().chats(ME, &ChatsQuery::default()).await.unwrap();
    assert_eq!(
        (page.chats.len(), page.has_more, page.skipped),
        (1, Some(true), vec!["chats[1].id".to_owned()])
    );
}

#[tokio::test]
async fn an_escaped_tilde_in_a_chat_id_is_one_chat() {
    let server =
        Server::answering("/messenger/v2/accounts/150000001/chats/u2i-k3Vd~8QmZtR1wXyB5_LpNa", full_chat())
            .await;
    assert_eq!(server.client().chat(ME, CHAT).await.unwrap().id, CHAT);
    let error = server.client().chat(ME, "u2i-k3Vd%7E8QmZtR1wXyB5_LpNa").await.unwrap_err();
    assert_eq!(*error.class(), avito::Class::NotFound, "ids are taken as they are, not unescaped");
    assert!(server.calls()[1].path.contains("%257E"));
}

#[tokio::test]
async fn the_account_its_items_and_orders_are_read() {
    let server = Server::start(|seen| {
        Some(Reply::ok(&match seen.path.as_str() {
            "/core/v1/accounts/self" => json!({"id": ME, "name": "Лавка", "phone": 70_000_000_000_i64, "phones": ["7", null]}),
            "/core/v1/items" => json!({"meta": {"page": 1, "per_page": 25}, "resources": [
                {"id": 7_412_345_678_i64, "title": "Кофемолка", "price": null, "status": "active", "url": null,
                 "category": {"id": 21, "name": "Посуда"}},
                {"title": "без номера"}, {"id": "9", "price": 4500}]}),
            "/order-management/1/orders" => json!({"hasMore": true, "orders": [
                {"id": 50_000_000_000_000_001_i64, "status": "on_confirmation",
                 "items": [{"avitoId": "7412345678", "chatId": CHAT, "count": 1, "prices": {"price": 4500, "discountSum": 5}}],
                 "availableActions": [{"name": "confirm", "required": true}],
                 "schedules": {"shipTill": null, "deliveryDateMa\u{445}": "2025-10-12T09:00:00Z"}, "delivery": null},
                {"id": "2", "status": "closed", "schedules": {"deliveryDateMax": "2025-10-13T09:00:00Z"}},
                {"id": "3"}]}),
            "/messenger/v1/subscriptions" => json!({"subscriptions": [{"url": "https://x", "version": 3}, {"url": "https://y"}, {}]}),
            "/core/v1/accounts/150000001/items/5/" => json!({"status": "not_found", "vas": null}),
            _ => return None,
        }))
    })
    .await;
    let client = server.client();
    let account = client.account_self().await.unwrap();
    assert_eq!(
        (account.name, account.phone, account.phones),
        (some("Лавка"), some("70000000000"), vec!["7".to_owned()])
    );

    let page = client.items(&ItemsQuery::default()).await.unwrap();
    let found: Vec<_> = page.items.iter().map(|item| (item.id, item.price)).collect();
    assert_eq!(found, [(7_412_345_678, None), (9, Some(4500.0))]);
    assert_eq!((page.per_page, page.skipped), (Some(25), vec!["resources[1].id".to_owned()]));
    assert_eq!(client.item(ME, 5).await.unwrap().status, "not_found");

    let page = client.orders(&OrdersQuery::default()).await.unwrap();
    assert_eq!(
        (page.orders.len(), page.has_more, page.skipped),
        (2, Some(true), vec!["orders[2].status".to_owned()])
    );
    let order = &page.orders[0];
    assert_eq!((order.id.as_str(), order.items[0].avito_id), ("50000000000000001", Some(7_412_345_678)));
    assert_eq!(order.items[0].chat_id.as_deref(), Some(CHAT));
    assert_eq!(order.items[0].prices.as_ref().unwrap().discount, Some(5.0));
    let latest = |order: &avito::Order| order.schedules.clone().unwrap().delivery_date_max;
    assert_eq!(latest(order), some("2025-10-12T09:00:00Z"), "the key with the Cyrillic letter");
    assert_eq!(latest(&page.orders[1]), some("2025-10-13T09:00:00Z"));

    let versions: Vec<String> =
        client.subscriptions().await.unwrap().into_iter().map(|hook| hook.version).collect();
    assert_eq!(versions, ["3", ""]);
}

#[test]
fn the_picture_that_fits_is_chosen() {
    let sizes = ["32x32", "140x105", "640x480", "1280x960"]
        .map(|size| (size.to_owned(), format!("https://i/{size}")))
        .into();
    for (width, expected) in
        [(1, "32x32"), (140, "140x105"), (141, "640x480"), (1280, "1280x960"), (4000, "1280x960")]
    {
        assert_eq!(best_for(&sizes, width), Some(format!("https://i/{expected}").as_str()), "{width}");
    }
    assert_eq!(
        best_for(&[("original".to_owned(), "https://i/o".to_owned())].into(), 10),
        Some("https://i/o")
    );
    assert_eq!(best_for(&[].into(), 10), None);
}
