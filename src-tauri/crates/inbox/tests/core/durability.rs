//! What survives when the program is killed. A child process runs the core; we kill it and open its folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use avito_sim::{Fault, FaultKind, SellerAccount, Sim};
use inbox::view::{Mode, TroubleCode};
use inbox::{Alert, Core, CoreError, Vault};
use secrecy::SecretString;

use crate::support::{PATIENCE, Setup, Shop, empty_sim, is_sent, key, open, until, view};

const FOLDER: &str = "INBOX_TEST_FOLDER";

pub(crate) struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(folder: &Path, sim: &Sim, seller: &SellerAccount) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "durability::the_program", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env("INBOX_TEST_API", sim.base_url())
            .env("INBOX_TEST_ID", &seller.client_id)
            .env("INBOX_TEST_SECRET", &seller.client_secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut program = Self { child, input, output };
        program.wait_for("READY");
        program
    }

    fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if line.trim_end().ends_with(word) {
                return;
            }
            line.clear();
        }
        panic!("the program ended before it said {word}");
    }

    fn send(&mut self, chat: &str, text: &str) {
        writeln!(self.input, "{chat}\t{text}").unwrap();
        self.wait_for("QUEUED");
    }

    /// SIGKILL: no destructor runs, nothing is flushed.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
#[ignore = "run as a process of its own by Program::start, for the tests that kill it"]
fn the_program() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let core = runtime.block_on(async {
        let core = open(Path::new(&folder), &Setup::default()).await;
        let seller = SellerAccount {
            client_id: variable("INBOX_TEST_ID"),
            client_secret: variable("INBOX_TEST_SECRET"),
            user_id: 0,
            name: String::new(),
        };
        let account = core.add_account(&key(&seller, &variable("INBOX_TEST_API"))).await.unwrap().id;
        until(&core, "live", async || view(&core, account).await.mode == Mode::Live).await;
        core
    });
    println!("READY");
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (chat, text) = line.split_once('\t').unwrap();
        runtime.block_on(async {
            until(&core, "the chat", async || core.find_chat(None, chat).await.is_ok()).await;
            core.send_text(core.find_chat(None, chat).await.unwrap(), text).await.unwrap();
        });
        println!("QUEUED");
    }
}

/// Opens the killed program's folder; with the secret it goes on working, without it only reads.
async fn reopen(
    folder: Arc<tempfile::TempDir>,
    sim: &Sim,
    seller: &SellerAccount,
    with_secret: bool,
) -> Shop {
    let vault = Vault::in_memory();
    if with_secret {
        let secret = SecretString::from(seller.client_secret.clone());
        vault.set("account-1/client-secret", secret).await.unwrap();
    }
    let setup = Setup { vault, ..Setup::default() };
    let core: Core = open(folder.path(), &setup).await;
    let account = core.account_views().await.unwrap()[0].id;
    let alerts = core.alerts().unwrap();
    Shop { sim: sim.clone(), seller: seller.clone(), core, account, alerts, setup, folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_01_a_delivery_answered_200_is_in_the_store_after_a_kill() {
    for round in 0..3 {
        let sim = empty_sim().await;
        let seller = sim.accounts().remove(0);
        let user = seller.user_id;
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let program = Program::start(folder.path(), &sim, &seller);
        let chat = sim.add_chat(user, avito_sim::NewChat::default()).unwrap();
        // A burst; the kill comes in the middle of it, right after some delivery was answered.
        let killed_after = 1 + round * 20;
        for number in 0..60 {
            sim.buyer_writes(user, &chat, &number.to_string());
        }
        let accepted =
            |sim: &Sim| sim.deliveries().into_iter().filter(|d| d.status == Some(200)).collect::<Vec<_>>();
        assert!(sim.until(PATIENCE, |sim| accepted(sim).len() >= killed_after).await);
        program.kill();
        let accepted = accepted(&sim);
        // Without the secret nothing can be asked: all that is there was delivered.
        let mut shop = reopen(folder, &sim, &seller, false).await;
        assert_eq!(shop.view().await.trouble.unwrap().code, TroubleCode::SecretMissing);
        let id = shop.find(&chat).await;
        shop.until("every accepted delivery", async || {
            let here: Vec<String> =
                shop.thread(id).await.into_iter().filter_map(|row| row.avito_id).collect();
            accepted.iter().all(|delivery| here.contains(&delivery.message_id))
        })
        .await;
        // What the killed program had not told is told now, if anything was left.
        if let Ok(alert) = shop.alerts.try_recv() {
            assert!(matches!(alert, Alert::Message { chat, .. } if chat == id));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_left_in_the_journal_alerts_at_the_next_start() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    shop.core.close().await;
    // As a kill between the answer and the taking in leaves it.
    let body = serde_json::json!({"id": "e", "payload": {"type": "message", "value": {
        "id": "left", "chat_id": avito, "user_id": shop.seller.user_id, "author_id": 7, "created": shop.sim.now(),
        "type": "text", "content": {"text": "не забудьте"}}}});
    let db = rusqlite::Connection::open(shop.folder.path().join("prilavok.db")).unwrap();
    db.execute(
        "INSERT INTO events (account, received_ms, body, size) VALUES (?1, ?2, ?3, 1)",
        (shop.account.0, shop.sim.now() * 1000, body.to_string().into_bytes()),
    )
    .unwrap();
    drop(db);
    let mut shop = shop.reopen().await;
    shop.until("taken in", async || shop.texts(chat).await.contains(&"не забудьте".to_owned())).await;
    let Alert::Message { preview: Some(preview), .. } = shop.next_alert().await else { panic!("no alert") };
    assert_eq!(preview.text, "не забудьте");
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_a_kill_at_any_point_of_a_sending_ends_in_one_message() {
    let (before, after) = (
        FaultKind::Slow { millis: 3_600_000, processed: false },
        FaultKind::Slow { millis: 3_600_000, processed: true },
    );
    // Killed before Avito took it, after it took it (the answer never came), and after everything.
    for (name, fault, taken) in
        [("before", Some(before), false), ("after", Some(after), true), ("done", None, true)]
    {
        let sim = empty_sim().await;
        let seller = sim.accounts().remove(0);
        let user = seller.user_id;
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut program = Program::start(folder.path(), &sim, &seller);
        let new = avito_sim::NewChat {
            text: Some("Здравствуйте".into()), ..avito_sim::NewChat::default()
        };
        let chat = sim.add_chat(user, new).unwrap();
        // Without the echo the program cannot know before it is killed.
        sim.faults().set(Fault::new(FaultKind::EchoOff));
        if let Some(fault) = fault {
            sim.faults().set(Fault::new(fault).on_route("postSendMessage").times(1));
        }
        program.send(&chat, "Да, продаётся");
        let begun = |sim: &Sim| {
            if taken {
                sim.posted_count("Да, продаётся") == 1
            } else {
                sim.faults().active().len() == 1
            }
        };
        assert!(sim.until(PATIENCE, begun).await || begun(&sim), "{name}");
        program.kill();
        let shop = reopen(folder, &sim, &seller, true).await;
        shop.until("settled", async || shop.view().await.outbox_waiting == 0).await;
        assert_eq!(sim.posted_count("Да, продаётся"), 1, "{name}");
        let id = shop.find(&chat).await;
        shop.until("seen once", async || shop.texts(id).await == ["Здравствуйте", "Да, продаётся"]).await;
        assert!(is_sent(shop.thread(id).await.last().unwrap()), "{name}");
        shop.core.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_10_a_newer_database_is_refused_and_left_as_it_is() {
    let shop = Shop::live().await;
    shop.chat("Анна", "Здравствуйте").await;
    shop.core.close().await;
    let path = shop.folder.path().join("prilavok.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 999).unwrap();
    db.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    let config = inbox::CoreConfig::new(shop.folder.path(), Vault::in_memory());
    let error = Core::open(config).await.err().unwrap();
    assert!(matches!(error, CoreError::Store(inbox::StoreError::Newer { found: 999, .. })), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
