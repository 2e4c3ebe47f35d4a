//! The frame of the window: shop, archive, settings, notices, errors.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::AccountView;
use crate::ids::{ChatId, OutboxId};

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

/// How often Avito is asked where messages do not come by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Polling {
    /// Twice as often: every 5 seconds during a talk, every 15 otherwise.
    Often,
    /// Every 10 seconds during a talk, every 30 otherwise.
    #[default]
    Usual,
    /// Four times more rarely, for a slow or paid connection.
    Rarely,
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
    /// Seconds a reply waits in the outbox, so that it can be taken back before Avito has it; 0: none.
    pub undo_send_s: u8,
    /// Recordings are fetched as voice messages come, before anybody plays them.
    pub keep_voices: bool,
    /// How often to ask Avito.
    pub polling: Polling,
    /// Size of the text in the window, in per cent of the usual.
    pub text_percent: u16,
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
            undo_send_s: 0,
            keep_voices: true,
            polling: Polling::Usual,
            text_percent: 100,
        }
    }
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
    /// Sources of knowledge: entries, files, progress of reading.
    Knowledge,
    /// Settings.
    Settings,
    /// How much of a picture that is being sent is at Avito; at 100 it can no longer be stopped.
    Upload {
        /// The chat.
        chat: ChatId,
        /// The reply.
        outbox: OutboxId,
        /// 0 to 100.
        percent: u8,
    },
    /// The draft of a chat: made, growing, gone.
    Draft {
        /// The chat.
        chat: ChatId,
    },
    /// Drafts over all chats, open questions, what the model was used for, rules.
    Drafts,
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
    /// The server's name has no address: no network, or a DNS that does not answer.
    Dns,
    /// The server's address is not an address.
    BadAddress,
    /// The settings of a tunnel cannot be used.
    BadTunnel,
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
    /// More than an entry of knowledge holds.
    EntryTooLong,
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
    /// The talk has gone on: the draft no longer fits.
    DraftStale,
    /// What the draft says is no longer so; another one is made.
    DraftOutdated,
    /// The draft states what no source says: look at it before sending.
    DraftUnsupported,
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
