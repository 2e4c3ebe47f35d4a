//! Reading old history once: the list of chats to the API's limits, then each chat's messages, newest chats first.
//!
//! A chat that Avito refuses to show is passed over and tried again later: the refusal may be a passing one, and then its messages
//! would be missing for ever.
//!
//! Afterwards the loop sleeps until the catch-up meets a chat with more old messages than its newest page. Every page is committed together with how far we are, so a kill costs one page. It takes from the account's budget only what
//! nobody else needs.

use std::sync::Arc;
use std::time::Duration;

use avito::{ChatsQuery, Client};

use super::{CHAT_TYPES, Failure, MAX_OFFSET, PAGE, hides_texts, is_about_one_chat};
use crate::Core;
use crate::account::Account;
use crate::ids::ChatId;
use crate::ingest::{self, Beyond};
use crate::line::awaiting;
use crate::store::accounts::AccountRow;
use crate::store::{accounts, chats, messages};
use crate::view::{Backfill, Notice};

/// Runs until the account stops.
pub(crate) async fn run(core: Core, account: Arc<Account>) {
    let Some(client) = account.client.as_ref().map(Client::background) else { return };
    let mut state = account.state.subscribe();
    let mut pause = core.inner.timing.trouble_first;
    let mut refused = Vec::new();
    loop {
        // Trouble is the sync loop's to find out and to end; we go on when it has.
        let healthy = |state: &crate::account::AccountState| {
            state.trouble.as_ref().is_none_or(|trouble| !crate::error::needs_seller(trouble.code))
        };
        if state.wait_for(healthy).await.is_err() {
            return;
        }
        match step(&core, &account, &client, &mut refused).await {
            Ok(Step::More) => pause = core.inner.timing.trouble_first,
            Ok(Step::Paused) => account.wake_backfill.notified().await,
            Ok(Step::Complete) => {
                account.update(&core, |state| state.backfill = None);
                tokio::select! {
                    () = account.wake_backfill.notified() => {}
                    () = core.inner.clock.sleep(core.inner.timing.trouble_seller), if !refused.is_empty() => {
                        refused.clear();
                    }
                }
            }
            Err(failure) => {
                tracing::info!(account = %account.id, code = ?failure.code, "backfill waits");
                core.inner.clock.sleep(failure.retry_after.unwrap_or(pause)).await;
                pause = (pause * 2).min(core.inner.timing.trouble_max).max(Duration::from_millis(1));
            }
        }
    }
}

enum Step {
    More,
    Paused,
    Complete,
}

async fn step(
    core: &Core,
    account: &Account,
    client: &Client,
    refused: &mut Vec<ChatId>,
) -> Result<Step, Failure> {
    let id = account.id;
    let row = core.inner.store.read(move |c| accounts::get(c, id)).await?;
    let Some(row) = row else { return Ok(Step::Complete) };
    let except = refused.clone();
    let next = core.inner.store.read(move |c| chats::next_to_backfill(c, id, &except)).await?;
    if row.backfill_done && next.is_none() {
        return Ok(Step::Complete);
    }
    show_progress(core, account, &row).await?;
    if row.backfill_paused {
        return Ok(Step::Paused);
    }
    if !row.backfill_listed {
        return list_chats(core, account, client, row.backfill_offset).await;
    }
    match next {
        Some((chat, avito_id)) => {
            if !read_history(core, account, client, chat, &avito_id).await? {
                refused.push(chat);
            }
            Ok(Step::More)
        }
        None => {
            core.inner.store.write(move |c| accounts::set_backfill_done(c, id)).await?;
            Ok(Step::Complete)
        }
    }
}

async fn show_progress(core: &Core, account: &Account, row: &AccountRow) -> Result<(), Failure> {
    let id = account.id;
    // Counting a large archive takes longer than reading a page from Avito: counted once, then kept up by what is read.
    let known = account.state.borrow().backfill.as_ref().map(|progress| progress.messages);
    let (done, total, messages) = core
        .inner
        .store
        .read(move |c| {
            let (done, total) = chats::backfill_counts(c, id)?;
            let messages = known.map_or_else(|| messages::count(c, id), Ok)?;
            Ok((done, total, messages))
        })
        .await?;
    let progress = Backfill {
        listing: !row.backfill_listed,
        chats_done: done,
        chats_total: total,
        messages,
        paused: row.backfill_paused,
    };
    account.update(core, |state| state.backfill = Some(progress));
    Ok(())
}

async fn list_chats(core: &Core, account: &Account, client: &Client, offset: u32) -> Result<Step, Failure> {
    let query = ChatsQuery { chat_types: CHAT_TYPES.to_vec(), limit: PAGE, offset, ..ChatsQuery::default() };
    let page = client.chats(account.user_id, &query).await?;
    let hidden = hides_texts(account, client, &page.chats).await?;
    let (id, owner, now_ms) = (account.id, account.owner(), core.inner.clock.now_ms());
    let length = u32::try_from(page.chats.len() + page.skipped.len()).unwrap_or(PAGE);
    let next = offset + length;
    let listed = length < PAGE || page.has_more == Some(false) || next > MAX_OFFSET;
    let ids = core
        .inner
        .store
        .write(move |c| {
            let mut ids = Vec::new();
            for chat in &page.chats {
                let hidden = hidden && chat.has_tariff_placeholder();
                ids.push(ingest::take_chat(c, owner, chat, hidden, now_ms)?.0);
            }
            accounts::set_backfill(c, id, next, listed)?;
            Ok(ids)
        })
        .await?;
    core.notify(Notice::Chats { chats: ids });
    Ok(Step::More)
}

/// Reads the next page of a chat's old messages; false: Avito refuses to show this chat.
async fn read_history(
    core: &Core,
    account: &Account,
    client: &Client,
    id: ChatId,
    avito_id: &str,
) -> Result<bool, Failure> {
    let state = core.inner.store.read(move |c| chats::read_state(c, id)).await?;
    let offset = state.history_offset;
    let page = match client.messages(account.user_id, avito_id, PAGE, offset).await {
        Ok(page) => page,
        Err(error) if is_about_one_chat(&error) => {
            tracing::info!(%error, "a chat's history could not be read");
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    };
    let length = u32::try_from(page.messages.len() + page.skipped.len()).unwrap_or(PAGE);
    let next = offset + length;
    let done = length < PAGE || page.has_more == Some(false) || next > MAX_OFFSET;
    let newest_s = page.messages.iter().map(|message| message.created).max().unwrap_or(0);
    let (owner, now_ms) = (account.owner(), core.inner.clock.now_ms());
    let (account_id, since_s) = (account.id, awaiting::since_s(core, account));
    let taken = core
        .inner
        .store
        .write(move |c| {
            let taken = ingest::take_page(c, owner, id, &page.messages, Beyond::of(offset, length), now_ms)?;
            awaiting::found(c, account_id, &taken, since_s)?;
            let state = chats::read_state(c, id)?;
            if offset == 0 && state.confirmed_s.is_none() {
                // The newest page is whole: from here on the catch-up knows where to stop. What it has seen of the list
                // stays as it is, so the chat is read once more when it changes.
                chats::set_seen(c, id, state.seen_updated_s, &state.seen_last_id, newest_s)?;
            }
            // Unless the catch-up has moved it meanwhile: forward, or back to the beginning.
            if !state.history_done && state.history_offset == offset {
                chats::set_history(c, id, next, done)?;
            }
            Ok(taken)
        })
        .await?;
    super::tell(core, account, &taken);
    let new = u32::try_from(taken.iter().filter(|taken| taken.new).count()).unwrap_or(0);
    account.update(core, |state| {
        if let Some(progress) = &mut state.backfill {
            progress.messages = progress.messages.saturating_add(new);
        }
    });
    core.alert(&taken, account.news_floor_s()).await;
    Ok(true)
}
