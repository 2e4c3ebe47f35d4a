//! The index: words of passages in tables beside the archive.

pub(crate) mod counts;
pub(crate) mod postings;
pub(crate) mod vocabulary;
mod writer;

pub use writer::Writer;

/// Raised whenever the analysis or what is indexed changes, so that indexes written before are written again.
pub(crate) const ANALYSIS: i64 = 3;

/// A passage to put into the index.
#[derive(Debug, Clone, Copy)]
pub struct NewPassage<'a> {
    /// The source's own name for it; putting the same key again replaces it.
    pub key: &'a str,
    /// The account it holds for; `None`: every account.
    pub account: Option<i64>,
    /// The item it holds for; `None`: every item.
    pub item: Option<i64>,
    /// The heading, the question of an entry, or the item's title.
    pub title: &'a str,
    /// What is searched and quoted.
    pub text: &'a str,
}
