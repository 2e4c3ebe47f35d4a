//! The core against the stand-in, over real sockets and real SQLite files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod accounts;
mod arriving;
mod backup;
mod beside;
mod catching_up;
mod command_line;
mod drafts;
mod drafts_later;
mod drafts_outdated;
mod drafts_private;
mod durability;
mod endpoint;
mod history;
mod knocks;
mod knowledge;
mod line;
mod meaning;
mod media;
mod reading;
mod reading_files;
mod searching;
mod secrets;
mod sending;
mod stage;
mod support;
mod troubles;
