//! General words of trade in Russian: fillers, words of every trade, synonyms, and what questions ask about.
//!
//! Lists that a person can read and extend (`fillers.txt`, `light.txt`, `synonyms.txt`, `concepts.txt`, `things.txt`). They are about buying
//! and selling as such; words of one shop come from its own passages.

mod patterns;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::analysis::{distance, stem};
use patterns::Patterns;

/// The lists, read once.
pub(crate) static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::read);

/// A set of words that mean the same, by its number.
pub(crate) type Group = u16;

/// A property that a question asks about, by its number.
pub(crate) type Concept = u16;

pub(crate) struct Lexicon {
    fillers: HashSet<&'static str>,
    groups: HashMap<String, Vec<Group>>,
    things: HashSet<String>,
    light: HashSet<String>,
    /// Every word of the lists as written, for mending typos in questions.
    words: HashSet<&'static str>,
    names: Vec<&'static str>,
    /// Asks for a value, which a passage must hold to answer.
    valued: Vec<bool>,
    /// A rule of the shop, whatever thing it is about.
    rule: Vec<bool>,
    ask: Patterns,
    say: Patterns,
}

/// Fillers that may stand between two words of what a question asks.
const FILLERS: usize = 2;

/// A word of a text as patterns see it.
pub(crate) struct Seen {
    pub(crate) stem: String,
    pub(crate) number: bool,
    /// A word without a sense of its own, which a pattern may have in between: «как к вам проехать».
    pub(crate) filler: bool,
}

impl Lexicon {
    fn read() -> Lexicon {
        let mut lexicon = Lexicon {
            fillers: words(include_str!("fillers.txt")).collect(),
            groups: HashMap::new(),
            things: words(include_str!("things.txt")).map(stem).collect(),
            light: words(include_str!("light.txt")).map(stem).collect(),
            words: HashSet::new(),
            names: Vec::new(),
            valued: Vec::new(),
            rule: Vec::new(),
            ask: Patterns::default(),
            say: Patterns::default(),
        };
        for (group, line) in lines(include_str!("synonyms.txt")).enumerate() {
            for word in line.split_whitespace() {
                let groups = lexicon.groups.entry(stem(word)).or_default();
                groups.push(u16::try_from(group).unwrap_or(Group::MAX));
                lexicon.words.insert(word);
            }
        }
        for line in lines(include_str!("concepts.txt")) {
            let concept = u16::try_from(lexicon.names.len()).unwrap_or(Concept::MAX).saturating_sub(1);
            if let Some(list) = line.strip_prefix("ask:") {
                list.split_whitespace().for_each(|pattern| lexicon.ask.add(pattern, concept));
                let parts = list.split_whitespace().flat_map(|pattern| pattern.split('_'));
                lexicon.words.extend(parts.filter(|part| part.chars().count() > 3));
            } else if let Some(list) = line.strip_prefix("say:") {
                list.split_whitespace().for_each(|pattern| lexicon.say.add(pattern, concept));
            } else {
                lexicon.names.push(line.trim_end_matches(['!', '+']));
                lexicon.valued.push(line.ends_with('!'));
                lexicon.rule.push(line.ends_with('+'));
            }
        }
        lexicon.words.extend(lexicon.fillers.iter().filter(|word| word.chars().count() > 3));
        lexicon
    }

    /// A word that a question can lose.
    pub(crate) fn is_filler(&self, word: &str) -> bool {
        self.fillers.contains(word)
    }

    /// Whether the stem is of something people look for on a marketplace.
    pub(crate) fn is_thing(&self, stem: &str) -> bool {
        self.things.contains(stem)
    }

    /// Whether the stem is of a word of every trade, which says little about what is meant.
    pub(crate) fn is_light(&self, stem: &str) -> bool {
        self.light.contains(stem)
    }

    /// The sets of synonyms a stem belongs to.
    pub(crate) fn groups(&self, stem: &str) -> &[Group] {
        self.groups.get(stem).map_or(&[], Vec::as_slice)
    }

    /// Whether the lists know the word or its stem.
    pub(crate) fn knows(&self, word: &str, stem: &str) -> bool {
        self.fillers.contains(word)
            || self.groups.contains_key(stem)
            || self.ask.knows(stem)
            || self.is_light(stem)
            || self.is_thing(stem)
    }

    /// The word of the lists that `wrong` was most likely meant to be, and how far it is.
    pub(crate) fn mend(&self, wrong: &str, limit: f32) -> Option<(&'static str, f32)> {
        let near =
            self.words.iter().filter_map(|word| distance(wrong, word, limit).map(|cost| (*word, cost)));
        near.min_by(|(a, cost_a), (b, cost_b)| cost_a.total_cmp(cost_b).then(a.cmp(b)))
    }

    /// What the words of a question ask about, and which of them say so.
    pub(crate) fn asked(&self, question: &[Seen]) -> Vec<(Concept, std::ops::Range<usize>)> {
        self.ask.find(question, FILLERS)
    }

    /// What a passage speaks about.
    pub(crate) fn said(&self, passage: &[Seen]) -> Vec<(Concept, std::ops::Range<usize>)> {
        self.say.find(passage, 0)
    }

    /// The name of a concept, as in the list.
    pub(crate) fn name(&self, concept: Concept) -> &'static str {
        self.names[usize::from(concept)]
    }

    /// Whether it is a rule of the shop, such as delivery, and no property of a thing, such as a price.
    pub(crate) fn is_rule(&self, concept: Concept) -> bool {
        self.rule[usize::from(concept)]
    }

    /// The concept of this name.
    pub(crate) fn concept(&self, name: &str) -> Option<Concept> {
        self.names.iter().position(|known| *known == name).and_then(|at| Concept::try_from(at).ok())
    }

    /// Whether only a value answers: a price, a time.
    pub(crate) fn is_valued(&self, concept: Concept) -> bool {
        self.valued[usize::from(concept)]
    }
}

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    lines(list).flat_map(str::split_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Kind, tokens};

    fn seen(text: &str) -> Vec<Seen> {
        tokens(text)
            .iter()
            .map(|token| Seen {
                stem: stem(&token.text),
                number: token.kind == Kind::Number,
                filler: LEXICON.is_filler(&token.text),
            })
            .collect()
    }

    fn asked(text: &str) -> Vec<&'static str> {
        LEXICON.asked(&seen(text)).into_iter().map(|(concept, _)| LEXICON.name(concept)).collect()
    }

    fn said(text: &str) -> Vec<&'static str> {
        LEXICON.said(&seen(text)).into_iter().map(|(concept, _)| LEXICON.name(concept)).collect()
    }

    #[test]
    fn a_question_shows_what_it_asks_about() {
        assert!(asked("почём диван").contains(&"price"));
        assert!(asked("скока стоит").contains(&"price"));
        assert!(asked("где вы находитесь").contains(&"address"));
        assert!(asked("до скольки работаете").contains(&"hours"));
        assert!(asked("стол").is_empty());
    }

    #[test]
    fn a_passage_shows_what_it_speaks_about() {
        assert!(said("9 000 ₽ за пару").contains(&"price"));
        assert!(said("Работаем с 10 до 19").contains(&"hours"));
        assert!(said("ул. Заводская, 14").contains(&"address"));
        assert!(said("2–3 дня").contains(&"duration"));
    }

    #[test]
    fn typos_in_general_words_are_mended_and_other_words_are_not() {
        assert_eq!(LEXICON.mend("гарантея", 0.9).map(|(word, _)| stem(word)), Some(stem("гарантия")));
        assert_eq!(LEXICON.mend("достака", 1.0).map(|(word, _)| stem(word)), Some(stem("доставка")));
        assert!(LEXICON.mend("кукурузник", 1.0).is_none());
    }

    #[test]
    fn every_concept_has_both_sides_and_no_list_names_a_word_twice_in_a_line() {
        for line in lines(include_str!("synonyms.txt")) {
            let all: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(all.len(), all.iter().collect::<HashSet<_>>().len(), "{line}");
        }
        let heads = LEXICON.names.len();
        let of =
            |start: &str| lines(include_str!("concepts.txt")).filter(|line| line.starts_with(start)).count();
        assert_eq!((of("ask:"), of("say:")), (heads, heads));
    }
}
