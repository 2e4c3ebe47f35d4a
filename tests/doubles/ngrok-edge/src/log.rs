//! What has happened, in order.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An agent's connection was taken.
    Connected,
    /// It was dropped at once: an outage.
    Dropped,
    /// A key was accepted.
    Authenticated,
    /// A key was refused.
    AuthRefused,
    /// An address was given.
    Bound,
    /// An address was refused.
    BindRefused,
    /// An address was taken back by the agent.
    Unbound,
    /// A heartbeat came.
    Heartbeat,
    /// A session ended.
    Ended,
    /// A request came at the public side.
    Requested,
    /// It was passed on and answered; of bytes passed on as they come, that this began.
    PassedOn,
    /// It was passed on, and the agent gave no answer.
    Unanswered,
    /// It was answered and not passed on.
    Swallowed,
    /// It was passed on twice.
    Doubled,
    /// It was passed on, and the caller got another answer.
    AnswerLost,
    /// It was answered by the service itself.
    NotServed,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Milliseconds since the start.
    pub at_ms: u64,
    /// The kind.
    pub what: What,
    /// The session, 0 when it is about none.
    pub session: u64,
    /// A host, a code, a path.
    pub detail: String,
}

pub(crate) struct Log {
    started: Instant,
    entries: Mutex<Vec<Entry>>,
    grown: watch::Sender<usize>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), entries: Mutex::default(), grown: watch::Sender::new(0) }
    }

    pub(crate) fn add(&self, what: What, session: u64, detail: impl Into<String>) {
        let at_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(Entry { at_ms, what, session, detail: detail.into() });
        self.grown.send_replace(entries.len());
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many events of this kind have happened since the start.
    pub(crate) async fn until(&self, what: What, count: usize) {
        let mut grown = self.grown.subscribe();
        loop {
            grown.borrow_and_update();
            if self.entries().iter().filter(|entry| entry.what == what).count() >= count {
                return;
            }
            if grown.changed().await.is_err() {
                return;
            }
        }
    }
}
