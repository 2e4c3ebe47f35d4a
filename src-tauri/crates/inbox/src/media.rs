//! Pictures and voice files: fetched by the core, kept in the shop's folder, handed to the page by id.
//!
//! The page has no network (invariant 6). It can name only what Avito named before; the core fetches over https, or from the
//! account's own server, without any token, and takes only pictures and sound of a bounded size.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::StatusCode;
use url::Url;

use crate::error::CoreError;
use crate::folder;
use crate::ids::MediaId;
use crate::store::media::{self, MediaRow};
use crate::view::ErrorCode;
use crate::{Core, account::Account};

/// Larger files are refused; Avito takes pictures up to 24 MB.
const SIZE_LIMIT: usize = 32 * 1024 * 1024;

/// A file for the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// MIME type, found in the bytes themselves.
    pub mime: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The cache folder and the fetches under way.
pub(crate) struct MediaCache {
    folder: PathBuf,
    client: reqwest::Client,
    /// One fetch at a time for each file.
    fetching: Mutex<HashMap<MediaId, Weak<tokio::sync::Mutex<()>>>>,
}

impl MediaCache {
    pub(crate) fn open(shop: &Path) -> Result<Self, CoreError> {
        let folder = shop.join("media");
        folder::create_private_folder(&folder)?;
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::custom(follow))
            .build()
            .map_err(|error| CoreError::Folder(io::Error::other(error)))?;
        Ok(Self { folder, client, fetching: Mutex::default() })
    }

    fn path(&self, id: MediaId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// Removes files from the cache.
    pub(crate) async fn forget(&self, ids: Vec<MediaId>) {
        for id in ids {
            if let Err(error) = tokio::fs::remove_file(self.path(id)).await {
                tracing::debug!(%error, "a picture was not in the cache");
            }
        }
    }

    fn lock_of(&self, id: MediaId) -> Arc<tokio::sync::Mutex<()>> {
        let mut fetching = self.fetching.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        fetching.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = fetching.get(&id).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::default();
        fetching.insert(id, Arc::downgrade(&lock));
        lock
    }
}

impl Core {
    /// The file behind a media id: from the cache, otherwise from Avito.
    pub async fn media(&self, id: MediaId) -> Result<MediaFile, CoreError> {
        self.file(id, true).await
    }

    /// The same; `waited_for`: a person waits, so that Avito is asked at once.
    pub(crate) async fn file(&self, id: MediaId, waited_for: bool) -> Result<MediaFile, CoreError> {
        let cache = &self.inner.media;
        let lock = cache.lock_of(id);
        let _one_at_a_time = lock.lock().await;
        let row = self.inner.store.read(move |c| media::get(c, id)).await?;
        let row = row.ok_or_else(|| CoreError::not_found("no such media"))?;
        if let Some(file) = row.address.strip_prefix("outbox:") {
            let bytes = tokio::fs::read(self.inner.folder.join("outbox").join(file)).await?;
            return checked(bytes);
        }
        if row.fetched
            && let Ok(bytes) = tokio::fs::read(cache.path(id)).await
        {
            let mime = row.mime.unwrap_or_else(|| "application/octet-stream".to_owned());
            return Ok(MediaFile { mime, bytes });
        }
        let file = self.fetch(&row, waited_for).await?;
        match self.keep(id, &file).await {
            // Whoever looks sees it, also when the disk is full.
            Err(error) if waited_for => tracing::warn!(%error, "a file could not be kept"),
            kept => kept?,
        }
        Ok(file)
    }

    async fn fetch(&self, row: &MediaRow, waited_for: bool) -> Result<MediaFile, CoreError> {
        let account = self.account(row.account);
        let address = match (row.address.strip_prefix("voice:"), &account) {
            (None, _) => row.address.clone(),
            (Some(voice), Some(account)) => voice_address(account, voice, waited_for).await?,
            (Some(_), None) => return Err(CoreError::not_found("the account of this voice message is gone")),
        };
        let api = account.as_ref().and_then(|account| account.api_url.as_deref());
        let url = allowed(&address, api)?;
        let answer = self.inner.media.client.get(url).send().await.map_err(network)?;
        if !answer.status().is_success() {
            tracing::debug!(status = answer.status().as_u16(), "a picture is not to be had");
            match answer.status() {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                    return Err(CoreError::Invalid(ErrorCode::RateLimited, "the file's server is busy"));
                }
                status if status.is_server_error() => {
                    return Err(CoreError::Invalid(
                        ErrorCode::ServerTrouble,
                        "the file's server has trouble",
                    ));
                }
                _ => {}
            }
            return Err(CoreError::not_found("Avito no longer has this file"));
        }
        let mut stream = answer.bytes_stream();
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(network)?;
            if bytes.len() + chunk.len() > SIZE_LIMIT {
                return Err(CoreError::Invalid(ErrorCode::ImageTooLarge, "the file is too large"));
            }
            bytes.extend_from_slice(&chunk);
        }
        checked(bytes)
    }

    async fn keep(&self, id: MediaId, file: &MediaFile) -> Result<(), CoreError> {
        let path = self.inner.media.path(id);
        let bytes = file.bytes.clone();
        let written = tokio::task::spawn_blocking(move || {
            let beside = path.with_extension("new");
            folder::create_private_file(&beside)?.write_all(&bytes)?;
            std::fs::rename(&beside, &path)
        });
        written.await.map_err(io::Error::other)??;
        let (mime, size, now_ms) = (file.mime.clone(), file.bytes.len(), self.inner.clock.now_ms());
        self.inner.store.write(move |c| media::set_fetched(c, id, &mime, size, now_ms)).await?;
        Ok(())
    }
}

async fn voice_address(account: &Account, voice: &str, waited_for: bool) -> Result<String, CoreError> {
    let client = account.client.as_ref().ok_or_else(|| CoreError::not_found("the account has no key"))?;
    let client = if waited_for { client.clone() } else { client.background() };
    let mut urls = client.voice_urls(account.user_id, &[voice]).await?;
    urls.remove(voice).ok_or_else(|| CoreError::not_found("Avito no longer has this voice message"))
}

/// https from anywhere Avito names; plain http only from the account's own server (a stand-in on this machine).
fn allowed(address: &str, api: Option<&str>) -> Result<Url, CoreError> {
    let url = Url::parse(address).map_err(|_| CoreError::not_found("not an address"))?;
    let same_server = |api: Url| api.host_str() == url.host_str() && api.port() == url.port();
    let own = api.and_then(|api| Url::parse(api).ok()).is_some_and(same_server);
    if url.scheme() == "https" || (url.scheme() == "http" && own) {
        return Ok(url);
    }
    Err(CoreError::not_found("the file's address is not https"))
}

/// A redirect leads to https or stays at its server: a picture's address must not become a way into this machine or network.
fn follow(attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
    let next = attempt.url();
    let same_server = attempt.previous().last().is_some_and(|last| last.origin() == next.origin());
    if attempt.previous().len() > 3 || !(next.scheme() == "https" || same_server) {
        return attempt.error("redirected too often or to a place that may not be asked");
    }
    attempt.follow()
}

/// Only pictures and sound reach the page, by what the bytes are and not by what a server calls them.
fn checked(bytes: Vec<u8>) -> Result<MediaFile, CoreError> {
    let kind = infer::get(&bytes);
    let mime = match kind.map(|kind| (kind.matcher_type(), kind.mime_type())) {
        Some((infer::MatcherType::Image, mime)) => mime,
        Some((infer::MatcherType::Audio, mime)) => mime,
        Some((infer::MatcherType::Video, "video/mp4")) => "audio/mp4", // voice messages: Opus in an MP4 container
        _ => return Err(CoreError::Invalid(ErrorCode::BadImage, "neither a picture nor sound")),
    };
    Ok(MediaFile { mime: mime.to_owned(), bytes })
}

fn network(error: reqwest::Error) -> CoreError {
    tracing::debug!(error = %error.without_url(), "a file could not be fetched");
    CoreError::Invalid(ErrorCode::Network, "the file could not be fetched")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_the_accounts_own_server_is_asked() {
        let ok = |address, api| allowed(address, api).is_ok();
        assert!(ok("https://img.k.avito.ru/chat/1.jpg", None));
        assert!(!ok("http://img.k.avito.ru/chat/1.jpg", None));
        assert!(!ok("file:///etc/passwd", None));
        assert!(ok("http://127.0.0.1:8000/media/1", Some("http://127.0.0.1:8000/")));
        assert!(!ok("http://127.0.0.1:8001/media/1", Some("http://127.0.0.1:8000/")));
        assert!(!ok("not an address", None));
    }

    #[test]
    fn only_pictures_and_sound_are_handed_out() {
        assert!(checked(b"<html><script>alert(1)</script></html>".to_vec()).is_err());
        assert!(checked(b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()).is_err());
        assert_eq!(checked(b"\x89PNG\r\n\x1a\n123".to_vec()).unwrap().mime, "image/png");
    }
}
