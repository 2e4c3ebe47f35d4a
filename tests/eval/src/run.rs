//! One knowledge base per shop, every question asked once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Result;
use knowledge::{NewPassage, Scope, Searcher, Writer, migrate};
use rusqlite::Connection;

use crate::metrics::Run;
use crate::set::{Passage, Set};

/// Passages a question may have in a run.
const DEPTH: usize = 10;

/// A shop's knowledge, in memory.
pub struct Base {
    pub connection: Connection,
    pub searcher: Searcher,
}

impl Base {
    /// Puts the passages in as the app would.
    ///
    /// # Errors
    /// The database's.
    pub fn new<'a>(passages: impl Iterator<Item = &'a Passage>) -> Result<Base> {
        let mut connection = Connection::open_in_memory()?;
        migrate(&mut connection)?;
        let transaction = connection.transaction()?;
        let mut writer = Writer::new(&transaction);
        for passage in passages {
            let new = NewPassage {
                key: &passage.id,
                account: None,
                item: None,
                title: &passage.title,
                text: &passage.text,
            };
            writer.put(&new)?;
        }
        writer.finish()?;
        transaction.commit()?;
        Ok(Base { connection, searcher: Searcher::new() })
    }
}

/// One base per shop; a set without shops has one, named by the empty string.
///
/// # Errors
/// The database's.
pub fn bases(set: &Set) -> Result<BTreeMap<String, Base>> {
    let mut shops: BTreeMap<String, Vec<&Passage>> = BTreeMap::new();
    for passage in &set.passages {
        shops.entry(passage.shop.clone()).or_default().push(passage);
    }
    shops.into_iter().map(|(shop, passages)| Ok((shop, Base::new(passages.into_iter())?))).collect()
}

/// What retrieval found, and how long each question took.
#[derive(Debug, Default)]
pub struct Retrieved {
    pub run: Run,
    /// Microseconds, in the order of the questions.
    pub latency: Vec<f64>,
    /// The lines of `run.tsv`.
    pub lines: String,
}

/// Asks every question.
///
/// # Errors
/// The database's.
pub fn retrieve(set: &Set, bases: &mut BTreeMap<String, Base>) -> Result<Retrieved> {
    let mut out = Retrieved::default();
    // The first search reads the vocabulary; the app has done that long before a buyer asks.
    for base in bases.values_mut() {
        base.searcher.search(&base.connection, "", Scope::default(), 1)?;
    }
    for question in &set.questions {
        let Some(base) = bases.get_mut(&question.shop) else { continue };
        let start = Instant::now();
        let hits = base.searcher.search(&base.connection, &question.text, Scope::default(), DEPTH)?;
        #[expect(clippy::cast_precision_loss, reason = "microseconds of one search")]
        let latency = start.elapsed().as_micros() as f64;
        out.latency.push(latency);
        let mut found = Vec::new();
        for (rank, hit) in hits.into_iter().enumerate() {
            writeln!(
                out.lines,
                "{}\t{}\t{}\t{:.6}\t{latency:.0}",
                question.id,
                hit.passage.key,
                rank + 1,
                hit.score
            )?;
            found.push((hit.passage.key, f64::from(hit.score)));
        }
        out.run.insert(question.id.clone(), found);
    }
    Ok(out)
}
