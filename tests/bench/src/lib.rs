//! What the project promises in figures, measured on the real program against stand-ins over real sockets.
//!
//! Each measurement is a module with a function that takes its arguments and prints a small table, ours beside a reference of the
//! same run. The program under test is never linked in: it is started as a seller would start it, and reached by what it
//! offers everybody (its command line, its webhook endpoint, its window).

pub mod chaos;
pub mod output;
