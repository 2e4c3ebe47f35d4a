//! The demo scene and its live buyers.

use std::time::Duration;

use avito_sim::{Scene, SimConfig};

use crate::common::{SOON, Shop};

async fn lively() -> Shop {
    Shop::with(SimConfig { scene: Scene::Demo, pace: 0.005, ..SimConfig::default() }).await
}

#[tokio::test]
async fn all_media_of_the_scene_are_served() {
    let shop = Shop::with(SimConfig { scene: Scene::Demo, ..SimConfig::default() }).await;
    for shop in [shop.second().await, shop] {
        let (_, list) = shop.get("/messenger/v2/accounts/{u}/chats?chat_types=u2i,u2u,a2u").await;
        let text = list.to_string();
        let links: std::collections::BTreeSet<&str> =
            text.split('"').filter(|part| part.contains("/media/") && part.starts_with("http")).collect();
        assert!(links.len() > 30);
        for link in links {
            let answer = shop.http.get(link).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{link}");
            assert!(answer.bytes().await.unwrap().len() > 80, "{link}");
        }
    }
}

#[tokio::test]
async fn buyers_write_by_themselves_and_start_new_chats() {
    let shop = lively().await;
    let total = |sim: &avito_sim::Sim| -> usize {
        let accounts = sim.accounts();
        let chats =
            accounts.iter().flat_map(|one| sim.chat_ids(one.user_id).into_iter().map(|id| (one.user_id, id)));
        chats.map(|(user_id, id)| sim.chat_messages(user_id, &id).len()).sum()
    };
    let chats = |sim: &avito_sim::Sim| -> usize {
        sim.accounts().iter().map(|one| sim.chat_ids(one.user_id).len()).sum()
    };
    let (messages_before, chats_before) = (total(&shop.sim), chats(&shop.sim));
    shop.sim.run_demo_buyers();
    shop.sim.run_demo_buyers();
    assert!(shop.sim.until(SOON, |sim| chats(sim) > chats_before && total(sim) >= messages_before + 5).await);
}

#[tokio::test]
async fn a_buyer_reads_and_answers_the_seller_and_ends_the_talk_politely() {
    let shop = lively().await;
    shop.sim.run_demo_buyers();
    let chat = shop.chat();
    let user_id = shop.user_id;
    let mut answers = 0;
    for round in 0..12 {
        let (_, sent) = shop.send(&chat, "Да, есть в наличии, отправлю доставкой").await;
        let id = sent["id"].as_str().unwrap().to_owned();
        let read = |sim: &avito_sim::Sim| {
            sim.chat_messages(user_id, &chat).iter().any(|message| message.id == id && message.read.is_some())
        };
        assert!(shop.sim.until(SOON, read).await, "round {round}");
        let answered = |sim: &avito_sim::Sim| {
            let held = sim.chat_messages(user_id, &chat);
            let place = held.iter().position(|message| message.id == id).unwrap();
            held[place + 1..].iter().any(|message| message.direction == "in")
        };
        if !shop.sim.until(Duration::from_secs(2), answered).await {
            break;
        }
        answers += 1;
    }
    assert!((1..12).contains(&answers), "{answers} answers");
}
