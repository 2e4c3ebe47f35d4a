//! Each failure has one class: what the account says, what a reply says.

use avito_sim::{Fault, FaultKind};
use inbox::view::{Delivery, Mode, SendFailure, TroubleCode};

use crate::support::{Front, PATIENCE, Setup, Shop, empty_sim, refuse_webhooks};

async fn behind_a_front() -> (Shop, Front) {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let front = Front::before(&sim).await;
    let setup = Setup { api_url: Some(front.url.clone()), ..Setup::default() };
    let shop = Shop::new(sim, setup).await;
    shop.until("polling", async || shop.view().await.mode == Mode::Polling).await;
    (shop, front)
}

const BODY: &str = r#"{"error":{"code":0,"message":"слова сервера"}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn invariant_12_each_answer_to_asking_has_its_trouble() {
    let (shop, front) = behind_a_front().await;
    for (status, code, seller) in [
        (401, TroubleCode::WrongKey, true),
        (402, TroubleCode::TariffMissing, true),
        (403, TroubleCode::Forbidden, true),
        (404, TroubleCode::UnexpectedAnswer, false),
        (400, TroubleCode::UnexpectedAnswer, false),
        (500, TroubleCode::ServerTrouble, false),
        (503, TroubleCode::ServerTrouble, false),
    ] {
        front.answer("/chats", status, "application/json", BODY);
        shop.until("the trouble", async || shop.view().await.trouble.is_some_and(|t| t.code == code)).await;
        let trouble = shop.view().await.trouble.unwrap();
        assert_eq!(trouble.retry_at_ms.is_none(), seller, "{status}");
        assert_eq!(trouble.detail.as_deref(), Some("слова сервера"), "{status}");
        let expected = if seller { Mode::Offline } else { Mode::Polling };
        shop.until("the mode", async || shop.view().await.mode == expected).await;
        front.clear();
        shop.until("well again", async || {
            let view = shop.view().await;
            view.mode == Mode::Polling && view.trouble.is_none_or(|t| t.code == TroubleCode::WebhookRefused)
        })
        .await;
    }
    // What is no JSON and what is no API.
    front.answer("/chats", 200, "text/html", "<html>captcha</html>");
    shop.until("unexpected", async || {
        shop.view()
            .await
            .trouble
            .is_some_and(|t| t.code == TroubleCode::UnexpectedAnswer && t.retry_at_ms.is_some())
    })
    .await;
    front.clear();
    shop.sim
        .faults()
        .set(Fault::once(FaultKind::RateLimited { retry_after: Some(1000) }).on_route("getChatsV2"));
    shop.until("limited", async || {
        shop.view().await.trouble.is_some_and(|t| t.code == TroubleCode::RateLimited)
    })
    .await;
    let retry = shop.view().await.trouble.unwrap().retry_at_ms.unwrap() - shop.core.clock().now_ms();
    assert!((900_000..=1_000_000).contains(&retry), "{retry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_12_a_key_that_stops_working_is_told() {
    let (shop, front) = behind_a_front().await;
    front.answer("/token", 401, "application/json", r#"{"error":"invalid_client"}"#);
    shop.sim.revoke_tokens(shop.seller.user_id);
    shop.until("wrong key", async || {
        shop.view().await.trouble.is_some_and(|t| t.code == TroubleCode::WrongKey)
    })
    .await;
    shop.until("offline", async || shop.view().await.mode == Mode::Offline).await;
    front.clear();
    shop.until("well again", async || shop.view().await.mode == Mode::Polling).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_12_each_refusal_of_a_reply_has_its_reason_and_is_not_repeated() {
    let (shop, front) = behind_a_front().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    for (status, expected) in [
        (400, SendFailure::Refused),
        (402, SendFailure::TariffMissing),
        (403, SendFailure::Forbidden),
        (404, SendFailure::NotFound),
        (405, SendFailure::NotFound),
        (409, SendFailure::Refused),
        (413, SendFailure::Refused),
        (422, SendFailure::Refused),
        (401, SendFailure::WrongKey),
    ] {
        front.answer("/messages", status, "application/json", BODY);
        let text = format!("ответ {status}");
        let row = shop.send(chat, &text).await;
        let Some(Delivery::Failed { code, detail }) = row.delivery else { panic!("{status}: {row:?}") };
        assert_eq!((code, detail.as_deref()), (expected, Some("слова сервера")), "{status}");
        front.clear();
        // What was parked goes out once when the seller says so.
        let id = row.outbox.unwrap();
        shop.core.retry_send(id).await.unwrap();
        let row = shop.core.wait_sent(id, PATIENCE).await.unwrap();
        assert!(crate::support::is_sent(&row), "{status}: {row:?}");
        assert_eq!(shop.sim.posted_count(&text), 1, "{status}");
    }
    shop.sim.buyer_blocks(shop.seller.user_id, &avito, true);
    let row = shop.send(chat, "заблокирован").await;
    assert!(matches!(row.delivery, Some(Delivery::Failed { code: SendFailure::Forbidden, .. })), "{row:?}");
    assert!(shop.core.discard_send(row.outbox.unwrap()).await.unwrap().is_some());
    assert!(!shop.row(chat).await.failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_12_no_connection_is_retried_by_itself() {
    let (shop, _front) = behind_a_front().await;
    shop.sim.pause().await;
    // The front answers 502 while nobody is behind it; the token stays good.
    shop.until("server trouble", async || {
        shop.view()
            .await
            .trouble
            .is_some_and(|t| t.code == TroubleCode::ServerTrouble && t.retry_at_ms.is_some())
    })
    .await;
    shop.sim.resume().await.unwrap();
    shop.until("well again", async || {
        shop.view().await.trouble.is_none_or(|t| t.code == TroubleCode::WebhookRefused)
    })
    .await;
}
