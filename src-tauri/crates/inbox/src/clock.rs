//! The one source of time. Tests set it; nothing in this crate asks the system directly.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// A clock: the system's, or one that a test moves.
#[derive(Clone, Default)]
pub struct Clock {
    manual: Option<Arc<watch::Sender<i64>>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `now_ms` until it is moved.
    pub fn manual(now_ms: i64) -> Self {
        Self { manual: Some(Arc::new(watch::channel(now_ms).0)) }
    }

    /// UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        match &self.manual {
            Some(manual) => *manual.borrow(),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// Moves a manual clock forward (a negative number: back) and wakes who waited for it. A system clock stays as it is.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Some(manual) = &self.manual {
            manual.send_modify(|now| *now += by_ms);
        }
    }

    /// Waits until `duration` has passed by this clock.
    pub async fn sleep(&self, duration: Duration) {
        let Some(manual) = &self.manual else {
            tokio::time::sleep(duration).await;
            return;
        };
        let until = self.now_ms().saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
        let mut moved = manual.subscribe();
        // The sender lives as long as this clock: an error cannot happen while we are borrowed from it.
        let _ = moved.wait_for(|now| *now >= until).await;
    }

    /// Hour of the day at this machine, 0…23.
    pub fn local_hour(&self) -> i8 {
        jiff::Timestamp::from_millisecond(self.now_ms())
            .map_or(12, |now| now.to_zoned(jiff::tz::TimeZone::system()).hour())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_their_time_has_come() {
        let clock = Clock::manual(1_000);
        let sleeper = {
            let clock = clock.clone();
            tokio::spawn(async move {
                clock.sleep(Duration::from_secs(10)).await;
                clock.now_ms()
            })
        };
        tokio::task::yield_now().await;
        clock.advance_ms(9_000);
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance_ms(2_000);
        assert_eq!(sleeper.await.unwrap(), 12_000);
    }
}
