//! One reply approved is exactly one message at Avito, whatever happens on the way.

use std::time::Duration;

use avito_sim::{Fault, FaultKind};
use inbox::view::{Delivery, ErrorCode, Mode, SendFailure, Settings, TroubleCode};
use inbox::{Alert, ChatId, OutboxId};

use crate::support::{PATIENCE, Setup, Shop, empty_sim, is_sent, refuse_webhooks, text_of, timing};

/// A PNG of one pixel's header; Avito and we judge pictures by how they begin.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02";
pub(crate) const SEND: &str = "postSendMessage";

/// Everything that can happen to the answer of a sending, with whether the message was accepted.
fn accidents() -> Vec<(&'static str, FaultKind)> {
    vec![
        ("accepted, then cut", FaultKind::CutAfter),
        ("cut before acceptance", FaultKind::CutBefore),
        ("accepted, then 502", FaultKind::ServerError { status: 502, processed: true }),
        ("500 without acceptance", FaultKind::ServerError { status: 500, processed: false }),
        ("503 with HTML", FaultKind::ServerErrorHtml { status: 503 }),
        ("accepted, answer unreadable", FaultKind::MalformedJson),
        ("429", FaultKind::RateLimited { retry_after: Some(0) }),
        ("token revoked", FaultKind::TokenRevoked),
    ]
}

async fn one_message_each(shop: &Shop, what: &str, times: u32) {
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    for (name, kind) in accidents() {
        if times > 1 && kind == FaultKind::TokenRevoked {
            continue; // a fresh token that is refused as well is a key that does not work
        }
        shop.sim.faults().set(Fault::new(kind).times(times).on_route(SEND));
        let text = format!("Ответ: {name}");
        let row = shop.send(chat, &text).await;
        assert!(is_sent(&row), "{what}, {name}: {row:?}");
        assert_eq!(shop.sim.posted_count(&text), 1, "{what}, {name}");
        assert_eq!(shop.at_avito(&avito).iter().filter(|there| **there == text).count(), 1, "{what}, {name}");
        let here = shop.texts(chat).await;
        assert_eq!(here.iter().filter(|here| **here == text).count(), 1, "{what}, {name}: {here:?}");
        for (id, fault) in shop.sim.faults().active() {
            if fault.route.as_deref() == Some(SEND) {
                shop.sim.faults().clear(id);
            }
        }
    }
    assert_eq!(shop.texts(chat).await, shop.at_avito(&avito), "{what}: same messages in the same order");
    assert_eq!(shop.view().await.outbox_waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_each_accident_of_a_sending_ends_in_one_message_while_polling() {
    one_message_each(&Shop::polling().await, "polling", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_each_accident_of_a_sending_ends_in_one_message_while_live() {
    one_message_each(&Shop::live().await, "live", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_accidents_that_repeat_end_in_one_message() {
    one_message_each(&Shop::live().await, "twice in a row", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_an_answer_slower_than_our_patience_is_looked_up() {
    let setup = Setup {
        timing: inbox::Timing { call_timeout: Duration::from_millis(900), ..timing() },
        ..Setup::default()
    };
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let shop = Shop::new(sim, setup).await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    for processed in [true, false] {
        // Without `processed` the stand-in is told of the client's giving up before it takes the message.
        shop.sim.faults().set(Fault::once(FaultKind::Slow { millis: 2_500, processed }).on_route(SEND));
        let text = format!("Медленно, {processed}");
        assert!(is_sent(&shop.send(chat, &text).await));
        assert_eq!(shop.sim.posted_count(&text), 1);
        assert_eq!(shop.at_avito(&avito).iter().filter(|there| **there == text).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_buyer_wrote_before_a_lost_answer_is_looked_into_is_told_of() {
    let mut shop = Shop::live().await;
    // Nothing else reads the chat: what an event brings makes a live account look, too.
    let down = Fault::new(FaultKind::ServerError { status: 503, processed: false });
    shop.sim.faults().set(down.on_route("getChatsV2"));
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.next_alert().await;
    shop.sim.faults().set(Fault::new(FaultKind::WebhookLost));
    shop.sim.faults().set(Fault::once(FaultKind::CutAfter).on_route(SEND));
    shop.buyer_writes(&avito, "А доставка есть?");
    assert!(is_sent(&shop.send(chat, "Да, продаётся").await));
    let Alert::Message { preview: Some(preview), .. } = shop.next_alert().await else { panic!("no alert") };
    assert_eq!(preview.text, "А доставка есть?");
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_two_equal_texts_in_a_row_are_two_messages() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.sim.faults().set(Fault::new(FaultKind::CutAfter).times(2).on_route(SEND));
    let first = shop.core.send_text(chat, "Да").await.unwrap().outbox.unwrap();
    let second = shop.core.send_text(chat, "Да").await.unwrap().outbox.unwrap();
    let third = shop.core.send_text(chat, "Да").await.unwrap().outbox.unwrap();
    for id in [first, second, third] {
        assert!(is_sent(&shop.core.wait_sent(id, PATIENCE).await.unwrap()));
    }
    assert_eq!(shop.sim.posted_count("Да"), 3);
    assert_eq!(shop.texts(chat).await, ["Здравствуйте", "Да", "Да", "Да"]);
    assert_eq!(shop.at_avito(&avito), ["Здравствуйте", "Да", "Да", "Да"]);
    let keys: Vec<String> = shop.thread(chat).await.into_iter().map(|row| row.key).collect();
    assert_eq!(keys[1..], [format!("o{first}"), format!("o{second}"), format!("o{third}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_an_echo_before_the_answer_is_the_same_message() {
    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.sim.faults().set(Fault::once(FaultKind::Slow { millis: 400, processed: true }).on_route(SEND));
    let echo = shop.core.send_text(chat, "Да, продаётся").await.unwrap();
    // The event comes while the answer is still on its way: the bubble keeps its key and is never doubled.
    shop.until("the echo took the bubble's place", async || {
        let rows = shop.thread(chat).await;
        assert!(rows.len() <= 2, "{rows:?}");
        rows.last().is_some_and(|row| row.id.is_some() && row.key == echo.key)
    })
    .await;
    shop.until_avito("the answer", |sim| sim.calls().iter().any(|call| call.operation == SEND)).await;
    shop.until("settled", async || shop.view().await.outbox_waiting == 0).await;
    assert_eq!(shop.texts(chat).await, ["Здравствуйте", "Да, продаётся"]);
    assert_eq!(shop.sim.posted_count("Да, продаётся"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_the_same_text_from_the_phone_is_another_message() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    for (number, kind) in
        [FaultKind::Slow { millis: 300, processed: false }, FaultKind::Slow { millis: 300, processed: true }]
            .into_iter()
            .enumerate()
    {
        let text = format!("Да, {number}");
        shop.sim.faults().set(Fault::once(kind).on_route(SEND));
        let id = shop.core.send_text(chat, &text).await.unwrap().outbox.unwrap();
        shop.until("on its way", async || {
            shop.thread(chat)
                .await
                .last()
                .is_some_and(|row| row.delivery == Some(Delivery::Sending) || row.id.is_some())
        })
        .await;
        shop.sim.seller_writes_elsewhere(shop.seller.user_id, &avito, &text).unwrap();
        shop.until_avito("answered", |sim| sim.posted_count(&text) == 1).await;
        assert!(is_sent(&shop.core.wait_sent(id, PATIENCE).await.unwrap()));
        shop.until("both are here", async || {
            shop.texts(chat).await.iter().filter(|here| **here == text).count() == 2
        })
        .await;
        assert_eq!(shop.sim.posted_count(&text), 1);
    }
    assert_eq!(shop.view().await.outbox_waiting, 0);
    assert_eq!(shop.thread(chat).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_order_within_a_chat_is_kept_over_accidents() {
    // However often chance strikes, none is given up.
    let setup = Setup { timing: inbox::Timing { unknown_attempts: 1000, ..timing() }, ..Setup::default() };
    let shop = Shop::new(empty_sim().await, setup).await;
    let mut chats = Vec::new();
    for buyer in ["Анна", "Борис", "Вера", "Глеб"] {
        chats.push(shop.chat(buyer, "Здравствуйте").await);
    }
    for kind in
        [FaultKind::CutAfter, FaultKind::CutBefore, FaultKind::ServerError { status: 502, processed: true }]
    {
        shop.sim.faults().set(Fault::new(kind).chance(0.2).on_route(SEND));
    }
    let mut ids = Vec::new();
    for line in 0..5 {
        for (_, chat) in &chats {
            ids.push(shop.core.send_text(*chat, &format!("{line}")).await.unwrap().outbox.unwrap());
        }
    }
    shop.until("all is settled", async || shop.view().await.outbox_waiting == 0).await;
    for (avito, chat) in &chats {
        let expected = ["Здравствуйте", "0", "1", "2", "3", "4"];
        assert_eq!(shop.at_avito(avito), expected);
        shop.until("the thread", async || shop.texts(*chat).await == expected).await;
    }
    for id in ids {
        assert!(is_sent(&shop.core.wait_sent(id, PATIENCE).await.unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_what_cannot_be_proved_waits_for_the_seller_and_his_retry_sends_it_once() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    let fault = shop.sim.faults().set(Fault::new(FaultKind::CutBefore).on_route(SEND));
    let parked = shop.send(chat, "Сегодня до шести").await;
    assert!(
        matches!(parked.delivery, Some(Delivery::Failed { code: SendFailure::Unproved, .. })),
        "{parked:?}"
    );
    assert_eq!(shop.sim.posted_count("Сегодня до шести"), 0);
    assert!(shop.row(chat).await.failed);
    // A parked reply does not hold up the next one.
    shop.sim.faults().clear(fault);
    assert!(is_sent(&shop.send(chat, "Или завтра").await));
    let id = parked.outbox.unwrap();
    shop.core.retry_send(id).await.unwrap();
    assert!(is_sent(&shop.core.wait_sent(id, PATIENCE).await.unwrap()));
    assert_eq!(shop.sim.posted_count("Сегодня до шести"), 1);
    assert_eq!(shop.at_avito(&avito), ["Здравствуйте", "Или завтра", "Сегодня до шести"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_a_parked_reply_that_appears_after_all_is_done_without_sending() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.sim.faults().set(Fault::new(FaultKind::CutBefore).on_route(SEND));
    let parked = shop.send(chat, "Сегодня").await;
    assert!(matches!(parked.delivery, Some(Delivery::Failed { .. })), "{parked:?}");
    // Whether Avito was very slow or the seller used the phone: it is there, and need not be sent.
    shop.sim.seller_writes_elsewhere(shop.seller.user_id, &avito, "Сегодня").unwrap();
    shop.until("it is taken for the parked reply", async || {
        is_sent(&shop.core.wait_sent(parked.outbox.unwrap(), PATIENCE).await.unwrap())
    })
    .await;
    assert_eq!(shop.texts(chat).await, ["Здравствуйте", "Сегодня"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_reply_is_never_sent_and_its_text_comes_back() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.sim.faults().set(Fault::once(FaultKind::RateLimited { retry_after: Some(3600) }).on_route(SEND));
    let id = shop.core.send_text(chat, "Ой, не то").await.unwrap().outbox.unwrap();
    shop.until("it waits", async || {
        matches!(shop.thread(chat).await.last().unwrap().delivery, Some(Delivery::Waiting { .. }))
    })
    .await;
    assert_eq!(shop.core.discard_send(id).await.unwrap().as_deref(), Some("Ой, не то"));
    assert_eq!(shop.texts(chat).await, ["Здравствуйте"]);
    assert_eq!(shop.core.discard_send(id).await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(shop.at_avito(&avito), ["Здравствуйте"]);
    assert_eq!(shop.sim.call_count(SEND), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_taken_back_in_its_seconds_of_grace_never_leaves() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.core.save_settings(Settings { undo_send_s: 60, ..shop.core.settings() }).await.unwrap();
    let echo = shop.core.send_text(chat, "Ой, не то").await.unwrap();
    let Some(Delivery::Held { until_ms }) = echo.delivery else { panic!("{echo:?}") };
    assert!(until_ms > shop.core.clock().now_ms() + 50_000);
    assert_eq!(shop.core.discard_send(echo.outbox.unwrap()).await.unwrap().as_deref(), Some("Ой, не то"));
    // "Send now" ends the grace of the next one; the first would have gone out before it.
    let second = shop.core.send_text(chat, "Да, в продаже").await.unwrap();
    shop.core.retry_send(second.outbox.unwrap()).await.unwrap();
    shop.until("sent", async || is_sent(shop.thread(chat).await.last().unwrap())).await;
    assert_eq!(shop.at_avito(&avito), ["Здравствуйте", "Да, в продаже"]);
    assert_eq!(shop.sim.call_count(SEND), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_seconds_of_grace_a_reply_goes_out_by_itself() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.core.save_settings(Settings { undo_send_s: 1, ..shop.core.settings() }).await.unwrap();
    shop.core.send_text(chat, "Да").await.unwrap();
    shop.until("sent", async || is_sent(shop.thread(chat).await.last().unwrap())).await;
    assert_eq!(shop.at_avito(&avito), ["Здравствуйте", "Да"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_reply_says_why_and_until_when() {
    let shop = Shop::polling().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.sim.faults().set(Fault::once(FaultKind::RateLimited { retry_after: Some(3600) }).on_route(SEND));
    shop.core.send_text(chat, "Да").await.unwrap();
    shop.until("it waits for an hour", async || {
        let last = shop.thread(chat).await.pop().unwrap();
        let Some(Delivery::Waiting { code, until_ms }) = last.delivery else { return false };
        assert_eq!(code, TroubleCode::RateLimited);
        until_ms - shop.core.clock().now_ms() > 3_500_000
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_avito_would_refuse_is_refused_at_once() {
    let shop = Shop::polling().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    let code = async |text: &str| shop.core.send_text(chat, text).await.map(|_| ()).unwrap_err().code();
    assert_eq!(code(" \n\t ").await, ErrorCode::EmptyText);
    assert_eq!(code(&"ё".repeat(1001)).await, ErrorCode::TextTooLong);
    assert_eq!(code(&"😀".repeat(501)).await, ErrorCode::TextTooLong);
    assert_eq!(shop.core.send_text(ChatId(999), "Да").await.unwrap_err().code(), ErrorCode::NotFound);
    let image = async |bytes: Vec<u8>| {
        shop.core.send_image(chat, "x.png", bytes).await.map(|_| ()).unwrap_err().code()
    };
    assert_eq!(image(b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()).await, ErrorCode::BadImage);
    assert_eq!(image(vec![0; 25 * 1024 * 1024]).await, ErrorCode::ImageTooLarge);
    assert!(is_sent(&shop.send(chat, &"ё".repeat(1000)).await));
    assert_eq!(shop.core.retry_send(OutboxId(999)).await.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_sent_once_over_accidents_of_upload_and_sending() {
    for live in [true, false] {
        let shop = if live { Shop::live().await } else { Shop::polling().await };
        let (avito, chat) = shop.chat("Анна", "Есть фото?").await;
        let mut sent = 0;
        for (route, kind) in [
            ("uploadImages", FaultKind::CutBefore),
            ("uploadImages", FaultKind::CutAfter),
            ("uploadImages", FaultKind::ServerError { status: 500, processed: true }),
            ("postSendImageMessage", FaultKind::CutBefore),
            ("postSendImageMessage", FaultKind::CutAfter),
            ("postSendImageMessage", FaultKind::ServerError { status: 502, processed: true }),
            ("getChatsV2", FaultKind::CutBefore),
        ] {
            shop.sim.faults().set(Fault::once(kind.clone()).on_route(route));
            let echo = shop.core.send_image(chat, "фото с дачи.png", PICTURE.to_vec()).await.unwrap();
            let inbox::view::MessageBody::Image { small: Some(media), .. } = echo.body else {
                panic!("{echo:?}");
            };
            // Until it is sent the picture comes from our own copy.
            if let Ok(file) = shop.core.media(media).await {
                assert_eq!((file.mime.as_str(), file.bytes.as_slice()), ("image/png", PICTURE));
            }
            let row = shop.core.wait_sent(echo.outbox.unwrap(), PATIENCE).await.unwrap();
            sent += 1;
            assert!(is_sent(&row), "{live} {route} {kind:?}: {row:?}");
            let images = shop.at_avito(&avito).iter().filter(|kind| *kind == "image").count();
            assert_eq!(images, sent, "{live} {route} {kind:?}");
            shop.until("no bubble twice", async || shop.thread(chat).await.len() == sent + 1).await;
        }
        let folder = shop.folder.path().join("outbox");
        shop.until("the copies are gone", async || std::fs::read_dir(&folder).unwrap().count() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_tells_how_much_of_it_is_at_avito() {
    let shop = Shop::polling().await;
    let (_, chat) = shop.chat("Анна", "Есть фото?").await;
    let mut notices = shop.core.notices();
    let large = [PICTURE, &vec![7; 3 << 20]].concat();
    let echo = shop.core.send_image(chat, "x.png", large).await.unwrap();
    let id = echo.outbox.unwrap();
    assert!(is_sent(&shop.core.wait_sent(id, PATIENCE).await.unwrap()));
    let mut told = Vec::new();
    while let Ok(notice) = notices.try_recv() {
        if let inbox::view::Notice::Upload { outbox, percent, .. } = notice {
            assert_eq!(outbox, id);
            told.push(percent);
        }
    }
    assert_eq!((told.first(), told.last()), (Some(&0), Some(&100)), "{told:?}");
    assert!(told.is_sorted() && told.len() > 10, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_can_be_stopped_until_all_of_it_is_at_avito() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "Есть фото?").await;
    let mut notices = shop.core.notices();
    let fault = FaultKind::Slow { millis: 600_000, processed: false };
    let fault = shop.sim.faults().set(Fault::once(fault).on_route("uploadImages"));
    let echo = shop.core.send_image(chat, "x.png", PICTURE.to_vec()).await.unwrap();
    let text = shop.core.send_text(chat, "Фото пришлю позже").await.unwrap();
    while !matches!(notices.recv().await.unwrap(), inbox::view::Notice::Upload { .. }) {}
    assert_eq!(shop.core.discard_send(echo.outbox.unwrap()).await.unwrap(), None);
    // What stood behind it goes out, and the picture never does.
    assert!(is_sent(&shop.core.wait_sent(text.outbox.unwrap(), PATIENCE).await.unwrap()));
    shop.sim.faults().clear(fault);
    assert_eq!(shop.at_avito(&avito), ["Есть фото?", "Фото пришлю позже"]);
    assert_eq!(shop.thread(chat).await.len(), 2);
    let folder = shop.folder.path().join("outbox");
    shop.until("the copy is gone", async || std::fs::read_dir(&folder).unwrap().count() == 0).await;
    // All of it is there: now it is a message, and stopping comes too late.
    let echo = shop.core.send_image(chat, "x.png", PICTURE.to_vec()).await.unwrap();
    shop.core.wait_sent(echo.outbox.unwrap(), PATIENCE).await.unwrap();
    let late = shop.core.discard_send(echo.outbox.unwrap()).await.unwrap_err();
    assert_eq!(late.code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_whose_copy_is_gone_waits_for_the_seller() {
    let shop = Shop::polling().await;
    let (_, chat) = shop.chat("Анна", "Есть фото?").await;
    let fault = Fault::new(FaultKind::CutBefore).on_route("uploadImages");
    let fault = shop.sim.faults().set(fault);
    let echo = shop.core.send_image(chat, "x", PICTURE.to_vec()).await.unwrap();
    for file in std::fs::read_dir(shop.folder.path().join("outbox")).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    shop.sim.faults().clear(fault);
    let row = shop.core.wait_sent(echo.outbox.unwrap(), PATIENCE).await.unwrap();
    assert!(matches!(row.delivery, Some(Delivery::Failed { code: SendFailure::FileMissing, .. })), "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_finds_no_connection_makes_the_account_say_so() {
    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    // The first reply's sending outlasts the look that the new chat has asked for; the next one is an hour away.
    assert!(is_sent(&shop.send(chat, "Добрый день").await));
    shop.until("no look is under way", async || {
        let soon_ms = shop.core.clock().now_ms() + 3_000_000;
        shop.view().await.next_check_ms.is_some_and(|at| at > soon_ms)
    })
    .await;
    shop.sim.pause().await;
    shop.core.send_text(chat, "Да").await.unwrap();
    shop.until("the reply waits", async || {
        let last = shop.thread(chat).await.pop().unwrap();
        matches!(last.delivery, Some(Delivery::Waiting { code: TroubleCode::Network, .. }))
    })
    .await;
    shop.until("the account has no connection", async || {
        let view = shop.view().await;
        view.mode == Mode::Offline && view.trouble.is_some_and(|trouble| trouble.code == TroubleCode::Network)
    })
    .await;
    shop.sim.resume().await.unwrap();
    shop.until("sent", async || is_sent(shop.thread(chat).await.last().unwrap())).await;
    shop.until("live again", async || {
        let view = shop.view().await;
        view.mode == Mode::Live && view.trouble.is_none()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offline_outbox_sends_when_avito_is_back_and_after_a_restart() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.sim.pause().await;
    for text in ["раз", "два", "три"] {
        shop.core.send_text(chat, text).await.unwrap();
    }
    assert_eq!(
        shop.thread(chat).await.iter().map(text_of).collect::<Vec<_>>(),
        ["Здравствуйте", "раз", "два", "три"]
    );
    let shop = shop.reopen().await;
    assert_eq!(shop.view().await.outbox_waiting, 3);
    shop.sim.resume().await.unwrap();
    shop.until("all are sent", async || shop.view().await.outbox_waiting == 0).await;
    assert_eq!(shop.at_avito(&avito), ["Здравствуйте", "раз", "два", "три"]);
}
