//! Reading files into passages, in the background: one at a time, watched and stopped from elsewhere.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use documents::{Limits, Outcome, Passage, Problem, Sink, Trouble};
use knowledge::Writer;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::error::CoreError;
use crate::ids::SourceId;
use crate::store::passages::{self, Of, Part};
use crate::store::sources::{self, SourceRow};
use crate::store::{Store, StoreError};
use crate::view::{Notice, ProblemCode, ReadingProgress, SourceProblem, SourceState};

/// Passages written in one transaction. The keys of passages are hashes: each lands on another page of the archive, and the more there are
/// in a transaction, the more share a page that is encrypted and written once.
const BATCH: usize = 1_000;
/// After so many a transaction ends when somebody else has something to write: a delivery waits for it.
const PIECE: usize = 200;
/// Batches that wait to be written: what is read ahead stays small.
const AHEAD: usize = 2;
/// Progress is told at least so often while a file is slow.
const TELL: Duration = Duration::from_millis(250);
/// A file that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// Where readings are asked for and watched.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) wake: Notify,
    now: Mutex<Option<Now>>,
    /// Dropped files, which have no path: until they are read.
    dropped: Mutex<HashMap<SourceId, Vec<u8>>>,
    /// Sources that are removed and can still be had back.
    removed: Mutex<HashMap<SourceId, CancellationToken>>,
    /// Files of watched folders that the last look missed.
    missing: Mutex<HashSet<SourceId>>,
}

struct Now {
    source: SourceId,
    stop: CancellationToken,
    percent: AtomicU32,
    passages: AtomicU32,
}

impl Desk {
    /// How far the reading of a source is, if it is the one being read.
    pub(super) fn progress(&self, source: SourceId) -> Option<ReadingProgress> {
        let now = self.now.lock().ok()?;
        let now = now.as_ref().filter(|now| now.source == source)?;
        Some(ReadingProgress {
            percent: now.percent.load(Ordering::Relaxed),
            passages: now.passages.load(Ordering::Relaxed),
        })
    }

    /// Notes the files that a look at watched folders misses, and gives those that the look before has missed.
    pub(super) fn missed(&self, now: HashSet<SourceId>) -> HashSet<SourceId> {
        std::mem::replace(&mut self.missing.lock().unwrap_or_else(PoisonError::into_inner), now)
    }

    /// Keeps the bytes of a dropped file until they are read.
    pub(super) fn put_dropped(&self, source: SourceId, bytes: Vec<u8>) {
        self.lock_dropped().insert(source, bytes);
    }

    fn take_dropped(&self, source: SourceId) -> Option<Vec<u8>> {
        self.lock_dropped().remove(&source)
    }

    fn has_dropped(&self, source: SourceId) -> bool {
        self.lock_dropped().contains_key(&source)
    }

    fn lock_dropped(&self) -> MutexGuard<'_, HashMap<SourceId, Vec<u8>>> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A source is removed for now; what this gives is cancelled when it is had back.
    pub(super) fn removed(&self, source: SourceId) -> CancellationToken {
        let had_back = CancellationToken::new();
        self.lock_removed().insert(source, had_back.clone());
        had_back
    }

    /// It is had back, or cannot be any more.
    pub(super) fn had_back(&self, source: SourceId) {
        if let Some(removed) = self.lock_removed().remove(&source) {
            removed.cancel();
        }
    }

    fn lock_removed(&self) -> MutexGuard<'_, HashMap<SourceId, CancellationToken>> {
        self.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the reading of a source, if it is going on.
    pub(super) fn stop(&self, source: SourceId) {
        if let Ok(now) = self.now.lock()
            && let Some(now) = now.as_ref().filter(|now| now.source == source)
        {
            now.stop.cancel();
        }
    }

    fn set(&self, now: Option<Now>) {
        if let Ok(mut place) = self.now.lock() {
            *place = now;
        }
    }

    /// Gives whether a whole percent was gained.
    fn tell(&self, percent: u32, passages: u32) -> bool {
        let Ok(now) = self.now.lock() else { return false };
        let Some(now) = now.as_ref() else { return false };
        now.passages.store(passages, Ordering::Relaxed);
        now.percent.swap(percent, Ordering::Relaxed) != percent
    }
}

/// Reads what is to be read until the core stops.
pub(super) async fn work(core: Core) {
    loop {
        let read = match next(&core).await {
            Ok(Some(source)) => read_one(&core, source).await,
            Ok(None) => {
                core.inner.desk.wake.notified().await;
                continue;
            }
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            // The disk: it is tried again when somebody asks, or after a while.
            tracing::warn!(%error, "a source could not be read into the archive");
            let pause = core.inner.clock.sleep(core.inner.timing.trouble_max);
            tokio::select! { () = pause => {}, () = core.inner.desk.wake.notified() => {} }
        }
    }
}

/// The source to read next, after what was read before is as it should be.
async fn next(core: &Core) -> Result<Option<SourceRow>, CoreError> {
    super::settle_left(core).await?;
    Ok(core.inner.store.read(sources::next_to_read).await?)
}

/// What a file says about itself, and its bytes.
struct Opened {
    bytes: Vec<u8>,
    hash: Vec<u8>,
    size: i64,
    modified_ms: Option<i64>,
}

async fn read_one(core: &Core, source: SourceRow) -> Result<(), CoreError> {
    let id = source.id;
    let stop = core.inner.stop.child_token();
    core.inner.desk.set(Some(Now {
        source: id,
        stop: stop.clone(),
        percent: AtomicU32::new(0),
        passages: AtomicU32::new(0),
    }));
    core.notify(Notice::Knowledge);
    let read = async {
        // Stopped or removed since it was chosen, while there was no reading to stop.
        if !core.inner.store.read(move |c| sources::is_to_read(c, id)).await? {
            return Ok(());
        }
        let ended = read_source(core, &source, &stop).await?;
        let (now_ms, of) = (core.inner.clock.now_ms(), core.clone());
        let noted = core.inner.store.write(move |c| {
            // Dropped once more meanwhile: that form is read next.
            if of.inner.desk.has_dropped(id) { Ok(()) } else { sources::set_read(c, id, &ended, now_ms) }
        });
        noted.await?;
        Ok::<_, CoreError>(())
    };
    let read = read.await;
    core.inner.desk.set(None);
    read?;
    core.settle(id).await
}

/// How a reading ended, for the row of the source.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) state: SourceState,
    pub(crate) problems: Vec<SourceProblem>,
    /// Hash, size and time of change of what was read; none: nothing was.
    pub(crate) file: Option<(Vec<u8>, i64, Option<i64>)>,
    /// Its words are others than before.
    pub(crate) changed: bool,
}

fn unreadable(code: ProblemCode) -> Ended {
    let problem = SourceProblem { code, page_from: None, page_to: None, sheet: None };
    Ended { state: SourceState::Unreadable, problems: vec![problem], ..Ended::default() }
}

async fn read_source(core: &Core, source: &SourceRow, stop: &CancellationToken) -> Result<Ended, CoreError> {
    let dropped = core.inner.desk.take_dropped(source.id);
    let path = source.path.clone();
    let opened = tokio::task::spawn_blocking(move || match (dropped, path) {
        (Some(bytes), _) => Ok(opened(bytes, None)),
        (None, Some(path)) => open(Path::new(&path)),
        (None, None) => Err(ProblemCode::Interrupted),
    });
    let opened = match opened.await.map_err(|_| StoreError::Closed)? {
        Ok(opened) => opened,
        Err(code) => return Ok(unreadable(code)),
    };
    let file = Some((opened.hash.clone(), opened.size, opened.modified_ms));
    if source.hash.as_ref() == Some(&opened.hash) && source.reading > 0 && source.problems.is_none() {
        return Ok(Ended { file, ..Ended::default() });
    }
    let id = source.id;
    let Some(of) = core.inner.store.read(move |c| passages::of(c, id)).await? else {
        // Removed meanwhile, and to be read when it is had back.
        return Ok(Ended { state: SourceState::Stopped, ..Ended::default() });
    };
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (name, reader_stop) = (source.title.clone(), stop.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        let batch = Vec::with_capacity(BATCH);
        let mut sink =
            Batches { sender, batch, percent: 0, stop: reader_stop, begun, given: begun, too_slow: false };
        let read = documents::read(&opened.bytes, &name, &Limits::default(), &mut sink);
        let given = sink.give();
        match read {
            _ if sink.too_slow => Err(Problem::TooSlow),
            Ok(Outcome::Read(_)) if given.is_break() => Ok(Outcome::Stopped),
            read => read,
        }
    });
    let written = write_batches(core, of, receiver, stop).await;
    let outcome = reading.await.map_err(|_| StoreError::Closed)?;
    let outcome = match (written?, outcome) {
        // All of it is parsed, but what was to be written behind the stop is not.
        (Written::InPart, Ok(Outcome::Read(_))) => Ok(Outcome::Stopped),
        (_, outcome) => outcome,
    };
    let ended = match outcome {
        Ok(Outcome::Read(troubles)) => {
            core.inner.store.write(move |c| passages::end_reading(c, &of)).await?;
            let problems = troubles.iter().map(problem).collect();
            Ended { state: SourceState::Read, problems, file, changed: true }
        }
        // The program ends: it goes on at the next start.
        Ok(Outcome::Stopped) if core.inner.stop.is_cancelled() => return Err(StoreError::Closed.into()),
        Ok(Outcome::Stopped) => Ended { state: SourceState::Stopped, ..Ended::default() },
        Err(reason) => Ended { file, ..unreadable(code(reason)) },
    };
    Ok(ended)
}

fn open(path: &Path) -> Result<Opened, ProblemCode> {
    let trouble = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => ProblemCode::FileMissing,
        _ => ProblemCode::FileTrouble,
    };
    let file = std::fs::File::open(path).map_err(trouble)?;
    let about = file.metadata().map_err(trouble)?;
    if !about.is_file() {
        return Err(ProblemCode::FileTrouble);
    }
    let limit = Limits::default().file as u64;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(trouble)?;
    Ok(opened(bytes, modified_ms(&about)))
}

fn opened(bytes: Vec<u8>, modified_ms: Option<i64>) -> Opened {
    let hash = Sha256::digest(&bytes).to_vec();
    Opened { hash, size: i64::try_from(bytes.len()).unwrap_or(i64::MAX), modified_ms, bytes }
}

/// When a file last changed, UTC milliseconds.
pub(super) fn modified_ms(about: &std::fs::Metadata) -> Option<i64> {
    let since = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

type Batch = (u32, Vec<Part>);

/// Takes passages from the parser's thread to the writer, which it waits for.
struct Batches {
    sender: mpsc::Sender<Batch>,
    batch: Vec<Part>,
    percent: u32,
    stop: CancellationToken,
    begun: Instant,
    /// When the last batch was handed over.
    given: Instant,
    too_slow: bool,
}

impl Batches {
    fn give(&mut self) -> ControlFlow<()> {
        self.given = Instant::now();
        let batch = std::mem::take(&mut self.batch);
        if self.sender.blocking_send((self.percent, batch)).is_err() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Sink for Batches {
    fn passage(&mut self, passage: Passage) -> ControlFlow<()> {
        self.batch.push(part(passage));
        if self.batch.len() == BATCH { self.give() } else { ControlFlow::Continue(()) }
    }

    fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        self.too_slow = self.begun.elapsed() > PATIENCE;
        if self.stop.is_cancelled() || self.too_slow {
            return ControlFlow::Break(());
        }
        let percent = u32::try_from((done * 100).checked_div(total).unwrap_or(0)).unwrap_or(0);
        if percent != self.percent {
            self.percent = percent;
            if self.given.elapsed() > TELL {
                return self.give();
            }
        }
        ControlFlow::Continue(())
    }
}

pub(super) fn part(passage: Passage) -> Part {
    let Passage { heading, text, page, sheet, line, item } = passage;
    Part { heading, text, page, sheet, line, item }
}

/// How much of what was parsed is in the archive.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    Whole,
    InPart,
}

async fn write_batches(
    core: &Core,
    of: Of,
    mut batches: mpsc::Receiver<Batch>,
    stop: &CancellationToken,
) -> Result<Written, StoreError> {
    let mut put = Putter::new(of);
    while let Some((percent, batch)) = batches.recv().await {
        if stop.is_cancelled() {
            return Ok(Written::InPart);
        }
        put = put.write(&core.inner.store, batch).await?;
        if core.inner.desk.tell(percent, u32::try_from(put.ordinal).unwrap_or(u32::MAX)) {
            core.notify(Notice::Knowledge);
        }
    }
    // A source that is removed takes nothing more, though all of it was given.
    Ok(if stop.is_cancelled() { Written::InPart } else { Written::Whole })
}

/// Puts parts one after the other, counting those with equal words.
struct Putter {
    of: Of,
    ordinal: i64,
    equal: HashMap<u64, u32>,
}

impl Putter {
    fn new(of: Of) -> Self {
        Self { of, ordinal: 0, equal: HashMap::new() }
    }

    /// Writes all of a batch; where others want to write, in pieces, and they between these.
    async fn write(mut self, store: &Store, mut batch: Vec<Part>) -> Result<Self, StoreError> {
        while !batch.is_empty() {
            let others = store.clone();
            (self, batch) =
                store.write(move |c| self.write_piece(c, batch, || others.under_way() > 1)).await?;
        }
        Ok(self)
    }

    /// Gives what is left of the batch.
    fn write_piece(
        mut self,
        connection: &Connection,
        mut batch: Vec<Part>,
        others_wait: impl Fn() -> bool,
    ) -> Result<(Self, Vec<Part>), StoreError> {
        // For whom it holds may be others by now; and the seller may have removed it.
        let Some(of) = passages::of_now(connection, self.of)? else { return Ok((self, Vec::new())) };
        self.of = of;
        let mut writer = Writer::new(connection);
        let mut written = 0;
        for part in &batch {
            if written >= PIECE && others_wait() {
                break;
            }
            let again = self.equal.entry(part.digest()).or_default();
            passages::put(connection, &mut writer, &self.of, self.ordinal, part, *again)?;
            *again += 1;
            self.ordinal += 1;
            written += 1;
        }
        writer.finish()?;
        batch.drain(..written);
        Ok((self, batch))
    }
}

fn problem(trouble: &Trouble) -> SourceProblem {
    SourceProblem {
        code: code(trouble.problem),
        page_from: trouble.pages.map(|(from, _)| from),
        page_to: trouble.pages.map(|(_, to)| to),
        sheet: trouble.sheet.clone(),
    }
}

fn code(problem: Problem) -> ProblemCode {
    match problem {
        Problem::Empty => ProblemCode::Empty,
        Problem::NoText => ProblemCode::NoText,
        Problem::UnknownKind => ProblemCode::UnknownKind,
        Problem::OldKind => ProblemCode::OldKind,
        Problem::Password => ProblemCode::Password,
        Problem::Damaged => ProblemCode::Damaged,
        Problem::TooLarge => ProblemCode::TooLarge,
        Problem::Bomb => ProblemCode::Bomb,
        Problem::Macros => ProblemCode::Macros,
        Problem::TooSlow => ProblemCode::TooSlow,
        Problem::TooMany => ProblemCode::TooMany,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::idle_core;

    fn parts(count: usize) -> Vec<Part> {
        (0..count).map(|at| Part { text: format!("Строка {at}"), ..Part::default() }).collect()
    }

    fn count(connection: &Connection) -> Result<usize, StoreError> {
        let count: u32 =
            connection.query_row("SELECT count(*) FROM source_passages", [], |row| row.get(0))?;
        Ok(count as usize)
    }

    async fn store_with_a_source() -> (tempfile::TempDir, Store, Of) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("shop.db"), None).unwrap();
        let of = store
            .write(|c| {
                let id =
                    sources::add(c, &sources::NewSource { title: "price.csv".into(), ..Default::default() })?;
                passages::of(c, id)
            })
            .await
            .unwrap();
        (folder, store, of.unwrap())
    }

    #[tokio::test]
    async fn a_write_of_somebody_else_comes_between_the_pieces_of_a_batch() {
        let (_folder, store, of) = store_with_a_source().await;
        let (release, held) = std::sync::mpsc::channel::<()>();
        // The writer is held until the other write waits behind the batch.
        let holding = store.write(move |_| {
            held.recv().unwrap();
            Ok(())
        });
        let putting = Putter::new(of).write(&store, parts(BATCH));
        let other = store.write(count);
        let releasing = async {
            while store.under_way() < 3 {
                tokio::task::yield_now().await;
            }
            release.send(()).unwrap();
        };
        let (_, put, seen, ()) = tokio::join!(holding, putting, other, releasing);
        assert_eq!(seen.unwrap(), PIECE);
        assert_eq!(put.unwrap().ordinal, i64::try_from(BATCH).unwrap());
        assert_eq!(store.write(count).await.unwrap(), BATCH);
    }

    #[tokio::test]
    async fn a_batch_that_nobody_waits_for_is_one_transaction() {
        let (_folder, store, of) = store_with_a_source().await;
        let left =
            store.write(move |c| Putter::new(of).write_piece(c, parts(BATCH), || false)).await.unwrap().1;
        assert!(left.is_empty());
        assert_eq!(store.write(count).await.unwrap(), BATCH);
    }

    #[tokio::test]
    async fn a_source_stopped_as_its_reading_begins_is_not_read() {
        let (folder, core) = idle_core().await;
        let path = folder.path().join("заметка.txt");
        std::fs::write(&path, "Доставка бесплатная.").unwrap();
        let id = core.add_files(&crate::view::Scope::default(), vec![path], false).await.unwrap()[0];
        let source = core.inner.store.read(sources::next_to_read).await.unwrap().unwrap();
        core.stop_reading(id).await.unwrap();
        read_one(&core, source).await.unwrap();
        let now = core.inner.store.read(move |c| sources::get(c, id)).await.unwrap().unwrap();
        assert_eq!(now.state, SourceState::Stopped);
    }

    #[tokio::test]
    async fn a_source_removed_before_its_first_passage_is_still_to_be_read() {
        let (folder, core) = idle_core().await;
        let path = folder.path().join("заметка.txt");
        std::fs::write(&path, "Доставка бесплатная.").unwrap();
        let scope = crate::view::Scope::default();
        let id = core.add_files(&scope, vec![path], false).await.unwrap()[0];
        let source = core.inner.store.read(sources::next_to_read).await.unwrap().unwrap();
        assert!(core.inner.store.write(move |c| sources::put_away(c, id)).await.unwrap());
        read_one(&core, source).await.unwrap();
        core.restore_source(id).await.unwrap();
        let again = core.inner.store.read(sources::next_to_read).await.unwrap();
        assert_eq!(again.map(|source| source.id), Some(id));
    }

    #[tokio::test]
    async fn what_a_full_disk_left_half_done_is_done_before_the_next_source_is_read() {
        let (folder, core) = idle_core().await;
        let path = folder.path().join("заметка.txt");
        std::fs::write(&path, "Доставка бесплатная.").unwrap();
        let id = core.add_files(&crate::view::Scope::default(), vec![path], false).await.unwrap()[0];
        // Noted, and then the disk was full: the index has not followed.
        assert!(core.inner.store.write(move |c| sources::set_off(c, id, true)).await.unwrap());
        assert_eq!(core.inner.store.read(sources::unsettled).await.unwrap(), [id]);
        next(&core).await.unwrap();
        assert!(core.inner.store.read(sources::unsettled).await.unwrap().is_empty());
    }
}
