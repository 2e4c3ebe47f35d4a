//! Old history is read once.

use std::time::Duration;

use avito_sim::{Fault, FaultKind, Fill, Scene, Sim, SimConfig};
use inbox::view::Backfill;

use crate::support::{Setup, Shop, empty_sim, refuse_webhooks, timing};

async fn filled(chats: usize, messages: usize) -> (Sim, Vec<String>) {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let ids = sim.fill(sim.accounts()[0].user_id, Fill { chats, messages, days: 60 });
    (sim, ids)
}

/// A shop that reads history and seldom does anything else.
fn unhurried() -> Setup {
    let pause = Duration::from_millis(300);
    let timing = inbox::Timing { poll_busy: pause, poll_quiet: pause, poll_night: pause, ..timing() };
    Setup { timing, ..Setup::default() }
}

async fn complete(shop: &Shop, ids: &[String]) {
    for id in ids {
        let chat = shop.core.find_chat(None, id).await.unwrap();
        assert_eq!(shop.texts(chat).await, shop.at_avito(id));
        assert!(!shop.core.chat(chat).await.unwrap().history_incomplete);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_chat_and_message_is_read_and_progress_is_shown() {
    let (sim, ids) = filled(120, 3).await;
    let shop = Shop::new(sim, unhurried()).await;
    let mut seen: Vec<Backfill> = Vec::new();
    shop.core.wait_backfilled(|progress| seen.push(*progress)).await;
    assert!(seen.iter().any(|progress| progress.listing));
    let last = seen.last().unwrap();
    assert_eq!((last.chats_total, last.paused), (120, false));
    assert!(seen.is_sorted_by_key(|progress| progress.chats_done) && last.chats_done >= 118, "{last:?}");
    assert!(shop.view().await.backfill.is_none());
    complete(&shop, &ids).await;
    // Waiting for what is done already ends at once.
    shop.core.wait_backfilled(|_| panic!("nothing to wait for")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_longer_than_a_page_is_complete_and_pages_backwards() {
    let sim = Sim::start(SimConfig { scene: Scene::Small, ..SimConfig::default() }).await.unwrap();
    let shop = Shop::new(sim, unhurried()).await;
    shop.core.wait_backfilled(|_| {}).await;
    let long =
        shop.sim.chat_ids(shop.seller.user_id).into_iter().find(|id| shop.at_avito(id).len() == 130).unwrap();
    let chat = shop.find(&long).await;
    let (mut pages, mut before) = (Vec::new(), None);
    loop {
        let page = shop.core.messages(chat, before, 40).await.unwrap();
        pages.push(page.rows.iter().map(crate::support::text_of).collect::<Vec<_>>());
        before = page.older;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [40, 40, 40, 10]);
    pages.reverse();
    assert_eq!(pages.concat(), shop.at_avito(&long));
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_goes_on_where_it_was_and_nothing_is_read_twice() {
    let (sim, ids) = filled(30, 250).await;
    let mut shop = Shop::new(sim, unhurried()).await;
    let needed = 30 * 3;
    for stop_at in [10, 40, 70] {
        shop.until_avito("some pages", |sim| sim.call_count("getMessagesV3") >= stop_at).await;
        shop = shop.reopen().await;
    }
    shop.core.wait_backfilled(|_| {}).await;
    complete(&shop, &ids).await;
    let calls = shop.sim.call_count("getMessagesV3");
    assert!(calls <= needed + 3 * 2, "{calls} calls for {needed} pages and three restarts");
}

/// Avito refuses to show a chat although the token is new, after it has shown some.
fn refuse_a_chat(sim: &Sim, shown: u32) {
    let fault = Fault::new(FaultKind::TokenRevoked).times(2).after(shown);
    sim.faults().set(fault.on_route("getMessagesV3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_avito_refuses_to_show_is_read_when_it_does() {
    let (sim, ids) = filled(8, 3).await;
    // Not the newest, which is looked at anyway.
    refuse_a_chat(&sim, 4);
    let shop = Shop::new(sim, unhurried()).await;
    shop.core.wait_backfilled(|_| {}).await;
    for id in &ids {
        let chat = shop.find(id).await;
        shop.until("its history", async || shop.texts(chat).await == shop.at_avito(id)).await;
    }
    complete(&shop, &ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_in_a_chat_that_avito_refused_to_show_is_read_when_it_does() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.until("history is read", async || shop.view().await.backfill.is_none()).await;
    refuse_a_chat(&shop.sim, 0);
    for text in ["Ещё продаёте?", "Могу забрать сегодня", "Ау"] {
        shop.buyer_writes(&avito, text);
    }
    shop.until("all of it", async || shop.texts(chat).await == shop.at_avito(&avito)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seller_pauses_and_resumes() {
    let (sim, ids) = filled(20, 150).await;
    // Slow enough to be paused in the middle.
    sim.faults().set(Fault::new(FaultKind::Slow { millis: 20, processed: true }).on_route("getMessagesV3"));
    let shop = Shop::new(sim, unhurried()).await;
    shop.until_avito("begun", |sim| sim.call_count("getMessagesV3") >= 3).await;
    shop.core.pause_backfill(shop.account, true).await.unwrap();
    shop.until("paused", async || shop.view().await.backfill.is_some_and(|progress| progress.paused)).await;
    // New messages come in all the same, and a restart keeps the pause.
    let shop = shop.reopen().await;
    shop.until("still paused", async || shop.view().await.backfill.is_some_and(|progress| progress.paused))
        .await;
    let calls = shop.sim.call_count("getMessagesV3");
    assert!(calls < 40);
    let newest = ids.last().unwrap();
    shop.buyer_writes(newest, "новое");
    let chat = shop.find(newest).await;
    shop.until("new ones come", async || shop.texts(chat).await.last().is_some_and(|last| last == "новое"))
        .await;
    shop.core.pause_backfill(shop.account, false).await.unwrap();
    shop.sim.faults().clear_all();
    shop.until("done", async || shop.view().await.backfill.is_none()).await;
    complete(&shop, &ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_chats_than_avito_lists_are_read_to_the_limit() {
    let (sim, ids) = filled(1150, 1).await;
    let shop = Shop::new(sim, unhurried()).await;
    shop.core.wait_backfilled(|_| {}).await;
    let page = shop.core.list_chats(crate::support::all_chats()).await.unwrap();
    assert_eq!(page.total, 1100, "Avito lists no more");
    // One from beyond the limit comes up when somebody writes in it, with all its history.
    let hidden = &ids[0];
    assert!(shop.core.find_chat(None, hidden).await.is_err());
    shop.buyer_writes(hidden, "а помните меня?");
    let chat = shop.find(hidden).await;
    shop.until("it is complete", async || {
        shop.texts(chat).await == shop.at_avito(hidden)
            && !shop.core.chat(chat).await.unwrap().history_incomplete
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_chat_that_comes_up_later_is_read_completely() {
    let (sim, _) = filled(3, 1).await;
    let shop = Shop::new(sim, unhurried()).await;
    shop.core.wait_backfilled(|_| {}).await;
    let user = shop.seller.user_id;
    let long = shop.sim.fill(user, Fill { chats: 1, messages: 350, days: 1 }).remove(0);
    shop.buyer_writes(&long, "и ещё");
    let chat = shop.find(&long).await;
    shop.until("all 351", async || {
        shop.texts(chat).await == shop.at_avito(&long)
            && !shop.core.chat(chat).await.unwrap().history_incomplete
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_shifts_while_it_is_walked_loses_no_chat() {
    let (sim, ids) = filled(350, 2).await;
    sim.faults().set(Fault::new(FaultKind::ChatMovesUp).times(6).on_route("getChatsV2"));
    let shop = Shop::new(sim, unhurried()).await;
    shop.core.wait_backfilled(|_| {}).await;
    shop.until("all chats", async || {
        shop.core.list_chats(crate::support::all_chats()).await.unwrap().total == 350
    })
    .await;
    for id in &ids {
        let chat = shop.find(id).await;
        shop.until("complete", async || shop.texts(chat).await == shop.at_avito(id)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_avito_does_not_hand_out_holds_up_no_other() {
    let (sim, ids) = filled(4, 2).await;
    let front = crate::support::Front::before(&sim).await;
    front.answer(&format!("/chats/{}/messages/", ids[2].replace('~', "%7E")), 403, "application/json", "{}");
    front.answer(&format!("/chats/{}/messages/", ids[2]), 403, "application/json", "{}");
    let setup = Setup { api_url: Some(front.url.clone()), ..unhurried() };
    let shop = Shop::new(sim, setup).await;
    shop.core.wait_backfilled(|_| {}).await;
    let others: Vec<String> =
        ids.iter().enumerate().filter(|(index, _)| *index != 2).map(|(_, id)| id.clone()).collect();
    complete(&shop, &others).await;
    let chat = shop.find(&ids[2]).await;
    assert_eq!(shop.thread(chat).await.len(), 1, "the last message is known from the list");
}
