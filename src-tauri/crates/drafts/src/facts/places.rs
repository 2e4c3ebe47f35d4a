//! Streets and metro stations.

use knowledge::analysis::stem;

use super::lex::Lexeme;
use super::{Fact, FactKind, Value};

const KINDS: &[(&str, &[&str], &[&str])] = &[
    ("улица", &["ул", "улица", "улице", "улицы", "улицу"], &[]),
    ("проспект", &["пр-т", "пр-кт", "просп", "проспект", "проспекте", "проспекта"], &[]),
    ("переулок", &["пер", "переулок", "переулке", "переулка"], &[]),
    ("площадь", &["пл", "площади"], &["площадь"]),
    ("шоссе", &["ш", "шоссе"], &[]),
    ("бульвар", &["бул", "б-р", "бульвар", "бульваре"], &[]),
    ("набережная", &["наб", "набережная", "набережной"], &[]),
    ("проезд", &["пр-д", "проезде"], &[]),
    ("метро", &["метро"], &["м", "станция", "станции"]),
];

pub(super) fn read(lexemes: &[Lexeme]) -> Vec<Fact> {
    let mut out = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate() {
        for (kind, words, with_dot) in KINDS {
            let dot = lexemes.get(at + 1).and_then(Lexeme::sign) == Some('.');
            let square = *kind == "площадь" && lexeme.is("площадь");
            let sure =
                lexeme.is_one_of(words) && (dot || lexeme.text.chars().count() > 2 || *kind == "улица");
            let dotted =
                lexeme.is_one_of(with_dot) && (dot || lexeme.text.len() > 4) && !lexeme.glued && !square;
            if !sure && !dotted {
                continue;
            }
            let name_at = at + 1 + usize::from(dot);
            let quote = lexemes.get(name_at).is_some_and(|next| matches!(next.sign(), Some('«' | '"')));
            let Some(name) = lexemes
                .get(name_at + usize::from(quote))
                .filter(|name| name.is_word() && name.text.chars().count() > 2)
            else {
                continue;
            };
            let value = Value::Street(kind, stem(&name.text));
            out.push(Fact {
                kind: FactKind::Address,
                value,
                span: lexeme.span.start..name.span.end,
                faint: false,
            });
        }
    }
    out
}
