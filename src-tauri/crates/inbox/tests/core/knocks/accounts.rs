//! What Avito does to accounts in the middle of work.

use avito_sim::{Fault, FaultKind, Fill, NewChat};
use inbox::view::{Mode, TroubleCode};

use crate::support::{Setup, Shop, empty_sim, is_sent, key, refuse_webhooks, view};

const PICTURE: &[u8] = include_bytes!("../../../../avito-sim/assets/stub/plain.png");

async fn complete(shop: &Shop, ids: &[String]) {
    for id in ids {
        let chat = shop.find(id).await;
        shop.until("the chat is whole", async || shop.texts(chat).await == shop.at_avito(id)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_revoked_in_the_middle_of_a_backfill_costs_nothing_but_a_new_token() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let user = sim.accounts()[0].user_id;
    let ids = sim.fill(user, Fill { chats: 30, messages: 150, days: 60 });
    let shop = Shop::new(sim, Setup::default()).await;
    for pages in [5, 20, 40] {
        shop.until_avito("some pages", |sim| sim.call_count("getMessagesV3") >= pages).await;
        assert!(shop.sim.revoke_tokens(user) > 0);
    }
    shop.core.wait_backfilled(|_| {}).await;
    shop.until("read", async || shop.view().await.backfill.is_none()).await;
    complete(&shop, &ids).await;
    assert_eq!(shop.view().await.mode, Mode::Polling);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_chats_that_shifts_at_every_call_is_read_completely() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let user = sim.accounts()[0].user_id;
    let ids = sim.fill(user, Fill { chats: 250, messages: 2, days: 60 });
    let shifting = sim.faults().set(Fault::new(FaultKind::ChatMovesUp).on_route("getChatsV2"));
    let shop = Shop::new(sim, Setup::default()).await;
    shop.until_avito("several walks", |sim| sim.call_count("getChatsV2") >= 12).await;
    shop.sim.faults().clear(shifting);
    complete(&shop, &ids).await;
    assert_eq!(shop.list().await.len(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_a_tariff_lost_by_one_account_does_not_touch_the_others() {
    let mut shop = Shop::polling().await;
    let (_, poor_chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.next_alert().await;
    let rich = shop.sim.add_account("Вторая лавка");
    let second = shop.core.add_account(&key(&rich, &shop.sim.base_url())).await.unwrap().id;
    assert!(shop.sim.set_paid_tier(shop.seller.user_id, false));
    shop.until("one has lost its tariff", async || {
        shop.view().await.trouble.is_some_and(|trouble| trouble.code == TroubleCode::TariffMissing)
    })
    .await;
    let new = NewChat { text: Some("А вы работаете?".into()), ..NewChat::default() };
    let avito = shop.sim.add_chat(rich.user_id, new).unwrap();
    let chat = shop.find(&avito).await;
    shop.until("the other goes on", async || shop.texts(chat).await == ["А вы работаете?"]).await;
    assert!(is_sent(&shop.send(chat, "Да").await));
    assert_eq!(
        view(&shop.core, second).await.trouble.map(|trouble| trouble.code),
        Some(TroubleCode::WebhookRefused)
    );
    // What was read before stays, and the tariff's return is noticed.
    assert_eq!(shop.texts(poor_chat).await, ["Здравствуйте"]);
    shop.sim.set_paid_tier(shop.seller.user_id, true);
    shop.until("both work", async || shop.view().await.mode == Mode::Polling).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_a_picture_whose_upload_is_cut_at_any_stage_by_a_restart_is_sent_once() {
    let slow = |processed| FaultKind::Slow { millis: 3_600_000, processed };
    for (name, route, fault, taken) in [
        ("before the upload", "uploadImages", slow(false), 0),
        ("after the upload was accepted", "uploadImages", slow(true), 0),
        ("before the sending", "postSendImageMessage", slow(false), 0),
        ("after the sending was accepted", "postSendImageMessage", slow(true), 1),
    ] {
        let shop = Shop::live().await;
        let (avito, chat) = shop.chat("Анна", "Есть фото?").await;
        shop.sim.faults().set(Fault::new(FaultKind::EchoOff));
        shop.sim.faults().set(Fault::new(fault).on_route(route).times(1));
        let pictures = |shop: &Shop| shop.at_avito(&avito).iter().filter(|kind| *kind == "image").count();
        shop.core.send_image(chat, "фото.png", PICTURE.to_vec()).await.unwrap();
        // A fault for one call is gone once that call has begun.
        shop.until("the call hangs", async || shop.sim.faults().active().len() == 1).await;
        shop.until("as far as this stage", async || pictures(&shop) == taken).await;
        let shop = shop.reopen().await;
        shop.until("settled", async || shop.view().await.outbox_waiting == 0).await;
        shop.until("one picture in the chat", async || shop.thread(chat).await.len() == 2).await;
        assert_eq!(pictures(&shop), 1, "{name}");
        assert!(is_sent(shop.thread(chat).await.last().unwrap()), "{name}");
        shop.core.close().await;
    }
}
