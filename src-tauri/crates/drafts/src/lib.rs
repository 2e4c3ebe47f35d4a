//! Replies the seller can trust.
//!
//! - [`check`]: every fact of a draft is looked up in its sources, by code.
//! - [`guard`]: what buyers' text may not do to a model, and what no draft may contain.
//! - [`prompt`]: what the model is asked; [`model`]: how.
//!
//! No database, no Avito, no window. The caller brings sources and stores drafts.

mod facts;
pub mod guard;
mod lock;
pub mod model;
pub mod prompt;
mod small_talk;

pub use facts::FactKind;
pub use lock::{Mark, Origin, Source, Support, check};
pub use small_talk::is_small_talk;
