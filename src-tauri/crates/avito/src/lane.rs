//! The waiting in front of a [`Budget`].

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex as Turn;

use crate::budget::{Budget, Priority, Verdict};

/// How long a call that a person waits for is held by a 429; if longer, the person is told at once.
const INTERACTIVE_PATIENCE: Duration = Duration::from_secs(2);
/// The same for background calls. Every pause of our own is shorter.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(60);

/// A budget with a queue per priority, first come first served. Background calls cannot overtake: while people's
/// calls drain the bucket, the background's share stays empty.
#[derive(Debug)]
pub(crate) struct Lane {
    budget: Mutex<Budget>,
    interactive: Turn<()>,
    background: Turn<()>,
}

impl Lane {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget: Mutex::new(budget), interactive: Turn::new(()), background: Turn::new(()) }
    }

    /// Waits for leave to make one call. Fails with the time a 429 still holds, when that is too long to wait.
    pub(crate) async fn admit(&self, priority: Priority) -> Result<(), Duration> {
        let (turn, patience) = match priority {
            Priority::Interactive => (&self.interactive, INTERACTIVE_PATIENCE),
            Priority::Background => (&self.background, BACKGROUND_PATIENCE),
        };
        let _turn = turn.lock().await;
        loop {
            let verdict = self.with(|budget, now| budget.take(priority, now));
            match verdict {
                Verdict::Go => return Ok(()),
                Verdict::Closed(left) if left > patience => return Err(left),
                Verdict::Closed(wait) | Verdict::Wait(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    pub(crate) fn on_limited(&self, retry_after: Option<Duration>) -> Duration {
        self.with(|budget, now| budget.on_limited(retry_after, now))
    }

    pub(crate) fn on_success(&self) {
        self.with(Budget::on_success);
    }

    pub(crate) fn limited_until(&self) -> Option<Instant> {
        self.with(|budget, now| budget.limited_until(now))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Budget, Instant) -> T) -> T {
        // Tokio's clock is the real one, except in tests that pause it.
        let now = tokio::time::Instant::now().into_std();
        act(&mut self.budget.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}
