//! Making a backup.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use super::format::{
    CHECKSUMS, Checksum, Checksums, DATABASE, FOLDERS, FORMAT, MANIFEST, Manifest, is_plain_name,
};
use super::job::Counted;
use super::seal::Sealer;
use super::{BackupError, BackupSecret, Job, WorkFolder, restore, sync_folder};
use crate::archive::ArchiveKey;
use crate::folder;
use crate::store;
use crate::view::BackupReport;

/// What is backed up.
pub(crate) struct Source {
    /// The shop's folder.
    pub(crate) shop: PathBuf,
    /// The key of its database.
    pub(crate) key: Option<ArchiveKey>,
    /// Version of the program.
    pub(crate) program: String,
    pub(crate) now_ms: i64,
}

/// How many steps of SQLite's machine pass between two looks at the clock of the work.
const STEPS: i32 = 20_000;

/// A backup leaves so many bytes free on the shop's disk: the shop goes on writing, and the backup can be checked again. A backup
/// that just fits would do neither.
const ROOM: usize = 512 * 1024;

/// Writes a backup to `out`, which must not exist, and reads it back. Others may use the database meanwhile.
pub(crate) fn create(
    source: &Source,
    out: &Path,
    secret: &BackupSecret,
    job: &Arc<Job>,
) -> Result<BackupReport, BackupError> {
    if out.exists() {
        return Err(BackupError::Exists);
    }
    let work = WorkFolder::new(&source.shop)?;
    let snapshot = Snapshot::take(source, work.0.join(DATABASE), job)?;
    let files = list_files(&source.shop)?;
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    let part = Part(PathBuf::from(part));
    let written = fs::metadata(&snapshot.path)?.len() + files.iter().map(|file| file.bytes).sum::<u64>();
    // Copied, written, read back.
    let copied = job.progress().0;
    job.expect(copied + 2 * written);
    write(source, &snapshot, &files, &part.0, secret, job)?;
    drop(snapshot);
    drop(work);
    job.reach(copied + written)?;
    let read_back = Job::new(job.token(), {
        let (job, begin) = (job.clone(), copied + written);
        move |done, total| {
            let share = written.saturating_mul(done).checked_div(total).unwrap_or(0);
            let _ = job.reach(begin + share); // that it is not wanted any more is seen by who reads
        }
    });
    let report = restore::check(&source.shop, ROOM, &part.0, std::slice::from_ref(secret), &read_back)?;
    part.rename(out)?;
    Ok(BackupReport { path: out.display().to_string(), ..report })
}

/// A half-made file, removed unless it gets its name.
struct Part(PathBuf);

impl Part {
    fn rename(self, to: &Path) -> Result<(), BackupError> {
        if to.exists() {
            return Err(BackupError::Exists);
        }
        fs::rename(&self.0, to)?;
        if let Some(folder) = to.parent() {
            sync_folder(folder);
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a half-made backup could not be removed");
            }
            _ => {}
        }
    }
}

/// The database at one moment, encrypted under a key of its own.
struct Snapshot {
    path: PathBuf,
    key: ArchiveKey,
    schema: i64,
    tables: BTreeMap<String, i64>,
}

impl Snapshot {
    fn take(source: &Source, path: PathBuf, job: &Arc<Job>) -> Result<Self, BackupError> {
        let key = ArchiveKey::generate();
        let mut from = Connection::open_with_flags(
            source.shop.join(DATABASE),
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        store::unlock(&from, source.key.as_ref())?;
        from.busy_timeout(Duration::from_secs(10))?;
        let pages: i64 = from.query_row("SELECT page_count FROM pragma_page_count", [], |row| row.get(0))?;
        job.expect(3 * PAGE * u64::try_from(pages).unwrap_or_default());
        drop(folder::create_private_file(&path)?);
        from.execute("ATTACH DATABASE ?1 AS new KEY ?2", (path.to_string_lossy(), key.pragma().as_str()))?;
        // Half a snapshot is of no use anyway: it needs no journal.
        for setting in ["PRAGMA new.journal_mode = OFF", "PRAGMA new.synchronous = OFF"] {
            drain(&from, setting)?;
        }
        let (watched, watcher) = (path.clone(), job.clone());
        from.progress_handler(
            STEPS,
            Some(move || {
                let bytes = fs::metadata(&watched).map_or(0, |file| file.len());
                watcher.reach(bytes).is_err()
            }),
        )?;
        // One reading transaction: everything is as it was at its beginning, whatever is written meanwhile.
        from.execute_batch("BEGIN")?;
        let schema: i64 =
            from.query_row("SELECT user_version FROM main.pragma_user_version", [], |row| row.get(0))?;
        drain(&from, "SELECT sqlcipher_export('new')")?;
        drain(&from, &format!("PRAGMA new.user_version = {schema}"))?;
        let tables = count_rows(&from, "main")?;
        if count_rows(&from, "new")? != tables {
            return Err(io::Error::other("the copy of the database is not complete").into());
        }
        from.execute_batch("COMMIT; DETACH DATABASE new")?;
        Ok(Self { path, key, schema, tables })
    }
}

/// SQLCipher's page.
const PAGE: u64 = 4096;

/// Runs a statement to its end, whatever rows it answers.
pub(super) fn drain(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// Rows of each table of an attached database. A virtual table keeps its rows in others of these.
pub(super) fn count_rows(connection: &Connection, schema: &str) -> rusqlite::Result<BTreeMap<String, i64>> {
    let mut statement = connection.prepare(&format!(
        "SELECT name FROM {schema}.sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL TABLE %'"
    ))?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let count = |name: &String| -> rusqlite::Result<i64> {
        let quoted = name.replace('"', "\"\"");
        connection.query_row(&format!("SELECT count(*) FROM {schema}.\"{quoted}\""), [], |row| row.get(0))
    };
    names.into_iter().map(|name| Ok((name.clone(), count(&name)?))).collect()
}

/// A file of the shop that goes along.
struct ShopFile {
    name: String,
    path: PathBuf,
    bytes: u64,
}

fn list_files(shop: &Path) -> io::Result<Vec<ShopFile>> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        let entries = match fs::read_dir(shop.join(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Names end in .new while a file is being written.
            if !is_plain_name(&name) || name.ends_with(".new") {
                continue;
            }
            let bytes = entry.metadata().map_or(0, |file| file.len());
            files.push(ShopFile { name: format!("{folder}/{name}"), path: entry.path(), bytes });
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn write(
    source: &Source,
    snapshot: &Snapshot,
    files: &[ShopFile],
    part: &Path,
    secret: &BackupSecret,
    job: &Job,
) -> Result<(), BackupError> {
    let manifest = Manifest {
        format: FORMAT,
        program: source.program.clone(),
        created_ms: source.now_ms,
        schema: snapshot.schema,
        database_key: snapshot.key.recovery_code().expose_secret().to_owned(),
        sqlcipher_key: snapshot.key.pragma().to_string(),
        tables: snapshot.tables.clone(),
    };
    let file = folder::create_private_file(part)?;
    let mut writer = Writer {
        tar: tar::Builder::new(Sealer::begin(file, secret)?),
        sums: Checksums::new(),
        seconds: u64::try_from(source.now_ms / 1000).unwrap_or_default(),
        job,
    };
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other)?;
    writer.put(MANIFEST, manifest.len() as u64, manifest.as_slice())?;
    let database = File::open(&snapshot.path)?;
    writer.put(DATABASE, database.metadata()?.len(), database)?;
    for file in files {
        // A reply's picture goes away when Avito has it, an account's pictures with the account.
        match File::open(&file.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => {
                let opened = opened?;
                writer.put(&file.name, opened.metadata()?.len(), opened)?;
            }
        }
    }
    let sums = serde_json::to_vec(&writer.sums).map_err(io::Error::other)?;
    writer.put(CHECKSUMS, sums.len() as u64, sums.as_slice())?;
    let file = writer.tar.into_inner()?.finish()?;
    Ok(file.sync_all()?)
}

struct Writer<'a, W: Write> {
    tar: tar::Builder<W>,
    sums: Checksums,
    /// Time of the entries.
    seconds: u64,
    job: &'a Job,
}

impl<W: Write> Writer<'_, W> {
    fn put(&mut self, name: &str, bytes: u64, content: impl Read) -> Result<(), BackupError> {
        let mut header = tar::Header::new_gnu();
        header.set_path(name)?;
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(self.seconds);
        header.set_cksum();
        let mut content = Hashed {
            input: Counted { input: content.take(bytes), job: self.job },
            sha: Sha256::new(),
            bytes: 0,
        };
        self.tar.append(&header, &mut content)?;
        if content.bytes != bytes {
            return Err(io::Error::other("a file became shorter while it was read").into());
        }
        self.sums.insert(name.to_owned(), content.checksum());
        Ok(())
    }
}

/// Sums up what passes.
pub(super) struct Hashed<R> {
    pub(super) input: R,
    pub(super) sha: Sha256,
    pub(super) bytes: u64,
}

impl<R> Hashed<R> {
    pub(super) fn checksum(self) -> Checksum {
        let digest = self.sha.finalize();
        Checksum { bytes: self.bytes, sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect() }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        self.sha.update(&into[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}
