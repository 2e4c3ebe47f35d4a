//! Setting a damaged archive aside: it is moved into a folder of its own, untouched, and a new one begins in its place.
//!
//! The new archive reads everything again from Avito. So that the seller need not connect the accounts again, what can still be read
//! of them in the damaged file is taken over; their keys are in the vault under the same numbers.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FILE, KEY, NEXT_KEY, ending, fingerprint_file, parse};
use crate::error::CoreError;
use crate::folder;
use crate::secrets::Vault;
use crate::store::accounts::{self, AccountRow};
use crate::store::{self, StoreError, settings};

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SetAside {
    /// The folder in which the damaged archive lies now.
    pub folder: String,
    /// Accounts that go on without being connected again.
    pub accounts: u32,
}

/// What could still be read.
#[derive(Default)]
struct Saved {
    accounts: Vec<AccountRow>,
    settings: Vec<(String, String)>,
}

/// Moves the archive of this shop folder aside and begins a new one. Nobody may have it open.
pub async fn set_aside(shop: &Path, vault: &Vault, now_ms: i64) -> Result<SetAside, CoreError> {
    let mut keys = vec![None];
    for name in [KEY, NEXT_KEY] {
        if let Ok(Some(code)) = vault.get(name).await {
            keys.push(parse(&code).ok());
        }
    }
    let shop = shop.to_owned();
    let moving = shop.clone();
    let (aside, saved) = super::blocking(move || {
        let aside = move_away(&moving, now_ms)?;
        let saved = keys.iter().find_map(|key| {
            let file = store::open_reader(&aside.join(FILE), key.as_ref()).ok()?;
            read(&file).inspect_err(|error| tracing::info!(%error, "not to be read")).ok()
        });
        Ok((aside, saved.unwrap_or_default()))
    })
    .await?;
    let count = saved.accounts.len();
    folder::create_private_folder(&shop.join("outbox"))?;
    let new = super::open(&shop, vault, None).await?.store;
    let taken_over = new.write(move |c| write(c, saved, now_ms)).await;
    new.close().await;
    taken_over?;
    tracing::warn!(accounts = count, "a damaged archive was set aside, a new one begins");
    Ok(SetAside { folder: aside.display().to_string(), accounts: u32::try_from(count).unwrap_or(u32::MAX) })
}

/// Everything that belongs together stays together: database, log, pictures, pictures not sent yet.
fn move_away(shop: &Path, now_ms: i64) -> Result<PathBuf, StoreError> {
    let path = shop.join(FILE);
    let aside = free_name(shop, now_ms);
    folder::create_private_folder(&aside)?;
    let files = ["", "-wal", "-shm"].map(|suffix| ending::with_suffix(&path, suffix));
    for from in files.into_iter().chain([shop.join("media"), shop.join("outbox")]) {
        if let (true, Some(name)) = (from.exists(), from.file_name()) {
            fs::rename(&from, aside.join(name))?;
        }
    }
    // The new archive gets the same key, so its file stays here as well.
    let fingerprint = fingerprint_file(&path);
    if let (true, Some(name)) = (fingerprint.exists(), fingerprint.file_name()) {
        fs::copy(&fingerprint, aside.join(name))?;
    }
    ending::end(&path);
    Ok(aside)
}

fn free_name(shop: &Path, now_ms: i64) -> PathBuf {
    let time = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let name = format!("damaged-{}", time.strftime("%Y-%m-%dT%H-%M-%SZ"));
    let mut aside = shop.join(&name);
    let mut number = 1;
    while aside.exists() {
        number += 1;
        aside = shop.join(format!("{name}-{number}"));
    }
    aside
}

fn read(file: &Connection) -> Result<Saved, StoreError> {
    let accounts = accounts::list(file)?;
    // Without its settings a seller can live.
    Ok(Saved { accounts, settings: settings::all(file).unwrap_or_default() })
}

fn write(connection: &Connection, saved: Saved, now_ms: i64) -> Result<(), StoreError> {
    for account in &saved.accounts {
        accounts::begin_again(connection, account, now_ms)?;
    }
    for (key, value) in &saved.settings {
        settings::set_text(connection, key, value)?;
    }
    Ok(())
}
