//! One shop: an Avito of its own, a data folder, a program that is killed in every round, and the comparison at the end.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use avito_sim::{Fill, Scene, Sim, SimConfig, SimMessage};
use ngrok_edge::{Knobs, What};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::compare::{Author, Findings, Held, Kind, Shown, ShownWords, Sides, Standing, Words, compare};
use super::control::{self, Door, Unanswered};
use super::ledger::{Ledger, now_ms};
use super::moment::Moment;
use super::people::{self, Seller};
use super::program::{Installation, Program};
use super::story::{self, Sources};
use super::tally::{THROUGH_TUNNEL, Tally};
use super::weather;
use crate::tunnel::Service;

/// A start takes far less, also on a busy machine.
const START: Duration = Duration::from_secs(60);
/// How long the program may take to come to rest when all is well again.
const REST: Duration = Duration::from_secs(120);
/// When all is well, buyers write once through every line, and again after this time where an event is still waited for.
const WORD: Duration = Duration::from_secs(5);
/// At rest, both sides must agree within this time.
const AGREE: Duration = Duration::from_secs(30);
/// At most so many stories of a shop are told.
const STORIES: usize = 6;

/// What came of a shop.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) tally: Tally,
    pub(super) stories: Vec<String>,
}

/// Runs it. Everything random comes from the seed; when things happen is the operating system's.
pub(super) async fn run(app: &Path, seed: u64, rounds: u32, hurry: u32) -> Result<Outcome> {
    let mut rng = StdRng::seed_from_u64(seed);
    let folder = tempfile::Builder::new().prefix("prilavok-chaos-").tempdir()?;
    let config =
        SimConfig { scene: Scene::Empty, seed, token_life: Duration::from_secs(20), ..SimConfig::default() };
    let service = match seed.is_multiple_of(2) {
        true => Some(Arc::new(Service::start().await?)),
        false => None,
    };
    let config = match &service {
        Some(service) => service.trusted_by(config)?,
        None => config,
    };
    let shop = Shop {
        service,
        installation: Installation::new(app, folder.path(), some_port(&mut rng), hurry)?,
        sim: Sim::start(config).await?,
        ledger: Arc::default(),
    };
    let ran = shop.live(&mut rng, rounds, folder.path()).await;
    let mut outcome = match ran {
        Ok(outcome) => outcome,
        Err(error) => shop.broken(&error),
    };
    shop.count_what_avito_saw(&mut outcome.tally);
    if !outcome.stories.is_empty() {
        let kept = folder.keep();
        outcome.stories.push(format!("everything is kept in {}", kept.display()));
    }
    shop.sim.stop().await;
    Ok(outcome)
}

/// Half of the shops keep their endpoint's port over restarts. Below the ports that the system gives to connections.
fn some_port(rng: &mut StdRng) -> Option<u16> {
    let same = rng.random_bool(0.5);
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = (0..100).map(|_| rng.random_range(20_000..32_000)).find(free);
    port.filter(|_| same)
}

struct Shop {
    /// Every other shop is reached through a tunnel.
    service: Option<Arc<Service>>,
    installation: Installation,
    sim: Sim,
    ledger: Arc<Ledger>,
}

impl Shop {
    async fn live(&self, rng: &mut StdRng, rounds: u32, folder: &Path) -> Result<Outcome> {
        self.open();
        let mut program = self.installation.start()?;
        program.until_ready(START).await?;
        self.connect(&Door::of(&self.installation.data())?).await?;
        let (tell, door) = watch::channel(None);
        let mut people = JoinSet::new();
        let mut rng_of = || StdRng::seed_from_u64(rng.random());
        people.spawn(people::buyers(self.sim.clone(), self.ledger.clone(), rng_of()));
        people.spawn(people::phone(self.sim.clone(), self.ledger.clone(), rng_of()));
        people.spawn(weather::blow(self.sim.clone(), self.ledger.clone(), rng_of()));
        if let Some(service) = &self.service {
            people.spawn(weather::blow_at_tunnel(service.clone(), self.ledger.clone(), rng_of()));
        }
        let seller = Seller {
            sim: self.sim.clone(),
            ledger: self.ledger.clone(),
            rng: rng_of(),
            folder: folder.to_owned(),
            door,
        };
        let mut sellers = JoinSet::new();
        sellers.spawn(seller.work());
        for round in 1..=rounds {
            self.ledger.begin_round(round);
            weather::set(&self.sim, &self.ledger, rng);
            if let Some(service) = &self.service {
                weather::set_at_tunnel(service, rng);
            }
            self.round(program, &tell, rng).await?;
            if rng.random() {
                tokio::time::sleep(Duration::from_millis(rng.random_range(0..800))).await;
            }
            self.ledger.note("the program is started");
            program = self.installation.start()?;
        }
        people::send_home(tell, sellers, people).await?;
        self.sim.faults().clear_all();
        if let Some(service) = &self.service {
            service.edge.set(|knobs| *knobs = Knobs::default());
        }
        self.sim.resume().await?;
        self.ledger.note("all is well again");
        program.until_ready(START).await?;
        let outcome = self.come_to_rest(&Door::of(&self.installation.data())?).await?;
        program.end(START).await?;
        Ok(outcome)
    }

    /// Three sellers with some history: short, long talks, more chats than a page of the list.
    fn open(&self) {
        for name in ["Велодвор", "Мастерская"] {
            self.sim.add_account(name);
        }
        let sizes = [(4, 20), (2, 230), (112, 2)];
        for (account, (chats, messages)) in self.sim.accounts().into_iter().zip(sizes) {
            let user = account.user_id;
            for chat in self.sim.fill(user, Fill { chats, messages, days: 90 }) {
                for message in self.sim.chat_messages(user, &chat) {
                    if message.direction == "out" {
                        self.ledger.wrote_on_phone(message.id);
                    }
                }
            }
        }
    }

    async fn connect(&self, door: &Door) -> Result<()> {
        for account in self.sim.accounts() {
            let request = json!({"do": "accountAdd", "clientId": account.client_id,
                "clientSecret": account.client_secret, "apiUrl": self.sim.base_url(), "callsPerMinute": 6000});
            door.ask(&request).await.context("an account could not be connected")?;
        }
        if let Some(service) = &self.service {
            door.ask(&service.set_up()).await.context("the tunnel could not be set up")?;
        }
        Ok(())
    }

    /// The program works for a while and is killed.
    async fn round(
        &self,
        mut program: Program,
        tell: &watch::Sender<Option<Door>>,
        rng: &mut StdRng,
    ) -> Result<()> {
        let looks = self.sim.call_count("getChatsV2");
        let ready = program.ready();
        let data = self.installation.data();
        let open_door = async {
            let mut ready = ready.clone();
            if ready.wait_for(|ready| *ready).await.is_ok() {
                match Door::of(&data) {
                    Ok(door) => drop(tell.send_replace(Some(door))),
                    Err(error) => self.ledger.note(format!("no way to the program: {error}")),
                }
            }
            std::future::pending::<()>().await;
        };
        let moment = Moment::choose(rng);
        let name = {
            let mut soon = ready.clone();
            let ends = program.ended();
            tokio::select! {
                name = moment.come(&self.sim, &mut soon, rng) => name,
                status = ends => bail!("the program ended by itself: {:?}", status?),
                () = open_door => None,
            }
        };
        let name = name.unwrap_or_else(|| match *ready.borrow() {
            false => "while it was starting",
            true if self.sim.call_count("getChatsV2") == looks => "before its first look",
            true => "at any time of its work",
        });
        self.ledger.note(format!("the program is killed {name}"));
        program.kill().await?;
        tell.send_replace(None);
        self.ledger.count(|tally| {
            tally.rounds += 1;
            *tally.kills.entry(name).or_default() += 1;
        });
        Ok(())
    }

    /// Waits until nothing is under way any more, and compares.
    async fn come_to_rest(&self, door: &Door) -> Result<Outcome> {
        let since_ms = now_ms();
        let began = Instant::now();
        let mut at_rest: Option<Instant> = None;
        let mut written: Option<Instant> = None;
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let status = door.status().await?;
            let lines_are_up =
                accounts(&status).iter().all(|one| one["mode"] == "live" || waits_for_an_event(one));
            let due = written
                .is_none_or(|at| at.elapsed() > WORD && accounts(&status).iter().any(waits_for_an_event));
            if lines_are_up && due {
                people::a_word_each(&self.sim, &self.ledger);
                written = Some(Instant::now());
                continue;
            }
            // When all is well every line comes up again; what is written then goes through it.
            let chats = match written.is_some() && is_quiet(&status, since_ms) {
                true => self.compare_all(door).await?,
                false => Vec::new(),
            };
            if chats.is_empty() {
                if began.elapsed() > REST {
                    bail!("the program does not come to rest: {status:#}");
                }
                continue;
            }
            let agreed = chats.iter().all(|chat| chat.findings.differences.is_empty());
            if agreed || at_rest.get_or_insert_with(Instant::now).elapsed() > AGREE {
                return Ok(self.outcome(&chats));
            }
        }
    }

    async fn compare_all(&self, door: &Door) -> Result<Vec<Compared>> {
        let mut all = Vec::new();
        for account in self.sim.accounts() {
            for chat in self.sim.chat_ids(account.user_id) {
                let rows = match door.messages(&chat).await {
                    Ok(rows) => rows,
                    Err(Unanswered::Refused(code)) if code == "notFound" => Vec::new(),
                    Err(other) => return Err(other.into()),
                };
                let messages = self.sim.chat_messages(account.user_id, &chat);
                let sides = Sides {
                    held: messages.into_iter().map(|one| self.held(account.user_id, &chat, one)).collect(),
                    shown: rows.iter().map(shown).collect(),
                    approved: self.ledger.approved_in(&chat),
                };
                let rows = rows.iter().map(line).collect();
                all.push(Compared { user: account.user_id, chat, findings: compare(&sides), rows });
            }
        }
        Ok(all)
    }

    fn held(&self, user: i64, chat: &str, message: SimMessage) -> Held {
        let outgoing = message.direction == "out";
        let words = if message.kind == "image" {
            let bytes = self.sim.uploaded(user, chat, &message.id);
            let name = bytes.and_then(|bytes| people::picture_name(&bytes));
            Words::Picture(name.unwrap_or_else(|| "a buyer's".to_owned()))
        } else {
            Words::Text(message.text.unwrap_or_default())
        };
        let author = match outgoing {
            false => Author::Other,
            true if self.ledger.is_from_phone(&message.id) => Author::Phone,
            true => Author::Program,
        };
        let note = message.kind == "system";
        Held { id: message.id, author, outgoing, created_s: message.created, note, words }
    }

    fn outcome(&self, chats: &[Compared]) -> Outcome {
        let mut tally = self.ledger.tally();
        let mut stories = Vec::new();
        for chat in chats {
            let findings = &chat.findings;
            tally.compared += findings.messages as u64;
            tally.sent += findings.sent as u64;
            tally.parked += findings.parked as u64;
            tally.taken_for_phone += findings.taken_for_phone as u64;
            for difference in &findings.differences {
                match difference.kind {
                    Kind::Lost => tally.lost += 1,
                    Kind::Doubled => tally.doubled += 1,
                    Kind::Wrong => tally.wrong += 1,
                }
                if stories.len() < STORIES {
                    let sources = Sources {
                        sim: &self.sim,
                        ledger: &self.ledger,
                        logs: &self.installation.data().join("logs"),
                        shown: &chat.rows,
                    };
                    stories.push(story::tell(&sources, chat.user, &chat.chat, difference).join("\n"));
                }
            }
        }
        Outcome { tally, stories }
    }

    /// The shop could not be carried to its end: that is a finding, too.
    fn broken(&self, error: &anyhow::Error) -> Outcome {
        let mut tally = self.ledger.tally();
        tally.wrong += 1;
        let mut story = vec![format!("in round {}: {error:#}", self.ledger.round())];
        let entries = self.ledger.entries();
        let last = entries.iter().filter(|entry| entry.chat.is_none()).rev().take(12);
        story.extend(last.map(|entry| format!("  round {}: {}", entry.round, entry.what)));
        let errors = std::fs::read_to_string(self.installation.errors()).unwrap_or_default();
        let tail: Vec<&str> = errors.lines().rev().take(30).collect();
        story.extend(tail.into_iter().rev().map(|line| format!("  program: {line}")));
        Outcome { tally, stories: vec![story.join("\n")] }
    }

    fn count_what_avito_saw(&self, tally: &mut Tally) {
        for delivery in self.sim.deliveries() {
            let what = match delivery.fault.as_deref() {
                Some("lost") => "never made",
                Some("duplicate") => "made twice",
                Some("late") => "late",
                Some("out_of_order") => "out of order",
                _ => "as they should be",
            };
            *tally.deliveries.entry(what).or_default() += 1;
            if delivery.attempt > 0 && delivery.status != Some(200) {
                *tally.deliveries.entry("nobody took").or_default() += 1;
            }
        }
        for (fault, count) in self.sim.faults().struck() {
            *tally.faults.entry(fault).or_default() += count;
        }
        for entry in self.service.iter().flat_map(|service| service.edge.log()) {
            let what = match entry.what {
                What::PassedOn => THROUGH_TUNNEL,
                What::Unanswered => "that broke off in a tunnel",
                What::Swallowed => "swallowed by the tunnel's service",
                What::Doubled => "doubled by the tunnel's service",
                What::AnswerLost => "whose answer the tunnel's service lost",
                What::NotServed => "for an address of the tunnel that nobody held",
                _ => continue,
            };
            *tally.deliveries.entry(what).or_default() += 1;
        }
        tally.calls = self.sim.calls().len() as u64;
    }
}

/// A chat after the comparison.
struct Compared {
    user: i64,
    chat: String,
    findings: Findings,
    rows: Vec<String>,
}

/// What the program says of each account.
fn accounts(status: &Value) -> &[Value] {
    status["accounts"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// An event was missed, and the next one must show that the line works.
fn waits_for_an_event(account: &Value) -> bool {
    account["trouble"]["code"] == "eventsMissing"
}

/// Every account was looked at since and has no trouble, no history is being read, no delivery waits, and what waits in the
/// outbox waits for the seller (which the comparison sees).
fn is_quiet(status: &Value, since_ms: i64) -> bool {
    let accounts = accounts(status);
    let quiet = |account: &Value| {
        account["trouble"].is_null()
            && account["backfill"].is_null()
            && matches!(account["mode"].as_str(), Some("live" | "polling"))
            && account["lastCheckedMs"].as_i64().is_some_and(|checked| checked >= since_ms)
    };
    !accounts.is_empty() && accounts.iter().all(quiet) && status["journalWaiting"] == 0
}

/// A bubble as the comparison needs it.
fn shown(row: &Value) -> Shown {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let state = row["delivery"]["state"].as_str().unwrap_or_default();
    let standing = match (row["avitoId"].as_str(), state) {
        (Some(id), _) => Standing::Message(id.to_owned()),
        (None, "failed") => Standing::Parked(text(&row["delivery"]["code"])),
        (None, other) => Standing::UnderWay(other.to_owned()),
    };
    let words = match row["body"]["kind"].as_str().unwrap_or_default() {
        "text" | "system" => ShownWords::Text(text(&row["body"]["text"])),
        "image" => ShownWords::Picture,
        other => ShownWords::Other(other.to_owned()),
    };
    Shown { standing, reply: control::reply(row), outgoing: row["outgoing"] == true, words }
}

/// A bubble as a story tells it.
fn line(row: &Value) -> String {
    let words = row["body"]["text"].as_str().or(row["body"]["kind"].as_str()).unwrap_or_default();
    let id = row["avitoId"].as_str().unwrap_or("-");
    let sent_s = row["sentMs"].as_i64().unwrap_or_default() / 1000;
    format!("{sent_s} {} {id} {} {words}", row["key"].as_str().unwrap_or_default(), row["delivery"]["state"])
}
