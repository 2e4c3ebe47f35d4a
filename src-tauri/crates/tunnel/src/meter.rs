//! Counts what passes through a tunnel, for services that sell it by the month.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What has passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Requests, whatever was answered.
    pub requests: u64,
    /// Bytes of our answers, heads included.
    pub bytes_out: u64,
}

/// Counts since it was last asked; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    bytes_out: AtomicU64,
}

impl Meter {
    /// What has passed since the last call; to be added to the month's sum.
    #[must_use]
    pub fn take(&self) -> Passed {
        Passed {
            requests: self.0.requests.swap(0, Ordering::Relaxed),
            bytes_out: self.0.bytes_out.swap(0, Ordering::Relaxed),
        }
    }

    pub(crate) fn asked(&self) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.0.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
