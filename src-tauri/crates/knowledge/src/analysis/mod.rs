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

/// The Snowball stem of a token's text: Russian for Cyrillic words, English for Latin ones, all else as it is.
pub fn stem(word: &str) -> String {
    if word.chars().all(is_cyrillic) {
        RUSSIAN.stem(word).into_owned()
    } else if word.chars().all(is_latin) {
        ENGLISH.stem(word).into_owned()
    } else {
        word.to_owned()
    }
}
