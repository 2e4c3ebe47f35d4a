use futures_util::FutureExt as _;

use super::*;
use crate::view::SecretFallback;

struct Folder {
    dir: tempfile::TempDir,
    vault: Vault,
}

/// A folder with a vault that can keep secrets over starts.
async fn folder() -> Folder {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::without_keychain(dir.path());
    vault.choose(SecretFallback::Passphrase, Some("фраза".into())).await.unwrap();
    Folder { dir, vault }
}

impl Folder {
    fn shop(&self) -> &Path {
        self.dir.path()
    }

    fn path(&self) -> PathBuf {
        self.shop().join("prilavok.db")
    }

    async fn open(&self) -> Result<Store, CoreError> {
        Ok(open(self.shop(), &self.vault, None).await?.store)
    }

    async fn open_with(&self, code: &str) -> Result<Store, CoreError> {
        Ok(open(self.shop(), &self.vault, Some(&code.into())).await?.store)
    }

    /// Writes some words the archive is asked for later.
    async fn fill(&self, store: &Store) {
        store.write(|c| settings::set(c, "words", &"кофемолка")).await.unwrap();
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    fn is_encrypted(&self) -> bool {
        form(&self.path()).unwrap() == Form::Encrypted
    }
}

async fn words(store: &Store) -> Option<String> {
    store.read(|c| settings::get(c, "words")).await.unwrap()
}

fn code(store: &Store) -> String {
    store.key().unwrap().recovery_code().expose_secret().to_owned()
}

fn error_code<T>(result: Result<T, CoreError>) -> ErrorCode {
    result.map(|_| ()).unwrap_err().code()
}

/// A plain archive with some words, as a machine without a keychain leaves it.
async fn plain() -> Folder {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder { vault: Vault::without_keychain(dir.path()), dir };
    let store = folder.open().await.unwrap();
    folder.fill(&store).await;
    store.close().await;
    assert_eq!(form(&folder.path()).unwrap(), Form::Plain);
    folder
}

#[tokio::test]
async fn a_new_archive_is_ciphertext_from_its_first_byte_and_opens_with_the_key_in_the_vault() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    folder.fill(&store).await;
    store.close().await;
    let bytes = folder.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("SQLite format") && !text.contains("кофемолка") && !text.contains("CREATE TABLE"));
    let again = folder.open().await.unwrap();
    assert_eq!(words(&again).await.as_deref(), Some("кофемолка"));
}

#[tokio::test]
async fn a_lost_key_leaves_the_file_as_it_is_and_the_recovery_code_opens_it_again() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    folder.fill(&store).await;
    let code = code(&store);
    store.close().await;
    folder.vault.delete(KEY).await.unwrap();
    let before = folder.bytes();

    assert_eq!(error_code(folder.open().await), ErrorCode::ArchiveKeyMissing);
    let other = ArchiveKey::generate().recovery_code();
    assert_eq!(error_code(folder.open_with(other.expose_secret()).await), ErrorCode::WrongRecoveryCode);
    assert_eq!(error_code(folder.open_with("ABCD-EFGH").await), ErrorCode::BadRecoveryCode);
    assert!(folder.bytes() == before, "the file must not be touched");
    assert!(folder.vault.get(KEY).await.unwrap().is_none(), "a wrong code must not be kept");

    let store = folder.open_with(&code).await.unwrap();
    assert_eq!(words(&store).await.as_deref(), Some("кофемолка"));
    store.close().await;
    assert!(folder.open().await.is_ok(), "the key is in the vault again");
}

#[tokio::test]
async fn a_wrong_key_in_the_vault_asks_for_the_recovery_code_and_makes_nothing_new() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    folder.fill(&store).await;
    store.close().await;
    folder.vault.set(KEY, ArchiveKey::generate().recovery_code()).await.unwrap();
    let before = folder.bytes();
    assert_eq!(error_code(folder.open().await), ErrorCode::ArchiveKeyMissing);
    assert!(folder.bytes() == before);
}

#[tokio::test]
async fn a_damaged_first_page_is_told_from_a_wrong_key() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    folder.fill(&store).await;
    store.close().await;
    let mut bytes = folder.bytes();
    bytes[200..232].fill(0);
    fs::write(folder.path(), &bytes).unwrap();
    assert_eq!(error_code(folder.open().await), ErrorCode::ArchiveDamaged);
    fs::write(folder.path(), b"stump").unwrap();
    assert_eq!(error_code(folder.open().await), ErrorCode::ArchiveDamaged);
    assert_eq!(folder.bytes(), b"stump");
}

#[tokio::test]
async fn a_locked_vault_is_told_as_such() {
    let folder = folder().await;
    folder.open().await.unwrap().close().await;
    let locked = Vault::without_keychain(folder.shop());
    assert_eq!(error_code(open(folder.shop(), &locked, None).await), ErrorCode::KeychainLocked);
}

#[tokio::test]
async fn a_small_plain_archive_is_encrypted_while_it_is_opened() {
    let mut folder = plain().await;
    folder.vault.choose(SecretFallback::Passphrase, Some("фраза".into())).await.unwrap();
    let store = folder.open().await.unwrap();
    assert!(store.key().is_some() && folder.is_encrypted());
    assert_eq!(words(&store).await.as_deref(), Some("кофемолка"));
    store.close().await;
    assert!(!String::from_utf8_lossy(&folder.bytes()).contains("кофемолка"));
    folder.vault = Vault::without_keychain(folder.shop());
    folder.vault.unlock("фраза".into()).await.unwrap();
    assert_eq!(words(&folder.open().await.unwrap()).await.as_deref(), Some("кофемолка"));
}

#[tokio::test]
async fn a_change_of_key_keeps_every_row_and_the_store_goes_on() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    folder.fill(&store).await;
    for i in 0..500 {
        store.write(move |c| settings::set(c, &format!("row {i}"), &i)).await.unwrap();
    }
    let sequence = "INSERT INTO accounts (user_id, client_id, added_ms) VALUES (1, 'x', 0)";
    store.write(move |c| Ok(c.execute_batch(sequence)?)).await.unwrap();
    store.write(|c| Ok(c.execute_batch("DELETE FROM accounts")?)).await.unwrap();
    let old = code(&store);
    let key = keep_new(&folder.vault, NEXT_KEY).await.unwrap().unwrap();

    let writing = {
        let store = store.clone();
        async move {
            for i in 0..50 {
                store.write(move |c| settings::set(c, &format!("meanwhile {i}"), &i)).await.unwrap();
            }
        }
    };
    let (rekeyed, ()) = tokio::join!(store.rekey(key.clone()), writing);
    rekeyed.unwrap();
    assert_ne!(old, code(&store));
    assert_eq!(words(&store).await.as_deref(), Some("кофемолка"));
    let count = |c: &rusqlite::Connection| -> Result<i64, StoreError> {
        Ok(c.query_row("SELECT count(*) FROM settings", [], |row| row.get(0))?)
    };
    assert_eq!(store.read(count).await.unwrap(), 551);
    // AUTOINCREMENT goes on behind what was deleted: ids are never used twice.
    let id: i64 = store
        .write(move |c| {
            c.execute_batch(sequence)?;
            Ok(c.last_insert_rowid())
        })
        .await
        .unwrap();
    assert_eq!(id, 2);
    store.close().await;
    assert_eq!(error_code(folder.open_with(&old).await), ErrorCode::WrongRecoveryCode);
    // A kill before the vault was tidied: the new key lies under its second name.
    let again = folder.open().await.unwrap();
    assert_eq!(again.key(), Some(key));
    assert!(folder.vault.get(NEXT_KEY).await.unwrap().is_none());
    assert_eq!(again.read(count).await.unwrap(), 551);
}

#[tokio::test]
async fn a_change_of_key_that_nobody_waits_for_is_ended_all_the_same() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    let key = keep_new(&folder.vault, NEXT_KEY).await.unwrap().unwrap();
    assert!(store.rekey(key.clone()).now_or_never().is_none(), "it has begun");
    while store.key().as_ref() != Some(&key) {
        store.write(|c| settings::set(c, "meanwhile", &true)).await.unwrap();
        assert_eq!(store.read(|c| settings::get::<bool>(c, "meanwhile")).await.unwrap(), Some(true));
    }
    assert_eq!(store.read(|c| settings::get::<bool>(c, "meanwhile")).await.unwrap(), Some(true));
}

#[tokio::test]
async fn a_kill_at_any_moment_of_encrypting_leaves_a_whole_archive() {
    let folder = plain().await;
    let whole = folder.bytes();
    let key = ArchiveKey::generate();
    copy(&folder.path(), None, &convert::beside(&folder.path()), Some(&key)).unwrap();
    let made = fs::read(convert::beside(&folder.path())).unwrap();
    folder.vault.choose(SecretFallback::Passphrase, Some("фраза".into())).await.unwrap();
    folder.vault.set(KEY, key.recovery_code()).await.unwrap();
    // Killed while the new file was being written, at several lengths, and right before it took the name.
    for length in [0, 1, 4096, made.len() / 2, made.len()] {
        fs::write(folder.path(), &whole).unwrap();
        fs::write(convert::beside(&folder.path()), &made[..length]).unwrap();
        let store = folder.open().await.unwrap();
        assert_eq!(words(&store).await.as_deref(), Some("кофемолка"), "killed at {length}");
        store.close().await;
        assert!(!convert::beside(&folder.path()).exists());
    }
    // Killed right after it took the name, before the fingerprint was noted.
    fs::write(folder.path(), &made).unwrap();
    let _ = fs::remove_file(fingerprint_file(&folder.path()));
    assert_eq!(words(&folder.open().await.unwrap()).await.as_deref(), Some("кофемолка"));
}

#[tokio::test]
async fn a_change_of_key_that_fails_leaves_the_store_as_it_was() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    folder.fill(&store).await;
    let key = store.key();
    // A folder stands where the new file would be made.
    fs::create_dir(convert::beside(&folder.path())).unwrap();
    assert!(store.rekey(ArchiveKey::generate()).await.is_err());
    assert_eq!(store.key(), key);
    assert_eq!(words(&store).await.as_deref(), Some("кофемолка"));
    folder.fill(&store).await;
}

#[tokio::test]
async fn a_kill_while_the_key_changes_is_never_taken_for_a_lost_log() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    for i in 0..2000 {
        store.write(move |c| settings::set(c, &format!("row {i}"), &"слово ".repeat(100))).await.unwrap();
    }
    let (note, log) =
        (ending::with_suffix(&folder.path(), "-open"), ending::with_suffix(&folder.path(), "-wal"));
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let over = done.clone();
    // What a kill would leave at this instant: a note of an open database without its log counts as damage.
    let watching = std::thread::spawn(move || {
        let mut damage = 0;
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            damage += u32::from(!log.exists() && note.exists() && !log.exists());
        }
        damage
    });
    let rekeyed = store.rekey(ArchiveKey::generate()).await;
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    rekeyed.unwrap();
    assert_eq!(watching.join().unwrap(), 0);
}

#[tokio::test]
async fn a_torn_page_in_the_middle_of_an_encrypted_archive_is_damage_and_no_wrong_key() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    for i in 0..400 {
        store.write(move |c| settings::set(c, &format!("row {i}"), &"кофемолка ".repeat(50))).await.unwrap();
    }
    assert!(store.check().await.is_ok());
    assert!(store.trouble().borrow().is_none());
    store.close().await;
    let mut bytes = folder.bytes();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[middle + 100..middle + 132].fill(0xA5);
    fs::write(folder.path(), &bytes).unwrap();

    let store = folder.open().await.unwrap();
    assert!(matches!(store.check().await, Err(StoreError::Damaged)));
    assert_eq!(*store.trouble().borrow(), Some(crate::store::DiskTrouble::Damaged));
    let all = store.read(settings::all).await;
    assert!(matches!(all, Err(StoreError::Damaged)), "{all:?}");
    // Where the damage is not, all goes on; and it does not pass by being written around.
    store.try_writing(1).await;
    assert_eq!(*store.trouble().borrow(), Some(crate::store::DiskTrouble::Damaged));
    store.close().await;
}

#[tokio::test]
async fn setting_an_encrypted_archive_aside_keeps_its_accounts_settings_and_key() {
    let folder = folder().await;
    let store = folder.open().await.unwrap();
    let account = "INSERT INTO accounts (id, user_id, client_id, added_ms) VALUES (7, 1, 'x', 0)";
    store.write(move |c| Ok(c.execute_batch(account)?)).await.unwrap();
    folder.fill(&store).await;
    let key = store.key();
    store.close().await;
    let before = folder.bytes();
    let aside = set_aside(folder.shop(), &folder.vault, 1_790_000_000_000).await.unwrap();
    assert_eq!(aside.accounts, 1);
    assert!(aside.folder.ends_with("damaged-2026-09-21T14-13-20Z"), "{}", aside.folder);
    assert_eq!(fs::read(Path::new(&aside.folder).join("prilavok.db")).unwrap(), before);
    let store = folder.open().await.unwrap();
    assert_eq!(store.key(), key);
    assert_eq!(words(&store).await.as_deref(), Some("кофемолка"));
    let ids = |c: &rusqlite::Connection| -> Result<i64, StoreError> {
        Ok(c.query_row("SELECT id FROM accounts", [], |row| row.get(0))?)
    };
    assert_eq!(store.read(ids).await.unwrap(), 7, "its keys are in the vault under this number");
}
