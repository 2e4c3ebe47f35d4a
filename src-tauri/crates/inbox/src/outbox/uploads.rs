//! Pictures on their way to Avito: how much of each is there, and stopping it.
//!
//! An upload makes no message, so until all of it is there it can be stopped without asking what became of it. Who takes an upload
//! out of the list decides about it: either the attempt, which goes on to send the picture, or the seller, who drops the reply.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::Core;
use crate::ids::{ChatId, OutboxId};
use crate::view::Notice;

/// The page is told of steps of so many per cent.
const STEP: u8 = 4;

/// The uploads under way.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<HashMap<OutboxId, CancellationToken>>);

impl Uploads {
    fn list(&self) -> MutexGuard<'_, HashMap<OutboxId, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one; the token says when it is stopped.
    pub(super) fn begin(&self, id: OutboxId) -> CancellationToken {
        let stop = CancellationToken::new();
        self.list().insert(id, stop.clone());
        stop
    }

    /// Takes one out of the list; none: it is decided about already.
    pub(crate) fn take(&self, id: OutboxId) -> Option<CancellationToken> {
        self.list().remove(&id)
    }
}

/// Tells the page how much of a picture of `total` bytes the connection has taken.
pub(super) fn teller(
    core: &Core,
    chat: ChatId,
    outbox: OutboxId,
    total: usize,
) -> impl Fn(u64) + Send + Sync + 'static {
    let (core, last) = (core.clone(), AtomicU8::new(0));
    core.notify(Notice::Upload { chat, outbox, percent: 0 });
    move |sent| {
        // What the connection has taken is not at Avito yet: all of it is only when Avito says so.
        let percent = u8::try_from(sent.saturating_mul(99) / (total as u64).max(1)).unwrap_or(99).min(99);
        let before = last.load(Ordering::Relaxed);
        if percent >= before.saturating_add(STEP) || percent < before {
            last.store(percent, Ordering::Relaxed);
            core.notify(Notice::Upload { chat, outbox, percent });
        }
    }
}
