//! What speaks for and against a passage holding the answer, in numbers that a person can follow.

use std::collections::HashMap;
use std::ops::Range;

use crate::analysis::{Kind, code_variants, sentences, stem, tokens};
use crate::index::vocabulary::Vocabulary;
use crate::lexicon::{Concept, LEXICON, Seen};
use crate::search::{Passage, Ranked, Term};

/// The grounds of a decision; each is between 0 and 1 where nothing else is said. A word that only asks («почём», «адрес») counts as met
/// where its property is spoken of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Evidence {
    /// Share of the question's words, by their rarity, that name things and that the passage does not have.
    pub lacking: f32,
    /// It is asked whether there is a thing, and no passage of the shop has a word of it (0 or 1).
    pub wanting: f32,
    /// A property is asked about by its name, which the passage does not have (0 or 1).
    pub unnamed: f32,
    /// The question is about a rule of the shop that the passage's heading names (0 or 1).
    pub rule: f32,
    /// Share of the properties asked about that the passage speaks of; 1 when none is asked about.
    pub said: f32,
    /// The question asks about a property at all (0 or 1).
    pub asks: f32,
    /// A price or a time is asked for and what would be quoted has none (0 or 1).
    pub valueless: f32,
    /// How far the passage is ahead of the next one.
    pub ahead: f32,
    /// The ranking's score against the best score possible for these words.
    pub score: f32,
    /// Share of the question's words, by their rarity, that the quoted sentences or the heading have.
    pub quoted: f32,
}

impl Evidence {
    /// Name and value of each ground, in the order of the weights.
    pub fn grounds(&self) -> [(&'static str, f32); 10] {
        [
            ("lacking", self.lacking),
            ("wanting", self.wanting),
            ("unnamed", self.unnamed),
            ("rule", self.rule),
            ("said", self.said),
            ("asks", self.asks),
            ("valueless", self.valueless),
            ("ahead", self.ahead),
            ("score", self.score),
            ("quoted", self.quoted),
        ]
    }
}

/// The words of a question as they can be met in a passage.
pub(super) struct Reader<'a> {
    ranked: &'a Ranked,
    /// For every term: word of a passage → strength.
    meaning: Vec<HashMap<&'a str, f32>>,
    /// For every term: how much it matters.
    value: Vec<f32>,
}

/// What of the question stands in a piece of text: per term the strength.
struct Met {
    terms: Vec<f32>,
    concepts: Vec<Concept>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(ranked: &'a Ranked, vocabulary: &'a Vocabulary) -> Self {
        let meaning = ranked.matches.iter().map(|matches| {
            matches.iter().map(|found| (vocabulary.text(found.word), found.strength)).collect()
        });
        let value = ranked
            .query
            .terms
            .iter()
            .zip(&ranked.rarity)
            .map(|(term, rarity)| term.weight * rarity * substance(term));
        Reader { ranked, meaning: meaning.collect(), value: value.collect() }
    }

    fn meet(&self, text: &str) -> Met {
        let tokens = tokens(text);
        let seen: Vec<Seen> = tokens
            .iter()
            .map(|token| Seen { stem: stem(&token.text), number: token.kind == Kind::Number, filler: false })
            .collect();
        let mut concepts: Vec<Concept> =
            LEXICON.said(&seen).into_iter().map(|(concept, _)| concept).collect();
        concepts.sort_unstable();
        concepts.dedup();
        let mut terms = vec![0.0_f32; self.meaning.len()];
        for token in &tokens {
            let variants = if token.kind == Kind::Code { code_variants(&token.text) } else { Vec::new() };
            for form in std::iter::once(&token.text).chain(&variants) {
                for (best, meaning) in terms.iter_mut().zip(&self.meaning) {
                    *best = best.max(meaning.get(form.as_str()).copied().unwrap_or(0.0));
                }
            }
        }
        for (best, term) in terms.iter_mut().zip(&self.ranked.query.terms) {
            if term.asks.is_some_and(|asked| concepts.contains(&asked)) {
                *best = best.max(SAID);
            }
        }
        Met { terms, concepts }
    }

    fn asked(&self) -> &[Concept] {
        &self.ranked.query.concepts
    }

    fn weigh(&self, met: &Met) -> f32 {
        met.terms.iter().zip(&self.value).map(|(strength, value)| strength * value).sum()
    }

    /// Whether these words speak of every property that is asked about.
    pub(super) fn says_what_is_asked(&self, words: &str) -> bool {
        let said = self.meet(words).concepts;
        self.asked().iter().all(|concept| said.contains(concept))
    }

    /// The grounds to believe that words which somebody wrote from the passage answer.
    pub(super) fn read_for(&self, words: &str, passage: &Passage, score: f32, next: f32) -> Evidence {
        let (_, evidence) = self.read(passage, score, next);
        let said = self.meet(words).concepts;
        let valueless =
            self.asked().iter().any(|concept| LEXICON.is_valued(*concept) && !said.contains(concept));
        Evidence { valueless: if valueless { 1.0 } else { 0.0 }, ..evidence }
    }

    /// The sentences of the passage that answer, and the grounds to believe so. `next`: the score of the passage after it.
    pub(super) fn read(&self, passage: &Passage, score: f32, next: f32) -> (Vec<Range<usize>>, Evidence) {
        let title = self.meet(&passage.title);
        let spans = sentences(&passage.text);
        let met: Vec<Met> = spans.iter().map(|span| self.meet(&passage.text[span.clone()])).collect();
        let chosen = self.choose(&title, &met, &spans);
        let all = join(std::iter::once(&title).chain(&met));
        let quoted = join(std::iter::once(&title).chain(chosen.iter().map(|at| &met[*at])));
        let total: f32 = self.value.iter().sum::<f32>().max(f32::EPSILON);
        let rule =
            self.asked().iter().any(|concept| LEXICON.is_rule(*concept) && title.concepts.contains(concept));
        let asked = self.asked();
        let said = asked.iter().filter(|concept| all.concepts.contains(concept)).count();
        let valueless =
            asked.iter().any(|concept| LEXICON.is_valued(*concept) && !quoted.concepts.contains(concept));
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        let terms = &self.ranked.query.terms;
        let lacking = self.things().filter(|at| all.terms[*at] < MET).map(|at| self.value[at]);
        let wanting = self.ranked.query.whether && self.things().any(|at| !is_met(&self.meaning[at]));
        let unnamed = terms
            .iter()
            .zip(&all.terms)
            .any(|(term, met)| term.named && substance(term) >= 1.0 && *met < MET);
        let evidence = Evidence {
            lacking: lacking.sum::<f32>() / total,
            wanting: flag(wanting),
            unnamed: flag(unnamed),
            rule: flag(rule),
            said: if asked.is_empty() { 1.0 } else { said as f32 / asked.len() as f32 },
            asks: flag(!asked.is_empty()),
            valueless: flag(valueless),
            ahead: ((score - next) / score.max(f32::EPSILON)).clamp(0.0, 1.0),
            score: (score / self.ranked.possible.max(f32::EPSILON)).min(2.0),
            quoted: self.weigh(&quoted) / total,
        };
        (chosen.into_iter().map(|at| spans[at].clone()).collect(), evidence)
    }

    /// The terms that name things, by their places.
    fn things(&self) -> impl Iterator<Item = usize> {
        let terms = self.ranked.query.terms.iter().enumerate();
        terms.filter(|(_, term)| is_thing(term)).map(|(at, _)| at)
    }

    /// Which sentences to quote: the one with most of the question, and those that add to it.
    fn choose(&self, title: &Met, met: &[Met], spans: &[Range<usize>]) -> Vec<usize> {
        let gain = |sentence: &Met, have: &Met| {
            let terms = sentence.terms.iter().zip(&have.terms).zip(&self.value);
            let words: f32 = terms.map(|((strength, had), value)| (strength - had).max(0.0) * value).sum();
            let asked = self.asked().iter().filter(|concept| sentence.concepts.contains(concept));
            let concepts: f32 =
                asked.filter(|concept| !have.concepts.contains(concept)).map(|_| PROPERTY).sum();
            words + concepts
        };
        // The heading is shown with the quote, but what it names need not be said in it: half counts.
        let mut have =
            Met { terms: title.terms.iter().map(|strength| strength * 0.5).collect(), concepts: Vec::new() };
        let mut chosen: Vec<usize> = Vec::new();
        let mut length = 0;
        while chosen.len() < SENTENCES {
            let left = (0..met.len()).filter(|at| !chosen.contains(at)).map(|at| (at, gain(&met[at], &have)));
            // Of equals the first sentence.
            let Some((best, added)) = left.reduce(|a, b| if b.1 > a.1 { b } else { a }) else { break };
            let enough = if chosen.is_empty() { f32::MIN } else { ADDS };
            if added < enough || (!chosen.is_empty() && length + spans[best].len() > QUOTE) {
                break;
            }
            length += spans[best].len();
            chosen.push(best);
            have = join([&have, &met[best]].into_iter());
        }
        grow(&mut chosen, spans);
        chosen.sort_unstable();
        chosen
    }
}

/// Takes in neighbours while the quote stays short: what a sentence says often holds under the condition beside it.
fn grow(chosen: &mut Vec<usize>, spans: &[Range<usize>]) {
    loop {
        let length: usize = chosen.iter().map(|at| spans[*at].len()).sum();
        let beside = |at: &usize| {
            chosen.contains(&(at + 1)) || at.checked_sub(1).is_some_and(|before| chosen.contains(&before))
        };
        let fits = |at: &usize| length + spans[*at].len() <= CONTEXT;
        // What follows explains more often than what goes before.
        let next = (0..spans.len()).filter(|at| !chosen.contains(at)).filter(beside).filter(fits);
        let Some(next) = next.max_by_key(|at| chosen.iter().any(|chosen| at > chosen)) else { return };
        chosen.push(next);
    }
}

/// How much a word that asks about a property counts as met where the property is spoken of without it.
const SAID: f32 = 0.8;
/// From here a word counts as one of the question.
const MET: f32 = 0.5;
/// A property asked about, in units of a word's rarity.
const PROPERTY: f32 = 1.5;
/// What a further sentence must add.
const ADDS: f32 = 0.35;
const SENTENCES: usize = 3;
/// Bytes up to which a quote takes in its neighbours: about 160 letters, what a buyer reads at a glance.
const CONTEXT: usize = 290;
/// Bytes; a further sentence is not added beyond.
const QUOTE: usize = 500;

fn join<'a>(parts: impl Iterator<Item = &'a Met>) -> Met {
    let mut out = Met { terms: Vec::new(), concepts: Vec::new() };
    for part in parts {
        out.terms.resize(part.terms.len(), 0.0);
        for (best, found) in out.terms.iter_mut().zip(&part.terms) {
            *best = best.max(*found);
        }
        out.concepts.extend(
            part.concepts
                .iter()
                .filter(|concept| !out.concepts.contains(concept))
                .copied()
                .collect::<Vec<_>>(),
        );
    }
    out
}

/// Whether any passage of the shop has the word, or one that is much like it.
fn is_met(meaning: &HashMap<&str, f32>) -> bool {
    meaning.values().any(|strength| *strength >= MET)
}

/// Whether the word names a thing: not what is asked about it, nor what is done with it, nor a word that goes with everything.
fn is_thing(term: &Term) -> bool {
    term.weight >= 1.0 && term.kind == Kind::Word && substance(term) >= 1.0
}

/// Verbs are said in many ways, things in few: a missing thing says more than a missing verb.
fn substance(term: &Term) -> f32 {
    const VERB: &[&str] = &[
        "ть",
        "ться",
        "ете",
        "ите",
        "ешь",
        "ишь",
        "ется",
        "ится",
        "аете",
        "яете",
        "уете",
        "али",
        "или",
        "ила",
        "ала",
        "ался",
        "илась",
        "аю",
        "яю",
        "ую",
        "ем",
        "им",
        "ут",
        "ют",
        "ат",
        "ят",
        "йте",
        "тесь",
        "лся",
        "лась",
        "лось",
        "лись",
        "ет",
        "ит",
    ];
    let long = term.text.chars().count() >= 5;
    if term.kind == Kind::Word && long && VERB.iter().any(|ending| term.text.ends_with(ending)) {
        0.5
    } else {
        1.0
    }
}
