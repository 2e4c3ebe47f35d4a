//! The handle everything else holds: opens a shop folder, runs its accounts, closes them.

mod accounts;
mod actions;
mod backups;
mod blocking;
mod disk;
mod events;
mod lines;
mod orders;
mod storage;
mod time;
mod waiting;

pub(crate) use actions::{IMAGE_LIMIT, sendable};
pub(crate) use backups::Running;
pub(crate) use orders::OrdersRead;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use secrecy::SecretString;
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::account::Account;
use crate::alerts::{Alert, Alerts};
use crate::archive;
use crate::backup::Job;
use crate::clock::Clock;
use crate::drafting::{self, Drafting};
use crate::endpoint::Endpoint;
use crate::error::CoreError;
use crate::folder;
use crate::ids::{AccountId, ChatId};
use crate::ingest::Taken;
use crate::journal;
use crate::line::ledger;
use crate::line::self_test::SelfTests;
use crate::media::MediaCache;
use crate::outbox::Uploads;
use crate::search;
use crate::secrets::Vault;
use crate::store::{Store, outbox, settings};
use crate::timing::Timing;
use crate::tunnels::meter::Meter;
use crate::tunnels::{self, MakeTunnel, RealTunnels, Tunnels};
use crate::view::{LongWork, Notice, Settings, Trouble, TunnelSettings};

/// How to open a shop.
pub struct CoreConfig {
    /// The shop's folder (database, pictures, outgoing pictures).
    pub folder: PathBuf,
    /// Where secrets are kept.
    pub vault: Vault,
    /// Opens the archive instead of the key in the vault, which is then kept there again.
    pub recovery_code: Option<SecretString>,
    /// Time.
    pub clock: Clock,
    /// Intervals.
    pub timing: Timing,
    /// Where the webhook endpoint listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Version of the program, for the page.
    pub version: String,
    /// Starts tunnels.
    pub tunnels: Arc<dyn MakeTunnel>,
    /// Run the accounts' tasks. Without them the core only reads and writes its own store.
    pub background: bool,
}

impl CoreConfig {
    /// The usual: system clock, default intervals, a free loopback port.
    pub fn new(folder: &Path, vault: Vault) -> Self {
        Self {
            folder: folder.to_owned(),
            vault,
            recovery_code: None,
            clock: Clock::system(),
            timing: Timing::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            tunnels: Arc::new(RealTunnels::default()),
            background: true,
        }
    }
}

/// What the seller is looking at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attention {
    /// The chat on the screen.
    pub open_chat: Option<ChatId>,
    /// The window has the focus.
    pub focused: bool,
    /// When the window was last used, UTC milliseconds.
    pub last_used_ms: i64,
}

/// One open shop. Clones share it.
#[derive(Clone)]
pub struct Core {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) timing: Timing,
    pub(crate) vault: Vault,
    pub(crate) folder: PathBuf,
    pub(crate) version: String,
    pub(crate) background: bool,
    /// Running accounts by local id.
    pub(crate) accounts: RwLock<BTreeMap<AccountId, Arc<Account>>>,
    /// The webhook endpoint; accounts ask it for their address.
    pub(crate) endpoint: Endpoint,
    /// What gives the endpoint a public address.
    pub(crate) tunnels: Tunnels,
    /// Test deliveries that are on their way.
    pub(crate) self_tests: SelfTests,
    /// Wakes the journal's worker after a delivery was written down.
    pub(crate) journal_wake: Notify,
    /// More deliveries wait in the journal than one batch takes in.
    pub(crate) journal_behind: AtomicBool,
    pub(crate) notices: broadcast::Sender<Notice>,
    pub(crate) alerts: Alerts,
    pub(crate) attention: watch::Sender<Attention>,
    pub(crate) settings: watch::Sender<Settings>,
    pub(crate) media: MediaCache,
    pub(crate) drafting: Drafting,
    /// Pictures on their way to Avito.
    pub(crate) uploads: Uploads,
    /// Finds knowledge; keeps the words of all passages in memory.
    pub(crate) searcher: Arc<Mutex<knowledge::Searcher>>,
    /// Reads files of knowledge.
    pub(crate) desk: crate::sources::Desk,
    /// Knows what passages mean, where the seller has an embedding model.
    pub(crate) meaning: crate::sources::Meaning,
    /// A change of knowledge that is tried.
    pub(crate) trial: Mutex<crate::sources::Trial>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// When a message last came or went, UTC milliseconds: a talk is going on.
    pub(crate) last_message_ms: AtomicI64,
    /// Adding and removing accounts, one at a time.
    pub(crate) changing_accounts: tokio::sync::Mutex<()>,
    disk_trouble: Mutex<Option<Trouble>>,
    /// A backup, its check or an export: one at a time.
    pub(crate) long_work: Mutex<Option<(LongWork, Arc<Job>)>>,
    alert_receiver: Mutex<Option<mpsc::UnboundedReceiver<Alert>>>,
}

impl Core {
    /// Opens the shop folder and starts everything: endpoint, journal, the accounts' sync and outbox.
    pub async fn open(config: CoreConfig) -> Result<Self, CoreError> {
        folder::create_private_folder(&config.folder)?;
        folder::create_private_folder(&config.folder.join("outbox"))?;
        let opened = archive::open(&config.folder, &config.vault, config.recovery_code.as_ref()).await?;
        let (store, killed) = (opened.store, opened.killed);
        let now_ms = config.clock.now_ms();
        let (settings, tunnel_settings, meter) = store
            .write(move |c| {
                outbox::interrupted_to_unknown(c, now_ms)?;
                let settings: Settings = settings::get_over_default(c, "settings")?;
                let tunnels: TunnelSettings = settings::get_over_default(c, tunnels::SETTINGS)?;
                Ok((settings, tunnels, Meter::load(c)?))
            })
            .await?;
        let endpoint = Endpoint::bind(config.listen)?;
        let (alerts, alert_receiver) = Alerts::new();
        let core = Self {
            inner: Arc::new(Inner {
                media: MediaCache::open(&config.folder)?,
                searcher: Arc::default(),
                drafting: Drafting::default(),
                uploads: Uploads::default(),
                desk: crate::sources::Desk::default(),
                meaning: crate::sources::Meaning::default(),
                trial: Mutex::default(),
                store,
                clock: config.clock,
                timing: config.timing,
                vault: config.vault,
                folder: config.folder,
                version: config.version,
                background: config.background,
                accounts: RwLock::default(),
                endpoint,
                tunnels: Tunnels::new(config.tunnels, tunnel_settings, meter, now_ms),
                self_tests: SelfTests::default(),
                journal_wake: Notify::new(),
                journal_behind: AtomicBool::new(false),
                notices: broadcast::channel(1024).0,
                alerts,
                attention: watch::Sender::new(Attention::default()),
                settings: watch::Sender::new(settings),
                stop: CancellationToken::new(),
                tasks: TaskTracker::new(),
                last_message_ms: AtomicI64::new(0),
                changing_accounts: tokio::sync::Mutex::new(()),
                disk_trouble: Mutex::new(None),
                long_work: Mutex::new(None),
                alert_receiver: Mutex::new(Some(alert_receiver)),
            }),
        };
        core.inner.endpoint.serve(&core);
        if core.inner.background {
            core.remove_stray_files().await?;
        }
        core.start_accounts().await?;
        // After the accounts: what waits in the journal since the last run is news, and alerts are an account's.
        core.spawn("journal", journal::work(core.clone()));
        core.spawn("disk", disk::watch(core.clone()));
        core.spawn("time", time::watch(core.clone()));
        if core.inner.background {
            core.spawn("tunnels", tunnels::run(core.clone()));
            core.spawn("ledger", ledger::keep(core.clone()));
            core.spawn("drafts", drafting::run(core.clone()));
            core.spawn("knowledge", crate::sources::work(core.clone()));
            core.spawn("search", search::look_through(core.clone()));
            core.spawn("removal", accounts::finish_removals(core.clone()));
            if killed {
                core.spawn("check", disk::check(core.clone()));
            }
        }
        Ok(core)
    }

    /// Removes pictures from the outbox folder that no reply needs any more.
    async fn remove_stray_files(&self) -> Result<(), CoreError> {
        let needed = self.inner.store.read(outbox::files).await?;
        let mut files = tokio::fs::read_dir(self.inner.folder.join("outbox")).await?;
        while let Some(file) = files.next_entry().await? {
            if !needed.iter().any(|name| file.file_name() == name.as_str()) {
                tokio::fs::remove_file(file.path()).await?;
            }
        }
        Ok(())
    }

    /// Stops everything and closes the database. Every handle is of no use afterwards.
    pub async fn close(&self) {
        if self.inner.tunnels.settings().unregister_on_exit {
            self.unregister_all().await;
        }
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.tunnels.stop().await;
        self.inner.tunnels.meter.keep(self).await;
        self.inner.store.close().await;
    }

    /// What changed, from now on. A receiver that falls behind gets a `Lagged` error and reads everything again.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.inner.notices.subscribe()
    }

    /// What deserves the seller's attention. There is one receiver; later callers get none.
    pub fn alerts(&self) -> Option<mpsc::UnboundedReceiver<Alert>> {
        self.inner.alert_receiver.lock().ok()?.take()
    }

    /// Where the webhook endpoint listens.
    pub fn endpoint_address(&self) -> SocketAddr {
        self.inner.endpoint.address()
    }

    /// Tells the core what the seller is looking at: polling becomes faster, and the open chat's ticks are kept fresh.
    pub fn set_attention(&self, open_chat: Option<ChatId>, focused: bool) {
        let now_ms = self.inner.clock.now_ms();
        self.inner.attention.send_if_modified(|attention| {
            // A window that loses the focus was in use until now.
            let last_used_ms = if focused || attention.focused { now_ms } else { attention.last_used_ms };
            let new = Attention { open_chat, focused, last_used_ms };
            let changed = attention.open_chat != open_chat || attention.focused != focused;
            *attention = new;
            changed
        });
    }

    /// What the seller is looking at.
    pub fn attention(&self) -> Attention {
        *self.inner.attention.borrow()
    }

    /// The seller's settings.
    pub fn settings(&self) -> Settings {
        self.inner.settings.borrow().clone()
    }

    /// Changes the settings.
    pub async fn save_settings(&self, new: Settings) -> Result<(), CoreError> {
        let stored = new.clone();
        self.inner.store.write(move |c| settings::set_over_default(c, "settings", &stored)).await?;
        self.inner.settings.send_replace(new);
        self.notify(Notice::Settings);
        Ok(())
    }

    /// Where secrets are kept.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Sends a notice; nobody listening is fine. Call it after the commit (invariant 11).
    pub(crate) fn notify(&self, notice: Notice) {
        let _ = self.inner.notices.send(notice);
    }

    /// The running account.
    pub(crate) fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.inner.accounts.read().ok()?.get(&id).cloned()
    }

    /// All running accounts.
    pub(crate) fn accounts(&self) -> Vec<Arc<Account>> {
        self.inner.accounts.read().map(|accounts| accounts.values().cloned().collect()).unwrap_or_default()
    }

    /// Notes that a talk is going on, if these messages are fresh.
    pub(crate) fn note_talk(&self, changed: &[Taken]) {
        if let Some(newest_s) = changed.iter().filter(|taken| taken.new).map(|taken| taken.sent_s).max() {
            let at_ms = newest_s.saturating_mul(1000).min(self.inner.clock.now_ms());
            self.inner.last_message_ms.fetch_max(at_ms, Ordering::Relaxed);
        }
    }

    /// Spawns a task that ends with the core and whose panic is told in the log, under a name.
    pub(crate) fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.inner.stop.clone();
        self.inner.tasks.spawn(async move {
            let guarded = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(task));
            tokio::select! {
                () = stop.cancelled() => {}
                outcome = guarded => if outcome.is_err() {
                    tracing::error!(task = name, "a background task failed");
                },
            }
        });
    }
}
