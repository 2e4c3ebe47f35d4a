//! Knowledge: its sources, what is found in them and why.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::ModelTrouble;
use crate::ids::{AccountId, ChatId, FolderId, PassageId, SourceId};

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

/// A change of knowledge, to be tried before it is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnowledgeChange {
    /// Sources that would be switched on.
    pub on: Vec<SourceId>,
    /// Sources that would be switched off.
    pub off: Vec<SourceId>,
    /// An entry that would be saved.
    pub entry: Option<EntryInput>,
    /// The entry it takes the place of; none: a new one.
    pub edits: Option<SourceId>,
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
    /// It stands here for what it means, not for its words.
    pub by_meaning: bool,
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

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ProblemCode {
    /// No words in it.
    Empty,
    /// Pictures without text: a scan.
    NoText,
    /// A kind of file that is not read.
    UnknownKind,
    /// A kind from before 2007.
    OldKind,
    /// A password protects it.
    Password,
    /// Damaged, or not what its name says.
    Damaged,
    /// Over the limit.
    TooLarge,
    /// Unpacks into far too much.
    Bomb,
    /// Macros were left alone; the text was read.
    Macros,
    /// Reading took too long.
    TooSlow,
    /// More rows or pages than are kept.
    TooMany,
    /// The file is not there.
    FileMissing,
    /// The file cannot be opened.
    FileTrouble,
    /// The program ended before a dropped file was read: drop it again.
    Interrupted,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SourceProblem {
    /// Why.
    pub code: ProblemCode,
    /// First page.
    pub page_from: Option<u32>,
    /// Last page.
    pub page_to: Option<u32>,
    /// The sheet.
    pub sheet: Option<String>,
}

/// How far a reading is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReadingProgress {
    /// Hundredths of the whole.
    pub percent: u32,
    /// Passages so far.
    pub passages: u32,
}

/// A source in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SourceRowView {
    /// The source.
    pub id: SourceId,
    /// What it is.
    pub kind: SourceKind,
    /// For whom it holds.
    pub scope: Scope,
    /// Title of the item it holds for, when a chat has told it.
    pub item_title: Option<String>,
    /// Question, heading, file name, title of the item. May be empty for a note.
    pub title: String,
    /// The beginning of its words.
    pub preview: String,
    /// Where it is on the web.
    pub url: Option<String>,
    /// The file.
    pub path: Option<String>,
    /// How far the reading has come.
    pub state: SourceState,
    /// While it is being read.
    pub progress: Option<ReadingProgress>,
    /// What could not be read.
    pub problems: Vec<SourceProblem>,
    /// Switched off by the seller.
    pub off: bool,
    /// Passages it has.
    pub passages: u32,
    /// Times its passages were used.
    pub uses: u32,
    /// When it last changed, UTC milliseconds.
    pub changed_ms: i64,
}

/// A watched folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FolderView {
    /// The folder.
    pub id: FolderId,
    /// Its path.
    pub path: String,
    /// Files taken from it.
    pub files: u32,
    /// Why it could not be looked at.
    pub problem: Option<ProblemCode>,
}

/// A passage of equal words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DuplicatePassage {
    /// The passage.
    pub id: PassageId,
    /// Its source.
    pub source: SourceId,
    /// The source's title.
    pub source_title: String,
    /// For whom it holds.
    pub scope: Scope,
    /// Page, sheet or row are told in the source.
    pub changed_ms: i64,
}

/// Passages of different sources that say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DuplicateView {
    /// Names the group.
    pub fingerprint: String,
    /// The words.
    pub text: String,
    /// The passages, newest source first.
    pub passages: Vec<DuplicatePassage>,
}

/// Everything the list of knowledge needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnowledgeView {
    /// Sources that match, newest first; at most a few hundred.
    pub sources: Vec<SourceRowView>,
    /// How many there are without the filter.
    pub total: u32,
    /// Passages that can be found.
    pub passages: u32,
    /// Watched folders.
    pub folders: Vec<FolderView>,
    /// What says the same; the first few.
    pub duplicates: Vec<DuplicateView>,
    /// Finding by meaning; none: the seller has not asked for it.
    pub meaning: Option<MeaningView>,
}

/// How far finding by meaning is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MeaningView {
    /// The embedding model.
    pub model: String,
    /// Passages it has read.
    pub ready: u32,
    /// Passages there are.
    pub all: u32,
    /// Why it cannot be asked at present: then words alone decide.
    pub trouble: Option<ModelTrouble>,
}

/// A passage in its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PassageView {
    /// The passage.
    pub id: PassageId,
    /// Place in the source: where the next page begins.
    pub ordinal: i64,
    /// Headings above it.
    pub heading: String,
    /// Its words.
    pub text: String,
    /// Page.
    pub page: Option<u32>,
    /// Sheet.
    pub sheet: Option<String>,
    /// Row.
    pub line: Option<u32>,
    /// Switched off by the seller.
    pub off: bool,
    /// Times it was used.
    pub uses: u32,
}

/// Where a passage was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PassageUse {
    /// The chat.
    pub chat: ChatId,
    /// Its buyer.
    pub buyer: String,
    /// What the buyer had asked.
    pub question: String,
    /// It went out in a reply; otherwise it stood in a draft.
    pub sent: bool,
    /// When, UTC milliseconds.
    pub at_ms: i64,
}

/// One source, opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SourceView {
    /// The same row as in the list.
    pub row: SourceRowView,
    /// What was written or pasted, whole.
    pub text: Option<String>,
    /// The file in use that this one, which is switched off, would take the place of.
    pub older: Option<SourceId>,
    /// Its passages, in order.
    pub passages: Vec<PassageView>,
    /// There are more after these.
    pub more: bool,
    /// Where its passages were used, newest first.
    pub uses: Vec<PassageUse>,
}

/// What the helper finds for a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// The passages, best first.
    pub passages: Vec<FoundPassage>,
    /// The best answer that can be quoted.
    pub answer: Option<QuotedAnswer>,
}
