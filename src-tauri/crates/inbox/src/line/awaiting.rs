//! Which messages a live account should hear of by event. Asking may be faster: what it finds waits for its event, and counts as
//! missed when none comes (`sync/catch_up.rs`).

use rusqlite::Connection;

use crate::Core;
use crate::account::Account;
use crate::ids::AccountId;
use crate::ingest::Taken;
use crate::store::{StoreError, awaited};
use crate::view::Mode;

/// What is written from this second on, by Avito's clock, should come by event; none: the account is not live.
pub(crate) fn since_s(core: &Core, account: &Account) -> Option<i64> {
    let state = account.state.borrow();
    let grace_ms = i64::try_from(core.inner.timing.event_grace.as_millis()).unwrap_or(0);
    (state.mode == Mode::Live).then(|| account.to_server_s(state.mode_since_ms + grace_ms))
}

/// These were found by asking.
pub(crate) fn found(
    connection: &Connection,
    account: AccountId,
    taken: &[Taken],
    since_s: Option<i64>,
) -> Result<(), StoreError> {
    let Some(since_s) = since_s else { return Ok(()) };
    for one in taken.iter().filter(|one| one.new && one.from_buyer && one.sent_s >= since_s) {
        awaited::add(connection, account, one.message, one.sent_s)?;
    }
    Ok(())
}
