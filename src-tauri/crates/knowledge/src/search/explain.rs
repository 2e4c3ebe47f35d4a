//! Why a passage was found: which of its words stand for which words of the question.

use std::ops::Range;

use rusqlite::Connection;

use super::{Passage, Scope, Searcher};
use crate::KnowledgeError;
use crate::analysis::{Kind, code_variants, tokens};
use crate::index::vocabulary::How;
use crate::lexicon::LEXICON;

/// A word of a passage that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The word of the question, in its normal form.
    pub asked: String,
    /// Whether it stands in the heading, not in the text.
    pub in_title: bool,
    /// Where it stands there.
    pub span: Range<usize>,
    /// Why it counts.
    pub how: How,
}

/// Everything that spoke for a passage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasons {
    /// Words, in the order of heading and text.
    pub words: Vec<Reason>,
    /// The properties the question asks about, by their names in the list (`price`, `address` …).
    pub asked_about: Vec<&'static str>,
}

impl Searcher {
    /// Why `passage` is among the hits of this question.
    ///
    /// # Errors
    /// The database's, or [`KnowledgeError::Damaged`].
    pub fn explain(
        &mut self,
        connection: &Connection,
        question: &str,
        scope: Scope,
        passage: &Passage,
    ) -> Result<Reasons, KnowledgeError> {
        let ranked = self.rank(connection, question, scope, 1)?;
        let mut words = Vec::new();
        for (text, in_title) in [(&passage.title, true), (&passage.text, false)] {
            for token in tokens(text) {
                let variants = if token.kind == Kind::Code { code_variants(&token.text) } else { Vec::new() };
                let is_this =
                    |word: &str| word == token.text || variants.iter().any(|variant| variant == word);
                let meant = ranked.query.terms.iter().zip(&ranked.matches).filter_map(|(term, matches)| {
                    let found = matches.iter().filter(|found| is_this(self.vocabulary.text(found.word)));
                    found.max_by(|a, b| a.strength.total_cmp(&b.strength)).map(|found| (term, found))
                });
                if let Some((term, found)) = meant.max_by(|a, b| a.1.strength.total_cmp(&b.1.strength)) {
                    words.push(Reason {
                        asked: term.text.clone(),
                        in_title,
                        span: token.span,
                        how: found.how,
                    });
                }
            }
        }
        let asked_about = ranked.query.concepts.iter().map(|concept| LEXICON.name(*concept)).collect();
        Ok(Reasons { words, asked_about })
    }
}
