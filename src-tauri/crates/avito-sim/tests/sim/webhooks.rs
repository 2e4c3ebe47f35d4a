//! Deliveries.

use std::time::Duration;

use avito_sim::{Content, NewChat, SimConfig};
use serde_json::json;

use crate::common::{Receiver, SOON, Shop};

#[tokio::test]
async fn a_buyers_message_is_delivered_in_the_form_of_version_three() {
    let shop = Shop::open().await;
    let receiver = Receiver::open().await;
    shop.subscribe(&receiver.url).await;
    let chat = shop.chat();
    let id = shop.sim.buyer_writes(shop.user_id, &chat, "Ещё продаёте? 🙂");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 1).await);
    let event = receiver.all().remove(0);
    assert_eq!(event.body["version"], "v3.0.0");
    assert_eq!(event.body["payload"]["type"], "message");
    assert!(event.body["timestamp"].is_i64());
    assert_eq!(event.body["id"].as_str().unwrap().len(), 36);
    let value = event.value();
    assert_eq!(value["id"], id);
    assert_eq!(value["chat_id"], chat);
    assert_eq!(value["user_id"], shop.user_id);
    assert_ne!(value["author_id"], shop.user_id);
    assert_eq!((&value["type"], &value["chat_type"]), (&json!("text"), &json!("u2i")));
    assert_eq!(value["content"], json!({"text": "Ещё продаёте? 🙂"}));
    assert!(value["item_id"].as_i64().unwrap() > 1 << 31);
    assert!(value["published_at"].as_str().unwrap().ends_with('Z'));
    assert!(value.get("direction").is_none());
    let delivery = &shop.sim.deliveries()[0];
    assert_eq!((delivery.status, delivery.attempt, &delivery.message_id), (Some(200), 1, &id));
    assert_eq!(event.body["id"], delivery.event_id);
}

#[tokio::test]
async fn deliveries_are_signed_over_the_raw_body() {
    use hmac::{Hmac, KeyInit, Mac};
    let shop = Shop::open().await;
    let receiver = Receiver::open().await;
    shop.subscribe(&receiver.url).await;
    shop.sim.buyer_writes(shop.user_id, &shop.chat(), "подпись");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 1).await);
    let event = receiver.all().remove(0);
    let secret = shop.sim.accounts()[0].client_secret.clone();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&event.raw);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(event.signature, hex);
}

#[tokio::test]
async fn own_messages_come_back_with_the_accounts_number_as_author() {
    let shop = Shop::open().await;
    let receiver = Receiver::open().await;
    shop.subscribe(&receiver.url).await;
    let chat = shop.chat();
    shop.send(&chat, "через API").await;
    shop.sim.seller_writes_elsewhere(shop.user_id, &chat, "с телефона");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 2).await);
    assert_eq!(receiver.texts(), ["через API", "с телефона"]);
    assert!(receiver.all().iter().all(|event| event.value()["author_id"] == shop.user_id));
}

#[tokio::test]
async fn a_receiver_that_takes_longer_than_the_limit_counts_as_failed() {
    let shop = Shop::with(SimConfig {
        webhook_limit: Duration::from_millis(300),
        webhook_retries: 1,
        ..SimConfig::default()
    })
    .await;
    let slow = Receiver::that_waits(Duration::from_secs(60)).await;
    shop.subscribe(&slow.url).await;
    shop.sim.buyer_writes(shop.user_id, &shop.chat(), "ждём");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 2).await);
    let deliveries = shop.sim.deliveries();
    for (delivery, attempt) in deliveries.iter().zip([1, 2]) {
        assert_eq!((delivery.status, delivery.attempt), (None, attempt));
        assert!(delivery.millis >= 300, "{delivery:?}");
        assert!(delivery.error.is_some());
    }
    assert_eq!(deliveries[0].event_id, deliveries[1].event_id);
}

#[test]
fn the_limit_is_two_seconds_and_there_are_no_retries_by_default() {
    let config = SimConfig::default();
    assert_eq!((config.webhook_limit, config.webhook_retries), (Duration::from_secs(2), 0));
}

#[tokio::test]
async fn one_subscription_gets_its_events_in_order_and_every_subscription_gets_them() {
    let shop = Shop::open().await;
    let (a, b) = (Receiver::open().await, Receiver::open().await);
    shop.subscribe(&a.url).await;
    shop.subscribe(&b.url).await;
    let chat = shop.chat();
    let texts: Vec<String> = (0..40).map(|number| format!("сообщение {number}")).collect();
    for text in &texts {
        shop.sim.buyer_writes(shop.user_id, &chat, text);
    }
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 80).await);
    assert_eq!(a.texts(), texts);
    assert_eq!(b.texts(), texts);
    let events: std::collections::BTreeSet<String> =
        shop.sim.deliveries().into_iter().map(|delivery| delivery.event_id).collect();
    assert_eq!(events.len(), 80);
}

#[tokio::test]
async fn nothing_is_delivered_without_the_tier_to_other_accounts_or_after_unsubscribing() {
    let shop = Shop::open().await;
    let second = shop.second().await;
    let receiver = Receiver::open().await;
    shop.subscribe(&receiver.url).await;
    let chat = shop.chat();
    shop.sim.set_paid_tier(shop.user_id, false);
    shop.sim.buyer_writes(shop.user_id, &chat, "без тарифа");
    shop.sim.set_paid_tier(shop.user_id, true);
    shop.sim.buyer_writes(second.user_id, &second.chat(), "другому");
    shop.sim.revoke_tokens(shop.user_id);
    shop.sim.buyer_writes(shop.user_id, &chat, "с мёртвым токеном");
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 1).await);
    assert_eq!(receiver.texts(), ["с мёртвым токеном"]);
    assert_eq!(shop.sim.drop_subscriptions(shop.user_id), 1);
    shop.sim.buyer_writes(shop.user_id, &chat, "никому");
    assert!(shop.sim.subscriptions(shop.user_id).is_empty());
    assert_eq!(shop.sim.deliveries().len(), 1);
}

#[tokio::test]
async fn the_first_words_of_a_new_chat_and_deletions_on_wish_are_delivered() {
    let shop = Shop::with(SimConfig { webhook_on_delete: true, ..SimConfig::default() }).await;
    let receiver = Receiver::open().await;
    shop.subscribe(&receiver.url).await;
    let new = NewChat {
        buyer_name: "Зоя".into(), text: Some("здравствуйте".into()), ..NewChat::default()
    };
    let chat = shop.sim.add_chat(shop.user_id, new).unwrap();
    let id = shop.sim.chat_messages(shop.user_id, &chat)[0].id.clone();
    shop.sim.delete_message_at_avito(shop.user_id, &chat, &id, Some(false));
    shop.sim.buyer_sends(shop.user_id, &chat, Content::Unsupported { kind: "video".into() });
    assert!(shop.sim.until(SOON, |sim| sim.deliveries().len() == 3).await);
    let all = receiver.all();
    assert_eq!(all[0].value()["content"]["text"], "здравствуйте");
    assert_eq!((&all[1].value()["type"], &all[1].value()["id"]), (&json!("deleted"), &json!(id)));
    assert_eq!((&all[2].value()["type"], &all[2].value()["content"]), (&json!("video"), &json!({})));
}

#[tokio::test]
async fn a_probe_on_registration_refuses_dead_addresses_when_switched_on() {
    let shop = Shop::with(SimConfig { webhook_probe: true, ..SimConfig::default() }).await;
    let receiver = Receiver::open().await;
    shop.subscribe(&receiver.url).await;
    assert_eq!(receiver.all()[0].body, json!({}));
    let (status, _) = shop.post("/messenger/v3/webhook", json!({"url": "http://127.0.0.1:9/dead"})).await;
    assert_eq!(status, 400);
    assert_eq!(shop.sim.subscriptions(shop.user_id).len(), 1);
}
