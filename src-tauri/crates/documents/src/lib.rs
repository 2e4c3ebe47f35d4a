//! The seller's files cut into passages: the units that are found and cited.
//!
//! Whatever a file holds, reading it ends: in bounded memory, with passages or with a [`Problem`] that can be told in words.
//! Nothing of a file is ever run, and nothing is fetched.

mod autoload;
mod chunks;
mod encoding;
mod html;
mod kind;
mod markdown;
mod packed;
mod pdf;
mod plain;
mod price;
mod table;
mod word;
mod workbook;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use kind::{EXTENSIONS, Kind};
pub use price::price;

/// A piece of a file, with the place it stands at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passage {
    /// Headings above it, outer first, joined by ` › `.
    pub heading: String,
    /// Its words. Of a table's row: `column: value; column: value`.
    pub text: String,
    /// Page of a paged document, from 1.
    pub page: Option<u32>,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Row of a table, from 1.
    pub line: Option<u32>,
    /// Avito's number of the item it speaks of.
    pub item: Option<i64>,
}

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing in it.
    #[error("there are no words in it")]
    Empty,
    /// Pictures of text, as a scanner makes them.
    #[error("pictures without text")]
    NoText,
    /// Not a kind of file that can be read.
    #[error("a kind of file that is not read")]
    UnknownKind,
    /// A kind from before 2007 (`.doc`).
    #[error("an old kind of file")]
    OldKind,
    /// A password protects it.
    #[error("protected by a password")]
    Password,
    /// It is not what its name says, or cut.
    #[error("damaged")]
    Damaged,
    /// More than [`Limits`] allow, packed or unpacked.
    #[error("too large")]
    TooLarge,
    /// It unpacks into far more than its size: made to fill the memory.
    #[error("unpacks into far too much")]
    Bomb,
    /// It holds programs (macros). They were left alone; the text was read.
    #[error("macros were left alone")]
    Macros,
    /// Reading it took too long.
    #[error("took too long")]
    TooSlow,
    /// Rows or pages over the limit were left out.
    #[error("more passages than are kept")]
    TooMany,
}

/// Something in a file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Why.
    pub problem: Problem,
    /// Pages from, to.
    pub pages: Option<(u32, u32)>,
    /// The sheet.
    pub sheet: Option<String>,
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self { problem, pages: None, sheet: None }
    }
}

/// How much is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a file.
    pub file: usize,
    /// Bytes it may unpack into.
    pub unpacked: u64,
    /// Passages.
    pub passages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 64 << 20, unpacked: 400 << 20, passages: 300_000 }
    }
}

/// Who takes the passages.
pub trait Sink {
    /// A passage was read; `Break` ends the reading.
    fn passage(&mut self, passage: Passage) -> ControlFlow<()>;
    /// So much of the whole is done, in any unit; called often. `Break` ends the reading.
    fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()>;
}

/// How a reading ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All that can be read was read.
    Read(Vec<Trouble>),
    /// The sink wanted no more.
    Stopped,
}

/// Ends a reading early.
#[derive(Debug)]
enum End {
    Problem(Problem),
    Stopped,
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

type Reading<T = ()> = Result<T, End>;

/// What the readers of the kinds share: the sink with its limits, and the troubles met.
struct Out<'a> {
    sink: &'a mut dyn Sink,
    limits: Limits,
    count: u32,
    troubles: Vec<Trouble>,
}

impl Out<'_> {
    fn passage(&mut self, passage: Passage) -> Reading {
        if passage.text.trim().is_empty() {
            return Ok(());
        }
        if self.count == self.limits.passages {
            self.troubles.push(Problem::TooMany.into());
            return Err(End::Problem(Problem::TooMany));
        }
        self.count += 1;
        flow(self.sink.passage(passage))
    }

    fn progress(&mut self, done: u64, total: u64) -> Reading {
        flow(self.sink.progress(done.min(total), total))
    }
}

fn flow(flow: ControlFlow<()>) -> Reading {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(End::Stopped),
    }
}

/// Reads a file named `name` into the sink. It never panics; a fault of a parser counts as damage of the file.
///
/// # Errors
/// The [`Problem`] when nothing of it could be read.
pub fn read(bytes: &[u8], name: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<Outcome, Problem> {
    if bytes.len() > limits.file {
        return Err(Problem::TooLarge);
    }
    let mut out = Out { sink, limits: *limits, count: 0, troubles: Vec::new() };
    let kind = Kind::of(bytes, name)?;
    let read = catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Plain => plain::read(&encoding::decode(bytes)?, &mut out),
        Kind::Markdown => markdown::read(&encoding::decode(bytes)?, &mut out),
        Kind::Csv => table::read_csv(&encoding::decode(bytes)?, &mut out),
        Kind::Html => html::read(bytes, &mut out),
        Kind::Xml => autoload::read(bytes, &mut out),
        Kind::Word => word::read(bytes, &mut out),
        Kind::Workbook => workbook::read(bytes, &mut out),
        Kind::OldWorkbook => workbook::read_old(bytes, &mut out),
        Kind::Pdf => pdf::read(bytes, &mut out),
    }));
    let Out { count, mut troubles, .. } = out;
    match read {
        Ok(Err(End::Stopped)) => return Ok(Outcome::Stopped),
        Ok(Ok(()) | Err(End::Problem(Problem::TooMany))) => {}
        Ok(Err(End::Problem(problem))) if count == 0 => return Err(problem),
        Ok(Err(End::Problem(problem))) => troubles.push(problem.into()),
        // A reader leaves through the layers of a parser so, see pdf.rs.
        Err(payload) if payload.is::<pdf::Stopped>() => return Ok(Outcome::Stopped),
        Err(_) if count == 0 => return Err(Problem::Damaged),
        Err(_) => troubles.push(Problem::Damaged.into()),
    }
    if count == 0 {
        return Err(troubles.first().map_or(Problem::Empty, |trouble| trouble.problem));
    }
    Ok(Outcome::Read(troubles))
}

/// Reads text that was pasted, as a plain file's.
///
/// # Errors
/// As [`read`].
pub fn read_text(text: &str, limits: &Limits, sink: &mut dyn Sink) -> Result<Outcome, Problem> {
    read(text.as_bytes(), "pasted.txt", limits, sink)
}
