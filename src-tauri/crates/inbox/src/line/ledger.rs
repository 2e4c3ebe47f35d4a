//! Writing down which minutes are covered. Complete checks cover what lies behind them (`sync/catch_up.rs`); here a live account's
//! time is noted as it passes.

use rusqlite::Connection;

use crate::Core;
use crate::ids::AccountId;
use crate::store::StoreError;
use crate::store::coverage::{self, How};
use crate::timing::Timing;
use crate::view::Mode;

/// From a check to the mode it brings passes a moment, milliseconds.
const LEAST_MS: i64 = 5_000;
/// Days that are kept.
const KEEP_MS: i64 = 31 * 24 * 3_600_000;

/// Everything up to now was read; nothing in it is missing.
///
/// `missed_since_ms`: messages were found that an event should have brought, so what passed for covered since then was not.
pub(crate) fn checked(
    connection: &Connection,
    account: AccountId,
    timing: &Timing,
    live: bool,
    missed_since_ms: Option<i64>,
    now_ms: i64,
) -> Result<(), StoreError> {
    if let Some(since_ms) = missed_since_ms {
        return coverage::restate(connection, account, since_ms.min(now_ms), now_ms);
    }
    let until_ms = coverage::until(connection, account)?.unwrap_or(now_ms - 1);
    let usual_ms = i64::try_from(timing.usual_gap.as_millis()).unwrap_or(i64::MAX);
    let how = match () {
        () if now_ms - until_ms > usual_ms => How::Afterwards,
        () if live => How::Live,
        () => How::Polling,
    };
    coverage::extend(connection, account, until_ms, now_ms, how)
}

/// Runs until the core stops.
pub(crate) async fn keep(core: Core) {
    let mut notices = core.notices();
    let mut last: Vec<(AccountId, Mode)> = Vec::new();
    let mut last_ms = core.inner.clock.now_ms();
    let mut pruned_ms = 0;
    let tick_ms = i64::try_from(core.inner.timing.ledger_tick.as_millis()).unwrap_or(i64::MAX);
    // Where more is missing the computer slept: a check has to say what happened meanwhile.
    let most_ms = tick_ms.saturating_mul(3).max(LEAST_MS);
    loop {
        tokio::select! {
            () = core.inner.clock.sleep(core.inner.timing.ledger_tick) => {}
            _ = notices.recv() => {}
        }
        let now_ms = core.inner.clock.now_ms();
        let modes: Vec<(AccountId, Mode)> =
            core.accounts().iter().map(|account| (account.id, account.state.borrow().mode)).collect();
        let passed_ms = now_ms - last_ms;
        if modes == last && (0..tick_ms).contains(&passed_ms) {
            continue;
        }
        let live: Vec<AccountId> =
            last.iter().filter(|(_, mode)| *mode == Mode::Live).map(|(account, _)| *account).collect();
        (last, last_ms) = (modes, now_ms);
        let prune = now_ms - pruned_ms > 3_600_000;
        if live.is_empty() && !prune {
            continue;
        }
        pruned_ms = if prune { now_ms } else { pruned_ms };
        let written = core
            .inner
            .store
            .write(move |c| {
                for account in &live {
                    let until_ms = coverage::until(c, *account)?;
                    if let Some(until_ms) = until_ms.filter(|until_ms| now_ms - until_ms <= most_ms) {
                        coverage::extend(c, *account, until_ms, now_ms, How::Live)?;
                    }
                }
                if prune {
                    coverage::prune(c, now_ms - KEEP_MS)?;
                }
                Ok(())
            })
            .await;
        if let Err(error) = written {
            tracing::warn!(%error, "the ledger could not be written");
        }
    }
}
