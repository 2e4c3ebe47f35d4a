//! Text into words, numbers and signs, each with its place in the original.

use std::ops::Range;

/// A character made comparable, and which character of the text it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folded {
    pub(super) c: char,
    pub(super) at: usize,
}

/// Stands for what was taken out; no word, number or sign.
pub(super) const TAKEN: char = '\u{1}';

/// Small letters, е for ё, one space, one dash, nothing unseen.
pub(super) fn fold(text: &str) -> Vec<Folded> {
    let mut out = Vec::new();
    for (at, c) in text.chars().enumerate() {
        let c = match c {
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => continue,
            '\u{300}'..='\u{36f}' => continue,
            'ё' | 'Ё' => 'е',
            '–' | '—' | '−' | '‑' | '‐' | '―' => '-',
            '×' | '✕' | '⨯' | 'X' | 'x' | '*' => 'х',
            '″' | '”' | '“' => '"',
            '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10).unwrap_or(c),
            '\n' => '\n',
            c if c.is_whitespace() => ' ',
            c => c.to_lowercase().next().unwrap_or(c),
        };
        out.push(Folded { c, at });
    }
    // x is a sign only between numbers; a Latin word keeps its letter.
    let latin = |folded: Option<&Folded>| folded.is_some_and(|folded| folded.c.is_ascii_alphabetic());
    for at in 0..out.len() {
        if out[at].c == 'х'
            && (latin(at.checked_sub(1).and_then(|before| out.get(before))) || latin(out.get(at + 1)))
        {
            out[at].c = 'x';
        }
    }
    out
}

/// What a lexeme is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Word,
    /// Letters, then digits: «h7».
    Code,
    /// The ways a number may be meant, in thousandths; the first is the likeliest.
    Number {
        values: Vec<i64>,
        clock: Option<i64>,
        date: Option<(u8, u8, Option<i64>)>,
    },
    Sign(char),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexeme {
    pub(super) kind: Kind,
    /// As folded.
    pub(super) text: String,
    /// Characters of the text.
    pub(super) span: Range<usize>,
    /// Nothing stands between it and the one before.
    pub(super) glued: bool,
}

impl Lexeme {
    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.is_word() && self.text == word
    }

    pub(super) fn is_one_of(&self, words: &[&str]) -> bool {
        self.is_word() && words.contains(&self.text.as_str())
    }

    pub(super) fn begins(&self, stems: &[&str]) -> bool {
        self.is_word() && stems.iter().any(|stem| self.text.starts_with(stem))
    }

    pub(super) fn sign(&self) -> Option<char> {
        if let Kind::Sign(c) = self.kind { Some(c) } else { None }
    }

    /// Ends a clause: what is denied before it is not denied after it.
    pub(super) fn ends_clause(&self) -> bool {
        matches!(self.sign(), Some('.' | ',' | '!' | '?' | ';' | '\n' | '(' | ')' | ':'))
            || self.is_one_of(&["но", "а", "зато"])
    }
}

/// A number of at most this many digits is read.
const DIGITS: usize = 12;

pub(super) fn lex(chars: &[Folded]) -> Vec<Lexeme> {
    let mut lexer = Lexer { chars, at: 0, out: Vec::new(), spaced: true };
    while lexer.at < chars.len() {
        lexer.step();
    }
    lexer.out
}

struct Lexer<'a> {
    chars: &'a [Folded],
    at: usize,
    out: Vec<Lexeme>,
    spaced: bool,
}

impl Lexer<'_> {
    fn c(&self, at: usize) -> char {
        self.chars.get(at).map_or('\0', |folded| folded.c)
    }

    fn run(&self, from: usize, fits: impl Fn(char) -> bool) -> usize {
        (from..self.chars.len()).find(|at| !fits(self.c(*at))).unwrap_or(self.chars.len())
    }

    fn text(&self, range: Range<usize>) -> String {
        self.chars[range].iter().map(|folded| folded.c).collect()
    }

    fn push(&mut self, kind: Kind, end: usize) {
        let span = self.chars[self.at].at..self.chars[end - 1].at + 1;
        let text = self.text(self.at..end);
        self.out.push(Lexeme { kind, text, span, glued: !self.spaced });
        self.spaced = false;
        self.at = end;
    }

    fn step(&mut self) {
        let c = self.c(self.at);
        if c == ' ' {
            self.spaced = true;
            self.at += 1;
        } else if c.is_ascii_digit() {
            self.number();
        } else if c.is_alphabetic() {
            self.word();
        } else {
            self.push(Kind::Sign(c), self.at + 1);
        }
    }

    fn word(&mut self) {
        let after_number =
            !self.spaced && matches!(self.out.last(), Some(Lexeme { kind: Kind::Number { .. }, .. }));
        let mut end = self.run(self.at, char::is_alphabetic);
        // «160х200»
        if after_number && self.c(self.at) == 'х' && self.c(self.at + 1).is_ascii_digit() {
            return self.push(Kind::Sign('х'), self.at + 1);
        }
        // «пр-т», «5-го» stay words of one piece
        if self.c(end) == '-' && self.c(end + 1).is_alphabetic() && end - self.at <= 3 {
            let rest = self.run(end + 1, char::is_alphabetic);
            let whole = self.text(self.at..rest);
            if ["пр-т", "пр-кт", "б-р", "пр-д", "wi-fi", "р-н", "ул-ца"].contains(&whole.as_str())
            {
                return self.push(Kind::Word, rest);
            }
        }
        if matches!(self.c(end), '²' | '2')
            && !self.c(end + 1).is_alphanumeric()
            && ["м", "см"].contains(&self.text(self.at..end).as_str())
        {
            end += 1;
            self.push(Kind::Word, end);
            if let Some(last) = self.out.last_mut() {
                last.text = last.text.replace('²', "2");
            }
            return;
        }
        if self.c(end).is_ascii_digit() && !after_number {
            let end = self.run(end, char::is_alphanumeric);
            return self.push(Kind::Code, end);
        }
        self.push(Kind::Word, end);
    }

    fn number(&mut self) {
        let end = self.run(self.at, |c| c.is_ascii_digit());
        let whole = self.text(self.at..end);
        if whole.len() > DIGITS {
            return self.push(Kind::Code, end);
        }
        if let Some(kind_end) = self.clock(&whole, end).or_else(|| self.long_date(&whole, end)) {
            return self.push(kind_end.0, kind_end.1);
        }
        let separator = self.c(end);
        let fraction_end = self.run(end + 1, |c| c.is_ascii_digit());
        if matches!(separator, '.' | ',') && fraction_end > end + 1 {
            let fraction = self.text(end + 1..fraction_end);
            return self.fraction(&whole, &fraction, separator, fraction_end);
        }
        let grouped = self.grouped(&whole, end);
        let cents = self.run(grouped + 1, |c| c.is_ascii_digit());
        if grouped > end && self.c(grouped) == ',' && (grouped + 2..=grouped + 3).contains(&cents) {
            let digits: String = self.text(self.at..grouped).chars().filter(char::is_ascii_digit).collect();
            let values = vec![milli(&digits, &self.text(grouped + 1..cents))];
            return self.push(Kind::Number { values, clock: None, date: None }, cents);
        }
        let digits: String = self.text(self.at..grouped).chars().filter(char::is_ascii_digit).collect();
        let values = vec![milli(&digits, "")];
        self.push(Kind::Number { values, clock: None, date: None }, grouped);
    }

    /// `10:30`
    fn clock(&self, whole: &str, end: usize) -> Option<(Kind, usize)> {
        let minutes = self.run(end + 1, |c| c.is_ascii_digit());
        if self.c(end) != ':' || minutes != end + 3 {
            return None;
        }
        let (hour, minute): (i64, i64) = (whole.parse().ok()?, self.text(end + 1..minutes).parse().ok()?);
        let fits = hour <= 24 && minute < 60;
        fits.then(|| {
            (Kind::Number { values: Vec::new(), clock: Some(hour * 60 + minute), date: None }, minutes)
        })
    }

    /// `25.11.2026`
    fn long_date(&self, day: &str, end: usize) -> Option<(Kind, usize)> {
        let month_end = self.run(end + 1, |c| c.is_ascii_digit());
        let year_end = self.run(month_end + 1, |c| c.is_ascii_digit());
        let lengths = (month_end.checked_sub(end + 1)?, year_end.checked_sub(month_end + 1)?);
        if self.c(end) != '.' || self.c(month_end) != '.' || !matches!(lengths, (1..=2, 2 | 4)) {
            return None;
        }
        let year: i64 = self.text(month_end + 1..year_end).parse().ok()?;
        let date = date(day, &self.text(end + 1..month_end))?;
        let year = if year < 100 { year + 2000 } else { year };
        Some((
            Kind::Number { values: Vec::new(), clock: None, date: Some((date.0, date.1, Some(year))) },
            year_end,
        ))
    }

    fn fraction(&mut self, whole: &str, fraction: &str, separator: char, end: usize) {
        let mut values = vec![milli(whole, fraction)];
        if fraction.len() == 3 && whole.len() <= 3 && whole != "0" {
            values.insert(0, milli(&format!("{whole}{fraction}"), ""));
        }
        let (hour, minute) = (whole.parse::<i64>().unwrap_or(99), fraction.parse::<i64>().unwrap_or(99));
        let pair = separator == '.' && fraction.len() == 2;
        let clock = (pair && hour < 24 && minute < 60).then_some(hour * 60 + minute);
        let date = if pair { date(whole, fraction).map(|(day, month)| (day, month, None)) } else { None };
        self.push(Kind::Number { values, clock, date }, end);
    }

    /// The end of `9 000 000`.
    fn grouped(&self, whole: &str, end: usize) -> usize {
        if whole.len() > 3 || whole.starts_with('0') {
            return end;
        }
        let mut grouped = end;
        while matches!(self.c(grouped), ' ' | '\'') {
            let next = self.run(grouped + 1, |c| c.is_ascii_digit());
            if next != grouped + 4 || self.c(next) == ':' {
                break;
            }
            grouped = next;
        }
        // «iPhone 13 128 ГБ» are two numbers.
        let unit_at = self.run(grouped, |c| c == ' ');
        let unit = self.text(unit_at..self.run(unit_at, char::is_alphabetic));
        if ["гб", "gb", "тб", "tb", "мб", "mb"].contains(&unit.as_str()) { end } else { grouped }
    }
}

fn date(day: &str, month: &str) -> Option<(u8, u8)> {
    let (day, month) = (day.parse().ok()?, month.parse().ok()?);
    ((1..=31).contains(&day) && (1..=12).contains(&month)).then_some((day, month))
}

/// Thousandths; what is finer is cut.
fn milli(whole: &str, fraction: &str) -> i64 {
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    format!("{whole}{fraction}").parse().unwrap_or(i64::MAX)
}
