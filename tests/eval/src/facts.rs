//! Whether an answer holds the facts that were asked for; the rules are those of the set's own scorer.

/// Short words that must stand alone; of other words a beginning is enough.
const WHOLE: &[&str] =
    &["да", "нет", "есть", "мы", "сам", "сами", "м", "m", "s", "l", "xl", "наш", "ваш", "свой", "км"];

/// Whether each group has an alternative that stands in the answer.
pub fn holds(answer: &str, facts: &[Vec<String>]) -> bool {
    let answer = plain(answer);
    facts.iter().all(|group| group.iter().any(|fact| has(&answer, plain(fact).trim())))
}

/// Lower case, е for ё, `9000`, `14.5`, `-`, single spaces.
pub(crate) fn plain(text: &str) -> String {
    let characters = text
        .to_lowercase()
        .chars()
        .filter(|character| !matches!(character, '\u{200b}'..='\u{200d}' | '\u{feff}'))
        .collect::<Vec<_>>();
    let folded: Vec<char> = characters
        .into_iter()
        .map(|character| match character {
            'ё' => 'е',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
            other => other,
        })
        .collect();
    let digit = |at: usize| folded.get(at).is_some_and(char::is_ascii_digit);
    let mut out = String::new();
    let mut at = 0;
    while let Some(character) = folded.get(at) {
        let after_digit = out.ends_with(|before: char| before.is_ascii_digit());
        let thousand = (1..=3).all(|step| digit(at + step)) && !digit(at + 4);
        let range = folded.get(at + 1) == Some(&'-') && folded.get(at + 2) == Some(&' ') && digit(at + 3);
        match character {
            ' ' if after_digit && thousand => {}
            ' ' if after_digit && range => {
                out.push('-');
                at += 2;
            }
            ',' if after_digit && digit(at + 1) => out.push('.'),
            space if space.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            other => out.push(*other),
        }
        at += 1;
    }
    out
}

fn has(text: &str, fact: &str) -> bool {
    let word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(fact).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + found.len()..].chars();
        let (next, second) = (after.next(), after.next());
        if WHOLE.contains(&fact) {
            !before.is_some_and(word) && !next.is_some_and(word)
        } else if fact.contains(|character: char| character.is_ascii_digit()) {
            let digit =
                |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
            let begins_before = before.is_some_and(|before| before.is_ascii_digit() || before == '.');
            let goes_on = digit(next) || next == Some('.') && digit(second);
            !(begins_before || goes_on)
        } else {
            !before.is_some_and(word)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(answer: &str, fact: &str) -> bool {
        holds(answer, &[vec![fact.to_owned()]])
    }

    #[test]
    fn numbers_stand_whole_and_words_by_their_beginning() {
        assert!(one("Цена 9 000 ₽", "9000"));
        assert!(!one("Цена 19 000 ₽", "9000"));
        assert!(one("вес 14,5 кг", "14.5") && !one("вес 14,5 кг", "14"));
        assert!(one("срок 3 – 4 дня", "3-4") && one("в Твери", "твер") && !one("договор", "говор"));
        assert!(one("Да, есть", "да") && !one("даём", "да"));
        assert!(!holds("9000", &[vec!["9000".to_owned()], vec!["1".to_owned()]]));
    }
}
