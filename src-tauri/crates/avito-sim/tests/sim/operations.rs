//! Every operation in both profiles, with its limits.

use avito_sim::{ChatKind, Content, NewChat, SimConfig, TextUnit};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::common::{Shop, read};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest of a picture";

async fn upload(shop: &Shop, bytes: Vec<u8>) -> (u16, Value) {
    let part = Part::bytes(bytes).file_name("photo.png").mime_str("image/png").unwrap();
    let form = Form::new().part("uploadfile[]", part);
    let request = shop.request(Method::POST, "/messenger/v1/accounts/{u}/uploadImages").multipart(form);
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn an_unknown_route_or_a_wrong_method_is_the_gateways_404() {
    let shop = Shop::open().await;
    let no_route = json!({"message": "no Route matched with those values"});
    for (method, path) in [
        (Method::GET, "/messenger/v1/subscriptions"),
        (Method::POST, "/messenger/v1/webhooks"),
        (Method::GET, "/messenger/v1/accounts/{u}/chats"),
        (Method::POST, "/messenger/v2/webhook"),
        (Method::DELETE, "/messenger/v2/accounts/{u}/chats"),
        (Method::GET, "/messenger/v2/accounts/{u}/chats/"),
        (Method::GET, "/"),
    ] {
        let answer = read(shop.request(method.clone(), path).send().await.unwrap()).await;
        assert_eq!(answer, (404, no_route.clone()), "{method} {path}");
    }
}

#[tokio::test]
async fn the_list_of_chats_is_newest_first_and_pages_without_gaps() {
    let shop = Shop::open().await;
    let (status, all) = shop.get("/messenger/v2/accounts/{u}/chats").await;
    assert_eq!(status, 200);
    let chats = all["chats"].as_array().unwrap();
    assert_eq!(chats.len(), 4, "u2i only by default");
    assert_eq!(all["meta"]["has_more"], false);
    let updated: Vec<i64> = chats.iter().map(|chat| chat["updated"].as_i64().unwrap()).collect();
    assert!(updated.windows(2).all(|pair| pair[0] >= pair[1]));
    let mut walked = Vec::new();
    for offset in 0..4 {
        let (_, page) =
            shop.get(&format!("/messenger/v2/accounts/{{u}}/chats?limit=1&offset={offset}")).await;
        assert_eq!(page["meta"]["has_more"], offset < 3);
        walked.extend(page["chats"].as_array().unwrap().clone());
    }
    assert_eq!(&walked, chats);
}

#[tokio::test]
async fn chats_are_filtered_by_items_kinds_and_unread_in_every_spelling() {
    let shop = Shop::open().await;
    let items: Vec<i64> = shop.sim.items(shop.user_id).iter().map(|item| item.id).collect();
    let count = async |query: String| {
        let (status, answer) = shop.get(&format!("/messenger/v2/accounts/{{u}}/chats?{query}")).await;
        assert_eq!(status, 200, "{query}");
        answer["chats"].as_array().unwrap().len()
    };
    let (a, b, c) = (items[0], items[1], items[2]);
    assert_eq!(count(format!("item_ids={a},{b},{c}")).await, 4);
    assert_eq!(count(format!("item_ids={a}&item_ids={b}&item_ids={c}")).await, 4);
    assert_eq!(count(format!("item_ids={a},{b}&item_ids={c}")).await, 4);
    let one = count(format!("item_ids={a}")).await;
    assert!((1..4).contains(&one));
    assert_eq!(count("chat_types=u2u".into()).await, 1);
    assert_eq!(count("chat_types=u2i,u2u,a2u".into()).await, 6);
    assert_eq!(count("chat_types=u2u&chat_types=a2u".into()).await, 2);
    let unread = count("unread_only=true".into()).await;
    assert!(unread < 4);
    let quiet =
        shop.sim.chat_ids(shop.user_id).into_iter().find(|id| shop.sim.unread(shop.user_id, id) == Some(0));
    shop.sim.buyer_writes(shop.user_id, &quiet.unwrap(), "ау");
    assert_eq!(count("unread_only=true".into()).await, unread + 1);
}

#[tokio::test]
async fn pages_outside_the_documented_bounds_are_validation_errors() {
    let shop = Shop::open().await;
    let chat = shop.long_chat();
    for base in ["/messenger/v2/accounts/{u}/chats".to_owned(), shop.list_path(&chat)] {
        for query in ["limit=0", "limit=101", "offset=1001", "limit=many", "offset=-1"] {
            let (status, body) = shop.get(&format!("{base}?{query}")).await;
            assert_eq!(
                (status, &body["error"]["message"]),
                (400, &json!("Validation error")),
                "{base}?{query}"
            );
            let field = query.split('=').next().unwrap();
            assert!(body["error"]["fields"][field].is_string());
        }
        assert_eq!(shop.get(&format!("{base}?limit=100&offset=1000")).await.0, 200);
    }
    let (status, _) = shop.get("/messenger/v2/accounts/{u}/chats?chat_types=x2x").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn chats_have_the_observed_extras_only_in_the_observed_profile() {
    for (shop, extras) in [(Shop::open().await, true), (Shop::spec().await, false)] {
        let chat = shop.chat();
        let (status, one) = shop.get(&format!("/messenger/v2/accounts/{{u}}/chats/{chat}")).await;
        assert_eq!(status, 200);
        assert_eq!(one["context"]["value"].get("location").is_some(), extras);
        assert_eq!(one["last_message"].get("delivered").is_some(), extras);
        let buyer = one["users"].as_array().unwrap().iter().find(|user| user["id"] != shop.user_id).unwrap();
        assert_eq!(buyer.get("parsing_allowed").is_some(), extras);
        let (_, list) = shop.get("/messenger/v2/accounts/{u}/chats").await;
        assert_eq!(list.get("meta").is_some(), extras);
    }
}

#[tokio::test]
async fn ids_and_prices_have_the_awkward_forms_of_the_real_ones() {
    let shop = Shop::open().await;
    for id in shop.sim.chat_ids(shop.user_id) {
        let tail = &id[4..];
        assert_eq!(tail.len(), 22, "{id}");
        assert!(['~', '_', '-'].iter().all(|special| tail.contains(*special)), "{id}");
    }
    let items = shop.sim.items(shop.user_id);
    assert!(items.iter().all(|item| item.id > 1 << 31));
    let prices: Vec<String> = items.iter().map(avito_sim::Item::price_string).collect();
    assert!(prices.contains(&"4\u{a0}500 ₽".to_owned()), "{prices:?}");
    assert!(prices.contains(&"Цена не указана".to_owned()));
}

#[tokio::test]
async fn an_encoded_tilde_in_a_chat_id_is_the_same_chat() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    let encoded = chat.replace('~', "%7E");
    assert_ne!(chat, encoded);
    let (status, one) = shop.get(&format!("/messenger/v2/accounts/{{u}}/chats/{encoded}")).await;
    assert_eq!((status, &one["id"]), (200, &json!(chat)));
    assert_eq!(shop.send(&encoded, "тильда").await.0, 200);
    assert_eq!(shop.sim.chat_messages(shop.user_id, &chat).last().unwrap().text.as_deref(), Some("тильда"));
}

#[tokio::test]
async fn messages_are_newest_first_wrapped_or_bare_with_or_without_the_slash() {
    for (shop, flag) in [(Shop::open().await, "isRead"), (Shop::spec().await, "is_read")] {
        let chat = shop.long_chat();
        let path = shop.list_path(&chat);
        let (status, answer) = shop.get(&format!("{path}?limit=3")).await;
        assert_eq!(status, 200);
        let messages = if flag == "isRead" { &answer["messages"] } else { &answer };
        let messages = messages.as_array().unwrap();
        let ids: Vec<String> =
            messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect();
        let held = shop.sim.chat_messages(shop.user_id, &chat);
        let newest: Vec<String> = held.iter().rev().take(3).map(|message| message.id.clone()).collect();
        assert_eq!(ids, newest);
        assert!(messages[0][flag].is_boolean());
        assert!(ids[0].len() == 32 && ids[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(shop.get(&format!("{}?limit=3", path.trim_end_matches('/'))).await.1, answer);
        assert!(held.len() > 100);
        let (_, tail) = shop.get(&format!("{path}?limit=100&offset=100")).await;
        let tail = if flag == "isRead" { &tail["messages"] } else { &tail };
        assert_eq!(tail.as_array().unwrap().len(), held.len() - 100);
    }
}

#[tokio::test]
async fn a_sent_text_is_stored_shown_and_counted_once() {
    for (shop, with_author) in [(Shop::open().await, true), (Shop::spec().await, false)] {
        let chat = shop.chat();
        let (status, sent) = shop.send(&chat, "Добрый день!\nОтправлю завтра 🙂").await;
        assert_eq!(status, 200);
        assert_eq!(sent.get("author_id").is_some(), with_author);
        assert_eq!((&sent["direction"], &sent["type"]), (&json!("out"), &json!("text")));
        let held = shop.sim.chat_messages(shop.user_id, &chat);
        assert_eq!(sent["id"], held.last().unwrap().id);
        assert_eq!(shop.sim.posted_count("Добрый день!\nОтправлю завтра 🙂"), 1);
        assert_eq!(shop.chat(), chat, "the chat is the newest now");
        assert_eq!(shop.sim.call_count("postSendMessage"), 1);
        assert_eq!(shop.sim.call_count("/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages"), 1);
    }
}

#[tokio::test]
async fn empty_and_over_long_texts_are_refused() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    assert_eq!(shop.send(&chat, &"я".repeat(1000)).await.0, 200);
    assert_eq!(shop.send(&chat, &"🙂".repeat(1000)).await.0, 200, "code points by default");
    for text in [String::new(), " \n ".to_owned(), "я".repeat(1001)] {
        assert_eq!(shop.send(&chat, &text).await.0, 400);
    }
    let path = shop.send_path(&chat);
    assert_eq!(shop.post(&path, json!({"type": "image", "message": {"text": "а"}})).await.0, 400);
    let broken = shop.request(Method::POST, &path).body("{").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    let shop = Shop::with(SimConfig { text_unit: TextUnit::Utf16, ..SimConfig::default() }).await;
    assert_eq!(shop.send(&shop.chat(), &"🙂".repeat(501)).await.0, 400);
}

#[tokio::test]
async fn unknown_chats_and_messages_are_404() {
    let shop = Shop::open().await;
    let not_found = json!({"error": {"code": 404, "message": "Not found"}});
    let second = shop.second().await;
    let foreign = second.chat();
    for chat in ["u2i-nothing", foreign.as_str()] {
        assert_eq!(
            shop.get(&format!("/messenger/v2/accounts/{{u}}/chats/{chat}")).await,
            (404, not_found.clone())
        );
        assert_eq!(shop.get(&shop.list_path(chat)).await.0, 404);
        assert_eq!(shop.send(chat, "а").await.0, 404);
        assert_eq!(shop.call(&format!("/messenger/v1/accounts/{{u}}/chats/{chat}/read")).await.0, 404);
    }
    let path = format!("{}/{}", shop.send_path(&shop.chat()), "0".repeat(32));
    assert_eq!(shop.call(&path).await.0, 404);
}

#[tokio::test]
async fn pictures_are_uploaded_sent_and_served_in_every_size() {
    let shop = Shop::open().await;
    let (status, answer) = upload(&shop, PNG.to_vec()).await;
    assert_eq!(status, 200);
    let (id, sizes) = answer.as_object().unwrap().iter().next().unwrap();
    for size in ["1280x960", "140x105", "32x32"] {
        let picture = shop.http.get(sizes[size].as_str().unwrap()).send().await.unwrap();
        assert_eq!(picture.headers()["content-type"], "image/png");
        assert_eq!(picture.bytes().await.unwrap(), PNG);
    }
    let chat = shop.chat();
    // The word in this place is not taken for a message's id.
    let path = format!("{}/image", shop.send_path(&chat));
    let (status, sent) = shop.post(&path, json!({"image_id": id})).await;
    assert_eq!((status, &sent["type"]), (200, &json!("image")));
    assert_eq!(sent["content"]["image"]["sizes"]["140x105"], sizes["140x105"]);
    assert_eq!(shop.sim.chat_messages(shop.user_id, &chat).last().unwrap().kind, "image");
    assert_eq!(shop.post(&path, json!({"image_id": "1.nothing"})).await.0, 400);
    let second = shop.second().await;
    let foreign = format!("{}/image", second.send_path(&second.chat()));
    assert_eq!(
        second.post(&foreign, json!({"image_id": id})).await.0,
        400,
        "uploads belong to their account"
    );
}

#[tokio::test]
async fn what_is_no_picture_or_too_big_is_refused() {
    let shop = Shop::open().await;
    assert_eq!(upload(&shop, b"just text".to_vec()).await.0, 400);
    assert_eq!(upload(&shop, b"GIF89a...".to_vec()).await.0, 200);
    assert_eq!(upload(&shop, b"\0\0\0\x18ftypheic....".to_vec()).await.0, 200);
    let mut large = PNG.to_vec();
    large.resize(24 * 1024 * 1024, 0);
    assert_eq!(upload(&shop, large.clone()).await.0, 200);
    large.push(0);
    assert_eq!(upload(&shop, large.clone()).await.0, 413);
    large.resize(30 * 1024 * 1024, 0);
    assert_eq!(upload(&shop, large).await.0, 413);
    let path = "/messenger/v1/accounts/{u}/uploadImages";
    assert_eq!(shop.post(path, json!({"uploadfile": "base64"})).await.0, 400, "JSON is no form");
}

#[tokio::test]
async fn own_messages_are_deleted_within_the_hour_only() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    let (_, sent) = shop.send(&chat, "ошибся чатом").await;
    let own = format!("{}/{}", shop.send_path(&chat), sent["id"].as_str().unwrap());
    let theirs = shop.sim.buyer_writes(shop.user_id, &chat, "чужое");
    assert_eq!(shop.call(&format!("{}/{theirs}", shop.send_path(&chat))).await.0, 400);
    shop.sim.shift_clock(3601);
    assert_eq!(shop.call(&own).await.0, 400);
    shop.sim.shift_clock(-3601);
    assert_eq!(shop.call(&own).await, (200, json!({})));
    let held = shop.sim.chat_messages(shop.user_id, &chat);
    let message = held.iter().find(|message| message.id == sent["id"]).unwrap();
    let as_text = message.kind == "text" && message.content["text"] == "Сообщение удалено";
    assert!(as_text || message.kind == "deleted");
}

#[tokio::test]
async fn deletions_take_both_forms_when_observed_and_one_by_the_document() {
    for (shop, both) in [(Shop::open().await, true), (Shop::spec().await, false)] {
        let chat = shop.chat();
        let mut kinds = Vec::new();
        for index in 0..40 {
            let id = shop.sim.buyer_writes(shop.user_id, &chat, &format!("лишнее {index}"));
            assert!(shop.sim.delete_message_at_avito(shop.user_id, &chat, &id, None));
            kinds.push(shop.sim.chat_messages(shop.user_id, &chat).last().unwrap().kind.clone());
        }
        assert!(kinds.contains(&"deleted".to_owned()));
        assert_eq!(kinds.contains(&"text".to_owned()), both);
    }
}

#[tokio::test]
async fn only_reading_marks_read_and_the_buyers_reading_shows_on_own_messages() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    shop.sim.buyer_writes(shop.user_id, &chat, "ответьте");
    let unread = shop.sim.unread(shop.user_id, &chat).unwrap();
    shop.get(&shop.list_path(&chat)).await;
    shop.send(&chat, "отвечаю").await;
    assert_eq!(shop.sim.unread(shop.user_id, &chat), Some(unread), "listing and sending do not read");
    let path = format!("/messenger/v1/accounts/{{u}}/chats/{chat}/read");
    assert_eq!(shop.call(&path).await, (200, json!({"ok": true})));
    assert_eq!(shop.post(&path, json!({})).await.0, 200);
    assert_eq!(shop.sim.unread(shop.user_id, &chat), Some(0));
    let (_, before) = shop.get(&shop.list_path(&chat)).await;
    assert_eq!(before["messages"][0]["read"], Value::Null);
    assert_eq!(before["messages"][1]["isRead"], true);
    shop.sim.buyer_reads(shop.user_id, &chat);
    let (_, after) = shop.get(&shop.list_path(&chat)).await;
    assert!(after["messages"][0]["read"].is_i64());
}

#[tokio::test]
async fn recordings_have_links_that_live_an_hour() {
    let shop = Shop::open().await;
    let second = shop.second().await;
    let chat = shop.chat();
    shop.sim.buyer_sends(shop.user_id, &chat, Content::Voice { voice_id: "aaaa-1".into() });
    shop.sim.buyer_sends(shop.user_id, &chat, Content::Voice { voice_id: "aaaa-2".into() });
    let path = "/messenger/v1/accounts/{u}/getVoiceFiles";
    for query in ["voice_ids=aaaa-1,aaaa-2,none", "voice_ids=aaaa-1&voice_ids=aaaa-2&voice_ids=none"] {
        let (status, answer) = shop.get(&format!("{path}?{query}")).await;
        assert_eq!(status, 200);
        assert_eq!(answer["voices_urls"].as_object().unwrap().len(), 2);
    }
    assert_eq!(shop.get(path).await.0, 400);
    assert_eq!(second.get(&format!("{path}?voice_ids=aaaa-1")).await.1, json!({"voices_urls": {}}));
    let (_, answer) = shop.get(&format!("{path}?voice_ids=aaaa-1")).await;
    let url = answer["voices_urls"]["aaaa-1"].as_str().unwrap();
    let file = shop.http.get(url).send().await.unwrap();
    assert_eq!(
        (file.status().as_u16(), file.headers()["content-type"].to_str().unwrap()),
        (200, "audio/mp4")
    );
    assert_eq!(&file.bytes().await.unwrap()[4..8], b"ftyp");
    let forged = url.replace("exp=", "exp=9");
    assert_eq!(shop.http.get(forged).send().await.unwrap().status(), 403);
    shop.sim.shift_clock(3601);
    assert_eq!(shop.http.get(url).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn the_blacklist_takes_the_four_reasons() {
    let shop = Shop::open().await;
    let path = "/messenger/v2/accounts/{u}/blacklist";
    let user =
        |reason: i64| json!({"users": [{"user_id": 7, "context": {"item_id": 1, "reason_id": reason}}]});
    let answer = shop.request(Method::POST, path).json(&user(2)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.bytes().await.unwrap().len()), (200, 0));
    assert_eq!(shop.sim.blacklist(shop.user_id), [(7, 2)]);
    assert_eq!(shop.post(path, user(5)).await.0, 400);
    assert_eq!(shop.post(path, json!({"users": []})).await.0, 400);
}

#[tokio::test]
async fn a_buyer_who_blocked_the_seller_cannot_be_written_to() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    shop.sim.buyer_blocks(shop.user_id, &chat, true);
    assert_eq!(shop.send(&chat, "алло").await.0, 403);
    assert_eq!(shop.sim.posted_count("алло"), 0);
}

#[tokio::test]
async fn webhooks_are_registered_listed_and_removed() {
    let shop = Shop::open().await;
    let (a, b) = ("https://a.example.ru/x", "http://b.example.ru/y");
    shop.subscribe(a).await;
    shop.subscribe(a).await;
    shop.subscribe(b).await;
    shop.sim.add_old_subscription(shop.user_id, "http://old.example.ru", "2");
    let (status, list) = shop.call("/messenger/v1/subscriptions").await;
    assert_eq!(status, 200);
    let expected = json!({"subscriptions": [{"url": a, "version": "3"}, {"url": b, "version": "3"},
        {"url": "http://old.example.ru", "version": "2"}]});
    assert_eq!(list, expected);
    assert_eq!(shop.post("/messenger/v1/subscriptions", json!({})).await.1, expected);
    let removed = shop.post("/messenger/v1/webhook/unsubscribe", json!({"url": a})).await;
    assert_eq!(removed, (200, json!({"ok": true})));
    assert_eq!(shop.sim.subscriptions(shop.user_id).len(), 2);
    for url in ["", "ftp://x", "not a url"] {
        assert_eq!(shop.post("/messenger/v3/webhook", json!({"url": url})).await.0, 400, "{url}");
    }
}

#[tokio::test]
async fn the_account_its_money_items_and_orders_are_told() {
    let shop = Shop::open().await;
    let (_, myself) = shop.get("/core/v1/accounts/self").await;
    assert_eq!((&myself["id"], &myself["name"]), (&json!(shop.user_id), &json!("Лавка старых вещей")));
    for path in ["/core/v1/accounts/{u}/balance/", "/core/v1/accounts/{u}/balance"] {
        assert_eq!(shop.get(path).await.1, json!({"real": 1234.5, "bonus": 0.0}));
    }
    let (_, items) = shop.get("/core/v1/items?per_page=2&page=1").await;
    assert_eq!(items["resources"].as_array().unwrap().len(), 2);
    assert_eq!(items["meta"], json!({"page": 1, "per_page": 2}));
    let (_, rest) = shop.get("/core/v1/items?per_page=2&page=2").await;
    assert_eq!(rest["resources"].as_array().unwrap().len(), 1);
    for query in ["per_page=0", "per_page=100", "page=0", "status=x"] {
        let (status, body) = shop.get(&format!("/core/v1/items?{query}")).await;
        assert!(status == 400 && body["message"].is_string(), "{query}");
    }
    let id = items["resources"][0]["id"].as_i64().unwrap();
    shop.sim.change_item(shop.user_id, id, |item| item.status = "removed".into());
    assert_eq!(shop.get("/core/v1/items").await.1["resources"].as_array().unwrap().len(), 2);
    assert_eq!(
        shop.get("/core/v1/items?status=active,removed").await.1["resources"].as_array().unwrap().len(),
        3
    );
    let item =
        async |id: i64| shop.get(&format!("/core/v1/accounts/{{u}}/items/{id}/")).await.1["status"].clone();
    assert_eq!(item(id).await, "removed");
    assert_eq!(item(1).await, "not_found");
    assert_eq!(
        item(shop.second().await.sim.items(shop.sim.accounts()[1].user_id)[0].id).await,
        "another_user"
    );
    let (_, orders) = shop.get("/order-management/1/orders").await;
    let chat = orders["orders"][0]["items"][0]["chatId"].as_str().unwrap().to_owned();
    assert!(shop.sim.chat_ids(shop.user_id).contains(&chat));
    let (_, none) = shop.get("/order-management/1/orders?statuses=closed").await;
    assert_eq!(none, json!({"hasMore": false, "orders": []}));
    assert_eq!(shop.get("/order-management/1/orders?limit=21").await.0, 400);
}

#[tokio::test]
async fn every_media_link_of_a_chat_leads_to_a_picture() {
    let shop = Shop::open().await;
    let (_, list) = shop.get("/messenger/v2/accounts/{u}/chats?chat_types=u2i,u2u,a2u").await;
    let mut links = Vec::new();
    for chat in list["chats"].as_array().unwrap() {
        links.extend(chat["context"]["value"]["images"]["main"]["140x105"].as_str().map(str::to_owned));
        for user in chat["users"].as_array().unwrap() {
            links.extend(user["public_user_profile"]["avatar"]["default"].as_str().map(str::to_owned));
        }
    }
    assert!(links.len() >= 8);
    for link in links {
        let picture = shop.http.get(&link).send().await.unwrap();
        assert_eq!(picture.status(), 200, "{link}");
        assert!(picture.headers()["content-type"].to_str().unwrap().starts_with("image/"), "{link}");
    }
}

#[tokio::test]
async fn the_servers_side_can_open_chats_quote_and_write_from_the_phone() {
    let shop = Shop::empty().await;
    let new = |kind, text: &str| NewChat {
        buyer_name: "Лев".into(),
        kind,
        text: Some(text.into()),
        ..NewChat::default()
    };
    let chat = shop.sim.add_chat(shop.user_id, new(ChatKind::U2u, "привет")).unwrap();
    assert!(chat.starts_with("u2u-"));
    let first = shop.sim.chat_messages(shop.user_id, &chat)[0].id.clone();
    shop.sim.buyer_quotes(shop.user_id, &chat, &first, "повторю");
    shop.sim.seller_writes_elsewhere(shop.user_id, &chat, "с телефона");
    let (_, answer) = shop.get(&shop.list_path(&chat)).await;
    assert_eq!(answer["messages"][0]["direction"], "out");
    assert_eq!(answer["messages"][1]["quote"]["id"], first);
    assert_eq!(shop.sim.posted_count("с телефона"), 0, "not through the API");
    assert!(shop.get(&format!("/messenger/v2/accounts/{{u}}/chats/{chat}")).await.1.get("context").is_none());
    assert_eq!(shop.sim.add_chat(1, NewChat::default()), None);
    assert_eq!(shop.sim.buyer_sends(shop.user_id, "u2i-no", Content::text("а")), None);
}

#[tokio::test]
async fn a_pause_closes_everything_and_resuming_keeps_port_and_state() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    shop.send(&chat, "до паузы").await;
    shop.sim.pause().await;
    assert!(!shop.sim.is_up());
    let refused = shop.request(Method::GET, "/core/v1/accounts/self").send().await;
    assert!(refused.is_err());
    shop.sim.buyer_writes(shop.user_id, &chat, "во время паузы");
    shop.sim.resume().await.unwrap();
    shop.sim.resume().await.unwrap();
    let (status, answer) = shop.get(&shop.list_path(&chat)).await;
    assert_eq!(status, 200);
    assert_eq!(answer["messages"][0]["content"]["text"], "во время паузы");
    assert_eq!(answer["messages"][1]["content"]["text"], "до паузы");
    let url = shop.sim.base_url();
    shop.sim.stop().await;
    assert!(shop.http.get(url).send().await.is_err());
}
