//! How the seller writes, in words made here: a model learns the manner and sees no reply of another chat.

use rusqlite::Connection;

use crate::ids::{AccountId, ChatId};
use crate::store::StoreError;

/// Replies looked at.
const REPLIES: u32 = 60;
/// Fewer say nothing of a manner.
const FEWEST: usize = 3;
/// Share of replies that makes something a habit, and a frequent one.
const HABIT: f64 = 0.25;
const OFTEN: f64 = 0.6;

/// Greetings and closing words that may be named; nothing else of a reply is.
const GREETINGS: &[&str] = &[
    "здравствуйте",
    "добрый день",
    "доброго дня",
    "добрый вечер",
    "доброе утро",
    "привет",
    "приветствую",
    "hello",
    "hi",
];
const CLOSINGS: &[&str] = &[
    "обращайтесь",
    "пишите",
    "приезжайте",
    "ждём вас",
    "ждем вас",
    "хорошего дня",
    "всего доброго",
    "спасибо за обращение",
    "спасибо",
    "с уважением",
];
const POLITE: &[&str] = &["вы", "вас", "вам", "вами", "ваш", "ваша", "ваше", "ваши", "вашего", "вашу"];
const FAMILIAR: &[&str] = &["ты", "тебя", "тебе", "тобой", "твой", "твоя", "твоё", "твои", "твою"];
const SHOP: &[&str] = &["мы", "нас", "нам", "наш", "наша", "наши", "нашем"];
const PERSON: &[&str] = &["я", "меня", "мне", "мой", "моя", "моё", "мои"];

/// Among the newest messages of all only: a long archive is not walked for it, nor, by the index of accounts, all of an account. What a
/// rule sent is not the seller's manner.
const NEWEST_REPLIES: &str = "
    SELECT text FROM messages m WHERE id > (SELECT max(id) - 4000 FROM messages) AND +account = ?1 AND chat <> ?2
      AND outgoing = 1 AND rank = 0 AND deleted = 0 AND kind = 'text' AND length(text) BETWEEN 2 AND 1000
      AND NOT EXISTS (SELECT 1 FROM outbox o JOIN drafts d ON d.outbox = o.id WHERE o.message = m.id AND d.state = 4)
    ORDER BY id DESC LIMIT ?3";

/// The manner of this seller's newest replies in other chats, in words of ours; empty when there are too few.
pub(super) fn read(connection: &Connection, account: AccountId, chat: ChatId) -> Result<String, StoreError> {
    let mut statement = connection.prepare_cached(NEWEST_REPLIES)?;
    let texts: Vec<String> =
        statement.query_map((account, chat, REPLIES), |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(describe(&texts))
}

/// Says how these texts are written. Only lengths, shares and words of the lists above come out, and one emoji.
fn describe(texts: &[String]) -> String {
    if texts.len() < FEWEST {
        return String::new();
    }
    let lower: Vec<String> = texts.iter().map(|text| text.trim().to_lowercase()).collect();
    let share = |holds: &dyn Fn(&str) -> bool| {
        lower.iter().filter(|text| holds(text)).count() as f64 / lower.len() as f64
    };
    let mut out = vec![length(&lower)];
    let greeting = |text: &str| GREETINGS.iter().copied().find(|word| begins(text, word));
    let closing = |text: &str| CLOSINGS.iter().copied().find(|word| ends(text, word));
    out.push(
        match (share(&|text| greeting(text).is_some()), most(lower.iter().filter_map(|text| greeting(text))))
        {
            (part, Some(word)) if part >= HABIT => format!("здоровается: «{word}»"),
            _ => "не здоровается".into(),
        },
    );
    if let (part, Some(word)) =
        (share(&|text| closing(text).is_some()), most(lower.iter().filter_map(|text| closing(text))))
        && part >= HABIT
    {
        out.push(format!("прощается: «{word}»"));
    }
    let uses = |list: &[&str]| share(&|text| words(text).any(|word| list.contains(&word)));
    if uses(POLITE).max(uses(FAMILIAR)) > 0.0 {
        out.push(format!("обращается на «{}»", if uses(FAMILIAR) > uses(POLITE) { "ты" } else { "вы" }));
    }
    if uses(SHOP).max(uses(PERSON)) > 0.0 {
        out.push(format!("говорит от лица «{}»", if uses(SHOP) > uses(PERSON) { "мы" } else { "я" }));
    }
    out.push(
        match (
            share(&|text| text.chars().any(is_emoji)),
            most(lower.iter().flat_map(|text| text.chars().filter(|c| is_emoji(*c)))),
        ) {
            (part, Some(sign)) if part >= OFTEN => format!("часто ставит {sign}"),
            (part, Some(sign)) if part > 0.0 => format!("изредка ставит {sign}"),
            _ => "без смайликов".into(),
        },
    );
    if share(&|text| text.contains('!')) >= OFTEN {
        out.push("часто восклицает".into());
    }
    let small = |text: &&String| text.trim().chars().next().is_some_and(char::is_lowercase);
    if texts.iter().filter(small).count() as f64 / texts.len() as f64 >= OFTEN {
        out.push("начинает со строчной буквы".into());
    }
    out.join("; ")
}

fn length(texts: &[String]) -> String {
    let mut lengths: Vec<usize> = texts.iter().map(|text| text.chars().count()).collect();
    lengths.sort_unstable();
    match lengths.get(lengths.len() / 2).copied().unwrap_or(0) {
        0..=40 => "пишет очень коротко, несколько слов".into(),
        middle @ 41..=120 => format!("пишет коротко, около {} знаков", middle / 10 * 10),
        middle => format!("пишет подробно, около {} знаков", middle / 50 * 50),
    }
}

/// The most frequent; the earlier of two.
fn most<T: PartialEq + Copy>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for one in all {
        match counts.iter_mut().find(|(known, _)| *known == one) {
            Some((_, count)) => *count += 1,
            None => counts.push((one, 1)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(one, _)| one)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn begins(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

fn ends(text: &str, word: &str) -> bool {
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    text.strip_suffix(word).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}

fn is_emoji(sign: char) -> bool {
    matches!(sign, '\u{1F300}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}')
        && !('\u{1F3FB}'..='\u{1F3FF}').contains(&sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(texts: &[&str]) -> String {
        describe(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_manner_is_learnt_without_walking_through_the_archive() {
        let lines = crate::store::plan(&crate::store::testing(), NEWEST_REPLIES);
        assert!(lines[0].contains("SEARCH m USING INTEGER PRIMARY KEY (rowid>?)"), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("TEMP B-TREE")), "{lines:?}");
    }

    #[test]
    fn a_manner_is_told_without_a_word_of_the_replies() {
        let formal = told(&[
            "Здравствуйте, Марианна! Доставим вам на Гороховую, 17, телефон 89123456789. Обращайтесь!",
            "Здравствуйте! Мы работаем до семи, ваш заказ у Олега. Обращайтесь!",
            "Добрый день! Наш склад на Садовой, ждём вас",
        ]);
        assert_eq!(
            formal,
            "пишет коротко, около 60 знаков; здоровается: «здравствуйте»; прощается: «обращайтесь»; обращается на «вы»; \
             говорит от лица «мы»; без смайликов; часто восклицает"
        );
        let loose = told(&["да, бери 👍", "тебе отдам за пять", "я дома"]);
        assert_eq!(
            loose,
            "пишет очень коротко, несколько слов; не здоровается; обращается на «ты»; говорит от лица «я»; изредка ставит 👍; \
             начинает со строчной буквы"
        );
        assert_eq!(told(&["Здравствуйте!"]), "", "one reply is no manner");
    }
}
