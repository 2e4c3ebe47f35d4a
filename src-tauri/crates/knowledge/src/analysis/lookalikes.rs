//! Latin letters inside Cyrillic words and the other way round: «cдэк» with a Latin c is «сдэк».

use super::scripts::{is_cyrillic, is_latin};

/// Pairs of small letters that look alike in one case or the other.
const PAIRS: &[(char, char)] = &[
    ('a', 'а'),
    ('b', 'в'),
    ('c', 'с'),
    ('e', 'е'),
    ('h', 'н'),
    ('k', 'к'),
    ('m', 'м'),
    ('o', 'о'),
    ('p', 'р'),
    ('t', 'т'),
    ('x', 'х'),
    ('y', 'у'),
];

/// The Cyrillic letter that looks like this Latin one.
pub(super) fn to_cyrillic(letter: char) -> Option<char> {
    PAIRS.iter().find(|(latin, _)| *latin == letter).map(|(_, cyrillic)| *cyrillic)
}

/// The Latin letter that looks like this Cyrillic one.
pub(super) fn to_latin(letter: char) -> Option<char> {
    PAIRS.iter().find(|(_, cyrillic)| *cyrillic == letter).map(|(latin, _)| *latin)
}

/// Brings a word of two alphabets into the one its unmistakable letters belong to; other words stay.
pub(super) fn one_alphabet(word: &mut [char]) {
    let cyrillic = word.iter().filter(|letter| is_cyrillic(**letter)).count();
    let latin = word.iter().filter(|letter| is_latin(**letter)).count();
    if cyrillic == 0 || latin == 0 {
        return;
    }
    let only_cyrillic =
        word.iter().filter(|letter| is_cyrillic(**letter) && to_latin(**letter).is_none()).count();
    let only_latin =
        word.iter().filter(|letter| is_latin(**letter) && to_cyrillic(**letter).is_none()).count();
    let replace = if (only_cyrillic, cyrillic) >= (only_latin, latin) { to_cyrillic } else { to_latin };
    for letter in word {
        *letter = replace(*letter).unwrap_or(*letter);
    }
}
