//! The tables: their history, and what is read from them.

mod migrations;

pub use migrations::migrate;

pub(crate) use migrations::set_analysis;
