//! «Приём сообщений»: live through a tunnel, its breaks, and what the panel says of them.
//!
//! The program is pointed at a stand-in for ngrok by its ordinary settings: server address, certificate file, token.

use std::time::Duration;

use avito_sim::SimConfig;
use ngrok_edge::{Edge, Knobs, Options, Refusal, What};
use serde_json::json;

use crate::support::page::{Page, id};
use crate::support::shop::Shop;
use crate::support::{Desk, WAIT, on_a_desk, until};

/// A silent connection is noticed by its heartbeats, within half a minute, and the address is free half a minute after that.
const LONG_WAIT: Duration = Duration::from_secs(150);
const TOKEN: &str = "2aGoodTokenOfTheSellers";

/// Avito, ngrok, and the file by which both sides trust ngrok's addresses.
struct World {
    shop: Shop,
    edge: Edge,
    ca_file: String,
}

impl World {
    async fn new(desk: &Desk) -> Self {
        let edge = Edge::start(Options::default()).await.unwrap();
        edge.set(|knobs: &mut Knobs| knobs.keys = vec![TOKEN.to_owned()]);
        let ca_file = desk.file("ngrok-ca.pem");
        std::fs::write(&ca_file, edge.ca_pem()).unwrap();
        let trusted = reqwest::Certificate::from_pem(edge.ca_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().add_root_certificate(trusted).no_proxy().build().unwrap();
        let config = SimConfig { webhook_client: Some(client), ..SimConfig::default() };
        let shop = Shop::open_with(config).await;
        shop.connect(desk).await;
        Self { shop, edge, ca_file: ca_file.to_str().unwrap().to_owned() }
    }

    /// Requests that went through ngrok.
    fn passed(&self) -> usize {
        self.edge.log().iter().filter(|entry| entry.what == What::PassedOn).count()
    }

    fn hooks(&self) -> Vec<String> {
        let hooks = self.shop.sim.subscriptions(self.shop.seller.user_id);
        hooks.into_iter().map(|hook| hook.url).collect()
    }
}

async fn open_area(page: &Page, tab: &str) {
    page.open_area("tunnel").await;
    page.click(&id(&format!("reception-tab-{tab}"))).await;
}

/// As the seller does it: token and, because this ngrok is another one, its server and certificate.
async fn set_up_ngrok(page: &Page, world: &World, token: &str) {
    open_area(page, "tunnel").await;
    page.see(&id("ngrok-token")).await;
    page.write(&id("ngrok-token"), token).await;
    page.click(&id("ngrok-advanced")).await;
    page.write(&id("ngrok-server"), &world.edge.agents().to_string()).await;
    page.write(&id("ngrok-ca"), &world.ca_file).await;
    page.click(&id("ngrok-save")).await;
}

async fn see_line(page: &Page, attribute: &str, value: &str) {
    page.see(&format!("{}[data-{attribute}=\"{value}\"]", id("line"))).await;
}

#[test]
fn a_seller_sets_ngrok_up_and_messages_travel_through_it_also_over_breaks() {
    on_a_desk(async |desk| {
        let world = World::new(desk).await;
        let page = desk.start(&[]).await;
        page.resize(1280, 800).await;
        set_up_ngrok(&page, &world, TOKEN).await;
        page.see(&format!("{}[data-state=online]", id("tunnel-now"))).await;
        page.click(&id("reception-tab-state")).await;
        see_line(&page, "reason", "live").await;
        until("registered under ngrok's address only", WAIT, async || {
            let hooks = world.hooks();
            (hooks.len() == 1 && hooks[0].starts_with("https://localhost:")).then_some(())
        })
        .await;

        // A message travels Avito → ngrok → endpoint → page.
        page.open_area("chats").await;
        page.open_chat(&world.shop.anna).await;
        let passed = world.passed();
        world.shop.buyer_writes(&world.shop.anna, "Через туннель");
        page.see_bubble("Через туннель").await;
        until("it comes this way", WAIT, async || (world.passed() > passed).then_some(())).await;

        // The service goes away in the middle of the talk, and comes back.
        for round in 0..2 {
            world.edge.set(|knobs| knobs.outage = true);
            world.edge.cut();
            let text = format!("Пока туннеля нет {round}");
            world.shop.buyer_writes(&world.shop.anna, &text);
            page.see_bubble(&text).await;
            open_area(&page, "state").await;
            see_line(&page, "mode", "polling").await;
            page.see(&format!("{}[data-state=offline]", id("tunnel-now"))).await;
            world.edge.set(|knobs| knobs.outage = false);
            // It may be back by itself before anybody presses.
            let live = format!("one('{}[data-mode=live]') !== null", id("line"));
            until("the tunnel is back", WAIT, async || {
                let _ = page.try_click(&id("tunnel-retry")).await;
                (page.now(&live).await == true).then_some(())
            })
            .await;
            page.open_area("chats").await;
            let text = format!("Туннель вернулся {round}");
            world.shop.buyer_writes(&world.shop.anna, &text);
            page.see_bubble(&text).await;
        }
        let shown = page.now("all('[data-testid=message]').length").await;
        let held = world.shop.sim.chat_messages(world.shop.seller.user_id, &world.shop.anna).len();
        assert_eq!(shown, held, "lost or doubled");
        assert!(!page.now("document.body.innerText").await.as_str().unwrap().contains(TOKEN));
    });
}

/// As when the network under the connection changes: nobody closes it, and whoever connects anew is served.
#[test]
fn when_the_tunnels_connection_falls_silent_the_seller_misses_nothing_and_is_live_again_by_itself() {
    on_a_desk(async |desk| {
        let world = World::new(desk).await;
        let page = desk.start(&[]).await;
        set_up_ngrok(&page, &world, TOKEN).await;
        page.click(&id("reception-tab-state")).await;
        see_line(&page, "reason", "live").await;
        page.open_area("chats").await;
        page.open_chat(&world.shop.anna).await;
        world.edge.freeze();
        world.shop.buyer_writes(&world.shop.anna, "В тишину");
        open_area(&page, "state").await;
        until("the silence is noticed", LONG_WAIT, async || {
            let mode = page.now(&format!("one({:?})?.dataset.mode", id("line"))).await;
            (mode == "polling").then_some(())
        })
        .await;
        page.open_area("chats").await;
        page.see_bubble("В тишину").await;
        open_area(&page, "state").await;
        // Nobody asks for it. The service holds the address for the silent connection until it has not heard it for long enough.
        until("live by itself", LONG_WAIT, async || {
            let mode = page.now(&format!("one({:?})?.dataset.mode", id("line"))).await;
            (mode == "live").then_some(())
        })
        .await;
        page.open_area("chats").await;
        let passed = world.passed();
        world.shop.buyer_writes(&world.shop.anna, "Связь вернулась");
        page.see_bubble("Связь вернулась").await;
        until("it comes this way", WAIT, async || (world.passed() > passed).then_some(())).await;
        let shown = page.now("all('[data-testid=message]').length").await;
        let held = world.shop.sim.chat_messages(world.shop.seller.user_id, &world.shop.anna).len();
        assert_eq!(shown, held, "lost or doubled");
    });
}

#[test]
fn the_panel_says_what_ngrok_refuses_and_what_to_do() {
    on_a_desk(async |desk| {
        let world = World::new(desk).await;
        let page = desk.start(&[]).await;
        set_up_ngrok(&page, &world, "2aWrongTokenOfSomebody").await;
        page.see(&format!("{}[data-state=failed][data-code=\"107\"]", id("tunnel-now"))).await;
        page.see_words(&id("tunnel-now"), "ngrok отклонил токен").await;
        open_area(&page, "state").await;
        see_line(&page, "reason", "tunnelFailed").await;

        // The right one, and then a country that ngrok does not serve.
        open_area(&page, "tunnel").await;
        page.write(&id("ngrok-token"), TOKEN).await;
        page.click(&id("ngrok-save")).await;
        page.see(&format!("{}[data-state=online]", id("tunnel-now"))).await;
        let refusal = Refusal::new("ERR_NGROK_9040", "We do not serve your country.");
        world.edge.set(|knobs| knobs.refuse_auth = Some(refusal));
        world.edge.cut();
        page.see(&format!("{}[data-state=failed][data-code=\"9040\"]", id("tunnel-now"))).await;
        page.click(&id("tunnel-others")).await;
        page.see(&id("preset-cloudPub")).await;
        page.see_words(&id("tunnel-now"), "CloudPub").await;
    });
}

#[test]
fn self_test_new_secret_checks_and_event_log_work_through_the_tunnel() {
    on_a_desk(async |desk| {
        let world = World::new(desk).await;
        let page = desk.start(&[]).await;
        set_up_ngrok(&page, &world, TOKEN).await;
        page.click(&id("reception-tab-state")).await;
        let day =
            page.invoke("ledger", &json!({"account": 1, "daysAgo": 0})).await.expect("the day's ledger");
        let hour = page.now(&format!("new Date({}).getHours()", day["fromMs"])).await;
        assert_eq!(hour, 0, "the ledger's day begins at the seller's midnight");
        see_line(&page, "reason", "live").await;
        page.click(&id("line-test")).await;
        page.see(&format!("{}[data-passed=true]", id("line-test-result"))).await;

        let old = world.hooks();
        page.click(&id("line-rotate")).await;
        page.click(&id("ask-yes")).await;
        until("only the new address is there", WAIT, async || {
            let hooks = world.hooks();
            (hooks.len() == 1 && hooks != old).then_some(())
        })
        .await;
        see_line(&page, "reason", "live").await;

        page.click(&format!("{} summary", id("line-checks"))).await;
        page.click(&id("checks-run")).await;
        page.see(&id("checks-well")).await;

        world.shop.buyer_writes(&world.shop.boris, "По новому адресу");
        page.click(&id("reception-tab-log")).await;
        page.click(&id("log-messages")).await;
        page.see(&format!("{}[data-outcome=taken]", id("event"))).await;
        page.click(&id("event-body-open")).await;
        page.see_words(&id("event-body"), "По новому адресу").await;
        let secret = world.hooks()[0].rsplit('/').next().unwrap().to_owned();
        let view = page.invoke("reception", &json!({})).await.unwrap().to_string();
        assert!(!view.contains(&secret) && !view.contains(TOKEN), "a secret is in the page");
    });
}

#[test]
fn the_command_line_registers_tests_and_removes_the_webhook() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.live().await;
        let hooks = || shop.sim.subscriptions(shop.seller.user_id).len();
        let status = desk.tell(&["webhook", "status", "--json"]).await;
        assert!(status.success, "{status:?}");
        assert_eq!(status.json()[0]["reason"], "live");
        let test = desk.tell(&["webhook", "test"]).await;
        assert!(test.success && test.stdout.contains("проверочное сообщение дошло"), "{test:?}");
        let removed = desk.tell(&["webhook", "unregister", "--account", "1"]).await;
        assert!(removed.success, "{removed:?}");
        assert_eq!(hooks(), 0);
        let status = desk.tell(&["webhook", "status"]).await;
        assert!(!status.success && status.stdout.contains("вебхук снят вами"), "{status:?}");
        let registered = desk.tell(&["webhook", "register", "--json"]).await;
        assert!(registered.success, "{registered:?}");
        assert_eq!((registered.json()[0]["mode"].as_str(), hooks()), (Some("live"), 1));
        let nobody = desk.tell(&["webhook", "status", "--account", "99", "--json"]).await;
        assert!(!nobody.success && nobody.stdout.contains("notFound"), "{nobody:?}");
    });
}
