//! Cutting text into words, numbers and codes.

use std::ops::Range;

use super::fold::{Folded, fold};
use super::lookalikes::one_alphabet;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Letters.
    Word,
    /// A number in its plain form: `9000`, `14.5`, `14:30`.
    Number,
    /// Letters and digits that belong together: a part number, a model, a size.
    Code,
}

/// A piece of text that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The normal form: small letters, е for ё, one alphabet, plain numbers. Never empty.
    pub text: String,
    /// The bytes of the original it stands for.
    pub span: Range<usize>,
    /// What it is made of.
    pub kind: Kind,
}

/// Letters that may follow a number directly and are a word of their own.
const UNITS: &[&str] = &[
    "см",
    "мм",
    "м",
    "км",
    "кг",
    "г",
    "гр",
    "л",
    "мл",
    "вт",
    "квт",
    "в",
    "а",
    "ач",
    "мач",
    "ч",
    "час",
    "часа",
    "часов",
    "мин",
    "дн",
    "дней",
    "день",
    "дня",
    "мес",
    "лет",
    "год",
    "года",
    "шт",
    "штук",
    "штуки",
    "р",
    "руб",
    "рублей",
    "гб",
    "тб",
    "мб",
    "gb",
    "tb",
    "mb",
    "kg",
    "cm",
    "mm",
    "w",
    "v",
    "k",
    "м2",
    "кв",
    "сот",
    "град",
    "мбит",
    "гц",
    "hz",
    "mah",
    "gsm",
    "x",
    "х",
    "дюйм",
    "дюйма",
    "дюймов",
    "тонн",
    "тыс",
    "этаж",
    "комн",
    "бар",
    "мп",
    "раз",
    "л/с",
];

/// Endings of ordinal numbers: «13й», «1-го» without the hyphen.
const ORDINAL: &[&str] = &[
    "й", "ый", "ий", "ой", "я", "ая", "ю", "ую", "го", "ого", "му", "ом", "м", "е", "ое", "х", "ти", "ка",
    "ку", "ки",
];

/// «2-к» is said of flats.
const ROOMS: &[(&str, &str)] =
    &[("1", "однокомнатная"), ("2", "двухкомнатная"), ("3", "трехкомнатная"), ("4", "четырехкомнатная")];

/// Units before which two numbers in a row are two numbers: «iPhone 13 128 ГБ».
const NEVER_THOUSANDS: &[&str] =
    &["гб", "gb", "тб", "tb", "мб", "mb", "мбит", "вт", "w", "мп", "гц", "мач", "mah"];

/// The tokens of `text` in order; spans do not overlap.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut cutter = Cutter { folded: fold(text), at: 0, out: Vec::new() };
    while cutter.at < cutter.folded.len() {
        cutter.step();
    }
    cutter.out
}

struct Cutter {
    folded: Vec<Folded>,
    at: usize,
    out: Vec<Token>,
}

impl Cutter {
    fn step(&mut self) {
        let character = self.folded[self.at].character;
        if character.is_ascii_digit() {
            self.number();
        } else if character.is_alphabetic() {
            self.word();
        } else {
            let sign = match character {
                '₽' => Some("руб"),
                '%' => Some("процент"),
                '°' => Some("градус"),
                _ => None,
            };
            if let Some(sign) = sign {
                self.push(sign.to_owned(), self.at..self.at + 1, Kind::Word);
            }
            self.at += 1;
        }
    }

    fn character(&self, at: usize) -> Option<char> {
        self.folded.get(at).map(|folded| folded.character)
    }

    fn is_digit(&self, at: usize) -> bool {
        self.character(at).is_some_and(|character| character.is_ascii_digit())
    }

    fn is_letter(&self, at: usize) -> bool {
        self.character(at).is_some_and(char::is_alphabetic)
    }

    /// The end of the run from `at` of characters that `keep` keeps.
    fn run(&self, at: usize, keep: impl Fn(char) -> bool) -> usize {
        let rest = self.folded.iter().skip(at);
        at + rest.take_while(|folded| keep(folded.character)).count()
    }

    fn string(&self, range: Range<usize>) -> String {
        self.folded[range].iter().map(|folded| folded.character).collect()
    }

    fn push(&mut self, text: String, range: Range<usize>, kind: Kind) {
        let mut span = self.folded[range.start].span.start..self.folded[range.end - 1].span.end;
        // One character of the original may fold into several tokens («½»): the first has the span, the rest none to show.
        if let Some(last) = self.out.last() {
            span.start = span.start.max(last.span.end);
            if span.is_empty() {
                return;
            }
        }
        self.out.push(Token { text, span, kind });
    }

    /// A word, «б/у», «wi-fi», or a code that begins with letters.
    fn word(&mut self) {
        let start = self.at;
        let end = self.run(start, char::is_alphabetic);
        let mut letters: Vec<char> = self.folded[start..end].iter().map(|folded| folded.character).collect();
        if self.is_digit(end) && letters.len() <= 2 {
            return self.code(start);
        }
        one_alphabet(&mut letters);
        let text: String = letters.iter().collect();
        self.at = end;
        if text == "б"
            && matches!(self.character(end), Some('/' | '.' | '-'))
            && self.character(end + 1) == Some('у')
        {
            let after = end + 2;
            if !self.is_letter(after) {
                self.at = after;
                return self.push("бу".to_owned(), start..after, Kind::Word);
            }
        }
        let latin = |word: &str| word.len() <= 3 && word.chars().all(|letter| letter.is_ascii_lowercase());
        if self.character(end) == Some('-') && self.is_letter(end + 1) && latin(&text) {
            let second_end = self.run(end + 1, char::is_alphabetic);
            let second = self.string(end + 1..second_end);
            if latin(&second) && !self.is_digit(second_end) && self.character(second_end) != Some('-') {
                self.at = second_end;
                return self.push(text + &second, start..second_end, Kind::Word);
            }
        }
        self.push(text, start..end, Kind::Word);
    }

    /// Letters and digits in one piece.
    fn code(&mut self, start: usize) {
        let end = self.run(start, |character| character.is_alphabetic() || character.is_ascii_digit());
        self.at = end;
        let mut letters: Vec<char> = self.folded[start..end].iter().map(|folded| folded.character).collect();
        one_alphabet(&mut letters);
        self.push(letters.into_iter().collect(), start..end, Kind::Code);
    }

    /// A number with what belongs to it: thousands, decimals, minutes, an ordinal ending, a unit.
    fn number(&mut self) {
        let start = self.at;
        let mut end = self.run(start, |character| character.is_ascii_digit());
        let mut digits = self.string(start..end);
        let side = start > 0 && self.is_by(start - 1);
        if digits.len() <= 3 && !digits.starts_with('0') && !side {
            while self.thousands(end) {
                digits += &self.string(end + 1..end + 4);
                end += 4;
            }
        }
        let mut minutes = String::new();
        let fraction_end = self.run(end + 1, |character| character.is_ascii_digit());
        let more =
            matches!(self.character(fraction_end), Some('.' | ',' | ':')) && self.is_digit(fraction_end + 1);
        if self.is_digit(end + 1) && !more {
            let fraction = self.string(end + 1..fraction_end);
            match self.character(end) {
                Some(':') if fraction.len() == 2 && digits.len() <= 2 => {
                    minutes = fraction;
                    end = fraction_end;
                }
                Some('.' | ',') if fraction.len() == 3 && digits.len() <= 3 && digits != "0" => {
                    digits += &fraction;
                    end = fraction_end;
                }
                Some('.' | ',') if fraction.len() <= 3 => {
                    let fraction = fraction.trim_end_matches('0');
                    if !fraction.is_empty() {
                        digits = format!("{digits}.{fraction}");
                    }
                    end = fraction_end;
                }
                _ => {}
            }
        }
        if !minutes.is_empty() && minutes != "00" {
            digits = format!("{digits}:{minutes}");
        }
        self.at = end;
        if self.character(end) == Some('-')
            && self.character(end + 1) == Some('к')
            && !self.is_letter(end + 2)
        {
            let rooms = ROOMS.iter().find(|(count, _)| *count == digits);
            if let Some((_, rooms)) = rooms {
                self.at = end + 2;
                return self.push((*rooms).to_owned(), start..end + 2, Kind::Word);
            }
        }
        if !self.is_letter(end) {
            return self.push(digits, start..end, Kind::Number);
        }
        let letters_end = self.run(end, char::is_alphabetic);
        let mut letters: Vec<char> =
            self.folded[end..letters_end].iter().map(|folded| folded.character).collect();
        one_alphabet(&mut letters);
        let letters: String = letters.into_iter().collect();
        let second_end = self.run(letters_end, |character| character.is_ascii_digit());
        let by = self.is_digit(letters_end)
            && match letters.as_str() {
                "х" | "x" => true,
                // «2в1», but not a code that goes on with letters.
                "на" | "в" => !self.is_letter(second_end),
                _ => false,
            };
        if self.is_digit(letters_end) && !by {
            return self.code(start);
        }
        if by || UNITS.contains(&letters.as_str()) {
            if by {
                self.at = letters_end;
            }
            return self.push(digits, start..end, Kind::Number);
        }
        if ORDINAL.contains(&letters.as_str()) {
            self.at = letters_end;
            return self.push(digits, start..letters_end, Kind::Number);
        }
        let thousand =
            matches!(letters.as_str(), "к" | "k" | "т" | "тр") && (digits.contains('.') || digits.len() >= 2);
        if thousand && let Some(number) = times_thousand(&digits) {
            self.at = letters_end;
            return self.push(number, start..letters_end, Kind::Number);
        }
        if letters.chars().count() >= 4 {
            return self.push(digits, start..end, Kind::Number);
        }
        self.code(start);
    }

    /// Whether this is the sign between the sides of a size: 120×60.
    fn is_by(&self, at: usize) -> bool {
        matches!(self.character(at), Some('×' | 'x' | 'х' | '*'))
    }

    /// Whether a group of thousands follows: one space, three digits, no more digits.
    fn thousands(&self, end: usize) -> bool {
        let group = self.character(end) == Some(' ')
            && (1..=3).all(|step| self.is_digit(end + step))
            && !self.is_digit(end + 4);
        if !group || self.is_by(end + 4) && self.is_digit(end + 5) {
            return false;
        }
        let unit_start = self.run(end + 4, |character| character == ' ');
        let unit = self.string(unit_start..self.run(unit_start, char::is_alphabetic));
        !NEVER_THOUSANDS.contains(&unit.as_str())
    }
}

/// `12.5` thousand as a plain number.
fn times_thousand(digits: &str) -> Option<String> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    (whole.len() <= 6 && fraction.len() <= 3 && !whole.contains(':'))
        .then(|| format!("{whole}{fraction:0<3}"))
}
