//! Pauses between attempts: doubling to a ceiling, never two programs in step.

use std::time::Duration;

use rand::RngExt as _;

use crate::Verdict;

/// Where pauses begin and end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    first: Duration,
    longest: Duration,
    /// So many are as short as the first.
    alike: u32,
}

const SOON: Pauses = Pauses { first: Duration::from_millis(500), longest: Duration::from_secs(30), alike: 1 };
/// A session that broke off is let go by the service within half a minute; one on another computer of the seller's is not.
const HELD: Pauses = Pauses { first: Duration::from_secs(14), longest: Duration::from_secs(300), alike: 4 };
const LATER: Pauses = Pauses { first: Duration::from_secs(15), longest: Duration::from_secs(300), alike: 1 };
/// A connection that lasted so long was a good one: the next failure begins anew.
pub(crate) const STABLE: Duration = Duration::from_secs(60);

/// Counts the failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next pause; with [`Verdict::Seller`] there is none and this is not asked.
    pub(crate) fn next(&mut self, verdict: Verdict) -> Duration {
        let pauses = match verdict {
            Verdict::Soon => SOON,
            Verdict::Held => HELD,
            Verdict::Later | Verdict::Seller => LATER,
        };
        let doubled = (self.failures + 1).saturating_sub(pauses.alike).min(16);
        let whole = pauses.first.saturating_mul(1 << doubled).min(pauses.longest);
        self.failures += 1;
        whole.mul_f64(rand::rng().random_range(0.75..=1.0))
    }

    /// Things went well, or the seller asked.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute_and_begin_anew_after_success() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..12).map(|_| backoff.next(Verdict::Soon)).collect();
        assert!(pauses[0] <= SOON.first && pauses[0] >= SOON.first.mul_f64(0.75));
        assert!(pauses[1] > SOON.first.mul_f64(1.4));
        assert!(pauses.iter().all(|pause| *pause <= SOON.longest), "{pauses:?}");
        assert!(pauses[11] >= SOON.longest.mul_f64(0.75));
        backoff.reset();
        assert!(backoff.next(Verdict::Soon) <= SOON.first);
        let mut backoff = Backoff::default();
        let held: Vec<_> = (0..10).map(|_| backoff.next(Verdict::Held)).collect();
        assert!(held[..4].iter().sum::<Duration>() <= 4 * HELD.first, "{held:?}");
        assert!(held[4] > HELD.first && held[9] > HELD.longest / 2 && held[9] <= HELD.longest, "{held:?}");
        assert!(Backoff::default().next(Verdict::Later) >= LATER.first.mul_f64(0.75));
    }
}
