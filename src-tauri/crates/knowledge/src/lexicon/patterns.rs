//! Rows of words that say something together: «до скольки», `N дней`.

use std::collections::HashMap;
use std::ops::Range;

use super::{Concept, Seen};
use crate::analysis::{stem, tokens};

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Number,
    Stem(String),
}

impl Part {
    fn fits(&self, seen: &Seen) -> bool {
        match self {
            Part::Number => seen.number,
            Part::Stem(stem) => !seen.number && *stem == seen.stem,
        }
    }
}

/// Patterns by their first word.
#[derive(Default)]
pub(super) struct Patterns {
    by_stem: HashMap<String, Vec<(Vec<Part>, Concept)>>,
    by_number: Vec<(Vec<Part>, Concept)>,
}

impl Patterns {
    /// `written` as in the list: words joined by `_`, `N` for a number.
    pub(super) fn add(&mut self, written: &str, concept: Concept) {
        let mut parts = written.split('_').flat_map(|part| match part {
            "N" => vec![Part::Number],
            words => tokens(words).into_iter().map(|token| Part::Stem(stem(&token.text))).collect(),
        });
        let first = parts.next();
        let rest = parts.collect();
        match first {
            Some(Part::Number) => self.by_number.push((rest, concept)),
            Some(Part::Stem(stem)) => self.by_stem.entry(stem).or_default().push((rest, concept)),
            None => {}
        }
    }

    pub(super) fn knows(&self, stem: &str) -> bool {
        self.by_stem.contains_key(stem)
    }

    /// Every pattern that stands in the text, with its words; up to `skip` fillers may stand before each further word.
    pub(super) fn find(&self, text: &[Seen], skip: usize) -> Vec<(Concept, Range<usize>)> {
        let mut out = Vec::new();
        for (at, seen) in text.iter().enumerate() {
            let starting = if seen.number { Some(&self.by_number) } else { self.by_stem.get(&seen.stem) };
            for (rest, concept) in starting.into_iter().flatten() {
                if let Some(end) = end_of(rest, text, at + 1, skip) {
                    out.push((*concept, at..end));
                }
            }
        }
        out
    }
}

/// Where the further words of a pattern end that stand in the text from `at` on.
fn end_of(rest: &[Part], text: &[Seen], mut at: usize, skip: usize) -> Option<usize> {
    for part in rest {
        let passed = text.get(at..)?.iter().take(skip + 1).position(|seen| part.fits(seen))?;
        if !text[at..at + passed].iter().all(|seen| seen.filler) {
            return None;
        }
        at += passed + 1;
    }
    Some(at)
}
