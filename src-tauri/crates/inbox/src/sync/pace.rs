//! How long to wait before asking again.

use std::time::Duration;

use super::Failure;
use crate::Core;
use crate::account::Account;
use crate::error::needs_seller;
use crate::view::{Mode, Polling, TroubleCode};

/// The memory of one account's loop.
#[derive(Debug, Default)]
pub(super) struct Pace {
    failures: u32,
    live_cycles: u32,
    reconciled_ms: Option<i64>,
    subscription_checked_ms: Option<i64>,
}

impl Pace {
    /// A cycle went well and left the account in this mode.
    pub(super) fn succeeded(&mut self, mode: Mode) {
        self.failures = 0;
        self.live_cycles = if mode == Mode::Live { self.live_cycles.saturating_add(1) } else { 0 };
    }

    pub(super) fn in_trouble(&self) -> bool {
        self.failures > 0
    }

    /// Messages came without an event: Avito may have forgotten our address.
    pub(super) fn subscription_in_doubt(&mut self) {
        self.subscription_checked_ms = None;
    }

    /// The seller or an event asked for a look: also look at what is looked at rarely.
    pub(super) fn woken(&mut self) {
        self.reconciled_ms = None;
    }

    /// Pause after a failure: what the server asked for, or growing.
    pub(super) fn failed(&mut self, core: &Core, failure: &Failure) -> Duration {
        let timing = &core.inner.timing;
        self.subscription_checked_ms = None;
        self.failures = self.failures.saturating_add(1);
        self.live_cycles = 0;
        if needs_seller(failure.code) {
            return timing.trouble_seller;
        }
        let growing =
            timing.trouble_first.saturating_mul(1 << (self.failures - 1).min(10)).min(timing.trouble_max);
        match (failure.retry_after, failure.code) {
            (Some(wait), _) => wait,
            // Without a network each try is cheap, and the seller waits for its return.
            (None, TroubleCode::Network | TroubleCode::Dns) => growing.min(timing.poll_quiet),
            (None, _) => growing,
        }
    }

    /// Pause after a success.
    pub(super) fn interval(&self, core: &Core, account: &Account) -> Duration {
        let timing = &core.inner.timing;
        if account.state.borrow().mode == Mode::Live {
            // Soon after going live we look whether events really arrive, then ever more rarely.
            let doublings = self.live_cycles.saturating_sub(1).min(10);
            return timing.poll_live_first.saturating_mul(1 << doublings).min(timing.poll_live);
        }
        let now_ms = core.inner.clock.now_ms();
        let attention = core.attention();
        let recent =
            |at_ms: i64| u128::try_from(now_ms - at_ms).is_ok_and(|ago| ago < timing.busy_for.as_millis());
        let talking = core.inner.last_message_ms.load(std::sync::atomic::Ordering::Relaxed);
        let usual = if attention.focused || recent(attention.last_used_ms) || recent(talking) {
            timing.poll_busy
        } else if (1..6).contains(&core.inner.clock.local_hour()) {
            timing.poll_night
        } else {
            timing.poll_quiet
        };
        match core.inner.settings.borrow().polling {
            Polling::Often => usual / 2,
            Polling::Usual => usual,
            Polling::Rarely => usual * 4,
        }
    }

    /// Whether to compare unread marks with Avito in this cycle; true at most once in a slow-poll interval.
    pub(super) fn reconcile_due(&mut self, core: &Core) -> bool {
        due(&mut self.reconciled_ms, core)
    }

    /// Whether to ask Avito for its list of subscriptions in this cycle.
    pub(super) fn subscription_due(&mut self, core: &Core) -> bool {
        due(&mut self.subscription_checked_ms, core)
    }
}

fn due(last_ms: &mut Option<i64>, core: &Core) -> bool {
    let now_ms = core.inner.clock.now_ms();
    let interval_ms = i64::try_from(core.inner.timing.poll_live.as_millis()).unwrap_or(i64::MAX);
    if last_ms.is_some_and(|last| (now_ms - last).abs() < interval_ms) {
        return false;
    }
    *last_ms = Some(now_ms);
    true
}
