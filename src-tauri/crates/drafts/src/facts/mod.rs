//! What a text states that can be right or wrong: numbers, prices, times, places, contacts, stock, promises.
//!
//! The same reading is made of a draft and of its sources, so that «9 000», «9 тыс.» and «девять тысяч» are one value.

mod amounts;
mod calendar;
mod claims;
mod contacts;
mod lex;
mod number_words;
mod places;
mod units;

use std::ops::Range;

pub(crate) use amounts::Amount;
pub(crate) use claims::{Act, Stock};
pub(crate) use units::Unit;

/// What kind of fact a span states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactKind {
    /// A number, a model or part number, a share.
    Number,
    /// Money.
    Price,
    /// A day, a date, a month, days of the week.
    Date,
    /// A time of day or how long something takes.
    Time,
    /// A measure or a size.
    Size,
    /// A street, a metro station.
    Address,
    /// A telephone number.
    Phone,
    /// A link, an e-mail, a name in a messenger.
    Link,
    /// Whether it is there to be bought.
    Stock,
    /// Delivery, warranty, discount, payment and what else binds the seller.
    Promise,
    /// A bank card's number.
    Card,
}

/// What is stated, in a form that can be compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Amount(Amount),
    /// Letters and digits that belong together: «h7», «size m».
    Code(String),
    Date {
        day: u8,
        month: u8,
        year: Option<i64>,
    },
    Month(u8),
    /// «сегодня», «завтра»: true of one day only.
    Relative(&'static str),
    /// Monday is the lowest bit.
    Weekdays(u8),
    AroundTheClock,
    Clock(i64),
    Phone(String),
    Card(String),
    Link(String),
    /// A kind of street and the stem of its name.
    Street(&'static str, String),
    Stock(Stock),
    Act {
        act: Act,
        denied: bool,
    },
}

/// One fact of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    pub(crate) kind: FactKind,
    pub(crate) value: Value,
    /// Characters of the text (not bytes).
    pub(crate) span: Range<usize>,
    /// Too vague to need a source; as a source it counts.
    pub(crate) faint: bool,
}

/// A text that was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) facts: Vec<Fact>,
    /// Stems of all words: names are looked up here.
    pub(crate) stems: Vec<String>,
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Facts {
    let mut chars = lex::fold(text);
    let mut facts = contacts::take(&mut chars);
    let lexemes = lex::lex(&chars);
    facts.extend(places::read(&lexemes));
    facts.extend(calendar::read(&lexemes));
    let taken: Vec<Range<usize>> = facts
        .iter()
        .filter(|fact| matches!(fact.value, Value::Date { .. } | Value::Clock(_)))
        .map(|fact| fact.span.clone())
        .collect();
    facts.extend(amounts::read(&lexemes, &taken));
    facts.extend(claims::read(&lexemes));
    facts.sort_by_key(|fact| (fact.span.start, fact.span.end));
    let words = lexemes.iter().filter(|lexeme| lexeme.is_word());
    Facts { facts, stems: words.map(|lexeme| knowledge::analysis::stem(&lexeme.text)).collect() }
}
