//! The endpoint under attack: whatever strangers do to it, a real delivery is answered within Avito's two seconds, memory stays
//! where it was, nothing that was answered is lost, and afterwards every connection is given back.
//!
//! The program is the real one, in a process of its own. What each attack cost is printed (`--nocapture`) and recorded in
//! `docs/hostile-input.md`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use avito_sim::SimConfig;
use bench::program::Door;
use bench::tunnel::{Service, live_through_tunnel};
use ngrok_edge::What;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::page::row;
use crate::support::shop::Shop;
use crate::support::{Desk, WAIT, on_a_desk, until};

/// Avito waits no longer for an answer: this limit is theirs.
const AVITO_WAITS: Duration = Duration::from_secs(2);
/// What an attack may cost the program, KiB of resident memory.
const MEMORY: u64 = 50 * 1024;
/// Real deliveries made before and, at the least, during each attack.
const DELIVERIES: usize = 40;
/// Deliveries to one chat: the command line shows at most 500 messages.
const TO_ONE_CHAT: usize = 400;
/// A stranger's secret, as long as a real one.
const WRONG: &str = "00000000000000000000000000000000";

/// What attackers know, and what they have done.
#[derive(Clone)]
struct Target {
    address: SocketAddr,
    /// With the secret, which strangers do not know.
    path: Arc<str>,
    /// In the attack's own unit.
    sent: Arc<AtomicU64>,
}

impl Target {
    async fn connect(&self) -> Option<TcpStream> {
        TcpStream::connect(self.address).await.ok()
    }

    fn note(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// Where strangers knock.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// At the port on this machine.
    Port,
    /// At the public side of a tunnel that passes on every byte as it comes: more than ngrok lets through.
    Tunnel,
}

fn under<F>(name: &str, attackers: u64, at_least: u64, attack: impl Fn(Target) -> F + Clone + Send + 'static)
where
    F: Future<Output = ()> + Send,
{
    under_at(Side::Port, name, attackers, at_least, attack);
}

fn through_tunnel<F>(
    name: &str,
    attackers: u64,
    at_least: u64,
    attack: impl Fn(Target) -> F + Clone + Send + 'static,
) where
    F: Future<Output = ()> + Send,
{
    under_at(Side::Tunnel, &format!("{name}, through the tunnel"), attackers, at_least, attack);
}

/// Makes real deliveries while so many `attackers` repeat an attack, until at least `at_least` of its units were sent. An attack
/// ends by itself or when the program closes its connection; so what it holds is given back by the program, not by the attacker.
fn under_at<F>(
    side: Side,
    name: &str,
    attackers: u64,
    at_least: u64,
    attack: impl Fn(Target) -> F + Clone + Send + 'static,
) where
    F: Future<Output = ()> + Send,
{
    allow_files(2 * attackers + 1000);
    on_a_desk(async |desk| {
        let service = Service::start().await.expect("a stand-in for ngrok");
        let shop = Shop::open_with(service.trusted_by(SimConfig::default()).expect("its certificate")).await;
        shop.connect(desk).await;
        let (mut running, ready) = desk.start_headless(&[]).await;
        let user = shop.seller.user_id;
        if side == Side::Tunnel {
            use_tunnel(desk, &service).await;
        }
        assert!(
            shop.sim.until(WAIT, |sim| !sim.subscriptions(user).is_empty()).await,
            "the shop is not live"
        );
        let url = shop.sim.subscriptions(user).remove(0).url;
        let target = Target {
            address: match side {
                Side::Port => ready["endpoint"].as_str().unwrap().parse().unwrap(),
                Side::Tunnel => service.edge.public(),
            },
            path: url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap().into(),
            sent: Arc::default(),
        };
        let mut buyer = Buyer { user, target: target.clone(), delivered: 0 };
        for _ in 0..DELIVERIES {
            buyer.delivers().await;
        }
        let pid = running.child().id();
        let (memory_before, sockets_before) = (resident(pid), sockets(pid));
        let sessions_before = count(&service, What::Connected);

        let stop = Arc::new(AtomicBool::new(false));
        let crowd: Vec<_> = (0..attackers)
            .map(|_| {
                let (target, attack, stop) = (target.clone(), attack.clone(), stop.clone());
                tokio::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        attack(target.clone()).await;
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let under_way = async || (target.sent() >= attackers.min(at_least)).then_some(());
        until("the attack is under way", WAIT, under_way).await;
        let (mut worst, mut peak) = (Duration::ZERO, memory_before);
        while buyer.delivered < 2 * DELIVERIES || target.sent() < at_least {
            worst = worst.max(buyer.delivers().await);
            peak = peak.max(resident(pid));
        }
        stop.store(true, Ordering::Relaxed);
        let grown = peak.saturating_sub(memory_before);
        eprintln!(
            "{name}: {} sent; {} real deliveries, the slowest {} ms; memory {} MiB and {grown} KiB more",
            target.sent(),
            buyer.delivered - DELIVERIES,
            worst.as_millis(),
            memory_before / 1024,
        );
        assert!(worst < AVITO_WAITS, "a real delivery took {worst:?}");
        assert!(grown <= MEMORY, "memory grew by {grown} KiB");
        assert_eq!(count(&service, What::Connected), sessions_before, "the tunnel was lost");
        let released = async || (sockets(pid) <= sockets_before).then_some(());
        until("all connections are given back", WAIT, released).await;
        for attacker in crowd {
            attacker.await.unwrap();
        }
        let kept = async || (buyer.kept(desk).await == buyer.delivered).then_some(());
        until("all that was answered 200 is in the store", WAIT, kept).await;
    });
}

/// Points the program at the service and waits until Avito delivers through it; then every byte is passed on as it comes.
async fn use_tunnel(desk: &Desk, service: &Service) {
    let door = Door::of(&desk.data_dir()).expect("the program's door");
    door.ask(service.set_up()).await.expect("the tunnel is set up");
    live_through_tunnel(&door, &service.edge).await.expect("live through the tunnel");
    service.edge.set(|knobs| knobs.raw = true);
}

fn count(service: &Service, what: What) -> usize {
    service.edge.log().iter().filter(|entry| entry.what == what).count()
}

/// The real one.
struct Buyer {
    user: i64,
    target: Target,
    delivered: usize,
}

impl Buyer {
    /// Delivers one message as Avito does, on a connection of its own, and gives the time from knocking to the whole answer.
    async fn delivers(&mut self) -> Duration {
        let number = self.delivered;
        let body = json!({"id": format!("event-{number}"), "version": "v3.0.0", "timestamp": 1_760_000_000, "payload": {
            "type": "message", "value": {"id": format!("message-{number}"), "chat_id": chat(number), "user_id": self.user,
            "author_id": 7_000_001, "created": 1_760_000_000, "type": "text", "chat_type": "u2i", "item_id": null,
            "content": {"text": format!("Сообщение {number}")}}}})
        .to_string();
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.target.path,
            body.len()
        );
        let started = Instant::now();
        let answer = async {
            let mut stream = self.target.connect().await.expect("the endpoint takes a connection");
            stream.write_all(request.as_bytes()).await.expect("the endpoint takes the delivery");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("the endpoint answers");
            String::from_utf8(answer).unwrap()
        };
        let answer = tokio::time::timeout(WAIT, answer).await.expect("the endpoint answers in the end");
        let took = started.elapsed();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        self.delivered += 1;
        took
    }

    /// How many of the messages the program shows.
    async fn kept(&self, desk: &Desk) -> usize {
        let mut kept = 0;
        for first in (0..self.delivered).step_by(TO_ONE_CHAT) {
            let messages = desk.tell(&["messages", &chat(first), "--limit", "500", "--json"]).await.json();
            kept += messages.as_array().map_or(0, Vec::len);
        }
        kept
    }
}

fn chat(number: usize) -> String {
    format!("u2i-real-{}", number / TO_ONE_CHAT)
}

/// Resident memory of a process, KiB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How many sockets a process has open.
fn sockets(pid: u32) -> usize {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let is_socket = |file: &std::fs::DirEntry| {
        std::fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
    };
    files.filter(is_socket).count()
}

/// Lets this process open so many files, as far as the system allows.
fn allow_files(wanted: u64) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        let current = Some(limit.maximum.map_or(wanted, |maximum| maximum.min(wanted)));
        setrlimit(Resource::Nofile, Rlimit { current, ..limit }).expect("more files");
    }
}

/// Reads until the other side closes.
async fn drain(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// A head that never comes to its end: a byte now and then.
async fn drip(target: Target) {
    let Some(mut stream) = target.connect().await else { return };
    let head = format!("POST /webhook/avito/1/{WRONG} HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    target.note();
    let mut now_and_then = tokio::time::interval(Duration::from_millis(500));
    loop {
        now_and_then.tick().await;
        if stream.write_all(b"a").await.is_err() {
            return;
        }
    }
}

#[test]
fn slowloris_of_1000_connections_holds_up_nobody() {
    under("slowloris, 1000 connections", 1000, 1000, drip);
}

#[test]
fn slowloris_through_the_tunnel_holds_up_nobody() {
    through_tunnel("slowloris, 1000 connections", 1000, 1000, drip);
}

#[test]
fn slowloris_with_more_connections_than_places_holds_up_nobody() {
    under("slowloris, 3000 connections", 3000, 3000, drip);
}

async fn say_nothing(target: Target) {
    let Some(mut stream) = target.connect().await else { return };
    target.note();
    if target.sent().is_multiple_of(2) {
        let _ = stream.shutdown().await;
    }
    drain(&mut stream).await;
}

#[test]
fn connections_that_say_nothing_hold_up_nobody() {
    under("2000 silent connections, half of them closed on one side", 2000, 2000, say_nothing);
}

#[test]
fn connections_that_say_nothing_through_the_tunnel_hold_up_nobody() {
    through_tunnel("2000 silent connections, half of them closed on one side", 2000, 2000, say_nothing);
}

async fn never_end(target: Target) {
    let Some(mut stream) = target.connect().await else { return };
    target.note();
    // Every other one knows the secret: a tunnel gone mad.
    let wrong = format!("/webhook/avito/1/{WRONG}");
    let path = if target.sent().is_multiple_of(2) { &*target.path } else { &wrong };
    let length = match target.sent() % 3 {
        0 => "Content-Length: 1000000000000",
        1 => "Content-Length: 18446744073709551616000",
        _ => "Transfer-Encoding: chunked",
    };
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n");
    let chunk = [b"10000\r\n".to_vec(), vec![b'['; 0x1_0000], b"\r\n".to_vec()].concat();
    let mut part = head.as_bytes();
    while stream.write_all(part).await.is_ok() {
        part = &chunk;
    }
}

#[test]
fn bodies_without_end_hold_up_nobody() {
    under("endless bodies, 200 connections", 200, 2000, never_end);
}

#[test]
fn bodies_without_end_through_the_tunnel_hold_up_nobody() {
    through_tunnel("endless bodies, 200 connections", 200, 1000, never_end);
}

async fn send_headers(target: Target) {
    let Some(mut stream) = target.connect().await else { return };
    target.note();
    let head = match target.sent() % 3 {
        0 => format!("POST / HTTP/1.1\r\n{}\r\n", "X-Many: 1\r\n".repeat(100_000)),
        1 => format!("POST / HTTP/1.1\r\nX-Giant: {}\r\n\r\n", "a".repeat(4 << 20)),
        _ => format!("POST /{} HTTP/1.1\r\n\r\n", "a".repeat(4 << 20)),
    };
    let _ = stream.write_all(head.as_bytes()).await;
    drain(&mut stream).await;
}

#[test]
fn floods_of_headers_hold_up_nobody() {
    under("header floods, 200 connections", 200, 4000, send_headers);
}

#[test]
fn floods_of_headers_through_the_tunnel_hold_up_nobody() {
    through_tunnel("header floods, 200 connections", 200, 1000, send_headers);
}

/// One request after the other for paths that are not there.
async fn ask(target: Target, path: String) {
    let Some(mut stream) = target.connect().await else { return };
    let request = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}");
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).await.is_ok() && stream.read_to_end(&mut answer).await.is_ok() {
        assert!(answer.starts_with(b"HTTP/1.1 404"), "{}", String::from_utf8_lossy(&answer));
        target.note();
    }
}

async fn scan(target: Target) {
    let number = target.sent().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ask(target, format!("/{number:x}/%2e%2e/{number}?x={number}")).await;
}

#[test]
fn scanning_paths_holds_up_nobody_and_finds_nothing() {
    under("path scanning, 100 connections", 100, 10_000, scan);
}

#[test]
fn scanning_paths_through_the_tunnel_holds_up_nobody_and_finds_nothing() {
    through_tunnel("path scanning, 100 connections", 100, 10_000, scan);
}

async fn guess(target: Target) {
    let number = target.sent().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ask(target, format!("/webhook/avito/1/{number:032x}")).await;
}

#[test]
fn wrong_secrets_at_speed_hold_up_nobody_and_open_nothing() {
    under("wrong secrets, 100 connections", 100, 10_000, guess);
}

#[test]
fn wrong_secrets_through_the_tunnel_hold_up_nobody_and_open_nothing() {
    through_tunnel("wrong secrets, 100 connections", 100, 10_000, guess);
}

#[test]
fn requests_in_a_row_whose_answers_nobody_reads_hold_up_nobody() {
    under("pipelining without reading, 300 connections", 300, 3000, async |target: Target| {
        let Some(mut stream) = target.connect().await else { return };
        target.note();
        let many = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2000);
        while stream.write_all(many.as_bytes()).await.is_ok() {}
    });
}

#[test]
fn what_is_not_http_holds_up_nobody() {
    under("garbage, TLS, HTTP/1.0 and HTTP/2, 200 connections", 200, 6000, async |target: Target| {
        let Some(mut stream) = target.connect().await else { return };
        target.note();
        let bytes: Vec<u8> = match target.sent() % 5 {
            0 => (0..64 * 1024_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect(),
            1 => [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), &[7; 502]].concat(),
            2 => b"POST / HTTP/1.0\r\n\r\n".to_vec(),
            3 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
            _ => b"\0\r\n\0\r\n\r\n\r\n".to_vec(),
        };
        let _ = stream.write_all(&bytes).await;
        drain(&mut stream).await;
    });
}

#[test]
fn a_mark_that_turns_the_writing_moves_nothing_beside_its_own_words() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let chat = avito_sim::NewChat {
            buyer_name: "\u{202e}Анна\u{2067}\u{200b}".to_owned(),
            text: Some("\u{202e}наоборот https://www.avito.ru/abc \u{2066}и дальше".to_owned()),
            ..avito_sim::NewChat::default()
        };
        let turned = shop.sim.add_chat(shop.seller.user_id, chat).expect("a chat");
        let word = "очень".repeat(190);
        shop.buyer_writes(&turned, &word);
        shop.buyer_writes(&turned, "до\u{0}после");
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.open_chat(&turned).await;
        page.see_bubble("наоборот").await;
        // Where the time stands in its row, seen from the row's edges, for the turned name and for an ordinary one.
        let place = |chat: &str| {
            let of = row(chat);
            format!(
                "(() => {{ const of = one({of:?}).getBoundingClientRect(), time = one({of:?} + ' time').getBoundingClientRect();\
                return [of.right - time.right, time.top - of.top].map(Math.round).join(); }})()"
            )
        };
        assert_eq!(page.now(&place(&turned)).await, page.now(&place(&shop.anna)).await);
        let link = "getComputedStyle(one('[data-testid=text-link]'))";
        assert_eq!(page.now(&format!("{link}.unicodeBidi + ' ' + {link}.direction")).await, "isolate ltr");
        let room = "all('.bubble').every((bubble) => { const time = bubble.querySelector('.place').getBoundingClientRect(); \
            return [...bubble.querySelector('.text').getClientRects()].every((line) => line.right <= time.left || line.bottom <= time.top + 4); })";
        page.until("the time has room beside every text", room).await;
        let wide = "all('[data-testid=message]').every((bubble) => bubble.scrollWidth <= bubble.clientWidth)";
        assert_eq!(page.now(wide).await, true, "a long word breaks within its bubble");
        if let Some(folder) = std::env::var_os("PRILAVOK_E2E_OUT") {
            let picture = page.picture().await.expect("a picture");
            std::fs::write(std::path::Path::new(&folder).join("hostile-words.png"), picture).expect("a file");
        }
    });
}
