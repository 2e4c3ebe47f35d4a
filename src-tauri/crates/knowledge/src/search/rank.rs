//! Which passages come first.
//!
//! Each word of the question is matched with the words of all passages ([`Vocabulary::matches`]); a passage has the best
//! of its matches, a little more for further ones, and more in its title. Words count by their rarity. Properties asked
//! about (price, address …) are words of their own, found where a passage speaks about them.

use rusqlite::Connection;

use super::query::Query;
use super::{Passage, Scope, fusion, passage};
use crate::KnowledgeError;
use crate::index::postings::{BLOCK, Posting, decode};
use crate::index::vocabulary::{Match, Vocabulary};
use crate::lexicon::LEXICON;
use crate::meaning::{Meant, Vectors};

/// A passage that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The passage.
    pub passage: Passage,
    /// Comparable within one search only.
    pub score: f32,
    /// It stands higher for what it means than for its words.
    pub by_meaning: bool,
}

/// What ranking must know of every passage without reading it.
#[derive(Clone, Copy)]
struct Known {
    account: Option<i64>,
    item: Option<i64>,
    words: f32,
}

/// The index as one reader sees it: keeps the vocabulary in memory and follows changes at each search.
#[derive(Default)]
pub struct Searcher {
    pub(crate) vocabulary: Vocabulary,
    passages: Vec<Option<Known>>,
    last: i64,
    revision: i64,
    removal: i64,
    scratch: Scratch,
    vectors: Vectors,
}

/// Sums per passage, kept between searches so that they need not be made anew.
#[derive(Default)]
struct Scratch {
    /// Of one word or property: the best match, all matches, and which passages have any.
    best: Vec<f32>,
    sum: Vec<f32>,
    touched: Vec<u32>,
    /// Of the whole question.
    score: Vec<f32>,
    scored: Vec<u32>,
}

impl Scratch {
    /// Forgets the search before, also one that failed halfway.
    fn clear(&mut self) {
        for at in self.touched.drain(..) {
            self.best[at as usize] = 0.0;
            self.sum[at as usize] = 0.0;
        }
        for at in self.scored.drain(..) {
            self.score[at as usize] = 0.0;
        }
    }
}

/// The passages in order, with what the answer needs to know of the question.
pub(crate) struct Ranked {
    pub(crate) query: Query,
    /// For every term of the query: the words it may mean.
    pub(crate) matches: Vec<Vec<Match>>,
    /// For every term: its rarity in this scope, in natural units of information.
    pub(crate) rarity: Vec<f32>,
    pub(crate) order: Vec<(i64, f32)>,
    /// The score of a passage that has every word and property once.
    pub(crate) possible: f32,
}

impl Searcher {
    /// Sees nothing until the first search.
    pub fn new() -> Self {
        Self::default()
    }

    /// The passages for `question`, best first, at most `limit`. The connection must be the one of the first search, or
    /// another to the same database.
    ///
    /// # Errors
    /// The database's, or [`KnowledgeError::Damaged`].
    pub fn search(
        &mut self,
        connection: &Connection,
        question: &str,
        scope: Scope,
        limit: usize,
    ) -> Result<Vec<Hit>, KnowledgeError> {
        let ranked = self.rank(connection, question, scope, limit)?;
        hits(connection, ranked.order.into_iter().map(|(id, score)| (id, score, false)))
    }

    /// The same, and where words say little, passages that mean what is asked. Words decide alone where the passages have all that is asked
    /// for, where a part number or size is asked for, and while a tenth of the passages has no vector.
    ///
    /// # Errors
    /// The database's, or [`KnowledgeError::Damaged`].
    pub fn search_meant(
        &mut self,
        connection: &Connection,
        question: &str,
        scope: Scope,
        limit: usize,
        meant: Meant<'_>,
    ) -> Result<Vec<Hit>, KnowledgeError> {
        let ranked = self.rank(connection, question, scope, limit.max(fusion::DEPTH))?;
        self.vectors.refresh(connection, meant.model)?;
        let order = self.fuse(ranked, scope, meant.vector);
        hits(connection, order.into_iter().take(limit))
    }

    /// Whether words alone leave it open what is asked, and enough passages have a vector of this model: then it is worth asking the model
    /// what the question means.
    ///
    /// # Errors
    /// The database's, or [`KnowledgeError::Damaged`].
    pub fn is_open(
        &mut self,
        connection: &Connection,
        question: &str,
        scope: Scope,
        model: &str,
    ) -> Result<bool, KnowledgeError> {
        let ranked = self.rank(connection, question, scope, 2)?;
        self.vectors.refresh(connection, model)?;
        let seen = |known: &&Known| nearness(known, scope).is_some();
        let all = self.passages.iter().flatten().filter(seen).count();
        let with =
            self.passages.iter().enumerate().filter(|(at, known)| {
                known.as_ref().is_some_and(|known| seen(&known)) && self.vectors.has(*at)
            });
        Ok(fusion::weakness(&ranked) > 0.0 && fusion::is_covered(with.count(), all))
    }

    fn fuse(&self, ranked: Ranked, scope: Scope, vector: &[f32]) -> Vec<(i64, f32, bool)> {
        let visible: Vec<(usize, f32)> = self
            .passages
            .iter()
            .enumerate()
            .filter_map(|(at, known)| Some((at, nearness(known.as_ref()?, scope)?)))
            .collect();
        let likeness = self.vectors.likeness(vector, visible.iter().map(|(at, _)| *at));
        fusion::fuse(&ranked, &visible, &likeness)
    }

    pub(crate) fn rank(
        &mut self,
        connection: &Connection,
        question: &str,
        scope: Scope,
        limit: usize,
    ) -> Result<Ranked, KnowledgeError> {
        self.refresh(connection)?;
        self.scratch.clear();
        let query = Query::new(question, &self.vocabulary);
        let visible = self.passages.iter().flatten().filter(|known| nearness(known, scope).is_some());
        let (mut count, mut words) = (0.0_f32, 0.0_f32);
        for known in visible {
            count += 1.0;
            words += known.words;
        }
        let average = words / count.max(1.0);
        let mut all_matches = Vec::new();
        let mut rarity = Vec::new();
        let mut possible = 0.0;
        for term in &query.terms {
            let mut matches = self.vocabulary.matches(&term.text, term.mended.as_ref());
            if let Some(word) = term.number.and_then(|number| self.vocabulary.find(number)) {
                matches.push(Match { word, strength: NUMBER_WORD, how: crate::How::Synonym });
            }
            let weight = term.weight;
            let idf = self.gather(connection, &matches, scope, count)?;
            possible += weight * idf;
            self.add_up(weight * idf, average, true);
            all_matches.push(matches);
            rarity.push(idf);
        }
        for concept in &query.concepts {
            let Some(word) = self.vocabulary.find(&format!("#{}", LEXICON.name(*concept))) else { continue };
            let found = Match { word, strength: 1.0, how: crate::How::Same };
            let idf = self.gather(connection, &[found], scope, count)?;
            possible += CONCEPT * idf;
            self.add_up(CONCEPT * idf, average, false);
        }
        let Scratch { score, scored, .. } = &self.scratch;
        let mut order: Vec<(i64, f32)> = scored
            .iter()
            .filter_map(|at| {
                let known = self.passages.get(*at as usize)?.as_ref()?;
                Some((i64::from(*at), score[*at as usize] * nearness(known, scope)?))
            })
            .collect();
        let by_score = |a: &(i64, f32), b: &(i64, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if order.len() > limit && limit > 0 {
            order.select_nth_unstable_by(limit - 1, by_score);
        }
        order.truncate(limit);
        order.sort_by(by_score);
        Ok(Ranked { query, matches: all_matches, rarity, order, possible })
    }

    /// Collects the postings of `matches` into the scratch; gives how rare the word is among the visible passages.
    fn gather(
        &mut self,
        connection: &Connection,
        matches: &[Match],
        scope: Scope,
        count: f32,
    ) -> Result<f32, KnowledgeError> {
        let Scratch { best, sum, touched, .. } = &mut self.scratch;
        let mut read =
            connection.prepare_cached("SELECT block, data FROM knowledge_posting WHERE word = ?1")?;
        for found in matches {
            let mut rows = read.query([self.vocabulary.id(found.word)])?;
            while let Some(row) = rows.next()? {
                let block: i64 = row.get(0)?;
                let data = row.get_ref(1)?.as_blob().map_err(|_| KnowledgeError::Damaged("postings"))?;
                let first = usize::try_from(block * BLOCK).map_err(|_| KnowledgeError::Damaged("block"))?;
                decode(data, |posting: Posting| {
                    let at = first + usize::from(posting.place);
                    let Some(Some(known)) = self.passages.get(at) else { return };
                    if nearness(known, scope).is_none() {
                        return;
                    }
                    let text = if posting.text > 0 {
                        1.0 + REPEAT * (f32::from(posting.text) - 1.0).min(3.0)
                    } else {
                        0.0
                    };
                    let title = if posting.title > 0 { TITLE } else { 0.0 };
                    let value = found.strength * (text.max(title) + BOTH * text.min(title));
                    if sum[at] == 0.0 {
                        touched.push(at as u32);
                    }
                    sum[at] += value;
                    best[at] = best[at].max(value);
                })
                .ok_or(KnowledgeError::Damaged("postings"))?;
            }
        }
        let frequency: f32 = touched.iter().map(|at| best[*at as usize].min(1.0)).sum();
        Ok((1.0 + (count - frequency + 0.5).max(0.5) / (frequency + 0.5)).ln())
    }

    /// Adds what was gathered to the question's scores.
    fn add_up(&mut self, weight: f32, average: f32, by_length: bool) {
        let Scratch { best, sum, touched, score, scored } = &mut self.scratch;
        for at in touched.drain(..) {
            let place = at as usize;
            let words = self.passages[place].map_or(average, |known| known.words);
            let length = if by_length { 1.0 - LENGTH + LENGTH * words / average } else { 1.0 };
            let value = best[place] + MORE * (sum[place] - best[place]).min(2.0);
            if score[place] == 0.0 {
                scored.push(at);
            }
            // Never exactly zero, which means not scored.
            score[place] += (weight * value / length).max(f32::MIN_POSITIVE);
            best[place] = 0.0;
            sum[place] = 0.0;
        }
    }

    /// Follows what was put and removed since the last search.
    fn refresh(&mut self, connection: &Connection) -> Result<(), KnowledgeError> {
        let state = "SELECT revision, removal FROM knowledge_state";
        let (revision, removal): (i64, i64) =
            connection.prepare_cached(state)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if revision == self.revision {
            return Ok(());
        }
        if removal > self.removal {
            // Also after a rebuild, which gives words new rows. Vectors go by passages, which keep theirs.
            let vectors = std::mem::take(&mut self.vectors);
            *self = Self { vectors, ..Self::default() };
        }
        self.vocabulary.refresh(connection)?;
        let newer = "SELECT id, account, item, words FROM knowledge_passage WHERE id > ?1 ORDER BY id";
        let mut statement = connection.prepare_cached(newer)?;
        let mut rows = statement.query([self.last])?;
        while let Some(row) = rows.next()? {
            self.last = row.get(0)?;
            let at = usize::try_from(self.last).map_err(|_| KnowledgeError::Damaged("passage"))?;
            self.passages.resize(at + 1, None);
            self.passages[at] =
                Some(Known { account: row.get(1)?, item: row.get(2)?, words: row.get::<_, f64>(3)? as f32 });
        }
        self.scratch.best.resize(self.passages.len(), 0.0);
        self.scratch.sum.resize(self.passages.len(), 0.0);
        self.scratch.score.resize(self.passages.len(), 0.0);
        (self.revision, self.removal) = (revision, removal);
        if self.vectors.is_stale(self.passages.iter().flatten().count()) {
            self.vectors = Vectors::default();
        }
        Ok(())
    }
}

/// Reads the passages of an order; those removed meanwhile are left out.
fn hits(
    connection: &Connection,
    order: impl Iterator<Item = (i64, f32, bool)>,
) -> Result<Vec<Hit>, KnowledgeError> {
    let read = order.map(|(id, score, by_meaning)| {
        Ok(passage(connection, id)?.map(|passage| Hit { passage, score, by_meaning }))
    });
    read.filter_map(Result::transpose).collect()
}

/// How near a passage is to where the question was asked; `None`: it belongs elsewhere.
fn nearness(known: &Known, scope: Scope) -> Option<f32> {
    match (known.account, known.item) {
        (Some(account), _) if Some(account) != scope.account => None,
        (_, Some(item)) if scope.item == Some(item) => Some(ITEM),
        // Another item of the seller: the buyer may have asked about it, but this chat is not about it.
        (_, Some(_)) if scope.item.is_some() => Some(OTHER_ITEM),
        (None, _) if scope.account.is_some() => Some(GENERAL),
        _ => Some(1.0),
    }
}

const ITEM: f32 = 1.3;
const OTHER_ITEM: f32 = 0.6;
const GENERAL: f32 = 0.95;
const NUMBER_WORD: f32 = 0.8;
const CONCEPT: f32 = 0.6;
const TITLE: f32 = 1.2;
const BOTH: f32 = 0.25;
const REPEAT: f32 = 0.1;
const MORE: f32 = 0.15;
const LENGTH: f32 = 0.2;
