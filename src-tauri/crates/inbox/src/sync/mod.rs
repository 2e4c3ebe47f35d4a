//! Asking Avito: the loop of one account. Events, the clock and the seller wake it; all of them mean "look now".
//!
//! Each cycle makes sure Avito knows our address (if there is one), catches up, and settles what waits (read marks, chats known
//! from events only). What failed decides the pause and what the page says; a success clears it.

pub(crate) mod backfill;
mod catch_up;
mod line;
pub(crate) mod open_chat;
mod pace;
pub(crate) mod subscription;

use std::sync::Arc;
use std::time::Duration;

use avito::{ChatType, Client};

use self::line::Ready;
use self::pace::Pace;
use crate::Core;
use crate::account::Account;
use crate::error::{CoreError, needs_seller, trouble_code};
use crate::ingest::Taken;
use crate::line::self_test::note_error;
use crate::store::{DiskTrouble, chats};
use crate::view::{Mode, Notice, TroubleCode};

/// All kinds of chats; without naming them Avito lists only those about listings.
pub(crate) const CHAT_TYPES: [ChatType; 3] = [ChatType::U2i, ChatType::U2u, ChatType::A2u];
/// The largest page Avito gives.
pub(crate) const PAGE: u32 = 100;
/// Beyond this offset Avito answers 400.
pub(crate) const MAX_OFFSET: u32 = 1000;

/// Runs until the account stops.
pub(crate) async fn run(core: Core, account: Arc<Account>) {
    let Some(client) = account.client.clone() else { return };
    let mut pace = Pace::default();
    let mut attention = core.inner.attention.subscribe();
    loop {
        let started_ms = core.inner.clock.now_ms();
        account.update(&core, |state| state.next_check_ms = None);
        let pause = match cycle(&core, &account, &client, &mut pace).await {
            Ok(()) => {
                pace.succeeded(account.state.borrow().mode);
                pace.interval(&core, &account)
            }
            Err(failure) => {
                let pause = pace.failed(&core, &failure);
                tracing::warn!(account = %account.id, code = ?failure.code, ?pause, "sync failed");
                let stops = needs_seller(failure.code)
                    || matches!(failure.code, TroubleCode::Network | TroubleCode::Dns);
                let mode = stops.then_some(Mode::Offline);
                account.set_trouble(&core, mode, failure.code, failure.detail, Some(pause));
                pause
            }
        };
        wait(&core, &account, &mut attention, &mut pace, started_ms, pause).await;
    }
}

/// Waits for the next cycle. Using the window shortens a pause that was chosen while nobody looked.
async fn wait(
    core: &Core,
    account: &Account,
    attention: &mut tokio::sync::watch::Receiver<crate::Attention>,
    pace: &mut Pace,
    started_ms: i64,
    mut pause: Duration,
) {
    loop {
        let due_ms = started_ms.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        account.update(core, |state| state.next_check_ms = Some(due_ms));
        let left = Duration::from_millis(u64::try_from(due_ms - core.inner.clock.now_ms()).unwrap_or(0));
        tokio::select! {
            // Never longer than the pause, should our clock have been set back.
            () = core.inner.clock.sleep(left.min(pause)) => return,
            () = account.wake_sync.notified() => {
                pace.woken();
                return;
            }
            changed = attention.changed() => {
                if changed.is_err() {
                    return;
                }
                if !pace.in_trouble() {
                    pause = pause.min(pace.interval(core, account));
                }
            }
        }
    }
}

/// Why a cycle failed, as the page will say it.
pub(crate) struct Failure {
    pub(crate) code: TroubleCode,
    pub(crate) detail: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    /// Something about the line that has a code of its own.
    fn of_line(code: &str) -> Self {
        Self { code: TroubleCode::WebhookRefused, detail: Some(code.to_owned()), retry_after: None }
    }
}

impl From<CoreError> for Failure {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Avito(error) => error.into(),
            CoreError::Store(error) if error.disk_trouble().is_some() => {
                // Told once by the store; it wakes this loop when it is over.
                let code = error.disk_trouble().map_or(TroubleCode::UnexpectedAnswer, DiskTrouble::code);
                Self { code, detail: None, retry_after: None }
            }
            other => {
                tracing::error!(error = %other, "sync could not use the store");
                Self {
                    code: TroubleCode::UnexpectedAnswer,
                    detail: Some(other.to_string()),
                    retry_after: None,
                }
            }
        }
    }
}

impl From<crate::StoreError> for Failure {
    fn from(error: crate::StoreError) -> Self {
        CoreError::from(error).into()
    }
}

impl From<avito::Error> for Failure {
    fn from(error: avito::Error) -> Self {
        let retry_after = match error.retry() {
            avito::Retry::After(wait) => wait,
            _ => None,
        };
        Self { code: trouble_code(&error), detail: error.message().map(str::to_owned), retry_after }
    }
}

async fn cycle(core: &Core, account: &Account, client: &Client, pace: &mut Pace) -> Result<(), Failure> {
    let ready = line::prepare(core, account, client, pace).await;
    if let Ready::Not(why) = &ready {
        // Before the reading, which may take long: from now on nobody tells us anything.
        leave_live(core, account, why.clone());
    }
    let caught = catch_up::check(core, account, client).await?;
    if caught.missed > 0 {
        pace.subscription_in_doubt();
    }
    tell_read_marks(core, account, client).await?;
    fetch_details(core, account, client).await?;
    if pace.reconcile_due(core) {
        catch_up::reconcile_unread(core, account, client).await?;
    }
    let now_ms = core.inner.clock.now_ms();
    account.update(core, |state| state.last_checked_ms = Some(now_ms));
    settle_mode(core, account, ready, caught.missed).await;
    Ok(())
}

/// A live account polls from now on.
fn leave_live(core: &Core, account: &Account, why: Option<(TroubleCode, Option<String>)>) {
    if account.state.borrow().mode != Mode::Live {
        return;
    }
    match why {
        Some((code, detail)) => account.set_trouble(core, Some(Mode::Polling), code, detail, None),
        None => account.set_well(core, Mode::Polling),
    }
}

/// Live: deliveries reach us and none is missing. Otherwise we poll, and say why if there is a reason.
async fn settle_mode(core: &Core, account: &Account, ready: Ready, missed: u32) {
    let steady_ms = core.inner.clock.steady_ms();
    let timing = &core.inner.timing;
    if let Ready::Not(why) = ready {
        if matches!(why, Some((TroubleCode::SelfTestFailed | TroubleCode::WebhookRefused, _))) {
            account.line.state().hold.down(steady_ms, timing);
        }
        match why {
            Some((code, detail)) => account.set_trouble(core, Some(Mode::Polling), code, detail, None),
            None => account.set_well(core, Mode::Polling),
        }
        return;
    }
    let missing_since = {
        let state = account.state.borrow();
        let trouble = state.trouble.as_ref().filter(|trouble| trouble.code == TroubleCode::EventsMissing);
        // An event after the trouble began, and none missed since: the line works again.
        trouble
            .map(|trouble| trouble.since_ms)
            .filter(|since| state.last_event_ms.is_none_or(|event| event <= *since))
    };
    if missed > 0 || missing_since.is_some() {
        if missed > 0 {
            note_error(core, account, "events_missing", None).await;
        }
        account.line.state().hold.down(steady_ms, timing);
        account.set_trouble(core, Some(Mode::Polling), TroubleCode::EventsMissing, None, None);
        return;
    }
    let held = {
        let mut state = account.line.state();
        state.held = state.hold.up(steady_ms, timing) > 0;
        state.held
    };
    account.set_well(core, if held { Mode::Polling } else { Mode::Live });
}

/// Tells everybody but the seller of messages that were asked for.
pub(crate) fn tell(core: &Core, account: &Account, taken: &[Taken]) {
    let changed: Vec<Taken> = taken.iter().filter(|taken| taken.changed).copied().collect();
    core.tell_changed(&changed);
    core.note_talk(&changed);
    if taken.iter().any(|taken| taken.recording) {
        account.wake_voices.notify_one();
    }
}

/// Tells Avito which chats the seller has read. What fails is told by the next cycle.
pub(crate) async fn tell_read_marks(core: &Core, account: &Account, client: &Client) -> Result<(), Failure> {
    let id = account.id;
    let _one_at_a_time = account.telling_read.lock().await;
    for pending in core.inner.store.read(move |c| chats::read_pending(c, id)).await? {
        match client.mark_read(account.user_id, &pending.avito_id).await {
            Ok(()) => {}
            Err(error) if is_about_one_chat(&error) => {
                tracing::info!(%error, "a chat could not be marked read");
            }
            Err(error) => return Err(error.into()),
        }
        core.inner.store.write(move |c| chats::clear_read_pending(c, &pending)).await?;
    }
    Ok(())
}

/// Whether the tariff hides the texts of these chats: Avito then shows an advertisement as the last message of each.
///
/// A buyer can write the same words, so they prove nothing. Reading such a chat decides: Avito refuses it with 402.
pub(crate) async fn hides_texts(
    account: &Account,
    client: &Client,
    chats: &[avito::Chat],
) -> Result<bool, Failure> {
    let Some(suspect) = chats.iter().find(|chat| chat.has_tariff_placeholder()) else { return Ok(false) };
    match client.messages(account.user_id, &suspect.id, 1, 0).await {
        Ok(_) => Ok(false),
        Err(error) if *error.class() == avito::Class::TariffMissing => Ok(true),
        Err(error) if is_about_one_chat(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Reads buyer and listing of chats that are known from events only.
async fn fetch_details(core: &Core, account: &Account, client: &Client) -> Result<(), Failure> {
    let (id, owner) = (account.id, account.owner());
    for (chat, avito_id) in core.inner.store.read(move |c| chats::without_details(c, id)).await? {
        let now_ms = core.inner.clock.now_ms();
        match client.chat(account.user_id, &avito_id).await {
            Ok(details) => {
                let hidden = hides_texts(account, client, std::slice::from_ref(&details)).await?;
                let take = move |c: &_| crate::ingest::take_chat(c, owner, &details, hidden, now_ms);
                core.inner.store.write(take).await?;
            }
            Err(error) if is_about_one_chat(&error) => {
                // Nothing more to learn about it; it stays listed with what the event told.
                tracing::info!(%error, "a chat's details could not be read");
                core.inner.store.write(move |c| chats::set_details_unavailable(c, chat)).await?;
            }
            Err(error) => return Err(error.into()),
        }
        core.notify(Notice::Chats { chats: vec![chat] });
        core.notify(Notice::Messages { chat });
    }
    Ok(())
}

/// A refusal that concerns this chat only and must not stop the account (invariant 14 within an account).
pub(crate) fn is_about_one_chat(error: &avito::Error) -> bool {
    matches!(error.class(), avito::Class::Forbidden | avito::Class::NotFound | avito::Class::Validation)
}
