//! Words that bind the seller: whether a thing is there, and what will be done.

use super::lex::{Kind, Lexeme};
use super::{Fact, FactKind, Value};

/// Whether a thing can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stock {
    There,
    /// Said in passing («есть чёрный»): supports no more than the same.
    Some,
    OnOrder,
    Gone,
}

/// What a seller may commit to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Deliver,
    Ship,
    Carrier(&'static str),
    Hold,
    Discount,
    Bargain,
    Warranty,
    Assure,
    Refund,
    Exchange,
    Free,
    Gift,
    Install,
    Card,
    Transfer,
    Cash,
    Prepayment,
    Instalments,
    /// To come back to the buyer: nobody may promise that for the seller.
    ComeBack,
    /// Something said to have been done already.
    Done,
}

/// Beginnings of words, and whole words.
const ACTS: &[(Act, &[&str], &[&str])] = &[
    (Act::Deliver, &["достав", "привез", "довез", "подвез"], &[]),
    (
        Act::Ship,
        &["отправк", "отправля", "отправи", "отправл", "отгруз", "вышл", "высыла", "пришл", "переш"],
        &[],
    ),
    (Act::Carrier("сдэк"), &["сдек", "сдэк", "cdek"], &[]),
    (Act::Carrier("почта"), &[], &["почтой"]),
    (Act::Carrier("боксберри"), &["боксберри", "boxberry"], &[]),
    (Act::Carrier("яндекс"), &["яндекс"], &[]),
    (Act::Carrier("5post"), &["5post"], &[]),
    (Act::Carrier("деловые линии"), &[], &["деловыми"]),
    (
        Act::Hold,
        &["отлож", "придерж", "забронир", "бронир", "зарезервир", "резервир"],
        &["бронь", "брони", "резерв"],
    ),
    (Act::Discount, &["скидк", "скидок", "скидочн", "уступ", "скину", "скинем", "сброс"], &[]),
    (Act::Bargain, &["торгуем"], &["торг", "торга", "торгом", "торгу"]),
    (Act::Assure, &["гарантир", "обеща", "клян"], &[]),
    (Act::Warranty, &["гаранти"], &[]),
    (Act::Refund, &["возврат", "возвращ", "верн"], &[]),
    (Act::Exchange, &["обмен", "поменя"], &[]),
    (Act::Free, &["бесплат", "даром"], &["безвозмездно"]),
    (Act::Gift, &["подар"], &[]),
    (Act::Install, &["установ", "монтир", "монтаж"], &[]),
    (Act::Card, &["картой", "картам", "карты", "карту"], &["карта"]),
    (Act::Transfer, &["перевод"], &[]),
    (Act::Cash, &["налич"], &[]),
    (Act::Prepayment, &["предоплат", "задат", "аванс"], &[]),
    (Act::Instalments, &["рассрочк", "кредит"], &[]),
    (
        Act::ComeBack,
        &["перезвон", "свяжусь", "свяжемся", "уточню", "уточним"],
        &[
            "позвоню",
            "позвоним",
            "узнаю",
            "узнаем",
            "проверю",
            "проверим",
            "посмотрю",
            "посмотрим",
            "напишу",
            "напишем",
            "сообщу",
            "сообщим",
            "передам",
            "передадим",
            "вернусь",
            "вернемся",
            "подтвержу",
            "подтвердим",
            "организую",
            "договорюсь",
            "сфотографирую",
        ],
    ),
    (
        Act::Done,
        &[],
        &[
            "отправил",
            "отправила",
            "отправили",
            "отложил",
            "отложила",
            "отложили",
            "проверил",
            "проверила",
            "проверили",
            "уточнил",
            "уточнила",
            "уточнили",
            "позвонил",
            "позвонила",
            "записал",
            "записала",
            "записали",
            "оформил",
            "оформила",
            "оформили",
            "забронировал",
            "забронировала",
            "забронировали",
            "перевел",
            "перевели",
            "вернул",
            "вернули",
            "посмотрел",
            "посмотрела",
            "добавил",
            "добавила",
            "передал",
            "передала",
            "передали",
        ],
    ),
];

const DENIALS: &[&str] =
    &["не", "нет", "без", "нельзя", "ни", "никаких", "невозможно", "невозможен", "невозможна", "нету"];

pub(super) fn read(lexemes: &[Lexeme]) -> Vec<Fact> {
    let mut out = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate() {
        if let Some(act) = act(lexemes, at) {
            let denied = is_denied(lexemes, at);
            let without = at.checked_sub(1).map(|before| &lexemes[before]).filter(|before| before.is("без"));
            let start = without.map_or(lexeme.span.start, |before| before.span.start);
            out.push(Fact {
                kind: FactKind::Promise,
                value: Value::Act { act, denied },
                span: start..lexeme.span.end,
                faint: false,
            });
        }
        if let Some((stock, from, to)) = stock(lexemes, at) {
            let span = lexemes[from].span.start..lexemes[to].span.end;
            out.push(Fact {
                kind: FactKind::Stock,
                value: Value::Stock(stock),
                span,
                faint: stock == Stock::Some,
            });
        }
    }
    out
}

fn act(lexemes: &[Lexeme], at: usize) -> Option<Act> {
    let lexeme = &lexemes[at];
    if lexeme.kind == Kind::Code && lexeme.text == "5post" {
        return Some(Act::Carrier("5post"));
    }
    if !lexeme.is_word() {
        return None;
    }
    // Whole words first: «вернусь» is not a refund, «отправил» has been done.
    let exact = ACTS.iter().find(|(_, _, words)| words.contains(&lexeme.text.as_str()));
    let (act, ..) = exact.or_else(|| {
        ACTS.iter().find(|(_, starts, _)| starts.iter().any(|start| lexeme.text.starts_with(start)))
    })?;
    let next = lexemes.get(at + 1);
    let before = at.checked_sub(1).map(|before| &lexemes[before]);
    let meant = match act {
        // «в наличии» is no cash
        Act::Cash => !lexeme.begins(&["наличи"]),
        Act::Card => {
            before.is_some_and(|word| word.begins(&["оплат", "можно", "или", "и", "принима", "по", "на"]))
                || lexeme.is_one_of(&["картой", "картам"])
        }
        Act::Refund => {
            !lexeme.begins(&["верну", "вернее", "верно", "верны"]) || lexeme.is_one_of(&["верну", "вернуть"])
        }
        Act::Transfer => lexeme.text.chars().count() <= 10 && !lexeme.begins(&["переводчик"]),
        Act::Discount => {
            !lexeme.is_one_of(&["скину"])
                || next.is_none_or(|next| !next.begins(&["фот", "видео", "адрес", "ссылк"]))
        }
        Act::Install => !lexeme.begins(&["установк"]) || next.is_none_or(|next| !next.begins(&["двер"])),
        Act::Exchange => true,
        _ => true,
    };
    meant.then_some(*act)
}

fn is_denied(lexemes: &[Lexeme], at: usize) -> bool {
    let denies = |lexeme: &&Lexeme| lexeme.is_one_of(DENIALS);
    let before = lexemes[..at].iter().rev().take(2).take_while(|lexeme| !lexeme.ends_clause());
    let after =
        lexemes.get(at + 1..).unwrap_or_default().iter().take(2).take_while(|lexeme| !lexeme.ends_clause());
    before.into_iter().any(|lexeme| denies(&lexeme)) || after.into_iter().any(|lexeme| denies(&lexeme))
}

/// The word about stock at this place and the lexemes it takes.
fn stock(lexemes: &[Lexeme], at: usize) -> Option<(Stock, usize, usize)> {
    let lexeme = &lexemes[at];
    let next = lexemes.get(at + 1);
    let before = |by: usize| at.checked_sub(by).map(|before| &lexemes[before]);
    let not = before(1).is_some_and(|word| word.is("не"));
    let start = if not { at - 1 } else { at };
    let place = lexeme.is("в") && next.is_some_and(|next| next.is_one_of(&["наличии", "продаже", "наличие"]))
        || lexeme.is("на") && next.is_some_and(|next| next.begins(&["склад"]));
    if place {
        let end = at + 1;
        let after = lexemes
            .get(end + 1)
            .filter(|after| after.is_one_of(&["нет", "нету", "отсутствует", "отсутствуют"]));
        let denied_before =
            lexemes[..at].iter().rev().take(3).take_while(|lexeme| !lexeme.ends_clause()).any(|word| {
                word.is_one_of(&["нет", "нету", "не", "больше", "отсутствует"]) && !word.is("больше")
            });
        if after.is_some() {
            return Some((Stock::Gone, at, end + 1));
        }
        let from = (at.saturating_sub(2)..at)
            .find(|from| lexemes[*from].is_one_of(&["нет", "не", "есть", "нету"]))
            .unwrap_or(at);
        return Some((if denied_before { Stock::Gone } else { Stock::There }, from, end));
    }
    if lexeme.is("под") && next.is_some_and(|next| next.is("заказ")) {
        return Some((Stock::OnOrder, at, at + 1));
    }
    let adjective = |starts: &[&str]| lexeme.begins(starts);
    if adjective(&["актуал", "активн"])
        || lexeme.is_one_of(&["свободен", "свободна", "свободно", "свободны", "продается", "продаются"])
    {
        return Some((if not { Stock::Gone } else { Stock::There }, start, at));
    }
    if lexeme.is_one_of(&["осталась", "остался", "осталось", "остались"]) {
        return Some((if not { Stock::Gone } else { Stock::There }, start, at));
    }
    if lexeme.is_one_of(&["продан", "продана", "продано", "проданы", "распроданы", "распродано"])
        || adjective(&["забронирован", "зарезервирован", "закончил", "кончил", "раскупил"])
    {
        return Some((if not { Stock::There } else { Stock::Gone }, start, at));
    }
    if lexeme.is_one_of(&["закрыто", "закрыт", "снято"])
        && lexemes[..at].iter().rev().take(3).any(|word| word.begins(&["объявлени", "статус"]))
    {
        return Some((Stock::Gone, start, at));
    }
    if lexeme.is_one_of(&["нет", "нету", "отсутствует", "отсутствуют"])
        && before(1).is_some_and(|word| word.is("больше"))
    {
        return Some((Stock::Gone, at - 1, at));
    }
    if lexeme.is("есть") {
        let last = next.is_none_or(|next| next.ends_clause());
        let of_act = before(1).is_some_and(|_| act(lexemes, at - 1).is_some());
        return Some((if last && !of_act { Stock::There } else { Stock::Some }, at, at));
    }
    None
}
