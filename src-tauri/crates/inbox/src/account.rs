//! One running account: its client, its state for the page, its tasks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use avito::{Client, ClientConfig, Credentials, Grant};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::core::OrdersRead;
use crate::error::{CoreError, needs_seller};
use crate::ids::{AccountId, OutboxId};
use crate::ingest::Owner;
use crate::line::{self, Digest, Line};
use crate::store::accounts::AccountRow;
use crate::store::lines::Door;
use crate::timing::Timing;
use crate::view::{Backfill, ErrorCode, Mode, Notice, Trouble, TroubleCode};
use crate::{Core, outbox, sync, voices};

/// What connects an account.
#[derive(Clone)]
pub struct NewKey {
    /// Client id, as Avito shows it.
    pub client_id: String,
    /// Client secret.
    pub client_secret: SecretString,
    /// Another server than Avito's.
    pub api_url: Option<String>,
    /// The account's budget; none: 60 calls a minute, which no report calls too many.
    pub calls_per_minute: Option<u32>,
}

impl NewKey {
    /// Checks the fields and removes what copying brings along.
    pub(crate) fn cleaned(&self) -> Result<Self, CoreError> {
        let client_id = self.client_id.trim().to_owned();
        let client_secret = SecretString::from(self.client_secret.expose_secret().trim());
        if client_id.is_empty() || client_secret.expose_secret().is_empty() {
            return Err(CoreError::Invalid(ErrorCode::WrongKey, "the client id or secret is empty"));
        }
        let api_url = match self.api_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
            Some(url) => Some(base_url(url)?.to_string()),
            None => None,
        };
        Ok(Self { client_id, client_secret, api_url, calls_per_minute: self.calls_per_minute })
    }

    /// A client with this key.
    pub(crate) fn client(&self, timing: &Timing) -> Result<Client, CoreError> {
        client(
            &self.client_id,
            &self.client_secret,
            self.api_url.as_deref(),
            self.calls_per_minute.unwrap_or(60),
            timing,
        )
    }
}

/// An address of a server: http or https, ending in a slash so that paths are joined to it.
fn base_url(text: &str) -> Result<Url, CoreError> {
    let bad = CoreError::Invalid(ErrorCode::BadAddress, "the server's address is not an http(s) address");
    let with_slash = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
    match Url::parse(&with_slash) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(bad),
    }
}

pub(crate) fn client(
    client_id: &str,
    client_secret: &SecretString,
    api_url: Option<&str>,
    calls_per_minute: u32,
    timing: &Timing,
) -> Result<Client, CoreError> {
    let mut config = ClientConfig::new(Credentials {
        client_id: client_id.to_owned(),
        client_secret: client_secret.clone(),
        grant: Grant::ClientCredentials,
    });
    if let Some(url) = api_url {
        config.base_url = base_url(url)?;
    }
    config.calls_per_minute = calls_per_minute;
    config.timeout = timing.call_timeout;
    Ok(Client::new(config)?)
}

/// What is true of an account right now, apart from what the database knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AccountState {
    pub(crate) mode: Mode,
    pub(crate) mode_since_ms: i64,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) last_checked_ms: Option<i64>,
    pub(crate) last_event_ms: Option<i64>,
    pub(crate) next_check_ms: Option<i64>,
    pub(crate) backfill: Option<Backfill>,
}

pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) user_id: i64,
    pub(crate) name: String,
    pub(crate) api_url: Option<String>,
    /// By Avito's clock.
    pub(crate) added_ms: i64,
    /// None: the secret could not be had; nothing runs until the seller enters it.
    pub(crate) client: Option<Client>,
    /// Our webhook: path, subscription, proof.
    pub(crate) line: Line,
    pub(crate) state: watch::Sender<AccountState>,
    pub(crate) wake_sync: Notify,
    pub(crate) wake_outbox: Notify,
    pub(crate) wake_backfill: Notify,
    pub(crate) wake_voices: Notify,
    /// Held while Avito is told what was read, so that it is told once.
    pub(crate) telling_read: tokio::sync::Mutex<()>,
    /// When, by the steady clock, the attempts of this run ended whose answers were lost.
    pub(crate) lost_answers: Mutex<HashMap<OutboxId, i64>>,
    /// Orders as last read from Avito.
    pub(crate) orders: tokio::sync::Mutex<Option<OrdersRead>>,
    started_steady_ms: i64,
    pub(crate) stop: CancellationToken,
    tasks: TaskTracker,
}

/// The second from which on messages are news to an account that was connected then.
pub(crate) fn news_floor_s(added_ms: i64) -> i64 {
    added_ms.div_euclid(1000) - 5
}

impl Account {
    pub(crate) fn owner(&self) -> Owner {
        Owner { account: self.id, user_id: self.user_id }
    }

    /// Avito's clock in seconds, as far as known.
    pub(crate) fn server_s(&self, core: &Core) -> i64 {
        self.to_server_s(core.inner.clock.now_ms())
    }

    /// A time of ours in Avito's seconds.
    pub(crate) fn to_server_s(&self, local_ms: i64) -> i64 {
        let offset = self.client.as_ref().and_then(Client::server_clock_offset_ms).unwrap_or(0);
        local_ms.saturating_add(offset).div_euclid(1000)
    }

    /// Messages older than this are history: they never alert.
    pub(crate) fn news_floor_s(&self) -> i64 {
        news_floor_s(self.added_ms)
    }

    pub(crate) fn start(
        core: &Core,
        row: &AccountRow,
        client: Option<Client>,
        line: Line,
        retiring: Option<Door>,
    ) -> Arc<Self> {
        let now_ms = core.inner.clock.now_ms();
        let account = Arc::new(Self {
            id: row.id,
            user_id: row.user_id,
            name: row.name.clone(),
            api_url: row.api_url.clone(),
            added_ms: row.added_ms,
            state: watch::Sender::new(AccountState {
                mode: Mode::Starting,
                mode_since_ms: now_ms,
                trouble: None,
                last_checked_ms: row.last_checked_ms,
                last_event_ms: row.last_event_ms,
                next_check_ms: None,
                backfill: None,
            }),
            client,
            line,
            wake_sync: Notify::new(),
            wake_outbox: Notify::new(),
            wake_backfill: Notify::new(),
            wake_voices: Notify::new(),
            telling_read: tokio::sync::Mutex::new(()),
            lost_answers: Mutex::default(),
            orders: tokio::sync::Mutex::default(),
            started_steady_ms: core.inner.clock.steady_ms(),
            stop: core.inner.stop.child_token(),
            tasks: TaskTracker::new(),
        });
        let present = line::digest(&account.line.secret());
        core.inner.endpoint.admit(account.id, present, retiring.as_ref().map(|door| door.digest));
        if let Some(Door { digest, closes_ms: Some(closes_ms) }) = retiring {
            account.retire_later(core, digest, closes_ms);
        }
        if !core.inner.background {
            return account;
        }
        if account.client.is_some() {
            account.spawn(core, "sync", sync::run(core.clone(), account.clone()));
            account.spawn(core, "backfill", sync::backfill::run(core.clone(), account.clone()));
            account.spawn(core, "open chat", sync::open_chat::run(core.clone(), account.clone()));
            account.spawn(core, "outbox", outbox::run(core.clone(), account.clone()));
            account.spawn(core, "voices", voices::run(core.clone(), account.clone()));
        } else {
            account.set_trouble(core, Some(Mode::Offline), TroubleCode::SecretMissing, None, None);
        }
        account
    }

    /// Shuts the door of a replaced path when its time has come.
    pub(crate) fn retire_later(self: &Arc<Self>, core: &Core, digest: Digest, closes_ms: i64) {
        let (core_, account) = (core.clone(), self.clone());
        self.spawn(core, "old path", async move {
            let left_ms = u64::try_from(closes_ms - core_.inner.clock.now_ms()).unwrap_or(0);
            core_.inner.clock.sleep(Duration::from_millis(left_ms)).await;
            core_.inner.endpoint.retire(account.id, digest);
            account.line.state().old_path_until_ms = None;
            core_.notify(Notice::Accounts);
        });
    }

    /// A task of this account: ends with it, and a panic in it is told in the log instead of passing unseen.
    fn spawn(&self, core: &Core, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let (stop, account) = (self.stop.clone(), self.id);
        core.inner.tasks.spawn(self.tasks.track_future(async move {
            let guarded = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(task));
            tokio::select! {
                () = stop.cancelled() => {}
                outcome = guarded => if outcome.is_err() {
                    tracing::error!(task = name, %account, "a background task failed");
                },
            }
        }));
    }

    /// Ends the account's tasks and waits for them.
    pub(crate) async fn stop(&self, core: &Core) {
        core.inner.endpoint.dismiss(self.id);
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(Duration::from_secs(5), self.tasks.wait()).await.is_err() {
            tracing::warn!(account = %self.id, "tasks took long to end");
        }
    }

    /// Changes the state and tells the page, if anything changed.
    pub(crate) fn update(&self, core: &Core, change: impl FnOnce(&mut AccountState)) {
        let changed = self.state.send_if_modified(|state| {
            let before = state.clone();
            change(state);
            *state != before
        });
        if changed {
            core.notify(Notice::Accounts);
        }
    }

    /// All is well in this mode.
    pub(crate) fn set_well(&self, core: &Core, mode: Mode) {
        let now_ms = core.inner.clock.now_ms();
        self.update(core, |state| {
            state.trouble = None;
            self.enter(state, mode, now_ms);
        });
    }

    /// Something is wrong; the mode changes with it, if it does.
    pub(crate) fn set_trouble(
        &self,
        core: &Core,
        mode: Option<Mode>,
        code: TroubleCode,
        detail: Option<String>,
        retry_in: Option<Duration>,
    ) {
        let now_ms = core.inner.clock.now_ms();
        let retry_in = retry_in.filter(|_| !needs_seller(code));
        let retry_at_ms =
            retry_in.map(|wait| now_ms + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2));
        self.update(core, |state| {
            let since_ms =
                state.trouble.as_ref().filter(|old| old.code == code).map_or(now_ms, |old| old.since_ms);
            state.trouble = Some(Trouble { code, since_ms, retry_at_ms, detail });
            if let Some(mode) = mode {
                self.enter(state, mode, now_ms);
            }
        });
    }

    fn enter(&self, state: &mut AccountState, mode: Mode, now_ms: i64) {
        if state.mode != mode {
            tracing::info!(account = %self.id, ?mode, "mode");
            state.mode = mode;
            state.mode_since_ms = now_ms;
        }
    }

    /// An attempt ended just now and its answer was lost.
    pub(crate) fn note_lost_answer(&self, core: &Core, id: OutboxId) {
        if let Ok(mut lost) = self.lost_answers.lock() {
            lost.insert(id, core.inner.clock.steady_ms());
        }
    }

    /// How long Avito has had to show what came of an attempt. Measured by the steady clock: were it the wall clock, somebody who sets
    /// it forward would make us send again before Avito could show the first one. Of an earlier run's attempt only this run counts.
    pub(crate) fn since_lost_answer(&self, core: &Core, id: OutboxId) -> Duration {
        let ended = self.lost_answers.lock().ok().and_then(|lost| lost.get(&id).copied());
        let passed = core.inner.clock.steady_ms() - ended.unwrap_or(self.started_steady_ms);
        Duration::from_millis(u64::try_from(passed).unwrap_or(0))
    }

    pub(crate) fn trouble(&self) -> Option<TroubleCode> {
        self.state.borrow().trouble.as_ref().map(|trouble| trouble.code)
    }
}
