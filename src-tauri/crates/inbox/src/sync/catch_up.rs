//! Reading what happened while we were not told: which chats changed, and what was written in each.
//!
//! The account remembers the second up to which every changed chat was read (`caught_up_s`), and each chat the second up to
//! which its messages were (`confirmed_s`). Both move only when a walk is complete, so a kill or a failure in the middle costs a
//! repetition, never a gap. Avito lists the newest first, so a walk ends where that second is passed.

use std::collections::HashSet;

use avito::{ChatsQuery, Client};

use super::{CHAT_TYPES, Failure, MAX_OFFSET, PAGE, hides_texts, is_about_one_chat};
use crate::Core;
use crate::account::Account;
use crate::clock;
use crate::ids::ChatId;
use crate::ingest::{self, Beyond, Taken};
use crate::line::{awaiting, ledger};
use crate::store::{accounts, awaited, chats, deliveries};
use crate::view::{Notice, TroubleCode};

/// Avito's clock is known to a second or two only. An account without chats is caught up to a little before now, so that the first
/// message is not taken for an old one.
const CLOCK_SLACK_S: i64 = 60;

/// What a check found.
#[derive(Debug, Default)]
pub(super) struct CaughtUp {
    /// Messages that no event had brought although we were live.
    pub(super) missed: u32,
}

struct ChangedChat {
    id: ChatId,
    avito_id: String,
    updated_s: i64,
    last_id: String,
}

/// Reads everything that changed since the last complete check.
pub(super) async fn check(core: &Core, account: &Account, client: &Client) -> Result<CaughtUp, Failure> {
    let id = account.id;
    let row = core.inner.store.read(move |c| accounts::get(c, id)).await?;
    let Some(row) = row else { return Ok(CaughtUp::default()) };
    let grace = core.inner.timing.event_grace;
    let live = awaiting::since_s(core, account).is_some();
    // What is written while we read is not promised by this reading.
    let begun_ms = core.inner.clock.now_ms();
    let (changed, newest_s) = list_changed(core, account, client, row.caught_up_s).await?;
    let mut all = Vec::new();
    let read = read_chats(core, account, client, changed, &mut all).await;
    // Also when a chat in the middle failed: what was read will not be news again.
    core.alert(&all, account.news_floor_s()).await;
    read?;
    let now_ms = core.inner.clock.now_ms();
    let empty_s = account.server_s(core) - CLOCK_SLACK_S;
    let caught_up_s = newest_s.or(row.caught_up_s).unwrap_or(empty_s);
    let late_s = account.server_s(core) - i64::try_from(grace.as_secs()).unwrap_or(0);
    let timing = core.inner.timing.clone();
    let last_checked_ms = row.last_checked_ms.unwrap_or(begun_ms);
    let missed = core
        .inner
        .store
        .write(move |c| {
            accounts::set_checked(c, id, now_ms, caught_up_s)?;
            let missed = awaited::give_up(c, id, late_s)?;
            if missed > 0 {
                deliveries::add_missed(c, id, &clock::local_day(now_ms), missed)?;
            }
            ledger::checked(c, id, &timing, live, (missed > 0).then_some(last_checked_ms), begun_ms)?;
            Ok(missed)
        })
        .await?;
    if missed > 0 {
        tracing::warn!(account = %account.id, missed, "messages came without an event");
    }
    // Without a line nothing was to be delivered: it says nothing about the next one.
    Ok(CaughtUp { missed: if live { missed } else { 0 } })
}

async fn read_chats(
    core: &Core,
    account: &Account,
    client: &Client,
    chats: Vec<ChangedChat>,
    all: &mut Vec<Taken>,
) -> Result<(), Failure> {
    for chat in chats {
        read_chat(core, account, client, &chat, all).await?;
    }
    Ok(())
}

/// Walks the list of chats down to the second of the last complete check. Answers the chats to read (newest first) and the newest
/// second seen. At the very first check nothing counts as changed: all of it is old history, which the backfill reads.
async fn list_changed(
    core: &Core,
    account: &Account,
    client: &Client,
    caught_up_s: Option<i64>,
) -> Result<(Vec<ChangedChat>, Option<i64>), Failure> {
    let owner = account.owner();
    let mut changed = Vec::new();
    let mut seen = HashSet::new();
    let mut newest_s = None;
    let mut offset = 0;
    loop {
        let query =
            ChatsQuery { chat_types: CHAT_TYPES.to_vec(), limit: PAGE, offset, ..ChatsQuery::default() };
        let page = client.chats(account.user_id, &query).await?;
        if hides_texts(account, client, &page.chats).await? {
            take_hidden(core, account, page.chats).await?;
            return Err(Failure { code: TroubleCode::TariffMissing, detail: None, retry_after: None });
        }
        let length = u32::try_from(page.chats.len() + page.skipped.len()).unwrap_or(PAGE);
        let oldest_s = page.chats.iter().map(|chat| chat.updated).min();
        if offset == 0 {
            newest_s = page.chats.iter().map(|chat| chat.updated).max();
        }
        let now_ms = core.inner.clock.now_ms();
        let rows = core
            .inner
            .store
            .write(move |c| {
                let mut rows = Vec::new();
                for chat in page.chats {
                    let (id, visible) = ingest::take_chat(c, owner, &chat, false, now_ms)?;
                    let state = chats::read_state(c, id)?;
                    let last_id = chat.last_message.map(|message| message.id).unwrap_or_default();
                    let differs = state.seen_updated_s != chat.updated || state.seen_last_id != last_id;
                    rows.push((
                        ChangedChat { id, avito_id: chat.id, updated_s: chat.updated, last_id },
                        visible,
                        differs,
                    ));
                }
                Ok(rows)
            })
            .await?;
        let visible: Vec<ChatId> = rows.iter().filter(|row| row.1).map(|row| row.0.id).collect();
        if !visible.is_empty() {
            core.notify(Notice::Chats { chats: visible });
        }
        for (chat, _, differs) in rows {
            // A chat that moves to the top during the walk is listed twice.
            if differs && caught_up_s.is_some_and(|through| chat.updated_s >= through) && seen.insert(chat.id)
            {
                changed.push(chat);
            }
        }
        let passed = match (caught_up_s, oldest_s) {
            (Some(through), Some(oldest)) => oldest < through,
            _ => true,
        };
        offset += length;
        if passed || page.has_more == Some(false) || length == 0 || offset > MAX_OFFSET {
            return Ok((changed, newest_s));
        }
    }
}

async fn take_hidden(core: &Core, account: &Account, page: Vec<avito::Chat>) -> Result<(), Failure> {
    let (owner, now_ms) = (account.owner(), core.inner.clock.now_ms());
    let ids = core
        .inner
        .store
        .write(move |c| {
            page.iter()
                .map(|chat| Ok(ingest::take_chat(c, owner, chat, chat.has_tariff_placeholder(), now_ms)?.0))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    core.notify(Notice::Chats { chats: ids });
    Ok(())
}

/// Reads one chat from its newest message down to what was confirmed before; a chat never read: its newest page, the rest is
/// history.
async fn read_chat(
    core: &Core,
    account: &Account,
    client: &Client,
    chat: &ChangedChat,
    all: &mut Vec<Taken>,
) -> Result<(), Failure> {
    let (id, owner, account_id) = (chat.id, account.owner(), account.id);
    let state = core.inner.store.read(move |c| chats::read_state(c, id)).await?;
    let mut newest_s = 0;
    let mut offset = 0;
    loop {
        let page = match client.messages(account.user_id, &chat.avito_id, PAGE, offset).await {
            Ok(page) => page,
            Err(error) if is_about_one_chat(&error) => {
                tracing::info!(%error, "a chat could not be read");
                let (updated_s, last_id) = (chat.updated_s, chat.last_id.clone());
                // The refusal may be a passing one: the backfill tries again, and reads the chat from its newest message down.
                core.inner
                    .store
                    .write(move |c| {
                        chats::set_seen(c, id, updated_s, &last_id, 0)?;
                        chats::set_history(c, id, 0, false)
                    })
                    .await?;
                account.wake_backfill.notify_one();
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let length = u32::try_from(page.messages.len() + page.skipped.len()).unwrap_or(PAGE);
        let oldest_s = page.messages.iter().map(|message| message.created).min();
        newest_s = newest_s.max(page.messages.iter().map(|message| message.created).max().unwrap_or(0));
        let beyond = Beyond::of(offset, length);
        offset += length;
        let last = length < PAGE || page.has_more == Some(false) || offset > MAX_OFFSET;
        let met = match state.confirmed_s {
            Some(confirmed) => oldest_s.is_none_or(|oldest| oldest < confirmed),
            None => true,
        };
        let complete = last || met;
        let (updated_s, last_id) = (chat.updated_s, chat.last_id.clone());
        let now_ms = core.inner.clock.now_ms();
        let since_s = awaiting::since_s(core, account);
        let (taken, more_history) = core
            .inner
            .store
            .write(move |c| {
                let taken = ingest::take_page(c, owner, id, &page.messages, beyond, now_ms)?;
                awaiting::found(c, account_id, &taken, since_s)?;
                // Asked again here: the backfill may have been faster and be further.
                let first_read = chats::read_state(c, id)?.confirmed_s.is_none();
                if complete {
                    chats::set_seen(c, id, updated_s, &last_id, newest_s)?;
                }
                if first_read {
                    chats::set_history(c, id, offset, last)?;
                }
                Ok((taken, first_read && !last))
            })
            .await?;
        if more_history {
            account.wake_backfill.notify_one();
        }
        super::tell(core, account, &taken);
        all.extend(taken);
        if complete {
            account.wake_outbox.notify_one();
            return Ok(());
        }
    }
}

/// Chats the seller has read elsewhere: unread by our count, but no longer in Avito's list of unread chats.
pub(super) async fn reconcile_unread(core: &Core, account: &Account, client: &Client) -> Result<(), Failure> {
    // What has only just come may not be in Avito's list yet.
    let grace_ms = i64::try_from(core.inner.timing.event_grace.as_millis()).unwrap_or(0);
    let (id, before_ms) = (account.id, core.inner.clock.now_ms() - grace_ms);
    let ours = core.inner.store.read(move |c| chats::unread(c, id, before_ms)).await?;
    if ours.is_empty() {
        return Ok(());
    }
    let query = ChatsQuery {
        unread_only: true,
        chat_types: CHAT_TYPES.to_vec(),
        limit: PAGE,
        ..ChatsQuery::default()
    };
    let page = client.chats(account.user_id, &query).await?;
    let length = page.chats.len() + page.skipped.len();
    if page.has_more == Some(true) || length >= PAGE as usize || !page.skipped.is_empty() {
        return Ok(()); // the list is not complete: absence proves nothing
    }
    let theirs: HashSet<&str> = page.chats.iter().map(|chat| chat.id.as_str()).collect();
    for unread in ours.iter().filter(|unread| !theirs.contains(unread.avito_id.as_str())) {
        let (chat, through) = (unread.chat, unread.through);
        core.inner.store.write(move |c| chats::set_read_elsewhere(c, chat, through)).await?;
        core.notify(Notice::Messages { chat });
        core.notify(Notice::Chats { chats: vec![chat] });
        core.notify(Notice::Accounts);
    }
    Ok(())
}
