//! Every fault, seen from the client's side.

use std::time::Duration;

use avito_sim::{Fault, FaultKind};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Receiver, SOON, Shop, read};

const SELF: &str = "/core/v1/accounts/self";

#[tokio::test]
async fn rate_limits_come_with_and_without_the_header_and_end_by_count() {
    let shop = Shop::open().await;
    shop.sim.faults().set(Fault::once(FaultKind::RateLimited { retry_after: Some(7) }));
    let answer = shop.request(Method::GET, SELF).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert!(answer.headers().contains_key("date"));
    shop.sim.faults().set(Fault::new(FaultKind::RateLimited { retry_after: None }).times(2));
    for expected in [429, 429, 200] {
        let answer = shop.request(Method::GET, SELF).send().await.unwrap();
        assert_eq!(answer.status(), expected);
        assert!(!answer.headers().contains_key("retry-after"));
    }
    assert!(shop.sim.faults().active().is_empty(), "used-up faults go");
}

#[tokio::test]
async fn a_refused_send_is_not_processed() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    for kind in [
        FaultKind::RateLimited { retry_after: None },
        FaultKind::ServerError { status: 503, processed: false },
        FaultKind::ServerErrorHtml { status: 502 },
    ] {
        shop.sim.faults().set(Fault::once(kind.clone()));
        assert!(shop.send(&chat, "не принято").await.0 >= 429, "{kind:?}");
    }
    assert_eq!(shop.sim.posted_count("не принято"), 0);
}

#[tokio::test]
async fn server_errors_are_json_or_html_and_may_hide_success() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    shop.sim.faults().set(Fault::once(FaultKind::ServerError { status: 503, processed: false }));
    let (status, body) = shop.get(SELF).await;
    assert_eq!((status, &body["error"]["code"]), (503, &json!(503)));
    shop.sim.faults().set(Fault::once(FaultKind::ServerErrorHtml { status: 502 }));
    let answer = shop.request(Method::GET, SELF).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
        (502, "text/html")
    );
    assert!(answer.text().await.unwrap().contains("nginx"));
    shop.sim.faults().set(Fault::once(FaultKind::ServerError { status: 500, processed: true }));
    assert_eq!(shop.send(&chat, "принято, но 500").await.0, 500);
    assert_eq!(shop.sim.posted_count("принято, но 500"), 1);
}

#[tokio::test]
async fn a_cut_after_acceptance_stores_the_message_and_answers_nothing() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    shop.sim.faults().set(Fault::once(FaultKind::CutAfter));
    assert_eq!(shop.get(SELF).await.0, 200, "without a route only sending is concerned");
    let request = shop.request(Method::POST, &shop.send_path(&chat));
    let error =
        request.json(&json!({"type": "text", "message": {"text": "дошло?"}})).send().await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert_eq!(shop.sim.posted_count("дошло?"), 1);
    let calls = shop.sim.calls();
    assert_eq!(calls.last().unwrap().status, None);
    assert_eq!(shop.send(&chat, "снова на связи").await.0, 200);
}

#[tokio::test]
async fn a_cut_closes_the_socket_without_one_byte() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let shop = Shop::open().await;
    shop.sim.faults().set(Fault::once(FaultKind::CutBefore));
    let address = shop.sim.base_url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {SELF} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", shop.token);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    stream.read_to_end(&mut seen).await.unwrap();
    assert_eq!(seen, b"");
}

#[tokio::test]
async fn a_cut_before_processing_leaves_no_message() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    shop.sim.faults().set(Fault::once(FaultKind::CutBefore).on_route("postSendMessage"));
    let request = shop.request(Method::POST, &shop.send_path(&chat));
    assert!(request.json(&json!({"type": "text", "message": {"text": "пропало"}})).send().await.is_err());
    assert_eq!(shop.sim.posted_count("пропало"), 0);
}

#[tokio::test]
async fn slow_answers_outlast_an_impatient_client_before_or_after_the_effect() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    for (processed, count) in [(false, 0), (true, 1)] {
        let fault = Fault::once(FaultKind::Slow { millis: 60_000, processed });
        shop.sim.faults().set(fault.on_route("postSendMessage"));
        let text = format!("медленно {processed}");
        let body = json!({"type": "text", "message": {"text": text}});
        let request = shop.request(Method::POST, &shop.send_path(&chat)).json(&body);
        let sending = tokio::spawn(request.timeout(Duration::from_secs(2)).send());
        if processed {
            assert!(shop.sim.until(SOON, |sim| sim.posted_count(&text) == 1).await);
        }
        assert!(sending.await.unwrap().unwrap_err().is_timeout());
        assert_eq!(shop.sim.posted_count(&text), count);
    }
}

#[tokio::test]
async fn malformed_json_has_status_200_and_half_a_body() {
    let shop = Shop::open().await;
    shop.sim.faults().set(Fault::once(FaultKind::MalformedJson).on_route("getChatsV2"));
    let answer = shop.request(Method::GET, "/messenger/v2/accounts/{u}/chats").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("{\"chats\"") && serde_json::from_str::<Value>(&text).is_err());
}

#[tokio::test]
async fn a_token_dies_in_mid_session_and_stays_dead() {
    let mut shop = Shop::open().await;
    shop.sim.faults().set(Fault::once(FaultKind::TokenRevoked).after(1));
    assert_eq!(shop.get(SELF).await.0, 200);
    assert_eq!(shop.get(SELF).await.0, 403);
    assert_eq!(shop.get(SELF).await.0, 403);
    shop.token = shop.new_token(0).await;
    assert_eq!(shop.get(SELF).await.0, 200);
}

#[tokio::test]
async fn faults_keep_to_their_route_and_account() {
    let shop = Shop::open().await;
    let second = shop.second().await;
    let limited = Fault::new(FaultKind::RateLimited { retry_after: None });
    let id = shop.sim.faults().set(limited.clone().on_account(shop.user_id));
    assert_eq!((shop.get(SELF).await.0, second.get(SELF).await.0), (429, 200));
    assert!(shop.sim.faults().clear(id));
    assert!(!shop.sim.faults().clear(id));
    shop.sim.faults().set(limited.clone().on_route("/core/v1/items"));
    assert_eq!((shop.get(SELF).await.0, shop.get("/core/v1/items").await.0), (200, 429));
    shop.sim.faults().clear_all();
    shop.sim.faults().set(limited.chance(0.5));
    let mut refused = 0;
    for _ in 0..100 {
        refused += usize::from(shop.get(SELF).await.0 == 429);
    }
    assert!((20..80).contains(&refused), "{refused}");
}

#[tokio::test]
async fn answers_can_be_distorted_in_the_reported_ways() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    let messages = shop.list_path(&chat);
    let chats = "/messenger/v2/accounts/{u}/chats";
    let faults = shop.sim.faults();
    faults.set(Fault::once(FaultKind::UnknownType).on_route("getMessagesV3"));
    assert_eq!(shop.get(&messages).await.1["messages"][0]["type"], "sticker");
    faults.set(Fault::once(FaultKind::ContentNull).on_route("getMessagesV3"));
    assert_eq!(shop.get(&messages).await.1["messages"][0]["content"], Value::Null);
    faults.set(Fault::once(FaultKind::ContentMissing).on_route("getMessagesV3"));
    assert!(shop.get(&messages).await.1["messages"][0].get("content").is_none());
    faults.set(Fault::once(FaultKind::ContextMissing));
    assert!(shop.get(chats).await.1["chats"][0].get("context").is_none());
    faults.set(Fault::once(FaultKind::UserMissing));
    let (_, list) = shop.get(chats).await;
    assert_eq!(list["chats"][0]["users"].as_array().unwrap().len(), 1);
    assert_eq!(list["chats"][0]["users"][0]["id"], shop.user_id);
    faults.set(Fault::once(FaultKind::PlaceholderChats));
    let (_, list) = shop.get(chats).await;
    let text = list["chats"][0]["last_message"]["content"]["text"].as_str().unwrap();
    assert!(text.contains("подписку с API мессенджера"));
    faults.set(Fault::once(FaultKind::OddUrls));
    let (_, one) = shop.get(&format!("{chats}/{chat}")).await;
    assert!(!one["context"]["value"]["url"].as_str().unwrap().starts_with("https://"));
    assert!(one["users"][0]["public_user_profile"].get("url").is_none());
    assert!(faults.active().is_empty());
    let (_, plain) = shop.get(&messages).await;
    assert!(plain["messages"][0]["content"].is_object(), "the stored message is not touched");
}

#[tokio::test]
async fn a_chat_moves_to_the_top_between_two_pages() {
    let shop = Shop::open().await;
    shop.sim.faults().set(Fault::once(FaultKind::ChatMovesUp));
    let page = async |offset: usize| {
        let (_, answer) =
            shop.get(&format!("/messenger/v2/accounts/{{u}}/chats?limit=2&offset={offset}")).await;
        let ids =
            answer["chats"].as_array().unwrap().iter().map(|chat| chat["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let (first, second) = (page(0).await, page(2).await);
    assert_eq!(second[0], first[1], "the walk sees one chat twice");
    let again = page(0).await;
    assert!(!first.contains(&again[0]) && !second.contains(&again[0]), "and one chat only on re-reading");
}

#[tokio::test]
async fn a_message_arrives_between_two_pages_of_a_chat() {
    let shop = Shop::open().await;
    let chat = shop.long_chat();
    shop.sim.faults().set(Fault::once(FaultKind::MessageArrives));
    let page = async |offset: usize| {
        let (_, answer) = shop.get(&format!("{}?limit=3&offset={offset}", shop.list_path(&chat))).await;
        let ids = answer["messages"].as_array().unwrap().iter();
        ids.map(|message| message["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (first, second) = (page(0).await, page(3).await);
    assert_eq!(second[0], first[2], "the walk sees one message twice");
    let again = page(0).await;
    assert_eq!(again[1..], first[..2], "and the new one only on re-reading");
}

#[tokio::test]
async fn every_stroke_of_a_fault_is_counted_under_its_name_in_json() {
    let shop = Shop::open().await;
    shop.sim.faults().set(Fault::new(FaultKind::ServerErrorHtml { status: 502 }).times(2));
    shop.sim.faults().set(Fault::new(FaultKind::ChatMovesUp));
    for _ in 0..3 {
        shop.get(SELF).await;
    }
    let struck = shop.sim.faults().struck();
    assert_eq!(struck.into_iter().collect::<Vec<_>>(), [("server_error_html", 2)]);
    for kind in [FaultKind::EchoOff, FaultKind::Slow { millis: 1, processed: true }, FaultKind::ContentNull] {
        assert_eq!(serde_json::to_value(&kind).unwrap()["fault"], kind.name());
    }
}

#[tokio::test]
async fn a_sent_picture_is_known_by_the_bytes_of_its_upload() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    let picture = b"\x89PNG\r\n\x1a\n and the rest".to_vec();
    let part = reqwest::multipart::Part::bytes(picture.clone()).file_name("a.png");
    let form = reqwest::multipart::Form::new().part("uploadfile[]", part);
    let upload = shop.request(Method::POST, "/messenger/v1/accounts/{u}/uploadImages").multipart(form);
    let (_, uploaded) = read(upload.send().await.unwrap()).await;
    let image = uploaded.as_object().unwrap().keys().next().unwrap();
    shop.post(&format!("{}/image", shop.send_path(&chat)), json!({"image_id": image})).await;
    let sent = shop.sim.chat_messages(shop.user_id, &chat).pop().unwrap();
    assert_eq!(shop.sim.uploaded(shop.user_id, &chat, &sent.id).as_deref(), Some(picture.as_slice()));
    let first = shop.sim.chat_messages(shop.user_id, &chat).swap_remove(0);
    assert_eq!(shop.sim.uploaded(shop.user_id, &chat, &first.id), None);
}

#[tokio::test]
async fn a_system_message_of_the_same_second_follows() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    shop.sim.faults().set(Fault::once(FaultKind::EqualCreated));
    shop.sim.buyer_writes(shop.user_id, &chat, "вопрос");
    let held = shop.sim.chat_messages(shop.user_id, &chat);
    let [.., question, note] = held.as_slice() else { panic!("two messages") };
    assert_eq!((question.text.as_deref(), note.kind.as_str()), (Some("вопрос"), "system"));
    assert_eq!(question.created, note.created);
}

async fn with_receiver() -> (Shop, Receiver, String) {
    let shop = Shop::open().await;
    let receiver = Receiver::open().await;
    shop.subscribe(&receiver.url).await;
    let chat = shop.chat();
    (shop, receiver, chat)
}

#[tokio::test]
async fn a_delivery_comes_twice_or_never() {
    let (shop, receiver, chat) = with_receiver().await;
    shop.sim.faults().set(Fault::once(FaultKind::WebhookDuplicate { new_event_id: false }));
    shop.sim.buyer_writes(shop.user_id, &chat, "дважды");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 2).await);
    let twice = receiver.all();
    assert_eq!(twice[0].body, twice[1].body);
    shop.sim.faults().set(Fault::once(FaultKind::WebhookDuplicate { new_event_id: true }));
    shop.sim.buyer_writes(shop.user_id, &chat, "дважды, но иначе");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 4).await);
    let all = receiver.all();
    assert_ne!(all[2].body["id"], all[3].body["id"]);
    assert_eq!(all[2].value(), all[3].value());
    shop.sim.faults().set(Fault::once(FaultKind::WebhookLost));
    shop.sim.buyer_writes(shop.user_id, &chat, "потеряно");
    shop.sim.buyer_writes(shop.user_id, &chat, "дошло");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 6).await);
    assert!(!receiver.texts().contains(&"потеряно".to_owned()));
    let lost = &shop.sim.deliveries()[4];
    assert_eq!((lost.fault.as_deref(), lost.status, lost.attempt), (Some("lost"), None, 0));
}

#[tokio::test]
async fn deliveries_change_places_or_come_late() {
    let (shop, receiver, chat) = with_receiver().await;
    shop.sim.faults().set(Fault::once(FaultKind::WebhookOutOfOrder));
    for text in ["первое", "второе", "третье"] {
        shop.sim.buyer_writes(shop.user_id, &chat, text);
    }
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 3).await);
    assert_eq!(receiver.texts(), ["второе", "первое", "третье"]);
    shop.sim.faults().set(Fault::once(FaultKind::WebhookOutOfOrder));
    shop.sim.buyer_writes(shop.user_id, &chat, "одинокое");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 4).await, "comes even without a successor");
    shop.sim.faults().set(Fault::once(FaultKind::WebhookLate { millis: 700 }));
    shop.sim.buyer_writes(shop.user_id, &chat, "позднее");
    shop.sim.buyer_writes(shop.user_id, &chat, "вовремя");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 6).await);
    assert_eq!(receiver.texts()[4..], ["вовремя", "позднее"]);
}

#[tokio::test]
async fn echoes_can_be_off_and_events_distorted() {
    let (shop, receiver, chat) = with_receiver().await;
    let faults = shop.sim.faults();
    let echo = faults.set(Fault::new(FaultKind::EchoOff));
    shop.send(&chat, "без эха").await;
    faults.clear(echo);
    shop.send(&chat, "с эхом").await;
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 1).await);
    assert_eq!(receiver.texts(), ["с эхом"]);
    for kind in [FaultKind::UnknownType, FaultKind::ContentNull, FaultKind::ContentMissing] {
        faults.set(Fault::once(kind));
        shop.sim.buyer_writes(shop.user_id, &chat, "искажено");
    }
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 4).await);
    let all = receiver.all();
    assert_eq!(all[1].value()["type"], "sticker");
    assert_eq!(all[2].value().get("content"), Some(&Value::Null));
    assert_eq!(all[3].value().get("content"), None);
    let item_id = shop.sim.items(shop.user_id)[0].id;
    faults.set(Fault::once(FaultKind::ItemSecondShape));
    for _ in 0..2 {
        shop.sim.buyer_sends(shop.user_id, &chat, avito_sim::Content::Item { item_id });
    }
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 6).await);
    let all = receiver.all();
    assert_eq!(all[4].value()["content"]["item"]["id"], item_id);
    assert!(all[5].value()["content"]["item"]["item_url"].is_string());
}

#[tokio::test]
async fn an_accepted_picture_whose_answer_is_cut_is_stored() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    let part = reqwest::multipart::Part::bytes(b"\xff\xd8\xff\xe0".to_vec()).file_name("a.jpg");
    let form = reqwest::multipart::Form::new().part("uploadfile[]", part);
    let request = shop.request(Method::POST, "/messenger/v1/accounts/{u}/uploadImages").multipart(form);
    let (_, answer) = read(request.send().await.unwrap()).await;
    let id = answer.as_object().unwrap().keys().next().unwrap();
    let before = shop.sim.chat_messages(shop.user_id, &chat).len();
    shop.sim.faults().set(Fault::once(FaultKind::CutAfter));
    let path = format!("{}/image", shop.send_path(&chat));
    assert!(shop.request(Method::POST, &path).json(&json!({"image_id": id})).send().await.is_err());
    assert_eq!(shop.sim.chat_messages(shop.user_id, &chat).len(), before + 1);
}
