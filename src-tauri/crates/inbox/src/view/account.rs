//! Accounts: how messages reach them, what is wrong, their keys.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::ids::AccountId;

/// How messages reach an account right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Starting, nothing known yet.
    Starting,
    /// Events arrive by themselves.
    Live,
    /// We ask Avito regularly.
    Polling,
    /// Neither works until the trouble is over.
    Offline,
}

/// One account as the page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Local id.
    pub id: AccountId,
    /// The shop's name at Avito.
    pub name: String,
    /// Avito's numeric account id.
    pub user_id: i64,
    /// Index into the page's account colours.
    pub colour: u8,
    /// The server, when it is not Avito's own.
    pub api_url: Option<String>,
    /// Live, polling, …
    pub mode: Mode,
    /// Since when this mode.
    pub mode_since_ms: i64,
    /// When Avito was last asked with success.
    pub last_checked_ms: Option<i64>,
    /// When the last webhook delivery came.
    pub last_event_ms: Option<i64>,
    /// When we ask next.
    pub next_check_ms: Option<i64>,
    /// What is wrong, if anything.
    pub trouble: Option<Trouble>,
    /// Reading of old history, until it is complete.
    pub backfill: Option<Backfill>,
    /// Chats with unread messages.
    pub unread_chats: u32,
    /// Messages waiting to be sent or for the seller's decision.
    pub outbox_waiting: u32,
    /// Avito's clock minus this computer's, good to about a second; none before the first answer.
    pub clock_offset_ms: Option<i64>,
}

/// Why an account does not work as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TroubleCode {
    /// Avito does not know this client id and secret.
    WrongKey,
    /// The secret is not in the keychain (or the keychain is closed): enter it again.
    SecretMissing,
    /// The tariff has no messenger API (402 or the placeholder text).
    TariffMissing,
    /// Avito forbids it; an employee's key looks like this.
    Forbidden,
    /// Too many calls; goes on by itself.
    RateLimited,
    /// Avito has trouble; goes on by itself.
    ServerTrouble,
    /// No connection; goes on by itself.
    Network,
    /// Avito's name has no address: no network, or a DNS that does not answer; goes on by itself.
    Dns,
    /// Avito answered in a form we do not know.
    UnexpectedAnswer,
    /// Messages were found that no event had brought; we poll until events come again.
    EventsMissing,
    /// Avito refused our webhook address.
    WebhookRefused,
    /// The tunnel has no address just now; goes on by itself, or the seller must act (see the tunnel).
    TunnelDown,
    /// A test delivery through the public address did not arrive.
    SelfTestFailed,
    /// The disk is full: nothing can be kept; goes on by itself when there is space.
    DiskFull,
    /// The data folder takes no writing; goes on by itself when it does.
    DiskReadOnly,
    /// Another program keeps the archive locked; goes on by itself.
    ArchiveBusy,
    /// The archive's file is damaged.
    ArchiveDamaged,
    /// The disk answers with errors; goes on by itself when it answers.
    DiskFailing,
}

/// A trouble with its times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// What it is.
    pub code: TroubleCode,
    /// Since when.
    pub since_ms: i64,
    /// When we try again by ourselves; none: the seller must act.
    pub retry_at_ms: Option<i64>,
    /// The server's own words, if it had any.
    pub detail: Option<String>,
}

/// Progress of reading old history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Backfill {
    /// Still listing chats; `chats_total` grows.
    pub listing: bool,
    /// Chats whose history is complete.
    pub chats_done: u32,
    /// Chats known.
    pub chats_total: u32,
    /// Messages read so far.
    pub messages: u32,
    /// Paused by the seller.
    pub paused: bool,
}

/// What the seller typed to connect an account.
#[derive(Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KeyInput {
    /// Client id.
    pub client_id: String,
    /// Client secret; goes to the keychain, never back to the page.
    pub client_secret: String,
    /// Another server than Avito's.
    pub api_url: Option<String>,
}

/// What a check of a key found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KeyCheck {
    /// The shop's name at Avito.
    pub name: String,
    /// Avito's account id.
    pub user_id: i64,
    /// Whether the messenger can be used.
    pub tariff: TariffState,
    /// This account is connected already.
    pub already_added: Option<AccountId>,
}

/// Whether the tariff includes the messenger API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TariffState {
    /// Reading messages worked.
    Included,
    /// Avito answered 402 or the placeholder.
    Missing,
    /// No chat to try it on.
    Unknown,
    /// Avito forbids reading: an employee's key.
    EmployeeKey,
}
