//! Read marks, ticks, deletions; the list and the search.

use std::time::Duration;

use avito_sim::{Fault, FaultKind, Fill};
use inbox::view::{ChatQuery, Delivery, ErrorCode, MessageBody, Mode};
use inbox::{ChatId, Clock};

use crate::support::{Setup, Shop, all_chats, empty_sim, refuse_webhooks, text_of, timing};

#[tokio::test(flavor = "multi_thread")]
async fn a_read_mark_reaches_avito_once() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    assert_eq!(shop.sim.unread(shop.seller.user_id, &avito), Some(1));
    for _ in 0..3 {
        shop.core.mark_read(chat).await.unwrap();
        shop.core.check_now(None);
    }
    assert_eq!(shop.row(chat).await.unread, 0);
    shop.until_avito("told", |sim| sim.unread(shop.seller.user_id, &avito) == Some(0)).await;
    let checks = shop.sim.call_count("getChatsV2");
    shop.core.check_now(None);
    shop.until_avito("a whole cycle later", |sim| sim.call_count("getChatsV2") > checks).await;
    shop.until("the cycle is over", async || shop.view().await.next_check_ms.is_some()).await;
    assert_eq!(shop.sim.call_count("chatRead"), 1);
    assert_eq!(shop.row(chat).await.unread, 0, "a reading does not undo it");
    shop.buyer_writes(&avito, "Ещё");
    shop.until("unread again", async || shop.row(chat).await.unread == 1).await;
    shop.core.mark_read(chat).await.unwrap();
    shop.until_avito("told again", |sim| sim.call_count("chatRead") == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_mark_made_offline_survives_a_restart() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.sim.pause().await;
    shop.core.mark_read(chat).await.unwrap();
    let shop = shop.reopen().await;
    assert_eq!(shop.row(chat).await.unread, 0);
    shop.sim.resume().await.unwrap();
    shop.until_avito("told after all", |sim| sim.unread(shop.seller.user_id, &avito) == Some(0)).await;
    assert_eq!(shop.row(chat).await.unread, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_after_a_read_mark_that_avito_did_not_take_is_not_told_as_read() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let timing = inbox::Timing { event_grace: Duration::ZERO, ..timing() };
    let shop = Shop::new(sim, Setup { timing, ..Setup::default() }).await;
    let user = shop.seller.user_id;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.until("unread", async || shop.row(chat).await.unread == 1).await;
    let down = Fault::new(FaultKind::ServerErrorHtml { status: 503 });
    let down = shop.sim.faults().set(down.on_route("chatRead"));
    let refused = || shop.sim.faults().struck().contains_key("server_error_html");
    shop.core.mark_read(chat).await.unwrap();
    shop.until("Avito does not take it", async || refused()).await;
    shop.buyer_writes_later(&avito, "Ещё продаёте?");
    shop.until("unread", async || shop.row(chat).await.unread == 1).await;
    shop.sim.faults().clear(down);
    let checks = shop.sim.call_count("getChatsV2");
    shop.until_avito("some cycles later", |sim| sim.call_count("getChatsV2") > checks + 6).await;
    assert_eq!((shop.row(chat).await.unread, shop.sim.unread(user, &avito) > Some(0)), (1, true));
    shop.core.mark_read(chat).await.unwrap();
    shop.until_avito("told", |sim| sim.unread(user, &avito) == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_does_not_wait_for_avito() {
    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.sim.faults().set(Fault::new(FaultKind::Slow { millis: 3_600_000, processed: false }));
    shop.core.mark_read(chat).await.unwrap();
    shop.core.send_text(chat, "Да").await.unwrap();
    shop.core.check_now(None);
    tokio::time::timeout(Duration::from_secs(20), shop.core.close()).await.expect("closing hangs");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_on_the_phone_is_read_here_but_not_what_came_later() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let timing = inbox::Timing { event_grace: Duration::ZERO, ..timing() };
    let shop = Shop::new(sim, Setup { timing, ..Setup::default() }).await;
    let user = shop.seller.user_id;
    let (read, read_chat) = shop.chat("Анна", "Здравствуйте").await;
    let (_, unread_chat) = shop.chat("Борис", "Здравствуйте").await;
    shop.until("both unread", async || shop.view().await.unread_chats == 2).await;
    shop.sim.seller_reads_elsewhere(user, &read);
    shop.until("one is read", async || shop.row(read_chat).await.unread == 0).await;
    assert_eq!(shop.row(unread_chat).await.unread, 1);
    assert_eq!(shop.sim.call_count("chatRead"), 0, "Avito knows already");
    shop.buyer_writes(&read, "Ещё");
    shop.until("the later one is unread", async || shop.row(read_chat).await.unread == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_and_deletions_of_the_open_chat_appear() {
    let shop = Shop::live().await;
    let user = shop.seller.user_id;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    let gone = shop.buyer_writes(&avito, "передумала");
    shop.until("here", async || shop.thread(chat).await.len() == 2).await;
    shop.send(chat, "Добрый день").await;
    shop.core.set_attention(Some(chat), true);
    shop.sim.buyer_reads(user, &avito);
    shop.until("two ticks", async || {
        shop.thread(chat).await.last().unwrap().delivery == Some(Delivery::Read)
    })
    .await;
    for (as_text, text) in [(true, "передумала"), (false, "и это")] {
        let id = if as_text { gone.clone() } else { shop.buyer_writes(&avito, text) };
        shop.until("here", async || shop.texts(chat).await.iter().any(|here| here == text)).await;
        assert!(shop.sim.delete_message_at_avito(user, &avito, &id, Some(as_text)));
        shop.until("marked as deleted", async || {
            shop.thread(chat).await.iter().any(|row| row.avito_id.as_ref() == Some(&id) && row.deleted)
        })
        .await;
        // Invariant 10: our copy stays.
        let rows = shop.thread(chat).await;
        let row = rows.iter().find(|row| row.avito_id.as_ref() == Some(&id)).unwrap();
        assert_eq!(row.body, MessageBody::Text { text: text.into() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_chat_stays_fresh_after_a_trouble() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.send(chat, "Добрый день").await;
    shop.core.set_attention(Some(chat), true);
    shop.sim.pause().await;
    shop.until("offline", async || shop.view().await.mode == Mode::Offline).await;
    shop.sim.resume().await.unwrap();
    shop.until("back", async || shop.view().await.mode == Mode::Polling).await;
    shop.sim.buyer_reads(shop.seller.user_id, &avito);
    shop.until("ticks", async || shop.thread(chat).await.last().unwrap().delivery == Some(Delivery::Read))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_13_a_message_can_be_deleted_within_the_hour_by_the_clock() {
    let sim = empty_sim().await;
    let clock = Clock::manual(sim.now() * 1000);
    let shop = Shop::new(sim, Setup { clock: clock.clone(), ..Setup::default() }).await;
    shop.until("live", async || shop.view().await.mode == Mode::Live).await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    let early = shop.send(chat, "Опечатка").await;
    let late = shop.send(chat, "Добрый день").await;
    let buyers = shop.thread(chat).await.remove(0);
    let until_ms = early.deletable_until_ms.unwrap();
    assert_eq!(until_ms, early.sent_ms + 3_600_000);
    assert_eq!(buyers.deletable_until_ms, None);
    let code = async |id| shop.core.delete_message(id).await.unwrap_err().code();
    assert_eq!(code(buyers.id.unwrap()).await, ErrorCode::TooLateToDelete);
    clock.advance_ms(3_500_000);
    shop.core.delete_message(early.id.unwrap()).await.unwrap();
    let row = shop.thread(chat).await.remove(1);
    assert!(row.deleted && row.deletable_until_ms.is_none());
    assert_eq!(text_of(&row), "Опечатка", "our copy stays");
    assert_ne!(shop.at_avito(&avito)[1], "Опечатка");
    assert_eq!(code(early.id.unwrap()).await, ErrorCode::TooLateToDelete);
    clock.advance_ms(105_000);
    assert_eq!(shop.thread(chat).await.remove(2).deletable_until_ms, None);
    assert_eq!(code(late.id.unwrap()).await, ErrorCode::TooLateToDelete);
    assert_eq!(code(inbox::MessageId(999)).await, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_paged_by_key_while_chats_move() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let ids = sim.fill(sim.accounts()[0].user_id, Fill { chats: 95, messages: 1, days: 10 });
    let shop = Shop::new(sim, Setup::default()).await;
    shop.core.wait_backfilled(|_| {}).await;
    let mut seen: Vec<ChatId> = Vec::new();
    let mut after = None;
    loop {
        let query = ChatQuery { after, limit: 10, ..all_chats() };
        let page = shop.core.list_chats(query).await.unwrap();
        assert_eq!(page.total, 95);
        seen.extend(page.rows.iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
        // One from the far end moves to the top between two pages.
        let moving = &ids[seen.len() / 10];
        shop.buyer_writes(moving, "наверх");
        let moved = shop.find(moving).await;
        shop.until("moved", async || shop.row(moved).await.unread == 1).await;
        if !seen.contains(&moved) {
            seen.push(moved); // the page is told of it by a notice
        }
    }
    let mut unique = seen.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!((seen.len(), unique.len()), (95, 95), "none twice, none left out");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_searched_without_regard_to_case_and_yo() {
    let shop = Shop::live().await;
    let (_, marina) = shop.chat("Марина Ёлкина", "Ещё продаёте КОФЕМОЛКУ?").await;
    let (_, ivan) = shop.chat("Иван", "Скидка 100% есть_ли?").await;
    shop.until("names", async || {
        shop.row(ivan).await.buyer.name.is_some() && shop.row(marina).await.buyer.name.is_some()
    })
    .await;
    let search = async |text: &str| -> Vec<ChatId> {
        let query = ChatQuery { text: Some(text.to_owned()), ..all_chats() };
        shop.core.list_chats(query).await.unwrap().rows.iter().map(|row| row.id).collect()
    };
    for (text, found) in [
        ("марина", vec![marina]),
        ("ЕЛКИНА", vec![marina]),
        ("кофемолку", vec![marina]),
        ("еще продаете", vec![marina]),
        ("скидка иван", vec![ivan]),
        ("100%", vec![ivan]),
        ("есть_ли", vec![ivan]),
        ("%", vec![ivan]),
        ("марина скидка", vec![]),
        ("", vec![ivan, marina]),
    ] {
        let mut here = search(text).await;
        here.sort_unstable();
        let mut found = found;
        found.sort_unstable();
        assert_eq!(here, found, "{text}");
    }
    shop.core.mark_read(marina).await.unwrap();
    let unread = ChatQuery { unread_only: true, ..all_chats() };
    let page = shop.core.list_chats(unread).await.unwrap();
    assert_eq!((page.rows[0].id, page.total), (ivan, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_typed_text_stays_with_its_chat_over_a_restart() {
    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.core.save_composer(chat, "Добрый де".into()).await.unwrap();
    let shop = shop.reopen().await;
    assert_eq!(shop.core.chat(chat).await.unwrap().composer_text, "Добрый де");
    assert_eq!(shop.row(chat).await.composer_text.as_deref(), Some("Добрый де"));
}
