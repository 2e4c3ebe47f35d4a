//! «Приём сообщений»: tunnels, each account's webhook line, the event log, the delivery ledger.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::Mode;
use crate::ids::{AccountId, ChatId, EventId};

/// What gives the endpoint a public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TunnelKind {
    /// ngrok, within this program.
    Ngrok,
    /// A tunnel program the seller has installed.
    Program,
    /// The seller's own https address.
    Own,
}

/// A tunnel program whose ways are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ProgramPreset {
    /// CloudPub (`clo`).
    #[default]
    CloudPub,
    /// Tuna.
    Tuna,
    /// A quick tunnel of Cloudflare's.
    Cloudflared,
    /// A command line of the seller's own.
    Custom,
}

/// How ngrok is reached. The token is a secret and not here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct NgrokSettings {
    /// A domain of the seller's ngrok account; none: its dev domain.
    pub domain: Option<String>,
    /// Another server than ngrok's, `host:port`.
    pub server: Option<String>,
    /// A PEM file with the certificate authority to trust, where a network looks into TLS.
    pub ca_file: Option<String>,
    /// `http://` or `socks5://` proxy.
    pub proxy: Option<String>,
}

/// Which program makes the tunnel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct ProgramSettings {
    /// One whose ways are known, or the seller's own.
    pub preset: ProgramPreset,
    /// Command line with `{port}`; for [`ProgramPreset::Custom`].
    pub command: String,
    /// Regular expression that finds the address in the output; empty: the first https address.
    pub pattern: String,
}

/// The seller's own reverse proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnSettings {
    /// The public address, https.
    pub url: String,
    /// The loopback port the proxy forwards to.
    pub port: u16,
}

impl Default for OwnSettings {
    fn default() -> Self {
        Self { url: String::new(), port: 8765 }
    }
}

/// Settings of tunnels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct TunnelSettings {
    /// Tunnels that are switched on, the preferred first. None: no tunnel, real accounts poll.
    pub order: Vec<TunnelKind>,
    /// ngrok.
    pub ngrok: NgrokSettings,
    /// Another program.
    pub program: ProgramSettings,
    /// The seller's own address.
    pub own: OwnSettings,
    /// Take the webhook back when the program ends.
    pub unregister_on_exit: bool,
}

/// What the seller's web server needs in its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProxySnippets {
    /// For nginx.
    pub nginx: String,
    /// For Caddy.
    pub caddy: String,
}

/// What the tunnel in use is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TunnelState {
    /// None is switched on.
    Off,
    /// On the way to an address.
    Connecting,
    /// Has an address.
    Online {
        /// The address.
        url: String,
        /// It came and went too often: used again from then on, if it stays.
        held_until_ms: Option<i64>,
    },
    /// Not now; tried again by itself.
    Offline {
        /// Code of the tunnel.
        code: String,
        /// The service's words.
        reason: String,
        /// When it is tried again.
        retry_at_ms: i64,
    },
    /// None of those switched on works until the seller changes something.
    Failed {
        /// Code of the tunnel.
        code: String,
        /// The service's words.
        reason: String,
    },
}

/// A tunnel that failed for good and was left for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TunnelFailure {
    /// Which.
    pub kind: TunnelKind,
    /// Code of the tunnel.
    pub code: String,
    /// The service's words.
    pub reason: String,
}

/// The tunnel of the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TunnelView {
    /// The seller's settings.
    pub settings: TunnelSettings,
    /// An ngrok token is kept.
    pub ngrok_token_kept: bool,
    /// The tunnel in use (or the last tried).
    pub kind: Option<TunnelKind>,
    /// What it is doing.
    pub now: TunnelState,
    /// Since when.
    pub since_ms: i64,
    /// Preferred ones that failed before it.
    pub failed: Vec<TunnelFailure>,
    /// Requests through ngrok this month, by our count.
    pub ngrok_requests: u32,
    /// What ngrok's free plan includes.
    pub ngrok_requests_free: u32,
    /// Where the endpoint listens on this machine.
    pub endpoint: String,
}

/// Why an account is live or not: one reason, the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LineReason {
    /// Events arrive.
    Live,
    /// Being set up.
    Starting,
    /// Something hinders even asking; see the account's trouble.
    Account,
    /// The seller took the webhook away.
    NotWanted,
    /// No tunnel is switched on.
    NoTunnel,
    /// The tunnel is on the way.
    TunnelConnecting,
    /// The tunnel is down and tried again.
    TunnelDown,
    /// The tunnel needs the seller.
    TunnelFailed,
    /// The line came and went too often and must stay up for a while first.
    Unsteady,
    /// Avito refused the address.
    Refused,
    /// A test delivery did not arrive.
    TestFailed,
    /// Messages were found that no event had brought.
    EventsMissing,
}

/// A test delivery through the public address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SelfTest {
    /// When.
    pub at_ms: i64,
    /// It arrived and was answered.
    pub passed: bool,
    /// Why not: `timeout`, `dns`, `connect`, `tls`, `http_404` …, or the tunnel service's own code (`ngrok_3200`).
    pub code: Option<String>,
    /// Words of the system or the service.
    pub detail: Option<String>,
    /// The whole way there and back.
    pub total_ms: Option<u32>,
    /// Of that, in our own endpoint, with the journal on the disk.
    pub handler_ms: Option<u32>,
}

/// Whose address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SubscriptionOwner {
    /// Ours, in use.
    Current,
    /// Ours, out of use: removed by itself.
    Stale,
    /// Another program's.
    Stranger,
}

/// An address in Avito's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionView {
    /// Names it for removal.
    pub id: String,
    /// The address without what looks like a secret.
    pub address: String,
    /// Version of the method it was registered by.
    pub version: String,
    /// Whose.
    pub owner: SubscriptionOwner,
}

/// Buyers' messages of some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryCounts {
    /// Brought by an event.
    pub by_event: u32,
    /// Found by asking although we were live: lost on the way, and recovered.
    pub recovered: u32,
    /// Mean time from the message to its event.
    pub mean_delay_ms: Option<u32>,
}

/// The last error of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LineError {
    /// `refused`, `not_listed`, `events_missing`, or a code of the self-test.
    pub code: String,
    /// The server's words.
    pub detail: Option<String>,
    /// When.
    pub at_ms: i64,
}

/// One account's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LineView {
    /// The account.
    pub account: AccountId,
    /// The shop's name at Avito.
    pub name: String,
    /// Index into the page's account colours.
    pub colour: u8,
    /// Live, polling, …
    pub mode: Mode,
    /// Since when.
    pub since_ms: i64,
    /// Why.
    pub reason: LineReason,
    /// The seller wants the webhook.
    pub wanted: bool,
    /// The webhook's address with its secret part left out.
    pub address: Option<String>,
    /// Avito has listed it since.
    pub registered_ms: Option<i64>,
    /// When Avito's list was read.
    pub listed_ms: Option<i64>,
    /// Avito's list.
    pub subscriptions: Vec<SubscriptionView>,
    /// When the last delivery came.
    pub last_event_ms: Option<i64>,
    /// When Avito was last asked with success.
    pub last_checked_ms: Option<i64>,
    /// Today.
    pub today: DeliveryCounts,
    /// The last seven days, today among them.
    pub week: DeliveryCounts,
    /// The last test.
    pub self_test: Option<SelfTest>,
    /// The last error.
    pub error: Option<LineError>,
    /// An old path is accepted until then.
    pub old_path_until_ms: Option<i64>,
    /// Everything written since then is here …
    pub whole_since_ms: Option<i64>,
    /// … up to here.
    pub covered_until_ms: Option<i64>,
    /// What happened since is being read, or waits for a connection.
    pub reading: bool,
}

/// Everything the panel «Приём сообщений» shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReceptionView {
    /// The shop's tunnel.
    pub tunnel: TunnelView,
    /// Accounts by local id.
    pub lines: Vec<LineView>,
}

/// How a stretch of time is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Covered {
    /// Events arrived.
    Live,
    /// We asked.
    Polling,
    /// Read afterwards.
    Afterwards,
}

/// A covered stretch of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LedgerStretch {
    /// Begin.
    pub from_ms: i64,
    /// End.
    pub to_ms: i64,
    /// How.
    pub how: Covered,
}

/// One day of one account's delivery ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LedgerDay {
    /// Midnight at its begin, by this machine's calendar.
    pub from_ms: i64,
    /// Midnight at its end.
    pub to_ms: i64,
    /// What is covered, in order.
    pub stretches: Vec<LedgerStretch>,
}

/// Which deliveries the event log shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum EventFilter {
    /// All.
    All,
    /// Messages.
    Messages,
    /// Our own tests.
    SelfTests,
    /// Other kinds, and what was not understood.
    Other,
}

/// A page of the event log.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EventQuery {
    /// One account or all.
    pub account: Option<AccountId>,
    /// Which.
    pub filter: EventFilter,
    /// Older than this one.
    pub before: Option<EventId>,
    /// At most so many.
    pub limit: u32,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum EventOutcome {
    /// Written down, not read yet.
    Waiting,
    /// Its messages are in the archive.
    Taken,
    /// Our own test.
    SelfTest,
    /// `{}`: somebody tried the address.
    Empty,
    /// A kind this version does nothing with; kept.
    OtherKind,
    /// Of another Avito account.
    OtherAccount,
    /// Not JSON; answered 400.
    NotJson,
    /// Could not be taken in; kept.
    Failed,
}

/// A delivery in the event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EventRowView {
    /// Names it.
    pub id: EventId,
    /// The account.
    pub account: AccountId,
    /// When it came.
    pub received_ms: i64,
    /// Avito's word for its kind.
    pub kind: Option<String>,
    /// The chat.
    pub chat: Option<ChatId>,
    /// Whose chat it is.
    pub buyer: Option<String>,
    /// Bytes.
    pub size: u32,
    /// From the message to here.
    pub delay_ms: Option<i64>,
    /// What became of it.
    pub outcome: EventOutcome,
}

/// One look at one thing that may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LineCheck {
    /// Avito's server answers at all.
    Internet,
    /// Avito takes the key.
    Key,
    /// The tariff includes the messenger.
    Tariff,
    /// The tunnel has an address.
    Tunnel,
    /// The address is https and its certificate is good.
    Https,
    /// The answer comes well within Avito's two seconds.
    Speed,
    /// Avito lists the address.
    Subscription,
    /// A test delivery arrives.
    Delivery,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LineCheckResult {
    /// Whether it is well; none: it could not be looked at, because something before it is not.
    pub passed: Option<bool>,
    /// What is wrong, as a code.
    pub code: Option<String>,
    /// Words of a server.
    pub detail: Option<String>,
    /// A time, where it says something.
    pub took_ms: Option<u32>,
}
