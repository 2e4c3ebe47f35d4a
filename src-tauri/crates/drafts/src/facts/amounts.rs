//! Numbers with what they count.

use std::ops::Range;

use super::lex::{Kind, Lexeme};
use super::units::{self, Unit};
use super::{Fact, FactKind, Value, number_words};

/// A number as it can be compared with another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Amount {
    /// What it may mean, in thousandths of the base unit.
    pub(crate) values: Vec<i64>,
    /// The same before units were counted in.
    pub(crate) written: Vec<i64>,
    pub(crate) unit: Option<Unit>,
    /// A time of day it may be, in minutes.
    pub(crate) clock: Option<i64>,
    /// An end of a range or a bound: «от 3000», «3000–5000».
    pub(crate) bound: bool,
    /// A number that names or counts something else than money: an article, a size, a floor.
    pub(crate) label: bool,
    /// Stands after a street.
    pub(crate) house: bool,
}

/// A number found in the lexemes.
struct Found {
    /// Lexemes.
    at: Range<usize>,
    /// Of the number itself, without its unit.
    bare_end: usize,
    values: Vec<i64>,
    by: i64,
    unit: Option<(Unit, i64)>,
    clock: Option<i64>,
    in_words: bool,
    ordinal: bool,
}

const PRICE_WORDS: &[&str] = &[
    "цен",
    "стоим",
    "стои",
    "стоят",
    "залог",
    "аренд",
    "отда",
    "уступ",
    "итог",
    "вмест",
    "предоплат",
    "оплат",
    "обойдет",
    "выйдет",
    "сумм",
    "прода",
];
const LABEL_WORDS: &[&str] = &[
    "артикул",
    "арт",
    "размер",
    "этаж",
    "код",
    "номер",
    "пробег",
    "модел",
    "год",
    "бокс",
    "павильон",
    "подъезд",
];
/// Words after which a number is a house's.
const HOUSE_WORDS: &[&str] = &["ул", "пер", "наб", "д", "пр-т", "пр-кт", "б-р", "корп"];
const HOUSE_STARTS: &[&str] =
    &["улиц", "просп", "переул", "площад", "шоссе", "бульвар", "набереж", "проезд", "дом"];
const FROM_TO: &[&str] = &["с", "со", "до", "после", "к", "в", "от", "на", "около"];

/// The amounts of a text; lexemes in `taken` spans are dates and times that were read already.
pub(super) fn read(lexemes: &[Lexeme], taken: &[Range<usize>]) -> Vec<Fact> {
    let mut found = find(lexemes, taken);
    share_units(lexemes, &mut found);
    let mut facts: Vec<Fact> = found.iter().filter_map(|found| fact(lexemes, found)).collect();
    facts.extend(bare_units(lexemes, &found));
    facts.extend(codes(lexemes));
    facts
}

fn find(lexemes: &[Lexeme], taken: &[Range<usize>]) -> Vec<Found> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < lexemes.len() {
        let lexeme = &lexemes[at];
        if taken.iter().any(|span| span.contains(&lexeme.span.start)) {
            at += 1;
            continue;
        }
        let Some(found) = number(lexemes, at) else {
            at += 1;
            continue;
        };
        at = found.at.end;
        out.push(found);
    }
    out
}

fn number(lexemes: &[Lexeme], at: usize) -> Option<Found> {
    let (values, clock, mut end, in_words, ordinal) = match &lexemes[at].kind {
        Kind::Number { values, clock, date } => {
            if values.is_empty() && date.is_some() {
                return None;
            }
            (values.clone(), *clock, at + 1, false, false)
        }
        Kind::Word => {
            let said = number_words::said(&lexemes[at..])?;
            (vec![said.value], None, at + said.length, true, said.ordinal)
        }
        _ => return None,
    };
    let mut by = 1;
    if let Some(next) = lexemes.get(end) {
        let small = values.iter().all(|value| *value < 1_000_000);
        let glued_k = next.glued && next.is_one_of(&["к", "k"]) && small && !in_words;
        // «5к2» is a house
        let house = lexemes
            .get(end + 1)
            .is_some_and(|after| after.glued && matches!(after.kind, Kind::Number { .. }));
        if glued_k && !house {
            by = 1000;
            end += 1;
        } else if glued_k {
            end += 1;
        } else if let Some(times) = number_words::multiplier(&next.text)
            .filter(|_| next.is_word() && !in_words && (next.text != "т" || next.glued))
        {
            by = times;
            end += 1;
            if lexemes.get(end).and_then(Lexeme::sign) == Some('.')
                && lexemes
                    .get(end + 1)
                    .is_some_and(|after| units::unit(&lexemes[end + 1..], 0).is_some() && !after.glued)
            {
                end += 1;
            }
        }
    }
    let bare_end = end;
    let first = values.first().copied().unwrap_or(0);
    let unit = units::unit(lexemes.get(end..).unwrap_or_default(), first.saturating_mul(by));
    // «мы работаем с 9 в субботу»: letters that are also prepositions count only next to the number.
    if let Some((_, _, length)) = unit {
        end += length;
    }
    Some(Found {
        at: at..end,
        bare_end,
        values,
        by,
        unit: unit.map(|(unit, factor, _)| (unit, factor)),
        clock,
        in_words,
        ordinal,
    })
}

/// In «2–3 часа» and «2×0,6×2,4 м» the unit is of all.
fn share_units(lexemes: &[Lexeme], found: &mut [Found]) {
    for index in (1..found.len()).rev() {
        let (before, after) = found.split_at_mut(index);
        let (Some(left), Some(right)) = (before.last_mut(), after.first()) else { continue };
        let between = lexemes.get(left.at.end..right.at.start).unwrap_or_default();
        let joins = match between {
            [one] => matches!(one.sign(), Some('-' | 'х')) || one.is_one_of(&["до", "на", "или", "х", "и"]),
            [] => left.in_words && right.in_words,
            _ => false,
        };
        if !joins || left.unit.is_some() {
            continue;
        }
        if right.unit.is_some()
            && !(between.first().is_some_and(|one| one.is("и"))
                && right.unit.is_some_and(|(unit, _)| unit == Unit::Rub))
        {
            left.unit = right.unit;
        }
        let small = left.values.iter().all(|value| *value < 1_000_000);
        if left.by == 1 && right.by > 1 && small {
            left.by = right.by;
        }
    }
}

fn word_before(lexemes: &[Lexeme], at: usize, within: usize, fits: impl Fn(&Lexeme) -> bool) -> bool {
    let from = at.saturating_sub(within);
    lexemes[from..at]
        .iter()
        .rev()
        .take_while(|lexeme| {
            !matches!(lexeme.sign(), Some('.' | ';' | '!' | '?' | '\n'))
                || lexeme.glued && lexeme.sign() == Some('.')
        })
        .any(fits)
}

fn fact(lexemes: &[Lexeme], found: &Found) -> Option<Fact> {
    let (at, end) = (found.at.start, found.at.end);
    let before = at.checked_sub(1).and_then(|before| lexemes.get(before));
    let after = lexemes.get(end);
    let written: Vec<i64> = found.values.iter().map(|value| value.saturating_mul(found.by)).collect();
    let first = written.first().copied().unwrap_or(0);
    let mut unit = found.unit;
    let label = word_before(lexemes, at, 2, |word| word.begins(LABEL_WORDS))
        || after.is_some_and(|word| word.begins(&["этаж", "размер"]));
    let house = word_before(lexemes, at, 4, |word| word.is_one_of(HOUSE_WORDS) || word.begins(HOUSE_STARTS));
    let thousands = found.by >= 1000 || first >= 100_000;
    if unit.is_none() && thousands && !label && !house {
        let for_money = before.is_some_and(|word| word.is("за"));
        if for_money || word_before(lexemes, at, 4, |word| word.begins(PRICE_WORDS)) {
            unit = Some((Unit::Rub, 1));
        }
    }
    let ranged = |lexeme: Option<&Lexeme>| lexeme.is_some_and(|lexeme| lexeme.sign() == Some('-'));
    let next_is_number =
        |at: usize| matches!(lexemes.get(at), Some(Lexeme { kind: Kind::Number { .. }, .. }));
    let bound = before.is_some_and(|word| {
        word.is_one_of(&["от", "до", "свыше", "около", "примерно", "минимум", "максимум"])
    }) || (ranged(after) && next_is_number(end + 1))
        || (ranged(before) && at >= 2 && next_is_number(at - 2))
        || (before.is_some_and(|word| word.is("с")) && after.is_some_and(|word| word.is("до")));
    let mut span = lexemes[at].span.start..lexemes[end - 1].span.end;
    let mut clock = found.clock;
    let mut explicit_clock = found.values.is_empty();
    if unit.is_none() && first % 1000 == 0 && (0..=24_000).contains(&first) {
        let part = after.filter(|word| word.is_one_of(&["утра", "вечера", "дня", "ночи"]));
        if let Some(part) = part {
            let late = part.is_one_of(&["вечера", "дня"]) && first < 12_000;
            clock = Some((first / 1000 + if late { 12 } else { 0 }) * 60);
            explicit_clock = true;
            span.end = part.span.end;
        } else if before.is_some_and(|word| word.is_one_of(FROM_TO) || word.sign() == Some('-'))
            || ranged(after)
        {
            clock = clock.or(Some(first / 1000 * 60));
        }
    }
    if explicit_clock && let Some(minutes) = clock {
        return Some(Fact { kind: FactKind::Time, value: Value::Clock(minutes), span, faint: false });
    }
    // «одну минуту», «один момент», «одной рукой», «первый» are no facts.
    let waits = found.in_words && first == 1000 && matches!(unit, Some((Unit::Minutes, 1)));
    let dull = found.in_words && unit.is_none() && !label && (first <= 1000 || found.ordinal);
    let values = match unit {
        Some((_, factor)) => written.iter().map(|value| value.saturating_mul(factor)).collect(),
        None => written.clone(),
    };
    let kind = match unit.map(|(unit, _)| unit) {
        Some(Unit::Rub) => FactKind::Price,
        Some(Unit::Minutes | Unit::Months) => FactKind::Time,
        Some(Unit::Year) => FactKind::Date,
        Some(Unit::Length | Unit::Area | Unit::Mass | Unit::Volume | Unit::Inch) => FactKind::Size,
        _ if house => FactKind::Address,
        _ if clock.is_some() => FactKind::Time,
        _ if label && word_before(lexemes, at, 2, |word| word.begins(&["размер"])) => FactKind::Size,
        _ => FactKind::Number,
    };
    if unit.is_none() && found.bare_end < end {
        span.end = lexemes[found.bare_end - 1].span.end;
    }
    let amount = Amount { values, written, unit: unit.map(|(unit, _)| unit), clock, bound, label, house };
    Some(Fact { kind, value: Value::Amount(amount), span, faint: waits || dull })
}

/// «гарантия год», «за час»: one of the unit.
fn bare_units(lexemes: &[Lexeme], found: &[Found]) -> Vec<Fact> {
    let counted = |at: usize| found.iter().any(|found| found.at.contains(&at) || found.at.end == at);
    let mut out = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate() {
        let Some((unit, by)) = units::alone(lexeme).filter(|_| !counted(at)) else { continue };
        let before = at.checked_sub(1).map(|before| &lexemes[before]);
        // «1000 ₽ за сутки» is a price's measure.
        let of_price = before.is_some_and(|word| word.is("за")) && at >= 2 && counted(at - 1);
        if of_price
            || before.is_some_and(|word| {
                word.is_one_of(&["в", "во", "каждый", "каждую", "раз"]) || word.sign() == Some('/')
            })
        {
            continue;
        }
        let stated = lexeme.is_one_of(&["полгода", "полчаса"])
            || before.is_some_and(|word| {
                word.is_one_of(&["за", "на", "через", "течение", "гарантия", "гарантию", "целый", "ровно"])
            })
            || (before.and_then(Lexeme::sign) == Some('-')
                && at >= 2
                && lexemes[at - 2].begins(&["гаранти", "срок"]));
        let value = Amount {
            values: vec![by * 1000],
            written: vec![1000],
            unit: Some(unit),
            clock: None,
            bound: false,
            label: false,
            house: false,
        };
        out.push(Fact {
            kind: FactKind::Time,
            value: Value::Amount(value),
            span: lexeme.span.clone(),
            faint: !stated,
        });
    }
    out
}

/// Models, part numbers, sizes in letters.
fn codes(lexemes: &[Lexeme]) -> Vec<Fact> {
    let mut out = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate() {
        if lexeme.kind == Kind::Code {
            let code = Value::Code(look_alike(&lexeme.text));
            out.push(Fact { kind: FactKind::Number, value: code, span: lexeme.span.clone(), faint: false });
        }
        let sized = lexeme.begins(&["размер"]);
        if let Some(next) = lexemes.get(at + 1).filter(|next| sized && next.is_word()) {
            let size = look_alike(&next.text);
            if ["xs", "s", "m", "l", "xl", "xxl", "xxxl"].contains(&size.as_str()) {
                let code = Value::Code(format!("size {size}"));
                out.push(Fact { kind: FactKind::Size, value: code, span: next.span.clone(), faint: false });
            }
        }
    }
    out
}

/// Cyrillic letters that look Latin, as people type them.
fn look_alike(text: &str) -> String {
    let latin = |c| match c {
        'а' => 'a',
        'в' => 'b',
        'е' => 'e',
        'к' => 'k',
        'м' => 'm',
        'н' => 'h',
        'о' => 'o',
        'р' => 'p',
        'с' => 'c',
        'т' => 't',
        'х' => 'x',
        other => other,
    };
    text.chars().map(latin).collect()
}
