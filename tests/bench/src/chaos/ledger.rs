//! What happened from outside, in order: for the comparison and for the stories.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::compare::{Approved, Words};
use super::tally::Tally;

/// One line of the diary.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Unix milliseconds.
    pub(super) at_ms: i64,
    pub(super) round: u32,
    /// None: it concerns the whole shop.
    pub(super) chat: Option<String>,
    pub(super) what: String,
}

#[derive(Debug, Default)]
struct Book {
    entries: Vec<Entry>,
    phone: HashSet<String>,
    approved: Vec<(String, Approved)>,
    tally: Tally,
}

/// The diary of one shop. Everybody in it writes into it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    round: AtomicU32,
    book: Mutex<Book>,
}

/// Unix milliseconds.
pub(super) fn now_ms() -> i64 {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(age.as_millis()).unwrap_or(i64::MAX)
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin_round(&self, round: u32) {
        self.round.store(round, Ordering::Relaxed);
    }

    pub(super) fn round(&self) -> u32 {
        self.round.load(Ordering::Relaxed)
    }

    /// Something that concerns the whole shop.
    pub(super) fn note(&self, what: impl Into<String>) {
        self.write(None, what.into());
    }

    /// Something in one chat.
    pub(super) fn note_in(&self, chat: &str, what: impl Into<String>) {
        self.write(Some(chat.to_owned()), what.into());
    }

    fn write(&self, chat: Option<String>, what: String) {
        let entry = Entry { at_ms: now_ms(), round: self.round(), chat, what };
        self.book().entries.push(entry);
    }

    /// The seller wrote this message on the phone.
    pub(super) fn wrote_on_phone(&self, message: String) {
        self.book().phone.insert(message);
    }

    pub(super) fn is_from_phone(&self, message: &str) -> bool {
        self.book().phone.contains(message)
    }

    /// The seller approved a reply; `reply`: what the program called it, if its answer came.
    pub(super) fn approved(&self, chat: &str, reply: Option<i64>, words: Words) {
        let what = match reply {
            Some(reply) => format!("the seller approves {words}, accepted as reply {reply}"),
            None => format!("the seller approves {words}, the program is killed before it answers"),
        };
        self.note_in(chat, what);
        self.book().approved.push((chat.to_owned(), Approved { reply, words }));
    }

    /// What was approved in this chat.
    pub(super) fn approved_in(&self, chat: &str) -> Vec<Approved> {
        let book = self.book();
        let here = book.approved.iter().filter(|(other, _)| other == chat);
        here.map(|(_, approved)| approved.clone()).collect()
    }

    /// Counts something.
    pub(super) fn count(&self, add: impl FnOnce(&mut Tally)) {
        add(&mut self.book().tally);
    }

    pub(super) fn tally(&self) -> Tally {
        self.book().tally.clone()
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.book().entries.clone()
    }
}
