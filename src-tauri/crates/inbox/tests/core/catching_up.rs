//! What happened while we were not told.

use avito_sim::{Fault, FaultKind, Fill, NewChat};
use inbox::Alert;
use inbox::view::{Mode, TroubleCode};

use crate::support::{Setup, Shop, empty_sim, refuse_webhooks, timing};

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_everything_is_there_with_one_alert_and_few_calls() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    // 150 quiet chats, so that the list has two pages, and four that will change.
    sim.fill(sim.accounts()[0].user_id, Fill { chats: 150, messages: 2, days: 30 });
    let mut shop = Shop::new(sim, Setup::default()).await;
    shop.until("polling", async || shop.view().await.mode == Mode::Polling).await;
    let mut chats = Vec::new();
    for buyer in ["Анна", "Борис", "Вера", "Глеб"] {
        chats.push(shop.chat(buyer, "до").await);
        shop.next_alert().await;
    }
    shop.until("history is read", async || shop.view().await.backfill.is_none()).await;
    shop.sim.pause().await;
    shop.until("offline", async || shop.view().await.mode == Mode::Offline).await;
    assert_eq!(shop.view().await.trouble.unwrap().code, TroubleCode::Network);
    let calls = |shop: &Shop, route: &str| shop.sim.call_count(route);
    let (lists, pages) = (calls(&shop, "getChatsV2"), calls(&shop, "getMessagesV3"));
    for (index, (avito, _)) in chats.iter().enumerate() {
        for number in 0..=index {
            shop.buyer_writes_later(avito, &format!("во время {number}"));
        }
    }
    // One of them filled three pages.
    for number in 0..250 {
        shop.buyer_writes_later(&chats[0].0, &format!("много {number}"));
    }
    shop.sim
        .faults()
        .set(Fault::once(FaultKind::ServerError { status: 503, processed: false }).on_route("postChatRead"));
    shop.sim.resume().await.unwrap();
    let alert = shop.next_alert().await;
    assert_eq!(alert, Alert::Burst { messages: 1 + 2 + 3 + 4 + 250, chats: 4 });
    for (index, (avito, chat)) in chats.iter().enumerate() {
        let sim = shop.at_avito(avito);
        assert_eq!(shop.texts(*chat).await, sim, "chat {index}");
        assert_eq!(shop.row(*chat).await.unread as usize, sim.len());
    }
    shop.until("polling", async || shop.view().await.mode == Mode::Polling).await;
    // Only the first poll after the outage reads chats: one page of the list, a page for each chat and each further page.
    assert!(calls(&shop, "getMessagesV3") - pages <= 3 + 3, "{}", calls(&shop, "getMessagesV3") - pages);
    assert!(calls(&shop, "getChatsV2") > lists);
    // No second alert: the next one is of the next message.
    shop.buyer_writes(&chats[1].0, "после");
    assert!(matches!(shop.next_alert().await, Alert::Message { count: 1, .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_02_words_of_one_second_keep_avitos_order_when_they_fill_several_pages() {
    let shop = Shop::polling().await;
    let (known, chat) = shop.chat("Анна", "Здравствуйте").await;
    let new = shop.add_chat("Борис", "Добрый день");
    for number in 0..230 {
        for avito in [&known, &new] {
            shop.buyer_writes(avito, &format!("и ещё {number}"));
        }
    }
    // A chat that is known is caught up with; of a new one the catch-up reads one page and the backfill the others.
    for (avito, chat) in [(&known, chat), (&new, shop.find(&new).await)] {
        let theirs = shop.at_avito(avito);
        shop.until("all of them", async || shop.texts(chat).await.len() == theirs.len()).await;
        shop.until("the same order", async || shop.texts(chat).await == theirs).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_longer_than_a_page_is_walked_as_far_as_needed() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let ids = sim.fill(sim.accounts()[0].user_id, Fill { chats: 250, messages: 1, days: 30 });
    let shop = Shop::new(sim, Setup::default()).await;
    shop.until("history is read", async || {
        shop.list().await.len() == 250 && shop.view().await.backfill.is_none()
    })
    .await;
    shop.sim.pause().await;
    for id in &ids {
        shop.buyer_writes(id, "снова");
    }
    shop.sim.faults().set(Fault::new(FaultKind::ChatMovesUp).times(2));
    shop.sim.resume().await.unwrap();
    shop.until("all 250", async || {
        let mut missing = 0;
        for row in shop.list().await {
            missing += usize::from(row.unread == 0);
        }
        missing == 0
    })
    .await;
    for id in &ids {
        let chat = shop.core.find_chat(None, id).await.unwrap();
        shop.until("complete", async || shop.texts(chat).await == shop.at_avito(id)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_the_middle_loses_neither_messages_nor_alerts() {
    let mut shop = Shop::polling().await;
    let mut chats = Vec::new();
    for buyer in ["Анна", "Борис", "Вера"] {
        chats.push(shop.chat(buyer, "до").await);
        shop.next_alert().await;
    }
    shop.until("history is read", async || shop.view().await.backfill.is_none()).await;
    shop.sim.pause().await;
    for (avito, _) in &chats {
        shop.buyer_writes(avito, "во время");
    }
    // The second chat cannot be read at first; the first is read and told nevertheless.
    shop.sim.faults().set(
        Fault::once(FaultKind::ServerError { status: 500, processed: false })
            .after(1)
            .on_route("getMessagesV3"),
    );
    shop.sim.resume().await.unwrap();
    let mut told = 0;
    while told < 3 {
        told += match shop.next_alert().await {
            Alert::Message { count, .. } => count,
            Alert::Burst { messages, .. } => messages,
        };
    }
    assert_eq!(told, 3);
    for (avito, chat) in &chats {
        assert_eq!(shop.texts(*chat).await, shop.at_avito(avito));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_in_the_middle_of_a_catch_up_loses_nothing() {
    for stop_after in [1, 2, 4] {
        let shop = Shop::polling().await;
        let mut chats = Vec::new();
        for buyer in ["Анна", "Борис", "Вера"] {
            chats.push(shop.chat(buyer, "до").await);
        }
        shop.until("history is read", async || shop.view().await.backfill.is_none()).await;
        shop.sim.pause().await;
        for (avito, _) in &chats {
            for number in 0..130 {
                shop.buyer_writes_later(avito, &number.to_string());
            }
        }
        // After so many pages the answers hang, and the program ends.
        let slow = Fault::new(FaultKind::Slow { millis: 3_600_000, processed: true })
            .after(stop_after)
            .on_route("getMessagesV3");
        let fault = shop.sim.faults().set(slow);
        shop.sim.resume().await.unwrap();
        let hung = |sim: &avito_sim::Sim| {
            let mut active = sim.faults().active().into_iter();
            active.any(|(id, active)| id == fault && active.skip == 0)
        };
        shop.until_avito("in the middle", hung).await;
        shop.core.close().await;
        shop.sim.faults().clear(fault);
        let shop = shop.reopen().await;
        for (avito, chat) in &chats {
            shop.until("complete", async || shop.texts(*chat).await == shop.at_avito(avito)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_of_an_account_without_chats_is_news() {
    let mut shop = Shop::polling().await;
    let avito = shop.add_chat("Анна", "");
    for text in ["раз", "два"] {
        shop.buyer_writes(&avito, text);
    }
    let chat = shop.find(&avito).await;
    shop.until("both", async || shop.texts(chat).await == ["раз", "два"]).await;
    let mut told = 0;
    while told < 2 {
        let Alert::Message { count, .. } = shop.next_alert().await else { panic!("one chat") };
        told += count;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_the_account_was_connected_is_no_news() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let user = sim.accounts()[0].user_id;
    let old = sim.now() - 3600;
    let chat = NewChat {
        buyer_name: "Анна".into(),
        created: Some(old),
        text: Some("давно".into()),
        ..NewChat::default()
    };
    let avito = sim.add_chat(user, chat).unwrap();
    let mut shop = Shop::new(sim, Setup { timing: timing(), ..Setup::default() }).await;
    let chat = shop.find(&avito).await;
    shop.until("read", async || shop.row(chat).await.unread == 1 && shop.view().await.backfill.is_none())
        .await;
    shop.buyer_writes(&avito, "сейчас");
    let Alert::Message { count: 1, preview: Some(preview), .. } = shop.next_alert().await else {
        panic!("no")
    };
    assert_eq!(preview.text, "сейчас");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_answers_lose_no_chat_and_no_message() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "раз").await;
    let faults = shop.sim.faults();
    for (kind, route) in [
        (FaultKind::ContentNull, "getMessagesV3"),
        (FaultKind::ContentMissing, "getChatsV2"),
        (FaultKind::UnknownType, "getMessagesV3"),
        (FaultKind::ContextMissing, "getChatsV2"),
        (FaultKind::UserMissing, "getChatsV2"),
        (FaultKind::MalformedJson, "getMessagesV3"),
        (FaultKind::MalformedJson, "getChatsV2"),
    ] {
        faults.set(Fault::once(kind).on_route(route));
        shop.buyer_writes_later(&avito, "ещё");
        shop.until("used up", async || faults.active().len() == 1).await;
    }
    // Whatever was distorted is put right by the next reading.
    shop.buyer_writes_later(&avito, "последнее");
    shop.until("all right", async || shop.texts(chat).await == shop.at_avito(&avito)).await;
    assert_eq!(shop.row(chat).await.buyer.name.as_deref(), Some("Анна"));
}
