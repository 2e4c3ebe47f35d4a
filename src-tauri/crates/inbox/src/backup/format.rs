//! The inner form of a backup: a tar stream.
//!
//! ```text
//! manifest.json     what this is: format, program, time, schema, rows of each table, the key of the database in here
//! prilavok.db       a snapshot of the database, encrypted (SQLCipher) under a key made for this backup alone
//! media/ID          pictures and voice files
//! outbox/NAME       pictures on their way out
//! checksums.json    size and SHA-256 of each entry before it
//! ```
//!
//! The database is encrypted once more inside, so that no step of making, checking or restoring ever has it readable on a disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) const FORMAT: u32 = 1;
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const DATABASE: &str = "prilavok.db";
pub(super) const CHECKSUMS: &str = "checksums.json";
/// Folders of the shop whose files go along.
pub(super) const FOLDERS: [&str; 2] = ["media", "outbox"];
/// The two JSON entries are read into memory; an honest one of a million files is half of this.
pub(super) const LARGEST_JSON: u64 = 256 * 1024 * 1024;

/// The first entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// Version of the program that made it.
    pub(super) program: String,
    pub(super) created_ms: i64,
    /// Version of the database's schema.
    pub(super) schema: i64,
    /// Opens `prilavok.db`, written like a recovery code.
    pub(super) database_key: String,
    /// The same as SQLCipher's own program takes it: for who opens the file without us.
    #[serde(default)]
    pub(super) sqlcipher_key: String,
    /// Rows of each table.
    pub(super) tables: BTreeMap<String, i64>,
}

impl Manifest {
    pub(super) fn rows(&self, table: &str) -> i64 {
        self.tables.get(table).copied().unwrap_or_default()
    }
}

/// What any format's manifest tells.
#[derive(Deserialize)]
pub(super) struct AnyManifest {
    pub(super) format: u32,
}

/// The last entry: name → what the entry is.
pub(super) type Checksums = BTreeMap<String, Checksum>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksum {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Where an entry of this name lies in a shop's folder; none: no backup has such an entry. Names never lead out of the folder.
pub(super) fn place(name: &str) -> Option<(&'static str, &str)> {
    let (folder, file) = name.split_once('/')?;
    let folder = FOLDERS.into_iter().find(|known| *known == folder)?;
    is_plain_name(file).then_some((folder, file))
}

/// A file the shop itself makes: digits, letters, `-`, `_`, and a dot that is not the first.
pub(super) fn is_plain_name(file: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    !file.is_empty() && file.len() <= 80 && !file.starts_with('.') && file.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_never_leads_out_of_the_folder() {
        assert_eq!(place("media/17"), Some(("media", "17")));
        assert_eq!(place("outbox/0f3c-1.jpg"), Some(("outbox", "0f3c-1.jpg")));
        for name in
            ["media/../prilavok.db", "/etc/passwd", "media/", "media/..", "logs/1", "media/a/b", "media\\17"]
        {
            assert_eq!(place(name), None, "{name}");
        }
    }
}
