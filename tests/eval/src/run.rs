//! One knowledge base per shop, every question asked once.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use knowledge::{Meant, NewPassage, Scope, Searcher, Writer, migrate, put_vectors, without_vectors};
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

/// A question or a passage (heading and text, if it has a heading, on lines of their own) → its vector.
pub type Vectors = HashMap<String, Vec<f32>>;

const MODEL: &str = "given";

/// Reads lines of `{"text": …, "vector": […]}`.
///
/// # Errors
/// The file is missing or not of this form.
pub fn read_vectors(path: &Path) -> Result<Vectors> {
    #[derive(serde::Deserialize)]
    struct Line {
        text: String,
        vector: Vec<f32>,
    }
    let text = std::fs::read_to_string(path)?;
    text.lines()
        .map(|line| serde_json::from_str(line).map(|line: Line| (line.text, line.vector)).map_err(Into::into))
        .collect()
}

/// Gives the passages of all bases their vectors.
///
/// # Errors
/// The database's.
pub fn give_vectors(bases: &mut BTreeMap<String, Base>, vectors: &Vectors) -> Result<()> {
    for base in bases.values_mut() {
        let wanted = without_vectors(&base.connection, MODEL, 0, u32::MAX)?;
        let given =
            wanted.into_iter().filter_map(|wanted| Some((wanted.hash, vectors.get(&wanted.text)?.clone())));
        put_vectors(&base.connection, MODEL, &given.collect::<Vec<_>>())?;
    }
    Ok(())
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
    retrieve_meant(set, bases, None)
}

/// Asks every question, with the meaning of questions and passages as a model gave it beforehand.
///
/// # Errors
/// The database's.
pub fn retrieve_meant(
    set: &Set,
    bases: &mut BTreeMap<String, Base>,
    vectors: Option<&Vectors>,
) -> Result<Retrieved> {
    let mut out = Retrieved::default();
    // The first search reads the vocabulary; the app has done that long before a buyer asks.
    for base in bases.values_mut() {
        base.searcher.search(&base.connection, "", Scope::default(), 1)?;
    }
    for question in &set.questions {
        let Some(base) = bases.get_mut(&question.shop) else { continue };
        let start = Instant::now();
        let (connection, text, scope) = (&base.connection, &question.text, Scope::default());
        let hits = match vectors.and_then(|vectors| vectors.get(text)) {
            Some(vector) => {
                let meant = Meant { model: MODEL, vector };
                base.searcher.search_meant(connection, text, scope, DEPTH, meant)?
            }
            None => base.searcher.search(connection, text, scope, DEPTH)?,
        };
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
