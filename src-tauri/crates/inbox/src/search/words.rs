//! What counts as a word, for what is looked through and for what is looked for alike.

use knowledge::analysis::{Kind, stem, tokens};

/// Characters of a message that are looked through. Avito's have 1000 at most; a hostile one may have a million.
const LENGTH: usize = 10_000;
/// Words of a query that count.
const MOST: usize = 16;

/// A word that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Any of these will do: terms, see [`term`].
    pub(super) terms: Vec<String>,
    /// Longer words that begin so will do, too: it may be half typed.
    pub(super) beginning: bool,
}

impl Wanted {
    /// Whether this term of a message is one.
    pub(super) fn is(&self, term: &str) -> bool {
        self.terms
            .iter()
            .any(|wanted| if self.beginning { term.starts_with(wanted.as_str()) } else { term == wanted })
    }

    /// FTS5's expression for it. Terms hold neither quotes nor anything it would split.
    pub(super) fn expression(&self) -> String {
        let star = if self.beginning { "*" } else { "" };
        let terms: Vec<String> = self.terms.iter().map(|term| format!("\"{term}\"{star}")).collect();
        format!("({})", terms.join(" OR "))
    }
}

/// The form in which a token is kept and looked for.
pub(super) fn term(text: &str, kind: Kind) -> String {
    match kind {
        Kind::Word => without_fleeting_vowel(stem(text)),
        // A point or colon would split it.
        Kind::Number | Kind::Code => {
            text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
        }
    }
}

/// «кроссовок» and «кроссовки» are one word: Snowball leaves the vowel that comes and goes before the «к».
fn without_fleeting_vowel(mut stem: String) -> String {
    let mut end = stem.char_indices().rev();
    let (Some((_, 'к')), Some((at, 'о' | 'е')), Some((_, before))) = (end.next(), end.next(), end.next())
    else {
        return stem;
    };
    let consonant = !"аеиоуыэюя".contains(before);
    if consonant && end.next().is_some() {
        stem.remove(at);
    }
    stem
}

/// The words of a message, as its row has them: each term once.
pub(super) fn row(text: &str) -> String {
    let beginning: String = text.chars().take(LENGTH).collect();
    let mut terms: Vec<String> =
        tokens(&beginning).into_iter().map(|token| term(&token.text, token.kind)).collect();
    terms.sort_unstable();
    terms.dedup();
    terms.join(" ")
}

/// The words of a query.
pub(super) fn wanted(text: &str) -> Vec<Wanted> {
    let beginning: String = text.chars().take(1000).collect();
    let cut = tokens(&beginning);
    let last = cut.len().saturating_sub(1);
    let mut all: Vec<Wanted> = Vec::new();
    for (at, token) in cut.into_iter().enumerate() {
        let half = at == last && token.span.end == beginning.len();
        let term = term(&token.text, token.kind);
        // One letter begins too many words to be worth a look.
        let beginning = half && term.chars().count() > 1;
        if let Some(known) = all.iter_mut().find(|wanted| wanted.terms.contains(&term)) {
            known.beginning |= beginning;
        } else if all.len() < MOST {
            all.push(Wanted { terms: vec![term], beginning });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(query: &str, text: &str) -> bool {
        let row = row(text);
        let wanted = wanted(query);
        !wanted.is_empty() && wanted.iter().all(|wanted| row.split(' ').any(|term| wanted.is(term)))
    }

    #[test]
    fn every_form_of_a_word_is_found_by_every_other() {
        for (query, text) in [
            ("кроссовок", "Кроссовки ещё есть?"),
            ("кроссовки", "нет кроссовок"),
            ("чашки", "Сколько чашек"),
            ("ЁЛКА", "елки есть"),
            ("доставка", "А доставкой отправите?"),
            ("9000", "отдам за 9 000 руб"),
            ("14.5", "диаметр 14,5 см"),
            ("iphone", "Айфон или iPhone?"),
            ("крос", "кроссовки"),
            ("диван доста", "Доставка дивана завтра"),
        ] {
            assert!(fits(query, text), "{query}: {text}");
        }
        for (query, text) in [
            ("диван стол", "диван"),
            ("крос ", "кроссовки"),
            ("", "диван"),
            ("💬", "диван 💬"),
            ("а", "аренда"),
        ] {
            assert!(!fits(query, text), "{query}: {text}");
        }
    }

    #[test]
    fn a_term_cannot_break_out_of_the_expression() {
        for query in ["a\"b OR c*", "NEAR(a b)", "-x :y ^z", "1:2.3", "_a1", "б/у \"л/с\"", "\0 ю\u{202e}ж"]
        {
            for wanted in wanted(query) {
                let inside = wanted.expression();
                let terms = inside.matches('"').count();
                assert_eq!(terms, 2 * wanted.terms.len(), "{inside}");
                assert!(
                    wanted.terms.iter().all(|term| term.chars().all(|c| c.is_alphanumeric() || c == '_'))
                );
                assert!(wanted.terms.iter().all(|term| !term.starts_with('_')), "{inside}");
            }
        }
    }

    #[test]
    fn the_length_of_text_and_query_is_bounded() {
        assert!(row(&"слово ".repeat(1_000_000)).len() < 20);
        let many: String = (0..1000).map(|number| format!("{number} ")).collect();
        assert_eq!(wanted(&many).len(), MOST);
    }
}
