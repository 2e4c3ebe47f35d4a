//! One line of a message around the words that were looked for.

use std::ops::Range;

use knowledge::analysis::tokens;

use super::words::term;
use crate::view::FoundPart;

/// Characters shown before the first word found, at most.
const BEFORE: usize = 40;
/// Characters of the line.
const LENGTH: usize = 200;

/// The line, cut so that the first word found is in sight.
pub(super) fn around(text: &str, is_found: impl Fn(&str) -> bool) -> Vec<FoundPart> {
    let one_line: String = text.chars().take(10_000).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let spans: Vec<Range<usize>> = tokens(&one_line)
        .into_iter()
        .filter(|token| is_found(&term(&token.text, token.kind)))
        .map(|token| token.span)
        .collect();
    let begin = spans.first().map_or(0, |first| beginning(&one_line, first.start));
    let end = one_line[begin..].char_indices().nth(LENGTH).map_or(one_line.len(), |(at, _)| begin + at);
    let mut parts = Vec::new();
    let mut say = |text: &str, found: bool| {
        if !text.is_empty() {
            parts.push(FoundPart { text: text.to_owned(), found });
        }
    };
    say(if begin > 0 { "… " } else { "" }, false);
    let mut at = begin;
    for span in spans.into_iter().filter(|span| span.start >= begin && span.end <= end) {
        say(&one_line[at..span.start], false);
        say(&one_line[span.clone()], true);
        at = span.end;
    }
    say(&one_line[at..end], false);
    say(if end < one_line.len() { "…" } else { "" }, false);
    parts
}

/// Where the line begins so that the word at `first` is in sight: at the beginning, or behind a space not far before it.
fn beginning(text: &str, first: usize) -> usize {
    let before = &text[..first];
    let Some((far, _)) = before.char_indices().rev().nth(BEFORE) else { return 0 };
    before[far..].find(' ').map_or(first, |space| far + space + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, query: &str) -> String {
        let wanted = crate::search::words::wanted(query);
        let parts = around(text, |term| wanted.iter().any(|wanted| wanted.is(term)));
        parts
            .iter()
            .map(|part| if part.found { format!("[{}]", part.text) } else { part.text.clone() })
            .collect()
    }

    #[test]
    fn the_words_found_are_marked_and_in_sight() {
        assert_eq!(shown("Диван ещё\nпродаётся? Диваны!", "диван"), "[Диван] ещё продаётся? [Диваны]!");
        let long = format!("{} диван {}", "слово ".repeat(200), "ещё ".repeat(200));
        let line = shown(&long, "диван");
        assert!(
            line.starts_with("… слово") && line.contains(" [диван] ещё") && line.ends_with('…'),
            "{line}"
        );
        assert!(line.chars().count() < 220);
        assert_eq!(shown("нет такого", "диван"), "нет такого");
        assert_eq!(shown("", "диван"), "");
        let unbroken = format!("{}, диван", "ю".repeat(5000));
        assert!(shown(&unbroken, "диван").contains("[диван]"));
    }
}
