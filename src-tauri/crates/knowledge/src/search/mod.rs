//! From a question to the passages that speak of it.

mod explain;
mod fusion;
mod query;
mod rank;

use rusqlite::Connection;

pub use explain::{Reason, Reasons};
pub(crate) use query::Term;
pub(crate) use rank::Ranked;
pub use rank::{Hit, Searcher};

/// Where a question was asked: what is nearer counts more, what belongs elsewhere is not seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope {
    /// The account of the chat; `None` sees only passages that hold for every account.
    pub account: Option<i64>,
    /// The item the chat is about.
    pub item: Option<i64>,
}

/// A passage as it stands in the tables.
#[derive(Debug, Clone)]
pub struct Passage {
    /// The row; a changed passage gets a new one.
    pub id: i64,
    /// The source's own name for it.
    pub key: String,
    /// The heading.
    pub title: String,
    /// The text.
    pub text: String,
}

/// Reads a passage; `None` when it was removed in between.
pub(crate) fn passage(connection: &Connection, id: i64) -> rusqlite::Result<Option<Passage>> {
    use rusqlite::OptionalExtension;
    let read = "SELECT id, key, title, text FROM knowledge_passage WHERE id = ?1";
    connection
        .prepare_cached(read)?
        .query_row([id], |row| {
            Ok(Passage { id: row.get(0)?, key: row.get(1)?, title: row.get(2)?, text: row.get(3)? })
        })
        .optional()
}
