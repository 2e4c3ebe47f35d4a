//! What a buyer's message asks for: words to find, and properties asked about.

use crate::analysis::{
    Kind, Token, english_keys_to_russian, number_word, russian_keys_to_english, stem, tokens,
};
use crate::index::vocabulary::{Vocabulary, is_russian};
use crate::lexicon::{Concept, LEXICON, Seen};

/// A message longer than this is cut: it is no longer a question.
const LONGEST: usize = 64;

/// A word to find.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    /// As the buyer wrote it, in its normal form.
    pub(crate) text: String,
    /// As it was meant to be written, and how far that is from what was written.
    pub(crate) mended: Option<(String, f32)>,
    /// The number it says.
    pub(crate) number: Option<&'static str>,
    pub(crate) kind: Kind,
    /// How much it counts: a word that only says what is asked counts less.
    pub(crate) weight: f32,
    /// The property asked about by name: «какой вкус», «сколько струн».
    pub(crate) named: bool,
    /// What the word asks about, if that is all it says: a passage that speaks of it need not have the word.
    pub(crate) asks: Option<Concept>,
}

/// A question, understood as far as words go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(crate) terms: Vec<Term>,
    /// The properties asked about, each once.
    pub(crate) concepts: Vec<Concept>,
    /// It asks whether there is such a thing at all.
    pub(crate) whether: bool,
}

struct Read {
    token: Token,
    mended: Option<(String, f32)>,
}

impl Read {
    fn spelling(&self) -> &str {
        self.mended.as_ref().map_or(&self.token.text, |(word, _)| word)
    }
}

impl Query {
    /// Reads `question` against the words the passages have.
    pub(crate) fn new(question: &str, vocabulary: &Vocabulary) -> Query {
        let mut tokens = in_right_layout(question, vocabulary);
        tokens.truncate(LONGEST);
        let read: Vec<Read> = tokens.into_iter().map(|token| mend(token, vocabulary)).collect();
        let seen: Vec<Seen> = read
            .iter()
            .map(|read| Seen {
                stem: stem(read.spelling()),
                number: read.token.kind == Kind::Number,
                filler: LEXICON.is_filler(&read.token.text),
            })
            .collect();
        let mut asked = LEXICON.asked(&seen);
        let price = LEXICON.concept("price");
        if let Some(at) = how_much(&read, question, asked.is_empty()) {
            asked.extend(price.map(|price| (price, at..at + 1)));
        }
        let whether = read.iter().any(|read| WHETHER.contains(&&*read.token.text));
        let mut query = Query { whether, ..Query::default() };
        let named = named(&read);
        for (concept, _) in &asked {
            if !query.concepts.contains(concept) {
                query.concepts.push(*concept);
            }
        }
        let mut asks: Vec<Option<Concept>> = vec![None; read.len()];
        for (concept, range) in asked {
            range.for_each(|at| asks[at] = Some(concept));
        }
        for (at, read) in read.into_iter().enumerate() {
            let filler = LEXICON.is_filler(&read.token.text) || LEXICON.is_filler(read.spelling());
            if filler || query.terms.iter().any(|term| term.text == read.token.text) {
                continue;
            }
            let weight = match () {
                () if asks[at].is_some() => ASKING,
                () if LEXICON.is_light(&stem(read.spelling())) => LIGHT,
                // «12 туй», «на 4 дня»: a number of the buyer's own, not one of a model or size that the shop has.
                () if read.token.kind == Kind::Number && vocabulary.find(&read.token.text).is_none() => LIGHT,
                () => 1.0,
            };
            query.terms.push(Term {
                number: number_word(&read.token.text),
                text: read.token.text,
                mended: read.mended,
                kind: read.token.kind,
                weight,
                named: named[at] && asks[at].is_none(),
                asks: asks[at],
            });
        }
        query
    }
}

/// Words that ask whether there is such a thing at all.
const WHETHER: &[&str] = &[
    "есть",
    "имеется",
    "наличии",
    "продается",
    "продаются",
    "бывает",
    "бывают",
    "остались",
    "осталось",
    "остался",
];

/// Which words are asked about by name: the word right after «какой» or «сколько», or the one before a «какой» that ends its clause.
fn named(read: &[Read]) -> Vec<bool> {
    let sense = |at: usize| {
        read.get(at).is_some_and(|read| {
            read.token.kind == Kind::Word
                && !LEXICON.is_filler(&read.token.text)
                && !read.token.text.starts_with("как")
        })
    };
    let mut out = vec![false; read.len()];
    for (at, word) in read.iter().enumerate() {
        let which = matches!(
            &*word.token.text,
            "какой"
                | "какая"
                | "какое"
                | "какие"
                | "какого"
                | "какую"
                | "каком"
                | "каким"
                | "каких"
        );
        let how_many = matches!(word.spelling(), "сколько" | "скольки" | "скока" | "скоко" | "скок");
        if (which || how_many) && sense(at + 1) {
            out[at + 1] = true;
        } else if which && at > 0 && sense(at - 1) {
            out[at - 1] = true;
        }
    }
    out
}

/// Where the question says «сколько» and means money: at the end of a clause, or when nothing else is asked about.
fn how_much(read: &[Read], question: &str, nothing_else: bool) -> Option<usize> {
    read.iter().enumerate().position(|(at, word)| {
        let how_much = matches!(word.spelling(), "сколько" | "скока" | "скоко" | "скок");
        let end = word.token.span.end;
        let next = read.get(at + 1).map(|next| next.token.span.start);
        let gap = next.and_then(|next| question.get(end..next));
        let clause_ends =
            next.is_none() || gap.is_some_and(|gap| gap.contains(['?', '!', '.', ',', '\n', ')']));
        let and = read.get(at + 1).is_some_and(|next| next.token.text == "и");
        how_much && (clause_ends || and || nothing_else)
    })
}

/// A word that says what is asked («цена», «доставка») stands in passages too, but as a property it is counted already.
const ASKING: f32 = 0.6;

/// «Взять», «лучше», «большой» go with everything: that a passage lacks them says little.
const LIGHT: f32 = 0.4;

/// Mends a typo when neither the passages nor the general lists know the word as it stands.
fn mend(token: Token, vocabulary: &Vocabulary) -> Read {
    let stem = stem(&token.text);
    let length = token.text.chars().count();
    let known = token.kind != Kind::Word
        || vocabulary.knows(&token.text, &stem)
        || LEXICON.knows(&token.text, &stem)
        || number_word(&token.text).is_some();
    let limit = match length {
        _ if known => return Read { token, mended: None },
        0..=2 => return Read { token, mended: None },
        3..=4 => 0.6,
        5..=6 => 1.0,
        7..=9 => 1.5,
        _ => 2.0,
    };
    let own = vocabulary.nearest(&token.text, limit).map(|(word, cost)| (word.to_owned(), cost));
    // So short a word is near many of the language; near one of the shop's own it is that one.
    let general = (length > 3)
        .then(|| LEXICON.mend(&token.text, limit))
        .flatten()
        .map(|(word, cost)| (word.to_owned(), cost + 0.05));
    let best = own.into_iter().chain(general).min_by(|a, b| a.1.total_cmp(&b.1));
    Read { mended: best, token }
}

/// The message's tokens, words typed in the wrong keyboard layout put right.
fn in_right_layout(question: &str, vocabulary: &Vocabulary) -> Vec<Token> {
    let plain = tokens(question);
    let known = |word: &str| {
        let stem = stem(word);
        word.chars().count() > 1 && (vocabulary.knows(word, &stem) || LEXICON.knows(word, &stem))
    };
    let latin = |token: &Token| token.kind == Kind::Word && token.text.is_ascii();
    let strange = plain.iter().filter(|token| latin(token) && !known(&token.text)).count();
    let has_russian = plain.iter().any(|token| is_russian(&token.text));
    if strange > 0 && !has_russian {
        // Whole message: letters like х, ж, б, ю are punctuation on the English keys.
        let mapped = english_keys_to_russian(question);
        let read = tokens(&mapped);
        let sense = read.iter().filter(|token| known(&token.text)).count();
        if sense > plain.iter().filter(|token| known(&token.text)).count()
            && sense * 2 >= read.len()
            && mapped.len() >= question.len()
        {
            return read;
        }
    }
    plain
        .into_iter()
        .map(|token| {
            if token.kind != Kind::Word || known(&token.text) {
                return token;
            }
            let other = if token.text.is_ascii() {
                english_keys_to_russian(&token.text)
            } else {
                russian_keys_to_english(&token.text)
            };
            let right = known(&other) && tokens(&other).len() == 1;
            if right { Token { text: other, ..token } } else { token }
        })
        .collect()
}
