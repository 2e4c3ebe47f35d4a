//! What the project promises in figures, measured on the real program against stand-ins over real sockets.
//!
//! Each measurement is a module with a function that takes its arguments, prints a small table, ours beside a reference of the
//! same run, and gives its figures. The program under test is started as a seller would start it, and reached by what it
//! offers everybody (its command line, its webhook endpoint, its window). Three things link the core in: making an archive
//! ([`archive`]), asking it what only the window can ask ([`thread`]), and giving it files ([`ingest`]). The knowledge's index is linked in too ([`retrieval`]).

pub mod archive;
pub mod catchup;
pub mod ceiling;
pub mod chaos;
pub mod deliveries;
pub mod desk;
pub mod draft;
pub mod driver;
pub mod figures;
pub mod ingest;
pub mod load;
pub mod memory;
pub mod output;
pub mod page;
pub mod program;
pub mod reference;
pub mod report;
pub mod retrieval;
pub mod search;
pub mod start;
pub mod texts;
pub mod thread;
pub mod tunnel;
pub mod webhook;
