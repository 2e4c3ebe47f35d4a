//! The journal's worker: deliveries that were written down become messages in the store.
//!
//! A crash between the answer 200 and here loses nothing: at the next start the worker finds the delivery still to do.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use avito::webhook::{self, Delivery, NotJson, WebhookMessage};
use rusqlite::Connection;

use crate::Core;
use crate::account::news_floor_s;
use crate::clock;
use crate::ids::{AccountId, ChatId};
use crate::ingest::{self, Owner, Taken};
use crate::line::self_test;
use crate::store::events::{About, EventState, PendingEvent};
use crate::store::messages::Source;
use crate::store::{StoreError, accounts, awaited, chats, deliveries, events};
use crate::view::Notice;

/// Deliveries taken in by one transaction.
const BATCH: u32 = 100;
/// So many writes under way at once are a flood of deliveries. They are acknowledged first: Avito waits for each answer, and what is
/// written down is safe.
const FLOOD: usize = 24;
/// A flood is over when so long no crowd of them has come.
const LULL: Duration = Duration::from_millis(20);
/// A flood holds us up no longer than this, between two batches.
const FLOOD_PATIENCE: Duration = Duration::from_millis(250);
/// Pause between two looks at whether a flood has passed.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A delivery that was read.
type Read = (PendingEvent, Result<Delivery, NotJson>);

/// What a batch brought.
#[derive(Default)]
struct Outcome {
    events: usize,
    taken: Vec<(AccountId, Taken)>,
    news: Vec<(AccountId, Taken)>,
    without_details: Vec<AccountId>,
    received_ms: Vec<(AccountId, i64)>,
}

/// What is to be told, by account.
type News = BTreeMap<AccountId, Vec<Taken>>;

/// Runs until the core stops.
pub(crate) async fn work(core: Core) {
    let stop = core.inner.stop.clone();
    let mut pruned_ms = 0;
    let mut news = News::new();
    loop {
        let now_ms = core.inner.clock.now_ms();
        let_flood_pass(&core).await;
        let step = match take_batch(&core, BATCH, &mut news).await {
            Err(error) if error.disk_trouble().is_none() => {
                // One bad delivery must not hold up the others: take them one by one, and set the bad one aside.
                tracing::warn!(%error, "a batch of deliveries failed");
                take_one_by_one(&core, &mut news).await
            }
            done => done,
        };
        // After a long queue there is one word about all of it, not one for every batch.
        if !matches!(step, Ok(events) if events >= BATCH as usize) {
            alert(&core, std::mem::take(&mut news)).await;
        }
        match step {
            Ok(0) => {
                if now_ms - pruned_ms > 3_600_000 {
                    pruned_ms = now_ms;
                    prune(&core, now_ms).await;
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = core.inner.journal_wake.notified() => {}
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "deliveries wait in the journal");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = core.inner.journal_wake.notified() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
        }
    }
}

/// Waits while many deliveries are being acknowledged, a moment at most.
async fn let_flood_pass(core: &Core) {
    let pass = async {
        while is_flood(core) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let _ = tokio::time::timeout(FLOOD_PATIENCE, pass).await;
}

/// Waits while deliveries come, or wait here, in numbers; some seconds at most. What is made of messages (drafts, the words they are
/// found by) is made once of all of them, rather than of a chat again with each of its messages.
pub(crate) async fn let_intake_pass(core: &Core) {
    let pass = async {
        while is_flood(core) || core.inner.journal_behind.load(Ordering::Relaxed) {
            tokio::time::sleep(LOOK_AGAIN * 10).await;
        }
    };
    let _ = tokio::time::timeout(core.inner.timing.intake_patience, pass).await;
}

fn is_flood(core: &Core) -> bool {
    core.inner.store.under_way() > FLOOD || core.inner.store.crowded(LULL)
}

async fn take_batch(core: &Core, limit: u32, news: &mut News) -> Result<usize, StoreError> {
    // Read and interpreted beside the writer, which has other work to do.
    let batch = core
        .inner
        .store
        .read(move |c| {
            let pending = events::pending(c, limit)?;
            let read = |event: PendingEvent| {
                let delivery = webhook::parse(&event.body);
                (event, delivery)
            };
            Ok(pending.into_iter().map(read).collect::<Vec<Read>>())
        })
        .await?;
    // Before anybody is told of this batch.
    core.inner.journal_behind.store(batch.len() >= BATCH as usize, Ordering::Relaxed);
    if batch.is_empty() {
        return Ok(0);
    }
    // How far Avito's clock is ahead of ours, by account.
    let offsets: BTreeMap<AccountId, i64> = core
        .accounts()
        .iter()
        .filter_map(|account| Some((account.id, account.client.as_ref()?.server_clock_offset_ms()?)))
        .collect();
    let outcome = core
        .inner
        .store
        .write(move |c| {
            let mut outcome = Outcome::default();
            for (event, delivery) in &batch {
                let offset_ms = offsets.get(&event.account).copied().unwrap_or(0);
                take_event(c, event, delivery, offset_ms, &mut outcome)?;
                outcome.events += 1;
            }
            let mut touched: Vec<ChatId> = outcome.taken.iter().map(|(_, taken)| taken.chat).collect();
            touched.sort_unstable();
            touched.dedup();
            for chat in touched {
                chats::refresh(c, chat)?;
            }
            Ok(outcome)
        })
        .await?;
    let events = outcome.events;
    tell(core, outcome, news);
    Ok(events)
}

async fn take_one_by_one(core: &Core, news: &mut News) -> Result<usize, StoreError> {
    let Err(error) = take_batch(core, 1, news).await else { return Ok(1) };
    if error.disk_trouble().is_some() {
        return Err(error); // not the delivery's fault
    }
    tracing::error!(%error, "a delivery is set aside");
    core.inner
        .store
        .write(|c| {
            if let Some(event) = events::pending(c, 1)?.first() {
                events::settle(c, event.id, EventState::NotUnderstood, "failed")?;
            }
            Ok(1)
        })
        .await
}

fn take_event(
    connection: &Connection,
    event: &PendingEvent,
    delivery: &Result<Delivery, NotJson>,
    clock_offset_ms: i64,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    let settle = |state, words| events::settle(connection, event.id, state, words);
    let Some(account) = accounts::get(connection, event.account)? else {
        return settle(EventState::NotUnderstood, "no such account");
    };
    let Ok(delivery) = delivery else {
        return settle(EventState::NotUnderstood, "not json");
    };
    if self_test::is_test(&delivery.json) {
        let about = About { kind: Some(self_test::KIND), ..About::default() };
        events::describe(connection, event.id, &about)?;
        return settle(EventState::Done, self_test::KIND);
    }
    outcome.received_ms.push((account.id, event.received_ms));
    accounts::set_event_seen(connection, account.id, event.received_ms)?;
    let mut about = About { kind: delivery.kind.as_deref(), ..About::default() };
    if delivery.messages.is_empty() {
        about.chat = match delivery.chat_id() {
            Some(chat_id) => chats::find(connection, account.id, chat_id)?,
            None => None,
        };
        events::describe(connection, event.id, &about)?;
        return settle(
            EventState::NotUnderstood,
            delivery.kind.as_deref().map_or("empty", |_| "unknown kind"),
        );
    }
    let owner = Owner { account: account.id, user_id: account.user_id };
    for message in &delivery.messages {
        if message.user_id.is_some_and(|user| user != account.user_id) {
            return settle(EventState::NotUnderstood, "another account's");
        }
        let chat = match chats::find(connection, account.id, &message.chat_id)? {
            Some(chat) => chat,
            None => {
                outcome.without_details.push(account.id);
                chats::id_of(connection, account.id, &message.chat_id)?
            }
        };
        let taken =
            ingest::take(connection, owner, chat, &message.message, Source::Event, None, event.received_ms)?;
        let delay_ms = (event.received_ms + clock_offset_ms - sent_ms(message)).max(0);
        about = About { kind: Some("message"), chat: Some(chat), delay_ms: Some(delay_ms) };
        // Whoever was faster, the event or our asking: what its event has brought is delivered, once.
        if taken.from_buyer && (taken.new || awaited::came(connection, taken.message)?) {
            let day = clock::local_day(event.received_ms);
            deliveries::add_event(connection, account.id, &day, delay_ms)?;
        }
        outcome.taken.push((account.id, taken));
        // Asked of the archive: while its key is replaced an account is not at work, and what comes then is news all the same.
        if taken.is_news(news_floor_s(account.added_ms)) {
            outcome.news.push((account.id, taken));
        }
    }
    events::describe(connection, event.id, &about)?;
    settle(EventState::Done, "message")
}

/// When a message was written: `published_at` may know it more exactly than the second.
fn sent_ms(message: &WebhookMessage) -> i64 {
    let whole_ms = message.message.created.saturating_mul(1000);
    let exact = message.message.raw.get("published_at").and_then(serde_json::Value::as_str);
    exact
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
        .map(jiff::Timestamp::as_millisecond)
        .filter(|exact_ms| (0..1000).contains(&(exact_ms - whole_ms)))
        .unwrap_or(whole_ms)
}

fn tell(core: &Core, outcome: Outcome, news: &mut News) {
    for (account, received_ms) in outcome.received_ms {
        if let Some(account) = core.account(account) {
            account.update(core, |state| state.last_event_ms = state.last_event_ms.max(Some(received_ms)));
        }
    }
    let changed: Vec<Taken> =
        outcome.taken.iter().map(|(_, taken)| *taken).filter(|taken| taken.changed).collect();
    core.tell_changed(&changed);
    core.note_talk(&changed);
    let mut seen = Vec::new();
    for (id, _) in &outcome.taken {
        if !seen.contains(id) {
            seen.push(*id);
        }
    }
    for id in outcome.without_details {
        if let Some(account) = core.account(id) {
            account.wake_sync.notify_one();
        }
    }
    for id in seen {
        if let Some(account) = core.account(id) {
            account.wake_outbox.notify_one();
            if outcome.taken.iter().any(|(owner, taken)| *owner == id && taken.recording) {
                account.wake_voices.notify_one();
            }
        }
    }
    for (account, taken) in outcome.news {
        news.entry(account).or_default().push(taken);
    }
}

async fn alert(core: &Core, news: News) {
    for taken in news.into_values() {
        core.alert_of(taken).await;
    }
}

async fn prune(core: &Core, now_ms: i64) {
    let keep_ms = i64::try_from(core.inner.timing.journal_keep.as_millis()).unwrap_or(i64::MAX);
    let result = core.inner.store.write(move |c| events::prune(c, now_ms - keep_ms)).await;
    if let Err(error) = result {
        tracing::warn!(%error, "old deliveries could not be pruned");
    }
}

impl Core {
    /// Tells the page which chats and threads these messages changed.
    pub(crate) fn tell_changed(&self, changed: &[Taken]) {
        let mut chats: Vec<ChatId> = changed.iter().map(|taken| taken.chat).collect();
        chats.sort_unstable();
        chats.dedup();
        if chats.is_empty() {
            return;
        }
        for chat in &chats {
            self.notify(Notice::Messages { chat: *chat });
        }
        self.inner.drafting.look_at(&chats);
        self.notify(Notice::Chats { chats });
        self.notify(Notice::Accounts);
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
