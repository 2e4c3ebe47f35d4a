//! Sending: one reply approved becomes exactly one message at Avito (invariant 3).
//!
//! ```text
//! Queued ──▶ Sending ──200──▶ Done
//!   ▲          │ refused ───▶ Failed (the seller decides)
//!   │          │ not sent ──▶ Queued, later
//!   │          ▼ answer lost
//!   └─ not there ─ Unknown ── found in the chat ──▶ Done
//! ```
//!
//! Avito has no idempotency key, so after a lost answer we read the chat and look for our message ([`claim`]) before anything
//! else. Chats send side by side; within a chat order is kept.

mod attempt;
pub(crate) mod claim;
mod uploads;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

pub(crate) use self::uploads::Uploads;

use crate::Core;
use crate::account::Account;
use crate::ids::ChatId;
use crate::store::outbox::{self, OutboxRow};

/// Chats of one account that send at the same time.
const SIDE_BY_SIDE: usize = 4;

/// Runs until the account stops.
pub(crate) async fn run(core: Core, account: Arc<Account>) {
    let mut running: JoinSet<ChatId> = JoinSet::new();
    let mut busy: HashSet<ChatId> = HashSet::new();
    loop {
        if let Err(error) = tidy(&core, &account).await {
            tracing::warn!(%error, "sent pictures' files stay for now");
        }
        // One time for both questions: a row that becomes due between them would be slept over.
        let now_ms = core.inner.clock.now_ms();
        match due(&core, &account, now_ms).await {
            Ok(rows) => {
                for row in rows {
                    if busy.len() >= SIDE_BY_SIDE || busy.contains(&row.chat) {
                        continue;
                    }
                    busy.insert(row.chat);
                    let (core, account) = (core.clone(), account.clone());
                    running.spawn(async move {
                        let chat = row.chat;
                        attempt::step(&core, &account, row).await;
                        chat
                    });
                }
            }
            Err(error) => {
                tracing::error!(%error, "the outbox could not be read");
                core.inner.clock.sleep(core.inner.timing.trouble_first).await;
                continue;
            }
        }
        let pause = next_due(&core, &account, now_ms).await;
        tokio::select! {
            Some(finished) = running.join_next(), if !running.is_empty() => match finished {
                Ok(chat) => { busy.remove(&chat); }
                Err(error) => {
                    // A bug in one attempt; its row stays as it is and is looked at again after a pause.
                    tracing::error!(%error, "an attempt ended badly");
                    core.inner.clock.sleep(core.inner.timing.trouble_first).await;
                    if running.is_empty() {
                        busy.clear();
                    }
                }
            },
            () = account.wake_outbox.notified() => {}
            () = core.inner.clock.sleep(pause) => {}
        }
    }
}

/// Removes the files of pictures that were sent or dropped, by whatever way that came to be known.
async fn tidy(core: &Core, account: &Account) -> Result<(), crate::StoreError> {
    let id = account.id;
    for (row, file) in core.inner.store.read(move |c| outbox::done_files(c, id)).await? {
        match tokio::fs::remove_file(core.inner.folder.join("outbox").join(file)).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => core.inner.store.write(move |c| outbox::forget_file(c, row)).await?,
        }
    }
    Ok(())
}

/// The oldest row of each chat, where its time has come.
async fn due(core: &Core, account: &Account, now_ms: i64) -> Result<Vec<OutboxRow>, crate::StoreError> {
    let id = account.id;
    let heads = core.inner.store.read(move |c| outbox::heads(c, id)).await?;
    Ok(heads.into_iter().filter(|row| row.retry_at_ms.is_none_or(|at| at <= now_ms)).collect())
}

/// How long until the next row becomes due that was not at `now_ms`. Rows that were belong to a busy chat: they are looked at when
/// it has finished.
async fn next_due(core: &Core, account: &Account, now_ms: i64) -> Duration {
    let id = account.id;
    let next = core.inner.store.read(move |c| outbox::next_due(c, id, now_ms)).await.ok().flatten();
    next.map_or(Duration::from_secs(3600), |at| {
        Duration::from_millis(u64::try_from(at - core.inner.clock.now_ms()).unwrap_or(0))
    })
}
