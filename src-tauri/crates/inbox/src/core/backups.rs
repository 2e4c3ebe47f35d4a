//! Backups and exports of an open shop: one at a time, watched and stopped from elsewhere.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Core;
use crate::archive;
use crate::backup::{self, BackupError, BackupSecret, Job, Source, Staged};
use crate::error::CoreError;
use crate::export::{self, ExportRequest};
use crate::folder::DataFolder;
use crate::store::settings;
use crate::view::{BackupReport, BackupView, ExportReport, LastBackup, LongWork, WorkProgress};

/// Setting: the newest backup.
const LAST: &str = "last_backup";

/// Long work that is going on; dropped, it has ended.
pub(crate) struct Running {
    core: Core,
    pub(crate) job: Arc<Job>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(mut running) = self.core.inner.long_work.lock() {
            *running = None;
        }
    }
}

impl Core {
    /// What is going on, and the newest backup.
    pub async fn backup_view(&self) -> Result<BackupView, CoreError> {
        let running = self.inner.long_work.lock().ok().and_then(|running| {
            let (work, job) = running.as_ref()?;
            let (done, total) = job.progress();
            let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
            Some(WorkProgress { work: *work, done: number(done), total: number(total) })
        });
        Ok(BackupView {
            running,
            last: self.inner.store.read(|c| settings::get(c, LAST)).await?,
            has_recovery_code: self.inner.store.key().is_some(),
        })
    }

    /// Stops the work that is going on.
    pub fn stop_long_work(&self) {
        if let Ok(running) = self.inner.long_work.lock()
            && let Some((_, job)) = &*running
        {
            job.cancel();
        }
    }

    /// Makes a backup and reads it back. Without a secret it is encrypted with the archive's recovery code. `to` is the new file,
    /// or a folder for a file named after the day.
    pub async fn create_backup(
        &self,
        to: &Path,
        secret: Option<BackupSecret>,
    ) -> Result<BackupReport, CoreError> {
        let now_ms = self.inner.clock.now_ms();
        let out = if to.is_dir() { backup::free_name(to, now_ms) } else { to.to_owned() };
        let running = self.begin(LongWork::Create)?;
        let (core, job) = (self.clone(), running.job.clone());
        // While a connection of the pool is held, nobody changes the key of the file.
        let made = self.inner.store.read(move |_| {
            let key = core.inner.store.key();
            let secret = secret.or_else(|| key.as_ref().map(BackupSecret::code));
            let source =
                Source { shop: core.inner.folder.clone(), key, program: core.inner.version.clone(), now_ms };
            let made = secret.ok_or(BackupError::SecretNeeded);
            Ok(made.and_then(|secret| backup::create(&source, &out, &secret, &job)))
        });
        let report = self.inner.tasks.track_future(made).await??;
        let last = LastBackup { at_ms: now_ms, path: report.path.clone(), bytes: report.bytes };
        self.inner.store.write(move |c| settings::set(c, LAST, &last)).await?;
        Ok(report)
    }

    /// Reads a backup to its end. Without a secret the archive's recovery code is tried.
    pub async fn verify_backup(
        &self,
        file: &Path,
        secret: Option<BackupSecret>,
    ) -> Result<BackupReport, CoreError> {
        let secrets = self.backup_secrets(secret)?;
        let running = self.begin(LongWork::Verify)?;
        let (shop, file, job) = (self.inner.folder.clone(), file.to_owned(), running.job.clone());
        let checked = tokio::task::spawn_blocking(move || backup::check(&shop, 0, &file, &secrets, &job));
        Ok(self.inner.tasks.track_future(checked).await.map_err(io::Error::other)??)
    }

    /// Makes the restored shop beside this one; it takes its place by [`Staged::put_in_place`], after this core is closed.
    /// `folder` is the data folder this shop lies in.
    pub async fn stage_restore(
        &self,
        folder: &DataFolder,
        file: &Path,
        secret: Option<BackupSecret>,
    ) -> Result<Staged, CoreError> {
        // What is restored is put under the archive's key; nobody changes that until it has its place.
        let (running, secrets) = {
            let _key_is_settled = self.inner.changing_accounts.lock().await;
            (self.begin(LongWork::Restore)?, self.backup_secrets(secret)?)
        };
        let key = match self.inner.store.key() {
            Some(key) => Some(key),
            None => archive::new_or_kept_key(&self.inner.vault).await?,
        };
        let now_ms = self.inner.clock.now_ms();
        let staged = backup::stage(folder, file, secrets, key, now_ms, running.job.clone()).await?;
        Ok(staged.held(running))
    }

    /// Whether a backup is being restored.
    pub(crate) fn is_restoring(&self) -> bool {
        let running = self.inner.long_work.lock();
        running.is_ok_and(|running| matches!(&*running, Some((LongWork::Restore, _))))
    }

    /// Writes chats into a folder in a form for programs or for people.
    pub async fn export(&self, request: ExportRequest) -> Result<ExportReport, CoreError> {
        let running = self.begin(LongWork::Export)?;
        let (shop, job) = (self.inner.folder.clone(), running.job.clone());
        let now_ms = self.inner.clock.now_ms();
        let written = self.inner.store.read(move |c| Ok(export::export(c, &shop, &request, now_ms, &job)));
        Ok(self.inner.tasks.track_future(written).await??)
    }

    fn backup_secrets(&self, given: Option<BackupSecret>) -> Result<Vec<BackupSecret>, CoreError> {
        let own = || self.inner.store.key().as_ref().map(BackupSecret::code);
        Ok(vec![given.or_else(own).ok_or(BackupError::SecretNeeded)?])
    }

    /// Begins long work, unless there is some.
    pub(crate) fn begin(&self, work: LongWork) -> Result<Running, CoreError> {
        let job = Arc::new(Job::new(self.inner.stop.child_token(), |_, _| ()));
        let mut running = self.inner.long_work.lock().map_err(|_| BackupError::Busy)?;
        if running.is_some() {
            return Err(BackupError::Busy.into());
        }
        *running = Some((work, job.clone()));
        Ok(Running { core: self.clone(), job })
    }
}
