//! What stands beside a chat: orders, related chats, blocking; and what the shop takes on the disk.

use std::time::Duration;

use avito_sim::{Content, Fault, FaultKind, Order};
use inbox::Timing;
use inbox::view::{BlockReason, ErrorCode, MessageBody, OrderStatus, Polling, Settings};

use crate::support::{Front, Setup, Shop, empty_sim, refuse_webhooks, timing};

const ORDERS: &str = "getOrders";

fn order(id: &str, status: &str, chat: &str, created: i64) -> Order {
    Order {
        id: id.into(),
        status: status.into(),
        created,
        item_id: 0,
        chat_id: chat.into(),
        buyer_name: "Иванова Марина".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chats_orders_are_its_own_and_newest_first() {
    let shop = Shop::polling().await;
    let (anna, chat) = shop.chat("Анна", "Здравствуйте").await;
    let (oleg, other) = shop.chat("Олег", "Добрый день").await;
    let now_s = shop.core.clock().now_ms() / 1000;
    let seller = shop.seller.user_id;
    for number in 0..21 {
        shop.sim.add_order(seller, order(&format!("9{number}"), "closed", &oleg, now_s - 5000));
    }
    shop.sim.add_order(seller, order("1", "on_confirmation", &anna, now_s - 100));
    shop.sim.add_order(seller, order("2", "word_of_tomorrow", &anna, now_s - 50));
    let orders = shop.core.orders(chat).await.unwrap();
    let told: Vec<_> = orders.iter().map(|order| (order.id.as_str(), order.status)).collect();
    assert_eq!(told, [("2", OrderStatus::Other), ("1", OrderStatus::OnConfirmation)]);
    assert_eq!(orders[1].act_until_ms, Some((now_s - 100 + 86_400) * 1000));
    assert_eq!(orders[0].act_until_ms, None, "nothing is asked of the seller");
    let calls = shop.sim.call_count(ORDERS);
    assert_eq!(shop.core.orders(other).await.unwrap().len(), 21);
    assert_eq!((calls, shop.sim.call_count(ORDERS)), (2, 2), "two pages, read once for all chats");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_not_read_orders_has_none() {
    let sim = empty_sim().await;
    let front = Front::before(&sim).await;
    let setup = Setup { api_url: Some(front.url.clone()), ..Setup::default() };
    let shop = Shop::new(sim, setup).await;
    let (anna, chat) = shop.chat("Анна", "Здравствуйте").await;
    let now_s = shop.core.clock().now_ms() / 1000;
    shop.sim.add_order(shop.seller.user_id, order("1", "in_transit", &anna, now_s));
    front.answer("/order-management/1/orders", 500, "text/html", "<h1>500</h1>");
    assert_eq!(shop.core.orders(chat).await.unwrap_err().code(), ErrorCode::ServerTrouble);
    front.clear();
    front.answer(
        "/order-management/1/orders",
        403,
        "application/json",
        r#"{"code":403,"message":"forbidden"}"#,
    );
    assert_eq!(shop.core.orders(chat).await.unwrap(), [], "a failure is not remembered, a refusal is silent");
    assert_eq!(shop.sim.call_count(ORDERS), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_is_blocked_once_and_with_the_reason() {
    let shop = Shop::polling().await;
    let (_, chat) = shop.chat("Анна", "Переведите предоплату на карту").await;
    assert_eq!(shop.core.chat(chat).await.unwrap().blocked_ms, None);
    shop.sim.faults().set(
        Fault::once(FaultKind::ServerError { status: 500, processed: false }).on_route("postBlacklistV2"),
    );
    assert!(shop.core.block_buyer(chat, BlockReason::Fraud).await.is_err());
    assert_eq!(shop.core.chat(chat).await.unwrap().blocked_ms, None, "Avito did not take it");
    shop.core.block_buyer(chat, BlockReason::Fraud).await.unwrap();
    let blocked = shop.core.chat(chat).await.unwrap().blocked_ms;
    assert!(blocked.is_some());
    let reasons: Vec<i64> =
        shop.sim.blacklist(shop.seller.user_id).iter().map(|(_, reason)| *reason).collect();
    assert_eq!(reasons, [2]);
    let shop = shop.reopen().await;
    assert_eq!(
        shop.core.chat(chat).await.unwrap().blocked_ms,
        blocked,
        "Avito cannot be asked, so we remember"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn related_chats_are_the_buyers_and_the_listings() {
    let shop = Shop::polling().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    let (_, other) = shop.chat("Олег", "Добрый день").await;
    let view = shop.core.chat(chat).await.unwrap();
    let related = shop.core.related_chats(chat).await.unwrap();
    let ids: Vec<_> = related.about_item.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), view.item.map_or(0, |item| item.other_chats as usize));
    assert!(!ids.contains(&chat));
    assert!(related.of_buyer.iter().all(|row| row.id != chat && row.id != other));
    assert_eq!(related.of_buyer.len(), view.buyer_other_chats as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn cleaning_removes_pictures_and_they_come_again() {
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Анна", "фото").await;
    shop.sim.buyer_sends(shop.seller.user_id, &avito, Content::image("wheel_scratch")).unwrap();
    shop.until("the picture is here", async || shop.thread(chat).await.len() == 2).await;
    let MessageBody::Image { small: Some(media), .. } = shop.thread(chat).await.pop().unwrap().body else {
        panic!("no picture")
    };
    let logs = shop.folder.path().to_owned();
    let before = shop.core.storage(logs.clone()).await.unwrap();
    assert!(before.archive > 0);
    assert_eq!((before.media, before.pictures), (0, 0));
    let size = i64::try_from(shop.core.media(media).await.unwrap().bytes.len()).unwrap();
    let kept = shop.core.storage(logs.clone()).await.unwrap();
    assert_eq!((kept.media, kept.pictures), (size, size));
    assert_eq!(shop.core.clean_pictures().await.unwrap(), size);
    assert_eq!(shop.core.storage(logs.clone()).await.unwrap().media, 0);
    assert!(shop.core.media(media).await.is_ok(), "it comes from Avito again");
    assert_eq!(shop.core.storage(logs).await.unwrap().media, size);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_often_avito_is_asked_is_the_sellers_choice() {
    let sim = empty_sim().await;
    refuse_webhooks(&sim);
    let usual = Duration::from_secs(1000);
    let timing = Timing { poll_busy: usual, poll_quiet: usual, poll_night: usual, ..timing() };
    let shop = Shop::new(sim, Setup { timing, ..Setup::default() }).await;
    for (polling, seconds) in [(Polling::Rarely, 4000), (Polling::Often, 500), (Polling::Usual, 1000)] {
        shop.core.save_settings(Settings { polling, ..shop.core.settings() }).await.unwrap();
        shop.core.check_now(None);
        shop.until("the next check is planned so", async || {
            let view = shop.view().await;
            let (Some(last), Some(next)) = (view.last_checked_ms, view.next_check_ms) else { return false };
            (seconds - 5..seconds + 300).contains(&((next - last) / 1000))
        })
        .await;
    }
}
