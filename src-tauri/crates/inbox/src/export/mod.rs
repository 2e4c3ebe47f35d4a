//! All chats in a form other programs, or people without this one, can read.
//!
//! ```text
//! jsonl   chats.jsonl, account-USER_ID.jsonl (one line a message), media/ when asked for
//! html    index.html, chats/ID.html, style inside, media/; no script, nothing from elsewhere
//! ```
//!
//! One reading transaction, rows one at a time: the memory needed does not grow with the archive.

mod html;
mod jsonl;
mod pictures;
mod text;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use self::pictures::Pictures;
use crate::backup::{BackupError, Job};
use crate::ids::{AccountId, ChatId, MediaId};
use crate::reading::thread::{self, AvitoNow};
use crate::store::messages::{self, StoredMessage};
use crate::view::{ExportFormat, ExportReport, MessageBody, MessageRow};

/// What to export, and where to.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// The folder to make. It may exist when it is empty.
    pub out: PathBuf,
    /// The form.
    pub format: ExportFormat,
    /// One account or all, also disconnected ones whose chats were kept.
    pub account: Option<AccountId>,
    /// Copy pictures and voice files (pages always have them).
    pub pictures: bool,
    /// Words of the pages in English, otherwise in Russian.
    pub english: bool,
}

/// A name for a new export in this folder that nothing has yet: `prilavok-export-2026-11-21`.
pub fn free_name(folder: &Path, now_ms: i64) -> PathBuf {
    let day = crate::clock::local_day(now_ms);
    let names = (1..).map(|number: u32| match number {
        1 => format!("prilavok-export-{day}"),
        _ => format!("prilavok-export-{day}-{number}"),
    });
    let mut paths = names.map(|name| folder.join(name)).filter(|path| !path.exists());
    paths.next().unwrap_or_else(|| folder.join("prilavok-export"))
}

/// A chat with whom and what it is about.
struct Chat {
    id: ChatId,
    avito_id: String,
    account: AccountId,
    /// Avito's number of the account.
    user_id: i64,
    account_name: String,
    buyer_id: Option<i64>,
    buyer_name: Option<String>,
    item_id: Option<i64>,
    item_title: Option<String>,
    item_price: Option<String>,
    item_url: Option<String>,
    created_ms: i64,
    updated_ms: i64,
    messages: u32,
}

/// A message as stored and as it is shown.
struct Entry {
    stored: StoredMessage,
    row: MessageRow,
}

impl Entry {
    /// Its pictures and voice files; of a picture's two sizes the larger comes first.
    fn media(&self) -> Vec<Option<MediaId>> {
        match &self.row.body {
            MessageBody::Image { small, large, .. } => vec![*large, *small],
            MessageBody::Voice { media } => vec![Some(*media)],
            MessageBody::Item { picture, .. } => vec![*picture],
            _ => Vec::new(),
        }
    }
}

/// Writes everything into a folder beside, which gets its name when it is complete. `connection` stands at one moment of the archive.
pub(crate) fn export(
    connection: &Connection,
    shop: &Path,
    request: &ExportRequest,
    now_ms: i64,
    job: &Job,
) -> Result<ExportReport, BackupError> {
    let out = &request.out;
    let empty = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_none());
    if out.exists() && !empty {
        return Err(BackupError::Exists);
    }
    let chats = chats(connection, request.account)?;
    job.expect(chats.iter().map(|chat| u64::from(chat.messages)).sum());
    let part = PartFolder::new(out)?;
    let reader = Reader { connection, job, now: AvitoNow { local_ms: now_ms, of: Default::default() } };
    let with_pictures = request.pictures || request.format == ExportFormat::Html;
    let mut pictures = Pictures::new(shop, &part.0, with_pictures)?;
    match request.format {
        ExportFormat::Jsonl => jsonl::write(&reader, &chats, &mut pictures, &part.0)?,
        ExportFormat::Html => html::write(&reader, &chats, &mut pictures, &part.0, request.english, now_ms)?,
    }
    if empty {
        fs::remove_dir(out)?;
    }
    fs::rename(&part.0, out)?;
    Ok(ExportReport {
        path: out.display().to_string(),
        chats: u32::try_from(chats.len()).unwrap_or(u32::MAX),
        messages: chats.iter().map(|chat| chat.messages).sum(),
        files: pictures.copied(),
        missing_files: pictures.missing(),
    })
}

/// A half-made folder, removed unless it gets its name.
struct PartFolder(PathBuf);

impl PartFolder {
    fn new(out: &Path) -> io::Result<Self> {
        let mut name = out.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        if part.exists() {
            fs::remove_dir_all(&part)?;
        }
        crate::folder::create_private_folder(&part)?;
        Ok(Self(part))
    }
}

impl Drop for PartFolder {
    fn drop(&mut self) {
        if self.0.exists()
            && let Err(error) = fs::remove_dir_all(&self.0)
        {
            tracing::warn!(%error, "a half-made export could not be removed");
        }
    }
}

/// Reads messages one at a time.
struct Reader<'a> {
    connection: &'a Connection,
    job: &'a Job,
    now: AvitoNow,
}

impl Reader<'_> {
    fn each(
        &self,
        chat: &Chat,
        mut take: impl FnMut(Entry) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        messages::for_each(self.connection, chat.id, |stored| {
            let row = thread::bubble(self.connection, &stored, &self.now)?;
            take(Entry { stored, row })?;
            self.job.advance(1)
        })
    }
}

/// The chats, the one with the newest message first.
fn chats(connection: &Connection, account: Option<AccountId>) -> Result<Vec<Chat>, BackupError> {
    let mut statement = connection.prepare(
        "SELECT c.id, c.avito_id, c.account, a.user_id, a.name, c.buyer_id, c.buyer_name, c.item_id, c.item_title,
                c.item_price, c.item_url, c.created_ms, c.updated_ms
         FROM chats c JOIN accounts a ON a.id = c.account
         WHERE ?1 IS NULL OR c.account = ?1
         ORDER BY c.updated_ms DESC, c.id DESC",
    )?;
    let rows = statement.query_map([account], |row| {
        Ok(Chat {
            id: row.get(0)?,
            avito_id: row.get(1)?,
            account: row.get(2)?,
            user_id: row.get(3)?,
            account_name: row.get(4)?,
            buyer_id: row.get(5)?,
            buyer_name: row.get(6)?,
            item_id: row.get(7)?,
            item_title: row.get(8)?,
            item_price: row.get(9)?,
            item_url: row.get(10)?,
            created_ms: row.get(11)?,
            updated_ms: row.get(12)?,
            messages: 0,
        })
    })?;
    let mut chats = rows.collect::<Result<Vec<_>, _>>()?;
    for chat in &mut chats {
        chat.messages = messages::count_of_chat(connection, chat.id)?;
    }
    Ok(chats)
}

#[cfg(test)]
mod tests;
