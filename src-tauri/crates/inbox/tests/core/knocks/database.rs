//! A database that another program locks, that is torn, or whose log is gone.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use avito_sim::{SellerAccount, Sim};
use inbox::view::{ErrorCode, TroubleCode};
use inbox::{Clock, Core, Vault};
use secrecy::SecretString;

use super::try_open;
use crate::durability::Program;
use crate::support::{Setup, Shop, all_chats, empty_sim, key, open, until, view};

const LOCK: &str = "INBOX_KNOCKS_LOCK";
/// Bytes of a database page.
const PAGE: usize = 4096;

/// Another program that keeps the database locked.
struct Locker {
    child: Child,
    // As long as somebody reads what it prints it can print.
    _output: BufReader<ChildStdout>,
}

impl Locker {
    fn start(path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "knocks::database::the_locker", "--ignored", "--nocapture"])
            .env(LOCK, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        assert!(output.by_ref().lines().any(|line| line.unwrap().ends_with("LOCKED")));
        Self { child, _output: output }
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
#[ignore = "run as a process of its own by Locker::start, for the tests of a locked database"]
fn the_locker() {
    let Ok(path) = std::env::var(LOCK) else { return };
    let db = rusqlite::Connection::open(path).unwrap();
    db.busy_timeout(crate::support::PATIENCE).unwrap();
    db.execute_batch("BEGIN EXCLUSIVE").unwrap();
    println!("LOCKED");
    // Until the test closes our input.
    std::io::stdin().lines().for_each(drop);
    db.execute_batch("ROLLBACK").unwrap();
}

fn database(shop: &Shop) -> PathBuf {
    shop.folder.path().join("prilavok.db")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_locked_for_long_by_another_program_loses_nothing_and_keeps_avito_waiting_for_nothing() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    let locker = Locker::start(&database(&shop));
    shop.sim.shift_clock(1);
    shop.buyer_writes(&avito, "пока занято");
    // The stand-in gives up after Avito's two seconds: a status means that the answer came in time.
    shop.until_avito("the delivery is refused in time", |sim| {
        sim.deliveries().iter().any(|delivery| delivery.status == Some(503))
    })
    .await;
    shop.until("the seller is told", async || {
        shop.view().await.trouble.is_some_and(|trouble| trouble.code == TroubleCode::ArchiveBusy)
    })
    .await;
    assert_eq!(shop.core.send_text(chat, "ответ").await.unwrap_err().code(), ErrorCode::ArchiveBusy);
    assert_eq!(shop.list().await.len(), 1, "reading goes on");
    locker.end();
    shop.until("well again", async || shop.view().await.trouble.is_none()).await;
    shop.until("nothing is lost", async || shop.texts(chat).await == ["Здравствуйте", "пока занято"]).await;
    shop.send(chat, "ответ").await;
    assert_eq!(shop.sim.posted_count("ответ"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_locked_for_a_moment_only_makes_a_reply_wait() {
    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    let locker = Locker::start(&database(&shop));
    let core = shop.core.clone();
    let sending = tokio::spawn(async move { core.send_text(chat, "ответ").await });
    // It waits for the writer, which waits for the lock.
    shop.core.account_views().await.unwrap();
    assert!(!sending.is_finished());
    locker.end();
    let echo = sending.await.unwrap().unwrap();
    shop.core.wait_sent(echo.outbox.unwrap(), crate::support::PATIENCE).await.unwrap();
    assert_eq!(shop.sim.posted_count("ответ"), 1);
    assert!(shop.view().await.trouble.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_locked_at_the_start_is_told_as_such_and_opens_later() {
    let shop = Shop::live().await;
    shop.chat("Анна", "Здравствуйте").await;
    shop.core.close().await;
    let locker = Locker::start(&database(&shop));
    assert_eq!(try_open(shop.folder.path(), &shop.setup).await.err(), Some(ErrorCode::ArchiveBusy));
    locker.end();
    let core = try_open(shop.folder.path(), &shop.setup).await.unwrap();
    assert_eq!(core.list_chats(all_chats()).await.unwrap().rows.len(), 1);
}

/// A shop whose program was killed.
struct Killed {
    sim: Sim,
    seller: SellerAccount,
    folder: Arc<tempfile::TempDir>,
    chats: Vec<String>,
}

impl Killed {
    async fn new() -> Self {
        let sim = empty_sim().await;
        let seller = sim.accounts().remove(0);
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let chat = |number: usize| {
            let text = format!("сообщение {number}: {}", "длинный текст ".repeat(20));
            let new = avito_sim::NewChat { text: Some(text), ..avito_sim::NewChat::default() };
            sim.add_chat(seller.user_id, new).unwrap()
        };
        let chats: Vec<String> = (0..60).map(chat).collect();
        // Most of it lies in the file itself, the newest in its log.
        let core = open(folder.path(), &Setup::default()).await;
        core.add_account(&key(&seller, &sim.base_url())).await.unwrap();
        until(&core, "all is read", async || {
            core.list_chats(all_chats()).await.unwrap().rows.len() == 60
                && core.account_views().await.unwrap()[0].backfill.is_none()
        })
        .await;
        let account = core.account_views().await.unwrap()[0].id;
        core.remove_account(account, true).await.unwrap();
        core.close().await;
        Program::start(folder.path(), &sim, &seller).kill();
        Self { sim, seller, folder, chats }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("prilavok.db")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("prilavok.db-wal")
    }

    async fn setup(&self) -> Setup {
        let vault = Vault::in_memory();
        let secret = SecretString::from(self.seller.client_secret.clone());
        vault.set("account-1/client-secret", secret).await.unwrap();
        Setup { vault, ..Setup::default() }
    }

    async fn try_open(&self) -> Result<Core, ErrorCode> {
        try_open(self.folder.path(), &self.setup().await).await
    }

    /// Where a table's first page lies, bytes.
    fn page_of(&self, table: &str) -> std::ops::Range<usize> {
        let copy = tempfile::tempdir().unwrap();
        fs::copy(self.path(), copy.path().join("copy.db")).unwrap();
        let db = rusqlite::Connection::open(copy.path().join("copy.db")).unwrap();
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let page = usize::try_from(db.query_row(sql, [table], |row| row.get::<_, i64>(0)).unwrap()).unwrap();
        (page - 1) * PAGE..page * PAGE
    }

    fn tear(&self, range: std::ops::Range<usize>) {
        let mut bytes = fs::read(self.path()).unwrap();
        bytes[range].fill(0xA5);
        fs::write(self.path(), bytes).unwrap();
    }

    /// Sets the archive aside and waits until the new one has everything from Avito.
    async fn set_aside_and_read_again(&self, accounts: u32) {
        let (before, setup) = (fs::read(self.path()).unwrap(), self.setup().await);
        let aside =
            inbox::set_aside(self.folder.path(), &setup.vault, Clock::system().now_ms()).await.unwrap();
        assert_eq!(fs::read(Path::new(&aside.folder).join("prilavok.db")).unwrap(), before, "it was changed");
        assert_eq!(aside.accounts, accounts);
        let core = open(self.folder.path(), &setup).await;
        if accounts == 0 {
            core.add_account(&key(&self.seller, &self.sim.base_url())).await.unwrap();
        }
        until(&core, "all is read again", async || {
            let mut whole = core.list_chats(all_chats()).await.unwrap().rows.len() == self.chats.len();
            for chat in &self.chats {
                whole = whole
                    && match core.find_chat(None, chat).await {
                        Ok(id) => core.messages(id, None, 5).await.unwrap().rows.len() == 1,
                        Err(_) => false,
                    };
            }
            whole
        })
        .await;
        core.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_page_is_found_after_a_kill_told_and_never_written_over() {
    let killed = Killed::new().await;
    killed.tear(killed.page_of("messages"));
    if let Ok(core) = killed.try_open().await {
        let account = core.account_views().await.unwrap()[0].id;
        until(&core, "the seller is told", async || {
            let trouble = view(&core, account).await.trouble;
            trouble.is_some_and(|t| t.code == TroubleCode::ArchiveDamaged && t.retry_at_ms.is_none())
        })
        .await;
        core.close().await;
    }
    killed.set_aside_and_read_again(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_first_page_is_told_at_the_start_and_the_file_stays_as_it_is() {
    let killed = Killed::new().await;
    fs::remove_file(killed.log()).unwrap();
    fs::remove_file(killed.folder.path().join("prilavok.db-open")).unwrap();
    killed.tear(0..PAGE);
    let before = fs::read(killed.path()).unwrap();
    assert_eq!(killed.try_open().await.err(), Some(ErrorCode::ArchiveDamaged));
    assert_eq!(fs::read(killed.path()).unwrap(), before);
    killed.set_aside_and_read_again(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_03_an_archive_whose_log_is_gone_after_a_kill_is_not_opened() {
    let killed = Killed::new().await;
    let kept = killed.folder.path().join("kept");
    fs::rename(killed.log(), &kept).unwrap();
    let before = fs::read(killed.path()).unwrap();
    for _ in 0..2 {
        assert_eq!(killed.try_open().await.err(), Some(ErrorCode::ArchiveDamaged));
        assert_eq!(fs::read(killed.path()).unwrap(), before);
    }
    // Found again, it is as if nothing had happened.
    fs::rename(&kept, killed.log()).unwrap();
    let core = killed.try_open().await.unwrap();
    assert_eq!(core.list_chats(all_chats()).await.unwrap().rows.len(), 60);
    core.close().await;
    // And after an orderly end there is no log to miss.
    killed.try_open().await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_whose_file_is_gone_or_empty_after_a_kill_is_not_made_anew() {
    let killed = Killed::new().await;
    let whole = fs::read(killed.path()).unwrap();
    let log = fs::read(killed.log()).unwrap();
    fs::write(killed.path(), []).unwrap();
    assert_eq!(killed.try_open().await.err(), Some(ErrorCode::ArchiveDamaged));
    fs::remove_file(killed.path()).unwrap();
    assert_eq!(killed.try_open().await.err(), Some(ErrorCode::ArchiveDamaged));
    assert!(!killed.path().exists());
    assert_eq!(fs::read(killed.log()).unwrap(), log);
    fs::write(killed.path(), whole).unwrap();
    assert!(killed.try_open().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_damaged_archives_are_set_aside_side_by_side() {
    let killed = Killed::new().await;
    let setup = killed.setup().await;
    let now_ms = Clock::system().now_ms();
    let first = inbox::set_aside(killed.folder.path(), &setup.vault, now_ms).await.unwrap();
    let second = inbox::set_aside(killed.folder.path(), &setup.vault, now_ms).await.unwrap();
    assert_ne!(first.folder, second.folder);
    assert_eq!((first.accounts, second.accounts), (1, 1), "the account goes along");
    for aside in [first, second] {
        assert!(Path::new(&aside.folder).join("prilavok.db").exists());
    }
}
