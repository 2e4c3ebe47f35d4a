//! What can go wrong.

/// Why the knowledge could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// The database failed.
    #[error("the knowledge's tables: {0}")]
    Database(#[from] rusqlite::Error),
    /// The tables were written by a newer version of the app.
    #[error("the knowledge is of a newer version ({found}) than this app knows ({known})")]
    Newer {
        /// The version found.
        found: i64,
        /// The newest version this program can read.
        known: i64,
    },
    /// A row that this crate wrote does not read as it was written.
    #[error("the index is damaged: {0}")]
    Damaged(&'static str),
}
