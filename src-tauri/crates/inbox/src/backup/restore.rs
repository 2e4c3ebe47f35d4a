//! Checking and restoring a backup.
//!
//! Restoring has three steps, and a kill between any two loses nothing:
//!
//! ```text
//! 1  shop/  shop-restoring/ (being made)         next start: what was being made is removed
//! 2         shop-restoring/ (complete)  shop-set-aside-TIME/      next start: renamed to shop/
//! 3  shop/  (restored)                  shop-set-aside-TIME/
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format::{DATABASE, FOLDERS};
use super::unpack::{Unpacked, unpack};
use super::{BackupError, BackupSecret, Job, WORK, WorkFolder, remove_folder, sync_folder};
use crate::archive::{self, ArchiveKey};
use crate::clock;
use crate::core::Running;
use crate::error::CoreError;
use crate::folder::{self, DataFolder};
use crate::secrets::Vault;
use crate::store::{Store, outbox};
use crate::view::{BackupReport, RestoreReport};

const STAGING: &str = "shop-restoring";
/// In the staging folder: everything is there and durable.
const COMPLETE: &str = "complete";

/// Reads a backup to its end without touching anything. `inside` is where the database is put for the time of its check; so many
/// bytes must be free there besides.
pub(crate) fn check(
    inside: &Path,
    room: usize,
    file: &Path,
    secrets: &[BackupSecret],
    job: &Job,
) -> Result<BackupReport, BackupError> {
    let work = WorkFolder::new(inside)?;
    fs::write(work.0.join("room"), vec![0; room])?;
    let unpacked = unpack(file, secrets, &work.0, false, job)?;
    Ok(report(file, &unpacked))
}

fn report(file: &Path, unpacked: &Unpacked) -> BackupReport {
    let manifest = &unpacked.manifest;
    let count = |table| u32::try_from(manifest.rows(table)).unwrap_or_default();
    BackupReport {
        path: file.display().to_string(),
        bytes: i64::try_from(unpacked.bytes).unwrap_or(i64::MAX),
        created_ms: manifest.created_ms,
        program: manifest.program.clone(),
        accounts: count("accounts"),
        chats: count("chats"),
        messages: count("messages"),
        files: unpacked.files,
    }
}

/// A restored shop that has not taken its place yet. Dropped, it is removed.
pub struct Staged {
    folder: DataFolder,
    backup: BackupReport,
    now_ms: i64,
    placed: bool,
    /// The key it was made under stays the archive's until it has its place.
    held: Option<Running>,
}

/// Makes the restored shop beside the present one: decrypted, checked, under `key`, its schema up to date. Nothing of the present
/// shop is touched. Whoever calls has the data folder's lock.
pub(crate) async fn stage(
    folder: &DataFolder,
    file: &Path,
    secrets: Vec<BackupSecret>,
    key: Option<ArchiveKey>,
    now_ms: i64,
    job: Arc<Job>,
) -> Result<Staged, CoreError> {
    let staging = folder.root().join(STAGING);
    let mut staged =
        Staged { folder: folder.clone(), backup: BackupReport::default(), now_ms, placed: false, held: None };
    let (path, file, new_key) = (staging.clone(), file.to_owned(), key.clone());
    let unpacked = tokio::task::spawn_blocking(move || -> Result<BackupReport, BackupError> {
        remove_folder(&path)?;
        folder::create_private_folder(&path)?;
        for name in FOLDERS {
            folder::create_private_folder(&path.join(name))?;
        }
        let unpacked = unpack(&file, &secrets, &path, true, &job)?;
        archive::replace(&unpacked.database, Some(&unpacked.key), new_key.as_ref())?;
        Ok(report(&file, &unpacked))
    });
    staged.backup = unpacked.await.map_err(io::Error::other)??;
    let database = staging.join(DATABASE);
    let store = tokio::task::spawn_blocking(move || Store::open(&database, key)).await;
    let store = store.map_err(io::Error::other)??;
    // Replies that waited then may have been sent since: which of them is told when the chat is read, or by the seller.
    store.write(outbox::park_restored).await?;
    store.close().await;
    File::create(staging.join(COMPLETE))?.sync_all()?;
    sync_folder(&staging);
    sync_folder(folder.root());
    Ok(staged)
}

impl Staged {
    /// What was in the backup.
    pub fn backup(&self) -> &BackupReport {
        &self.backup
    }

    /// Is long work of the present shop for as long as it waits for its place.
    pub(crate) fn held(mut self, by: Running) -> Self {
        self.held = Some(by);
        self
    }

    /// Sets the present shop aside and puts the restored one in its place. Nobody may have the shop open.
    pub fn put_in_place(mut self) -> Result<RestoreReport, CoreError> {
        let shop = self.folder.shop();
        let aside = if shop.exists() {
            let aside = self.free_aside();
            fs::rename(&shop, &aside)?;
            sync_folder(self.folder.root());
            Some(aside)
        } else {
            None
        };
        self.placed = true; // from here on the next start would finish it
        finish(self.folder.root(), &shop)?;
        Ok(RestoreReport {
            backup: self.backup.clone(),
            set_aside: aside.map(|path| path.display().to_string()),
        })
    }

    fn free_aside(&self) -> PathBuf {
        let stamp = clock::utc_stamp(self.now_ms);
        let names = (1..).map(|number: u32| match number {
            1 => format!("shop-set-aside-{stamp}"),
            _ => format!("shop-set-aside-{stamp}-{number}"),
        });
        let mut free = names.map(|name| self.folder.root().join(name)).filter(|path| !path.exists());
        free.next().unwrap_or_else(|| self.folder.root().join("shop-set-aside"))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.placed {
            return;
        }
        if let Err(error) = remove_folder(&self.folder.root().join(STAGING)) {
            tracing::warn!(%error, "a restored shop that nobody wants could not be removed");
        }
    }
}

fn finish(root: &Path, shop: &Path) -> io::Result<()> {
    fs::rename(root.join(STAGING), shop)?;
    sync_folder(root);
    fs::remove_file(shop.join(COMPLETE))
}

/// Finishes or undoes what a killed run left. Called by whoever has just taken the data folder.
pub(crate) fn settle(folder: &DataFolder) -> io::Result<()> {
    let (root, shop) = (folder.root(), folder.shop());
    let staging = root.join(STAGING);
    if !shop.exists() && staging.join(COMPLETE).exists() {
        tracing::warn!("a restored backup takes its place, which a killed run had left undone");
        finish(root, &shop)?;
    }
    for left in [staging, root.join(WORK), shop.join(WORK)] {
        remove_folder(&left)?;
    }
    Ok(())
}

/// Checks a backup without opening the shop. Without a secret the keys of this installation are tried.
pub async fn verify(
    folder: &DataFolder,
    vault: &Vault,
    file: &Path,
    secret: Option<BackupSecret>,
    job: Arc<Job>,
) -> Result<BackupReport, CoreError> {
    let secrets = secrets(vault, secret).await?;
    let (root, file) = (folder.root().to_owned(), file.to_owned());
    let checked = tokio::task::spawn_blocking(move || check(&root, 0, &file, &secrets, &job)).await;
    Ok(checked.map_err(io::Error::other)??)
}

/// Restores a backup while nobody has the shop open.
pub async fn restore(
    folder: &DataFolder,
    vault: &Vault,
    file: &Path,
    secret: Option<BackupSecret>,
    now_ms: i64,
    job: Arc<Job>,
) -> Result<RestoreReport, CoreError> {
    let secrets = secrets(vault, secret).await?;
    let key = archive::key_for_restored(&folder.shop(), vault).await?;
    stage(folder, file, secrets, key, now_ms, job).await?.put_in_place()
}

/// The secret given, or the recovery codes of this installation.
async fn secrets(vault: &Vault, given: Option<BackupSecret>) -> Result<Vec<BackupSecret>, CoreError> {
    if let Some(secret) = given {
        return Ok(vec![secret]);
    }
    let keys = archive::kept_keys(vault).await;
    if keys.is_empty() {
        return Err(BackupError::SecretNeeded.into());
    }
    Ok(keys.iter().map(BackupSecret::code).collect())
}
