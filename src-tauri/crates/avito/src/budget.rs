//! How many calls may be made: a token bucket that a 429 closes for a while.
//!
//! Avito documents no limit for the messenger, so the client sets one for itself. The struct is pure: every method
//! takes `now`.

use std::time::{Duration, Instant};

/// Pauses after a 429 that says nothing of its own, one per consecutive 429; the last one repeats.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(30),
    Duration::from_secs(45),
];

/// The longest `Retry-After` that is believed.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// A person waits for it: sending, opening a chat.
    Interactive,
    /// Nobody waits for it: backfill, polling. May not take the last third of the budget.
    Background,
}

/// What became of a request for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The call may be made and has been counted.
    Go,
    /// Not now; ask again after this time.
    Wait(Duration),
    /// A 429 holds everything for this time.
    Closed(Duration),
}

/// A token bucket; see the module.
#[derive(Debug, Clone)]
pub struct Budget {
    capacity: f64,
    per_second: f64,
    tokens: f64,
    filled: Instant,
    closed_until: Option<Instant>,
    strikes: usize,
}

impl Budget {
    /// A full bucket of `calls_per_minute`, refilled evenly at that rate. 0 is taken as 1.
    pub fn new(calls_per_minute: u32, now: Instant) -> Self {
        Self::with_burst(calls_per_minute, calls_per_minute, now)
    }

    /// A full bucket that holds only `burst` calls: at most `calls_per_minute + burst` are made in any minute.
    pub fn with_burst(calls_per_minute: u32, burst: u32, now: Instant) -> Self {
        let capacity = f64::from(burst.max(1));
        let per_second = f64::from(calls_per_minute.max(1)) / 60.0;
        Self { capacity, per_second, tokens: capacity, filled: now, closed_until: None, strikes: 0 }
    }

    /// Takes one call, or says how long to wait.
    pub fn take(&mut self, priority: Priority, now: Instant) -> Verdict {
        if let Some(until) = self.limited_until(now) {
            return Verdict::Closed(until.duration_since(now));
        }
        self.refill(now);
        let kept_free = match priority {
            Priority::Interactive => 0.0,
            Priority::Background => self.capacity / 3.0,
        };
        let needed = (1.0 + kept_free).min(self.capacity);
        // The tolerance makes a wait of exactly the told length enough, whatever the rounding.
        let missing = needed - self.tokens;
        if missing <= 1e-6 {
            self.tokens -= 1.0;
            return Verdict::Go;
        }
        Verdict::Wait(Duration::from_secs_f64(missing / self.per_second) + Duration::from_millis(1))
    }

    /// A call was answered with 429. Returns how long everything is held now.
    ///
    /// Several answers of calls that were under way together count as one strike.
    pub fn on_limited(&mut self, retry_after: Option<Duration>, now: Instant) -> Duration {
        let already_closed = self.limited_until(now);
        if already_closed.is_none() {
            self.strikes += 1;
        }
        let own = PAUSES[self.strikes.clamp(1, PAUSES.len()) - 1];
        let until = match (retry_after, already_closed) {
            (Some(told), held) => held.max(Some(now + told.min(LONGEST_PAUSE))),
            (None, Some(held)) => Some(held),
            (None, None) => Some(now + own),
        };
        self.closed_until = until;
        until.map(|until| until.saturating_duration_since(now)).unwrap_or_default()
    }

    /// A call was accepted: the next 429 starts with the shortest pause again.
    pub fn on_success(&mut self, now: Instant) {
        // An answer of a call made before the 429 says nothing about what came after.
        if self.limited_until(now).is_none() {
            self.closed_until = None;
            self.strikes = 0;
        }
    }

    /// Until when a 429 holds, if it does.
    pub fn limited_until(&self, now: Instant) -> Option<Instant> {
        self.closed_until.filter(|until| *until > now)
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.capacity);
        self.filled = self.filled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::Priority::{Background, Interactive};
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn takes(budget: &mut Budget, priority: Priority, now: Instant) -> usize {
        (0..1000).take_while(|_| budget.take(priority, now) == Verdict::Go).count()
    }

    #[test]
    fn background_leaves_the_last_third_to_people() {
        let now = Instant::now();
        let mut budget = Budget::new(60, now);
        assert_eq!(takes(&mut budget, Background, now), 40);
        assert_eq!(takes(&mut budget, Interactive, now), 20);
        assert!(matches!(budget.take(Interactive, now), Verdict::Wait(_)));
    }

    #[test]
    fn a_bucket_refills_evenly_and_not_above_its_size() {
        let start = Instant::now();
        let mut budget = Budget::new(60, start);
        assert_eq!(takes(&mut budget, Interactive, start), 60);
        assert_eq!(takes(&mut budget, Interactive, start + seconds(10)), 10);
        assert_eq!(takes(&mut budget, Background, start + seconds(30)), 0, "20 of 60 are the people's third");
        assert_eq!(takes(&mut budget, Background, start + seconds(31)), 1);
        assert_eq!(takes(&mut budget, Interactive, start + seconds(10_000)), 60);
    }

    #[test]
    fn waiting_as_long_as_told_is_enough() {
        let mut now = Instant::now();
        for rate in [1, 7, 60, 500] {
            let mut budget = Budget::new(rate, now);
            takes(&mut budget, Interactive, now);
            for priority in [Interactive, Background] {
                let Verdict::Wait(wait) = budget.take(priority, now) else {
                    panic!("rate {rate}: must wait")
                };
                now += wait;
                assert_eq!(budget.take(priority, now), Verdict::Go, "rate {rate}, {priority:?}");
            }
        }
    }

    #[test]
    fn consecutive_429_wait_longer_and_a_success_starts_over() {
        let mut now = Instant::now();
        let mut budget = Budget::new(60, now);
        for expected in [5, 10, 20, 30, 45, 45] {
            assert_eq!(budget.on_limited(None, now), seconds(expected));
            assert_eq!(budget.take(Interactive, now), Verdict::Closed(seconds(expected)));
            assert_eq!(
                budget.on_limited(None, now),
                seconds(expected),
                "answers of one burst are one strike"
            );
            budget.on_success(now);
            now += seconds(expected);
            assert_eq!(budget.take(Interactive, now), Verdict::Go);
        }
        budget.on_success(now);
        assert_eq!(budget.on_limited(None, now), seconds(5));
    }

    #[test]
    fn the_servers_own_pause_wins_and_is_never_shortened() {
        let now = Instant::now();
        let mut budget = Budget::new(60, now);
        assert_eq!(budget.on_limited(Some(seconds(90)), now), seconds(90));
        assert_eq!(budget.on_limited(Some(seconds(3)), now), seconds(90));
        assert_eq!(budget.limited_until(now + seconds(89)), Some(now + seconds(90)));
        assert_eq!(budget.limited_until(now + seconds(90)), None);
        assert_eq!(budget.on_limited(Some(seconds(1_000_000)), now), LONGEST_PAUSE);
    }
}
