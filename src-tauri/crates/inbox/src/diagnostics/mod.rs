//! What a seller may send when something does not work: facts about the program, never about the talks.
//!
//! Everything in it is chosen here, field by field: counts, sizes, times, states and codes. No text, name, address or key is read
//! from the archive, and what comes from elsewhere (the log, error texts) passes [`scrub`] as a second net.

mod scrub;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;

pub use self::scrub::scrub;

use crate::Core;
use crate::error::CoreError;
use crate::folder::DataFolder;
use crate::store::StoreError;
use crate::view::{AccountView, ChatQuery, UiError};

/// Days of the log that go in.
const LOG_DAYS: usize = 3;
/// At most so much of each day's log, its end, in bytes.
const LOG_BYTES: usize = 200_000;
/// Tables whose rows are counted.
const TABLES: [&str; 6] = ["accounts", "chats", "messages", "media", "events", "outbox"];

/// Gathers everything into one text. A shop that is not open is told by its error.
pub async fn gather(folder: &DataFolder, version: &str, shop: Result<&Core, &UiError>) -> String {
    let mut out = String::new();
    head(&mut out, version);
    match shop {
        Ok(core) => match of_core(core).await {
            Ok(text) => out.push_str(&text),
            Err(error) => section(&mut out, "Archive", &format!("could not be read: {error}\n")),
        },
        Err(error) => {
            section(&mut out, "Archive", &format!("not open: {:?}, {}\n", error.code, error.message));
        }
    }
    let root = folder.root().to_owned();
    let files = tokio::task::spawn_blocking(move || (sizes(&root), log(&root.join("logs"))));
    if let Ok((sizes, log)) = files.await {
        section(&mut out, "Files", &sizes);
        section(&mut out, "Log", &log);
    }
    scrub(&out, &folder.root().display().to_string())
}

fn head(out: &mut String, version: &str) {
    let made = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or_default();
    let text = format!(
        "version {version}\nmade at {made}\nsystem {} {} {}\n",
        std::env::consts::OS,
        std::env::consts::ARCH,
        system.trim_matches('"'),
    );
    section(out, "Prilavok", &text);
}

async fn of_core(core: &Core) -> Result<String, CoreError> {
    let mut out = String::new();
    let archive = core.archive_view().await?;
    let begun = Instant::now();
    let (schema, counts) = core.inner.store.read(counts).await?;
    let counted = begun.elapsed();
    let begun = Instant::now();
    let query = ChatQuery { account: None, unread_only: false, text: None, after: None, limit: 50 };
    core.list_chats(query).await?;
    let listed = begun.elapsed();
    let mut text = format!(
        "schema {schema}\nencrypted {}, recovery code kept {}\nsecrets {:?}\n",
        archive.encrypted,
        archive.recovery_code_confirmed,
        core.vault().state(),
    );
    for (what, count) in counts {
        line(&mut text, &format!("{what} {}", grouped(count)));
    }
    line(&mut text, &format!("counting took {} ms", counted.as_millis()));
    line(&mut text, &format!("first page of chats took {} ms", listed.as_millis()));
    section(&mut out, "Archive", &text);

    let mut text = String::new();
    for account in core.account_views().await? {
        line(&mut text, &of_account(&account, core.clock().now_ms()));
    }
    section(&mut out, "Accounts", &text);
    section(&mut out, "Settings", &format!("{}\n", json!(core.settings())));
    Ok(out)
}

/// An account by its number here, which the log uses too; Avito's number and the name stay out.
fn of_account(account: &AccountView, now_ms: i64) -> String {
    let ago = |at_ms: Option<i64>| {
        at_ms.map_or("never".to_owned(), |at_ms| format!("{} s ago", (now_ms - at_ms) / 1000))
    };
    let trouble = account.trouble.as_ref().map_or("none".to_owned(), |trouble| {
        format!("{:?} since {}", trouble.code, ago(Some(trouble.since_ms)))
    });
    let history = account.backfill.map_or("complete".to_owned(), |history| {
        format!("{} of {} chats, paused {}", history.chats_done, history.chats_total, history.paused)
    });
    format!(
        "account {}: {:?} since {}; trouble {trouble}; checked {}; last event {}; history {history}; unread chats {}; waiting \
         replies {}; own server {}",
        account.id,
        account.mode,
        ago(Some(account.mode_since_ms)),
        ago(account.last_checked_ms),
        ago(account.last_event_ms),
        account.unread_chats,
        account.outbox_waiting,
        account.api_url.is_some(),
    )
}

fn counts(connection: &rusqlite::Connection) -> Result<(i64, Vec<(String, i64)>), StoreError> {
    let schema = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let mut counts = Vec::new();
    for table in TABLES {
        let count = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        counts.push((table.to_owned(), count));
    }
    for table in ["events", "outbox"] {
        let mut states =
            connection.prepare(&format!("SELECT state, count(*) FROM {table} GROUP BY state"))?;
        let rows = states.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        for row in rows {
            let (state, count) = row?;
            counts.push((format!("{table} in state {state}"), count));
        }
    }
    Ok((schema, counts))
}

/// How much lies where: folders with the number and size of their files, and the files of the shop one by one.
fn sizes(root: &Path) -> String {
    let mut out = String::new();
    for place in ["", "shop", "shop/media", "shop/outbox", "logs", "demo"] {
        let files = files(&root.join(place));
        let bytes: u64 = files.iter().map(|(_, bytes)| bytes).sum();
        line(&mut out, &format!("{place}/: {} files, {} bytes", files.len(), grouped(bytes)));
        if place == "shop" {
            for (path, bytes) in files {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                line(&mut out, &format!("  {name}: {} bytes", grouped(bytes)));
            }
        }
    }
    out
}

fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let found = entry.metadata().ok()?;
            found.is_file().then(|| (entry.path(), found.len()))
        })
        .collect();
    files.sort();
    files
}

/// The end of the last days' logs, newest day last.
fn log(folder: &Path) -> String {
    let mut out = String::new();
    let days = files(folder);
    for (path, _) in &days[days.len().saturating_sub(LOG_DAYS)..] {
        let Ok(bytes) = fs::read(path) else { continue };
        let end = &bytes[bytes.len().saturating_sub(LOG_BYTES)..];
        // Not from the middle of a line, whose rest could look harmless to the net.
        let from = if end.len() < bytes.len() {
            end.iter().position(|byte| *byte == b'\n').map_or(end.len(), |at| at + 1)
        } else {
            0
        };
        out.push_str(&String::from_utf8_lossy(&end[from..]));
    }
    out
}

/// `1_048_576`: a count, which the net must not take for somebody's number.
fn grouped(number: impl std::fmt::Display) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

fn section(out: &mut String, title: &str, text: &str) {
    // Writing to a string cannot fail.
    let _ = write!(out, "== {title}\n{text}\n");
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{text}");
}
