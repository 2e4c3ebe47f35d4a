//! The real `ngrok` crate under our supervisor, over streams in memory and a clock that jumps: hours of outage pass in
//! milliseconds, and nothing depends on how busy the machine is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use ngrok_edge::{Edge, Refusal, What};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;
use url::Url;

use super::connector::Way;
use super::session::Ngrok;
use super::*;
use crate::supervisor::supervise;
use crate::trouble::code;
use crate::{State, Trouble};

const HOST: &str = "in-memory.test";

fn config() -> Config {
    Config {
        authtoken: "a-key-of-the-seller".to_owned().into(),
        domain: None,
        server: None,
        ca_file: None,
        proxy: None,
        metadata: "prilavok".to_owned(),
    }
}

fn router() -> Router {
    Router::new().route("/echo", post(async |body: String| body))
}

fn request(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

struct Desk {
    edge: Arc<Edge>,
    meter: Meter,
    tunnel: Arc<dyn Tunnel>,
}

fn desk() -> Desk {
    desk_with(|_| {})
}

/// A service with these faults, and a tunnel to it.
fn desk_with(prepare: impl FnOnce(&Edge)) -> Desk {
    desk_serving(router(), prepare)
}

fn desk_serving(router: Router, prepare: impl FnOnce(&Edge)) -> Desk {
    let edge = Arc::new(Edge::without_sockets());
    prepare(&edge);
    let (dialled, meter) = (edge.clone(), Meter::default());
    let way = Way::Streams(Arc::new(move || {
        let (near, far) = tokio::io::duplex(64 * 1024);
        match dialled.attach(far) {
            true => Ok(Box::new(near) as _),
            false => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }));
    let tunnel = supervise(Ngrok::new(config(), router, meter.clone(), way));
    Desk { edge, meter, tunnel }
}

impl Desk {
    async fn online(&self) -> Url {
        match self.until(|state| matches!(state, State::Online { .. })).await {
            State::Online { url } => url,
            _ => unreachable!(),
        }
    }

    async fn offline(&self) -> Trouble {
        match self.until(|state| matches!(state, State::Offline { .. })).await {
            State::Offline { trouble, .. } => trouble,
            _ => unreachable!(),
        }
    }

    async fn failed(&self) -> Trouble {
        match self.until(|state| matches!(state, State::Failed { .. })).await {
            State::Failed { trouble } => trouble,
            _ => unreachable!(),
        }
    }

    async fn until(&self, wanted: impl FnMut(&State) -> bool) -> State {
        self.tunnel.state().wait_for(wanted).await.unwrap().clone()
    }

    /// What a caller of the address gets.
    async fn post(&self, path: &str, body: &str) -> String {
        let mut stream = self.edge.call(HOST).await.unwrap();
        stream.write_all(request(path, body).as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    fn count(&self, what: What) -> usize {
        self.edge.log().iter().filter(|entry| entry.what == what).count()
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_reaches_the_router_and_is_counted() {
    let desk = desk();
    assert_eq!(desk.online().await.as_str(), "https://in-memory.test/");
    let answer = desk.post("/echo", "привет").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("привет"), "{answer}");
    let passed = desk.meter.take();
    assert_eq!(passed.requests, 1);
    assert_eq!(passed.bytes_out, answer.len() as u64);
    assert_eq!(desk.meter.take().requests, 0, "what was taken is not counted again");
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_mended_within_a_second() {
    let desk = desk();
    desk.online().await;
    let cut = Instant::now();
    desk.edge.cut();
    assert_eq!(desk.offline().await.code, code::CUT);
    desk.online().await;
    assert!(cut.elapsed() < Duration::from_secs(1), "{:?}", cut.elapsed());
    assert!(desk.post("/echo", "x").await.ends_with('x'));
    assert_eq!((desk.edge.live(), desk.count(What::Bound)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_says_goodbye_is_found_again() {
    let desk = desk();
    desk.online().await;
    desk.edge.go_away().await;
    desk.offline().await;
    desk.online().await;
    assert_eq!(desk.edge.live(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_of_three_hours_the_line_is_back_within_half_a_minute() {
    let desk = desk();
    desk.online().await;
    desk.edge.set(|knobs| knobs.outage = true);
    tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
    let tried = desk.count(What::Dropped);
    assert!((300..1000).contains(&tried), "{tried} attempts in three hours");
    let back = Instant::now();
    desk.edge.set(|knobs| knobs.outage = false);
    desk.online().await;
    assert!(back.elapsed() <= Duration::from_secs(30), "{:?}", back.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_outage_ends_at_once_when_somebody_asks() {
    let desk = desk_with(|edge| edge.set(|knobs| knobs.outage = true));
    tokio::time::sleep(Duration::from_secs(600)).await;
    desk.offline().await;
    desk.edge.set(|knobs| knobs.outage = false);
    let asked = Instant::now();
    desk.tunnel.retry_now();
    desk.online().await;
    assert!(asked.elapsed() < Duration::from_millis(200), "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_line_whose_heartbeats_are_not_answered_is_built_anew() {
    let desk = desk();
    desk.online().await;
    desk.edge.set(|knobs| knobs.mute_heartbeats = true);
    let muted = Instant::now();
    let trouble = desk.offline().await;
    assert_eq!(trouble.code, code::CUT);
    assert!(trouble.reason.contains("heartbeat"), "{}", trouble.reason);
    assert!(muted.elapsed() <= Duration::from_secs(36), "{:?}", muted.elapsed());
    desk.edge.set(|knobs| knobs.mute_heartbeats = false);
    desk.edge.until(What::Bound, 2).await;
    desk.online().await;
    desk.edge.until_live(1).await;
    // And it stays.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(desk.count(What::Connected), 2);
}

/// The network under the connection is gone and nobody says so; whoever connects anew is served.
#[tokio::test(start_paused = true)]
async fn a_connection_that_falls_silent_is_left_and_opened_anew() {
    let desk = desk();
    desk.online().await;
    desk.edge.freeze();
    let frozen = Instant::now();
    assert_eq!(desk.offline().await.code, code::CUT);
    assert!(frozen.elapsed() <= Duration::from_secs(36), "noticed after {:?}", frozen.elapsed());
    desk.edge.until(What::Bound, 2).await;
    desk.online().await;
    assert!(frozen.elapsed() <= Duration::from_secs(60), "back after {:?}", frozen.elapsed());
    assert!(desk.post("/echo", "x").await.ends_with('x'));
    // And it stays.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(desk.count(What::Bound), 2);
}

#[tokio::test(start_paused = true)]
async fn on_another_network_a_line_that_lives_gives_its_address_back_and_is_opened_anew_at_once() {
    let desk = desk();
    desk.online().await;
    let changed = Instant::now();
    desk.tunnel.way_changed();
    desk.edge.until(What::Bound, 2).await;
    desk.online().await;
    assert!(changed.elapsed() < Duration::from_secs(1), "{:?}", changed.elapsed());
    assert_eq!((desk.count(What::Unbound), desk.count(What::BindRefused)), (1, 0));
    desk.edge.until_live(1).await;
    assert!(desk.post("/echo", "x").await.ends_with('x'));
}

#[tokio::test(start_paused = true)]
async fn on_another_network_a_line_that_is_dead_is_not_waited_for() {
    let desk = desk();
    desk.online().await;
    desk.edge.freeze();
    let frozen = Instant::now();
    desk.tunnel.way_changed();
    desk.until(|state| *state == State::Connecting).await;
    assert!(frozen.elapsed() <= Duration::from_secs(6), "polling is told after {:?}", frozen.elapsed());
    // The service still holds the address for the connection it hears no more.
    desk.edge.until(What::Bound, 2).await;
    desk.online().await;
    assert!(frozen.elapsed() <= Duration::from_secs(45), "back after {:?}", frozen.elapsed());
    assert!(desk.post("/echo", "x").await.ends_with('x'));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_line_stays_up_for_a_day() {
    let desk = desk();
    desk.online().await;
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(desk.count(What::Connected), 1);
    assert!(desk.post("/echo", "x").await.ends_with('x'));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_stops_everything_and_is_not_repeated_to_anybody() {
    let desk = desk_with(|edge| edge.set(|knobs| knobs.keys = vec!["another".to_owned()]));
    let trouble = desk.failed().await;
    assert_eq!(trouble.code, "107");
    assert!(!trouble.reason.contains("a-key-of-the-seller"), "{}", trouble.reason);
    assert!(trouble.reason.contains("belongs to no account"), "{}", trouble.reason);
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(desk.count(What::AuthRefused), 1);
    desk.edge.until_live(0).await;
    desk.edge.set(|knobs| knobs.keys.clear());
    desk.tunnel.retry_now();
    desk.online().await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_withdrawn_while_the_line_is_up_stops_it_at_the_next_cut() {
    let desk = desk();
    desk.online().await;
    desk.edge.set(|knobs| knobs.refuse_auth = Some(Refusal::new("ERR_NGROK_300", "Withdrawn.")));
    desk.edge.cut();
    assert_eq!(desk.failed().await.code, "300");
}

#[tokio::test(start_paused = true)]
async fn a_country_that_is_not_served_is_told_by_its_code() {
    let refusal = Refusal::new("ERR_NGROK_9040", "Not served here.");
    let desk = desk_with(|edge| edge.set(|knobs| knobs.refuse_auth = Some(refusal)));
    assert_eq!(desk.failed().await.code, "9040");
}

#[tokio::test(start_paused = true)]
async fn a_name_of_somebody_else_stops_and_a_name_still_taken_is_asked_for_again() {
    let desk = desk_with(|edge| {
        edge.set(|knobs| knobs.refuse_bind = Some(Refusal::new("ERR_NGROK_319", "Not yours.")));
    });
    assert_eq!(desk.failed().await.code, "319");
    desk.edge.until_live(0).await;

    let desk = desk_with(|edge| {
        edge.set(|knobs| knobs.refuse_bind = Some(Refusal::new("ERR_NGROK_334", "Already online.")));
    });
    assert_eq!(desk.offline().await.code, "334");
    desk.edge.set(|knobs| knobs.refuse_bind = None);
    let freed = Instant::now();
    desk.online().await;
    assert!(freed.elapsed() >= Duration::from_secs(10), "asking often makes it worse");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_answers_is_left_after_half_a_minute() {
    let desk = desk_with(|edge| edge.set(|knobs| knobs.silent_auth = true));
    let started = Instant::now();
    assert_eq!(desk.offline().await.code, code::NETWORK);
    assert_eq!(started.elapsed().as_secs(), 30);
    desk.edge.until_live(0).await;
}

#[tokio::test(start_paused = true)]
async fn stopped_at_the_dashboard_it_stays_stopped_until_asked() {
    let desk = desk();
    desk.online().await;
    let answers = desk.edge.stop_agents().await.unwrap();
    assert!(answers[0]["Error"].is_null(), "{answers:?}");
    assert_eq!(desk.failed().await.code, code::STOPPED_REMOTELY);
    desk.edge.until_live(0).await;
    assert_eq!(desk.count(What::Unbound), 1);
    desk.tunnel.retry_now();
    desk.online().await;
}

#[tokio::test(start_paused = true)]
async fn an_address_taken_away_is_told_by_its_code_and_asked_for_again_without_one() {
    let desk = desk();
    desk.online().await;
    desk.edge.stop_tunnels(&Refusal::new("ERR_NGROK_9040", "Not served here.")).await.unwrap();
    assert_eq!(desk.failed().await.code, "9040");
    desk.edge.until_live(0).await;

    let desk = self::desk();
    desk.online().await;
    desk.edge.stop_tunnels(&Refusal::new("", "Maintenance.")).await.unwrap();
    assert_eq!(desk.offline().await.code, code::CLOSED);
    desk.online().await;
}

#[tokio::test(start_paused = true)]
async fn another_address_after_a_cut_is_told() {
    let desk = desk();
    assert_eq!(desk.online().await.host_str(), Some(HOST));
    desk.edge.set(|knobs| knobs.host = Some("moved.test".to_owned()));
    desk.edge.cut();
    let moved =
        desk.until(|state| matches!(state, State::Online { url } if url.host_str() != Some(HOST))).await;
    assert_eq!(moved, State::Online { url: "https://moved.test/".parse().unwrap() });
}

#[tokio::test(start_paused = true)]
async fn five_starts_and_stops_leave_no_session_and_no_task() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for round in 1..=5 {
        let desk = desk();
        desk.online().await;
        assert!(desk.post("/echo", "x").await.ends_with('x'));
        desk.tunnel.stop().await;
        assert_eq!(*desk.tunnel.state().borrow(), State::Stopped);
        desk.edge.until_live(0).await;
        assert_eq!(desk.count(What::Unbound), 1, "round {round}: the address was taken back");
        drop(desk);
        // Tasks that have been told to end need a turn to do it.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(tasks(), before, "round {round}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_is_answered_before_a_stop() {
    let (entered, mut began) = tokio::sync::mpsc::unbounded_channel();
    let slow = Router::new().route(
        "/slow",
        post(async move || {
            let _ = entered.send(());
            tokio::time::sleep(Duration::from_secs(1)).await;
            "done"
        }),
    );
    let desk = desk_serving(slow, |_| {});
    desk.online().await;
    let (answer, ()) = tokio::join!(desk.post("/slow", ""), async {
        began.recv().await.unwrap();
        desk.tunnel.stop().await;
    });
    assert!(answer.ends_with("done"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_connecting_leaves_nothing() {
    let desk = desk_with(|edge| edge.set(|knobs| knobs.silent_auth = true));
    desk.edge.until_live(1).await;
    desk.tunnel.stop().await;
    assert_eq!(*desk.tunnel.state().borrow(), State::Stopped);
    desk.edge.until_live(0).await;
}

#[tokio::test(start_paused = true)]
async fn strangers_who_say_nothing_are_sent_away_and_others_are_served() {
    let desk = desk();
    desk.online().await;
    let mut silent = Vec::new();
    for _ in 0..5000 {
        silent.push(desk.edge.call(HOST).await.unwrap());
        tokio::task::yield_now().await;
    }
    assert!(desk.post("/echo", "x").await.ends_with('x'));
    let began = Instant::now();
    for mut stream in silent {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    }
    assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
    assert_eq!(desk.count(What::Connected), 1, "the session bore it");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_of_300_deliveries_is_answered_one_and_all() {
    let slow = Router::new().route(
        "/slow",
        post(async || {
            tokio::time::sleep(Duration::from_secs(1)).await;
            "done"
        }),
    );
    let desk = Arc::new(desk_serving(slow, |_| {}));
    desk.online().await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let desk = desk.clone();
        crowd.spawn(async move { desk.post("/slow", "").await });
    }
    while let Some(answer) = crowd.join_next().await {
        assert!(answer.unwrap().ends_with("done"));
    }
    assert_eq!(desk.count(What::Connected), 1, "the session bore it");
}

/// The service writes the opening of each stream and its head one after the other, but not as one piece.
#[tokio::test(start_paused = true)]
async fn a_crowd_whose_streams_are_all_opened_before_the_first_head_comes_is_answered_one_and_all() {
    let desk = desk();
    desk.online().await;
    let mut begun = Vec::new();
    for _ in 0..250 {
        begun.push(desk.edge.begin_call(HOST).await.unwrap());
    }
    let began = Instant::now();
    let mut crowd = Vec::new();
    for call in begun {
        let mut stream = call.go_on().await.unwrap();
        stream.write_all(request("/echo", "here").as_bytes()).await.unwrap();
        crowd.push(stream);
    }
    for mut stream in crowd {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(desk.count(What::Connected), 1, "the session bore it");
}

/// Callers who send without end, to a door that takes it for a while and to none, and heads without end.
#[tokio::test(start_paused = true)]
async fn floods_are_answered_and_ended_and_deliveries_come_through_between_them() {
    let router = Router::new()
        .route("/echo", post(async |body: String| body))
        .layer(axum::extract::DefaultBodyLimit::max(1 << 20));
    let desk = Arc::new(desk_serving(router, |_| {}));
    desk.online().await;
    let mut flood = tokio::task::JoinSet::new();
    for number in 0..240 {
        let desk = desk.clone();
        flood.spawn(async move {
            let mut stream = desk.edge.call(HOST).await.unwrap();
            let head = match number % 3 {
                0 => "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
                1 => "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n",
                _ => "POST / HTTP/1.1\r\nX-Giant: ",
            };
            let (mut reads, mut writes) = tokio::io::split(&mut stream);
            let sends = async {
                let chunk = [b"10000\r\n".to_vec(), vec![b'a'; 0x1_0000], b"\r\n".to_vec()].concat();
                writes.write_all(head.as_bytes()).await?;
                loop {
                    writes.write_all(&chunk).await?;
                }
            };
            let mut answer = Vec::new();
            tokio::select! {
                _ = reads.read_to_end(&mut answer) => {}
                result = sends => { let _: io::Result<()> = result; }
            }
        });
    }
    for _ in 0..20 {
        assert!(desk.post("/echo", "x").await.ends_with('x'));
    }
    let ended = Instant::now();
    while flood.join_next().await.is_some() {}
    assert!(ended.elapsed() <= Duration::from_secs(11), "{:?}", ended.elapsed());
    assert_eq!(desk.count(What::Connected), 1, "the session bore it");
}
