//! What of a passage goes into the index: its words, its codes read in Latin letters, and what it speaks about.

use std::collections::HashMap;

use crate::analysis::{Kind, Token, code_variants, stem, tokens};
use crate::lexicon::{LEXICON, Seen};

/// Times in the title, times in the text.
pub(crate) type Times = (u8, u8);

/// A passage as the index holds it.
pub(crate) struct Counted {
    /// How many tokens.
    pub(crate) words: i64,
    /// In no order.
    pub(crate) postings: HashMap<Box<str>, Times>,
}

/// Counts the words of passages; remembers stems, which repeat.
#[derive(Default)]
pub(crate) struct Counter {
    stems: HashMap<Box<str>, Box<str>>,
}

impl Counter {
    pub(crate) fn count(&mut self, title: &str, text: &str) -> Counted {
        let mut counted = Counted { words: 0, postings: HashMap::new() };
        self.field(title, &mut counted, |times| times.0 = times.0.saturating_add(1));
        self.field(text, &mut counted, |times| times.1 = times.1.saturating_add(1));
        counted
    }

    fn field(&mut self, text: &str, counted: &mut Counted, raise: impl Fn(&mut Times)) {
        let tokens = tokens(text);
        counted.words += i64::try_from(tokens.len()).unwrap_or(i64::MAX);
        let seen: Vec<Seen> = tokens.iter().map(|token| self.seen(token)).collect();
        for (concept, _) in LEXICON.said(&seen) {
            let name = format!("#{}", LEXICON.name(concept));
            raise(counted.postings.entry(name.into()).or_default());
        }
        for token in tokens {
            for variant in index_forms(&token) {
                raise(counted.postings.entry(variant.into()).or_default());
            }
        }
    }

    fn seen(&mut self, token: &Token) -> Seen {
        if !self.stems.contains_key(token.text.as_str()) {
            // Bounded: a price list with a million part numbers must not stay in memory.
            if self.stems.len() > 200_000 {
                self.stems.clear();
            }
            self.stems.insert(token.text.as_str().into(), stem(&token.text).into());
        }
        Seen {
            stem: self.stems[token.text.as_str()].to_string(),
            number: token.kind == Kind::Number,
            filler: false,
        }
    }
}

/// The words under which a token is found: itself, and a code also in Latin letters.
fn index_forms(token: &Token) -> Vec<String> {
    let mut forms = vec![token.text.clone()];
    if token.kind == Kind::Code {
        for variant in code_variants(&token.text) {
            if !forms.contains(&variant) {
                forms.push(variant);
            }
        }
    }
    forms
}
