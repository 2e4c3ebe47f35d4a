//! The second net: takes out of a text whatever could be a secret or a person, by what it looks like.

/// So long a run of letters and digits together is no word.
const TOKEN: usize = 12;
/// So long a run of digits may be somebody's number at Avito or a telephone.
const NUMBER: usize = 7;
/// Digits of a telephone, however they are grouped.
const TELEPHONE: std::ops::RangeInclusive<usize> = 10..=15;

/// Replaces addresses' paths, e-mails, telephones, long numbers, keys and tokens, names of chats and anything in Russian; `folder`
/// (the data folder's path, which names a person) becomes `<data>`.
pub fn scrub(text: &str, folder: &str) -> String {
    let text = if folder.is_empty() { text.to_owned() } else { text.replace(folder, "<data>") };
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let line = without_telephones(line);
        let mut rest = line.as_str();
        while let Some(first) = rest.chars().next() {
            let is_word = in_word(first);
            let end = rest.find(|letter| in_word(letter) != is_word).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            if is_word {
                word(&mut out, piece)
            } else {
                out.push_str(piece)
            }
            rest = after;
        }
    }
    out
}

/// What holds together: an address, an e-mail, a token, a path.
fn in_word(letter: char) -> bool {
    letter.is_alphanumeric() || ":/._-@%+?&=~#".contains(letter)
}

fn word(out: &mut String, word: &str) {
    let core = word.trim_end_matches([':', '.', ',', '?']);
    let tail = &word[core.len()..];
    if let Some((scheme, rest)) = core.split_once("://") {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let server = rest[..end].rsplit('@').next().unwrap_or_default();
        out.push_str(&format!("{scheme}://{server}{}", if end < rest.len() { "/…" } else { "" }));
    } else if core.contains('@') {
        out.push_str("<e-mail>");
    } else if is_time(core) {
        out.push_str(core);
    } else {
        // The pieces of a path, of `name=value`, of a chat's name.
        for piece in core.split_inclusive(['/', ':', '=', '.', '&', '?', '%', '+', '#']) {
            let ends = piece.trim_end_matches(['/', ':', '=', '.', '&', '?', '%', '+', '#']);
            out.push_str(&plain(ends));
            out.push_str(&piece[ends.len()..]);
        }
    }
    out.push_str(tail);
}

/// A word without separators.
fn plain(word: &str) -> String {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
    let lower = word.chars().any(char::is_lowercase);
    let upper = word.chars().skip(1).any(char::is_uppercase);
    if word.chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii()) {
        "<words>".to_owned() // the log is English: anything else came from people
    } else if ["u2i-", "u2u-", "a2u-"].iter().any(|kind| word.starts_with(kind)) {
        "<chat>".to_owned()
    } else if longest_run(word) >= NUMBER && letters == 0 {
        "<number>".to_owned()
    } else if is_recovery_code(word)
        || (word.len() >= TOKEN && digits > 0 && letters > 0 && !is_dated(word))
        // a key may happen to hold no digit
        || (word.len() >= 2 * TOKEN && lower && upper && !word.contains('_'))
    {
        "<token>".to_owned()
    } else {
        word.to_owned()
    }
}

/// Groups of four capital letters and digits.
fn is_recovery_code(word: &str) -> bool {
    let group = |group: &str| {
        group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    word.split('-').filter(|piece| group(piece)).count() >= 3
}

fn longest_run(word: &str) -> usize {
    word.split(|letter: char| !letter.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}

/// `2026-11-21T12:15:57.123456Z` and its like, which the log is full of.
fn is_time(word: &str) -> bool {
    word.len() <= 32
        && word.as_bytes().get(4) == Some(&b'-')
        && word.as_bytes().get(10) == Some(&b'T')
        && word.chars().all(|letter| letter.is_ascii_digit() || "-:.TZ+".contains(letter))
}

/// A date at the end of a name, as in the log's files.
fn is_dated(word: &str) -> bool {
    word.get(word.len().saturating_sub(10)..).is_some_and(|date| {
        date.bytes().enumerate().all(
            |(at, byte)| {
                if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() }
            },
        )
    }) && word.len() < 24
}

/// Telephones may be written with spaces, brackets and dashes, and so across words.
fn without_telephones(line: &str) -> String {
    let letters: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before)).copied().unwrap_or(' ');
        let begins = (letter == '+' || letter.is_ascii_digit())
            && !before.is_ascii_alphanumeric()
            && !matches!(before, '.' | ':' | '-');
        let end = if begins { end_of_telephone(&letters, at) } else { None };
        match end {
            Some(end) => {
                out.push_str("<telephone>");
                at = end;
            }
            None => {
                out.push(letter);
                at += 1;
            }
        }
    }
    out
}

fn end_of_telephone(letters: &[char], from: usize) -> Option<usize> {
    let (mut digits, mut end) = (0, from);
    for (at, letter) in letters.iter().enumerate().skip(from) {
        match letter {
            digit if digit.is_ascii_digit() => {
                digits += 1;
                end = at + 1;
            }
            '+' if at == from => {}
            ' ' | '-' | '(' | ')' => {}
            // A time, an address of a machine, a fraction.
            ':' | '.' | 'T' if letters.get(at + 1).is_some_and(char::is_ascii_digit) => return None,
            _ => break,
        }
    }
    TELEPHONE.contains(&digits).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        scrub(text, "/home/ivan/Моя лавка")
    }

    #[test]
    fn what_could_be_a_secret_or_a_person_is_taken_out() {
        for (text, needle) in [
            ("key 9f86d081884c7d659a2feaa0c55ad015 used", "9f86d081"),
            ("client_id=Xk29dPqL0aZmN31tYw8e", "Xk29d"),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJ"),
            ("POST https://api.avito.ru/messenger/v3/accounts/94235311/chats?token=abc failed", "94235311"),
            ("hook http://127.0.0.1:40001/hook/1/1d7cdb6a8e6e4c0a", "1d7cdb"),
            ("see https://user:pass@host.example/path", "pass"),
            ("mail ivan.petrov@mail.example now", "petrov"),
            ("call +7 (912) 345-67-89 now", "345"),
            ("call 89123456789", "8912"),
            ("call 8 912 345 67 89", "912"),
            ("user 94235311 said", "94235311"),
            ("chat u2i-4rT6yU8iO0pA is gone", "4rT6"),
            ("buyer Марина wrote", "Марина"),
            ("code ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345", "EFGH"),
            ("code K7QM-0000-1111", "K7QM"),
            ("file /home/ivan/Моя лавка/shop/prilavok.db", "ivan"),
            ("text=\"Здравствуйте, заберу сегодня\"", "заберу"),
            ("secret qWeRtYuIoPaSdFgHjKlZxCvBnM", "qWeRt"),
        ] {
            let scrubbed = of(text);
            assert!(!scrubbed.contains(needle), "{text:?} became {scrubbed:?}");
        }
    }

    #[test]
    fn what_helps_to_understand_a_trouble_stays() {
        for text in [
            "2026-11-21T12:15:57.123456Z  WARN inbox::sync::catch_up: account=1 code=RateLimited retry_after_s=30\n",
            "messages 1_048_576 in 35 ms, 12.5 MB",
            "the window could not be made: os error 13",
            "listening at 127.0.0.1:40001",
            "schema 3, HTTP 503",
            "prilavok.2026-11-21.log",
        ] {
            assert_eq!(of(text), text);
        }
        assert_eq!(
            of("GET https://api.avito.ru/token answered 500"),
            "GET https://api.avito.ru/… answered 500"
        );
    }

    #[test]
    fn secrets_of_any_shape_do_not_come_through() {
        for _ in 0..2_000 {
            let hex: [u8; 16] = rand::random();
            let hex: String = hex.iter().map(|byte| format!("{byte:02x}")).collect();
            let code = crate::ArchiveKey::generate();
            let code = secrecy::ExposeSecret::expose_secret(&code.recovery_code()).to_owned();
            for secret in [hex.as_str(), code.as_str()] {
                for text in [
                    format!("a {secret} b"),
                    format!("x={secret}"),
                    format!("(\"{secret}\")"),
                    format!("/p/{secret}/q"),
                ] {
                    let scrubbed = of(&text);
                    assert!(!scrubbed.contains(&secret[..9]), "{text:?} became {scrubbed:?}");
                }
            }
        }
    }
}
