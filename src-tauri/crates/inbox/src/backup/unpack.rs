//! Reading a backup: everything is decrypted, summed up and compared; the database is opened and checked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};

use super::create::{Hashed, count_rows};
use super::format::{
    AnyManifest, CHECKSUMS, Checksum, Checksums, DATABASE, FORMAT, LARGEST_JSON, MANIFEST, Manifest, place,
};
use super::job::Counted;
use super::seal::Opener;
use super::{BackupError, BackupSecret, Job};
use crate::archive::ArchiveKey;
use crate::folder;
use crate::store;

/// A backup that was read to its end and found good.
pub(super) struct Unpacked {
    pub(super) manifest: Manifest,
    /// The database, under `key`.
    pub(super) database: PathBuf,
    pub(super) key: ArchiveKey,
    /// Pictures and voice files.
    pub(super) files: u32,
    /// Size of the backup.
    pub(super) bytes: u64,
}

/// Reads the backup; the database is put into the folder `into`, with `keep_files` the pictures too. Any of the secrets may open it.
pub(super) fn unpack(
    file: &Path,
    secrets: &[BackupSecret],
    into: &Path,
    keep_files: bool,
    job: &Job,
) -> Result<Unpacked, BackupError> {
    let bytes = std::fs::metadata(file)?.len();
    job.expect(bytes);
    let mut archive = tar::Archive::new(open(file, secrets, job)?);
    let unpacked = read_entries(&mut archive, into, keep_files);
    let (manifest, files) = unpacked.map_err(unreadable)?;
    // Behind the last entry only the end mark may come; reading it proves that nothing is cut.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    let key = ArchiveKey::parse(&manifest.database_key).map_err(|_| BackupError::Damaged)?;
    let database = into.join(DATABASE);
    check_database(&database, &key, &manifest, job)?;
    Ok(Unpacked { manifest, database, key, files, bytes })
}

fn open<'a>(
    file: &Path,
    secrets: &[BackupSecret],
    job: &'a Job,
) -> Result<Opener<Counted<'a, io::BufReader<File>>>, BackupError> {
    for secret in secrets {
        // The header is read byte by byte.
        let input = Counted { input: io::BufReader::new(File::open(file)?), job };
        match Opener::begin(input, secret) {
            Err(BackupError::WrongSecret) => job.reach(0)?,
            opened => return opened,
        }
    }
    Err(BackupError::WrongSecret)
}

/// What tar itself cannot read was not written by us. Trouble with the disk stays what it is.
fn unreadable(error: BackupError) -> BackupError {
    match error {
        BackupError::File(error) if error.raw_os_error().is_none() => BackupError::Damaged,
        other => other,
    }
}

fn read_entries(
    archive: &mut tar::Archive<impl Read>,
    into: &Path,
    keep_files: bool,
) -> Result<(Manifest, u32), BackupError> {
    let mut manifest = None;
    let mut sums = Checksums::new();
    let mut expected: Option<Checksums> = None;
    for entry in archive.entries()? {
        let entry = entry?;
        let name = String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| BackupError::Damaged)?;
        if manifest.is_none() && name != MANIFEST {
            return Err(BackupError::NotABackup); // somebody's tar
        }
        if expected.is_some() || sums.contains_key(&name) {
            return Err(BackupError::Damaged);
        }
        let mut content = Hashed { input: entry, sha: Sha256::new(), bytes: 0 };
        match name.as_str() {
            MANIFEST => manifest = Some(read_manifest(&read_json(&mut content)?)?),
            CHECKSUMS => {
                let json = read_json(&mut content)?;
                expected = Some(serde_json::from_slice(&json).map_err(|_| BackupError::Damaged)?);
                continue;
            }
            DATABASE => keep(&mut content, &into.join(DATABASE))?,
            other => {
                let (folder, file) = place(other).ok_or(BackupError::Damaged)?;
                if keep_files {
                    keep(&mut content, &into.join(folder).join(file))?;
                } else {
                    io::copy(&mut content, &mut io::sink())?;
                }
            }
        }
        sums.insert(name, content.checksum());
    }
    let manifest = manifest.ok_or(BackupError::NotABackup)?;
    if expected.as_ref() != Some(&sums) || !sums.contains_key(DATABASE) {
        return Err(BackupError::Damaged);
    }
    Ok((manifest, count_files(&sums)))
}

fn count_files(sums: &BTreeMap<String, Checksum>) -> u32 {
    u32::try_from(sums.keys().filter(|name| place(name).is_some()).count()).unwrap_or(u32::MAX)
}

fn read_json(content: &mut impl Read) -> Result<Vec<u8>, BackupError> {
    let mut json = Vec::new();
    content.take(LARGEST_JSON).read_to_end(&mut json)?;
    Ok(json)
}

fn read_manifest(json: &[u8]) -> Result<Manifest, BackupError> {
    let any: AnyManifest = serde_json::from_slice(json).map_err(|_| BackupError::NotABackup)?;
    if any.format > FORMAT {
        return Err(BackupError::Newer);
    }
    let manifest: Manifest = serde_json::from_slice(json).map_err(|_| BackupError::Damaged)?;
    if manifest.schema > store::newest_schema() {
        return Err(BackupError::Newer);
    }
    Ok(manifest)
}

fn keep(content: &mut impl Read, path: &Path) -> Result<(), BackupError> {
    let mut file = folder::create_private_file(path)?;
    io::copy(content, &mut file)?;
    file.flush()?;
    Ok(file.sync_all()?)
}

fn check_database(path: &Path, key: &ArchiveKey, manifest: &Manifest, job: &Job) -> Result<(), BackupError> {
    let damaged = |error: rusqlite::Error| match BackupError::from(error) {
        BackupError::Store(_) => BackupError::Damaged,
        other => other,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    store::unlock(&connection, Some(key))?;
    // Every page is what was written …
    let mut statement = connection.prepare("PRAGMA cipher_integrity_check").map_err(damaged)?;
    if statement.query([]).and_then(|mut rows| Ok(rows.next()?.is_some())).map_err(damaged)? {
        return Err(BackupError::Damaged);
    }
    job.advance(0)?;
    // … and they make a database with all its rows.
    let sound: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(damaged)?;
    let schema: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(damaged)?;
    let rows = count_rows(&connection, "main").map_err(damaged)?;
    if sound != "ok" || schema != manifest.schema || rows != manifest.tables {
        return Err(BackupError::Damaged);
    }
    Ok(())
}
