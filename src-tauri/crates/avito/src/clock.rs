//! How far the server's clock is from ours, learnt from the `Date` header.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Answers looked at; the median of a few ignores one slow answer.
const SAMPLES: usize = 9;

#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    offsets_ms: Mutex<VecDeque<i64>>,
}

impl ServerClock {
    /// Takes one answer into account: its `Date` header and our time when it was asked for and when it came.
    pub(crate) fn observe(&self, date: &str, asked: SystemTime, answered: SystemTime) {
        let Ok(server) = httpdate::parse_http_date(date) else { return };
        let middle = i64::midpoint(unix_ms(asked), unix_ms(answered));
        let mut offsets = self.offsets_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if offsets.len() == SAMPLES {
            offsets.pop_front();
        }
        // The header cuts the fraction off, half a second on average.
        offsets.push_back(unix_ms(server) + 500 - middle);
    }

    /// Server time minus local time, in milliseconds, good to about a second.
    pub(crate) fn offset_ms(&self) -> Option<i64> {
        let mut offsets: Vec<i64> =
            self.offsets_ms.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        offsets.sort_unstable();
        offsets.get(offsets.len() / 2).copied()
    }
}

fn unix_ms(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_odd_answer_does_not_move_the_clock() {
        let clock = ServerClock::default();
        assert_eq!(clock.offset_ms(), None);
        let local = UNIX_EPOCH + Duration::from_secs(1_760_000_000);
        let ahead = httpdate::fmt_http_date(local + Duration::from_secs(90));
        for _ in 0..3 {
            clock.observe(&ahead, local, local);
        }
        clock.observe(&httpdate::fmt_http_date(UNIX_EPOCH), local, local);
        clock.observe("not a date", local, local);
        assert_eq!(clock.offset_ms(), Some(90_500));
    }
}
