//! Numbers said in words: «тридцать восемь тысяч девятьсот», «сорок второй», «полторы тысячи».

use super::lex::Lexeme;

/// Beginnings of words by value, in thousandths; the ending decides whether it is an ordinal.
const SMALL: &[(&str, i64)] = &[
    ("одиннадцат", 11),
    ("двенадцат", 12),
    ("тринадцат", 13),
    ("четырнадцат", 14),
    ("пятнадцат", 15),
    ("шестнадцат", 16),
    ("семнадцат", 17),
    ("восемнадцат", 18),
    ("девятнадцат", 19),
    ("двадцат", 20),
    ("тридцат", 30),
    ("сорок", 40),
    ("пятьдесят", 50),
    ("пятидесят", 50),
    ("шестьдесят", 60),
    ("шестидесят", 60),
    ("семьдесят", 70),
    ("семидесят", 70),
    ("восемьдесят", 80),
    ("восьмидесят", 80),
    ("девяност", 90),
    ("двест", 200),
    ("двухсот", 200),
    ("трист", 300),
    ("трехсот", 300),
    ("четырест", 400),
    ("четырехсот", 400),
    ("пятьсот", 500),
    ("пятисот", 500),
    ("шестьсот", 600),
    ("шестисот", 600),
    ("семьсот", 700),
    ("семисот", 700),
    ("восемьсот", 800),
    ("восьмисот", 800),
    ("девятьсот", 900),
    ("девятисот", 900),
];

/// Whole words.
const EXACT: &[(&str, i64, bool)] = &[
    ("один", 1, false),
    ("одна", 1, false),
    ("одно", 1, false),
    ("одну", 1, false),
    ("одного", 1, false),
    ("одной", 1, false),
    ("первый", 1, true),
    ("первая", 1, true),
    ("первое", 1, true),
    ("первого", 1, true),
    ("первом", 1, true),
    ("два", 2, false),
    ("две", 2, false),
    ("двух", 2, false),
    ("двум", 2, false),
    ("двумя", 2, false),
    ("второй", 2, true),
    ("второго", 2, true),
    ("втором", 2, true),
    ("вторая", 2, true),
    ("три", 3, false),
    ("трех", 3, false),
    ("трем", 3, false),
    ("третий", 3, true),
    ("третьего", 3, true),
    ("третьем", 3, true),
    ("четыре", 4, false),
    ("четырех", 4, false),
    ("четвертый", 4, true),
    ("четвертого", 4, true),
    ("четвертом", 4, true),
    ("пять", 5, false),
    ("пяти", 5, false),
    ("пятый", 5, true),
    ("пятого", 5, true),
    ("пятом", 5, true),
    ("шесть", 6, false),
    ("шести", 6, false),
    ("шестой", 6, true),
    ("шестого", 6, true),
    ("шестом", 6, true),
    ("семь", 7, false),
    ("семи", 7, false),
    ("седьмой", 7, true),
    ("седьмого", 7, true),
    ("седьмом", 7, true),
    ("восемь", 8, false),
    ("восьми", 8, false),
    ("восьмой", 8, true),
    ("восьмого", 8, true),
    ("восьмом", 8, true),
    ("девять", 9, false),
    ("девяти", 9, false),
    ("девятый", 9, true),
    ("девятого", 9, true),
    ("девятом", 9, true),
    ("десять", 10, false),
    ("десяти", 10, false),
    ("десятый", 10, true),
    ("десятого", 10, true),
    ("сто", 100, false),
    ("ста", 100, false),
];

const ORDINAL_ENDINGS: &[&str] = &["ый", "ого", "ом", "ая", "ой", "ое", "ую", "овой", "овый", "ового"];

/// A number said in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    /// Thousandths.
    pub(super) value: i64,
    pub(super) ordinal: bool,
    /// How many lexemes.
    pub(super) length: usize,
}

fn one(word: &str) -> Option<(i64, bool)> {
    if let Some((_, value, ordinal)) = EXACT.iter().find(|(known, ..)| *known == word) {
        return Some((*value, *ordinal));
    }
    let (start, value) = SMALL.iter().find(|(start, _)| word.starts_with(start))?;
    let ending = &word[start.len()..];
    let ordinal = ORDINAL_ENDINGS.contains(&ending);
    (ordinal || ["", "ь", "и", "ью", "а", "о", "и", "ам"].contains(&ending)).then_some((*value, ordinal))
}

/// How much a word multiplies what stands before it, in thousandths of thousandths: «тыс» is 1000.
pub(super) fn multiplier(word: &str) -> Option<i64> {
    match word {
        "тыс" | "т" | "тыщ" | "тысяч" | "тысяча" | "тысячи" | "тысячу" | "тысячей" | "косарей" | "косаря" => {
            Some(1000)
        }
        "млн" | "миллион" | "миллиона" | "миллионов" | "лям" | "ляма" => {
            Some(1_000_000)
        }
        _ => None,
    }
}

/// The number that begins at the first lexeme. Multipliers after it («тысяч») are part of it.
pub(super) fn said(lexemes: &[Lexeme]) -> Option<Said> {
    let (mut total, mut group, mut ordinal, mut length) = (0_i64, 0_i64, false, 0);
    let mut last = i64::MAX;
    let mut multiplied = i64::MAX;
    while let Some(lexeme) = lexemes.get(length).filter(|lexeme| lexeme.is_word()) {
        if lexeme.is_one_of(&["полтора", "полторы", "полутора"]) && length == 0 {
            group = 1500;
            last = 0;
        } else if let Some((value, is_ordinal)) = one(&lexeme.text) {
            // «семь двести» is said for 7 200.
            if length == 1 && last < 100 && (100..1000).contains(&value) && total == 0 && group >= 1000 {
                total = group * 1000;
                group = 0;
            } else if value >= last || (10..20).contains(&last) || (value >= 10 && last < 100) {
                break;
            }
            group += value * 1000;
            last = value;
            ordinal = is_ordinal;
        } else if let Some(by) = multiplier(&lexeme.text).filter(|by| *by < multiplied && lexeme.text != "т")
        {
            if length == 0 && lexeme.text == "тыс" {
                break;
            }
            total += group.max(if length == 0 { 1000 } else { 0 }) * by;
            group = 0;
            last = i64::MAX;
            multiplied = by;
        } else {
            break;
        }
        length += 1;
        if ordinal {
            break;
        }
    }
    (length > 0).then_some(Said { value: total + group, ordinal, length })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::lex::{fold, lex};

    fn value(text: &str) -> Option<(i64, usize)> {
        said(&lex(&fold(text))).map(|said| (said.value, said.length))
    }

    #[test]
    fn numbers_in_words_are_composed_as_people_say_them() {
        assert_eq!(value("тридцать восемь тысяч девятьсот рублей"), Some((38_900_000, 4)));
        assert_eq!(value("девять тысяч"), Some((9_000_000, 2)));
        assert_eq!(value("полтора миллиона"), Some((1_500_000_000, 2)));
        assert_eq!(value("сорок второй размер"), Some((42_000, 2)));
        assert_eq!(value("семь двести"), Some((7_200_000, 2)));
        assert_eq!(value("тысяча"), Some((1_000_000, 1)));
        assert_eq!(value("два три"), Some((2000, 1)));
        assert_eq!(value("стол"), None);
    }
}
