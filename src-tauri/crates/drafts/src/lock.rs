//! The truth lock: a draft states nothing that its sources do not (invariant 8).

use crate::facts::{self, Act, Amount, Fact, FactKind, Facts, Stock, Unit, Value};

/// Where a source comes from; what is live beats what was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A passage of the seller's knowledge.
    Passage {
        /// It is about the very item of the chat.
        of_item: bool,
    },
    /// The item's own data, as Avito shows it now.
    Item,
    /// The seller's earlier words in this chat.
    Said {
        /// Said on this day: «сегодня» and «завтра» still mean the same.
        today: bool,
    },
}

/// A text that facts may come from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Where it comes from.
    pub origin: Origin,
    /// The text.
    pub text: &'a str,
}

/// What speaks for a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// The source of this number, counted from 0.
    By(usize),
    /// The sum of prices that the draft itself names and that have sources.
    Sum,
    /// Nothing.
    Nothing,
    /// The item's live data say otherwise than the source of this number.
    Outdated(usize),
}

/// One fact of a draft and what speaks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// First UTF-16 unit of the draft.
    pub start: u32,
    /// The unit after the last.
    pub end: u32,
    /// What is stated.
    pub kind: FactKind,
    /// What speaks for it.
    pub support: Support,
}

impl Mark {
    /// Whether a source says it.
    pub fn is_supported(&self) -> bool {
        matches!(self.support, Support::By(_) | Support::Sum)
    }
}

/// Every fact of the draft, in order, with its source. Places are UTF-16 units, as the page counts.
pub fn check(draft: &str, sources: &[Source<'_>]) -> Vec<Mark> {
    let read: Vec<(Origin, Facts)> =
        sources.iter().map(|source| (source.origin, facts::read(source.text))).collect();
    let stated = facts::read(draft);
    let offsets = utf16_offsets(draft);
    let needing = stated.facts.iter().filter(|fact| !fact.faint);
    let mut marks: Vec<(&Fact, Support)> =
        needing.filter_map(|fact| Some((fact, support(fact, &read)?))).collect();
    add_sums(&mut marks);
    let mut out: Vec<Mark> = Vec::new();
    for (fact, support) in marks {
        let (start, end) = (offsets[fact.span.start], offsets[fact.span.end]);
        let mark = Mark { start, end, kind: fact.kind, support };
        // One word may state two things («забронирован»): it is as good as the worse of them.
        match out.last_mut().filter(|last| last.end > start) {
            Some(last) if last.is_supported() && !mark.is_supported() => {
                *last = Mark { start: last.start.min(start), ..mark }
            }
            Some(last) => last.end = last.end.max(end),
            None => out.push(mark),
        }
    }
    out
}

/// UTF-16 offset of every character and of the end.
fn utf16_offsets(text: &str) -> Vec<u32> {
    let mut out = vec![0];
    let mut at = 0;
    for c in text.chars() {
        at += if c.len_utf16() == 2 { 2 } else { 1 };
        out.push(at);
    }
    out
}

/// What speaks for a fact; none: it needs nothing.
fn support(fact: &Fact, sources: &[(Origin, Facts)]) -> Option<Support> {
    if let Value::Act { act, denied: true } = &fact.value {
        return denial(*act, sources);
    }
    if matches!(fact.value, Value::Stock(Stock::There)) && is_gone_live(sources) {
        return Some(Support::Nothing);
    }
    let supporting = sources.iter().enumerate().filter(|(_, (origin, source))| says(fact, *origin, source));
    let mut first = None;
    for (index, (origin, _)) in supporting {
        if *origin == Origin::Item {
            return Some(Support::By(index));
        }
        first = first.or(Some((index, *origin)));
    }
    Some(match first {
        None => Support::Nothing,
        Some((index, Origin::Passage { of_item: true })) if contradicts_live(fact, sources) => {
            Support::Outdated(index)
        }
        Some((index, _)) => Support::By(index),
    })
}

/// A denial needs no source of its own, but none may say the opposite alone.
fn denial(act: Act, sources: &[(Origin, Facts)]) -> Option<Support> {
    let said = |wanted: bool| {
        sources.iter().position(|(_, source)| {
            source.facts.iter().any(|fact| matches!(&fact.value, Value::Act { act: found, denied } if *found == act && *denied == wanted))
        })
    };
    match (said(true), said(false)) {
        (Some(index), _) => Some(Support::By(index)),
        (None, Some(_)) => Some(Support::Nothing),
        (None, None) => None, // nobody spoke of it: silence about delivery is no offer of it
    }
}

fn is_gone_live(sources: &[(Origin, Facts)]) -> bool {
    let item = sources.iter().filter(|(origin, _)| *origin == Origin::Item);
    item.flat_map(|(_, source)| &source.facts).any(|fact| matches!(fact.value, Value::Stock(Stock::Gone)))
}

/// The item has a live price, and this is another one.
fn contradicts_live(fact: &Fact, sources: &[(Origin, Facts)]) -> bool {
    fact.kind == FactKind::Price
        && sources.iter().any(|(origin, source)| {
            *origin == Origin::Item && source.facts.iter().any(|live| live.kind == FactKind::Price)
        })
}

fn says(fact: &Fact, origin: Origin, source: &Facts) -> bool {
    if matches!(fact.value, Value::Relative(_)) && origin == (Origin::Said { today: false }) {
        return false;
    }
    if source.facts.iter().any(|known| same(&fact.value, &known.value)) {
        return true;
    }
    match &fact.value {
        // A street's kind may be left out in the source; another kind is another street.
        Value::Street(_, name) => {
            let elsewhere = source
                .facts
                .iter()
                .any(|known| matches!(&known.value, Value::Street(_, other) if other == name));
            !elsewhere && source.stems.contains(name)
        }
        Value::Weekdays(days) => {
            let known = source
                .facts
                .iter()
                .filter_map(|fact| if let Value::Weekdays(known) = fact.value { Some(known) } else { None });
            let all = known.fold(0, |all, known| all | known);
            all != 0 && days & !all == 0
        }
        _ => false,
    }
}

fn same(stated: &Value, known: &Value) -> bool {
    match (stated, known) {
        (Value::Amount(stated), Value::Amount(known)) => same_amount(stated, known),
        (Value::Clock(minutes), Value::Amount(known)) => {
            known.unit.is_none() && known.clock == Some(*minutes)
        }
        (Value::Amount(stated), Value::Clock(minutes)) => {
            stated.unit.is_none() && stated.clock == Some(*minutes)
        }
        (Value::Date { day, month, year }, Value::Date { day: d, month: m, year: y }) => {
            day == d && month == m && (year == y || year.is_none() || y.is_none())
        }
        (Value::Month(month), Value::Month(known) | Value::Date { month: known, .. }) => month == known,
        (Value::Weekdays(stated), Value::Weekdays(known)) => stated & !known == 0,
        (Value::Stock(Stock::There), Value::Stock(Stock::There | Stock::Some)) => {
            stated == known || matches!(known, Value::Stock(Stock::There))
        }
        (Value::Stock(stated), Value::Stock(known)) => stated == known,
        (Value::Act { act, denied }, Value::Act { act: known, denied: known_denied }) => {
            act == known && denied == known_denied
        }
        (stated, known) => stated == known,
    }
}

fn same_amount(stated: &Amount, known: &Amount) -> bool {
    let meet = |left: &[i64], right: &[i64]| left.iter().any(|value| right.contains(value));
    if stated.unit == Some(Unit::Rub) && known.bound && !stated.bound {
        return false; // «от 3000» is not «3000»
    }
    match (stated.unit, known.unit) {
        (Some(left), Some(right)) => left == right && meet(&stated.values, &known.values),
        (Some(Unit::Rub), None) => !known.label && !known.house && meet(&stated.values, &known.values),
        (Some(_), None) => meet(&stated.written, &known.written) || meet(&stated.values, &known.values),
        (None, Some(unit)) => {
            let money = unit == Unit::Rub && stated.written.iter().all(|value| *value < 100_000);
            !stated.house && !money && meet(&stated.written, &known.written)
        }
        (None, None) => {
            let clocks = stated.clock.is_some() && stated.clock == known.clock;
            clocks || meet(&stated.written, &known.written)
        }
    }
}

/// A price that is the sum of others: each is named in the draft and has a source.
fn add_sums(marks: &mut [(&Fact, Support)]) {
    let rubles = |fact: &Fact| match &fact.value {
        Value::Amount(amount) if amount.unit == Some(Unit::Rub) => amount.values.first().copied(),
        _ => None,
    };
    let known: Vec<i64> = marks
        .iter()
        .filter(|(_, support)| matches!(support, Support::By(_)))
        .filter_map(|(fact, _)| rubles(fact))
        .take(6)
        .collect();
    for (fact, support) in marks.iter_mut().filter(|(_, support)| *support == Support::Nothing) {
        let Some(sum) = rubles(fact) else { continue };
        let subsets = 1_u32..1 << known.len();
        let is_sum = subsets.filter(|subset| subset.count_ones() >= 2).any(|subset| {
            let chosen = known.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1);
            chosen.map(|(_, value)| value).sum::<i64>() == sum
        });
        if is_sum {
            *support = Support::Sum;
        }
    }
}
