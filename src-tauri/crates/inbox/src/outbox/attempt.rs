//! One step of one reply: an attempt to send it, or a look whether Avito has it.

use std::time::Duration;

use avito::{Client, Message, SendOutcome};

use super::claim::{self, Likeness};
use super::uploads;
use crate::account::Account;
use crate::drafting::rules;
use crate::error::{needs_seller, send_failure, trouble_code};
use crate::ids::OutboxId;
use crate::ingest::{self, Beyond};
use crate::line::awaiting;
use crate::store::messages::Source;
use crate::store::outbox::{self, OutboxImage, OutboxRow, OutboxState};
use crate::store::{StoreError, chats};
use crate::view::{Notice, SendFailure, TroubleCode};
use crate::{Core, sync};

/// Takes the row one step further and tells the page.
pub(super) async fn step(core: &Core, account: &Account, row: OutboxRow) {
    let (id, chat) = (row.id, row.chat);
    let result = match &account.client {
        None => Ok(()),
        Some(client) if row.state == OutboxState::Unknown => look(core, account, client, &row).await,
        Some(client) => send(core, account, client, &row).await,
    };
    if let Err(error) = result {
        // The database refused to note the outcome. The row is still Sending or Unknown there, so it will be looked up, not
        // blindly repeated.
        tracing::error!(%error, row = %id, "an outcome could not be stored");
        core.inner.clock.sleep(core.inner.timing.trouble_first).await;
    }
    core.notify(Notice::Messages { chat });
    core.notify(Notice::Chats { chats: vec![chat] });
    core.notify(Notice::Accounts);
    core.inner.drafting.look_at(&[chat]);
    account.wake_outbox.notify_one();
}

async fn send(core: &Core, account: &Account, client: &Client, row: &OutboxRow) -> Result<(), StoreError> {
    let (id, chat) = (row.id, row.chat);
    // A row that was being sent when its task failed counts as unknown, never as not sent.
    if row.state == OutboxState::Sending {
        let now_ms = core.inner.clock.now_ms();
        account.note_lost_answer(core, id);
        return core.inner.store.write(move |c| outbox::interrupted(c, id, now_ms)).await;
    }
    let now_ms = core.inner.clock.now_ms();
    let begun = core
        .inner
        .store
        .write(move |c| {
            // What a rule queued is looked at once more: the talk may have gone on while it waited.
            if !rules::still_fits(c, id, now_ms)? || !outbox::begin_attempt(c, id)? {
                return Ok(None);
            }
            Ok(Some(chats::get(c, chat)?))
        })
        .await?;
    core.notify(Notice::Messages { chat });
    let Some(stored) = begun else {
        core.inner.drafting.look_at(&[chat]);
        core.tell_draft(chat);
        return Ok(());
    };
    let Some(stored) = stored else { return park(core, id, SendFailure::NotFound, None).await };
    let sent = match (&row.text, &row.image) {
        (Some(text), _) => client.send_text(account.user_id, &stored.avito_id, text).await,
        (None, Some(image)) => match uploaded(core, account, client, row, image).await? {
            Uploaded::Ready(image_id) => {
                client.send_image(account.user_id, &stored.avito_id, &image_id).await
            }
            Uploaded::Settled => return Ok(()),
        },
        (None, None) => return park(core, id, SendFailure::Refused, None).await,
    };
    match sent {
        Ok(message) => accept(core, account, row, message).await,
        Err(error) => {
            tracing::warn!(row = %id, %error, outcome = ?error.send_outcome(), "a reply was not accepted");
            match error.send_outcome() {
                SendOutcome::Refused => refuse(core, id, &error).await,
                SendOutcome::NotSent => postpone(core, account, row, &error).await,
                SendOutcome::Uncertain => {
                    account.note_lost_answer(core, id);
                    note(core, id, OutboxState::Unknown, None, None).await
                }
            }
        }
    }
}

enum Uploaded {
    Ready(String),
    /// The row was parked or postponed.
    Settled,
}

/// The picture's id at Avito, after uploading it if need be. An upload makes no message, so it may always be repeated.
async fn uploaded(
    core: &Core,
    account: &Account,
    client: &Client,
    row: &OutboxRow,
    image: &OutboxImage,
) -> Result<Uploaded, StoreError> {
    let (id, chat) = (row.id, row.chat);
    if let Some(image_id) = &image.image_id {
        return Ok(Uploaded::Ready(image_id.clone()));
    }
    let Ok(bytes) = tokio::fs::read(core.inner.folder.join("outbox").join(&image.file)).await else {
        park(core, id, SendFailure::FileMissing, None).await?;
        return Ok(Uploaded::Settled);
    };
    let stop = core.inner.uploads.begin(id);
    let told = uploads::teller(core, chat, id, bytes.len());
    let upload = client.upload_image_told(account.user_id, &image.name, &image.mime, bytes, told);
    let outcome = tokio::select! {
        outcome = upload => outcome,
        () = stop.cancelled() => return Ok(Uploaded::Settled),
    };
    if core.inner.uploads.take(id).is_none() {
        return Ok(Uploaded::Settled); // the seller has just dropped it
    }
    core.notify(Notice::Upload { chat, outbox: id, percent: 100 });
    match outcome {
        Ok(uploaded) => {
            let image_id = uploaded.id.clone();
            let sizes = serde_json::to_string(&uploaded.sizes).unwrap_or_default();
            core.inner.store.write(move |c| outbox::set_uploaded(c, id, &uploaded.id, &sizes)).await?;
            Ok(Uploaded::Ready(image_id))
        }
        Err(error) => {
            tracing::warn!(row = %id, %error, "a picture was not taken");
            if error.send_outcome() == SendOutcome::Refused {
                refuse(core, id, &error).await?;
            } else if let Some(row) = core.inner.store.read(move |c| outbox::get(c, id)).await? {
                postpone(core, account, &row, &error).await?;
            }
            Ok(Uploaded::Settled)
        }
    }
}

/// Avito has it: the real message enters the store and takes the echo's place, in one transaction.
async fn accept(core: &Core, account: &Account, row: &OutboxRow, message: Message) -> Result<(), StoreError> {
    let (id, chat, owner, now_ms) = (row.id, row.chat, account.owner(), core.inner.clock.now_ms());
    // The answer to a sending may lack author and direction; it is ours by its nature.
    let message = Message { direction: Some(avito::Direction::Outgoing), ..message };
    core.inner
        .store
        .write(move |c| {
            let taken = ingest::take(c, owner, chat, &message, Source::Sending, None, now_ms)?;
            outbox::settle(c, id, taken.message)?;
            chats::refresh(c, chat)
        })
        .await?;
    core.inner.last_message_ms.fetch_max(now_ms, std::sync::atomic::Ordering::Relaxed);
    Ok(())
}

/// A certain refusal parks the row with its reason.
async fn refuse(core: &Core, id: OutboxId, error: &avito::Error) -> Result<(), StoreError> {
    park(core, id, send_failure(error), error.message().map(str::to_owned)).await
}

async fn park(
    core: &Core,
    id: OutboxId,
    code: SendFailure,
    detail: Option<String>,
) -> Result<(), StoreError> {
    let now_ms = core.inner.clock.now_ms();
    core.inner
        .store
        .write(move |c| {
            outbox::reopen(c, id, OutboxState::Failed, None, Some(&word(&code)), detail.as_deref(), now_ms)
        })
        .await
}

/// It certainly did not reach Avito: again later, or parked when only the seller can help.
async fn postpone(
    core: &Core,
    account: &Account,
    row: &OutboxRow,
    error: &avito::Error,
) -> Result<(), StoreError> {
    let code = trouble_code(error);
    if needs_seller(code) {
        return refuse(core, row.id, error).await;
    }
    look_into(account, code);
    let wait = match error.retry() {
        avito::Retry::After(Some(wait)) => wait,
        _ => growing(core, row.attempts),
    };
    let (id, now_ms) = (row.id, core.inner.clock.now_ms());
    let until_ms = now_ms + i64::try_from(wait.as_millis()).unwrap_or(0);
    core.inner
        .store
        .write(move |c| {
            outbox::reopen(c, id, OutboxState::Queued, Some(until_ms), Some(&word(&code)), None, now_ms)
        })
        .await
}

/// What keeps a reply from leaving mostly concerns the whole account, and a live one asks Avito rarely: it asks now, so that its state
/// does not say "connected" for minutes beside a reply that waits for a connection. Nobody is asked more who asks us to wait.
fn look_into(account: &Account, code: TroubleCode) {
    if code != TroubleCode::RateLimited && account.trouble() != Some(code) {
        account.wake_sync.notify_one();
    }
}

/// Looks into the chat for a message whose sending had no answer.
async fn look(core: &Core, account: &Account, client: &Client, row: &OutboxRow) -> Result<(), StoreError> {
    let timing = &core.inner.timing;
    let waited = account.since_lost_answer(core, row.id);
    if waited < timing.look_first {
        return look_again(core, row.id, timing.look_first - waited, None).await;
    }
    match read_since(core, account, client, row).await {
        Ok(()) => {}
        Err(sync::Failure { code, retry_after, .. }) => {
            look_into(account, code);
            let wait = retry_after.unwrap_or_else(|| growing(core, row.attempts));
            return look_again(core, row.id, wait, Some(code)).await;
        }
    }
    let (id, unknown_attempts) = (row.id, timing.unknown_attempts);
    let still_time = waited < timing.look_until;
    let next = core
        .inner
        .store
        .write(move |c| {
            let Some(row) = outbox::get(c, id)? else { return Ok(Next::Nothing) };
            if row.state != OutboxState::Unknown {
                return Ok(Next::Nothing);
            }
            match claim::find(c, &row)? {
                Some((message, Likeness::Same)) => {
                    outbox::settle(c, id, message)?;
                    chats::refresh(c, row.chat)?;
                    Ok(Next::Nothing)
                }
                _ if still_time => Ok(Next::LookAgain),
                Some(_) => Ok(Next::Park),
                None if row.uncertain >= unknown_attempts => Ok(Next::Park),
                None => Ok(Next::SendAgain),
            }
        })
        .await?;
    match next {
        Next::Nothing => Ok(()),
        Next::LookAgain => look_again(core, id, timing.look_first, None).await,
        // Not parked for good: it may have been found since we looked, and then it is done.
        Next::Park => note(core, id, OutboxState::Failed, None, Some(word(&SendFailure::Unproved))).await,
        Next::SendAgain => {
            tracing::info!(row = %id, "the message is not at Avito: sending again");
            note(core, id, OutboxState::Queued, None, None).await
        }
    }
}

/// What follows from a look into the chat.
enum Next {
    /// It is there, or the seller has decided meanwhile.
    Nothing,
    LookAgain,
    SendAgain,
    /// It cannot be proved either way.
    Park,
}

/// Reads the chat from its newest message down to what was there before the attempt.
async fn read_since(
    core: &Core,
    account: &Account,
    client: &Client,
    row: &OutboxRow,
) -> Result<(), sync::Failure> {
    let (chat, owner) = (row.chat, account.owner());
    let Some(stored) = core.inner.store.read(move |c| chats::get(c, chat)).await? else { return Ok(()) };
    let mut offset = 0;
    loop {
        let page = client.messages(account.user_id, &stored.avito_id, sync::PAGE, offset).await?;
        let length = u32::try_from(page.messages.len() + page.skipped.len()).unwrap_or(sync::PAGE);
        let oldest_s = page.messages.iter().map(|message| message.created).min();
        let now_ms = core.inner.clock.now_ms();
        let beyond = Beyond::of(offset, length);
        let (account_id, since_s) = (account.id, awaiting::since_s(core, account));
        let taken = core
            .inner
            .store
            .write(move |c| {
                let taken = ingest::take_page(c, owner, chat, &page.messages, beyond, now_ms)?;
                awaiting::found(c, account_id, &taken, since_s)?;
                Ok(taken)
            })
            .await?;
        // What the buyer wrote meanwhile will not be news again.
        sync::tell(core, account, &taken);
        core.alert(&taken, account.news_floor_s()).await;
        offset += length;
        let passed = row.attempt_s.is_none_or(|attempt| oldest_s.is_none_or(|oldest| oldest < attempt));
        if passed || length < sync::PAGE || offset > sync::MAX_OFFSET {
            return Ok(());
        }
    }
}

async fn look_again(
    core: &Core,
    id: OutboxId,
    wait: Duration,
    code: Option<TroubleCode>,
) -> Result<(), StoreError> {
    let now_ms = core.inner.clock.now_ms();
    let at_ms = now_ms + i64::try_from(wait.as_millis()).unwrap_or(0).max(1);
    core.inner
        .store
        .write(move |c| outbox::look_again(c, id, now_ms, at_ms, code.map(|code| word(&code)).as_deref()))
        .await
}

async fn note(
    core: &Core,
    id: OutboxId,
    state: OutboxState,
    retry_at_ms: Option<i64>,
    code: Option<String>,
) -> Result<(), StoreError> {
    let ended_ms = core.inner.clock.now_ms();
    core.inner
        .store
        .write(move |c| outbox::set_state(c, id, state, retry_at_ms, code.as_deref(), None, Some(ended_ms)))
        .await
}

fn growing(core: &Core, attempts: u32) -> Duration {
    let timing = &core.inner.timing;
    timing.trouble_first.saturating_mul(1 << attempts.saturating_sub(1).min(6)).min(timing.poll_quiet * 2)
}

/// The stored word of a code: as the page spells it.
fn word(code: &impl serde::Serialize) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
