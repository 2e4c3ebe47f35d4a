//! A long piece of work: how far it is, and whether it is still wanted.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use super::BackupError;

type Tell = Box<dyn Fn(u64, u64) + Send + Sync>;

/// Shared between who works and who watches. Bytes are counted.
pub struct Job {
    done: AtomicU64,
    total: AtomicU64,
    told: AtomicU64,
    stop: CancellationToken,
    tell: Tell,
}

impl Job {
    /// `tell` hears bytes done and bytes in all, once for each whole percent.
    pub fn new(stop: CancellationToken, tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self {
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            told: AtomicU64::new(u64::MAX),
            stop,
            tell: Box::new(tell),
        }
    }

    /// Stops the work at its next step.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Bytes done and in all; in all is 0 while it is not known.
    pub fn progress(&self) -> (u64, u64) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(total), total)
    }

    pub(super) fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub(crate) fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// So many bytes more are done.
    pub(crate) fn advance(&self, bytes: u64) -> Result<(), BackupError> {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        self.step()
    }

    /// So many bytes are done in all.
    pub(crate) fn reach(&self, bytes: u64) -> Result<(), BackupError> {
        self.done.store(bytes, Ordering::Relaxed);
        self.step()
    }

    fn step(&self) -> Result<(), BackupError> {
        if self.stop.is_cancelled() {
            return Err(BackupError::Cancelled);
        }
        let (done, total) = self.progress();
        let percent = (done * 100).checked_div(total).unwrap_or(0);
        if self.told.swap(percent, Ordering::Relaxed) != percent {
            (self.tell)(done, total);
        }
        Ok(())
    }
}

/// Counts what is read, and fails when the work is not wanted any more.
pub(super) struct Counted<'a, R> {
    pub(super) input: R,
    pub(super) job: &'a Job,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        self.job.advance(count as u64).map_err(io::Error::other)?;
        Ok(count)
    }
}
