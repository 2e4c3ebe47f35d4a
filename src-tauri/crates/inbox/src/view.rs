//! What the page and the command line see: rows the core has shaped, so that a reader only draws them.
//!
//! These types are the contract with the page; `specta` turns them into TypeScript. Times are UTC milliseconds, ids are
//! local row ids unless the field says otherwise. Nothing here can hold a secret.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::ids::{AccountId, ChatId, MediaId, MessageId, OutboxId};

/// Which shop the window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ShopMode {
    /// The built-in demo shop, in a data folder of its own.
    Demo,
    /// The seller's own accounts.
    Real,
}

/// Everything the frame of the window needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppView {
    /// Version of the program.
    pub version: String,
    /// Demo or real.
    pub mode: ShopMode,
    /// Whether real accounts exist (also while the demo is shown).
    pub has_real_accounts: bool,
    /// Accounts of the shop shown, by local id.
    pub accounts: Vec<AccountView>,
    /// Where client secrets are kept.
    pub secret_store: SecretStoreState,
    /// How the seller's archive is protected.
    pub archive: ArchiveView,
    /// The seller's settings.
    pub settings: Settings,
    /// Chats with unread messages, over all accounts.
    pub unread_chats: u32,
    /// The folder with the data, for the seller to find.
    pub data_dir: String,
}

/// How the archive is protected on this disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveView {
    /// The database is encrypted.
    pub encrypted: bool,
    /// A key could be kept: there is a keychain, or the seller chose a passphrase.
    pub can_encrypt: bool,
    /// The seller has kept the recovery code of the present key.
    pub recovery_code_confirmed: bool,
}

/// Why the seller's own shop is not open, and what is known without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ClosedShop {
    /// What hinders it.
    pub error: UiError,
    /// Where secrets are kept.
    pub secret_store: SecretStoreState,
    /// The folder with the data, for the seller to find.
    pub data_dir: String,
}

/// Whether secrets can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SecretStoreState {
    /// The system's keychain works.
    Keychain,
    /// There is a keychain, but it is locked.
    KeychainLocked,
    /// No keychain on this machine and the seller has not chosen what to do.
    Missing,
    /// No keychain; a file sealed with the seller's passphrase is open.
    PassphraseFile,
    /// No keychain; the sealed file waits for its passphrase.
    PassphraseNeeded,
    /// No keychain; secrets are kept until the program ends and asked for again.
    ThisRunOnly,
}

/// What to do where no keychain exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SecretFallback {
    /// Seal secrets in a file with a passphrase that is asked for at each start.
    Passphrase,
    /// Keep secrets in memory only.
    ThisRunOnly,
}

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
    /// Avito answered in a form we do not know.
    UnexpectedAnswer,
    /// Messages were found that no event had brought; we poll until events come again.
    EventsMissing,
    /// Avito refused our webhook address.
    WebhookRefused,
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

/// Which chats to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatQuery {
    /// One account or all.
    pub account: Option<AccountId>,
    /// Only chats with unread messages.
    pub unread_only: bool,
    /// Only chats whose buyer, listing or last words contain this (case and ё do not matter).
    pub text: Option<String>,
    /// Continue after this position.
    pub after: Option<ChatCursor>,
    /// At most so many rows, 1…500.
    pub limit: u32,
}

/// A position in the chat list: lists are read by key, never by offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatCursor {
    /// `updated_ms` of the last row seen.
    pub updated_ms: i64,
    /// `id` of the last row seen.
    pub id: ChatId,
}

/// A piece of the chat list, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatPage {
    /// Rows.
    pub rows: Vec<ChatRow>,
    /// Where the next page begins; none at the end.
    pub next: Option<ChatCursor>,
    /// How many chats match in all.
    pub total: u32,
}

/// The other person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BuyerView {
    /// Name, when Avito gave one.
    pub name: Option<String>,
    /// Picture.
    pub avatar: Option<MediaId>,
    /// Address of the profile on the site.
    pub profile_url: Option<String>,
}

/// State of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ItemStatus {
    /// On sale.
    Active,
    /// Deleted.
    Removed,
    /// Avito's number means nothing we know.
    Other,
}

/// The listing a chat is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ItemView {
    /// Avito's item id as text (it does not fit a JavaScript number for ever).
    pub avito_id: String,
    /// Title.
    pub title: String,
    /// Ready-made price text.
    pub price: Option<String>,
    /// Picture.
    pub picture: Option<MediaId>,
    /// Status.
    pub status: ItemStatus,
    /// Address on the site.
    pub url: Option<String>,
    /// City.
    pub place: Option<String>,
    /// Other chats about the same listing.
    pub other_chats: u32,
}

/// What kind of thing the last message was; the page has words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PreviewKind {
    /// Plain text, in `text`.
    Text,
    /// Picture; `text` holds a caption if there is one.
    Image,
    /// Link.
    Link,
    /// Listing.
    Item,
    /// Place.
    Location,
    /// Missed call.
    Call,
    /// Voice.
    Voice,
    /// Avito's own note.
    System,
    /// Deleted at Avito.
    Deleted,
    /// Video.
    Video,
    /// File.
    File,
    /// Anything else.
    Other,
}

/// Last words of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// Kind.
    pub kind: PreviewKind,
    /// One line of text, at most 200 characters.
    pub text: String,
    /// Whether it is ours.
    pub outgoing: bool,
    /// For ours: how far it has come.
    pub delivery: Option<Delivery>,
}

/// One line of the chat list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatRow {
    /// Local id.
    pub id: ChatId,
    /// Avito's chat id.
    pub avito_id: String,
    /// Its account.
    pub account: AccountId,
    /// The buyer.
    pub buyer: BuyerView,
    /// Title of the listing.
    pub item_title: Option<String>,
    /// Price of the listing.
    pub item_price: Option<String>,
    /// Picture of the listing.
    pub item_picture: Option<MediaId>,
    /// Order of the list: the later of Avito's `updated` and our newest message.
    pub updated_ms: i64,
    /// Last words.
    pub preview: Option<Preview>,
    /// Unread messages of the buyer.
    pub unread: u32,
    /// The last word is the buyer's.
    pub awaits_reply: bool,
    /// A reply of ours waits for the seller's decision.
    pub failed: bool,
    /// Half-typed text.
    pub composer_text: Option<String>,
}

/// The open chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChatView {
    /// The same row as in the list.
    pub row: ChatRow,
    /// Its listing.
    pub item: Option<ItemView>,
    /// The chat on Avito's site.
    pub site_url: String,
    /// Half-typed text, to put into the composer.
    pub composer_text: String,
    /// First unread message when the chat was opened, for the divider.
    pub first_unread: Option<MessageId>,
    /// Older messages may still come from Avito (backfill not complete).
    pub history_incomplete: bool,
    /// This chat's texts are hidden by the tariff (Avito's placeholder).
    pub hidden_by_tariff: bool,
    /// The buyer's other chats.
    pub buyer_other_chats: u32,
}

/// A position in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessageCursor {
    /// `sent_ms` of the oldest row seen.
    pub sent_ms: i64,
    /// Tie-breaker, opaque.
    pub order: i64,
    /// `id` of the oldest row seen.
    pub id: MessageId,
}

/// A piece of a thread, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// Rows, oldest first; local echoes of the outbox last (newest page only).
    pub rows: Vec<MessageRow>,
    /// Where older messages begin; none at the beginning of what we hold.
    pub older: Option<MessageCursor>,
}

/// One bubble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MessageRow {
    /// Stable key for lists; the echo and the real message share it.
    pub key: String,
    /// Local id; none for an echo Avito has not confirmed.
    pub id: Option<MessageId>,
    /// Avito's message id.
    pub avito_id: Option<String>,
    /// Outbox row of an echo.
    pub outbox: Option<OutboxId>,
    /// Ours.
    pub outgoing: bool,
    /// When it was sent.
    pub sent_ms: i64,
    /// What it says.
    pub body: MessageBody,
    /// Deleted at Avito; `body` keeps our copy if we had one.
    pub deleted: bool,
    /// Ours: how far it has come.
    pub delivery: Option<Delivery>,
    /// Ours: may be deleted at Avito until then.
    pub deletable_until_ms: Option<i64>,
    /// Message it answers.
    pub quote: Option<QuoteView>,
}

/// A quoted message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuoteView {
    /// Whether the quoted message is ours.
    pub outgoing: bool,
    /// Its kind and words.
    pub preview: Preview,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum MessageBody {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// Picture.
    Image {
        /// For the bubble.
        small: Option<MediaId>,
        /// For the large view.
        large: Option<MediaId>,
        /// Width of the picture in pixels, if known.
        width: Option<u32>,
        /// Height of the picture in pixels, if known.
        height: Option<u32>,
        /// Caption.
        caption: Option<String>,
    },
    /// Link.
    Link {
        /// Words of the message.
        text: String,
        /// The real address.
        url: String,
        /// Title of the preview.
        title: Option<String>,
        /// Description of the preview.
        description: Option<String>,
        /// Domain as Avito saw it.
        domain: Option<String>,
    },
    /// Listing.
    Item {
        /// Title.
        title: String,
        /// Ready-made price text.
        price: Option<String>,
        /// Address on the site.
        url: Option<String>,
        /// Picture.
        picture: Option<MediaId>,
    },
    /// Place.
    Location {
        /// Title.
        title: String,
        /// Address in words.
        text: String,
        /// Latitude, degrees.
        lat: Option<f64>,
        /// Longitude, degrees.
        lon: Option<f64>,
    },
    /// Call.
    Call {
        /// Not answered.
        missed: bool,
    },
    /// Voice message.
    Voice {
        /// The file, through the core.
        media: MediaId,
    },
    /// Avito's own note.
    System {
        /// Its text.
        text: String,
    },
    /// Deleted at Avito before we had a copy.
    Deleted,
    /// Something Avito does not hand out (video, file, call in the app) or we do not know.
    Unsupported {
        /// Avito's word for the kind.
        what: String,
    },
}

/// How far a message of ours has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Delivery {
    /// In the outbox.
    Queued,
    /// On its way (for pictures: being uploaded or sent).
    Sending,
    /// The answer was lost; we look into the chat before anything else.
    Checking,
    /// Tried again by itself at this time.
    Waiting {
        /// Why.
        code: TroubleCode,
        /// When it is tried again.
        until_ms: i64,
    },
    /// Parked: the seller decides.
    Failed {
        /// Why.
        code: SendFailure,
        /// The server's own words, if it had any.
        detail: Option<String>,
    },
    /// Avito has it.
    Sent,
    /// The buyer has read it.
    Read,
}

/// Why a reply was parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SendFailure {
    /// Avito refused the text or picture.
    Refused,
    /// No access to this chat (blocked, removed, employee's key).
    Forbidden,
    /// The chat is gone.
    NotFound,
    /// The tariff has no messenger API.
    TariffMissing,
    /// The key does not work.
    WrongKey,
    /// It cannot be proved whether Avito has it.
    Unproved,
    /// The picture's file is no longer there.
    FileMissing,
}

/// Interface language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Language {
    /// As the system.
    System,
    /// Russian: Avito's sellers read it whatever language their system has.
    #[default]
    Ru,
    /// English.
    En,
}

/// Colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The seller's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Language.
    pub language: Language,
    /// Colours.
    pub theme: Theme,
    /// Native notifications on.
    pub notifications: bool,
    /// Sound on.
    pub sound: bool,
    /// Enter sends (otherwise Ctrl+Enter).
    pub enter_sends: bool,
    /// Show the listing's panel beside the thread.
    pub item_panel: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: Language::Ru,
            theme: Theme::System,
            notifications: true,
            sound: true,
            enter_sends: true,
            item_panel: true,
        }
    }
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

/// Something changed. Notices name what; the page reads again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Notice {
    /// Rows of the chat list changed; empty: read the whole list again.
    Chats {
        /// The chats.
        chats: Vec<ChatId>,
    },
    /// Messages or echoes of a chat changed.
    Messages {
        /// The chat.
        chat: ChatId,
    },
    /// Accounts: mode, trouble, progress, unread counts.
    Accounts,
    /// Settings.
    Settings,
    /// Notices were lost or another shop is shown: read everything again.
    Everything,
    /// A new message deserves attention; the page plays the sound if `sound`.
    Alert {
        /// The chat, if it is one.
        chat: Option<ChatId>,
        /// Play the sound.
        sound: bool,
    },
    /// The window is about to close: keep what is not kept yet, then call `close_window`.
    Closing,
    /// Show this chat (a notification was clicked).
    OpenChat {
        /// The chat.
        chat: ChatId,
    },
}

/// Why a command failed; the page has words for each code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// Avito does not know this key.
    WrongKey,
    /// The tariff has no messenger API.
    TariffMissing,
    /// Avito forbids it.
    Forbidden,
    /// Too many calls just now.
    RateLimited,
    /// Avito has trouble.
    ServerTrouble,
    /// No connection.
    Network,
    /// The server's address is not an address.
    BadAddress,
    /// This account is connected already.
    AlreadyAdded,
    /// No keychain: choose what to do with the secret.
    NoKeychain,
    /// The keychain is locked.
    KeychainLocked,
    /// The passphrase does not open the sealed file.
    WrongPassphrase,
    /// Nothing to send.
    EmptyText,
    /// More than 1000 characters.
    TextTooLong,
    /// Not a picture Avito takes.
    BadImage,
    /// Picture over 24 MB.
    ImageTooLarge,
    /// Older than an hour.
    TooLateToDelete,
    /// Not there (any more).
    NotFound,
    /// Data folder or database trouble.
    Storage,
    /// The disk is full.
    DiskFull,
    /// The data folder takes no writing.
    DiskReadOnly,
    /// Another program keeps the archive locked.
    ArchiveBusy,
    /// The database was written by a newer version of the program.
    NewerDatabase,
    /// The archive is encrypted and its key is lost: the recovery code opens it.
    ArchiveKeyMissing,
    /// The text is no recovery code: mistyped.
    BadRecoveryCode,
    /// The recovery code is of another archive.
    WrongRecoveryCode,
    /// The archive's file is damaged.
    ArchiveDamaged,
    /// Another kind of file than a backup.
    NotABackup,
    /// The passphrase or recovery code does not open this backup.
    WrongBackupSecret,
    /// The backup is damaged or cut.
    BackupDamaged,
    /// The backup was made by a newer version of the program.
    NewerBackup,
    /// A passphrase is needed: there is no recovery code to use.
    BackupSecretNeeded,
    /// The passphrase is shorter than eight characters.
    PassphraseTooShort,
    /// There is a file of that name.
    FileExists,
    /// There is no such file or folder.
    FileMissing,
    /// A file cannot be read or written.
    FileTrouble,
    /// Stopped by the seller.
    Cancelled,
    /// Another backup, check or export is going on.
    Busy,
    /// Anything else; the log has details.
    Internal,
}

/// What the page gets when a command fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UiError {
    /// Decides words and actions.
    pub code: ErrorCode,
    /// For the log and for curious readers, in English.
    pub message: String,
}

/// A backup that was read to its end and found good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupReport {
    /// The file.
    pub path: String,
    /// Its size.
    pub bytes: i64,
    /// When it was made.
    pub created_ms: i64,
    /// Version of the program that made it.
    pub program: String,
    /// Accounts in it, also disconnected ones whose chats were kept.
    pub accounts: u32,
    /// Chats in it.
    pub chats: u32,
    /// Messages in it.
    pub messages: u32,
    /// Pictures and voice files in it.
    pub files: u32,
}

/// A restored backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestoreReport {
    /// What was restored.
    pub backup: BackupReport,
    /// The folder with what was there before; none: there was nothing.
    pub set_aside: Option<String>,
}

/// The newest backup made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LastBackup {
    /// When it was made.
    pub at_ms: i64,
    /// The file, as it was named then.
    pub path: String,
    /// Its size.
    pub bytes: i64,
}

/// What long work is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LongWork {
    /// A backup is being made.
    Create,
    /// A backup is being checked.
    Verify,
    /// A backup is being restored.
    Restore,
    /// Chats are being exported.
    Export,
}

/// How far long work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WorkProgress {
    /// Which work.
    pub work: LongWork,
    /// Bytes (an export: messages) done.
    pub done: i64,
    /// In all; 0 while it is not known.
    pub total: i64,
}

/// The state of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupView {
    /// What is going on.
    pub running: Option<WorkProgress>,
    /// The newest backup made here.
    pub last: Option<LastBackup>,
    /// The archive has a recovery code, so a backup can do without a passphrase.
    pub has_recovery_code: bool,
}

/// How chats are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// JSON Lines, for programs.
    Jsonl,
    /// Pages for people.
    Html,
}

/// A finished export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The folder.
    pub path: String,
    /// Chats in it.
    pub chats: u32,
    /// Messages in it.
    pub messages: u32,
    /// Pictures and voice files in it.
    pub files: u32,
    /// Pictures and voice files that are not in it, because they were never opened here.
    pub missing_files: u32,
}

/// Files of backups, chosen by the system's own dialog; the page never names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupPlace {
    /// Where new backups and exports go.
    pub folder: String,
    /// The backup to check or restore.
    pub file: Option<String>,
}
