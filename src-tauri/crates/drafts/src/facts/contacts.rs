//! Telephone numbers, cards, links, addresses in the net. They are taken out of the text, so that nothing else is read in them.

use super::lex::{Folded, TAKEN};
use super::{Fact, FactKind, Value};

pub(super) fn take(chars: &mut [Folded]) -> Vec<Fact> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let boundary = at == 0 || !chars[at - 1].c.is_alphanumeric();
        let found = if boundary { link(chars, at).or_else(|| digits(chars, at)) } else { None };
        let Some((end, kind, value)) = found else {
            at += 1;
            continue;
        };
        out.push(Fact { kind, value, span: chars[at].at..chars[end - 1].at + 1, faint: false });
        for folded in &mut chars[at..end] {
            folded.c = TAKEN;
        }
        at = end;
    }
    out
}

/// A telephone or a card: many digits with the signs that people put between them.
fn digits(chars: &[Folded], from: usize) -> Option<(usize, FactKind, Value)> {
    let first = chars[from].c;
    if !(first.is_ascii_digit() || first == '+' || first == '(') {
        return None;
    }
    let mut end = from;
    let mut digits = String::new();
    let mut groups = vec![0_usize];
    for (at, folded) in chars.iter().enumerate().skip(from) {
        match folded.c {
            c if c.is_ascii_digit() => {
                digits.push(c);
                if let Some(last) = groups.last_mut() {
                    *last += 1;
                }
                end = at + 1;
            }
            '+' if at == from => {}
            ' ' | '-' | '(' | ')' | '\u{a0}' | '.' => {
                let before = at.checked_sub(1).map(|before| chars[before].c);
                let spaces = matches!(folded.c, ' ' | '.') && before.is_some_and(|c| matches!(c, ' ' | '.'));
                if spaces || digits.len() >= 19 {
                    break;
                }
                if groups.last() != Some(&0) {
                    groups.push(0);
                }
            }
            _ => break,
        }
    }
    groups.retain(|group| *group > 0);
    let count = digits.len();
    if (16..=19).contains(&count) && (groups.len() == 1 || groups.iter().all(|group| *group == 4)) {
        return Some((end, FactKind::Card, Value::Card(digits)));
    }
    let begins = first == '+'
        || first == '('
        || digits.starts_with('8')
        || digits.starts_with('7')
        || digits.starts_with('9');
    let long = (count == 11 && (digits.starts_with('7') || digits.starts_with('8')))
        || (count == 10 && digits.starts_with('9'))
        || (first == '+' && (10..=15).contains(&count));
    if begins && long {
        let number: String = digits.chars().skip(count.saturating_sub(10)).collect();
        return Some((end, FactKind::Phone, Value::Phone(number)));
    }
    // A number of a town: 34-56-78, 234-56-78.
    let plain = chars[from..end].iter().all(|folded| folded.c.is_ascii_digit() || folded.c == '-');
    if plain && matches!(groups.as_slice(), [2 | 3, 2, 2]) {
        return Some((end, FactKind::Phone, Value::Phone(digits)));
    }
    None
}

/// Ends of host names that sellers and attackers use; another is known by what follows it (`/`).
const ENDS: &[&str] = &[
    "ru",
    "com",
    "рф",
    "net",
    "org",
    "su",
    "me",
    "io",
    "info",
    "biz",
    "online",
    "shop",
    "store",
    "site",
    "xyz",
    "top",
    "app",
    "pro",
    "link",
    "cc",
    "co",
    "gl",
    "ly",
    "by",
    "kz",
    "ua",
    "de",
    "uk",
    "us",
    "cn",
    "tv",
    "club",
    "space",
    "website",
    "click",
    "gg",
    "to",
    "ws",
    "eu",
    "dev",
    "ai",
    "cloud",
    "market",
    "онлайн",
    "москва",
    "бел",
    "tk",
    "ml",
    "ga",
];

fn link(chars: &[Folded], from: usize) -> Option<(usize, FactKind, Value)> {
    let end = (from..chars.len()).find(|at| {
        let c = chars[*at].c;
        c == ' '
            || c == '\n'
            || c == TAKEN
            || matches!(c, '"' | '«' | '»' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '|')
    });
    let mut end = end.unwrap_or(chars.len());
    while end > from && matches!(chars[end - 1].c, '.' | ',' | '!' | '?' | ';' | ':' | '/') {
        end -= 1;
    }
    if end <= from {
        return None;
    }
    // `х` stands for x where a number was meant; in a link it is the letter.
    let text: String = chars[from..end].iter().map(|folded| folded.c).collect();
    let link = |text: &str| Some((end, FactKind::Link, Value::Link(text.to_owned())));
    if let Some(name) = text.strip_prefix('@') {
        let fits = name.chars().count() >= 3 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        return if fits { link(&text) } else { None };
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let fits = scheme.chars().all(|c| c.is_ascii_alphabetic()) && !rest.is_empty();
        return if fits { link(rest.strip_prefix("www.").unwrap_or(rest)) } else { None };
    }
    let bare = text.strip_prefix("www.").unwrap_or(&text);
    let host = bare.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let name = host.rsplit('@').next().unwrap_or_default();
    let (before, last) = name.rsplit_once('.')?;
    let letters = |c: char| c.is_alphanumeric() || c == '-' || c == '.' || c == '_';
    let fits = !before.is_empty() && before.chars().all(letters) && before.chars().any(char::is_alphabetic);
    let known = ENDS.contains(&last)
        || host.contains('@')
        || (bare.len() > host.len() && last.len() >= 2 && last.chars().all(|c| c.is_ascii_alphabetic()));
    (fits && known).then(|| (end, FactKind::Link, Value::Link(bare.to_owned())))
}
