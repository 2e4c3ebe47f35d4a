//! Units and how they turn into each other.

use super::lex::Lexeme;

/// What a number counts. Numbers of one unit can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Rub,
    Percent,
    /// Millimetres.
    Length,
    /// Square centimetres.
    Area,
    /// Grams.
    Mass,
    /// Millilitres.
    Volume,
    /// Watts.
    Power,
    /// Gigabytes.
    Data,
    /// Milliampere-hours.
    Charge,
    Kelvin,
    Hertz,
    Inch,
    Piece,
    Minutes,
    Months,
    Year,
}

const MINUTES_A_DAY: i64 = 24 * 60;

/// The unit that begins at the first lexeme: what it is, how many of the base unit one is, how many lexemes it takes.
/// `number`: what stands before it, in thousandths.
pub(super) fn unit(lexemes: &[Lexeme], number: i64) -> Option<(Unit, i64, usize)> {
    let first = lexemes.first()?;
    let second = lexemes.get(1);
    match first.sign() {
        Some('₽') => return Some((Unit::Rub, 1, 1)),
        Some('%') => return Some((Unit::Percent, 1, 1)),
        Some('"') if first.glued => return Some((Unit::Inch, 1, 1)),
        Some(_) => return None,
        None => {}
    }
    if first.begins(&["квадратн"]) && second.is_some_and(|word| word.begins(&["метр"])) {
        return Some((Unit::Area, 10_000, 2));
    }
    if first.is("кв") {
        let dot = usize::from(second.and_then(Lexeme::sign) == Some('.'));
        return lexemes
            .get(1 + dot)
            .filter(|word| word.is("м") || word.begins(&["метр"]))
            .map(|_| (Unit::Area, 10_000, 2 + dot));
    }
    if first.begins(&["рабоч"]) && second.is_some_and(|word| word.begins(&["дн", "ден"])) {
        return Some((Unit::Minutes, MINUTES_A_DAY, 2));
    }
    if !first.is_word() {
        return None;
    }
    let one = |unit, by| Some((unit, by, 1));
    match first.text.as_str() {
        "р" | "руб" | "рубль" | "рубля" | "рублей" | "рублями" | "rub" | "rur" => {
            one(Unit::Rub, 1)
        }
        "процент" | "процента" | "процентов" => one(Unit::Percent, 1),
        "мм" | "миллиметр" | "миллиметра" | "миллиметров" | "mm" => {
            one(Unit::Length, 1)
        }
        "см" | "сантиметр" | "сантиметра" | "сантиметров" | "cm" => {
            one(Unit::Length, 10)
        }
        "м" | "метр" | "метра" | "метров" => one(Unit::Length, 1000),
        "км" | "километр" | "километра" | "километров" => {
            one(Unit::Length, 1_000_000)
        }
        "м2" => one(Unit::Area, 10_000),
        "см2" => one(Unit::Area, 1),
        "г" | "гр" | "грамм" | "грамма" | "граммов" if !is_year(number) => {
            one(Unit::Mass, 1)
        }
        "кг" | "килограмм" | "килограмма" | "килограммов" | "kg" => {
            one(Unit::Mass, 1000)
        }
        "л" | "литр" | "литра" | "литров" => one(Unit::Volume, 1000),
        "мл" => one(Unit::Volume, 1),
        "вт" | "w" | "ватт" => one(Unit::Power, 1),
        "квт" | "kw" => one(Unit::Power, 1000),
        "гб" | "gb" | "гигабайт" => one(Unit::Data, 1),
        "тб" | "tb" => one(Unit::Data, 1024),
        "мач" | "mah" => one(Unit::Charge, 1),
        "гц" | "hz" => one(Unit::Hertz, 1),
        "к" | "k" if number >= 1_000_000 => one(Unit::Kelvin, 1),
        "дюйм" | "дюйма" | "дюймов" => one(Unit::Inch, 1),
        "шт" | "штук" | "штуки" | "штука" | "штуку" | "комплект" | "комплекта" | "комплектов" => {
            one(Unit::Piece, 1)
        }
        "мин" | "минут" | "минута" | "минуты" | "минуту" => one(Unit::Minutes, 1),
        "ч" | "час" | "часа" | "часов" | "часу" => one(Unit::Minutes, 60),
        "день" | "дня" | "дней" | "дн" | "сутки" | "суток" => {
            one(Unit::Minutes, MINUTES_A_DAY)
        }
        "неделя" | "недели" | "недель" | "неделю" => {
            one(Unit::Minutes, 7 * MINUTES_A_DAY)
        }
        "мес" | "месяц" | "месяца" | "месяцев" => one(Unit::Months, 1),
        "год" | "года" | "году" | "г" if is_year(number) => one(Unit::Year, 1),
        "год" | "года" | "лет" => one(Unit::Months, 12),
        _ => None,
    }
}

fn is_year(number: i64) -> bool {
    (1_950_000..=2_040_000).contains(&number)
}

/// A unit that stands for one of itself: «гарантия год», «за час».
pub(super) fn alone(lexeme: &Lexeme) -> Option<(Unit, i64)> {
    if !lexeme.is_word() {
        return None;
    }
    match lexeme.text.as_str() {
        "год" | "года" => Some((Unit::Months, 12)),
        "полгода" => Some((Unit::Months, 6)),
        "месяц" | "месяца" => Some((Unit::Months, 1)),
        "неделя" | "неделю" | "недели" => Some((Unit::Minutes, 7 * MINUTES_A_DAY)),
        "сутки" | "суток" => Some((Unit::Minutes, MINUTES_A_DAY)),
        "час" | "часа" => Some((Unit::Minutes, 60)),
        "полчаса" => Some((Unit::Minutes, 30)),
        _ => None,
    }
}
