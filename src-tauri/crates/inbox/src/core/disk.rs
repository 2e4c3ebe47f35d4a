//! Troubles of the disk under the archive: told to the seller while they last, and when they are over everything goes on by itself.

use super::Core;
use crate::store::{DiskTrouble, StoreError};
use crate::view::{Notice, Trouble, TroubleCode};

impl DiskTrouble {
    /// The page's word for it.
    pub(crate) fn code(self) -> TroubleCode {
        match self {
            Self::Full => TroubleCode::DiskFull,
            Self::ReadOnly => TroubleCode::DiskReadOnly,
            Self::Busy => TroubleCode::ArchiveBusy,
            Self::Damaged => TroubleCode::ArchiveDamaged,
            Self::Failing => TroubleCode::DiskFailing,
        }
    }
}

/// Runs until the core stops. While nothing can be written it tries again and again, so that the end of the trouble is noticed even
/// when nobody has anything to write.
pub(crate) async fn watch(core: Core) {
    let mut trouble = core.inner.store.trouble();
    loop {
        let now = *trouble.borrow_and_update();
        core.show_disk_trouble(now);
        match now {
            Some(DiskTrouble::Damaged) | None => {
                if trouble.changed().await.is_err() {
                    return;
                }
            }
            Some(_) => {
                tokio::time::sleep(core.inner.timing.trouble_first).await;
                core.inner.store.try_writing(core.inner.clock.now_ms()).await;
                if trouble.borrow().is_none() {
                    tracing::info!("the archive can be written to again");
                    core.wake_everything();
                }
            }
        }
    }
}

/// After a killed run the file is read through once, in the background: it is whole unless the disk lied.
pub(crate) async fn check(core: Core) {
    let begun = core.inner.clock.steady_ms();
    match core.inner.store.check().await {
        Ok(()) => {
            let took_ms = core.inner.clock.steady_ms() - begun;
            tracing::info!(took_ms, "the archive is sound");
        }
        Err(StoreError::Damaged) => {} // told by `watch`
        Err(error) => tracing::warn!(%error, "the archive could not be checked"),
    }
}

impl Core {
    /// What is wrong with the disk under the archive, if anything.
    pub(crate) fn disk_trouble(&self) -> Option<Trouble> {
        self.inner.disk_trouble.lock().ok()?.clone()
    }

    fn show_disk_trouble(&self, now: Option<DiskTrouble>) {
        let Ok(mut shown) = self.inner.disk_trouble.lock() else { return };
        let now_ms = self.inner.clock.now_ms();
        let wait_ms = i64::try_from(self.inner.timing.trouble_first.as_millis()).unwrap_or(0);
        let since_ms =
            |code| shown.as_ref().filter(|old| old.code == code).map_or(now_ms, |old| old.since_ms);
        let new = now.map(|trouble| Trouble {
            code: trouble.code(),
            since_ms: since_ms(trouble.code()),
            retry_at_ms: (trouble != DiskTrouble::Damaged).then_some(now_ms + wait_ms),
            detail: None,
        });
        if *shown != new {
            *shown = new;
            self.notify(Notice::Accounts);
        }
    }

    /// Everything that waits looks again now: after a trouble of the disk, and when time has jumped.
    pub(crate) fn wake_everything(&self) {
        self.inner.journal_wake.notify_one();
        self.inner.drafting.wake.notify_one();
        self.inner.desk.wake.notify_one();
        for account in self.accounts() {
            account.wake_sync.notify_one();
            account.wake_outbox.notify_one();
        }
    }
}
