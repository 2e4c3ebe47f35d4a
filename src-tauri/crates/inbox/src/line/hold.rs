//! A line that comes and goes is treated as down for growing times: changing to and fro costs more than waiting.

use crate::timing::Timing;

/// The memory of one line. Times are of the steady clock.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    /// How often it went down lately.
    drops: u32,
    up_since_ms: Option<i64>,
    used_since_ms: Option<i64>,
}

impl Hold {
    /// The line is up. Answers how much longer it must stay so before it is used, milliseconds; 0: it is used.
    pub(crate) fn up(&mut self, now_ms: i64, timing: &Timing) -> i64 {
        let up_since_ms = *self.up_since_ms.get_or_insert(now_ms);
        let left_ms = (up_since_ms + self.wait_ms(timing) - now_ms).max(0);
        if left_ms == 0 {
            self.used_since_ms.get_or_insert(now_ms);
        }
        left_ms
    }

    /// The line is down.
    pub(crate) fn down(&mut self, now_ms: i64, timing: &Timing) {
        if self.up_since_ms.take().is_none() {
            return;
        }
        let steady_ms = i64::try_from(timing.flap_memory.as_millis()).unwrap_or(i64::MAX);
        if self.used_since_ms.take().is_some_and(|since_ms| now_ms - since_ms >= steady_ms) {
            self.drops = 0;
        }
        self.drops = self.drops.saturating_add(1);
    }

    /// The first time down costs nothing.
    fn wait_ms(&self, timing: &Timing) -> i64 {
        let Some(doublings) = self.drops.checked_sub(2) else { return 0 };
        let wait = timing.flap_first.saturating_mul(1 << doublings.min(16)).min(timing.flap_max);
        i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_line_is_used_at_once_and_an_unsteady_one_after_growing_times() {
        let timing = Timing::default();
        let mut hold = Hold::default();
        let mut now_ms = 0;
        let mut waits = Vec::new();
        for _ in 0..9 {
            let wait_ms = hold.up(now_ms, &timing);
            waits.push(wait_ms / 1000);
            now_ms += wait_ms;
            assert_eq!(hold.up(now_ms, &timing), 0, "it stayed long enough");
            now_ms += 1000;
            hold.down(now_ms, &timing);
            hold.down(now_ms, &timing);
        }
        assert_eq!(waits, [0, 0, 5, 10, 20, 40, 80, 160, 300]);
        // Down while it is held counts too.
        hold.up(now_ms, &timing);
        hold.down(now_ms + 1, &timing);
        assert_eq!(hold.up(now_ms + 2, &timing), 300_000);
        now_ms += 300_002;
        assert_eq!(hold.up(now_ms, &timing), 0);
        // Ten good minutes, and the past is forgotten.
        now_ms += 600_000;
        hold.down(now_ms, &timing);
        assert_eq!(hold.up(now_ms, &timing), 0);
    }
}
