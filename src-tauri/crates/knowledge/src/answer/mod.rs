//! Answering without a model: a quote of the seller's own words, or nothing.

mod evidence;
mod guard;
mod weights;

use std::ops::Range;

use rusqlite::Connection;

pub use evidence::Evidence;
use evidence::Reader;

use crate::KnowledgeError;
use crate::search::{Passage, Scope, Searcher, passage};

/// Passages that are read closely.
const READ: usize = 4;
/// A passage further down than this has next to nothing of the question.
const NEAR: usize = 30;

/// The best answer there is, given or not.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Where it stands.
    pub passage: Passage,
    /// The sentences of the passage's text that answer, in order.
    pub sentences: Vec<Range<usize>>,
    /// What speaks for it, added up, 0 to 1: decides which passage is quoted and whether it is given.
    pub strength: f32,
    /// The chance that the quote answers the question, 0 to 1: how often answers of this strength were right.
    pub confidence: f32,
    /// Why.
    pub evidence: Evidence,
}

impl Answer {
    /// The quote: sentences as they stand, those that do not follow each other separated by an ellipsis.
    pub fn quote(&self) -> String {
        let mut out = String::new();
        let mut end = None;
        for span in &self.sentences {
            if let Some(end) = end {
                let between: &str = &self.passage.text[end..span.start];
                out.push_str(if between.trim().is_empty() { " " } else { " … " });
            }
            out.push_str(&self.passage.text[span.clone()]);
            end = Some(span.end);
        }
        out
    }

    /// Whether it is sure enough to be shown as an answer; otherwise the question goes to the seller.
    pub fn is_given(&self) -> bool {
        self.strength >= weights::GIVEN
    }
}

/// What speaks for words that somebody else wrote from passages: a second opinion, by code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opinion {
    /// As [`Answer::confidence`], of the passage for which most speaks.
    pub confidence: f32,
    /// The words speak of every property that is asked about.
    pub says_what_is_asked: bool,
}

impl Searcher {
    /// The best answer to a buyer's message, `None` when no passage has anything of it. What in the message tries to
    /// instruct is not looked for, and nothing of the message is ever part of the answer.
    ///
    /// # Errors
    /// The database's, or [`KnowledgeError::Damaged`].
    pub fn answer(
        &mut self,
        connection: &Connection,
        message: &str,
        scope: Scope,
    ) -> Result<Option<Answer>, KnowledgeError> {
        let fair = guard::fair_part(message);
        let ranked = self.rank(connection, &fair.text, scope, READ + 1)?;
        let reader = Reader::new(&ranked, &self.vocabulary);
        let mut best: Option<Answer> = None;
        let first = ranked.order.first().map_or(0.0, |(_, score)| *score);
        for (at, (id, score)) in ranked.order.iter().take(READ).enumerate() {
            let Some(passage) = passage(connection, *id)? else { continue };
            // The first is measured against the second, every other one against the first.
            let rival = if at == 0 { ranked.order.get(1).map_or(0.0, |(_, score)| *score) } else { first };
            let (sentences, evidence) = reader.read(&passage, *score, rival);
            if sentences.is_empty() || *score < first * weights::WORTH {
                continue;
            }
            let strength = weights::strength(&evidence);
            if best.as_ref().is_none_or(|best| strength > best.strength + weights::BETTER) {
                let confidence = weights::confidence(strength);
                best = Some(Answer { passage, sentences, strength, confidence, evidence });
            }
        }
        Ok(best)
    }

    /// What speaks for these words, said to be from the passages of these keys, answering a buyer's message.
    ///
    /// # Errors
    /// The database's, or [`KnowledgeError::Damaged`].
    pub fn opinion(
        &mut self,
        connection: &Connection,
        message: &str,
        scope: Scope,
        keys: &[&str],
        words: &str,
    ) -> Result<Opinion, KnowledgeError> {
        let fair = guard::fair_part(message);
        let ranked = self.rank(connection, &fair.text, scope, NEAR)?;
        let reader = Reader::new(&ranked, &self.vocabulary);
        let first = ranked.order.first().map_or(0.0, |(_, score)| *score);
        let mut strength = 0.0_f32;
        for (at, (id, score)) in ranked.order.iter().enumerate() {
            let Some(passage) = passage(connection, *id)?.filter(|passage| keys.contains(&&*passage.key))
            else {
                continue;
            };
            let rival = if at == 0 { ranked.order.get(1).map_or(0.0, |(_, score)| *score) } else { first };
            let evidence = reader.read_for(words, &passage, *score, rival);
            strength = strength.max(weights::strength_of_words(&evidence));
        }
        Ok(Opinion {
            confidence: weights::confidence(strength),
            says_what_is_asked: reader.says_what_is_asked(words),
        })
    }
}
