//! Russian text as buyers and sellers write it, cut into tokens that can be compared.
//!
//! [`tokens`] never fails, gives the same tokens for its own output, and says of every token where it stood in the
//! original, so that a match can be shown in the seller's own words.

mod fold;
mod grams;
mod layout;
mod lookalikes;
mod numbers;
mod scripts;
mod sentences;
mod similar;
mod tokens;

pub use sentences::sentences;
pub use tokens::{Kind, Token, tokens};

pub(crate) use grams::{Gram, grams};
pub use layout::{english_keys_to_russian, russian_keys_to_english};
pub(crate) use numbers::number_word;
pub(crate) use scripts::{code_variants, in_cyrillic, is_cyrillic, is_latin};
pub use similar::distance;

use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

static RUSSIAN: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::Russian));
static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// The Snowball stem of a token's text: Russian for Cyrillic words, English for Latin ones, all else as it is. A vowel that comes and goes
/// is left out of it: «потолок» and «потолки», «плиток» and «плитка», «перец» and «перца» have one stem.
pub fn stem(word: &str) -> String {
    if word.chars().all(is_cyrillic) {
        without_fleeting_vowel(RUSSIAN.stem(word).into_owned())
    } else if word.chars().all(is_latin) {
        ENGLISH.stem(word).into_owned()
    } else {
        word.to_owned()
    }
}

/// «потолок» → «потолк». Words where the vowel stays («урок») lose it in every form alike.
fn without_fleeting_vowel(mut stem: String) -> String {
    let mut last = stem.char_indices().rev();
    let (end, vowel, before) = (last.next(), last.next(), last.next());
    let fleeting =
        matches!((vowel, end), (Some((_, 'о' | 'е')), Some((_, 'к'))) | (Some((_, 'е')), Some((_, 'ц'))));
    let consonant = before.is_some_and(|(_, letter)| !"аеиоуыэюяьъй".contains(letter));
    if let (true, true, true, Some((at, _))) = (fleeting, consonant, last.next().is_some(), vowel) {
        stem.remove(at);
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn a_vowel_that_comes_and_goes_does_not_part_the_forms_of_a_word() {
        for (one, other) in [
            ("потолок", "потолки"),
            ("плиток", "плитка"),
            ("кусочек", "кусочками"),
            ("перец", "перца"),
            ("досок", "доски"),
            ("урок", "уроков"),
        ] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
        for (one, other) in [("бок", "бк"), ("срок", "сруб"), ("полок", "пол"), ("песок", "песни")]
        {
            assert_ne!(stem(one), stem(other), "{one} {other}");
        }
    }
}
