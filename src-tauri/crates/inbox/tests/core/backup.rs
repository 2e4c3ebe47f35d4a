//! Backups of a shop that goes on working, and what becomes of it after a restoring.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use inbox::backup::{self, BackupSecret, Job};
use inbox::control::{Request, client, server};
use inbox::view::{BackupReport, Delivery, ErrorCode, RestoreReport};
use inbox::{Core, CoreConfig, DataFolder, Vault};
use secrecy::SecretString;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::knocks::disk::{Disk, on_a_small_disk};
use crate::support::{Setup, Shop, all_chats, empty_sim, open, text_of, until};

const PHRASE: &str = "кофемолка и самовар";

fn secret() -> Option<BackupSecret> {
    BackupSecret::chosen(&SecretString::from(PHRASE)).ok()
}

/// Restores into a new data folder of a machine without a keychain.
async fn restore(root: &Path, file: &Path) -> RestoreReport {
    let folder = DataFolder::open(root).unwrap();
    let job = Arc::new(Job::new(CancellationToken::new(), |_, _| ()));
    backup::restore(&folder, &Vault::in_memory(), file, secret(), 0, job).await.unwrap()
}

async fn look(root: &Path) -> Core {
    let mut config = CoreConfig::new(&root.join("shop"), Vault::in_memory());
    config.background = false;
    Core::open(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_messages_arrive_holds_everything_up_to_one_moment() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Марина", "номер 0").await;
    let (over, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let buyer = tokio::spawn({
        let (sim, user, avito) = (shop.sim.clone(), shop.seller.user_id, avito.clone());
        let (over, written) = (over.clone(), written.clone());
        async move {
            while !over.load(Ordering::Relaxed) {
                let number = written.fetch_add(1, Ordering::Relaxed) + 1;
                sim.buyer_writes(user, &avito, &format!("номер {number}"));
                tokio::task::yield_now().await;
            }
        }
    });
    shop.until("a stream of messages", async || shop.texts(chat).await.len() > 20).await;
    let place = tempfile::tempdir().unwrap();
    let before = shop.texts(chat).await.len();
    let report: BackupReport = shop.core.create_backup(place.path(), secret()).await.unwrap();
    let during = written.load(Ordering::Relaxed);
    let still = written.load(Ordering::Relaxed);
    until(&shop.core, "messages still arrive", async || written.load(Ordering::Relaxed) > still).await;
    over.store(true, Ordering::Relaxed);
    buyer.await.unwrap();
    assert!(during > before, "nothing was written while the backup was made");
    let root = place.path().join("elsewhere");
    restore(&root, Path::new(&report.path)).await;
    let core = look(&root).await;
    let rows = core.messages(chat, None, 500).await.unwrap().rows;
    let kept = u32::try_from(rows.len()).unwrap();
    assert!(rows.len() >= before.min(500), "what was there before is in the backup");
    assert!(kept == report.messages.min(500), "{kept} of {}", report.messages);
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_sent_after_the_backup_is_not_sent_again_by_the_restored_shop() {
    // Avito takes no reply for a while: it waits while the backup is made.
    let shop = Shop::polling().await;
    let (avito, chat) = shop.chat("Марина", "Продаёте?").await;
    let fault = avito_sim::FaultKind::RateLimited { retry_after: None };
    let fault = shop.sim.faults().set(avito_sim::Fault::new(fault).on_route("postSendMessage"));
    let echo = shop.core.send_text(chat, "Да, продаю").await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let report = shop.core.create_backup(place.path(), secret()).await.unwrap();
    shop.sim.faults().clear(fault);
    let sent = shop.core.wait_sent(echo.outbox.unwrap(), crate::support::PATIENCE).await.unwrap();
    assert!(matches!(sent.delivery, Some(Delivery::Sent | Delivery::Read)), "{sent:?}");
    shop.core.close().await;

    let root = place.path().join("elsewhere");
    restore(&root, Path::new(&report.path)).await;
    let core = open(&root.join("shop"), &shop.setup).await;
    until(&core, "the reply finds its message", async || {
        let rows = core.messages(chat, None, 50).await.unwrap().rows;
        rows.iter().filter(|row| row.outgoing).all(|row| row.id.is_some()) && rows.len() == 2
    })
    .await;
    let rows = core.messages(chat, None, 50).await.unwrap().rows;
    assert_eq!(rows.iter().map(text_of).collect::<Vec<_>>(), ["Продаёте?", "Да, продаю"]);
    assert_eq!(shop.at_avito(&avito), ["Продаёте?", "Да, продаю"], "exactly one message at Avito");
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_program_makes_checks_and_exports_for_the_command_line() {
    let shop = Shop::live().await;
    shop.chat("Марина", "Продаёте?").await;
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(root.path()).unwrap();
    let _control = server::serve(&folder, &shop.core, None).await.unwrap();
    let ask = async |request| client::ask(&folder, &request).await.unwrap();
    let at = |name: &str| root.path().join(name);
    let create =
        |out: PathBuf, secret: Option<&str>| Request::BackupCreate { out, secret: secret.map(str::to_owned) };
    let made = ask(create(at("a.prilavok-backup"), Some(PHRASE))).await.unwrap();
    assert_eq!((&made["messages"], &made["chats"]), (&json!(1), &json!(1)));
    let refused = [
        (create(at("a.prilavok-backup"), Some(PHRASE)), ErrorCode::FileExists),
        (create(at("b.prilavok-backup"), Some("коротко")), ErrorCode::PassphraseTooShort),
        (create(at("b.prilavok-backup"), None), ErrorCode::BackupSecretNeeded),
        (
            Request::BackupVerify {
                file: at("a.prilavok-backup"), secret: Some("не та фраза".into())
            },
            ErrorCode::WrongBackupSecret,
        ),
    ];
    for (request, expected) in refused {
        assert_eq!(ask(request).await.unwrap_err().code, expected);
    }
    assert!(!at("b.prilavok-backup").exists());
    let verify = Request::BackupVerify { file: at("a.prilavok-backup"), secret: Some(PHRASE.into()) };
    assert_eq!(ask(verify).await.unwrap(), made);
    let export = Request::Export {
        out: at("export"),
        format: inbox::view::ExportFormat::Html,
        account: None,
        pictures: false,
    };
    assert_eq!(ask(export).await.unwrap()["messages"], json!(1));
    assert!(std::fs::read_to_string(at("export/chats/1.html")).unwrap().contains("Продаёте?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_shop_goes_on_where_it_was_and_catches_up() {
    let sim = empty_sim().await;
    crate::support::refuse_webhooks(&sim);
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(root.path()).unwrap();
    let setup = Setup::default();
    let core = open(&folder.shop(), &setup).await;
    let seller = sim.accounts().remove(0);
    core.add_account(&crate::support::key(&seller, &sim.base_url())).await.unwrap();
    let write = |text: &str| {
        let chat =
            avito_sim::NewChat {
                buyer_name: "Анна".into(), text: Some(text.into()), ..Default::default()
            };
        sim.add_chat(seller.user_id, chat).unwrap()
    };
    let chats = async |core: &Core| core.list_chats(all_chats()).await.unwrap().rows.len();
    write("до копии");
    until(&core, "the first chat", async || chats(&core).await == 1).await;
    let report = core.create_backup(root.path(), secret()).await.unwrap();
    write("после копии");
    until(&core, "the second chat", async || chats(&core).await == 2).await;
    let staged = core.stage_restore(&folder, Path::new(&report.path), secret()).await.unwrap();
    assert_eq!(chats(&core).await, 2, "the present shop goes on until it is replaced");
    core.close().await;
    let restored = staged.put_in_place().unwrap();
    assert!(Path::new(&restored.set_aside.unwrap()).join("prilavok.db").exists());
    let core = open(&folder.shop(), &setup).await;
    until(&core, "what came after the backup is read again", async || chats(&core).await == 2).await;
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run on a disk of its own by a_disk_that_fills_up_at_any_moment_leaves_no_half_backup_and_is_told"]
async fn on_the_disk() {
    let disk = Disk::here();
    let shop = Shop::live().await;
    shop.chat("Марина", "Продаёте?").await;
    let place = tempfile::tempdir().unwrap();
    disk.fill();
    let mut refused = 0;
    let made = loop {
        let error = match shop.core.create_backup(place.path(), secret()).await {
            Ok(made) => break made,
            Err(error) => error.code(),
        };
        refused += 1;
        // A limit of the process looks like a failing disk.
        assert!(
            matches!(error, ErrorCode::DiskFull | ErrorCode::FileTrouble | ErrorCode::Storage),
            "{error:?}"
        );
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "no half file");
        assert!(!shop.folder.path().join("backup-work").exists(), "no half snapshot");
        disk.free_some();
        assert!(refused < 100, "never enough room");
    };
    assert!(refused > 0, "the disk was never full");
    assert_eq!(shop.core.verify_backup(Path::new(&made.path), secret()).await.unwrap(), made);
}

#[test]
fn a_disk_that_fills_up_at_any_moment_leaves_no_half_backup_and_is_told() {
    on_a_small_disk("backup::on_the_disk");
}
