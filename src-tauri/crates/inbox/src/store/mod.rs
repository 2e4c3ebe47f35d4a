//! The database: one writer thread that commits what is waiting in one go, several readers, migrations.
//!
//! Writes are closures run inside one transaction with their neighbours (group commit): a hundred deliveries that arrive
//! together cost one sync to disk, and each caller hears of success only after the commit. A closure that fails rolls back
//! only its own work. Readers are separate connections, so a long read never delays a delivery; each read sees one moment.

pub(crate) mod accounts;
pub(crate) mod awaited;
pub(crate) mod chats;
pub(crate) mod coverage;
pub(crate) mod deliveries;
pub(crate) mod draft_work;
pub(crate) mod drafts;
mod error;
pub(crate) mod events;
pub(crate) mod lines;
pub(crate) mod media;
pub(crate) mod message_words;
pub(crate) mod messages;
mod migrations;
pub(crate) mod model_uses;
pub(crate) mod outbox;
pub(crate) mod passages;
pub(crate) mod questions;
pub(crate) mod removals;
pub(crate) mod rules;
pub(crate) mod settings;
pub(crate) mod sources;
pub(crate) mod uses;

pub(crate) use self::migrations::newest as newest_schema;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use secrecy::zeroize::Zeroizing;
use tokio::sync::{Mutex, Semaphore, oneshot, watch};

pub(crate) use self::error::DiskTrouble;
pub use self::error::StoreError;
use crate::archive::{self, ArchiveKey, ending};

type Finish = Box<dyn FnOnce(Result<(), Arc<StoreError>>) + Send>;
/// Without a connection (no transaction could be begun) the work is skipped and the caller gets the error.
type Work = Box<dyn FnOnce(Option<&Connection>) -> Ran + Send>;

/// Work that has run and waits for its commit.
struct Ran {
    finish: Finish,
    /// Its own failure, when that is one of the disk.
    failure: Option<StoreError>,
}

/// What the writer is asked for.
enum Job {
    Work(Work),
    /// Put the file under this key; nobody else reads meanwhile.
    Rekey(ArchiveKey, oneshot::Sender<Result<(), StoreError>>),
}

/// At most so many closures share a transaction, so that none waits long for its neighbours.
const BATCH: usize = 256;
/// With so many in a transaction there is a flood, and more are on their way: a commit costs as much as several of them.
const CROWD: usize = 16;
/// They are waited for this long, once a transaction.
const GATHERING: Duration = Duration::from_micros(400);
const READERS: usize = 4;
/// Pages the writer keeps, in KiB (negative: SQLite's way to say so); it takes them as it needs them. Each page that is not kept is
/// read, checked and decrypted again, and messages come with random ids: in the usual 2 MiB a flood spends most of its time there.
const WRITER_CACHE_KIB: i64 = -24 * 1024;
/// After a pause of this length the writer gives the pages it keeps back, and the process its free memory: both serve a flood.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 15_000 });
/// How long a lock of another program's is waited for.
const BUSY_PATIENCE: Duration = Duration::from_secs(5);

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    /// None: the file is not encrypted.
    key: std::sync::RwLock<Option<ArchiveKey>>,
    trouble: watch::Sender<Option<DiskTrouble>>,
    writer: std::sync::Mutex<Option<mpsc::Sender<Job>>>,
    thread: std::sync::Mutex<Option<std::thread::JoinHandle<()>>>,
    readers: Mutex<Vec<Connection>>,
    permits: Semaphore,
    /// Writes asked for and not answered yet.
    under_way: AtomicUsize,
    last_crowd: LastCrowd,
}

/// When writes last shared a transaction in a crowd.
type LastCrowd = Arc<std::sync::Mutex<Option<Instant>>>;

impl Inner {
    fn note(&self, error: &StoreError) {
        let Some(new) = error.disk_trouble() else { return };
        self.trouble.send_if_modified(|trouble| {
            let changed = *trouble != Some(new) && *trouble != Some(DiskTrouble::Damaged);
            if changed {
                tracing::error!(%error, "the archive cannot be used");
                *trouble = Some(new);
            }
            changed
        });
    }
}

impl Store {
    /// Opens or creates the database file and brings its schema up to date. With a key the file is encrypted under it.
    pub fn open(path: &Path, key: Option<ArchiveKey>) -> Result<Self, StoreError> {
        let mut connection = open_writer(path, key.as_ref())?;
        migrations::migrate(&mut connection)?;
        prepare_index(&mut connection)?;
        ending::begin(path)?;
        let (sender, jobs) = mpsc::channel();
        let last_crowd = LastCrowd::default();
        let writer = Writer {
            path: path.to_owned(),
            key: key.clone(),
            connection: Some(connection),
            last_crowd: last_crowd.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_loop(writer, &jobs))?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                key: std::sync::RwLock::new(key),
                trouble: watch::Sender::new(None),
                writer: std::sync::Mutex::new(Some(sender)),
                thread: std::sync::Mutex::new(Some(thread)),
                readers: Mutex::new(Vec::new()),
                permits: Semaphore::new(READERS),
                under_way: AtomicUsize::new(0),
                last_crowd,
            }),
        })
    }

    /// Runs `work` in a transaction and answers after it is durable. An error of `work` undoes its changes only.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.commit(move |connection| in_savepoint(connection, work), || ()).await
    }

    /// The same for work of a single statement, which SQLite undoes by itself when it fails. A savepoint around it would keep
    /// a copy of each page it changes. `committed` is called once it is durable, also when the caller does not wait any more.
    pub(crate) async fn write_statement<T, F>(
        &self,
        work: F,
        committed: impl FnOnce() + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let guarded = move |connection: &Connection| {
            let work = std::panic::AssertUnwindSafe(|| work(connection));
            std::panic::catch_unwind(work).unwrap_or(Err(StoreError::Closed))
        };
        self.commit(guarded, committed).await
    }

    async fn commit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        committed: impl FnOnce() + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, wait) = oneshot::channel();
        let inner = self.inner.clone();
        let work: Work = Box::new(move |connection| {
            let result = connection.map_or(Err(StoreError::Closed), work);
            let failed = result.as_ref().err().filter(|error| error.disk_trouble().is_some());
            let failure = failed.map(StoreError::again);
            let finish: Finish = Box::new(move |outcome| {
                inner.under_way.fetch_sub(1, Ordering::Relaxed);
                let result = match outcome {
                    Ok(()) => result,
                    Err(error) => Err(error.again()),
                };
                match &result {
                    Ok(_) => committed(),
                    Err(error) => inner.note(error),
                }
                // A caller that went away does not need the answer.
                let _ = answer.send(result);
            });
            Ran { finish, failure }
        });
        self.inner.under_way.fetch_add(1, Ordering::Relaxed);
        self.ask(Job::Work(work))?;
        wait.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes something for no other reason than to see whether the disk takes it, and notes how that went.
    pub(crate) async fn try_writing(&self, now_ms: i64) {
        if self.write(move |c| settings::set(c, "written_ms", &now_ms)).await.is_ok() {
            // Damage in one place does not prevent writing in another.
            self.inner.trouble.send_if_modified(|trouble| {
                let over = trouble.is_some_and(|trouble| trouble != DiskTrouble::Damaged);
                if over {
                    *trouble = None;
                }
                over
            });
        }
    }

    /// What is wrong with disk or file, and every change of it. It ends with a successful [`Store::try_writing`], never by
    /// itself: other work may happen to need no space.
    pub(crate) fn trouble(&self) -> watch::Receiver<Option<DiskTrouble>> {
        self.inner.trouble.subscribe()
    }

    /// Reads the whole file and compares it with itself, table by table. Meant for the background: it ends early when the
    /// future is dropped.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        let (path, key) = (self.inner.path.clone(), self.key());
        let connection = tokio::task::spawn_blocking(move || open_reader(&path, key.as_ref()));
        let connection = connection.await.map_err(|_| StoreError::Closed)??;
        let _ends_early = InterruptOnDrop(connection.get_interrupt_handle());
        let checked = tokio::task::spawn_blocking(move || check_tables(&connection));
        let result = checked.await.map_err(|_| StoreError::Closed)?;
        if let Err(error) = &result {
            self.inner.note(error);
        }
        result
    }

    /// How many writes are asked for and not answered yet.
    pub(crate) fn under_way(&self) -> usize {
        self.inner.under_way.load(Ordering::Relaxed)
    }

    /// Whether writes have come in a crowd a moment ago: each commit answers many at once, and until their senders are back there is
    /// little under way.
    pub(crate) fn crowded(&self, moment: Duration) -> bool {
        let last = *self.inner.last_crowd.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < moment)
    }

    fn ask(&self, job: Job) -> Result<(), StoreError> {
        let sender = self.inner.writer.lock().ok().and_then(|writer| writer.clone());
        sender.ok_or(StoreError::Closed)?.send(job).map_err(|_| StoreError::Closed)
    }

    /// The key the file is under; none: it is not encrypted.
    pub(crate) fn key(&self) -> Option<ArchiveKey> {
        self.inner.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts the file under another key. Everybody else waits until it is done; afterwards all goes on, also when it failed. Once
    /// begun it is ended whether or not anybody waits for it: who reads on with the former key finds no database.
    pub(crate) async fn rekey(&self, key: ArchiveKey) -> Result<(), StoreError> {
        let store = self.clone();
        let done = tokio::spawn(async move { store.rekey_whole(key).await });
        done.await.map_err(|_| StoreError::Closed)?
    }

    async fn rekey_whole(&self, key: ArchiveKey) -> Result<(), StoreError> {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        let _nobody_reads = self.inner.permits.acquire_many(all).await.map_err(|_| StoreError::Closed)?;
        self.inner.readers.lock().await.clear();
        let (answer, wait) = oneshot::channel();
        self.ask(Job::Rekey(key.clone(), answer))?;
        wait.await.map_err(|_| StoreError::Closed)??;
        *self.inner.key.write().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(())
    }

    /// Runs `work` on a read connection, off the async threads. All its queries see the archive at one moment, whatever is written
    /// meanwhile; the moment is that of the first of them.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let _permit = self.inner.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        let pooled = self.inner.readers.lock().await.pop();
        let (path, key) = (self.inner.path.clone(), self.key());
        let (result, connection) = tokio::task::spawn_blocking(move || {
            let connection = match pooled.map_or_else(|| open_reader(&path, key.as_ref()), Ok) {
                Ok(connection) => connection,
                Err(error) => return (Err(error), None),
            };
            let result = at_one_moment(&connection, work);
            // One whose moment could not be ended would show its next reader the past.
            let ended = connection.is_autocommit();
            (result, ended.then_some(connection))
        })
        .await
        .map_err(|_| StoreError::Closed)?;
        if let Some(connection) = connection {
            self.inner.readers.lock().await.push(connection);
        }
        if let Err(error @ StoreError::Damaged) = &result {
            self.inner.note(error);
        }
        result
    }

    /// Waits for the writer to finish what it was given and closes the file. Later calls get [`StoreError::Closed`].
    pub async fn close(&self) {
        if let Ok(mut writer) = self.inner.writer.lock() {
            writer.take();
        }
        let thread = self.inner.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        self.inner.permits.close();
        self.inner.readers.lock().await.clear();
    }
}

struct InterruptOnDrop(rusqlite::InterruptHandle);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

/// Tables with rows of their own. A virtual one keeps its rows in others of these.
const STORED_TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL TABLE %'";

fn check_tables(connection: &Connection) -> Result<(), StoreError> {
    let mut statement = connection.prepare(STORED_TABLES)?;
    let tables = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    // One at a time: a reading transaction over the whole file would keep the log from being emptied.
    for table in tables {
        let name = table.replace('\'', "''");
        let found: String =
            connection.query_row(&format!("PRAGMA quick_check('{name}')"), [], |row| row.get(0))?;
        if found != "ok" {
            tracing::error!(table, found, "the archive's check failed");
            return Err(StoreError::Damaged);
        }
    }
    Ok(())
}

/// The knowledge's own tables; after an update that reads words differently the index is written again.
fn prepare_index(connection: &mut Connection) -> Result<(), StoreError> {
    if !knowledge::migrate(connection)? {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut writer = knowledge::Writer::new(&transaction);
        writer.rebuild()?;
        writer.finish()?;
        transaction.commit()?;
    }
    Ok(())
}

/// Gives a fresh connection the key, before anything else is asked of it.
pub(crate) fn unlock(connection: &Connection, key: Option<&ArchiveKey>) -> rusqlite::Result<()> {
    let Some(key) = key else { return Ok(()) };
    // Its own log goes to standard error; what goes wrong reaches us as errors anyway.
    let pragma =
        Zeroizing::new(format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"{}\"", &*key.pragma()));
    connection.execute_batch(&pragma)
}

/// Whether the file can be read with this key: a wrong one gives SQLite's "not a database".
pub(crate) fn can_read(path: &Path, key: Option<&ArchiveKey>) -> Result<(), StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    unlock(&connection, key)?;
    connection.busy_timeout(BUSY_PATIENCE)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(())
}

fn open_writer(path: &Path, key: Option<&ArchiveKey>) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    configure(&connection, key)?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: an acknowledged delivery survives a power cut, not only a crash of the program.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // SQLite makes the log with the first transaction; a database noted as open has to have one.
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
    Ok(connection)
}

pub(crate) fn open_reader(path: &Path, key: Option<&ArchiveKey>) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection, key)?;
    Ok(connection)
}

fn configure(connection: &Connection, key: Option<&ArchiveKey>) -> rusqlite::Result<()> {
    unlock(connection, key)?;
    connection.busy_timeout(BUSY_PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(128);
    // The folding of `ingest`, for columns that are compared with what the seller types.
    connection.create_scalar_function("fold", 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| {
        Ok(crate::ingest::fold(call.get_raw(0).as_str().unwrap_or_default()))
    })
}

/// What the writer thread owns.
struct Writer {
    path: PathBuf,
    key: Option<ArchiveKey>,
    /// None: after a change of key the file could not be opened again.
    connection: Option<Connection>,
    last_crowd: LastCrowd,
}

fn write_loop(mut writer: Writer, jobs: &mpsc::Receiver<Job>) {
    let mut next = None;
    while let Some(job) = next.take().or_else(|| writer.wait(jobs)) {
        match job {
            Job::Work(first) => next = writer.commit(first, jobs),
            Job::Rekey(key, answer) => {
                let _ = answer.send(writer.rekey(key)); // who asked may be gone
            }
        }
    }
    let Some(connection) = &writer.connection else { return };
    // No `PRAGMA optimize`: queries are carried out as the tests of their plans saw it, not by what tables held on some day.
    let closed = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    match closed {
        Ok(()) => ending::end(&writer.path),
        Err(error) => tracing::warn!(%error, "closing checkpoint failed"),
    }
}

impl Writer {
    /// The next job; none once nobody can ask any more.
    fn wait(&self, jobs: &mpsc::Receiver<Job>) -> Option<Job> {
        match jobs.recv_timeout(PAUSE) {
            Ok(job) => return Some(job),
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if let Some(connection) = &self.connection
            && let Err(error) = connection.execute_batch("PRAGMA shrink_memory")
        {
            tracing::debug!(%error, "pages could not be given back");
        }
        heap::give_back();
        jobs.recv().ok()
    }

    /// Commits this work together with what waits behind it. Answers a job that cannot share the transaction.
    fn commit(&self, first: Work, jobs: &mpsc::Receiver<Job>) -> Option<Job> {
        let Some(connection) = &self.connection else {
            (first(None).finish)(Err(Arc::new(StoreError::Closed)));
            return None;
        };
        let mut finishers = Vec::new();
        let mut next = None;
        let begun = say(connection, "BEGIN IMMEDIATE").map_err(StoreError::from);
        let usable = begun.is_ok().then_some(connection);
        let mut result = begun;
        let mut waiting = Some(Job::Work(first));
        let mut gathered = false;
        while finishers.len() < BATCH {
            let Some(job) = waiting.take().or_else(|| jobs.try_recv().ok()) else {
                if gathered || finishers.len() < CROWD {
                    break;
                }
                std::thread::sleep(GATHERING);
                gathered = true;
                continue;
            };
            let Job::Work(work) = job else {
                next = Some(job);
                break;
            };
            // Without a transaction all that waits fails together: it has waited for the lock just as long.
            let ran = work(usable);
            finishers.push(ran.finish);
            // On some failures SQLite undoes the whole transaction by itself. Whatever ran after that would be committed alone,
            // while its caller is told that it failed.
            if usable.is_some() && connection.is_autocommit() {
                result = Err(ran.failure.unwrap_or(StoreError::Closed));
                break;
            }
        }
        let result = result.and_then(|()| Ok(say(connection, "COMMIT")?)).map_err(|error| {
            tracing::error!(%error, "commit failed");
            if !connection.is_autocommit()
                && let Err(error) = connection.execute_batch("ROLLBACK")
            {
                tracing::error!(%error, "rollback failed");
            }
            Arc::new(error)
        });
        if finishers.len() >= CROWD {
            *self.last_crowd.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        for finish in finishers {
            finish(result.clone());
        }
        next
    }

    fn rekey(&mut self, key: ArchiveKey) -> Result<(), StoreError> {
        // The last connection takes the log into the file. A kill after that is not the kill of a run with an open database.
        ending::end(&self.path);
        self.connection = None;
        let replaced = archive::replace(&self.path, self.key.as_ref(), Some(&key));
        if replaced.is_ok() {
            self.key = Some(key);
        }
        self.connection = Some(open_writer(&self.path, self.key.as_ref())?);
        ending::begin(&self.path)?;
        replaced
    }
}

/// Runs a statement without rows that is said over and over.
fn say(connection: &Connection, words: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(words)?.execute([]).map(drop)
}

fn at_one_moment<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    say(connection, "BEGIN")?;
    let result = work(connection);
    // After some failures SQLite has ended it by itself.
    if !connection.is_autocommit()
        && let Err(error) = say(connection, "COMMIT")
    {
        tracing::warn!(%error, "a read could not be ended");
    }
    result
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    say(connection, "SAVEPOINT job")?;
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(connection)));
    match outcome {
        Ok(Ok(value)) => {
            say(connection, "RELEASE job")?;
            Ok(value)
        }
        Ok(Err(error)) => {
            undo(connection)?;
            Err(error)
        }
        Err(_panic) => {
            undo(connection)?;
            Err(StoreError::Closed)
        }
    }
}

fn undo(connection: &Connection) -> rusqlite::Result<()> {
    if connection.is_autocommit() {
        return Ok(()); // SQLite has undone the whole transaction, the savepoint with it
    }
    connection.execute_batch("ROLLBACK TO job; RELEASE job")
}

/// An empty database in memory.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn testing() -> Connection {
    let mut connection = Connection::open_in_memory().expect("a database in memory");
    configure(&connection, None).expect("its settings");
    migrations::migrate(&mut connection).expect("its tables");
    knowledge::migrate(&mut connection).expect("the knowledge's tables");
    connection
}

/// How SQLite would carry a query out.
#[cfg(test)]
pub(crate) fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let unbound = vec![rusqlite::types::Value::Null; statement.parameter_count()];
    let lines = statement.query_map(rusqlite::params_from_iter(unbound), |row| row.get(3)).unwrap();
    lines.map(Result::unwrap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("shop.db"), None).unwrap();
        (folder, store)
    }

    fn put(connection: &Connection, key: &str) -> Result<(), StoreError> {
        connection.execute("INSERT INTO settings (key, value) VALUES (?1, '1')", [key])?;
        Ok(())
    }

    async fn keys(store: &Store) -> Vec<String> {
        store
            .read(|c| {
                let mut statement = c.prepare("SELECT key FROM settings ORDER BY key")?;
                let keys = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
                Ok(keys)
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_write_is_seen_by_readers_once_it_is_answered() {
        let (_folder, store) = open();
        store.write(|c| put(c, "a")).await.unwrap();
        assert_eq!(keys(&store).await, ["a"]);
    }

    /// A draft was once made of a chat without its listing, because the listing was stored between the two questions "what is the
    /// talk" and "is its listing known".
    #[tokio::test]
    async fn a_read_sees_one_moment_whatever_is_written_meanwhile() {
        let (_folder, store) = open();
        let count = |c: &Connection| -> Result<i64, StoreError> {
            Ok(c.query_row("SELECT count(*) FROM settings", [], |row| row.get(0))?)
        };
        let (looked, hear) = oneshot::channel();
        let (written, wait) = mpsc::channel();
        let reading = store.read(move |c| {
            let before = count(c)?;
            let _ = looked.send(());
            wait.recv().map_err(|_| StoreError::Closed)?;
            Ok((before, count(c)?))
        });
        let writing = async {
            hear.await.unwrap();
            store.write(|c| put(c, "meanwhile")).await.unwrap();
            written.send(()).unwrap();
        };
        let (seen, ()) = tokio::join!(reading, writing);
        assert_eq!(seen.unwrap(), (0, 0));
        // The moment ends with the read, also with one that fails: the same connection sees what is new.
        for _ in 0..2 {
            assert!(store.read(|_| -> Result<(), StoreError> { Err(StoreError::Closed) }).await.is_err());
            assert_eq!(keys(&store).await, ["meanwhile"]);
        }
    }

    #[tokio::test]
    async fn a_failed_write_undoes_only_itself() {
        let (_folder, store) = open();
        let good = store.write(|c| put(c, "good"));
        let bad = store.write(|c| {
            put(c, "half")?;
            put(c, "good") // the key exists: fails
        });
        let panicking = store.write(|c| -> Result<(), StoreError> {
            put(c, "panic")?;
            panic!("a bug in one write")
        });
        let (good, bad, panicking) = tokio::join!(good, bad, panicking);
        assert!(good.is_ok() && bad.is_err() && panicking.is_err());
        store.write(|c| put(c, "later")).await.unwrap();
        assert_eq!(keys(&store).await, ["good", "later"]);
    }

    #[tokio::test]
    async fn a_failed_statement_undoes_only_itself_and_is_not_told_as_committed() {
        let (_folder, store) = open();
        let committed = Arc::new(AtomicUsize::new(0));
        let count = || {
            let committed = committed.clone();
            move || {
                committed.fetch_add(1, Ordering::SeqCst);
            }
        };
        let good = store.write_statement(|c| put(c, "good"), count());
        let bad = store.write_statement(|c| put(c, "good"), count());
        let panicking =
            store.write_statement(|_| -> Result<(), StoreError> { panic!("a bug in one write") }, count());
        let (good, bad, panicking) = tokio::join!(good, bad, panicking);
        assert!(good.is_ok() && bad.is_err() && panicking.is_err());
        assert_eq!(committed.load(Ordering::SeqCst), 1);
        assert_eq!(keys(&store).await, ["good"]);
    }

    #[tokio::test]
    async fn a_statement_is_told_as_committed_when_its_caller_has_gone_away() {
        let (_folder, store) = open();
        let (told, hear) = oneshot::channel();
        let gone = store.write_statement(
            |c| put(c, "kept"),
            move || {
                let _ = told.send(());
            },
        );
        // Asked for, and not waited for.
        assert!(futures_util::FutureExt::now_or_never(gone).is_none());
        hear.await.unwrap();
        assert_eq!(keys(&store).await, ["kept"]);
    }

    #[tokio::test]
    async fn many_writes_at_once_are_all_kept() {
        let (_folder, store) = open();
        let writes = (0..1000).map(|i| {
            let store = store.clone();
            tokio::spawn(async move { store.write(move |c| put(c, &i.to_string())).await.unwrap() })
        });
        for write in writes.collect::<Vec<_>>() {
            write.await.unwrap();
        }
        assert_eq!(keys(&store).await.len(), 1000);
    }

    #[tokio::test]
    async fn a_crowd_of_writes_is_told_from_single_ones() {
        let (_folder, store) = open();
        let long = Duration::from_secs(3600);
        for key in ["a", "b"] {
            store.write(move |c| put(c, key)).await.unwrap();
        }
        assert!(!store.crowded(long));
        // All are asked for before the first is answered.
        let (begun, wait) = mpsc::channel();
        let first = store.write(move |_| wait.recv().map_err(|_| StoreError::Closed));
        let others = (0..CROWD).map(|i| store.write(move |c| put(c, &i.to_string())));
        let all = futures_util::future::join(first, futures_util::future::join_all(others));
        let (first, others) = tokio::join!(all, async { begun.send(()).unwrap() }).0;
        assert!(first.is_ok() && others.iter().all(Result::is_ok));
        assert!(store.crowded(long));
        assert!(!store.crowded(Duration::ZERO));
    }

    #[tokio::test]
    async fn after_a_pause_writing_goes_on_and_closing_ends_it() {
        let (_folder, store) = open();
        for key in ["a", "b"] {
            store.write(move |c| put(c, key)).await.unwrap();
            tokio::time::sleep(PAUSE * 3).await; // the pause is what is tried here
        }
        assert_eq!(keys(&store).await, ["a", "b"]);
        store.close().await;
    }

    #[tokio::test]
    async fn closing_finishes_what_was_given() {
        let (folder, store) = open();
        store.write(|c| put(c, "a")).await.unwrap();
        store.close().await;
        assert!(matches!(store.write(|c| put(c, "b")).await, Err(StoreError::Closed)));
        let again = Store::open(&folder.path().join("shop.db"), None).unwrap();
        assert_eq!(keys(&again).await, ["a"]);
    }
}
