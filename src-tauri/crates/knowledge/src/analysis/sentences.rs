//! Sentences of Russian text, as places in the original.

use std::ops::Range;

/// Short words before a full stop that do not end a sentence.
const SHORT: &[&str] = &[
    "ул",
    "г",
    "гг",
    "д",
    "дом",
    "кв",
    "просп",
    "пр",
    "пер",
    "пл",
    "ш",
    "корп",
    "стр",
    "оф",
    "эт",
    "им",
    "руб",
    "коп",
    "тыс",
    "млн",
    "шт",
    "см",
    "мм",
    "кг",
    "гр",
    "мин",
    "макс",
    "т",
    "е",
    "п",
    "к",
    "др",
    "тел",
    "обл",
    "р",
    "н",
    "б",
    "у",
    "ок",
    "напр",
    "пом",
];

/// Where each sentence stands, in order, without the white space around; empty text has none.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at + character.len_utf8();
        let ends = match character {
            '\n' => true,
            '!' | '?' | '…' => characters.peek().is_none_or(|(_, next)| next.is_whitespace()),
            '.' => {
                characters.peek().is_none_or(|(_, next)| next.is_whitespace())
                    && !is_short(&text[start..at], &text[end..])
            }
            _ => false,
        };
        if ends {
            push(text, start..end, &mut out);
            start = end;
        }
    }
    push(text, start..text.len(), &mut out);
    out
}

/// Whether the stop after `before` belongs to a short word. A capital after «руб.» or «шт.» starts a sentence all the same.
fn is_short(before: &str, after: &str) -> bool {
    let word =
        before.rsplit(|character: char| !character.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    if !SHORT.contains(&word.as_str()) {
        return false;
    }
    let measure =
        matches!(word.as_str(), "руб" | "шт" | "см" | "мм" | "кг" | "мин" | "р" | "тыс" | "коп" | "т");
    !(measure && after.trim_start().chars().next().is_none_or(char::is_uppercase))
}

fn push(text: &str, span: Range<usize>, out: &mut Vec<Range<usize>>) {
    let part = &text[span.clone()];
    let start = span.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    if text[start..end].chars().any(char::is_alphanumeric) {
        out.push(start..end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn russian_sentences_end_at_stops_but_not_inside_addresses_and_numbers() {
        let text =
            "Мастерская: ул. Заводская, 14, бокс 6. Цена 1.5 тыс. руб. за пару! Воскресенье — выходной";
        assert_eq!(
            cut(text),
            [
                "Мастерская: ул. Заводская, 14, бокс 6.",
                "Цена 1.5 тыс. руб. за пару!",
                "Воскресенье — выходной"
            ]
        );
        assert_eq!(cut("Есть 4 шт. Новые.\n\nПишите"), ["Есть 4 шт.", "Новые.", "Пишите"]);
        assert!(cut(" … ").is_empty());
    }
}
