//! Live through a tunnel: the life of a subscription, the proof that deliveries arrive, falling back to polling and coming back.

use std::sync::Arc;
use std::time::Duration;

use avito_sim::{Fault, FaultKind};
use inbox::control::{Request, client, server};
use inbox::view::{
    Covered, EventFilter, EventOutcome, EventQuery, LineCheck, LineReason, LineView, Mode, SubscriptionOwner,
    TroubleCode, TunnelKind, TunnelSettings, TunnelState,
};
use inbox::{Alert, DataFolder, Timing};

use crate::stage::{Edge, Stage};
use crate::support::{Setup, Shop, empty_sim, timing};

/// A shop with ngrok switched on, and the edge that leads to it.
struct Reached {
    shop: Shop,
    stage: Stage,
    edge: Edge,
}

impl Reached {
    /// Nothing polls unless something is wrong.
    async fn live() -> Self {
        let never = Duration::from_secs(3600);
        let this = Self::with(Timing { poll_live: never, poll_live_first: never, ..timing() }).await;
        this.go_live().await;
        this
    }

    /// Connected, with a tunnel that is on the way.
    async fn with(timing: Timing) -> Self {
        Self::with_sim(timing, empty_sim().await).await
    }

    async fn with_sim(timing: Timing, sim: avito_sim::Sim) -> Self {
        let stage = Stage::default();
        let order = vec![TunnelKind::Ngrok];
        let setup = Setup { timing, tunnels: Some(Arc::new(stage.clone())), order, ..Setup::default() };
        let shop = Shop::new(sim, setup).await;
        let edge = Edge::before(shop.core.endpoint_address()).await;
        shop.until("the tunnel is started", async || !stage.made().is_empty()).await;
        Self { shop, stage, edge }
    }

    async fn go_live(&self) {
        self.stage.online(&self.edge.url);
        self.mode(Mode::Live).await;
    }

    async fn mode(&self, mode: Mode) {
        self.shop.until(&format!("{mode:?}"), async || self.shop.view().await.mode == mode).await;
    }

    /// What is written right after a line is live may have been meant for the one before, and counts for neither. Avito tells its clock in
    /// whole seconds.
    async fn held_to_its_word(&self, grace: Duration) {
        let grace_ms = i64::try_from(grace.as_millis()).unwrap();
        let from_ms = self.shop.view().await.mode_since_ms + grace_ms + 1500;
        let now_ms = || jiff::Timestamp::now().as_millisecond();
        self.shop.until("the line is held to its word", async || now_ms() >= from_ms).await;
    }

    async fn reason(&self, reason: LineReason) {
        self.shop.until(&format!("{reason:?}"), async || self.line().await.reason == reason).await;
    }

    async fn line(&self) -> LineView {
        self.shop.core.line_view(self.shop.account).await.unwrap()
    }

    fn hooks(&self) -> Vec<String> {
        let hooks = self.shop.sim.subscriptions(self.shop.seller.user_id);
        hooks.into_iter().map(|hook| hook.url).collect()
    }
}

fn settings(order: &[TunnelKind]) -> TunnelSettings {
    let mut settings = TunnelSettings { order: order.to_vec(), ..TunnelSettings::default() };
    settings.own.url = "https://shop.example/".into();
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_tunnel_events_travel_through_it_and_the_proof_splits_its_time() {
    let mut reached = Reached::live().await;
    let hooks = reached.hooks();
    assert_eq!(hooks.len(), 1);
    assert!(hooks[0].starts_with(&format!("{}webhook/avito/", reached.edge.url)), "{hooks:?}");
    let (avito, chat) = reached.shop.chat("Анна", "Ещё продаёте?").await;
    let Alert::Message { chat: alerted, .. } = reached.shop.next_alert().await else { panic!("no alert") };
    assert_eq!(alerted, chat);
    // An unknown chat makes us ask, and asking may be faster than the event: nobody's merit.
    reached
        .shop
        .until("the check is over", async || {
            reached.shop.row(chat).await.buyer.name.is_some()
                && reached.shop.view().await.next_check_ms.is_some()
        })
        .await;
    let before = reached.line().await.today.by_event;
    reached.shop.buyer_writes_later(&avito, "Алло?");
    reached.shop.next_alert().await;
    let line = reached.line().await;
    assert_eq!((line.reason, line.today.by_event, line.today.recovered), (LineReason::Live, before + 1, 0));
    assert!(line.today.mean_delay_ms.is_some() && line.registered_ms.is_some());
    let shown = line.address.unwrap();
    assert!(shown.ends_with("/…") && !hooks[0].ends_with("/…"), "the secret is not shown: {shown}");
    assert_eq!(line.subscriptions[0].owner, SubscriptionOwner::Current);
    reached.edge.slow(Duration::from_millis(150));
    let test = reached.shop.core.test_webhook(reached.shop.account).await.unwrap();
    let (total, handler) = (test.total_ms.unwrap(), test.handler_ms.unwrap());
    assert!(test.passed && total >= 150 && handler + 150 <= total, "{test:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_tunnel_is_there_the_account_polls_and_says_why() {
    let reached = Reached::with(timing()).await;
    reached.reason(LineReason::TunnelConnecting).await;
    reached.mode(Mode::Polling).await;
    assert_eq!(reached.shop.view().await.trouble, None, "on the way is no trouble");
    reached.shop.chat("Анна", "по опросу").await;
    reached.stage.offline("network");
    reached.reason(LineReason::TunnelDown).await;
    reached
        .shop
        .until("told", async || {
            reached.shop.view().await.trouble.is_some_and(|trouble| trouble.code == TroubleCode::TunnelDown)
        })
        .await;
    assert!(reached.hooks().is_empty());
    reached.stage.failed("107");
    reached.reason(LineReason::TunnelFailed).await;
    let tunnel = reached.shop.core.reception().await.unwrap().tunnel;
    assert!(matches!(tunnel.now, TunnelState::Failed { code, .. } if code == "107"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_that_goes_down_is_followed_by_polling_at_once_and_nothing_is_lost_or_doubled() {
    let mut reached = Reached::live().await;
    let (avito, chat) = reached.shop.chat("Анна", "до").await;
    reached.shop.next_alert().await;
    for outage in 0..3 {
        reached.edge.cut(true);
        reached.stage.offline("cut");
        reached.mode(Mode::Polling).await;
        let text = format!("во время {outage}");
        reached.shop.buyer_writes_later(&avito, &text);
        let shop = &reached.shop;
        shop.until("caught up", async || shop.texts(chat).await.last() == Some(&text)).await;
        reached.edge.cut(false);
        reached.go_live().await;
        let text = format!("снова {outage}");
        reached.shop.buyer_writes_later(&avito, &text);
        let shop = &reached.shop;
        shop.until("live again", async || shop.texts(chat).await.last() == Some(&text)).await;
    }
    assert_eq!(reached.shop.texts(chat).await, reached.shop.at_avito(&avito));
    assert_eq!(reached.hooks().len(), 1, "the same address is not registered twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_reached_without_a_tunnel_is_not_called_live_while_the_first_one_fails() {
    let never = Duration::from_secs(3600);
    let timing = Timing { poll_live: never, poll_live_first: never, ..timing() };
    let stage = Stage::default();
    let setup = Setup { timing, tunnels: Some(Arc::new(stage.clone())), ..Setup::default() };
    let shop = Shop::new(empty_sim().await, setup).await;
    let mode = async |mode: Mode| {
        shop.until(&format!("{mode:?}"), async || shop.view().await.mode == mode).await;
    };
    mode(Mode::Live).await;
    shop.core.save_tunnels(settings(&[TunnelKind::Ngrok])).await.unwrap();
    shop.until("the tunnel is started", async || !stage.made().is_empty()).await;
    stage.failed("105");
    mode(Mode::Polling).await;
    shop.core.save_tunnels(settings(&[])).await.unwrap();
    mode(Mode::Live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_comes_and_goes_is_treated_as_down_for_growing_times() {
    let never = Duration::from_secs(3600);
    let timing = Timing { flap_first: never, flap_max: never, poll_live: never, ..timing() };
    let reached = Reached::with(timing).await;
    for _ in 0..2 {
        reached.go_live().await;
        reached.stage.offline("cut");
        reached.mode(Mode::Polling).await;
    }
    reached.stage.online(&reached.edge.url);
    reached.reason(LineReason::Unsteady).await;
    let tunnel = reached.shop.core.reception().await.unwrap().tunnel;
    assert!(matches!(tunnel.now, TunnelState::Online { held_until_ms: Some(_), .. }));
    let (avito, _) = reached.shop.chat("Анна", "по опросу").await;
    reached.shop.buyer_writes_later(&avito, "и ещё");
    assert_eq!(reached.shop.view().await.mode, Mode::Polling);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_public_address_is_registered_and_the_old_one_removed() {
    let reached = Reached::live().await;
    let old = reached.hooks();
    reached.shop.sim.add_subscription(reached.shop.seller.user_id, "https://crm.example/hook");
    let other = Edge::before(reached.shop.core.endpoint_address()).await;
    reached.stage.online(&other.url);
    let shop = &reached.shop;
    shop.until("registered anew", async || {
        let hooks = reached.hooks();
        hooks.iter().any(|url| url.starts_with(&other.url)) && !hooks.contains(&old[0])
    })
    .await;
    reached.mode(Mode::Live).await;
    assert_eq!(reached.hooks().len(), 2, "a stranger's address stays");
    let line = reached.line().await;
    let stranger = line.subscriptions.iter().find(|one| one.owner == SubscriptionOwner::Stranger).unwrap();
    assert_eq!(stranger.address, "https://crm.example/hook");
    let line = shop.core.remove_subscription(shop.account, &stranger.id).await.unwrap();
    assert_eq!(line.subscriptions.len(), 1, "the seller may remove it");
    reached.shop.chat("Анна", "по новому адресу").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_avito_dropped_is_registered_again() {
    let reached = Reached::with(timing()).await;
    reached.go_live().await;
    let (_, chat) = reached.shop.chat("Анна", "раз").await;
    reached.shop.sim.drop_subscriptions(reached.shop.seller.user_id);
    let avito = reached.shop.row(chat).await.avito_id;
    reached.shop.buyer_writes_later(&avito, "без вебхука");
    let shop = &reached.shop;
    shop.until("registered again", async || reached.hooks().len() == 1).await;
    shop.until("nothing is missing", async || shop.texts(chat).await == shop.at_avito(&avito)).await;
    shop.until("noted", async || reached.line().await.error.is_some_and(|error| error.code == "not_listed"))
        .await;
    reached.mode(Mode::Live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_avito_refuses_is_told_and_already_there_is_as_good_as_done() {
    let sim = empty_sim().await;
    let refused = sim
        .faults()
        .set(Fault::new(FaultKind::ServerError { status: 500, processed: false }).on_route("postWebhookV3"));
    let reached = Reached::with_sim(timing(), sim).await;
    reached.stage.online(&reached.edge.url);
    reached.reason(LineReason::Refused).await;
    assert_eq!(reached.line().await.error.unwrap().code, "refused");
    let (avito, chat) = reached.shop.chat("Анна", "по опросу").await;
    reached.shop.sim.faults().clear(refused);
    reached.mode(Mode::Live).await;
    reached.shop.buyer_writes_later(&avito, "по вебхуку");
    let shop = &reached.shop;
    shop.until("both", async || shop.texts(chat).await.len() == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_online_tunnel_through_which_nothing_arrives_is_not_live() {
    let reached = Reached::with(timing()).await;
    reached.edge.cut(true);
    reached.stage.online(&reached.edge.url);
    reached.reason(LineReason::TestFailed).await;
    let line = reached.line().await;
    assert_eq!(line.self_test.unwrap().code.as_deref(), Some("ngrok_3200"));
    assert_eq!(line.mode, Mode::Polling);
    let delivery = reached.shop.core.check_line(reached.shop.account, LineCheck::Delivery).await.unwrap();
    assert_eq!((delivery.passed, delivery.code.as_deref()), (Some(false), Some("ngrok_3200")));
    reached.edge.cut(false);
    reached.mode(Mode::Live).await;
    for what in [
        LineCheck::Internet,
        LineCheck::Key,
        LineCheck::Tariff,
        LineCheck::Tunnel,
        LineCheck::Https,
        LineCheck::Speed,
        LineCheck::Subscription,
        LineCheck::Delivery,
    ] {
        let found = reached.shop.core.check_line(reached.shop.account, what).await.unwrap();
        assert_eq!(found.passed, Some(true), "{what:?}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_and_a_missing_subscription_are_found_by_the_list_of_checks() {
    let reached = Reached::live().await;
    reached.shop.sim.drop_subscriptions(reached.shop.seller.user_id);
    let check = async |what| reached.shop.core.check_line(reached.shop.account, what).await.unwrap();
    assert_eq!(check(LineCheck::Subscription).await.code.as_deref(), Some("not_listed"));
    reached.edge.slow(Duration::from_millis(1700));
    assert_eq!(check(LineCheck::Speed).await.code.as_deref(), Some("slow"));
    reached.stage.failed("9040");
    reached.mode(Mode::Polling).await;
    assert_eq!(check(LineCheck::Tunnel).await.code.as_deref(), Some("9040"));
    assert_eq!(check(LineCheck::Delivery).await.passed, None, "what comes after it cannot be looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_is_registered_and_the_old_path_serves_a_while_longer() {
    let long = Duration::from_secs(3600);
    let reached = Reached::with(Timing { secret_grace: long, poll_live: long, ..timing() }).await;
    reached.go_live().await;
    let old = reached.hooks().remove(0);
    let post = async |url: &str| reqwest::Client::new().post(url).body("{}").send().await.unwrap().status();
    assert_eq!(post(&old).await, 200);
    let shop = &reached.shop;
    let line = shop.core.rotate_webhook_secret(shop.account).await.unwrap();
    assert!(line.old_path_until_ms.is_some());
    shop.until("only the new one", async || {
        let hooks = reached.hooks();
        hooks.len() == 1 && hooks[0] != old
    })
    .await;
    reached.mode(Mode::Live).await;
    assert_eq!(post(&old).await, 200, "what was under way is still taken");
    assert_eq!(post(&reached.hooks()[0]).await, 200);
    reached.shop.chat("Анна", "по новому пути").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_path_is_shut_when_its_time_is_over_also_over_a_restart() {
    let grace = Duration::from_millis(300);
    let mut reached = Reached::with(Timing { secret_grace: grace, ..timing() }).await;
    reached.go_live().await;
    let old = reached.hooks().remove(0);
    let shop = &reached.shop;
    shop.core.rotate_webhook_secret(shop.account).await.unwrap();
    let post = async |url: &str| reqwest::Client::new().post(url).body("{}").send().await.unwrap().status();
    shop.until("shut", async || post(&old).await == 404).await;
    let new = reached.hooks();
    reached.shop = reached.shop.reopen().await;
    reached.edge.lead_to(reached.shop.core.endpoint_address());
    let (stage, shop) = (&reached.stage, &reached.shop);
    shop.until("a tunnel again", async || stage.made().len() == 2).await;
    reached.go_live().await;
    assert_eq!(reached.hooks(), new);
    assert_eq!((post(&old).await.as_u16(), post(&new[0]).await.as_u16()), (404, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seller_may_take_the_webhook_away_and_put_it_back() {
    let reached = Reached::live().await;
    let shop = &reached.shop;
    let line = shop.core.unregister_webhook(shop.account).await.unwrap();
    assert!(reached.hooks().is_empty() && line.registered_ms.is_none());
    reached.mode(Mode::Polling).await;
    reached.reason(LineReason::NotWanted).await;
    assert_eq!(shop.view().await.trouble, None, "it is the seller's wish");
    shop.chat("Анна", "по опросу").await;
    assert!(reached.hooks().is_empty());
    let line = shop.core.register_webhook(shop.account, Duration::from_secs(30)).await.unwrap();
    assert_eq!((line.mode, reached.hooks().len()), (Mode::Live, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_taken_away_while_it_is_registered_does_not_stay_with_avito() {
    let reached = Reached::with(timing()).await;
    let (shop, sim) = (&reached.shop, &reached.shop.sim);
    sim.faults()
        .set(Fault::once(FaultKind::Slow { millis: 1000, processed: false }).on_route("postWebhookV3"));
    let before = sim.call_count("getSubscriptions");
    reached.stage.online(&reached.edge.url);
    // Avito does not list it, so it is registered next, and that takes a while.
    shop.until("the list is read", async || sim.call_count("getSubscriptions") > before).await;
    shop.core.unregister_webhook(shop.account).await.unwrap();
    // Who registers does not poll: that is over by then, one way or the other.
    let polls = sim.call_count("getChatsV2");
    shop.until("it polls", async || sim.call_count("getChatsV2") > polls).await;
    assert_eq!(reached.hooks(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_the_tunnel_is_stopped_and_the_address_taken_back_if_the_seller_wants_it() {
    for take_back in [false, true] {
        let reached = Reached::live().await;
        let shop = &reached.shop;
        let mut settings = shop.core.tunnel_settings();
        settings.unregister_on_exit = take_back;
        shop.core.save_tunnels(settings).await.unwrap();
        assert_eq!(reached.stage.made().len(), 1, "that does not concern the tunnel");
        reached.shop.core.close().await;
        assert_eq!(reached.stage.stopped(), 1);
        assert_eq!(reached.hooks().is_empty(), take_back);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_that_fails_for_good_makes_way_for_the_next_and_is_named() {
    let reached = Reached::with(timing()).await;
    let shop = &reached.shop;
    let both = settings(&[TunnelKind::Ngrok, TunnelKind::Program]);
    shop.core.save_tunnels(both).await.unwrap();
    shop.until("started anew", async || reached.stage.made().len() == 2).await;
    reached.stage.failed("9040");
    shop.until("the next", async || reached.stage.made().last() == Some(&TunnelKind::Program)).await;
    reached.go_live().await;
    let tunnel = shop.core.reception().await.unwrap().tunnel;
    assert_eq!(tunnel.kind, Some(TunnelKind::Program));
    assert_eq!((tunnel.failed[0].kind, tunnel.failed[0].code.as_str()), (TunnelKind::Ngrok, "9040"));
    shop.core.retry_tunnel();
    shop.until("the first again", async || reached.stage.made().last() == Some(&TunnelKind::Ngrok)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sleep_the_way_is_proved_again_before_it_is_trusted() {
    let sim = empty_sim().await;
    let clock = inbox::Clock::manual(sim.now() * 1000);
    let stage = Stage::default();
    let never = Duration::from_secs(3600);
    let setup = Setup {
        clock: clock.clone(),
        timing: Timing { poll_live: never, poll_live_first: never, ..timing() },
        tunnels: Some(Arc::new(stage.clone())),
        order: vec![TunnelKind::Ngrok],
        ..Setup::default()
    };
    let shop = Shop::new(sim, setup).await;
    let edge = Edge::before(shop.core.endpoint_address()).await;
    shop.until("the tunnel is started", async || !stage.made().is_empty()).await;
    stage.online(&edge.url);
    shop.until("live", async || shop.view().await.mode == Mode::Live).await;
    edge.cut(true);
    clock.jump_ms(8 * 3_600_000);
    shop.sim.shift_clock(8 * 3600);
    shop.until("the way is gone", async || {
        clock.advance_ms(50);
        shop.core.line_view(shop.account).await.unwrap().reason == LineReason::TestFailed
    })
    .await;
    assert!(stage.renewed() > 0, "the tunnel is told to look at once");
    edge.cut(false);
    shop.until("live again", async || {
        clock.advance_ms(50);
        shop.view().await.mode == Mode::Live
    })
    .await;
    let ledger = shop.core.ledger(shop.account, 0).await.unwrap();
    assert!(
        ledger.stretches.iter().any(|stretch| stretch.how == Covered::Afterwards),
        "what happened during sleep was read afterwards: {ledger:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_says_how_each_time_was_covered_and_since_when_all_is_here() {
    let reached = Reached::with(Timing { ledger_tick: Duration::from_millis(20), ..timing() }).await;
    let shop = &reached.shop;
    let has = async |how| {
        let day = shop.core.ledger(shop.account, 0).await.unwrap();
        assert!(day.stretches.windows(2).all(|two| two[0].to_ms <= two[1].from_ms), "{day:?}");
        day.stretches.iter().any(|stretch| stretch.how == how)
    };
    shop.until("polling", async || has(Covered::Polling).await).await;
    reached.go_live().await;
    shop.until("live", async || has(Covered::Live).await).await;
    let line = reached.line().await;
    assert!(!line.reading && line.whole_since_ms.unwrap() <= line.covered_until_ms.unwrap());
    // Yesterday there was no account.
    assert_eq!(shop.core.ledger(shop.account, 1).await.unwrap().stretches, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_without_their_event_are_counted_as_lost_and_recovered() {
    let grace = Duration::ZERO;
    let reached = Reached::with(Timing { event_grace: grace, ..timing() }).await;
    reached.go_live().await;
    let shop = &reached.shop;
    let (avito, chat) = shop.chat("Анна", "раз").await;
    reached.held_to_its_word(grace).await;
    let lost = shop.sim.faults().set(Fault::new(FaultKind::WebhookLost));
    shop.buyer_writes(&avito, "потерялось");
    shop.until("recovered", async || shop.texts(chat).await.len() == 2).await;
    shop.until("counted", async || reached.line().await.today.recovered == 1).await;
    reached.reason(LineReason::EventsMissing).await;
    assert!(reached.line().await.error.is_some_and(|error| error.code == "events_missing"));
    shop.sim.faults().clear(lost);
    shop.buyer_writes(&avito, "дошло");
    reached.mode(Mode::Live).await;
    shop.until("all", async || shop.texts(chat).await == shop.at_avito(&avito)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_asking_finds_first_is_counted_by_what_becomes_of_its_event() {
    let grace = Duration::from_secs(2);
    let reached = Reached::with(Timing { event_grace: grace, ..timing() }).await;
    reached.go_live().await;
    let shop = &reached.shop;
    let (avito, chat) = shop.chat("Анна", "раз").await;
    reached.held_to_its_word(grace).await;
    let before = reached.line().await.today.by_event;

    let late = shop.sim.faults().set(Fault::new(FaultKind::WebhookLate { millis: 700 }));
    shop.buyer_writes(&avito, "сначала нашли");
    shop.until("found", async || shop.texts(chat).await.len() == 2).await;
    shop.until("delivered", async || reached.line().await.today.by_event == before + 1).await;
    shop.sim.faults().clear(late);

    let lost = shop.sim.faults().set(Fault::new(FaultKind::WebhookLost));
    shop.buyer_writes(&avito, "не дошло");
    shop.until("found", async || shop.texts(chat).await.len() == 3).await;
    assert_eq!(reached.line().await.today.recovered, 0, "the event may still come");
    shop.until("given up", async || reached.line().await.today.recovered == 1).await;
    shop.sim.faults().clear(lost);
    assert_eq!(reached.line().await.today.by_event, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_log_shows_all_kinds_that_came_and_can_be_emptied() {
    let reached = Reached::live().await;
    let shop = &reached.shop;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    let hook = reached.hooks().remove(0);
    let http = reqwest::Client::new();
    let post = async |body: String| http.post(&hook).body(body).send().await.unwrap().status().as_u16();
    let of_chat = format!(r#"{{"id":"e1","payload":{{"type":"chat","value":{{"chat_id":"{avito}"}}}}}}"#);
    for (body, status) in [
        (of_chat.as_str(), 200),
        (r#"{"id":"e2","payload":{"type":"user","value":{"id":7}}}"#, 200),
        (r#"{"id":"e3","payload":{"type":"something new","value":{}}}"#, 200),
        ("{}", 200),
        ("<html>", 400),
    ] {
        assert_eq!(post(body.to_owned()).await, status, "{body}");
    }
    let log = async |filter| {
        let query = EventQuery { account: None, filter, before: None, limit: 50 };
        shop.core.event_log(query).await.unwrap()
    };
    shop.until("all are read", async || {
        log(EventFilter::All).await.iter().all(|row| row.outcome != EventOutcome::Waiting)
    })
    .await;
    let kinds = |rows: &[inbox::view::EventRowView]| {
        rows.iter().map(|row| (row.kind.clone(), row.outcome)).collect::<Vec<_>>()
    };
    let named = |kind: &str| Some(kind.to_owned());
    assert_eq!(
        kinds(&log(EventFilter::Other).await),
        [
            (None, EventOutcome::NotJson),
            (None, EventOutcome::Empty),
            (named("something new"), EventOutcome::OtherKind),
            (named("user"), EventOutcome::OtherKind),
            (named("chat"), EventOutcome::OtherKind),
        ]
    );
    let messages = log(EventFilter::Messages).await;
    assert_eq!(
        (messages.len(), messages[0].chat, messages[0].buyer.as_deref()),
        (1, Some(chat), Some("Анна"))
    );
    assert!(messages[0].delay_ms.is_some() && messages[0].size > 100);
    assert_eq!(log(EventFilter::Other).await[4].chat, Some(chat));
    assert!(!log(EventFilter::SelfTests).await.is_empty());
    let body = shop.core.event_body(messages[0].id).await.unwrap();
    assert!(body.contains("Здравствуйте") && body.contains('\n'), "{body}");
    shop.core.clear_event_log(None).await.unwrap();
    assert!(log(EventFilter::All).await.is_empty());
    assert_eq!(shop.texts(chat).await, ["Здравствуйте"], "messages stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_to_the_vault_and_nowhere_else() {
    let reached = Reached::with(timing()).await;
    let shop = &reached.shop;
    shop.core.set_ngrok_token(" ngrok config add-authtoken 2secretTOKEN_x ".into()).await.unwrap();
    shop.until("started anew", async || reached.stage.made().len() == 2).await;
    let view = shop.core.reception().await.unwrap();
    assert!(view.tunnel.ngrok_token_kept);
    assert!(!serde_json::to_string(&view).unwrap().contains("2secretTOKEN"));
    let database = std::fs::read(shop.folder.path().join("prilavok.db")).unwrap();
    assert!(!String::from_utf8_lossy(&database).contains("2secretTOKEN"));
    // Given for one way to ngrok, it is not sent on another.
    let mut elsewhere = shop.core.tunnel_settings();
    elsewhere.ngrok.server = Some("elsewhere.example:443".into());
    shop.core.save_tunnels(elsewhere).await.unwrap();
    assert!(!shop.core.reception().await.unwrap().tunnel.ngrok_token_kept);
    shop.core.set_ngrok_token("2another".into()).await.unwrap();
    assert!(shop.core.reception().await.unwrap().tunnel.ngrok_token_kept);
    shop.core.set_ngrok_token("".into()).await.unwrap();
    assert!(!shop.core.reception().await.unwrap().tunnel.ngrok_token_kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_just_given_is_said_to_be_kept_while_a_tunnel_starts_that_found_none() {
    let reached = Reached::with(timing()).await;
    let core = &reached.shop.core;
    for turn in 0..200 {
        let mut elsewhere = core.tunnel_settings();
        elsewhere.ngrok.server = Some(format!("n{turn}.example:443"));
        core.save_tunnels(elsewhere).await.unwrap();
        core.set_ngrok_token("2aToken".into()).await.unwrap();
        assert!(core.reception().await.unwrap().tunnel.ngrok_token_kept, "turn {turn}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_a_token_given_together_start_the_tunnel_once_and_with_the_token() {
    let reached = Reached::with(timing()).await;
    let (shop, stage) = (&reached.shop, &reached.stage);
    let folder = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(folder.path()).unwrap();
    let _control = server::serve(&folder, &shop.core, None).await.unwrap();
    let (made, stopped) = (stage.made().len(), stage.stopped());
    // The way to ngrok changes, so the former token is forgotten: it must not be this one.
    let mut settings = settings(&[TunnelKind::Ngrok]);
    settings.ngrok.server = Some("elsewhere.example:443".into());
    let set = Request::TunnelSet { settings, ngrok_token: Some("2aTokenForThere".into()) };
    let view = client::ask(&folder, &set).await.expect("the program runs").unwrap();
    assert_eq!(view["ngrokTokenKept"], true);
    shop.until("started anew", async || stage.with_token() == 1).await;
    reached.go_live().await;
    assert_eq!((stage.made().len() - made, stage.stopped() - stopped), (1, 1), "once, not once without it");
}
