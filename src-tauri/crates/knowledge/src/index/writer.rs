//! Putting passages into the index and taking them out.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::postings::{BLOCK, Posting, decode, encode};
use super::{NewPassage, counts};
use crate::KnowledgeError;
use crate::index::counts::{Counted, Counter};
use crate::meaning::content_hash;
use crate::store::set_analysis;

/// What to merge into a row of postings, which belongs to a word and a block: a place in the block, and what now stands
/// there; `None` takes it out.
type Change = (u16, Option<Posting>);

/// Changes passages inside a transaction of the caller, which begins before [`Writer::new`] and commits after
/// [`Writer::finish`]. What is put is found only after both.
pub struct Writer<'a> {
    transaction: &'a Connection,
    counter: Counter,
    words: HashMap<Box<str>, i64>,
    pending: HashMap<(i64, i64), Vec<Change>>,
    changed: bool,
    removed: bool,
}

impl<'a> Writer<'a> {
    /// Starts a batch.
    pub fn new(transaction: &'a Connection) -> Self {
        Writer {
            transaction,
            counter: counts::Counter::default(),
            words: HashMap::new(),
            pending: HashMap::new(),
            changed: false,
            removed: false,
        }
    }

    /// Adds a passage, or replaces the one of the same key; an unchanged one is left alone. Gives its id.
    ///
    /// # Errors
    /// The database's.
    pub fn put(&mut self, passage: &NewPassage<'_>) -> Result<i64, KnowledgeError> {
        let same = "SELECT id FROM knowledge_passage WHERE key = ?1 AND account IS ?2 AND item IS ?3 AND title = ?4 AND text = ?5";
        let values = (passage.key, passage.account, passage.item, passage.title, passage.text);
        let same = self.transaction.prepare_cached(same)?.query_row(values, |row| row.get(0)).optional()?;
        if let Some(id) = same {
            return Ok(id);
        }
        self.remove(passage.key)?;
        let counted = self.counter.count(passage.title, passage.text);
        let insert = "INSERT INTO knowledge_passage (key, account, item, title, text, words, hash)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.transaction.prepare_cached(insert)?.execute((
            passage.key,
            passage.account,
            passage.item,
            passage.title,
            passage.text,
            counted.words,
            content_hash(passage.title, passage.text),
        ))?;
        let id = self.transaction.last_insert_rowid();
        self.add(id, counted)?;
        self.changed = true;
        Ok(id)
    }

    /// Takes out the passage of this key, if there is one.
    ///
    /// # Errors
    /// The database's.
    pub fn remove(&mut self, key: &str) -> Result<bool, KnowledgeError> {
        let find = "DELETE FROM knowledge_passage WHERE key = ?1 RETURNING id, title, text";
        let found = self
            .transaction
            .prepare_cached(find)?
            .query_row([key], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })
            .optional()?;
        let Some((id, title, text)) = found else {
            return Ok(false);
        };
        for (word, _) in self.counter.count(&title, &text).postings {
            let word = self.word(&word)?;
            self.pending.entry((word, id / BLOCK)).or_default().push(((id % BLOCK) as u16, None));
        }
        self.changed = true;
        self.removed = true;
        Ok(true)
    }

    /// Writes the whole index again from the passages: after an update of the app that changed the analysis.
    ///
    /// # Errors
    /// The database's.
    pub fn rebuild(&mut self) -> Result<(), KnowledgeError> {
        self.pending.clear();
        self.words.clear();
        self.transaction.execute_batch("DELETE FROM knowledge_posting; DELETE FROM knowledge_word;")?;
        let mut after = 0;
        loop {
            let next = "SELECT id, title, text FROM knowledge_passage WHERE id > ?1 ORDER BY id LIMIT 1";
            let row = self
                .transaction
                .prepare_cached(next)?
                .query_row([after], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
                })
                .optional()?;
            let Some((id, title, text)) = row else { break };
            let counted = self.counter.count(&title, &text);
            let set = "UPDATE knowledge_passage SET words = ?2 WHERE id = ?1";
            self.transaction.prepare_cached(set)?.execute((id, counted.words))?;
            self.add(id, counted)?;
            // A block's entries are complete when the next block begins: memory stays bounded.
            if id / BLOCK != after / BLOCK {
                self.flush()?;
            }
            after = id;
        }
        self.changed = true;
        self.removed = true;
        set_analysis(self.transaction)
    }

    /// Writes what is pending. The caller commits.
    ///
    /// # Errors
    /// The database's.
    pub fn finish(mut self) -> Result<(), KnowledgeError> {
        self.flush()?;
        if self.changed {
            let raise = "UPDATE knowledge_state SET revision = revision + 1,
                         removal = CASE ?1 WHEN 1 THEN revision + 1 ELSE removal END";
            self.transaction.execute(raise, [self.removed])?;
        }
        Ok(())
    }

    fn add(&mut self, id: i64, counted: Counted) -> Result<(), KnowledgeError> {
        let place = (id % BLOCK) as u16;
        for (text, (title, body)) in counted.postings {
            let word = self.word(&text)?;
            let posting = Posting { place, title: title.min(3), text: body.min(7) };
            self.pending.entry((word, id / BLOCK)).or_default().push((place, Some(posting)));
        }
        Ok(())
    }

    fn word(&mut self, text: &str) -> Result<i64, KnowledgeError> {
        if let Some(id) = self.words.get(text) {
            return Ok(*id);
        }
        let find = "SELECT id FROM knowledge_word WHERE text = ?1";
        let found = self.transaction.prepare_cached(find)?.query_row([text], |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                self.transaction
                    .prepare_cached("INSERT INTO knowledge_word (text) VALUES (?1)")?
                    .execute([text])?;
                self.transaction.last_insert_rowid()
            }
        };
        self.words.insert(text.into(), id);
        Ok(id)
    }

    fn flush(&mut self) -> Result<(), KnowledgeError> {
        // In key order SQLite appends to pages instead of jumping between them.
        let mut pending: Vec<_> = self.pending.drain().collect();
        pending.sort_unstable_by_key(|(key, _)| *key);
        let mut read = self
            .transaction
            .prepare_cached("SELECT data FROM knowledge_posting WHERE word = ?1 AND block = ?2")?;
        let mut write = self
            .transaction
            .prepare_cached("REPLACE INTO knowledge_posting (word, block, data) VALUES (?1, ?2, ?3)")?;
        let mut empty = self
            .transaction
            .prepare_cached("DELETE FROM knowledge_posting WHERE word = ?1 AND block = ?2")?;
        for (key, changes) in pending {
            let mut postings: Vec<Posting> = Vec::new();
            if let Some(data) = read.query_row(key, |row| row.get::<_, Vec<u8>>(0)).optional()? {
                decode(&data, |posting| postings.push(posting)).ok_or(KnowledgeError::Damaged("postings"))?;
            }
            for (place, posting) in changes {
                match (postings.binary_search_by_key(&place, |old| old.place), posting) {
                    (Ok(at), Some(posting)) => postings[at] = posting,
                    (Ok(at), None) => drop(postings.remove(at)),
                    (Err(at), Some(posting)) => postings.insert(at, posting),
                    (Err(_), None) => {}
                }
            }
            if postings.is_empty() {
                empty.execute(key)?;
            } else {
                write.execute((key.0, key.1, encode(&postings)))?;
            }
        }
        Ok(())
    }
}
