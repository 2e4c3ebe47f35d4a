//! A shop against the stand-in: started in one line, waited for by condition.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use avito_sim::{Fault, FaultKind, NewChat, Scene, SellerAccount, Sim, SimConfig};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use inbox::view::{
    AccountView, ChatQuery, ChatRow, Delivery, MessageBody, MessageRow, Mode, TunnelKind, TunnelSettings,
};
use inbox::{AccountId, Alert, ChatId, Clock, Core, CoreConfig, MakeTunnel, NewKey, Timing, Vault};
use tokio::sync::mpsc::UnboundedReceiver;

/// Nothing here takes longer, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A run of the core on one folder.
pub(crate) struct Shop {
    pub(crate) sim: Sim,
    pub(crate) seller: SellerAccount,
    pub(crate) core: Core,
    pub(crate) account: AccountId,
    pub(crate) alerts: UnboundedReceiver<Alert>,
    pub(crate) setup: Setup,
    pub(crate) folder: Arc<tempfile::TempDir>,
}

/// What a shop is opened with; kept for opening it again.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) timing: Timing,
    pub(crate) clock: Clock,
    pub(crate) vault: Vault,
    pub(crate) api_url: Option<String>,
    pub(crate) background: bool,
    pub(crate) tunnels: Option<Arc<dyn MakeTunnel>>,
    /// What is switched on before the account is connected.
    pub(crate) order: Vec<TunnelKind>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            timing: timing(),
            clock: Clock::system(),
            vault: Vault::in_memory(),
            api_url: None,
            background: true,
            tunnels: None,
            order: Vec::new(),
        }
    }
}

/// Intervals for impatient tests.
pub(crate) fn timing() -> Timing {
    let millis = Duration::from_millis;
    Timing {
        poll_busy: millis(40),
        poll_quiet: millis(40),
        poll_night: millis(40),
        busy_for: millis(1000),
        poll_live: millis(40),
        poll_live_first: millis(40),
        open_chat: millis(40),
        trouble_first: millis(40),
        trouble_max: millis(80),
        trouble_seller: millis(80),
        look_first: millis(30),
        look_until: millis(250),
        unknown_attempts: 4,
        event_grace: Duration::from_secs(3600),
        call_timeout: PATIENCE,
        head_patience: Duration::from_secs(5),
        clock_look: millis(40),
        keep_open: Duration::from_secs(5),
        buyer_pause: millis(60),
        buyer_pause_max: millis(2000),
        drafts_first: millis(0),
        folder_look: millis(40),
        journal_keep: Duration::from_secs(3600),
        secret_grace: millis(200),
        flap_first: millis(40),
        flap_max: millis(320),
        test_patience: Duration::from_secs(5),
        ..Timing::default()
    }
}

pub(crate) async fn empty_sim() -> Sim {
    Sim::start(SimConfig { scene: Scene::Empty, ..SimConfig::default() }).await.unwrap()
}

/// Avito takes no webhook: the account must poll.
pub(crate) fn refuse_webhooks(sim: &Sim) {
    sim.faults()
        .set(Fault::new(FaultKind::ServerError { status: 500, processed: false }).on_route("postWebhookV3"));
}

pub(crate) fn key(seller: &SellerAccount, api_url: &str) -> NewKey {
    NewKey {
        client_id: seller.client_id.clone(),
        client_secret: seller.client_secret.clone().into(),
        api_url: Some(api_url.to_owned()),
        calls_per_minute: Some(100_000),
    }
}

pub(crate) async fn open(folder: &std::path::Path, setup: &Setup) -> Core {
    let mut config = CoreConfig::new(folder, setup.vault.clone());
    config.timing = setup.timing.clone();
    config.clock = setup.clock.clone();
    config.background = setup.background;
    if let Some(tunnels) = &setup.tunnels {
        config.tunnels = tunnels.clone();
    }
    Core::open(config).await.unwrap()
}

impl Shop {
    /// An empty account, live: events only, nothing polls unless it is asked to.
    pub(crate) async fn live() -> Self {
        let never = Duration::from_secs(3600);
        let timing = Timing { poll_live: never, poll_live_first: never, ..timing() };
        let shop = Self::new(empty_sim().await, Setup { timing, ..Setup::default() }).await;
        shop.until("live", async || shop.view().await.mode == Mode::Live).await;
        shop
    }

    /// An empty account that polls.
    pub(crate) async fn polling() -> Self {
        let sim = empty_sim().await;
        refuse_webhooks(&sim);
        let shop = Self::new(sim, Setup::default()).await;
        shop.until("polling", async || shop.view().await.mode == Mode::Polling).await;
        shop
    }

    /// The stand-in's first account, just connected.
    pub(crate) async fn new(sim: Sim, setup: Setup) -> Self {
        let seller = sim.accounts().remove(0);
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let core = open(folder.path(), &setup).await;
        let order = setup.order.clone();
        core.save_tunnels(TunnelSettings { order, ..TunnelSettings::default() }).await.unwrap();
        let api_url = setup.api_url.clone().unwrap_or_else(|| sim.base_url());
        let account = core.add_account(&key(&seller, &api_url)).await.unwrap().id;
        let alerts = core.alerts().unwrap();
        Self { sim, seller, core, account, alerts, setup, folder }
    }

    /// Closes the core and opens the folder again.
    pub(crate) async fn reopen(self) -> Self {
        self.core.close().await;
        let core = open(self.folder.path(), &self.setup).await;
        let alerts = core.alerts().unwrap();
        Self { core, alerts, ..self }
    }

    /// Opens a chat at Avito with its first message, and waits until the core has it.
    pub(crate) async fn chat(&self, buyer: &str, text: &str) -> (String, ChatId) {
        let avito = self.add_chat(buyer, text);
        let id = self.find(&avito).await;
        self.until("the first message", async || self.texts(id).await.len() == 1).await;
        (avito, id)
    }

    /// Opens a chat at Avito.
    pub(crate) fn add_chat(&self, buyer: &str, text: &str) -> String {
        let chat = NewChat {
            buyer_name: buyer.into(),
            text: Some(text.into()).filter(|text: &String| !text.is_empty()),
            ..NewChat::default()
        };
        self.sim.add_chat(self.seller.user_id, chat).unwrap()
    }

    /// Waits until a chat is known.
    pub(crate) async fn find(&self, avito: &str) -> ChatId {
        self.until("the chat is known", async || self.core.find_chat(None, avito).await.is_ok()).await;
        self.core.find_chat(None, avito).await.unwrap()
    }

    pub(crate) fn buyer_writes(&self, chat: &str, text: &str) -> String {
        self.sim.buyer_writes(self.seller.user_id, chat, text)
    }

    /// A buyer writes, a second after whatever was before: Avito tells the order within a second by its pages only.
    pub(crate) fn buyer_writes_later(&self, chat: &str, text: &str) -> String {
        self.sim.shift_clock(1);
        self.buyer_writes(chat, text)
    }

    /// Waits for a condition, looking after every notice.
    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFnMut() -> bool) {
        until(&self.core, what, condition).await;
    }

    /// Waits for a condition of the stand-in.
    pub(crate) async fn until_avito(&self, what: &str, condition: impl Fn(&Sim) -> bool) {
        assert!(self.sim.until(PATIENCE, condition).await, "waited in vain: {what}");
    }

    pub(crate) async fn view(&self) -> AccountView {
        view(&self.core, self.account).await
    }

    pub(crate) async fn thread(&self, chat: ChatId) -> Vec<MessageRow> {
        self.core.messages(chat, None, 500).await.unwrap().rows
    }

    pub(crate) async fn texts(&self, chat: ChatId) -> Vec<String> {
        self.thread(chat).await.iter().map(text_of).collect()
    }

    pub(crate) async fn row(&self, chat: ChatId) -> ChatRow {
        self.core.chat(chat).await.unwrap().row
    }

    pub(crate) async fn list(&self) -> Vec<ChatRow> {
        self.core.list_chats(all_chats()).await.unwrap().rows
    }

    pub(crate) async fn next_alert(&mut self) -> Alert {
        tokio::time::timeout(PATIENCE, self.alerts.recv()).await.expect("no alert came").unwrap()
    }

    /// Sends a text and waits until it is settled.
    pub(crate) async fn send(&self, chat: ChatId, text: &str) -> MessageRow {
        let echo = self.core.send_text(chat, text).await.unwrap();
        self.core.wait_sent(echo.outbox.unwrap(), PATIENCE).await.unwrap()
    }

    /// Texts of the chat at Avito, oldest first.
    pub(crate) fn at_avito(&self, chat: &str) -> Vec<String> {
        let messages = self.sim.chat_messages(self.seller.user_id, chat);
        messages.into_iter().map(|message| message.text.unwrap_or(message.kind)).collect()
    }

    /// The address Avito delivers to.
    pub(crate) async fn webhook(&self) -> String {
        self.until_avito("a webhook", |sim| !sim.subscriptions(self.seller.user_id).is_empty()).await;
        self.sim.subscriptions(self.seller.user_id).remove(0).url
    }
}

/// Waits for a condition, looking after every notice.
pub(crate) async fn until(core: &Core, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let mut notices = core.notices();
    let wait = async {
        while !condition().await {
            // Not everything that is waited for is a change of the store.
            let _ = tokio::time::timeout(Duration::from_millis(100), notices.recv()).await;
        }
    };
    if tokio::time::timeout(PATIENCE, wait).await.is_err() {
        let views = core.account_views().await.unwrap_or_default();
        panic!("waited in vain: {what}\naccounts: {views:#?}");
    }
}

pub(crate) async fn view(core: &Core, account: AccountId) -> AccountView {
    let views = core.account_views().await.unwrap();
    views.into_iter().find(|view| view.id == account).unwrap()
}

pub(crate) fn all_chats() -> ChatQuery {
    ChatQuery { account: None, unread_only: false, text: None, after: None, limit: 500 }
}

pub(crate) fn text_of(row: &MessageRow) -> String {
    match &row.body {
        MessageBody::Text { text } | MessageBody::System { text } => text.clone(),
        other => serde_json::to_value(other).unwrap()["kind"].as_str().unwrap().to_owned(),
    }
}

pub(crate) fn is_sent(row: &MessageRow) -> bool {
    matches!(row.delivery, Some(Delivery::Sent | Delivery::Read)) && row.id.is_some()
}

/// A server between the core and the stand-in that can answer by itself.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) url: String,
    overrides: Arc<Mutex<Vec<Override>>>,
}

#[derive(Clone)]
struct Override {
    path: String,
    status: u16,
    mime: &'static str,
    body: Vec<u8>,
}

#[derive(Clone)]
struct FrontState {
    behind: String,
    client: reqwest::Client,
    overrides: Arc<Mutex<Vec<Override>>>,
}

impl Front {
    /// Takes a port; the stand-in behind it is told later.
    pub(crate) async fn bind() -> (Self, tokio::net::TcpListener) {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (Self { url, overrides: Arc::default() }, listener)
    }

    pub(crate) fn serve(&self, listener: tokio::net::TcpListener, sim: &Sim) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let state = FrontState { behind: sim.base_url(), client, overrides: self.overrides.clone() };
        let router = Router::new().fallback(forward).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
    }

    pub(crate) async fn before(sim: &Sim) -> Self {
        let (front, listener) = Self::bind().await;
        front.serve(listener, sim);
        front
    }

    /// From now on every request whose path ends so is answered like this.
    pub(crate) fn answer(&self, path: &str, status: u16, mime: &'static str, body: impl Into<Vec<u8>>) {
        let new = Override { path: path.to_owned(), status, mime, body: body.into() };
        self.overrides.lock().unwrap().push(new);
    }

    pub(crate) fn clear(&self) {
        self.overrides.lock().unwrap().clear();
    }
}

async fn forward(State(state): State<FrontState>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let own = state.overrides.lock().unwrap().iter().find(|own| path.ends_with(&own.path)).cloned();
    if let Some(own) = own {
        let status = StatusCode::from_u16(own.status).unwrap();
        return (status, [("content-type", own.mime)], own.body).into_response();
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let mut headers = parts.headers;
    headers.remove("host");
    let forwarded = state
        .client
        .request(parts.method, format!("{}{}", state.behind, parts.uri))
        .headers(headers)
        .body(body)
        .send()
        .await;
    let Ok(answer) = forwarded else { return StatusCode::BAD_GATEWAY.into_response() };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.bytes().await.unwrap_or_default())).unwrap()
}
