//! How many requests came through ngrok this month: its free plan includes a number of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::Core;
use crate::clock;
use crate::store::{StoreError, settings};

const KEY: &str = "ngrok-requests";

/// Requests of one month, by this machine's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Month {
    /// `2026-11`
    name: String,
    requests: u64,
}

/// Counts, and keeps the count.
#[derive(Default)]
pub(crate) struct Meter {
    passing: tunnel::Meter,
    month: Mutex<Month>,
    /// The number that is kept already.
    kept: AtomicU64,
}

impl Meter {
    /// Goes on with the count of earlier runs.
    pub(crate) fn load(connection: &rusqlite::Connection) -> Result<Self, StoreError> {
        let month: Option<Month> = settings::get(connection, KEY)?;
        let month = month.unwrap_or_default();
        let kept = AtomicU64::new(month.requests);
        Ok(Self { month: Mutex::new(month), passing: tunnel::Meter::default(), kept })
    }

    /// What a tunnel counts with.
    pub(crate) fn passing(&self) -> tunnel::Meter {
        self.passing.clone()
    }

    /// What has passed belongs to this month.
    fn summed(&self, now_ms: i64) -> MutexGuard<'_, Month> {
        let mut month = self.month.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::local_month(now_ms);
        if month.name != now {
            *month = Month { name: now, requests: 0 };
        }
        month.requests += self.passing.take().requests;
        month
    }

    /// This month's requests.
    pub(crate) fn requests(&self, now_ms: i64) -> u32 {
        u32::try_from(self.summed(now_ms).requests).unwrap_or(u32::MAX)
    }

    /// Keeps the count for the next run.
    pub(crate) async fn keep(&self, core: &Core) {
        let month = self.summed(core.inner.clock.now_ms()).clone();
        if self.kept.swap(month.requests, Ordering::Relaxed) == month.requests {
            return;
        }
        if let Err(error) = core.inner.store.write(move |c| settings::set(c, KEY, &month)).await {
            tracing::warn!(%error, "the count of requests could not be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_summed_up_over_runs_and_a_new_one_begins_at_nothing() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let november = Month { name: "2026-11".into(), requests: 7 };
        let meter = Meter { month: Mutex::new(november), ..Meter::default() };
        assert_eq!(meter.requests(at("2026-11-15T12:00:00Z")), 7);
        assert_eq!(meter.requests(at("2026-12-15T12:00:00Z")), 0);
    }
}
