//! Dates, months, days of the week, times said otherwise than in figures.

use super::lex::{Kind, Lexeme};
use super::{Fact, FactKind, Value, number_words};

const MONTHS: [&str; 12] = [
    "январ",
    "феврал",
    "март",
    "апрел",
    "ма",
    "июн",
    "июл",
    "август",
    "сентябр",
    "октябр",
    "ноябр",
    "декабр",
];
const DAYS: [(&[&str], &str); 7] = [
    (&["понедельник"], "пн"),
    (&["вторник"], "вт"),
    (&["сред"], "ср"),
    (&["четверг"], "чт"),
    (&["пятниц"], "пт"),
    (&["суббот"], "сб"),
    (&["воскресень"], "вс"),
];
const WORKDAYS: u8 = 0b001_1111;
const WEEKEND: u8 = 0b110_0000;
const ALL: u8 = 0b111_1111;

pub(super) fn read(lexemes: &[Lexeme]) -> Vec<Fact> {
    let mut out = Vec::new();
    let mut push = |kind, value, from: usize, to: usize| {
        out.push(Fact { kind, value, span: lexemes[from].span.start..lexemes[to].span.end, faint: false });
    };
    let mut at = 0;
    while at < lexemes.len() {
        let lexeme = &lexemes[at];
        let mut length = 1;
        if let Some((day, month, year, words)) = date(lexemes, at) {
            length = words;
            push(FactKind::Date, Value::Date { day, month, year }, at, at + length - 1);
        } else if let Some(month) = month(lexeme) {
            push(FactKind::Date, Value::Month(month), at, at);
        } else if let Some((minutes, words)) = half_past(lexemes, at) {
            length = words;
            push(FactKind::Time, Value::Clock(minutes), at, at + length - 1);
        } else if let Some((days, words)) = weekdays(lexemes, at) {
            length = words;
            push(FactKind::Date, Value::Weekdays(days), at, at + length - 1);
        } else if lexeme.begins(&["круглосуточн"]) {
            push(FactKind::Time, Value::AroundTheClock, at, at);
        } else if let Some(word) =
            ["сегодня", "завтра", "послезавтра"].into_iter().find(|word| lexeme.is(word))
        {
            push(FactKind::Date, Value::Relative(word), at, at);
        }
        at += length;
    }
    out
}

fn month(lexeme: &Lexeme) -> Option<u8> {
    if !lexeme.is_word() {
        return None;
    }
    let at = MONTHS.iter().position(|start| match lexeme.text.strip_prefix(start) {
        Some(ending) if *start == "ма" => ["й", "я", "е"].contains(&ending),
        Some(ending) => ["", "ь", "я", "е", "а", "у", "ю", "ем"].contains(&ending),
        None => false,
    })?;
    u8::try_from(at + 1).ok()
}

/// «25 ноября», «25.11», «первого марта 2027 года».
fn date(lexemes: &[Lexeme], at: usize) -> Option<(u8, u8, Option<i64>, usize)> {
    if let Kind::Number { values, date: Some((day, month, year)), .. } = &lexemes[at].kind {
        // «2.05» is a date only where it is nothing else.
        if values.is_empty() || is_dated(lexemes, at) {
            return Some((*day, *month, *year, 1));
        }
    }
    let (day, length) = match &lexemes[at].kind {
        Kind::Number { values, .. } => (*values.first()?, 1),
        Kind::Word => number_words::said(&lexemes[at..]).map(|said| (said.value, said.length))?,
        _ => return None,
    };
    let ordinal =
        lexemes.get(at + length).is_some_and(|next| next.glued && next.is_one_of(&["го", "ого", "е", "ое"]));
    let hyphen = lexemes.get(at + length).is_some_and(|next| next.sign() == Some('-') && next.glued);
    let skip = if ordinal {
        1
    } else if hyphen && lexemes.get(at + length + 1).is_some_and(|next| next.is_one_of(&["го", "ого", "е"]))
    {
        2
    } else {
        0
    };
    let month = month(lexemes.get(at + length + skip)?)?;
    let day = u8::try_from(day / 1000).ok().filter(|number| day % 1000 == 0 && (1..=31).contains(number))?;
    let end = at + length + skip + 1;
    let year = match lexemes.get(end).map(|next| &next.kind) {
        Some(Kind::Number { values, .. }) => {
            values.first().map(|year| year / 1000).filter(|year| (2000..2100).contains(year))
        }
        _ => None,
    };
    Some((day, month, year, length + skip + 1 + usize::from(year.is_some())))
}

/// Whether `25.11` stands where a date would: after words of time and with no unit after it.
fn is_dated(lexemes: &[Lexeme], at: usize) -> bool {
    let decimal =
        lexemes.get(at + 1).is_some_and(|next| super::units::unit(std::slice::from_ref(next), 0).is_some());
    let Kind::Number { clock, date: Some((_, month, _)), .. } = &lexemes[at].kind else { return false };
    let zero = lexemes[at].text.ends_with("00");
    let before = at.checked_sub(1).map(|before| &lexemes[before]);
    let verb = before.is_some_and(|word| word.is_word());
    !decimal && !zero && verb && (clock.is_none() || *month <= 12) && lexemes[at].text.len() == 5
}

/// «половина седьмого вечера»
fn half_past(lexemes: &[Lexeme], at: usize) -> Option<(i64, usize)> {
    if !lexemes[at].begins(&["половин", "пол"]) || lexemes[at].begins(&["полг", "получ", "полч"])
    {
        return None;
    }
    let hour = number_words::said(lexemes.get(at + 1..)?).filter(|said| said.ordinal)?;
    let part = lexemes.get(at + 1 + hour.length);
    let evening = part.is_some_and(|word| word.is_one_of(&["вечера", "дня"]));
    let named = part.is_some_and(|word| word.is_one_of(&["вечера", "дня", "утра"]));
    let minutes = (hour.value / 1000 - 1 + if evening { 12 } else { 0 }) * 60 + 30;
    Some((minutes, 1 + hour.length + usize::from(named)))
}

fn weekday(lexemes: &[Lexeme], at: usize) -> Option<usize> {
    let lexeme = lexemes.get(at)?;
    // «55 вт» are watts.
    let after_number =
        at.checked_sub(1).is_some_and(|before| matches!(lexemes[before].kind, Kind::Number { .. }));
    DAYS.iter().position(|(stems, short)| {
        let long = lexeme.begins(stems) && lexeme.text.chars().count() <= stems[0].chars().count() + 2;
        let wrong = lexeme.begins(&["средс", "средн"]);
        (long && !wrong) || (lexeme.is(short) && !after_number)
    })
}

fn weekdays(lexemes: &[Lexeme], at: usize) -> Option<(u8, usize)> {
    let lexeme = &lexemes[at];
    if lexeme.begins(&["ежедневн"]) {
        return Some((ALL, 1));
    }
    let next = lexemes.get(at + 1);
    if lexeme.is("без") && next.is_some_and(|next| next.is("выходных")) {
        return Some((ALL, 2));
    }
    if lexeme.is_one_of(&["каждый"]) && next.is_some_and(|next| next.is("день")) {
        return Some((ALL, 2));
    }
    if lexeme.begins(&["будн"]) {
        return Some((WORKDAYS, 1));
    }
    if lexeme.is_one_of(&["выходным", "выходные"]) {
        return Some((WEEKEND, 1));
    }
    let first = weekday(lexemes, at)?;
    let ranged = next.is_some_and(|next| next.sign() == Some('-') || next.is("по"));
    if let Some(last) = weekday(lexemes, at + 2).filter(|last| ranged && *last > first) {
        return Some(((first..=last).fold(0, |days, day| days | 1 << day), 3));
    }
    Some((1 << first, 1))
}
