//! Passages as an embedding model sees them. The vectors come from the caller; without them everything works by words.
//!
//! Stored beside the index, keyed by model and a hash of what the passage says: read again, moved or given another scope, a passage keeps
//! its vector. Vectors of another model stay until those of the new one are complete.

mod vector;

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest as _, Sha256};

use crate::KnowledgeError;

/// A question as a model sees it.
#[derive(Debug, Clone, Copy)]
pub struct Meant<'a> {
    /// The model that made the vector, by the name its passages are stored under.
    pub model: &'a str,
    /// The vector.
    pub vector: &'a [f32],
}

/// A passage that has no vector of a model yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The row: where to go on with [`without_vectors`].
    pub id: i64,
    /// Of heading and text.
    pub hash: Vec<u8>,
    /// Heading and text, as a model is to read them.
    pub text: String,
}

/// How many passages have a vector of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VectorState {
    /// With one.
    pub ready: u32,
    /// All.
    pub all: u32,
}

/// Bytes of the hash that are kept: two passages of one shop will not meet by chance.
const HASH: usize = 16;

/// Of what a passage says.
pub(crate) fn content_hash(title: &str, text: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(title);
    hash.update([0]);
    hash.update(text);
    hash.finalize().as_slice()[..HASH].to_vec()
}

/// Passages without a vector of this model, after a row, at most `limit`, each text once.
///
/// # Errors
/// The database's.
pub fn without_vectors(
    transaction: &Connection,
    model: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<Wanted>, KnowledgeError> {
    hash_older(transaction)?;
    let sql = "SELECT p.id, p.hash, p.title, p.text FROM knowledge_passage p
               WHERE p.id > ?2 AND NOT EXISTS (SELECT 1 FROM knowledge_vector v WHERE v.model = ?1 AND v.hash = p.hash)
               ORDER BY p.id LIMIT ?3";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map((model, after, limit), |row| {
        let (title, text): (String, String) = (row.get(2)?, row.get(3)?);
        let text = if title.is_empty() { text } else { format!("{title}\n{text}") };
        Ok(Wanted { id: row.get(0)?, hash: row.get(1)?, text })
    })?;
    let mut out: Vec<Wanted> = Vec::new();
    for row in rows {
        let row = row?;
        if !out.iter().any(|other| other.hash == row.hash) {
            out.push(row);
        }
    }
    Ok(out)
}

/// Passages written by a version that had no hashes.
fn hash_older(transaction: &Connection) -> Result<(), KnowledgeError> {
    let next = "SELECT id, title, text FROM knowledge_passage WHERE hash IS NULL LIMIT 1";
    let mut next = transaction.prepare_cached(next)?;
    let mut set = transaction.prepare_cached("UPDATE knowledge_passage SET hash = ?2 WHERE id = ?1")?;
    loop {
        let row = next.query_row([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        });
        let Some((id, title, text)) = row.optional()? else { return Ok(()) };
        set.execute((id, content_hash(&title, &text)))?;
    }
}

/// Keeps vectors by the hash of what they were made from. What has no direction is kept as empty, so that it is not asked for again.
///
/// # Errors
/// The database's.
pub fn put_vectors(
    transaction: &Connection,
    model: &str,
    vectors: &[(Vec<u8>, Vec<f32>)],
) -> Result<(), KnowledgeError> {
    let sql = "INSERT INTO knowledge_vector (model, hash, data) VALUES (?1, ?2, ?3)
               ON CONFLICT (model, hash) DO UPDATE SET data = excluded.data";
    let mut put = transaction.prepare_cached(sql)?;
    for (hash, vector) in vectors {
        put.execute((model, hash, vector::pack(vector).unwrap_or_default()))?;
    }
    Ok(())
}

/// How far the vectors of a model are.
///
/// # Errors
/// The database's.
pub fn vector_state(connection: &Connection, model: &str) -> Result<VectorState, KnowledgeError> {
    let sql = "SELECT (SELECT count(*) FROM knowledge_passage),
                 (SELECT count(*) FROM knowledge_passage p JOIN knowledge_vector v ON v.model = ?1 AND v.hash = p.hash)";
    let state = connection
        .prepare_cached(sql)?
        .query_row([model], |row| Ok(VectorState { all: row.get(0)?, ready: row.get(1)? }))?;
    Ok(state)
}

/// Forgets the vectors of other models, and those of words that no passage has any more. With none, all are forgotten.
///
/// # Errors
/// The database's.
pub fn forget_other_vectors(transaction: &Connection, model: Option<&str>) -> Result<(), KnowledgeError> {
    let sql = "DELETE FROM knowledge_vector WHERE ?1 IS NULL OR model <> ?1
                 OR hash NOT IN (SELECT hash FROM knowledge_passage WHERE hash IS NOT NULL)";
    transaction.prepare_cached(sql)?.execute([model])?;
    Ok(())
}

/// The vectors of one model in memory, by the passage's row. Those of passages that went stay until [`Vectors::is_stale`].
#[derive(Default)]
pub(crate) struct Vectors {
    model: String,
    /// Numbers a vector has; 0 before the first.
    size: usize,
    /// Row of a passage → place; `NONE`: no vector.
    places: Vec<u32>,
    numbers: Vec<i8>,
    scales: Vec<f32>,
    last_vector: i64,
    last_passage: i64,
}

const NONE: u32 = u32::MAX;

impl Vectors {
    /// Whether most of what is held belongs to passages that are gone.
    pub(crate) fn is_stale(&self, passages: usize) -> bool {
        self.scales.len() > 2 * passages + 1000
    }

    /// Reads what came since the last time; another model begins anew.
    pub(crate) fn refresh(&mut self, connection: &Connection, model: &str) -> Result<(), KnowledgeError> {
        if self.model != model {
            *self = Self { model: model.to_owned(), ..Self::default() };
        }
        let newest = "SELECT coalesce((SELECT max(id) FROM knowledge_vector), 0), coalesce((SELECT max(id) FROM knowledge_passage), 0)";
        let (vector, passage): (i64, i64) =
            connection.prepare_cached(newest)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if vector == self.last_vector && passage == self.last_passage {
            return Ok(());
        }
        let sql = "SELECT p.id, v.data FROM knowledge_vector v JOIN knowledge_passage p ON p.hash = v.hash
                     WHERE v.model = ?1 AND v.id > ?2
                   UNION ALL
                   SELECT p.id, v.data FROM knowledge_passage p JOIN knowledge_vector v ON v.model = ?1 AND v.hash = p.hash
                     WHERE p.id > ?3 AND v.id <= ?2";
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query((model, self.last_vector, self.last_passage))?;
        while let Some(row) = rows.next()? {
            let data = row.get_ref(1)?.as_blob().map_err(|_| KnowledgeError::Damaged("vector"))?;
            self.add(row.get(0)?, data);
        }
        (self.last_vector, self.last_passage) = (vector, passage);
        Ok(())
    }

    fn add(&mut self, passage: i64, data: &[u8]) {
        let Some((scale, numbers)) = vector::unpack(data) else { return };
        let size = data.len() - 4;
        if self.size == 0 {
            self.size = size;
        }
        let (Ok(at), true) = (usize::try_from(passage), self.size == size) else { return };
        if self.places.len() <= at {
            self.places.resize(at + 1, NONE);
        }
        if self.places[at] == NONE {
            self.places[at] = u32::try_from(self.scales.len()).unwrap_or(NONE);
            self.numbers.extend(numbers);
            self.scales.push(scale);
        }
    }

    /// Whether this passage has one.
    pub(crate) fn has(&self, passage: usize) -> bool {
        self.places.get(passage).is_some_and(|place| *place != NONE)
    }

    /// The cosines of these passages with a question, in their order; `None` for those without a vector.
    pub(crate) fn likeness(&self, vector: &[f32], passages: impl Iterator<Item = usize>) -> Vec<Option<f32>> {
        let packed = vector::pack(vector).filter(|_| vector.len() == self.size);
        let asked = packed
            .as_deref()
            .and_then(vector::unpack)
            .map(|(scale, numbers)| (scale, numbers.collect::<Vec<i8>>()));
        let one = |at: usize| {
            let (scale, numbers) = asked.as_ref()?;
            let place = self.places.get(at).copied().filter(|place| *place != NONE)? as usize;
            let own = self.numbers.get(place * self.size..(place + 1) * self.size)?;
            #[expect(clippy::cast_precision_loss, reason = "a cosine needs no more than six digits")]
            Some(vector::product(numbers, own) as f32 * scale * self.scales.get(place)?)
        };
        passages.map(one).collect()
    }
}
