//! The seller's knowledge: Russian text analysis, an index beside the archive, retrieval, and quoted answers.
//!
//! No Avito, no Tauri, no network, no model. The tables live in a database that the caller opens: [`migrate`] prepares
//! them, a [`Writer`] changes passages inside the caller's transaction, a [`Searcher`] finds them.

pub mod analysis;
mod answer;
mod error;
mod index;
mod lexicon;
mod meaning;
mod search;
mod store;

pub use answer::{Answer, Evidence, Opinion};
pub use error::KnowledgeError;
pub use index::vocabulary::How;
pub use index::{NewPassage, Writer};
pub use meaning::{
    Meant, VectorState, Wanted, forget_other_vectors, put_vectors, vector_state, without_vectors,
};
pub use search::{Hit, Passage, Reason, Reasons, Scope, Searcher};
pub use store::{copy, migrate};
