//! Waiting for something to be settled: for the command line, which ends when its work is done.

use std::time::Duration;

use super::Core;
use crate::error::{CoreError, hinders_asking};
use crate::ids::OutboxId;
use crate::reading::thread;
use crate::store::accounts;
use crate::store::messages;
use crate::store::outbox::{self, OutboxState};
use crate::view::{Backfill, MessageRow, Mode};

impl Core {
    /// Waits until a reply is with Avito or parked, or the time is over; answers its bubble as it is then. A dropped reply has
    /// none.
    pub async fn wait_sent(&self, id: OutboxId, patience: Duration) -> Result<MessageRow, CoreError> {
        let mut notices = self.notices();
        let give_up = tokio::time::sleep(patience);
        tokio::pin!(give_up);
        loop {
            let now = self.avito_now_ms();
            let (settled, row) = self
                .inner
                .store
                .read(move |c| {
                    let Some(row) = outbox::get(c, id)? else { return Ok((true, None)) };
                    let settled =
                        matches!(row.state, OutboxState::Done | OutboxState::Failed | OutboxState::Discarded);
                    if row.state == OutboxState::Discarded {
                        return Ok((settled, None));
                    }
                    let bubble = match row.message {
                        Some(message) => messages::get(c, message)?
                            .map(|message| thread::bubble(c, &message, &now))
                            .transpose()?,
                        None => Some(thread::echo(c, &row)?),
                    };
                    Ok((settled, bubble))
                })
                .await?;
            let row = row.ok_or_else(|| CoreError::not_found("no such reply"))?;
            if settled {
                return Ok(row);
            }
            tokio::select! {
                () = &mut give_up => return Ok(row),
                _ = notices.recv() => {}
            }
        }
    }

    /// Waits until every account has looked at Avito once, or has a trouble, or the time is over.
    pub async fn wait_checked(&self, patience: Duration) {
        let checked = async {
            for account in self.accounts() {
                let mut state = account.state.subscribe();
                let _ = state.wait_for(|state| state.mode != Mode::Starting || state.trouble.is_some()).await;
            }
        };
        let _ = tokio::time::timeout(patience, checked).await;
    }

    /// Waits until old history is complete or an account has a trouble that stops it; tells the progress.
    pub async fn wait_backfilled(&self, mut progress: impl FnMut(&Backfill)) {
        for account in self.accounts() {
            let mut state = account.state.subscribe();
            let id = account.id;
            loop {
                let now = state.borrow_and_update().clone();
                if now.trouble.is_some_and(|trouble| hinders_asking(trouble.code)) {
                    break;
                }
                let row = self.inner.store.read(move |c| accounts::get(c, id)).await;
                match (&now.backfill, row) {
                    (Some(backfill), _) => progress(backfill),
                    (None, Ok(Some(row))) if !row.backfill_done => {} // not begun yet
                    (None, _) => break,
                }
                if state.changed().await.is_err() {
                    break;
                }
            }
        }
    }
}
