//! Where secrets are kept: the system's keychain; where there is none, what the seller chose. Never plain text on disk.

mod sealed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use keyring_core::Entry;
use secrecy::{ExposeSecret, SecretString};

use self::sealed::SealedFile;
use crate::view::{SecretFallback, SecretStoreState};

/// Why a secret could not be kept or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// No keychain on this machine, and no other choice made yet.
    #[error("there is no keychain")]
    Missing,
    /// The keychain or the sealed file is locked.
    #[error("the keychain is locked")]
    Locked,
    /// The passphrase does not open the sealed file.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The keychain failed. Its own text is kept; it never holds the secret.
    #[error("keychain: {0}")]
    Failed(String),
}

/// On a real desktop a locked keychain asks the seller for a password: we wait that long for it.
const KEYCHAIN_PATIENCE: Duration = Duration::from_secs(90);
const SERVICE: &str = "Prilavok";

enum Kind {
    Keychain,
    Sealed(SealedFile),
    SealedLocked,
    Memory(BTreeMap<String, SecretString>),
    Missing,
}

/// The secrets of one data folder. Clones share it.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    /// Keeps two data folders of one person apart in the keychain.
    namespace: String,
    file: PathBuf,
    kind: RwLock<Kind>,
    keychain_locked: std::sync::atomic::AtomicBool,
}

impl Vault {
    /// Finds out what this machine offers. `namespace` tells data folders apart in the keychain.
    pub async fn open(data_dir: &Path, namespace: &str) -> Self {
        let file = data_dir.join("secrets.sealed");
        let sealed = file.exists();
        let kind = match tokio::task::spawn_blocking(has_keychain).await {
            _ if sealed => Kind::SealedLocked,
            Ok(true) => Kind::Keychain,
            _ => Kind::Missing,
        };
        Self::with(namespace, file, kind)
    }

    /// Keeps secrets in memory only: the demo shop and tests.
    pub fn in_memory() -> Self {
        Self::with("memory", PathBuf::new(), Kind::Memory(BTreeMap::new()))
    }

    /// A machine without a keychain.
    #[cfg(test)]
    pub(crate) fn without_keychain(folder: &Path) -> Self {
        let file = folder.join("secrets.sealed");
        let kind = if file.exists() { Kind::SealedLocked } else { Kind::Missing };
        Self::with("test", file, kind)
    }

    fn with(namespace: &str, file: PathBuf, kind: Kind) -> Self {
        Self {
            inner: Arc::new(Inner {
                namespace: namespace.to_owned(),
                file,
                kind: RwLock::new(kind),
                keychain_locked: false.into(),
            }),
        }
    }

    /// What the page should say about it.
    pub fn state(&self) -> SecretStoreState {
        let locked = self.inner.keychain_locked.load(std::sync::atomic::Ordering::Relaxed);
        match self.inner.kind.read().as_deref() {
            Ok(Kind::Keychain) if locked => SecretStoreState::KeychainLocked,
            Ok(Kind::Keychain) => SecretStoreState::Keychain,
            Ok(Kind::Sealed(_)) => SecretStoreState::PassphraseFile,
            Ok(Kind::SealedLocked) => SecretStoreState::PassphraseNeeded,
            Ok(Kind::Memory(_)) => SecretStoreState::ThisRunOnly,
            Ok(Kind::Missing) | Err(_) => SecretStoreState::Missing,
        }
    }

    /// Whether a secret put here is still here at the next start.
    pub fn can_keep(&self) -> bool {
        matches!(self.state(), SecretStoreState::Keychain | SecretStoreState::PassphraseFile)
    }

    /// Reads a secret; `Ok(None)`: there is none by this name.
    pub async fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        self.blocking(name, |vault, name| vault.get_now(&name)).await
    }

    /// Keeps a secret.
    pub async fn set(&self, name: &str, secret: SecretString) -> Result<(), SecretError> {
        self.blocking(name, move |vault, name| vault.set_now(&name, Some(secret))).await
    }

    /// Forgets a secret; one that is not there is fine.
    pub async fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.blocking(name, |vault, name| vault.set_now(&name, None)).await
    }

    /// A machine without a keychain may have got one meanwhile: the seller started its service.
    pub async fn look_again(&self) {
        if self.state() == SecretStoreState::Missing
            && matches!(tokio::task::spawn_blocking(has_keychain).await, Ok(true))
            && let Err(error) = self.replace(Kind::Keychain)
        {
            tracing::warn!(%error, "the keychain cannot be used");
        }
    }

    /// The seller's choice where there is no keychain.
    pub async fn choose(
        &self,
        fallback: SecretFallback,
        passphrase: Option<SecretString>,
    ) -> Result<(), SecretError> {
        if self.state() != SecretStoreState::Missing {
            return Ok(());
        }
        let kind = match (fallback, passphrase) {
            (SecretFallback::ThisRunOnly, _) => Kind::Memory(BTreeMap::new()),
            (SecretFallback::Passphrase, Some(passphrase)) if !passphrase.expose_secret().is_empty() => {
                let file = self.inner.file.clone();
                let sealed =
                    tokio::task::spawn_blocking(move || SealedFile::create(&file, &passphrase)).await;
                Kind::Sealed(sealed.map_err(|error| SecretError::Failed(error.to_string()))??)
            }
            (SecretFallback::Passphrase, _) => return Err(SecretError::WrongPassphrase),
        };
        self.replace(kind)
    }

    /// Opens the sealed file.
    pub async fn unlock(&self, passphrase: SecretString) -> Result<(), SecretError> {
        if self.state() != SecretStoreState::PassphraseNeeded {
            return Ok(());
        }
        let file = self.inner.file.clone();
        let sealed = tokio::task::spawn_blocking(move || SealedFile::open(&file, &passphrase)).await;
        self.replace(Kind::Sealed(sealed.map_err(|error| SecretError::Failed(error.to_string()))??))
    }

    fn replace(&self, kind: Kind) -> Result<(), SecretError> {
        *self.inner.kind.write().map_err(|_| SecretError::Failed("poisoned".into()))? = kind;
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Self, String) -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let (vault, name) = (self.clone(), name.to_owned());
        let task = tokio::task::spawn_blocking(move || work(&vault, name));
        match tokio::time::timeout(KEYCHAIN_PATIENCE, task).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(SecretError::Failed(error.to_string())),
            Err(_) => Err(SecretError::Locked),
        }
    }

    fn get_now(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        if self.is_keychain() {
            return match self.entry(name).and_then(|entry| entry.get_password()) {
                Ok(secret) => {
                    self.note_locked(false);
                    Ok(Some(secret.into()))
                }
                Err(keyring_core::Error::NoEntry) => Ok(None),
                Err(error) => Err(self.keychain_error(&error)),
            };
        }
        match &*self.inner.kind.read().map_err(|_| SecretError::Failed("poisoned".into()))? {
            Kind::Sealed(file) => Ok(file.get(name)),
            Kind::Memory(secrets) => Ok(secrets.get(name).cloned()),
            Kind::SealedLocked => Err(SecretError::Locked),
            Kind::Keychain | Kind::Missing => Err(SecretError::Missing),
        }
    }

    fn set_now(&self, name: &str, secret: Option<SecretString>) -> Result<(), SecretError> {
        if self.is_keychain() {
            let entry = self.entry(name).map_err(|error| self.keychain_error(&error))?;
            let result = match &secret {
                Some(secret) => entry.set_password(secret.expose_secret()),
                None => match entry.delete_credential() {
                    Err(keyring_core::Error::NoEntry) => Ok(()),
                    other => other,
                },
            };
            result.map_err(|error| self.keychain_error(&error))?;
            self.note_locked(false);
            return Ok(());
        }
        match &mut *self.inner.kind.write().map_err(|_| SecretError::Failed("poisoned".into()))? {
            Kind::Sealed(file) => file.set(name, secret),
            Kind::Memory(secrets) => {
                match secret {
                    Some(secret) => secrets.insert(name.to_owned(), secret),
                    None => secrets.remove(name),
                };
                Ok(())
            }
            Kind::SealedLocked => Err(SecretError::Locked),
            Kind::Keychain | Kind::Missing => Err(SecretError::Missing),
        }
    }

    /// Asked first, and nothing is held while the keychain is spoken to: it may ask the seller for a password, and everybody
    /// else asks what kind it is.
    fn is_keychain(&self) -> bool {
        matches!(self.inner.kind.read().as_deref(), Ok(Kind::Keychain))
    }

    /// The keychain is the whole person's, so names carry the namespace there. A sealed file lies in its folder and moves with it.
    fn entry(&self, name: &str) -> Result<Entry, keyring::v1::Error> {
        Entry::new(SERVICE, &format!("{}/{name}", self.inner.namespace))
    }

    fn note_locked(&self, locked: bool) {
        self.inner.keychain_locked.store(locked, std::sync::atomic::Ordering::Relaxed);
    }

    fn keychain_error(&self, error: &keyring_core::Error) -> SecretError {
        match error {
            keyring_core::Error::NoStorageAccess(_) => {
                self.note_locked(true);
                SecretError::Locked
            }
            keyring_core::Error::NoDefaultStore => SecretError::Missing,
            other => SecretError::Failed(other.to_string()),
        }
    }
}

/// Whether the system's keychain can be reached; afterwards entries can be made.
fn has_keychain() -> bool {
    if keyring::v1::Entry::store_status().is_ok() {
        return true;
    }
    // keyring asks once in the life of a process; where a service has to be started, that may have been too early.
    #[cfg(all(unix, not(target_os = "macos")))]
    if let Ok(store) = zbus_secret_service_keyring_store::Store::new() {
        keyring_core::set_default_store(store);
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_keychain_nothing_is_kept_until_the_seller_chooses() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::without_keychain(folder.path());
        assert!(matches!(vault.set("key", "secret".into()).await, Err(SecretError::Missing)));
        vault.choose(SecretFallback::ThisRunOnly, None).await.unwrap();
        vault.set("key", "secret".into()).await.unwrap();
        assert_eq!(vault.get("key").await.unwrap().unwrap().expose_secret(), "secret");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing may be written");
    }

    #[tokio::test]
    async fn a_sealed_file_opens_with_its_passphrase_only_and_shows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::without_keychain(folder.path());
        vault.choose(SecretFallback::Passphrase, Some("верная фраза".into())).await.unwrap();
        vault.set("key", "open sesame".into()).await.unwrap();

        let again = Vault::without_keychain(folder.path());
        assert_eq!(again.state(), SecretStoreState::PassphraseNeeded);
        assert!(matches!(again.get("key").await, Err(SecretError::Locked)));
        assert!(matches!(again.unlock("неверная".into()).await, Err(SecretError::WrongPassphrase)));
        again.unlock("верная фраза".into()).await.unwrap();
        assert_eq!(again.get("key").await.unwrap().unwrap().expose_secret(), "open sesame");
        again.delete("key").await.unwrap();
        assert!(again.get("key").await.unwrap().is_none());

        let moved = tempfile::tempdir().unwrap();
        again.set("key", "open sesame".into()).await.unwrap();
        std::fs::copy(folder.path().join("secrets.sealed"), moved.path().join("secrets.sealed")).unwrap();
        let elsewhere = Vault::with("another path", moved.path().join("secrets.sealed"), Kind::SealedLocked);
        elsewhere.unlock("верная фраза".into()).await.unwrap();
        assert!(elsewhere.get("key").await.unwrap().is_some(), "a folder that is moved keeps its secrets");

        let bytes = std::fs::read(folder.path().join("secrets.sealed")).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("sesame"));
    }
}
