//! Why a request to the core failed, and the code the page acts on.

use avito::Class;

use crate::backup::BackupError;
use crate::secrets::SecretError;
use crate::store::{DiskTrouble, StoreError};
use crate::view::{ErrorCode, SendFailure, TroubleCode, UiError};

/// A failed request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CoreError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Avito API.
    #[error("Avito: {0}")]
    Avito(#[from] avito::Error),
    /// The keychain.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// A backup.
    #[error("backup: {0}")]
    Backup(#[from] BackupError),
    /// Files of the data folder.
    #[error("data folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The request itself: a code and words for the log.
    #[error("{1}")]
    Invalid(ErrorCode, &'static str),
}

impl CoreError {
    /// Something that is not there (any more).
    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::Invalid(ErrorCode::NotFound, what)
    }

    /// The code the page acts on.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Store(StoreError::Newer { .. }) => ErrorCode::NewerDatabase,
            Self::Store(StoreError::KeyMissing) => ErrorCode::ArchiveKeyMissing,
            Self::Store(error) => storage_code(error.disk_trouble()),
            Self::Folder(error) => storage_code(DiskTrouble::of(error)),
            Self::Invalid(code, _) => *code,
            Self::Backup(error) => backup_code(error),
            Self::Secrets(SecretError::Missing) => ErrorCode::NoKeychain,
            Self::Secrets(SecretError::Locked) => ErrorCode::KeychainLocked,
            Self::Secrets(SecretError::WrongPassphrase) => ErrorCode::WrongPassphrase,
            Self::Secrets(SecretError::Failed(_)) => ErrorCode::NoKeychain,
            Self::Avito(error) => match error.class() {
                Class::WrongCredentials | Class::Token => ErrorCode::WrongKey,
                Class::TariffMissing => ErrorCode::TariffMissing,
                Class::Forbidden => ErrorCode::Forbidden,
                Class::NotFound => ErrorCode::NotFound,
                Class::RateLimited { .. } => ErrorCode::RateLimited,
                Class::Server => ErrorCode::ServerTrouble,
                Class::Network if error.is_dns() => ErrorCode::Dns,
                Class::Network => ErrorCode::Network,
                _ => ErrorCode::Internal,
            },
        }
    }
}

fn storage_code(trouble: Option<DiskTrouble>) -> ErrorCode {
    match trouble {
        Some(DiskTrouble::Full) => ErrorCode::DiskFull,
        Some(DiskTrouble::ReadOnly) => ErrorCode::DiskReadOnly,
        Some(DiskTrouble::Busy) => ErrorCode::ArchiveBusy,
        Some(DiskTrouble::Damaged) => ErrorCode::ArchiveDamaged,
        Some(DiskTrouble::Failing) | None => ErrorCode::Storage,
    }
}

fn backup_code(error: &BackupError) -> ErrorCode {
    match error {
        BackupError::NotABackup => ErrorCode::NotABackup,
        BackupError::WrongSecret => ErrorCode::WrongBackupSecret,
        BackupError::Damaged => ErrorCode::BackupDamaged,
        BackupError::Newer => ErrorCode::NewerBackup,
        BackupError::SecretNeeded => ErrorCode::BackupSecretNeeded,
        BackupError::SecretTooShort => ErrorCode::PassphraseTooShort,
        BackupError::Exists => ErrorCode::FileExists,
        BackupError::DiskFull => ErrorCode::DiskFull,
        BackupError::Cancelled => ErrorCode::Cancelled,
        BackupError::Busy => ErrorCode::Busy,
        BackupError::File(error) if error.kind() == std::io::ErrorKind::NotFound => ErrorCode::FileMissing,
        BackupError::Store(error) => storage_code(error.disk_trouble()),
        BackupError::File(_) => ErrorCode::FileTrouble,
    }
}

impl From<CoreError> for UiError {
    fn from(error: CoreError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

/// What the account's status says after such a failure.
pub(crate) fn trouble_code(error: &avito::Error) -> TroubleCode {
    match error.class() {
        Class::WrongCredentials | Class::Token => TroubleCode::WrongKey,
        Class::TariffMissing => TroubleCode::TariffMissing,
        Class::Forbidden => TroubleCode::Forbidden,
        Class::RateLimited { .. } => TroubleCode::RateLimited,
        Class::Server => TroubleCode::ServerTrouble,
        Class::Network if error.is_dns() => TroubleCode::Dns,
        Class::Network => TroubleCode::Network,
        _ => TroubleCode::UnexpectedAnswer,
    }
}

/// Whether only the seller can help.
pub(crate) fn needs_seller(code: TroubleCode) -> bool {
    match code {
        TroubleCode::WrongKey
        | TroubleCode::SecretMissing
        | TroubleCode::TariffMissing
        | TroubleCode::Forbidden
        | TroubleCode::ArchiveDamaged => true,
        TroubleCode::RateLimited
        | TroubleCode::ServerTrouble
        | TroubleCode::Network
        | TroubleCode::Dns
        | TroubleCode::UnexpectedAnswer
        | TroubleCode::EventsMissing
        | TroubleCode::WebhookRefused
        | TroubleCode::TunnelDown
        | TroubleCode::SelfTestFailed
        | TroubleCode::DiskFull
        | TroubleCode::DiskReadOnly
        | TroubleCode::ArchiveBusy
        | TroubleCode::DiskFailing => false,
    }
}

/// Whether Avito can still be asked: a webhook that does not work is no hindrance.
pub(crate) fn hinders_asking(code: TroubleCode) -> bool {
    !is_about_the_line(code)
}

/// Whether only the webhook is concerned.
pub(crate) fn is_about_the_line(code: TroubleCode) -> bool {
    matches!(
        code,
        TroubleCode::EventsMissing
            | TroubleCode::WebhookRefused
            | TroubleCode::TunnelDown
            | TroubleCode::SelfTestFailed
    )
}

/// Why Avito refused a reply for good.
pub(crate) fn send_failure(error: &avito::Error) -> SendFailure {
    match error.class() {
        Class::WrongCredentials | Class::Token => SendFailure::WrongKey,
        Class::TariffMissing => SendFailure::TariffMissing,
        Class::Forbidden => SendFailure::Forbidden,
        Class::NotFound => SendFailure::NotFound,
        _ => SendFailure::Refused,
    }
}
