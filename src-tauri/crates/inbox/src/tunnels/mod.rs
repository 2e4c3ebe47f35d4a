//! The shop's tunnel: started by the seller's settings, watched, and asked for the address under which Avito can reach us.
//!
//! Which of several tunnels is used, and how each is kept up, is the business of the crate `tunnel`. Here its state becomes an
//! address for the accounts, unless it came and went too often lately.

mod make;
pub(crate) mod meter;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::SecretString;
use tokio::sync::watch;
use tunnel::preference::{self, Preference};
use tunnel::{State, Tunnel as _};
use url::Url;

pub use self::make::{MakeTunnel, RealTunnels, TunnelPlan, proxy_snippets};
use self::meter::Meter;
use crate::Core;
use crate::error::CoreError;
use crate::line::{Hold, is_this_machine};
use crate::store::settings;
use crate::view::{
    ErrorCode, LineReason, Mode, NgrokSettings, Notice, TroubleCode, TunnelFailure, TunnelKind,
    TunnelSettings, TunnelState, TunnelView,
};

/// Setting with what the seller chose.
pub(crate) const SETTINGS: &str = "tunnels";
/// Name of ngrok's token in the vault.
const TOKEN: &str = "tunnel/ngrok-token";

/// How things stand.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Now {
    kind: Option<TunnelKind>,
    /// None: no tunnel is switched on.
    state: Option<State>,
    since_ms: i64,
    failed: Vec<TunnelFailure>,
    held_until_ms: Option<i64>,
}

/// Whether, and where, a server can reach us.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Way {
    /// Under this address.
    At(Url),
    /// Not now, and why.
    Closed(LineReason),
}

/// The tunnel of a shop.
pub(crate) struct Tunnels {
    make: Arc<dyn MakeTunnel>,
    settings: watch::Sender<TunnelSettings>,
    now: watch::Sender<Now>,
    /// Counts the changes after which the tunnel begins anew.
    restart: watch::Sender<u64>,
    /// A token of ngrok's is in the vault.
    token_kept: AtomicBool,
    /// Held while the token is read or written, until [`Self::token_kept`] says what was found or done, and with it the settings: an older
    /// finding is not told after a newer one, and a token goes no other way to ngrok than the one it was given for.
    token: tokio::sync::Mutex<()>,
    running: Mutex<Option<Arc<Preference>>>,
    pub(crate) meter: Meter,
}

impl Tunnels {
    pub(crate) fn new(
        make: Arc<dyn MakeTunnel>,
        settings: TunnelSettings,
        meter: Meter,
        now_ms: i64,
    ) -> Self {
        let switched_on = !settings.order.is_empty();
        let now = Now {
            kind: None,
            state: switched_on.then_some(State::Connecting),
            since_ms: now_ms,
            failed: Vec::new(),
            held_until_ms: None,
        };
        Self {
            make,
            settings: watch::Sender::new(settings),
            now: watch::Sender::new(now),
            restart: watch::Sender::new(0),
            token_kept: AtomicBool::new(false),
            token: tokio::sync::Mutex::default(),
            running: Mutex::default(),
            meter,
        }
    }

    /// What the seller chose.
    pub(crate) fn settings(&self) -> TunnelSettings {
        self.settings.borrow().clone()
    }

    /// A certificate authority that ngrok's addresses are to be trusted by.
    pub(crate) fn ca_file(&self) -> Option<String> {
        let settings = self.settings.borrow();
        (self.now.borrow().kind == Some(TunnelKind::Ngrok)).then(|| settings.ngrok.ca_file.clone()).flatten()
    }

    /// Ends a pause, and tries those again that failed.
    pub(crate) fn retry_now(&self) {
        if !self.now.borrow().failed.is_empty() {
            self.begin_anew();
        } else if let Some(running) = &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            running.retry_now();
        }
    }

    /// The computer slept or its network is another one: an open tunnel is opened anew, a pause ends, and those are tried again
    /// that failed.
    pub(crate) fn way_changed(&self) {
        if !self.now.borrow().failed.is_empty() {
            self.begin_anew();
        } else if let Some(running) = &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            running.way_changed();
        }
    }

    fn begin_anew(&self) {
        self.restart.send_modify(|times| *times += 1);
    }

    /// Takes the address back. Called when nothing runs any more that could start a tunnel.
    pub(crate) async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            running.stop().await;
        }
    }

    /// Under which address a server of this kind reaches us.
    pub(crate) fn way(&self, loopback: Option<Url>, api_url: Option<&str>) -> Way {
        let now = self.now.borrow();
        match &now.state {
            // A server on this machine reaches our loopback port itself, unless the seller has set up a tunnel.
            None => match loopback.filter(|_| is_local(api_url)) {
                Some(loopback) => Way::At(loopback),
                None => Way::Closed(LineReason::NoTunnel),
            },
            Some(State::Online { .. }) if now.held_until_ms.is_some() => Way::Closed(LineReason::Unsteady),
            Some(State::Online { url }) => Way::At(url.clone()),
            Some(State::Connecting) => Way::Closed(LineReason::TunnelConnecting),
            Some(State::Offline { .. }) => Way::Closed(LineReason::TunnelDown),
            Some(State::Failed { .. } | State::Stopped) => Way::Closed(LineReason::TunnelFailed),
        }
    }

    /// The code of what is wrong with the tunnel, for the account's status.
    pub(crate) fn trouble(&self) -> Option<String> {
        match &self.now.borrow().state {
            Some(State::Offline { trouble, .. } | State::Failed { trouble }) => Some(trouble.code.clone()),
            _ => None,
        }
    }

    /// For the page.
    pub(crate) fn view(&self, now_ms: i64, endpoint: String) -> TunnelView {
        let now = self.now.borrow().clone();
        TunnelView {
            settings: self.settings(),
            ngrok_token_kept: self.token_kept.load(Ordering::Relaxed),
            kind: now.kind,
            now: match now.state {
                None => TunnelState::Off,
                Some(State::Connecting) => TunnelState::Connecting,
                Some(State::Online { url }) => {
                    TunnelState::Online { url: url.to_string(), held_until_ms: now.held_until_ms }
                }
                Some(State::Offline { trouble, retry_at }) => TunnelState::Offline {
                    code: trouble.code,
                    reason: trouble.reason,
                    retry_at_ms: unix_ms(retry_at),
                },
                Some(State::Failed { trouble }) => {
                    TunnelState::Failed { code: trouble.code, reason: trouble.reason }
                }
                Some(State::Stopped) => TunnelState::Connecting,
            },
            since_ms: now.since_ms,
            failed: now.failed,
            ngrok_requests: self.meter.requests(now_ms),
            ngrok_requests_free: u32::try_from(tunnel::ngrok::free::REQUESTS).unwrap_or(u32::MAX),
            endpoint,
        }
    }

    /// Shows how things stand; answers whether the way to us is another one now.
    fn show(&self, mut new: Now) -> bool {
        let mut moved = false;
        self.now.send_if_modified(|now| {
            if now.state == new.state && now.kind == new.kind {
                new.since_ms = now.since_ms;
            }
            // Without any tunnel a server on this machine reaches us; with one, though it has no address yet, it does not.
            moved = now.base() != new.base() || now.state.is_some() != new.state.is_some();
            let changed = *now != new;
            *now = new.clone();
            changed
        });
        moved
    }
}

impl Now {
    fn base(&self) -> Option<&Url> {
        match &self.state {
            Some(State::Online { url }) if self.held_until_ms.is_none() => Some(url),
            _ => None,
        }
    }
}

fn is_local(api_url: Option<&str>) -> bool {
    api_url.and_then(|url| Url::parse(url).ok()).is_some_and(|url| is_this_machine(&url))
}

fn unix_ms(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Runs until the core stops.
pub(crate) async fn run(core: Core) {
    let tunnels = &core.inner.tunnels;
    let mut restart = tunnels.restart.subscribe();
    loop {
        let (settings, ngrok_token) = {
            let _alone = tunnels.token.lock().await;
            restart.borrow_and_update(); // whatever asked for it is in what is read now
            (tunnels.settings(), core.ngrok_token().await)
        };
        if settings.order.is_empty() {
            let since_ms = core.inner.clock.now_ms();
            let off = Now { kind: None, state: None, since_ms, failed: Vec::new(), held_until_ms: None };
            core.show_tunnel(off);
            let _ = restart.changed().await;
            continue;
        }
        let running = start(&core, &settings, ngrok_token.as_ref());
        *tunnels.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running.clone());
        tokio::select! {
            () = follow(&core, &settings, &running) => {}
            _ = restart.changed() => {}
        }
        running.stop().await;
        tunnels.meter.keep(&core).await;
    }
}

fn start(core: &Core, settings: &TunnelSettings, ngrok_token: Option<&SecretString>) -> Arc<Preference> {
    let choices = settings.order.iter().map(|kind| {
        let (core, settings, ngrok_token, kind) =
            (core.clone(), settings.clone(), ngrok_token.cloned(), *kind);
        Box::new(move || {
            let plan = TunnelPlan {
                kind,
                settings: settings.clone(),
                ngrok_token: ngrok_token.clone(),
                core: core.clone(),
            };
            core.inner.tunnels.make.make(plan)
        }) as preference::Start
    });
    preference::of(choices.collect(), preference::PATIENCE)
}

/// Watches a tunnel for as long as it runs.
async fn follow(core: &Core, settings: &TunnelSettings, running: &Preference) {
    let (mut state, mut standing) = (running.state(), running.standing());
    let mut hold = Hold::default();
    loop {
        let (now_state, now_standing) =
            (state.borrow_and_update().clone(), standing.borrow_and_update().clone());
        let (now_ms, steady_ms) = (core.inner.clock.now_ms(), core.inner.clock.steady_ms());
        let left_ms = match &now_state {
            State::Online { .. } => hold.up(steady_ms, &core.inner.timing),
            State::Stopped => return,
            _ => {
                hold.down(steady_ms, &core.inner.timing);
                0
            }
        };
        let kind = |choice: usize| settings.order.get(choice).copied();
        let failed = now_standing.states.iter().enumerate().filter_map(|(choice, state)| match state {
            Some(State::Failed { trouble }) => Some(TunnelFailure {
                kind: kind(choice)?,
                code: trouble.code.clone(),
                reason: trouble.reason.clone(),
            }),
            _ => None,
        });
        core.show_tunnel(Now {
            kind: now_standing.current.and_then(kind).or_else(|| kind(0)),
            state: Some(now_state),
            since_ms: now_ms,
            failed: failed.collect(),
            held_until_ms: (left_ms > 0).then_some(now_ms + left_ms),
        });
        let wait = async {
            match u64::try_from(left_ms) {
                Ok(left_ms) if left_ms > 0 => core.inner.clock.sleep(Duration::from_millis(left_ms)).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return },
            changed = standing.changed() => if changed.is_err() { return },
            () = wait => {}
            () = core.inner.clock.sleep(Duration::from_secs(60)) => core.inner.tunnels.meter.keep(core).await,
        }
    }
}

impl Core {
    /// Where a server of this kind reaches us.
    pub(crate) fn way_to_us(&self, api_url: Option<&str>) -> Way {
        self.inner.tunnels.way(self.inner.endpoint.loopback(), api_url)
    }

    fn show_tunnel(&self, now: Now) {
        if self.inner.tunnels.show(now) {
            self.address_changed();
        }
        self.notify(Notice::Accounts);
    }

    /// The public address has come, gone or changed: who was live under another one polls at once, and everybody looks again.
    fn address_changed(&self) {
        for account in self.accounts() {
            let way = self.way_to_us(account.api_url.as_deref());
            let state = account.line.state();
            let still = matches!(&way, Way::At(base) if state.proven.as_ref().is_some_and(|proven| proven.0 == *base));
            drop(state);
            if account.state.borrow().mode == Mode::Live && !still {
                let detail = self.inner.tunnels.trouble();
                match way {
                    Way::At(_) => account.set_well(self, Mode::Polling),
                    Way::Closed(_) => {
                        account.set_trouble(self, Some(Mode::Polling), TroubleCode::TunnelDown, detail, None);
                    }
                }
            }
            account.wake_sync.notify_one();
        }
    }

    /// ngrok's token, if there is one that can be read. For who holds [`Tunnels::token`].
    async fn ngrok_token(&self) -> Option<SecretString> {
        let token = self.inner.vault.get(TOKEN).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the tunnel's token could not be read");
            None
        });
        self.inner.tunnels.token_kept.store(token.is_some(), Ordering::Relaxed);
        token
    }

    /// Keeps ngrok's token in the vault; an empty one is forgotten. The tunnel begins anew with it.
    pub async fn set_ngrok_token(&self, token: SecretString) -> Result<(), CoreError> {
        let _alone = self.inner.tunnels.token.lock().await;
        self.keep_ngrok_token(make::cleaned_token(&token)).await?;
        self.inner.tunnels.begin_anew();
        self.notify(Notice::Accounts);
        Ok(())
    }

    /// For who holds [`Tunnels::token`].
    async fn keep_ngrok_token(&self, token: Option<SecretString>) -> Result<(), CoreError> {
        let kept = token.is_some();
        match token {
            Some(token) => self.inner.vault.set(TOKEN, token).await?,
            None => self.inner.vault.delete(TOKEN).await?,
        }
        self.inner.tunnels.token_kept.store(kept, Ordering::Relaxed);
        Ok(())
    }

    /// Changes the settings of tunnels. The tunnel begins anew if they concern it. When the way to ngrok changes, its token is
    /// forgotten: it was given for the former one.
    pub async fn save_tunnels(&self, new: TunnelSettings) -> Result<(), CoreError> {
        self.set_up_tunnels(new, None).await
    }

    /// Changes the settings and, where one is given, ngrok's token as one: the tunnel begins anew once.
    pub async fn set_up_tunnels(
        &self,
        new: TunnelSettings,
        ngrok_token: Option<SecretString>,
    ) -> Result<(), CoreError> {
        let new = make::cleaned(new).map_err(|words| CoreError::Invalid(ErrorCode::BadTunnel, words))?;
        let way = |ngrok: &NgrokSettings| (ngrok.server.clone(), ngrok.ca_file.clone(), ngrok.proxy.clone());
        let has_token = ngrok_token.is_some();
        let _alone = self.inner.tunnels.token.lock().await;
        if let Some(token) = ngrok_token {
            self.keep_ngrok_token(make::cleaned_token(&token)).await?;
        } else if way(&self.tunnel_settings().ngrok) != way(&new.ngrok) && self.ngrok_token().await.is_some()
        {
            self.keep_ngrok_token(None).await?;
        }
        let stored = new.clone();
        self.inner.store.write(move |c| settings::set_over_default(c, SETTINGS, &stored)).await?;
        let old = self.inner.tunnels.settings.send_replace(new.clone());
        if has_token || (TunnelSettings { unregister_on_exit: new.unregister_on_exit, ..old }) != new {
            self.inner.tunnels.begin_anew();
        }
        self.notify(Notice::Accounts);
        Ok(())
    }

    /// What the seller chose.
    pub fn tunnel_settings(&self) -> TunnelSettings {
        self.inner.tunnels.settings()
    }

    /// Tries the tunnel again now.
    pub fn retry_tunnel(&self) {
        self.inner.tunnels.retry_now();
    }
}
