//! Knowledge: its sources, what is found in them and why.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::ids::{AccountId, PassageId, SourceId};

/// For whom something holds; also where a question is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// The account; none: every account.
    pub account: Option<AccountId>,
    /// Avito's item id as text; none: every item.
    pub item: Option<String>,
}

/// What a source is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SourceKind {
    /// A question with its answer, written by the seller.
    #[default]
    Question,
    /// A note of the seller.
    Note,
    /// A file.
    File,
    /// Text pasted from elsewhere.
    Pasted,
    /// A listing of the account.
    Item,
    /// A reply the seller approved.
    Reply,
}

/// How far the reading of a source has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SourceState {
    /// It waits to be read, or is being read.
    ToRead,
    /// It is read.
    #[default]
    Read,
    /// It cannot be read.
    Unreadable,
    /// The seller stopped the reading.
    Stopped,
}

/// An entry as the seller writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EntryInput {
    /// A question, a note or pasted text.
    pub kind: SourceKind,
    /// For whom it holds.
    pub scope: Scope,
    /// The question, or a heading (may be empty for a note).
    pub title: String,
    /// The answer, or the text.
    pub text: String,
    /// Where pasted text comes from.
    pub url: Option<String>,
}

/// Why a word of a passage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum MatchKind {
    /// The same word, number or code.
    Same,
    /// Another ending.
    Form,
    /// The same name in the other alphabet.
    Sound,
    /// A word of the same sense.
    Synonym,
    /// The question has a typo.
    Typo,
    /// They share a part.
    Part,
}

/// A word of a passage that was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundWord {
    /// The word of the question, in its normal form.
    pub asked: String,
    /// The word as the passage has it.
    pub word: String,
    /// Why it counts.
    pub how: MatchKind,
    /// It stands in the heading, not in the text.
    pub in_heading: bool,
    /// Where it begins there, in UTF-16 units as JavaScript counts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// A passage that was found for a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundPassage {
    /// The passage.
    pub id: PassageId,
    /// Its lasting name: the same words keep it when the source is read again.
    pub key: String,
    /// The source.
    pub source: SourceId,
    /// What the source is.
    pub kind: SourceKind,
    /// The source's title: question, file name, title of the item.
    pub source_title: String,
    /// For whom it holds.
    pub scope: Scope,
    /// Headings above it, outer first; the question of an entry.
    pub heading: String,
    /// Its words.
    pub text: String,
    /// Page of a paged document, from 1.
    pub page: Option<u32>,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Row of a table, from 1.
    pub line: Option<u32>,
    /// When the source last changed, UTC milliseconds.
    pub changed_ms: i64,
    /// Comparable within one search only.
    pub score: f64,
    /// The words that spoke for it.
    pub words: Vec<FoundWord>,
    /// What the question asks about, by names of `knowledge`'s list (`price`, `address` …).
    pub asked_about: Vec<String>,
}

/// The best answer there is, quoted from a passage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuotedAnswer {
    /// Where it stands.
    pub passage: FoundPassage,
    /// The sentences that answer, as they stand.
    pub quote: String,
    /// The chance that they answer, 0 to 1.
    pub confidence: f64,
    /// Sure enough to be shown as an answer; otherwise the question is the seller's.
    pub given: bool,
}
