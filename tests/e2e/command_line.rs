//! The command line beside a running program, and alone.

use serde_json::Value;

use crate::support::page::id;
use crate::support::shop::Shop;
use crate::support::{Desk, WAIT, on_a_desk, until};

#[test]
fn commands_speak_to_the_running_program() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;

        let status = desk.tell(&["status", "--json"]).await.json();
        assert_eq!(status["running"], true);
        assert_eq!(status["accounts"][0]["name"], shop.seller.name.as_str());
        let accounts = desk.tell(&["account", "list", "--json"]).await.json();
        assert_eq!(accounts.as_array().map(Vec::len), Some(1));
        let chats = desk.tell(&["chats", "--json"]).await.json();
        assert_eq!(chats.as_array().map(Vec::len), Some(shop.sim.chat_ids(shop.seller.user_id).len()));
        assert_eq!(texts(desk, &shop).await, ["Кофемолка в Твери?"]);

        let sent = desk.tell(&["send", &shop.anna, "Да, забирайте", "--json"]).await.json();
        assert_eq!(sent["delivery"]["state"], "sent");
        assert_eq!(shop.sim.posted_count("Да, забирайте"), 1);
        page.see_delivery("Да, забирайте", &["sent", "read"]).await;
        let told =
            ["knowledge", "add", "--question", "Есть труба?", "--answer", "Труба в комплекте.", "--json"];
        let source = desk.tell(&told).await.json()["added"][0].to_string();
        let list = desk.tell(&["knowledge", "list", "трУба"]).await;
        assert!(list.success && list.stdout.contains("Есть труба?"), "{list:?}");
        let found = desk.tell(&["knowledge", "search", "а труба есть", "--json"]).await.json();
        assert_eq!(found["passages"][0]["text"], "Труба в комплекте.");
        assert!(desk.tell(&["knowledge", "remove", &source]).await.success);
        let gone = desk.tell(&["knowledge", "search", "а труба есть", "--json"]).await.json();
        assert_eq!(gone["passages"].as_array().map(Vec::len), Some(0));
        assert!(!desk.tell(&["knowledge", "add", "нет-такого.txt"]).await.success);
        let folder = desk.tell(&["knowledge", "add", "."]).await;
        assert!(!folder.success && folder.stderr.contains("это папка"), "{folder:?}");
        let wrong = desk.tell(&["send", "u2i-nobody", "Алло", "--json"]).await;
        assert!(!wrong.success && !wrong.stderr.is_empty(), "{wrong:?}");
        let error: Value = serde_json::from_str(&wrong.stdout).unwrap();
        assert_eq!(error["error"]["code"], "notFound");
    });
}

#[test]
fn a_second_start_shows_the_first_window_and_ends() {
    on_a_desk(async |desk| {
        let page = desk.start(&["--hidden"]).await;
        page.see(&id("chat-row")).await;
        assert_eq!(desk.screen().window(), None);
        let second = desk.tell(&[]).await;
        assert!(second.success, "{second:?}");
        until("the window is on the screen", WAIT, async || desk.screen().window()).await;
    });
}

#[test]
fn without_a_running_program_commands_do_the_work_themselves() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let empty = desk.tell(&["account", "list", "--json"]).await.json();
        assert_eq!(empty.as_array().map(Vec::len), Some(0));
        let url = shop.sim.base_url();
        let add = ["account", "add", "--client-id", &shop.seller.client_id, "--api-url", &url];
        let refused = desk.tell_with_input(&add, "not the secret").await;
        assert!(!refused.success && refused.stderr.contains("не принимает этот ключ"), "{refused:?}");
        let added = desk.tell_with_input(&add, &format!("{}\n", shop.seller.client_secret)).await;
        assert!(added.success && added.stdout.contains(&shop.seller.name), "{added:?}");

        assert_eq!(texts(desk, &shop).await, ["Кофемолка в Твери?"]);
        shop.buyer_writes(&shop.anna, "Я рядом");
        assert_eq!(texts(desk, &shop).await, ["Кофемолка в Твери?", "Я рядом"]);
        let sent = desk.tell(&["send", &shop.anna, "Выхожу", "--json"]).await.json();
        assert_eq!(sent["delivery"]["state"], "sent");
        assert_eq!(shop.sim.posted_count("Выхожу"), 1);
        let status = desk.tell(&["status", "--json"]).await.json();
        assert_eq!(status["running"], false);
        assert_eq!(status["accounts"][0]["outboxWaiting"], 0);
        let removed = desk.tell(&["account", "remove", "1", "--yes", "--delete-archive", "--json"]).await;
        assert!(removed.success, "{removed:?}");
        let empty = desk.tell(&["chats", "--json"]).await.json();
        assert_eq!(empty.as_array().map(Vec::len), Some(0));
    });
}

#[test]
fn headless_it_takes_deliveries_and_answers_commands() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let (mut running, ready) = desk.start_headless(&[]).await;
        assert_eq!(ready["ready"], true);
        assert_eq!(ready["secretStore"], "keychain");
        assert_eq!(ready["dataDir"], desk.data_dir().to_str().unwrap());
        until("the shop is live", WAIT, async || {
            let status = desk.tell(&["status", "--json"]).await.json();
            (status["accounts"][0]["mode"] == "live").then_some(())
        })
        .await;
        let endpoint = ready["endpoint"].as_str().unwrap();
        let address = &shop.sim.subscriptions(shop.seller.user_id)[0].url;
        assert!(address.contains(endpoint), "{address} is not at {endpoint}");

        let calls = shop.sim.calls().len();
        shop.buyer_writes(&shop.anna, "Есть кто?");
        until("the message is there", WAIT, async || {
            texts(desk, &shop).await.iter().any(|text| text == "Есть кто?").then_some(())
        })
        .await;
        let delivered = shop.sim.deliveries();
        assert!(delivered.iter().any(|delivery| delivery.status == Some(200)), "{delivered:?}");
        let read =
            shop.sim.calls()[calls..].iter().filter(|call| call.operation.contains("getMessages")).count();
        assert_eq!(read, 0, "the message was fetched, not delivered");

        running.ask_to_end();
        until("the program ends when asked to", WAIT, async || running.has_ended().then_some(())).await;
        assert!(!desk.data_dir().join("control.json").exists());
    });
}

/// The texts of Anna's chat, oldest first, as the command line tells them.
async fn texts(desk: &Desk, shop: &Shop) -> Vec<String> {
    let messages = desk.tell(&["messages", &shop.anna, "--json"]).await.json();
    let texts = messages.as_array().unwrap().iter().filter_map(|message| message["body"]["text"].as_str());
    texts.map(str::to_owned).collect()
}
