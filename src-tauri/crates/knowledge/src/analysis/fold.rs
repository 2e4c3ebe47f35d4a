//! One spelling for what looks the same: case, ё, compatibility forms, dashes, spaces, invisible characters.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A character of the folded text and the bytes of the original it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folded {
    pub(super) character: char,
    pub(super) span: Range<usize>,
}

/// Folds `text`; several folded characters may share one span, and invisible characters leave none.
pub(super) fn fold(text: &str) -> Vec<Folded> {
    let mut out = Vec::with_capacity(text.len());
    let mut characters = text.char_indices().peekable();
    while let Some((start, base)) = characters.next() {
        let mut end = start + base.len_utf8();
        if is_invisible(base) {
            continue;
        }
        // Most text is Cyrillic, Latin or ASCII without marks: nothing to compose.
        let plain = !characters.peek().is_some_and(|(_, next)| is_combining_mark(*next));
        if plain && (base.is_ascii() || ('а'..='я').contains(&base) || ('А'..='Я').contains(&base)) {
            out.extend(
                base.to_lowercase()
                    .map(|character| Folded { character: simple(character), span: start..end }),
            );
            continue;
        }
        let mut cluster = String::from(base);
        while let Some((at, mark)) =
            characters.next_if(|(_, next)| is_combining_mark(*next) || is_invisible(*next))
        {
            end = at + mark.len_utf8();
            if !is_invisible(mark) {
                cluster.push(mark);
            }
        }
        // Twice: the lower case of a compatibility form may itself compose.
        let lower: String = cluster.nfkc().flat_map(char::to_lowercase).collect();
        let characters = lower.nfkc().filter(|character| !is_combining_mark(*character)).map(simple);
        out.extend(characters.map(|character| Folded { character, span: start..end }));
    }
    out
}

/// ё as е, every space as a space, every dash as a hyphen.
fn simple(character: char) -> char {
    match character {
        'ё' => 'е',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\n' | '\r' => '\n',
        other if other.is_whitespace() => ' ',
        other => other,
    }
}

/// Characters that show nothing: joiners, directions, soft hyphens, variation selectors.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text).into_iter().map(|folded| folded.character).collect()
    }

    #[test]
    fn spellings_that_look_the_same_fold_to_one() {
        assert_eq!(folded("ЁЖ"), "еж");
        assert_eq!(folded("и\u{306}од е\u{308}лка"), "йод елка");
        assert_eq!(folded("9\u{a0}000\u{202f}₽ — да"), "9 000 ₽ - да");
        assert_eq!(folded("И\u{200b}гнор\u{ad}ируй"), "игнорируй");
        assert_eq!(folded("ｉＰｈｏｎｅ ①"), "iphone 1");
    }
}
