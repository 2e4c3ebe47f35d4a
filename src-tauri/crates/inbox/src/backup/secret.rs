//! What a backup is encrypted with: the seller's passphrase, or the archive's recovery code.

use secrecy::{ExposeSecret as _, SecretString};

use super::BackupError;
use crate::archive::ArchiveKey;

/// A passphrase costs a guesser 128 MiB and a good part of a second for each try.
const PASSPHRASE_LOG_N: u8 = 17;
/// A recovery code has 128 random bits: nobody guesses it, so opening need not be slow.
const CODE_LOG_N: u8 = 10;
/// A shorter passphrase is guessed however costly each try is.
const SHORTEST: usize = 8;

/// The words that open a backup.
#[derive(Clone)]
pub struct BackupSecret {
    words: SecretString,
    log_n: u8,
}

impl BackupSecret {
    /// What the seller typed. A recovery code is known by its check letters and may be typed in any form.
    pub fn typed(words: &SecretString) -> Self {
        let trimmed = words.expose_secret().trim();
        match ArchiveKey::parse(trimmed) {
            Ok(key) => Self::code(&key),
            Err(_) => Self { words: trimmed.into(), log_n: PASSPHRASE_LOG_N },
        }
    }

    /// What the seller typed for a new backup: not shorter than eight characters.
    pub fn chosen(words: &SecretString) -> Result<Self, BackupError> {
        let secret = Self::typed(words);
        if secret.words.expose_secret().chars().count() < SHORTEST {
            return Err(BackupError::SecretTooShort);
        }
        Ok(secret)
    }

    /// The recovery code of an archive.
    pub(crate) fn code(key: &ArchiveKey) -> Self {
        Self { words: key.recovery_code(), log_n: CODE_LOG_N }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.words.expose_secret().as_bytes()
    }

    /// How costly a new file makes each try: the logarithm of scrypt's N.
    pub(super) fn log_n(&self) -> u8 {
        self.log_n
    }

    #[cfg(test)]
    pub(super) fn for_tests(words: &str) -> Self {
        Self { words: words.into(), log_n: 1 }
    }
}
