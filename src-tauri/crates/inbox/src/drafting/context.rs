//! What a draft is made from: the talk, the listing's live data, passages, a description of the seller's way of writing (`style`).

use ::drafts::Origin;
use ::drafts::prompt::{Given, Question, Turn};

use super::talk::Talk;
use crate::clock;
use crate::view::{DraftSource, DraftSourceKind, FoundPassage};

/// Passages given to a model.
pub(super) const PASSAGES: usize = 6;
/// Avito's numbers.
const STATUS_ACTIVE: i64 = 4;
const STATUS_DELETED: i64 = 20;

/// A source in the form of the truth lock and of the page.
#[derive(Debug, Clone)]
pub(super) struct Sourced {
    pub(super) origin: Origin,
    pub(super) shown: DraftSource,
    /// Its number in the prompt; 0: not a passage.
    pub(super) number: usize,
}

impl Sourced {
    pub(super) fn as_source(&self) -> ::drafts::Source<'_> {
        ::drafts::Source { origin: self.origin, text: &self.shown.text }
    }
}

/// The listing's live data in words; empty when the chat is about none.
pub(super) fn item_words(talk: &Talk) -> String {
    let chat = &talk.chat;
    let Some(title) = &chat.item_title else { return String::new() };
    let mut words = format!("Объявление: {title}.");
    if let Some(price) = chat.item_price.as_ref().filter(|price| !price.is_empty()) {
        words.push_str(&format!("\n{}", crate::sources::price_words(price)));
    }
    match chat.item_status {
        Some(STATUS_ACTIVE) => words.push_str("\nСтатус объявления: активно."),
        Some(STATUS_DELETED) => words.push_str("\nСтатус объявления: закрыто."),
        _ => {}
    }
    if let Some(place) = chat.item_place.as_ref().filter(|place| !place.is_empty()) {
        words.push_str(&format!("\nМесто: {place}."));
    }
    words
}

/// A source that is no passage and no message.
pub(super) fn plain(kind: DraftSourceKind, text: String, changed_ms: Option<i64>) -> DraftSource {
    DraftSource {
        kind,
        passage: None,
        key: None,
        source: None,
        source_kind: None,
        message: None,
        title: String::new(),
        text,
        changed_ms,
        cited: false,
    }
}

/// Passages as sources, numbered as in the prompt.
pub(super) fn of_passages(passages: &[FoundPassage]) -> Vec<Sourced> {
    let mut out = Vec::with_capacity(passages.len());
    for (at, passage) in passages.iter().enumerate() {
        let title = if passage.heading.is_empty() { &passage.source_title } else { &passage.heading };
        let text = if passage.heading.is_empty() {
            passage.text.clone()
        } else {
            format!("{}\n{}", passage.heading, passage.text)
        };
        let shown = DraftSource {
            passage: Some(passage.id),
            key: Some(passage.key.clone()),
            source: Some(passage.source),
            source_kind: Some(passage.kind),
            title: title.clone(),
            ..plain(DraftSourceKind::Passage, text, Some(passage.changed_ms))
        };
        let of_item = passage.scope.item.is_some();
        out.push(Sourced { origin: Origin::Passage { of_item }, shown, number: at + 1 });
    }
    out
}

/// Adds the passage that a quoted answer is from. Another look at knowledge found it: it may be none of those that the model is given.
pub(super) fn add_quoted(sources: &mut Vec<Sourced>, passage: &FoundPassage) {
    if sources.iter().any(|source| source.shown.key.as_ref() == Some(&passage.key)) {
        return;
    }
    let of_quote = of_passages(std::slice::from_ref(passage));
    sources.extend(of_quote.into_iter().map(|source| Sourced { number: 0, ..source }));
}

/// Everything a fact may come from: the listing, the passages, the seller's earlier words in this chat.
pub(super) fn sources(talk: &Talk, passages: &[FoundPassage], now_ms: i64) -> Vec<Sourced> {
    let mut out = Vec::new();
    let item = item_words(talk);
    if !item.is_empty() {
        let shown = plain(DraftSourceKind::Item, item, None);
        out.push(Sourced { origin: Origin::Item, shown, number: 0 });
    }
    out.extend(of_passages(passages));
    let today = clock::local_day(now_ms);
    for message in talk.before.iter().filter(|message| message.outgoing && !message.text.is_empty()) {
        let sent_ms = message.sent_s.saturating_mul(1000);
        let shown = DraftSource {
            message: Some(message.id),
            ..plain(DraftSourceKind::Said, message.text.clone(), Some(sent_ms))
        };
        out.push(Sourced {
            origin: Origin::Said { today: clock::local_day(sent_ms) == today },
            shown,
            number: 0,
        });
    }
    out
}

/// The question as a model is asked it.
pub(super) fn question(talk: &Talk, passages: &[FoundPassage], style: String, now_ms: i64) -> Question {
    let said = |message: &crate::store::messages::StoredMessage| Turn {
        ours: message.outgoing,
        text: message.text.clone(),
    };
    Question {
        burst: talk
            .burst
            .iter()
            .map(|message| message.text.clone())
            .filter(|text| !text.trim().is_empty())
            .collect(),
        talk: talk.before.iter().filter(|message| !message.text.is_empty()).map(said).collect(),
        item: item_words(talk),
        style,
        ..bare_question("", passages, now_ms)
    }
}

/// A question that belongs to no chat.
pub(super) fn bare_question(question: &str, passages: &[FoundPassage], now_ms: i64) -> Question {
    let given = |passage: &FoundPassage| Given {
        title: passage.heading.clone(),
        text: passage.text.clone(),
        age: age(now_ms - passage.changed_ms),
    };
    Question {
        burst: vec![question.to_owned()],
        passages: passages.iter().map(given).collect(),
        today: today_words(now_ms),
        ..Question::default()
    }
}

fn age(ms: i64) -> String {
    match ms.div_euclid(24 * 3_600_000) {
        ..=0 => "сегодня".into(),
        days @ 1..=60 => format!("{days} дн. назад"),
        days => format!("{} мес. назад", days / 30),
    }
}

/// «суббота, 21 ноября 2026»
fn today_words(now_ms: i64) -> String {
    const DAYS: [&str; 7] =
        ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"];
    const MONTHS: [&str; 12] = [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ];
    let today = clock::local(now_ms);
    let at = |number: i8| usize::try_from(number).unwrap_or(1).saturating_sub(1);
    let day = DAYS.get(at(today.weekday().to_monday_one_offset())).copied().unwrap_or_default();
    let month = MONTHS.get(at(today.month())).copied().unwrap_or_default();
    format!("{day}, {} {month} {}", today.day(), today.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{PassageId, SourceId};
    use crate::view::{Scope, SourceKind};

    #[test]
    fn age_and_day_are_said_in_words() {
        assert_eq!(age(3_600_000), "сегодня");
        assert_eq!(age(5 * 24 * 3_600_000), "5 дн. назад");
        assert_eq!(age(200 * 24 * 3_600_000), "6 мес. назад");
        assert!(
            today_words(1_795_262_400_000).ends_with("ноября 2026"),
            "{}",
            today_words(1_795_262_400_000)
        );
    }

    fn passage(key: &str, text: &str) -> FoundPassage {
        FoundPassage {
            id: PassageId(1),
            key: key.into(),
            source: SourceId(1),
            kind: SourceKind::Note,
            source_title: "Доставка".into(),
            scope: Scope::default(),
            heading: String::new(),
            text: text.into(),
            page: None,
            sheet: None,
            line: None,
            changed_ms: 0,
            score: 1.0,
            by_meaning: false,
            words: Vec::new(),
            asked_about: Vec::new(),
        }
    }

    #[test]
    fn the_passage_of_a_quoted_answer_is_a_source_whichever_look_found_it() {
        let (delivery, stock) = (passage("a", "Доставка 300 ₽."), passage("b", "В наличии 4 штуки."));
        let mut sources = of_passages(std::slice::from_ref(&delivery));
        add_quoted(&mut sources, &delivery);
        assert_eq!(sources.len(), 1, "it is there already");
        add_quoted(&mut sources, &stock);
        let known: Vec<_> = sources.iter().map(|source| (&*source.shown.text, source.number)).collect();
        assert_eq!(known, [("Доставка 300 ₽.", 1), ("В наличии 4 штуки.", 0)], "the model was not given it");
    }
}
