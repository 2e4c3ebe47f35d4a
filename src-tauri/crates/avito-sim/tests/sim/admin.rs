//! The admin routes over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Receiver, SOON, Shop, read};

async fn admin(shop: &Shop, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = shop.http.request(method, format!("{}{path}", shop.sim.admin_url()));
    if let Some(body) = body {
        request = request.json(&body);
    }
    read(request.send().await.unwrap()).await
}

async fn post(shop: &Shop, path: &str, body: Value) -> Value {
    let (status, answer) = admin(shop, Method::POST, path, Some(body)).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn look(shop: &Shop, path: &str) -> Value {
    let (status, answer) = admin(shop, Method::GET, path, None).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

#[tokio::test]
async fn buyers_act_through_admin_routes() {
    let shop = Shop::open().await;
    let user = shop.user_id;
    let chat = post(&shop, "/chat", json!({"user_id": user, "buyer_name": "Глеб", "text": "привет"})).await;
    let chat = chat["id"].as_str().unwrap().to_owned();
    let at = |more: Value| {
        let mut body = json!({"user_id": user, "chat_id": chat});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let text = post(&shop, "/message", at(json!({"text": "вопрос"}))).await;
    post(&shop, "/message", at(json!({"content": {"type": "image", "image": "samovar_tap"}}))).await;
    post(&shop, "/message", at(json!({"content": {"type": "custom", "kind": "sticker", "content": null}})))
        .await;
    post(&shop, "/message", at(json!({"quoted": text["id"], "text": "цитирую"}))).await;
    post(&shop, "/seller-elsewhere", at(json!({"text": "с телефона"}))).await;
    post(&shop, "/read", at(json!({}))).await;
    let messages = look(&shop, &format!("/messages?user_id={user}&chat_id={chat}")).await;
    let kinds: Vec<&str> =
        messages.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "text", "image", "sticker", "text", "text"]);
    assert!(messages[5]["read"].is_i64());
    post(&shop, "/delete", at(json!({"message_id": text["id"], "as_text": false}))).await;
    let messages = look(&shop, &format!("/messages?user_id={user}&chat_id={chat}")).await;
    assert_eq!(messages[1]["type"], "deleted");
    post(&shop, "/seller-reads", at(json!({}))).await;
    assert_eq!(shop.sim.unread(user, &chat), Some(0));
    post(&shop, "/block", at(json!({"blocked": true}))).await;
    assert_eq!(shop.send(&chat, "а").await.0, 403);
    let (status, _) =
        admin(&shop, Method::POST, "/read", Some(json!({"user_id": user, "chat_id": "no"}))).await;
    assert_eq!(status, 404);
    let (status, answer) = admin(&shop, Method::POST, "/message", Some(json!({"user_id": "x"}))).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn the_state_and_the_logs_can_be_read() {
    let shop = Shop::open().await;
    let receiver = Receiver::open().await;
    shop.subscribe(&receiver.url).await;
    let chat = shop.chat();
    shop.send(&chat, "сколько раз").await;
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 1).await);
    let state = look(&shop, "/state").await;
    assert_eq!(state["base_url"], shop.sim.base_url());
    assert_eq!(state["accounts"][0]["seller"]["user_id"], shop.user_id);
    assert_eq!(state["accounts"][0]["chats"][0]["id"], chat);
    let query = "/posted?text=%D1%81%D0%BA%D0%BE%D0%BB%D1%8C%D0%BA%D0%BE%20%D1%80%D0%B0%D0%B7";
    assert_eq!(look(&shop, query).await, json!({"count": 1}));
    assert_eq!(look(&shop, "/call-count?route=postSendMessage").await, json!({"count": 1}));
    let calls = look(&shop, "/calls").await;
    assert_eq!(calls.as_array().unwrap().last().unwrap()["operation"], "postSendMessage");
    assert_eq!(look(&shop, "/deliveries").await[0]["status"], 200);
    let subscriptions = look(&shop, &format!("/subscriptions?user_id={}", shop.user_id)).await;
    assert_eq!(subscriptions, json!([{"url": receiver.url, "version": "3"}]));
    assert_eq!(look(&shop, &format!("/items?user_id={}", shop.user_id)).await.as_array().unwrap().len(), 3);
    assert_eq!(look(&shop, &format!("/orders?user_id={}", shop.user_id)).await.as_array().unwrap().len(), 1);
    assert_eq!(admin(&shop, Method::GET, "/nothing", None).await.0, 404);
    let on_api = shop.http.get(shop.url("/_sim/state")).send().await.unwrap();
    assert_eq!(on_api.status(), 404, "the API's own port has no admin routes");
}

#[tokio::test]
async fn faults_clock_tier_key_and_tokens_are_switched() {
    let mut shop = Shop::open().await;
    let user = shop.user_id;
    let wanted = json!([{"fault": "rate_limited", "retry_after": 3, "count": 1, "route": "getUserInfoSelf"},
        {"fault": "echo_off"}]);
    let (status, ids) = admin(&shop, Method::PUT, "/faults", Some(wanted)).await;
    assert_eq!((status, ids["ids"].as_array().unwrap().len()), (200, 2));
    assert_eq!(look(&shop, "/faults").await[0]["fault"]["fault"], "rate_limited");
    assert_eq!(shop.get("/core/v1/accounts/self").await.0, 429);
    assert_eq!(shop.get("/core/v1/accounts/self").await.0, 200);
    let added = post(&shop, "/faults", json!({"fault": "cut_before", "probability": 0.5})).await;
    let path = format!("/faults/{}", added["ids"][0]);
    assert_eq!(admin(&shop, Method::DELETE, &path, None).await.0, 200);
    assert_eq!(admin(&shop, Method::DELETE, "/faults", None).await.0, 200);
    assert_eq!(look(&shop, "/faults").await, json!([]));
    assert_eq!(admin(&shop, Method::PUT, "/faults", Some(json!({"fault": "unheard_of"}))).await.0, 400);

    let before = look(&shop, "/state").await["now"].as_i64().unwrap();
    let after = post(&shop, "/clock/shift", json!({"seconds": 5000})).await["now"].as_i64().unwrap();
    assert!(after >= before + 5000);
    post(&shop, "/tier", json!({"user_id": user, "on": false})).await;
    assert_eq!(shop.get(&shop.list_path(&shop.chat())).await.0, 402);
    post(&shop, "/tier", json!({"user_id": user, "on": true})).await;
    post(&shop, "/key", json!({"user_id": user, "owner": "employee"})).await;
    assert_eq!(shop.get(&shop.list_path(&shop.chat())).await.0, 403);
    post(&shop, "/key", json!({"user_id": user, "owner": "main"})).await;
    for route in ["/token/revoke", "/token/expire"] {
        assert_eq!(shop.get("/core/v1/accounts/self").await.0, 200);
        post(&shop, route, json!({"user_id": user})).await;
        assert_eq!(shop.get("/core/v1/accounts/self").await.0, 403, "{route}");
        shop.token = shop.new_token(0).await;
    }
    let code = post(&shop, "/code", json!({"user_id": user, "scopes": ["messenger:read"]})).await;
    assert!(code["code"].is_string());
}

#[tokio::test]
async fn the_server_goes_down_and_comes_back_while_the_admin_routes_stay() {
    let shop = Shop::open().await;
    post(&shop, "/pause", json!({})).await;
    assert!(shop.request(Method::GET, "/core/v1/accounts/self").send().await.is_err());
    assert_eq!(look(&shop, "/state").await["up"], false);
    post(&shop, "/resume", json!({})).await;
    assert_eq!(shop.get("/core/v1/accounts/self").await.0, 200);
}

#[tokio::test]
async fn items_orders_archives_and_subscriptions_can_be_made() {
    let shop = Shop::empty().await;
    let user = shop.user_id;
    let item = post(
        &shop,
        "/item",
        json!({"user_id": user, "id": 0, "title": "Стол", "price": null, "address": "Тверь", "city": "Тверь",
            "city_slug": "tver", "category": "Мебель", "point": [56.8, 35.9], "picture": "plain", "status": "active"}),
    )
    .await;
    let filled = post(&shop, "/fill", json!({"user_id": user, "chats": 3, "messages": 4})).await;
    let chat = filled["ids"][2].as_str().unwrap();
    assert_eq!(shop.sim.chat_messages(user, chat).len(), 4);
    let order = json!({"user_id": user, "id": "5", "status": "on_confirmation", "created": 1, "item_id": item["id"],
        "chat_id": chat, "buyer_name": "Иванова Марина"});
    post(&shop, "/order", order).await;
    assert_eq!(shop.get("/order-management/1/orders").await.1["orders"][0]["items"][0]["chatId"], chat);
    post(&shop, "/old-subscription", json!({"user_id": user, "url": "http://x.ru", "version": "2"})).await;
    assert_eq!(post(&shop, "/drop-subscriptions", json!({"user_id": user})).await, json!({"dropped": 1}));
}
