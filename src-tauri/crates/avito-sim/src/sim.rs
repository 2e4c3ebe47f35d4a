//! The handle: starting, stopping, accounts. The buyers' side is in `talking`, the questions are in `questions`.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::{Scene, SimConfig};
use crate::model::{Account, ChatKind, Item, KeyOwner, Order, SellerAccount};
use crate::state::{Grant, State};
use crate::{demo, ids, scenes, server};

/// A running stand-in. Clones are handles to the same one; it ends with [`Sim::stop`] or with the last clone.
#[derive(Debug, Clone)]
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
    /// Only handles given out keep it running; its own tasks do not.
    _alive: Option<Arc<DropGuard>>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: SimConfig,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) stop: CancellationToken,
    pub(crate) activity: broadcast::Sender<Activity>,
    state: Mutex<State>,
    pub(crate) changes: Notify,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    serving: Mutex<Option<Serving>>,
    admin_serving: Mutex<Option<Serving>>,
    /// Live buyers are there once at most.
    pub(crate) buyers: AtomicBool,
}

/// What live buyers watch.
#[derive(Debug, Clone)]
pub(crate) enum Activity {
    SellerWrote { user_id: i64, chat_id: Arc<str>, text: Option<Arc<str>> },
}

#[derive(Debug)]
struct Serving {
    cancel: CancellationToken,
    tasks: TaskTracker,
}

impl Serving {
    async fn end(self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in one test's closure must not hide what the others would say.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes everyone in [`Sim::until`].
    pub(crate) fn changed(&self) {
        self.changes.notify_waiters();
    }

    pub(crate) fn media_base(&self) -> String {
        self.config.public_base.clone().unwrap_or_else(|| format!("http://{}", self.address))
    }
}

/// A chat to be opened by [`Sim::add_chat`]. Defaults: about the account's first item, a buyer with a new number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewChat {
    /// Name of the buyer; empty is «Покупатель».
    pub buyer_name: String,
    /// Number of the buyer, for a buyer with several chats.
    pub buyer_id: Option<i64>,
    /// Name of a built-in portrait.
    pub portrait: Option<String>,
    /// Kind of the chat.
    pub kind: ChatKind,
    /// Which item a `u2i` chat is about.
    pub item_id: Option<i64>,
    /// Unix seconds; now by default.
    pub created: Option<i64>,
    /// The first message of the buyer. A chat without any message is possible too.
    pub text: Option<String>,
}

/// A message as the stand-in holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimMessage {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Author's number.
    pub author_id: i64,
    /// Unix seconds.
    pub created: i64,
    /// `in` or `out`.
    pub direction: &'static str,
    /// Type as the API shows it.
    #[serde(rename = "type")]
    pub kind: String,
    /// Content as the API shows it; null when missing.
    pub content: Value,
    /// Words, where there are any.
    pub text: Option<String>,
    /// When the side that received it read it, unix seconds.
    pub read: Option<i64>,
}

/// A registered webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimSubscription {
    /// Receiver.
    pub url: String,
    /// Version of the registering method.
    pub version: String,
}

/// Size of the archive [`Sim::fill`] makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Chats to open.
    pub chats: usize,
    /// Messages in each of them.
    pub messages: usize,
    /// Days into the past over which they spread.
    #[serde(default = "half_a_year")]
    pub days: u32,
}

fn half_a_year() -> u32 {
    180
}

impl Sim {
    /// Opens the listeners and fills the scene.
    ///
    /// # Errors
    /// When an address cannot be listened on, or the client for deliveries cannot be made.
    pub async fn start(config: SimConfig) -> std::io::Result<Sim> {
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let admin_listener = match config.admin {
            Some(admin) => Some(TcpListener::bind(admin).await?),
            None => None,
        };
        let admin = admin_listener.as_ref().map(TcpListener::local_addr).transpose()?;
        let http = match &config.webhook_client {
            Some(client) => client.clone(),
            None => reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(std::io::Error::other)?,
        };
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            clock: Clock::default(),
            http,
            runtime: tokio::runtime::Handle::current(),
            activity: broadcast::channel(256).0,
            state: Mutex::new(State::new(config.seed)),
            changes: Notify::new(),
            address,
            admin,
            serving: Mutex::new(None),
            admin_serving: Mutex::new(None),
            buyers: AtomicBool::new(false),
            stop: stop.clone(),
            config,
        });
        {
            let now = shared.clock.now();
            let mut state = shared.lock();
            match shared.config.scene {
                Scene::Empty => scenes::empty(&mut state),
                Scene::Small => scenes::small(&mut state, now),
                Scene::Demo => demo::fill(&mut state, now),
            }
        }
        let sim = Sim { shared, _alive: Some(Arc::new(stop.drop_guard())) };
        sim.serve(listener);
        if let Some(listener) = admin_listener {
            let cancel = sim.shared.stop.child_token();
            let tasks = TaskTracker::new();
            server::accept_admin(sim.inner(), listener, cancel.clone(), &tasks);
            *lock(&sim.shared.admin_serving) = Some(Serving { cancel, tasks });
        }
        Ok(sim)
    }

    /// A handle for own tasks, which does not keep the stand-in alive.
    pub(crate) fn inner(&self) -> Sim {
        Sim { shared: self.shared.clone(), _alive: None }
    }

    fn serve(&self, listener: TcpListener) {
        let cancel = self.shared.stop.child_token();
        let tasks = TaskTracker::new();
        server::accept(self.inner(), listener, cancel.clone(), &tasks);
        *lock(&self.shared.serving) = Some(Serving { cancel, tasks });
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end. The same before, during and after a pause.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// `http://127.0.0.1:PORT/_sim`; empty when the admin listener is off.
    pub fn admin_url(&self) -> String {
        self.shared.admin.map_or(String::new(), |address| format!("http://{address}/_sim"))
    }

    /// Closes all sockets and ends all tasks.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        let servings = [lock(&self.shared.serving).take(), lock(&self.shared.admin_serving).take()];
        for serving in servings.into_iter().flatten() {
            serving.end().await;
        }
    }

    /// The server goes down: the listener and all connections close. State, admin routes and deliveries stay.
    pub async fn pause(&self) {
        let serving = lock(&self.shared.serving).take();
        if let Some(serving) = serving {
            serving.end().await;
        }
    }

    /// The server comes up again on the same port.
    ///
    /// # Errors
    /// When somebody else has taken the port and keeps it for five seconds.
    pub async fn resume(&self) -> std::io::Result<()> {
        if lock(&self.shared.serving).is_some() {
            return Ok(());
        }
        let mut tries = 0;
        let listener = loop {
            match TcpListener::bind(self.shared.address).await {
                Ok(listener) => break listener,
                // A client's outgoing connection may hold the port for a moment.
                Err(_) if tries < 50 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => return Err(error),
            }
        };
        self.serve(listener);
        Ok(())
    }

    /// Whether the API is up.
    pub fn is_up(&self) -> bool {
        lock(&self.shared.serving).is_some()
    }

    // ---- accounts -------------------------------------------------------------------------------------------

    /// The sellers, ordered by number.
    pub fn accounts(&self) -> Vec<SellerAccount> {
        self.shared.lock().accounts.values().map(|account| account.seller.clone()).collect()
    }

    /// Adds a seller without items and chats.
    pub fn add_account(&self, name: &str) -> SellerAccount {
        scenes::add_account(&mut self.shared.lock(), name)
    }

    /// Adds a listing. An id of 0 is replaced; the id is returned. `None`: no such account.
    pub fn add_item(&self, user_id: i64, mut item: Item) -> Option<i64> {
        let mut state = self.shared.lock();
        if item.id == 0 {
            item.id = ids::item(&mut state.rng);
        }
        let id = item.id;
        state.accounts.get_mut(&user_id)?.items.insert(id, item);
        Some(id)
    }

    /// The account's listings.
    pub fn items(&self, user_id: i64) -> Vec<Item> {
        self.with_account(user_id, |account| account.items.values().cloned().collect()).unwrap_or_default()
    }

    /// Changes a listing (price, status, title). False when there is no such item.
    pub fn change_item(&self, user_id: i64, item_id: i64, change: impl FnOnce(&mut Item)) -> bool {
        let mut state = self.shared.lock();
        let item = state.accounts.get_mut(&user_id).and_then(|account| account.items.get_mut(&item_id));
        item.map(change).is_some()
    }

    /// The account's orders.
    pub fn orders(&self, user_id: i64) -> Vec<Order> {
        self.with_account(user_id, |account| account.orders.clone()).unwrap_or_default()
    }

    /// Adds an order with Avito delivery. False when there is no such account.
    pub fn add_order(&self, user_id: i64, order: Order) -> bool {
        self.with_account(user_id, |account| account.orders.push(order)).is_some()
    }

    /// Buys or ends the paid tier.
    pub fn set_paid_tier(&self, user_id: i64, paid: bool) -> bool {
        self.with_account(user_id, |account| account.paid_tier = paid).is_some()
    }

    /// Makes the account's key the main one's or an employee's.
    pub fn set_key_owner(&self, user_id: i64, owner: KeyOwner) -> bool {
        self.with_account(user_id, |account| account.key = owner).is_some()
    }

    /// Users the account has put on its blacklist, with Avito's reason number.
    pub fn blacklist(&self, user_id: i64) -> Vec<(i64, i64)> {
        self.with_account(user_id, |account| account.blacklist.clone().into_iter().collect())
            .unwrap_or_default()
    }

    /// Every access token ever given out, so that a test can look for them where they must not be.
    pub fn issued_tokens(&self) -> Vec<String> {
        self.shared.lock().tokens.keys().cloned().collect()
    }

    /// All access tokens of the account become invalid. Returns how many were alive.
    pub fn revoke_tokens(&self, user_id: i64) -> usize {
        let mut state = self.shared.lock();
        let alive = state.tokens.values_mut().filter(|token| token.user_id == user_id && !token.revoked);
        alive.map(|token| token.revoked = true).count()
    }

    /// All access tokens of the account expire now. Returns how many there are.
    pub fn expire_tokens(&self, user_id: i64) -> usize {
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        state
            .tokens
            .values_mut()
            .filter(|token| token.user_id == user_id)
            .map(|token| token.expires = now)
            .count()
    }

    /// A code for the `authorization_code` grant, as the redirect after the seller's consent brings it.
    pub fn issue_code(&self, user_id: i64, scopes: &[&str]) -> String {
        let expires = self.shared.clock.now() + 600;
        let mut state = self.shared.lock();
        let code = ids::plain(&mut state.rng, 32);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        state.codes.insert(code.clone(), Grant { user_id, scopes, expires });
        code
    }

    /// Moves the clock; negative goes back.
    pub fn shift_clock(&self, seconds: i64) {
        self.shared.clock.shift(seconds);
        self.shared.changed();
    }

    /// Unix seconds by the stand-in's clock.
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Unix milliseconds by the stand-in's clock.
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    pub(crate) fn with_account<T>(&self, user_id: i64, ask: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.shared.lock().accounts.get_mut(&user_id).map(ask)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
