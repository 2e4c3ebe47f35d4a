//! Every word of the passages in memory, to find the words a question's word may mean.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::KnowledgeError;
use crate::analysis::{Gram, code_variants, distance, grams, in_cyrillic, is_cyrillic, stem};
use crate::lexicon::{Group, LEXICON};

/// Why a word of a passage counts as a word of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The same word, number or code.
    Same,
    /// Another ending.
    Form,
    /// The same name in the other alphabet.
    Sound,
    /// A word of the same sense.
    Synonym,
    /// The question has a typo.
    Typo,
    /// They share a part: «замер», «замерщик».
    Part,
}

/// A word of the passages that a question's word may mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Match {
    pub(crate) word: u32,
    /// How much it counts, up to 1.
    pub(crate) strength: f32,
    pub(crate) how: How,
}

struct Word {
    id: i64,
    text: Box<str>,
    /// How a Latin word reads in Russian.
    sound: Option<Box<str>>,
}

impl Word {
    /// What is compared letter by letter.
    fn key(&self) -> &str {
        self.sound.as_deref().unwrap_or(&self.text)
    }
}

/// The words, and ways to find them.
#[derive(Default)]
pub(crate) struct Vocabulary {
    words: Vec<Word>,
    by_text: HashMap<Box<str>, u32>,
    by_stem: HashMap<Box<str>, Vec<u32>>,
    by_sound: HashMap<Box<str>, Vec<u32>>,
    by_group: HashMap<Group, Vec<u32>>,
    by_gram: HashMap<Gram, Vec<u32>>,
    last: i64,
}

/// How many words of the passages a question's word may stand for: more are noise.
const MATCHES: usize = 64;
/// How many words that share parts are looked at closely.
const CLOSE: usize = 192;

impl Vocabulary {
    /// Reads the words that were added since the last time.
    pub(crate) fn refresh(&mut self, connection: &Connection) -> Result<(), KnowledgeError> {
        let newer = "SELECT id, text FROM knowledge_word WHERE id > ?1 ORDER BY id";
        let mut statement = connection.prepare_cached(newer)?;
        let mut rows = statement.query([self.last])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get(1)?;
            self.last = row.get(0)?;
            self.add(self.last, text);
        }
        Ok(())
    }

    fn add(&mut self, id: i64, text: String) {
        let at = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.by_text.insert(text.as_str().into(), at);
        let is_word = text.chars().all(char::is_alphabetic);
        let mut sounds = Vec::new();
        if is_word {
            let stem = stem(&text);
            sounds = in_cyrillic(&text);
            let sound_stems = sounds.iter().map(|sound| crate::analysis::stem(sound));
            for stem in std::iter::once(stem).chain(sound_stems) {
                for group in LEXICON.groups(&stem) {
                    self.by_group.entry(*group).or_default().push(at);
                }
                self.by_stem.entry(stem.into()).or_default().push(at);
            }
            for sound in &sounds {
                self.by_sound.entry(sound.as_str().into()).or_default().push(at);
            }
            for gram in grams(sounds.first().unwrap_or(&text)) {
                self.by_gram.entry(gram).or_default().push(at);
            }
        }
        let sound = sounds.into_iter().next().map(Into::into);
        self.words.push(Word { id, text: text.into(), sound });
    }

    /// The row of a word.
    pub(crate) fn id(&self, word: u32) -> i64 {
        self.words[word as usize].id
    }

    /// The word itself.
    pub(crate) fn text(&self, word: u32) -> &str {
        &self.words[word as usize].text
    }

    /// Where a word or `#name` stands, when passages have it.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.by_text.get(text).copied()
    }

    /// Whether passages have this word in some form or alphabet.
    pub(crate) fn knows(&self, text: &str, stem: &str) -> bool {
        self.by_text.contains_key(text) || self.by_stem.contains_key(stem) || self.by_sound.contains_key(text)
    }

    /// The word nearest to a mistyped one, and how far it is.
    pub(crate) fn nearest(&self, wrong: &str, limit: f32) -> Option<(&str, f32)> {
        let candidates = self.sharing(&grams(wrong));
        let near = candidates.into_iter().filter_map(|(word, _)| {
            let key = self.words[word as usize].key();
            distance(wrong, key, limit).map(|cost| (key, cost))
        });
        near.min_by(|(a, cost_a), (b, cost_b)| cost_a.total_cmp(cost_b).then(a.cmp(b)))
    }

    /// The words that `text` may mean, the strongest first. `mended`: also how the text was meant to be written.
    pub(crate) fn matches(&self, text: &str, mended: Option<&(String, f32)>) -> Vec<Match> {
        let mut found: HashMap<u32, Match> = HashMap::new();
        let mut note = |word: u32, strength: f32, how: How| {
            let entry = found.entry(word).or_insert(Match { word, strength: 0.0, how });
            if strength > entry.strength {
                *entry = Match { word, strength, how };
            }
        };
        let is_word = text.chars().all(char::is_alphabetic);
        if let Some(word) = self.find(text) {
            note(word, 1.0, How::Same);
        }
        if !is_word {
            let variants = code_variants(text).into_iter().filter_map(|variant| self.find(&variant));
            variants.for_each(|word| note(word, 1.0, How::Same));
            return found.into_values().collect();
        }
        let mended = mended.map(|(word, cost)| (word.as_str(), 1.0 - TYPO * cost, true));
        for (spelling, scale, typo) in std::iter::once((text, 1.0, false)).chain(mended) {
            let how = |how: How| if typo { How::Typo } else { how };
            self.find(spelling).into_iter().for_each(|word| note(word, scale, how(How::Same)));
            let mut forms = vec![spelling.to_owned()];
            forms.extend(in_cyrillic(spelling));
            for (at, form) in forms.iter().enumerate() {
                let stem = stem(form);
                // A Latin word is also found by the stem of how it sounds.
                let other =
                    |word: u32| at > 0 || self.words[word as usize].sound.is_some() != spelling.is_ascii();
                let kind = |word: u32| if other(word) { How::Sound } else { How::Form };
                let list =
                    |map: &HashMap<Box<str>, Vec<u32>>, key: &str| map.get(key).cloned().unwrap_or_default();
                list(&self.by_stem, &stem)
                    .into_iter()
                    .for_each(|word| note(word, 0.95 * scale, how(kind(word))));
                list(&self.by_sound, form)
                    .into_iter()
                    .for_each(|word| note(word, 0.95 * scale, how(How::Sound)));
                for group in LEXICON.groups(&stem) {
                    let words = self.by_group.get(group).map_or(&[][..], Vec::as_slice);
                    words.iter().for_each(|word| note(*word, SYNONYM * scale, how(How::Synonym)));
                }
                for (word, likeness) in self.similar(form) {
                    note(word, likeness * PART * scale, how(How::Part));
                }
            }
        }
        let mut matches: Vec<Match> = found.into_values().collect();
        matches.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.word.cmp(&b.word)));
        matches.truncate(MATCHES);
        matches
    }

    /// Words with parts in common and how alike they are: rare parts count more, the question's word must be covered.
    fn similar(&self, text: &str) -> Vec<(u32, f32)> {
        let own = grams(text);
        let total: f32 = own.iter().map(|gram| self.weight(*gram)).sum();
        let close = self.sharing(&own);
        close
            .into_iter()
            .filter_map(|(word, shared)| {
                let other: f32 =
                    grams(self.words[word as usize].key()).iter().map(|gram| self.weight(*gram)).sum();
                let likeness = 0.6 * shared / total + 0.4 * shared / (total + other - shared);
                (likeness >= LEAST).then_some((word, likeness))
            })
            .collect()
    }

    /// Words that share grams, with the weight of what is shared; the most sharing ones.
    fn sharing(&self, own: &[Gram]) -> Vec<(u32, f32)> {
        let mut shared: HashMap<u32, f32> = HashMap::new();
        for gram in own {
            let weight = self.weight(*gram);
            for word in self.by_gram.get(gram).map_or(&[][..], Vec::as_slice) {
                *shared.entry(*word).or_default() += weight;
            }
        }
        let mut shared: Vec<(u32, f32)> = shared.into_iter().collect();
        let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if shared.len() > CLOSE {
            shared.select_nth_unstable_by(CLOSE, order);
            shared.truncate(CLOSE);
        }
        shared
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of words are far below the limit")]
    fn weight(&self, gram: Gram) -> f32 {
        let words = self.by_gram.get(&gram).map_or(0, Vec::len) as f32;
        (1.0 + self.words.len() as f32 / (words + 0.5)).ln()
    }
}

const SYNONYM: f32 = 0.8;
/// What each unit of a typo's cost takes away.
const TYPO: f32 = 0.15;
const PART: f32 = 0.9;
const LEAST: f32 = 0.25;

/// Whether a word is written in Russian letters.
pub(crate) fn is_russian(word: &str) -> bool {
    word.chars().all(is_cyrillic)
}
