use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use super::create::drain;
use super::*;
use crate::archive::ArchiveKey;
use crate::clock::Clock;
use crate::error::CoreError;
use crate::folder::DataFolder;
use crate::secrets::Vault;
use crate::store::Store;
use crate::view::{BackupReport, ErrorCode, SecretFallback};
use crate::{Core, CoreConfig};

/// 21 November 2026, noon in Moscow.
const NOW_MS: i64 = 1_795_251_600_000;
const PLANTED: &str = "СОКРОВЕННЫЕ-СЛОВА-ПОКУПАТЕЛЯ";

/// An installation: a data folder with a vault that keeps its key.
struct Home {
    dir: tempfile::TempDir,
    vault: Vault,
    folder: DataFolder,
}

impl Home {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::without_keychain(dir.path());
        vault.choose(SecretFallback::Passphrase, Some("фраза связки".into())).await.unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        Self { dir, vault, folder }
    }

    async fn open(&self) -> Core {
        let mut config = CoreConfig::new(&self.folder.shop(), self.vault.clone());
        config.background = false;
        config.clock = Clock::manual(NOW_MS);
        Core::open(config).await.unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn restore(
        &self,
        file: &Path,
        secret: Option<&str>,
    ) -> Result<crate::view::RestoreReport, CoreError> {
        let secret = secret.map(|words| BackupSecret::typed(&words.into()));
        restore(&self.folder, &self.vault, file, secret, NOW_MS, job()).await
    }

    async fn verify(&self, file: &Path, secret: Option<&str>) -> Result<BackupReport, CoreError> {
        let secret = secret.map(|words| BackupSecret::typed(&words.into()));
        verify(&self.folder, &self.vault, file, secret, job()).await
    }

    /// What a start of the program would find, as names in the data folder.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name.starts_with("shop"));
        names.sort();
        names
    }
}

fn job() -> std::sync::Arc<Job> {
    Job::new(CancellationToken::new(), |_, _| ()).into()
}

/// One account, one chat, messages with these texts, a picture of the chat and one that waits to be sent.
async fn fill(core: &Core, texts: &[&str]) {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    core.inner
        .store
        .write(move |c| {
            c.execute_batch(
                "INSERT OR IGNORE INTO accounts (id, user_id, name, client_id, added_ms) VALUES (1, 77, 'Лавка', 'id', 0);
                 INSERT OR IGNORE INTO chats (id, account, avito_id) VALUES (1, 1, 'u2i-1');
                 INSERT OR IGNORE INTO media (id, account, address, mime, size, fetched_ms)
                   VALUES (5, 1, 'https://img/5', 'image/png', 12, 1);",
            )?;
            for text in texts {
                c.execute(
                    "INSERT INTO messages (account, chat, avito_id, outgoing, sent_s, kind, text, json, source, first_seen_ms)
                     VALUES (1, 1, hex(randomblob(8)), 0, 1700000000, 'text', ?1, '{}', 3, 0)",
                    [text],
                )?;
            }
            Ok(())
        })
        .await
        .unwrap();
    std::fs::write(core.inner.folder.join("media/5"), b"\x89PNG\r\n\x1a\n1234").unwrap();
    std::fs::write(core.inner.folder.join("outbox/ab-1.jpg"), b"on its way").unwrap();
}

async fn texts(core: &Core) -> Vec<String> {
    core.inner
        .store
        .read(|c| {
            let mut statement = c.prepare("SELECT text FROM messages ORDER BY id")?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap()
}

fn code<T>(result: Result<T, CoreError>) -> ErrorCode {
    match result {
        Ok(_) => panic!("it was taken for good"),
        Err(error) => error.code(),
    }
}

/// A backup of a home with some texts, under a passphrase; the home and the file.
async fn backed_up(texts: &[&str], passphrase: &str) -> (Home, PathBuf) {
    let home = Home::new().await;
    let core = home.open().await;
    fill(&core, texts).await;
    let secret = BackupSecret::for_tests(passphrase);
    let report = core.create_backup(&home.file("a.prilavok-backup"), Some(secret)).await.unwrap();
    core.close().await;
    (home, report.path.into())
}

#[tokio::test]
async fn a_backup_comes_back_on_another_machine_under_that_machines_key() {
    let (home, file) = backed_up(&["Продаёте?", "Да"], "кофемолка").await;
    let other = Home::new().await;
    let report = other.restore(&file, Some("кофемолка")).await.unwrap();
    assert_eq!(
        (report.backup.accounts, report.backup.chats, report.backup.messages, report.backup.files),
        (1, 1, 2, 2)
    );
    assert_eq!((report.backup.created_ms, report.set_aside), (NOW_MS, None));
    let core = other.open().await;
    assert_eq!(texts(&core).await, ["Продаёте?", "Да"]);
    let mine = home.open().await;
    assert_ne!(core.inner.store.key(), mine.inner.store.key());
    assert!(core.inner.store.key().is_some(), "a restored archive is encrypted like a new one");
    let shop = other.folder.shop();
    assert_eq!(std::fs::read(shop.join("media/5")).unwrap(), b"\x89PNG\r\n\x1a\n1234");
    assert_eq!(std::fs::read(shop.join("outbox/ab-1.jpg")).unwrap(), b"on its way");
    assert_eq!(other.names(), ["shop"]);
}

#[tokio::test]
async fn without_a_passphrase_the_recovery_code_opens_it_also_long_after_here_and_elsewhere() {
    let home = Home::new().await;
    let core = home.open().await;
    fill(&core, &["Добрый день"]).await;
    let recovery = core.recovery_code().await.unwrap().expose_secret().to_owned();
    let report = core.create_backup(home.dir.path(), None).await.unwrap();
    assert!(report.path.ends_with("prilavok-2026-11-21.prilavok-backup"), "{}", report.path);
    let second = core.create_backup(home.dir.path(), None).await.unwrap();
    assert!(second.path.ends_with("prilavok-2026-11-21-2.prilavok-backup"), "nothing is overwritten");
    assert_eq!(core.verify_backup(Path::new(&report.path), None).await.unwrap(), report);
    let view = core.backup_view().await.unwrap();
    assert_eq!(view.last.unwrap().path, second.path);
    assert!(view.running.is_none() && view.has_recovery_code);
    core.close().await;
    let file = PathBuf::from(&report.path);
    assert_eq!(home.verify(&file, None).await.unwrap(), report);
    let other = Home::new().await;
    assert_eq!(code(other.verify(&file, None).await), ErrorCode::BackupSecretNeeded);
    assert_eq!(code(other.verify(&file, Some("не тот код")).await), ErrorCode::WrongBackupSecret);
    let as_typed = recovery.to_lowercase().replace('-', " ");
    assert_eq!(other.verify(&file, Some(&as_typed)).await.unwrap(), report);
    other.open().await.close().await;
    assert_eq!(code(other.verify(&file, None).await), ErrorCode::WrongBackupSecret);
}

#[tokio::test]
async fn restoring_sets_the_present_data_aside_whole_and_readable() {
    let (home, file) = backed_up(&["Старое"], "кофемолка").await;
    let core = home.open().await;
    fill(&core, &["Новое"]).await;
    core.close().await;
    let report = home.restore(&file, Some("кофемолка")).await.unwrap();
    let core = home.open().await;
    assert_eq!(texts(&core).await, ["Старое"]);
    core.close().await;
    let aside = PathBuf::from(report.set_aside.unwrap());
    assert_eq!(home.names(), ["shop", "shop-set-aside-20261121T090000Z"]);
    // The seller changes his mind: the folder put back is what was there.
    std::fs::rename(home.folder.shop(), home.file("away")).unwrap();
    std::fs::rename(aside, home.folder.shop()).unwrap();
    let core = home.open().await;
    assert_eq!(texts(&core).await, ["Старое", "Новое"]);
    assert!(home.folder.shop().join("media/5").exists());
}

#[tokio::test]
async fn restoring_twice_in_a_second_keeps_both_old_folders() {
    let (home, file) = backed_up(&["Старое"], "кофемолка").await;
    home.restore(&file, Some("кофемолка")).await.unwrap();
    home.restore(&file, Some("кофемолка")).await.unwrap();
    assert_eq!(
        home.names(),
        ["shop", "shop-set-aside-20261121T090000Z", "shop-set-aside-20261121T090000Z-2"]
    );
}

#[tokio::test]
async fn a_restored_reply_that_waited_is_not_sent_by_itself_and_finds_its_message() {
    let home = Home::new().await;
    let core = home.open().await;
    fill(&core, &["Продаёте?"]).await;
    let write = core.inner.store.write(|c| {
        c.execute_batch(
            "INSERT INTO outbox (id, account, chat, created_ms, text, state) VALUES (1, 1, 1, 1, 'Да, продаю', 0);
             INSERT INTO outbox (id, account, chat, created_ms, text, state) VALUES (2, 1, 1, 1, 'Жду', 1);
             INSERT INTO outbox (id, account, chat, created_ms, text, state, code) VALUES (3, 1, 1, 1, 'x', 3, 'forbidden');",
        )?;
        Ok(())
    });
    write.await.unwrap();
    let file = home.file("a.prilavok-backup");
    core.create_backup(&file, Some(BackupSecret::for_tests("кофемолка"))).await.unwrap();
    core.close().await;
    home.restore(&file, Some("кофемолка")).await.unwrap();
    let core = home.open().await;
    let states = core.inner.store.read(|c| {
        let mut statement = c.prepare("SELECT state, code, uncertain, attempt_s FROM outbox ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, Option<i64>>(3)?,
            ))
        })?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    });
    let parked = (3, "unproved".to_owned(), 1, Some(1_700_000_000));
    assert_eq!(states.await.unwrap(), [parked.clone(), parked, (3, "forbidden".to_owned(), 0, None)]);
    // It had been sent after the backup: reading the chat brings it, and the two find each other.
    let claimed = core.inner.store.write(|c| {
        c.execute(
            "INSERT INTO messages (id, account, chat, avito_id, outgoing, sent_s, kind, text, json, source, first_seen_ms)
             VALUES (900, 1, 1, 'm-900', 1, 1700000050, 'text', 'Да, продаю', '{}', 3, 0)",
            [],
        )?;
        let message = crate::store::messages::get(c, crate::ids::MessageId(900))?.unwrap();
        crate::outbox::claim::by_likeness(c, &message)
    });
    assert_eq!(claimed.await.unwrap(), Some(crate::ids::OutboxId(1)));
}

#[tokio::test]
async fn a_kill_at_any_step_of_restoring_leaves_the_old_or_the_new_data() {
    let (home, file) = backed_up(&["Из копии"], "кофемолка").await;
    let core = home.open().await;
    fill(&core, &["Нынешнее"]).await;
    core.close().await;
    let staged = || async {
        let key = crate::archive::key_for_restored(&home.folder.shop(), &home.vault).await.unwrap();
        let secret = vec![BackupSecret::for_tests("кофемолка")];
        stage(&home.folder, &file, secret, key, NOW_MS, job()).await.unwrap()
    };
    let next_start = || async {
        drop(home.folder.lock().unwrap().expect("nobody else has it"));
        let core = home.open().await;
        let found = texts(&core).await;
        core.close().await;
        found
    };
    let restoring = home.file("shop-restoring");

    // Killed while the copy was being unpacked.
    std::mem::forget(staged().await);
    std::fs::remove_file(restoring.join("complete")).unwrap();
    assert_eq!(next_start().await, ["Из копии", "Нынешнее"]);
    assert_eq!(home.names(), ["shop"]);

    // Killed when it was complete, before anything was moved.
    std::mem::forget(staged().await);
    assert_eq!(next_start().await, ["Из копии", "Нынешнее"]);
    assert_eq!(home.names(), ["shop"]);

    // Killed between the two renames.
    std::mem::forget(staged().await);
    std::fs::rename(home.folder.shop(), home.file("shop-set-aside-1")).unwrap();
    assert_eq!(next_start().await, ["Из копии"]);
    assert_eq!(home.names(), ["shop", "shop-set-aside-1"]);
    assert!(!home.folder.shop().join("complete").exists());

    // Killed after both, before the mark was taken away.
    std::fs::write(home.folder.shop().join("complete"), b"").unwrap();
    assert_eq!(next_start().await, ["Из копии"]);
    assert_eq!(home.names(), ["shop", "shop-set-aside-1"]);

    // Killed while making a backup: what it left goes away.
    std::fs::create_dir_all(home.folder.shop().join("backup-work")).unwrap();
    std::fs::write(home.folder.shop().join("backup-work/prilavok.db"), b"half").unwrap();
    next_start().await;
    assert!(!home.folder.shop().join("backup-work").exists());
}

#[tokio::test]
async fn a_bad_file_is_refused_in_its_own_words_and_nothing_is_touched() {
    let (home, file) = backed_up(&["Продаёте?"], "кофемолка").await;
    let good = std::fs::read(&file).unwrap();
    let half = good.get(..good.len() / 2).unwrap().to_vec();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let mut longer = good.clone();
    longer.push(0);
    let cases = [
        ("half", half, ErrorCode::BackupDamaged),
        ("flipped", flipped, ErrorCode::BackupDamaged),
        ("longer", longer, ErrorCode::BackupDamaged),
        ("empty", Vec::new(), ErrorCode::NotABackup),
        ("a text", "Это не копия".as_bytes().to_vec(), ErrorCode::NotABackup),
    ];
    for (name, bytes, expected) in cases {
        let bad = home.file("bad");
        std::fs::write(&bad, bytes).unwrap();
        assert_eq!(code(home.verify(&bad, Some("кофемолка")).await), expected, "{name}");
        assert_eq!(code(home.restore(&bad, Some("кофемолка")).await), expected, "{name}");
    }
    assert_eq!(code(home.restore(&file, Some("самовар")).await), ErrorCode::WrongBackupSecret);
    assert_eq!(code(home.restore(&home.file("none"), Some("самовар")).await), ErrorCode::FileMissing);
    assert_eq!(home.names(), ["shop"]);
    let core = home.open().await;
    assert_eq!(texts(&core).await, ["Продаёте?"]);
}

/// Seals a tar with these entries.
fn sealed(file: &Path, entries: &[(&str, &[u8])]) {
    let sealer =
        seal::Sealer::begin(std::fs::File::create(file).unwrap(), &BackupSecret::for_tests("кофемолка"));
    let mut tar = tar::Builder::new(sealer.unwrap());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        // Names as another program might write them; tar's own way refuses the worst.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
}

#[tokio::test]
async fn what_a_newer_or_another_program_made_is_refused_before_anything_is_unpacked() {
    let home = Home::new().await;
    let file = home.file("x.prilavok-backup");
    let manifest = |format: u32, schema: i64| {
        serde_json::to_vec(&serde_json::json!({
            "format": format, "program": "9.0.0", "createdMs": 1, "schema": schema, "databaseKey": "x", "tables": {}
        }))
        .unwrap()
    };
    let schema = crate::store::newest_schema();
    sealed(&file, &[("manifest.json", &manifest(2, schema)), ("shape.cbor", b"?")]);
    assert_eq!(code(home.verify(&file, Some("кофемолка")).await), ErrorCode::NewerBackup);
    sealed(&file, &[("manifest.json", &manifest(1, schema + 1))]);
    assert_eq!(code(home.restore(&file, Some("кофемолка")).await), ErrorCode::NewerBackup);
    sealed(&file, &[("holiday.jpg", b"?")]);
    assert_eq!(code(home.verify(&file, Some("кофемолка")).await), ErrorCode::NotABackup);
    let outside = home.file("outside");
    sealed(&file, &[("manifest.json", &manifest(1, schema)), ("media/../../outside", b"?")]);
    assert_eq!(code(home.restore(&file, Some("кофемолка")).await), ErrorCode::BackupDamaged);
    assert!(!outside.exists() && home.names().is_empty());
    // Entries that do not fit the sums.
    sealed(
        &file,
        &[("manifest.json", &manifest(1, schema)), ("prilavok.db", b"?"), ("checksums.json", b"{}")],
    );
    assert_eq!(code(home.verify(&file, Some("кофемолка")).await), ErrorCode::BackupDamaged);
}

/// A backup whose database is changed before it is sealed, everything else being right.
async fn with_changed_database(home: &Home, file: &Path, change: impl FnOnce(&rusqlite::Connection)) {
    let core = home.open().await;
    fill(&core, &["Старое"]).await;
    core.close().await;
    let key = core.inner.store.key();
    let database = rusqlite::Connection::open(home.folder.shop().join("prilavok.db")).unwrap();
    crate::store::unlock(&database, key.as_ref()).unwrap();
    change(&database);
    drop(database);
    let source = Source { shop: home.folder.shop(), key, program: "0".into(), now_ms: NOW_MS };
    create(&source, file, &BackupSecret::for_tests("кофемолка"), &job()).unwrap();
}

#[tokio::test]
async fn a_backup_of_an_older_schema_is_brought_up_to_date_before_it_takes_its_place() {
    let home = Home::new().await;
    let file = home.file("old.prilavok-backup");
    with_changed_database(&home, &file, |c| {
        // The first schema is the oldest there is: an empty database that becomes it has version 0.
        let tables: Vec<String> = {
            let mut names = c
                .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                .unwrap();
            names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        c.pragma_update(None, "foreign_keys", false).unwrap();
        for table in tables {
            c.execute_batch(&format!("DROP TABLE IF EXISTS \"{table}\"")).unwrap();
        }
        drain(c, "PRAGMA user_version = 0").unwrap();
    })
    .await;
    let other = Home::new().await;
    let report = other.restore(&file, Some("кофемолка")).await.unwrap();
    assert_eq!(report.backup.messages, 0);
    let store = Store::open(
        &other.folder.shop().join("prilavok.db"),
        crate::archive::kept_keys(&other.vault).await.pop(),
    );
    let store = store.unwrap();
    let version = store.read(|c| Ok(c.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?));
    assert_eq!(version.await.unwrap(), crate::store::newest_schema());
}

#[tokio::test]
async fn a_present_archive_that_cannot_be_read_does_not_hinder_restoring_and_is_kept() {
    let (home, file) = backed_up(&["Из копии"], "кофемолка").await;
    let database = home.folder.shop().join("prilavok.db");
    std::fs::write(&database, vec![7; 9000]).unwrap();
    let report = home.restore(&file, Some("кофемолка")).await.unwrap();
    let aside = PathBuf::from(report.set_aside.unwrap());
    assert_eq!(std::fs::read(aside.join("prilavok.db")).unwrap(), vec![7; 9000]);
    let core = home.open().await;
    assert_eq!(texts(&core).await, ["Из копии"]);
}

/// Every file under a folder that holds these bytes.
fn files_with(folder: &Path, needle: &[u8], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_with(&path, needle, found);
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(needle.len()).any(|window| window == needle)
        {
            found.push(path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_readable_word_is_on_the_disk_while_a_backup_is_made_checked_and_restored() {
    let home = std::sync::Arc::new(Home::new().await);
    let core = home.open().await;
    let many: Vec<String> = (0..4000).map(|number| format!("{PLANTED} {number}")).collect();
    fill(&core, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let over = std::sync::Arc::new(AtomicBool::new(false));
    let scan = {
        let (home, over) = (home.clone(), over.clone());
        std::thread::spawn(move || {
            let (mut found, mut rounds) = (Vec::new(), 0);
            while !over.load(Ordering::Relaxed) {
                files_with(home.dir.path(), PLANTED.as_bytes(), &mut found);
                rounds += 1;
            }
            (found, rounds)
        })
    };
    let file = home.file("a.prilavok-backup");
    core.create_backup(&file, None).await.unwrap();
    core.verify_backup(&file, None).await.unwrap();
    core.stage_restore(&home.folder, &file, None).await.unwrap().put_in_place().unwrap();
    over.store(true, Ordering::Relaxed);
    let (found, rounds) = scan.join().unwrap();
    assert!(found.is_empty(), "{found:?}");
    assert!(rounds > 1, "the scan saw nothing of it");
    core.close().await;
    // The scan can fail: the words are there to be found once the file is opened.
    assert_eq!(texts(&home.open().await).await.len(), 4000);
}

#[tokio::test]
async fn what_is_restored_is_under_the_archives_key_because_nobody_changes_that_meanwhile() {
    let home = Home::new().await;
    let core = home.open().await;
    fill(&core, &["Продаёте?"]).await;
    let file = home.file("a.prilavok-backup");
    core.create_backup(&file, Some(BackupSecret::for_tests("кофемолка"))).await.unwrap();
    let secret = || Some(BackupSecret::for_tests("кофемолка"));

    let staged = core.stage_restore(&home.folder, &file, secret()).await.unwrap();
    assert_eq!(code(core.rekey_archive().await), ErrorCode::Busy);
    drop(staged);
    core.rekey_archive().await.unwrap();
    let staged = core.stage_restore(&home.folder, &file, secret()).await.unwrap();
    core.close().await;
    staged.put_in_place().unwrap();
    assert_eq!(texts(&home.open().await).await, ["Продаёте?"]);
}

#[tokio::test]
async fn a_stopped_or_failed_backup_leaves_nothing_and_another_can_be_made() {
    let home = Home::new().await;
    let core = home.open().await;
    fill(&core, &["Продаёте?"]).await;
    let file = home.file("a.prilavok-backup");
    let running = core.begin(crate::view::LongWork::Export).unwrap();
    assert_eq!(code(core.create_backup(&file, None).await), ErrorCode::Busy);
    core.stop_long_work();
    assert!(matches!(running.job.advance(1), Err(BackupError::Cancelled)));
    drop(running);
    let source =
        Source { shop: home.folder.shop(), key: core.inner.store.key(), program: "0".into(), now_ms: NOW_MS };
    let secret = BackupSecret::for_tests("кофемолка");
    // Stopped after every number of steps there are, until it comes to its end.
    let mut steps = 0;
    loop {
        let stop = CancellationToken::new();
        let (stopper, left) = (stop.clone(), std::sync::atomic::AtomicI64::new(steps));
        let job: std::sync::Arc<Job> = Job::new(stop, move |_, _| {
            if left.fetch_sub(1, Ordering::Relaxed) == 0 {
                stopper.cancel();
            }
        })
        .into();
        match create(&source, &file, &secret, &job) {
            Err(BackupError::Cancelled) => {}
            Ok(_) => break,
            Err(error) => panic!("{error}"),
        }
        assert!(!file.exists() && !home.file("a.prilavok-backup.part").exists(), "after {steps} steps");
        assert!(!home.folder.shop().join("backup-work").exists());
        steps += 1;
    }
    assert!(steps > 2, "it was never stopped");
    assert_eq!(code(core.create_backup(&file, Some(secret)).await), ErrorCode::FileExists);
    let nowhere = home.file("no such folder/a.prilavok-backup");
    assert_eq!(code(core.create_backup(&nowhere, None).await), ErrorCode::FileMissing);
}

#[test]
fn a_full_disk_is_told_wherever_it_is_noticed() {
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    assert!(matches!(BackupError::from(full()), BackupError::DiskFull));
    assert!(matches!(BackupError::from(io::Error::other(full())), BackupError::DiskFull));
    let sqlite = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None);
    assert!(matches!(BackupError::from(sqlite), BackupError::DiskFull));
}

#[test]
fn a_new_backup_is_not_sealed_with_a_short_passphrase() {
    let chosen = |words: &str| BackupSecret::chosen(&SecretString::from(words)).is_ok();
    assert!(!chosen("1234567") && !chosen("   1234   ") && chosen("12345678") && chosen("кофейник"));
    let code = ArchiveKey::generate().recovery_code();
    assert!(BackupSecret::chosen(&code).is_ok());
}
