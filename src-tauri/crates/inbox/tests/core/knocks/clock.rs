//! Clocks that are set, and computers that sleep.

use std::time::Duration;

use avito_sim::{Fault, FaultKind};
use inbox::Clock;
use inbox::view::{Delivery, Mode};

use crate::support::{Setup, Shop, empty_sim, is_sent, timing};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const YEAR_MS: i64 = 365 * DAY_MS;

/// A live shop whose clock only the test moves; it asks nothing by itself for minutes.
async fn live() -> (Shop, Clock) {
    let sim = empty_sim().await;
    let clock = Clock::manual(sim.now() * 1000);
    let seconds = Duration::from_secs;
    let timing = inbox::Timing {
        poll_live_first: seconds(300),
        poll_live: seconds(300),
        look_first: seconds(3),
        look_until: seconds(20),
        trouble_first: seconds(5),
        trouble_max: seconds(300),
        event_grace: seconds(5),
        clock_look: seconds(10),
        ..timing()
    };
    let shop = Shop::new(sim, Setup { clock: clock.clone(), timing, ..Setup::default() }).await;
    shop.until("live", async || shop.view().await.mode == Mode::Live).await;
    (shop, clock)
}

/// Waits until the check that an unknown chat causes is over: from here on only the clock wakes the shop.
async fn chat_at_rest(shop: &Shop) -> (String, inbox::ChatId) {
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.until("at rest", async || {
        shop.row(chat).await.buyer.name.is_some() && shop.view().await.next_check_ms.is_some()
    })
    .await;
    (avito, chat)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_hours_of_sleep_a_live_account_looks_at_once_and_stays_live() {
    let (shop, clock) = live().await;
    let (avito, chat) = chat_at_rest(&shop).await;
    // Asleep: no delivery reaches us, and no timer goes on.
    let asleep = shop.sim.faults().set(Fault::new(FaultKind::WebhookLost));
    shop.sim.shift_clock(10);
    shop.buyer_writes(&avito, "пока вы спали");
    clock.jump_ms(3 * HOUR_MS);
    shop.sim.faults().clear(asleep);
    // Awake: ten seconds of five minutes go by.
    clock.advance_ms(10_000);
    shop.until("it looked", async || shop.texts(chat).await == ["Здравствуйте", "пока вы спали"]).await;
    shop.until("at rest", async || shop.view().await.next_check_ms.is_some()).await;
    let view = shop.view().await;
    assert_eq!((view.mode, view.trouble), (Mode::Live, None), "what came during sleep is no lost event");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_jump_the_clock_wakes_nobody() {
    let (shop, clock) = live().await;
    chat_at_rest(&shop).await;
    let calls = shop.sim.calls().len();
    for _ in 0..20 {
        clock.advance_ms(10_000);
        clock.jump_ms(900); // the system's own corrections
        shop.core.account_views().await.unwrap();
    }
    // At most what was going on before; a wake at every look would be twenty checks.
    assert!(shop.sim.calls().len() < calls + 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clock_set_back_a_day_a_waiting_reply_does_not_wait_a_day() {
    let (shop, clock) = live().await;
    let (_, chat) = chat_at_rest(&shop).await;
    let refusing = Fault::new(FaultKind::RateLimited { retry_after: Some(1) }).on_route("postSendMessage");
    shop.sim.faults().set(refusing.times(1));
    let echo = shop.core.send_text(chat, "Да, забирайте").await.unwrap();
    shop.until("it waits", async || {
        let rows = shop.thread(chat).await;
        matches!(rows.last().unwrap().delivery, Some(Delivery::Waiting { .. }))
    })
    .await;
    clock.jump_ms(-DAY_MS);
    clock.advance_ms(10_000);
    let row = shop.core.wait_sent(echo.outbox.unwrap(), crate::support::PATIENCE).await.unwrap();
    assert!(is_sent(&row), "{row:?}");
    assert_eq!(shop.sim.posted_count("Да, забирайте"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clock_set_back_a_day_messages_come_are_told_and_stay_in_order() {
    let (mut shop, clock) = live().await;
    let (avito, chat) = chat_at_rest(&shop).await;
    shop.next_alert().await;
    clock.jump_ms(-DAY_MS);
    clock.advance_ms(10_000);
    shop.buyer_writes_later(&avito, "после перевода часов");
    let alert = shop.next_alert().await;
    assert!(matches!(alert, inbox::Alert::Message { chat: of, .. } if of == chat), "{alert:?}");
    shop.send(chat, "вижу").await;
    assert_eq!(shop.texts(chat).await, ["Здравствуйте", "после перевода часов", "вижу"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_a_clock_set_forward_a_year_does_not_cut_the_wait_before_a_reply_is_sent_again() {
    let (shop, clock) = live().await;
    let (_, chat) = chat_at_rest(&shop).await;
    // The answer is lost before Avito took it; for all we know it may still show it.
    shop.sim.faults().set(Fault::once(FaultKind::CutBefore).on_route("postSendMessage"));
    let echo = shop.core.send_text(chat, "Да, забирайте").await.unwrap();
    shop.until("the answer is lost", async || {
        matches!(shop.thread(chat).await.last().unwrap().delivery, Some(Delivery::Checking))
    })
    .await;
    clock.jump_ms(YEAR_MS);
    clock.advance_ms(10_000);
    let looks = |sim: &avito_sim::Sim| sim.call_count("getMessagesV3") > 0;
    shop.until_avito("it looks into the chat", looks).await;
    shop.until("it goes on looking", async || {
        matches!(shop.thread(chat).await.last().unwrap().delivery, Some(Delivery::Checking))
    })
    .await;
    assert_eq!(shop.sim.posted_count("Да, забирайте"), 0, "sent again ten seconds after a lost answer");
    shop.until("it is sent after all", async || {
        clock.advance_ms(1_000);
        shop.sim.posted_count("Да, забирайте") == 1
    })
    .await;
    let row = shop.core.wait_sent(echo.outbox.unwrap(), crate::support::PATIENCE).await.unwrap();
    assert!(is_sent(&row), "{row:?}");
    assert_eq!(shop.sim.posted_count("Да, забирайте"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clock_set_forward_a_year_and_back_everything_goes_on() {
    let (mut shop, clock) = live().await;
    let (avito, chat) = chat_at_rest(&shop).await;
    shop.next_alert().await;
    for (by_ms, text) in [(YEAR_MS, "через год"), (-YEAR_MS, "и обратно")] {
        clock.jump_ms(by_ms);
        clock.advance_ms(10_000);
        shop.buyer_writes_later(&avito, text);
        shop.next_alert().await;
        let row = shop.send(chat, &format!("вижу: {text}")).await;
        assert!(is_sent(&row), "{row:?}");
    }
    assert_eq!(shop.texts(chat).await, shop.at_avito(&avito));
    shop.until("live", async || {
        let view = shop.view().await;
        view.mode == Mode::Live && view.trouble.is_none()
    })
    .await;
}
