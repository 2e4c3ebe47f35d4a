//! Recordings of voice messages are fetched as the messages come. Avito hands one out through a link that lives for an hour, and only
//! while it has the message: whoever plays it a month later would find nothing. Pictures stay where they are until somebody looks.
//!
//! What is to be fetched is marked in the transaction that takes the message in, so a kill or an outage only delays it. Nobody waits
//! for it: it takes what the account's budget leaves, one recording at a time, newest first.

use std::sync::Arc;
use std::time::Duration;

use avito::Content;
use rusqlite::Connection;

use crate::Core;
use crate::account::Account;
use crate::error::{CoreError, needs_seller};
use crate::ids::{AccountId, MediaId};
use crate::ingest;
use crate::store::{StoreError, media};
use crate::view::ErrorCode;

/// Recordings of older messages are fetched when they are played: reading an old history must not fill the disk.
const OLDEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Marks the recording of a message that is being taken in; true: it is to be fetched.
pub(crate) fn to_keep(
    connection: &Connection,
    account: AccountId,
    content: &Content,
    sent_s: i64,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let Content::Voice { voice_id } = content else { return Ok(false) };
    let oldest_s = now_ms.div_euclid(1000) - i64::try_from(OLDEST.as_secs()).unwrap_or(i64::MAX);
    if sent_s < oldest_s {
        return Ok(false);
    }
    media::set_to_keep(connection, account, &ingest::voice_address(voice_id))
}

/// Runs until the account stops.
pub(crate) async fn run(core: Core, account: Arc<Account>) {
    let mut settings = core.inner.settings.subscribe();
    let mut state = account.state.subscribe();
    let mut pause = core.inner.timing.trouble_first;
    loop {
        // Trouble that only the seller can mend is the sync loop's to find out and to end.
        let healthy = |state: &crate::account::AccountState| {
            state.trouble.as_ref().is_none_or(|trouble| !needs_seller(trouble.code))
        };
        if state.wait_for(healthy).await.is_err() || settings.wait_for(|now| now.keep_voices).await.is_err() {
            return;
        }
        match round(&core, &account).await {
            Ok(true) => {
                pause = core.inner.timing.trouble_first;
                account.wake_voices.notified().await;
            }
            outcome => {
                tracing::info!(account = %account.id, failed = outcome.is_err(), "recordings wait");
                core.inner.clock.sleep(pause).await;
                pause = (pause * 2).min(core.inner.timing.trouble_max).max(Duration::from_millis(1));
            }
        }
    }
}

/// Fetches what is marked, newest first; true: nothing is left.
async fn round(core: &Core, account: &Account) -> Result<bool, CoreError> {
    let (id, mut before, mut whole) = (account.id, None::<MediaId>, true);
    while core.settings().keep_voices {
        let Some(next) = core.inner.store.read(move |c| media::next_to_keep(c, id, before)).await? else {
            return Ok(whole);
        };
        before = Some(next);
        match core.file(next, false).await {
            Ok(_) => {}
            Err(error) if is_gone(error.code()) => {
                core.inner.store.write(move |c| media::set_not_kept(c, next)).await?;
            }
            // The server of this one file: others may be elsewhere.
            Err(CoreError::Invalid(ErrorCode::ServerTrouble, _)) => whole = false,
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Asking again would bring the same answer.
fn is_gone(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NotFound | ErrorCode::BadImage | ErrorCode::ImageTooLarge)
}
