//! Drafts: a reply is there when the seller looks, made from the seller's own facts.
//!
//! ```text
//! a chat changed ─▶ settle: is there an unanswered question? ─▶ draft_work ─(the buyer pauses)─▶ worker
//!                     │ the talk went on: drafts are stale                                        │ knowledge → model or quote
//!                     ▼                                                                           ▼ → truth lock → drafts
//!                  drafts  ◀──────────────────────────────────────────────────────────────────────┘
//!                     │ approved, edited, or sent by a rule
//!                     ▼
//!                  outbox
//! ```
//!
//! Whether a chat wants a draft is decided from what the store holds, never from an event alone: a kill or a lost notice costs nothing.
//! What waits stands in a table, so nothing is lost when more comes than can be made; memory holds `DraftSettings::queue`
//! of it at most.

mod context;
mod levels;
mod lookout;
mod making;
pub(crate) mod model;
mod questions;
mod recall;
mod replay;
pub(crate) mod rules;
mod seller;
mod statistics;
mod style;
mod talk;
mod templates;
mod trust;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Core;
use crate::ids::{ChatId, MessageId};
use crate::journal::let_intake_pass;
use crate::store::draft_work::{self, Work};
use crate::store::settings;
use crate::view::{DraftSettings, ModelTrouble, Notice};

/// Chats that changed and are held in memory at most; when more have, all are looked at.
const CHANGED: usize = 1000;
/// The draft settings' key.
const SETTINGS: &str = "drafts";

/// What of drafts is not in the store.
#[derive(Default)]
pub(crate) struct Drafting {
    /// Chats that changed since they were last looked at.
    changed: Mutex<Changed>,
    pub(crate) wake: Notify,
    /// Drafts that are being made.
    writing: Mutex<BTreeMap<ChatId, Writing>>,
    /// The model's client, until its settings or secrets change. Held while these are written, and while a client is made from them: a
    /// key goes to no other service than the one it was given for.
    pub(crate) client: tokio::sync::Mutex<Option<Arc<model::Ready>>>,
    /// What hindered the model last.
    trouble: Mutex<Option<ModelTrouble>>,
}

/// Chats to be looked at.
#[derive(Default)]
struct Changed {
    chats: BTreeSet<ChatId>,
    /// More than are held: every chat.
    all: bool,
}

/// A draft that is being made.
#[derive(Clone)]
struct Writing {
    message: MessageId,
    question: String,
    text: String,
    began_ms: i64,
    stop: CancellationToken,
}

impl Drafting {
    /// These chats may want a draft, or want theirs no longer.
    pub(crate) fn look_at(&self, chats: &[ChatId]) {
        if chats.is_empty() {
            return;
        }
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.chats.extend(chats);
        if changed.chats.len() > CHANGED {
            *changed = Changed { chats: BTreeSet::new(), all: true };
        }
        drop(changed);
        self.wake.notify_one();
    }

    fn look_at_all(&self) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).all = true;
    }

    /// The chats to look at; none: every chat.
    fn take_changed(&self) -> Option<Vec<ChatId>> {
        let changed = std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner));
        (!changed.all).then(|| changed.chats.into_iter().collect())
    }

    fn writing(&self, chat: ChatId) -> Option<Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).get(&chat).cloned()
    }

    fn begin(&self, chat: ChatId, writing: Writing) {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).insert(chat, writing);
    }

    fn grow(&self, chat: ChatId, text: &str) {
        if let Some(writing) = self.writing.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&chat) {
            text.clone_into(&mut writing.text);
        }
    }

    fn end(&self, chat: ChatId) {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).remove(&chat);
    }

    /// Stops what is being made for a chat, unless it answers this message.
    fn stop_unless(&self, chat: ChatId, message: Option<MessageId>) {
        if let Some(writing) = self.writing(chat).filter(|writing| Some(writing.message) != message) {
            writing.stop.cancel();
        }
    }

    fn set_trouble(&self, trouble: Option<ModelTrouble>) -> bool {
        let mut known = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *known, trouble) != trouble
    }

    fn trouble(&self) -> Option<ModelTrouble> {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    pub(crate) async fn draft_settings_now(&self) -> Result<DraftSettings, crate::StoreError> {
        self.inner.store.read(|c| settings::get_over_default(c, SETTINGS)).await
    }

    pub(crate) fn tell_draft(&self, chat: ChatId) {
        self.notify(Notice::Draft { chat });
        self.notify(Notice::Drafts);
    }
}

/// Runs until the core stops.
pub(crate) async fn run(core: Core) {
    core.inner.clock.sleep(core.inner.timing.drafts_first).await;
    core.inner.drafting.look_at_all(); // what a kill left
    let mut running: JoinSet<ChatId> = JoinSet::new();
    let mut busy: BTreeSet<ChatId> = BTreeSet::new();
    loop {
        let_intake_pass(&core).await;
        let pause = match step(&core, &mut running, &mut busy).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "drafts wait");
                core.inner.timing.trouble_first
            }
        };
        tokio::select! {
            Some(finished) = running.join_next(), if !running.is_empty() => match finished {
                Ok(chat) => { busy.remove(&chat); }
                Err(error) => {
                    tracing::error!(%error, "the making of a draft ended badly");
                    if running.is_empty() {
                        busy.clear();
                    }
                }
            },
            () = core.inner.drafting.wake.notified() => {}
            () = core.inner.clock.sleep(pause) => {}
        }
    }
}

/// Looks at what changed, starts what is due, and answers when to look again.
async fn step(
    core: &Core,
    running: &mut JoinSet<ChatId>,
    busy: &mut BTreeSet<ChatId>,
) -> Result<Duration, crate::StoreError> {
    let long = Duration::from_secs(3600);
    let settings = core.draft_settings_now().await?;
    if !settings.on {
        core.inner.drafting.look_at_all(); // when they are switched on
        return Ok(long);
    }
    let (workers, queue) = (settings.workers.clamp(1, 16) as usize, settings.queue.clamp(1, 10_000));
    lookout::settle_changed(core).await?;
    let mut pause = rules::send_due(core).await?;
    let now_ms = core.inner.clock.now_ms();
    let works: Vec<Work> = core.inner.store.read(move |c| draft_work::first(c, queue)).await?;
    for work in works {
        if busy.contains(&work.chat) {
            continue;
        }
        if work.due_ms > now_ms {
            pause = pause.min(Duration::from_millis(u64::try_from(work.due_ms - now_ms).unwrap_or(0)));
            break;
        }
        if busy.len() >= workers {
            break; // the next one that finishes wakes us
        }
        busy.insert(work.chat);
        let core = core.clone();
        running.spawn(async move {
            let chat = work.chat;
            making::make(&core, work).await;
            chat
        });
    }
    Ok(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_changes_than_are_held_mean_that_every_chat_is_looked_at() {
        let drafting = Drafting::default();
        let chats: Vec<ChatId> = (1..=i64::try_from(CHANGED).unwrap()).map(ChatId).collect();
        drafting.look_at(&chats);
        assert_eq!(drafting.take_changed(), Some(chats.clone()));
        drafting.look_at(&chats);
        drafting.look_at(&[ChatId(5000)]);
        // What comes after is not held either: all is looked at anyway.
        drafting.look_at(&[ChatId(6000)]);
        assert_eq!(drafting.take_changed(), None);
        assert_eq!(drafting.take_changed(), Some(Vec::new()));
    }
}
