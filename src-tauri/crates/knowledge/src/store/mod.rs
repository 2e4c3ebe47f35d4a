//! The tables: their history, and what is read from them.

mod copying;
mod migrations;

pub use copying::copy;
pub use migrations::migrate;

pub(crate) use migrations::set_analysis;
