//! The archive's encryption at rest: which key opens the database, where it is kept, and what to do when it is lost.
//!
//! The database is encrypted with SQLCipher under an [`ArchiveKey`] that lives in the vault. Its written form is the recovery code,
//! which the seller is shown once; with it the archive opens again when the keychain is lost. Where the vault cannot keep a key (no
//! keychain and no passphrase) the archive stays as it is until it can.
//!
//! A lost or wrong key never harms the file: without its key an encrypted archive is not opened, and nothing is made in its place.

mod convert;
pub(crate) mod ending;
mod key;
mod set_aside;

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

pub use self::key::{ArchiveKey, BadCode};

#[cfg(test)]
use self::convert::copy;
pub(crate) use self::convert::replace;
use self::ending::Ending;
pub use self::set_aside::{SetAside, set_aside};

use crate::Core;
use crate::backup::BackupError;
use crate::error::CoreError;
use crate::folder;
use crate::secrets::{SecretError, Vault};
use crate::store::{Store, StoreError, settings};
use crate::view::{ArchiveView, ErrorCode, Notice, SecretStoreState};

/// The key's name in the vault.
const KEY: &str = "archive-key";
/// The key an archive is just being put under. A kill in between leaves it unknown which of the two opens the file.
const NEXT_KEY: &str = "archive-key-next";
/// Up to this size an archive that is not encrypted yet is encrypted while it is opened; a larger one takes noticeable time, so the
/// seller decides when.
const AT_ONCE_BYTES: u64 = 32 * 1024 * 1024;
/// Setting: fingerprint of the key whose recovery code the seller has kept.
const CONFIRMED: &str = "recovery_code_confirmed";

/// The database's name in its shop folder.
const FILE: &str = "prilavok.db";

/// An opened archive.
pub(crate) struct Opened {
    pub(crate) store: Store,
    /// The run before was killed: the file deserves a look.
    pub(crate) killed: bool,
}

/// What lies at the database's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Absent,
    Plain,
    Encrypted,
}

/// Opens the archive in this shop folder, or makes a new one. With a recovery code that code's key is used and kept in the vault.
pub(crate) async fn open(
    shop: &Path,
    vault: &Vault,
    recovery_code: Option<&SecretString>,
) -> Result<Opened, CoreError> {
    let path = shop.join(FILE);
    let killed = ending::of_last_run(&path)? == Ending::Killed;
    // What follows opens and closes the file, and so empties its log.
    ending::end(&path);
    convert::remove(&convert::beside(&path))?;
    match open_as_it_is(path.clone(), vault, recovery_code).await {
        Ok(store) => Ok(Opened { store, killed }),
        Err(error) => {
            if killed && ending::with_suffix(&path, "-wal").exists() {
                ending::begin(&path)?; // the log still counts
            }
            Err(error)
        }
    }
}

async fn open_as_it_is(
    path: PathBuf,
    vault: &Vault,
    recovery_code: Option<&SecretString>,
) -> Result<Store, CoreError> {
    match form(&path)? {
        Form::Encrypted => open_encrypted(path, vault, recovery_code).await,
        Form::Plain => {
            let size = fs::metadata(&path).map_or(0, |file| file.len());
            let key = if size <= AT_ONCE_BYTES { kept_key(vault).await } else { None };
            if let Some(key) = &key {
                let (path, key) = (path.clone(), key.clone());
                blocking(move || {
                    // A full disk or a locked file must not keep the seller from the chats: it stays as it is for now.
                    if let Err(error) = replace(&path, None, Some(&key)) {
                        tracing::warn!(%error, "the archive could not be encrypted");
                    }
                    Ok(())
                })
                .await?;
            }
            let key = key.filter(|_| matches!(form(&path), Ok(Form::Encrypted)));
            blocking(move || Store::open(&path, key)).await
        }
        Form::Absent => {
            let key = kept_key(vault).await;
            blocking(move || {
                if !path.exists() {
                    drop(folder::create_private_file(&path)?);
                }
                if let Some(key) = &key {
                    note_fingerprint(&path, key)?;
                }
                Store::open(&path, key)
            })
            .await
        }
    }
}

async fn open_encrypted(
    path: PathBuf,
    vault: &Vault,
    recovery_code: Option<&SecretString>,
) -> Result<Store, CoreError> {
    let mut candidates = Vec::new();
    let mut unreadable = None;
    if let Some(code) = recovery_code {
        candidates.push(parse(code)?);
    } else {
        for name in [KEY, NEXT_KEY] {
            match vault.get(name).await {
                Ok(Some(code)) => candidates.extend(parse(&code).ok()),
                Ok(None) => {}
                Err(error) => unreadable = Some(error),
            }
        }
    }
    let (opening, tried) = (path.clone(), candidates.clone());
    let opened = blocking(move || {
        for key in tried {
            if store_opens(&opening, &key)? {
                return Ok(Some((Store::open(&opening, Some(key.clone()))?, key)));
            }
        }
        Ok(None)
    })
    .await?;
    let Some((store, key)) = opened else {
        let recorded = fs::read_to_string(fingerprint_file(&path)).unwrap_or_default();
        let right_key = candidates.iter().any(|key| key.fingerprint() == recorded.trim());
        let never_encrypted = recorded.trim().is_empty() && recovery_code.is_none();
        if right_key || (never_encrypted && !matches!(unreadable, Some(SecretError::Locked))) {
            return Err(StoreError::Damaged.into()); // no key is missing, and yet it cannot be read
        }
        return Err(match unreadable {
            _ if recovery_code.is_some() => {
                CoreError::Invalid(ErrorCode::WrongRecoveryCode, "this code is of another archive")
            }
            Some(error @ (SecretError::Locked | SecretError::Missing)) => error.into(),
            _ => StoreError::KeyMissing.into(),
        });
    };
    if let Err(error) = settle_key(vault, &key).await {
        // It is open; the next start may ask for the code again.
        tracing::warn!(%error, "the archive's key could not be kept");
    }
    note_fingerprint(&path, &key)?;
    Ok(store)
}

/// Makes this the key in the vault, whatever a killed run left there.
async fn settle_key(vault: &Vault, key: &ArchiveKey) -> Result<(), SecretError> {
    let code = key.recovery_code();
    let kept = vault.get(KEY).await?;
    if kept.is_none_or(|kept| kept.expose_secret() != code.expose_secret()) {
        vault.set(KEY, code).await?;
    }
    vault.delete(NEXT_KEY).await
}

/// The key from the vault, or a new one that is in the vault for sure; none where the vault cannot keep one now.
async fn kept_key(vault: &Vault) -> Option<ArchiveKey> {
    if !vault.can_keep() {
        return None;
    }
    let kept = async {
        if let Some(code) = vault.get(KEY).await?
            && let Ok(key) = ArchiveKey::parse(code.expose_secret())
        {
            return Ok(Some(key));
        }
        keep_new(vault, KEY).await
    };
    match kept.await {
        Ok(key) => key,
        Err(error) => {
            let error: SecretError = error;
            tracing::warn!(%error, "a key for the archive could not be kept: it stays unencrypted for now");
            None
        }
    }
}

/// The keys of this installation's archive that can be had without asking the seller: the present one, and one that a killed run
/// was just putting it under.
pub(crate) async fn kept_keys(vault: &Vault) -> Vec<ArchiveKey> {
    let mut keys = Vec::new();
    for name in [KEY, NEXT_KEY] {
        if let Ok(Some(code)) = vault.get(name).await {
            keys.extend(ArchiveKey::parse(code.expose_secret()));
        }
    }
    keys
}

/// The key a restored archive is put under: the present archive's, so that both stay readable; a new one when there is none. None
/// where the vault cannot keep a key.
pub(crate) async fn key_for_restored(shop: &Path, vault: &Vault) -> Result<Option<ArchiveKey>, CoreError> {
    // Opened once, so that whatever a killed change of key left is settled: afterwards only the key in the vault counts.
    if shop.join(FILE).exists()
        && let Ok(opened) = open(shop, vault, None).await
    {
        let key = opened.store.key();
        opened.store.close().await;
        if key.is_some() {
            return Ok(key);
        }
    }
    new_or_kept_key(vault).await
}

/// The key in the vault or a new one; none where the vault keeps nothing. A locked vault is an error: it has a key, perhaps.
pub(crate) async fn new_or_kept_key(vault: &Vault) -> Result<Option<ArchiveKey>, CoreError> {
    match vault.state() {
        SecretStoreState::Missing | SecretStoreState::ThisRunOnly => Ok(None),
        _ => match kept_key(vault).await {
            Some(key) => Ok(Some(key)),
            None => Err(SecretError::Locked.into()),
        },
    }
}

/// Puts a new key into the vault and reads it back: an archive under a key that is not there would be lost.
async fn keep_new(vault: &Vault, name: &str) -> Result<Option<ArchiveKey>, SecretError> {
    let key = ArchiveKey::generate();
    vault.set(name, key.recovery_code()).await?;
    let back = vault.get(name).await?;
    Ok(back.filter(|back| back.expose_secret() == key.recovery_code().expose_secret()).map(|_| key))
}

fn parse(code: &SecretString) -> Result<ArchiveKey, CoreError> {
    ArchiveKey::parse(code.expose_secret())
        .map_err(|_| CoreError::Invalid(ErrorCode::BadRecoveryCode, "not a recovery code"))
}

/// Whether the key is the right one. Any other trouble is an error.
fn store_opens(path: &Path, key: &ArchiveKey) -> Result<bool, StoreError> {
    match crate::store::can_read(path, Some(key)) {
        Ok(()) => Ok(true),
        Err(StoreError::Damaged) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Told by the first bytes: SQLite's own, or anything else. Right after its making a database may still lie in its log alone.
fn form(path: &Path) -> std::io::Result<Form> {
    const PLAIN: &[u8; 16] = b"SQLite format 3\0";
    /// Header of the log and of its first frame; then comes the first page.
    const LOG_HEADERS: u64 = 32 + 24;
    let first = |path: &Path, skip: u64| -> std::io::Result<Option<[u8; 16]>> {
        let mut file = match fs::File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(skip))?;
        let mut bytes = [0; 16];
        Ok(file.read_exact(&mut bytes).is_ok().then_some(bytes))
    };
    let bytes = match first(path, 0)? {
        Some(bytes) => Some(bytes),
        None => first(&path.with_extension("db-wal"), LOG_HEADERS)?,
    };
    Ok(match bytes {
        None if fs::metadata(path).is_ok_and(|file| file.len() > 0) => Form::Encrypted, // a stump: damaged
        None => Form::Absent,
        Some(bytes) if bytes == *PLAIN => Form::Plain,
        Some(_) => Form::Encrypted,
    })
}

/// Beside the database: which key it is under, so that a damaged file is told from a wrong key.
fn fingerprint_file(path: &Path) -> PathBuf {
    path.with_extension("key-id")
}

fn forget_fingerprint(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(fingerprint_file(path)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn note_fingerprint(path: &Path, key: &ArchiveKey) -> std::io::Result<()> {
    let file = fingerprint_file(path);
    let fingerprint = key.fingerprint();
    if fs::read_to_string(&file).is_ok_and(|noted| noted == fingerprint) {
        return Ok(());
    }
    let beside = file.with_extension("key-id.new");
    folder::create_private_file(&beside)?.write_all(fingerprint.as_bytes())?;
    fs::rename(&beside, &file)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, CoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| CoreError::Folder(std::io::Error::other(error)))??)
}

impl Core {
    /// Whether the archive is encrypted, and whether the seller has kept its recovery code.
    pub async fn archive_view(&self) -> Result<ArchiveView, CoreError> {
        let fingerprint = self.inner.store.key().map(|key| key.fingerprint());
        let confirmed: Option<String> = self.inner.store.read(|c| settings::get(c, CONFIRMED)).await?;
        Ok(ArchiveView {
            encrypted: fingerprint.is_some(),
            can_encrypt: self.inner.vault.can_keep(),
            recovery_code_confirmed: fingerprint.is_some() && confirmed == fingerprint,
        })
    }

    /// Keeps the key of an archive that was opened by its recovery code while there was no place for the key.
    pub(crate) async fn keep_archive_key(&self) {
        if let Some(key) = self.inner.store.key()
            && let Err(error) = settle_key(&self.inner.vault, &key).await
        {
            tracing::warn!(%error, "the archive's key could not be kept");
        }
    }

    /// The recovery code, until the seller has confirmed to have kept it; afterwards only a new one can be had.
    pub async fn recovery_code(&self) -> Result<SecretString, CoreError> {
        let view = self.archive_view().await?;
        match self.inner.store.key() {
            Some(key) if !view.recovery_code_confirmed => Ok(key.recovery_code()),
            _ => Err(CoreError::not_found("the recovery code is shown once only")),
        }
    }

    /// The seller has kept the recovery code and proves it by typing its last group.
    pub async fn confirm_recovery_code(&self, last_group: &str) -> Result<(), CoreError> {
        let key =
            self.inner.store.key().ok_or_else(|| CoreError::not_found("the archive is not encrypted"))?;
        let code = key.recovery_code();
        let typed = last_group.trim().to_uppercase();
        if code.expose_secret().rsplit('-').next() != Some(typed.as_str()) {
            return Err(CoreError::Invalid(ErrorCode::WrongRecoveryCode, "not the last group of the code"));
        }
        let fingerprint = key.fingerprint();
        self.inner.store.write(move |c| settings::set(c, CONFIRMED, &fingerprint)).await?;
        self.notify(Notice::Everything);
        Ok(())
    }

    /// Puts the archive under a new key: encrypts it when it is not yet, or makes a new recovery code. Reading and writing wait
    /// meanwhile. A kill at any moment leaves the old or the new form, each with its key in the vault.
    pub async fn rekey_archive(&self) -> Result<(), CoreError> {
        let _one_at_a_time = self.inner.changing_accounts.lock().await;
        if self.is_restoring() {
            return Err(BackupError::Busy.into()); // what is restored is being put under the key of now
        }
        let vault = &self.inner.vault;
        if !vault.can_keep() {
            return Err(SecretError::Missing.into());
        }
        let key = keep_new(vault, NEXT_KEY).await?;
        let key = key.ok_or_else(|| SecretError::Failed("the new key could not be read back".into()))?;
        self.inner.store.rekey(key.clone()).await?;
        settle_key(vault, &key).await?;
        self.notify(Notice::Everything);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
