//! A file of secrets sealed with a passphrase: Argon2id makes the key, XChaCha20-Poly1305 seals.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use argon2::Argon2;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::SecretError;

#[derive(Serialize, Deserialize)]
struct OnDisk {
    version: u32,
    salt: String,
    nonce: String,
    sealed: String,
}

/// An opened file; every change is written at once.
pub(super) struct SealedFile {
    path: PathBuf,
    salt: [u8; 16],
    cipher: XChaCha20Poly1305,
    secrets: BTreeMap<String, SecretString>,
}

impl SealedFile {
    /// Makes a new, empty file.
    pub(super) fn create(path: &Path, passphrase: &SecretString) -> Result<Self, SecretError> {
        let salt: [u8; 16] = rand::random();
        let file = Self {
            path: path.to_owned(),
            salt,
            cipher: cipher(passphrase, &salt)?,
            secrets: BTreeMap::new(),
        };
        file.write()?;
        Ok(file)
    }

    /// Opens an existing file.
    pub(super) fn open(path: &Path, passphrase: &SecretString) -> Result<Self, SecretError> {
        let text = std::fs::read(path).map_err(failed)?;
        let on_disk: OnDisk = serde_json::from_slice(&text).map_err(failed)?;
        let salt: [u8; 16] = decode(&on_disk.salt)?.try_into().map_err(|_| damaged())?;
        let nonce: [u8; 24] = decode(&on_disk.nonce)?.try_into().map_err(|_| damaged())?;
        let cipher = cipher(passphrase, &salt)?;
        let plain = cipher
            .decrypt(&XNonce::from(nonce), decode(&on_disk.sealed)?.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| SecretError::WrongPassphrase)?;
        let secrets: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(failed)?;
        let secrets = secrets.into_iter().map(|(name, secret)| (name, secret.into())).collect();
        Ok(Self { path: path.to_owned(), salt, cipher, secrets })
    }

    pub(super) fn get(&self, name: &str) -> Option<SecretString> {
        self.secrets.get(name).cloned()
    }

    /// Keeps (`Some`) or forgets (`None`) a secret.
    pub(super) fn set(&mut self, name: &str, secret: Option<SecretString>) -> Result<(), SecretError> {
        match secret {
            Some(secret) => drop(self.secrets.insert(name.to_owned(), secret)),
            None if self.secrets.remove(name).is_none() => return Ok(()),
            None => {}
        }
        self.write()
    }

    fn write(&self) -> Result<(), SecretError> {
        let plain: BTreeMap<&str, &str> =
            self.secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose_secret())).collect();
        let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(failed)?);
        let nonce: [u8; 24] = rand::random();
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), plain.as_slice()).map_err(|_| damaged())?;
        let on_disk = OnDisk {
            version: 1,
            salt: BASE64.encode(self.salt),
            nonce: BASE64.encode(nonce),
            sealed: BASE64.encode(sealed),
        };
        let text = serde_json::to_vec(&on_disk).map_err(failed)?;
        // Written beside and renamed, so that a crash leaves the old file whole.
        let beside = self.path.with_extension("new");
        let mut file = crate::folder::create_private_file(&beside).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&beside, &self.path).map_err(failed)
    }
}

fn cipher(passphrase: &SecretString, salt: &[u8]) -> Result<XChaCha20Poly1305, SecretError> {
    let mut key = Zeroizing::new([0_u8; 32]);
    // Argon2id with the crate's defaults (19 MiB, 2 passes), the OWASP minimum; it runs once per start.
    Argon2::default()
        .hash_password_into(passphrase.expose_secret().as_bytes(), salt, key.as_mut_slice())
        .map_err(failed)?;
    XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| damaged())
}

fn decode(text: &str) -> Result<Vec<u8>, SecretError> {
    BASE64.decode(text).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> SecretError {
    SecretError::Failed(error.to_string())
}

fn damaged() -> SecretError {
    SecretError::Failed("the sealed file is damaged".into())
}
