//! The database: one writer thread that commits what is waiting in one go, several readers, migrations.
//!
//! Writes are closures run inside one transaction with their neighbours (group commit): a hundred deliveries that arrive
//! together cost one sync to disk, and each caller hears of success only after the commit. A closure that fails rolls back
//! only its own work. Readers are separate connections, so a long read never delays a delivery.

pub(crate) mod accounts;
pub(crate) mod chats;
pub(crate) mod events;
pub(crate) mod media;
pub(crate) mod messages;
mod migrations;
pub(crate) mod outbox;
pub(crate) mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Mutex, Semaphore, oneshot};

/// Why the database could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// SQLite failed.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was written by a newer program.
    #[error("the database has version {found}, this program knows {known}")]
    Newer {
        /// Version of the file.
        found: i64,
        /// Version of this program.
        known: i64,
    },
    /// The database file or its folder cannot be used.
    #[error("data folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The writer has ended (the program is closing).
    #[error("the database is closed")]
    Closed,
}

type Finish = Box<dyn FnOnce(Result<(), Arc<StoreError>>) + Send>;
/// Without a connection (no transaction could be begun) the work is skipped and the caller gets the error.
type Job = Box<dyn FnOnce(Option<&Connection>) -> Finish + Send>;

/// At most so many closures share a transaction, so that none waits long for its neighbours.
const BATCH: usize = 256;
const READERS: usize = 4;

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: std::sync::Mutex<Option<mpsc::Sender<Job>>>,
    thread: std::sync::Mutex<Option<std::thread::JoinHandle<()>>>,
    readers: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Store {
    /// Opens or creates the database file and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        configure(&connection)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // FULL: an acknowledged delivery survives a power cut, not only a crash of the program.
        connection.pragma_update(None, "synchronous", "FULL")?;
        migrations::migrate(&mut connection)?;
        let (sender, jobs) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_loop(connection, &jobs))?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer: std::sync::Mutex::new(Some(sender)),
                thread: std::sync::Mutex::new(Some(thread)),
                readers: Mutex::new(Vec::new()),
                permits: Semaphore::new(READERS),
            }),
        })
    }

    /// Runs `work` in a transaction and answers after it is durable. An error of `work` undoes its changes only.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result =
                connection.map_or(Err(StoreError::Closed), |connection| in_savepoint(connection, work));
            Box::new(move |committed| {
                // A caller that went away does not need the answer.
                let _ = answer.send(match committed {
                    Ok(()) => result,
                    Err(error) => Err(repeat(&error)),
                });
            })
        });
        let sender = self.inner.writer.lock().ok().and_then(|writer| writer.clone());
        sender.ok_or(StoreError::Closed)?.send(job).map_err(|_| StoreError::Closed)?;
        wait.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs `work` on a read connection, off the async threads.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let _permit = self.inner.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        let pooled = self.inner.readers.lock().await.pop();
        let path = self.inner.path.clone();
        let (result, connection) = tokio::task::spawn_blocking(move || {
            let connection = match pooled.map_or_else(|| open_reader(&path), Ok) {
                Ok(connection) => connection,
                Err(error) => return (Err(error), None),
            };
            (work(&connection), Some(connection))
        })
        .await
        .map_err(|_| StoreError::Closed)?;
        if let Some(connection) = connection {
            self.inner.readers.lock().await.push(connection);
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

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(128);
    // The folding of `ingest`, for columns that are compared with what the seller types.
    connection.create_scalar_function("fold", 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| {
        Ok(crate::ingest::fold(call.get_raw(0).as_str().unwrap_or_default()))
    })
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

fn write_loop(connection: Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut finishers = Vec::new();
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        finishers.push(first(begun.is_ok().then_some(&connection)));
        let result = begun.and_then(|()| {
            while finishers.len() < BATCH
                && let Ok(job) = jobs.try_recv()
            {
                finishers.push(job(Some(&connection)));
            }
            connection.execute_batch("COMMIT")
        });
        let result = result.map_err(|error| {
            tracing::error!(%error, "commit failed");
            if !connection.is_autocommit()
                && let Err(error) = connection.execute_batch("ROLLBACK")
            {
                tracing::error!(%error, "rollback failed");
            }
            Arc::new(StoreError::Sqlite(error))
        });
        for finish in finishers {
            finish(result.clone());
        }
    }
    if let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "closing checkpoint failed");
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.execute_batch("SAVEPOINT job")?;
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(connection)));
    match outcome {
        Ok(Ok(value)) => {
            connection.execute_batch("RELEASE job")?;
            Ok(value)
        }
        Ok(Err(error)) => {
            connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
            Err(error)
        }
        Err(_panic) => {
            connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
            Err(StoreError::Closed)
        }
    }
}

/// A commit that fails fails for all its callers, and `rusqlite::Error` cannot be cloned.
fn repeat(error: &Arc<StoreError>) -> StoreError {
    match &**error {
        StoreError::Sqlite(rusqlite::Error::SqliteFailure(code, text)) => {
            StoreError::Sqlite(rusqlite::Error::SqliteFailure(*code, text.clone()))
        }
        other => StoreError::Folder(std::io::Error::other(other.to_string())),
    }
}

/// An empty database in memory.
#[cfg(test)]
pub(crate) fn testing() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    configure(&connection).unwrap();
    migrations::migrate(&mut connection).unwrap();
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
        let store = Store::open(&folder.path().join("shop.db")).unwrap();
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
    async fn closing_finishes_what_was_given() {
        let (folder, store) = open();
        store.write(|c| put(c, "a")).await.unwrap();
        store.close().await;
        assert!(matches!(store.write(|c| put(c, "b")).await, Err(StoreError::Closed)));
        let again = Store::open(&folder.path().join("shop.db")).unwrap();
        assert_eq!(keys(&again).await, ["a"]);
    }
}
