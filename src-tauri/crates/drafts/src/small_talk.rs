//! Messages that ask nothing: greetings, thanks, «ок». They need no draft and cost no call to a model.

use knowledge::analysis::tokens;

/// Words that ask or tell nothing by themselves.
const EMPTY: &[&str] = &[
    "здравствуйте",
    "здравствуй",
    "здраствуйте",
    "здрасте",
    "привет",
    "приветствую",
    "добрый",
    "доброе",
    "доброго",
    "день",
    "дня",
    "вечер",
    "вечера",
    "утро",
    "утра",
    "времени",
    "суток",
    "спасибо",
    "спс",
    "благодарю",
    "благодарен",
    "большое",
    "огромное",
    "вам",
    "тебе",
    "ок",
    "окей",
    "ok",
    "okay",
    "хорошо",
    "ладно",
    "понял",
    "поняла",
    "понятно",
    "ясно",
    "принято",
    "договорились",
    "отлично",
    "супер",
    "класс",
    "круто",
    "ага",
    "угу",
    "да",
    "нет",
    "не",
    "пожалуйста",
    "пож",
    "пасиб",
    "пасибо",
    "до",
    "свидания",
    "встречи",
    "связи",
    "на",
    "всего",
    "доброго",
    "хорошего",
    "удачи",
    "взаимно",
    "и",
    "за",
    "ответ",
    "информацию",
    "инфу",
    "буду",
    "подумаю",
    "надо",
    "thanks",
    "thank",
    "you",
    "hello",
    "hi",
    "все",
    "тогда",
];

/// Whether a buyer's words want no answer from knowledge.
pub fn is_small_talk(text: &str) -> bool {
    if text.contains('?') && tokens(text).iter().any(|token| !EMPTY.contains(&token.text.as_str())) {
        return false;
    }
    tokens(text).iter().all(|token| EMPTY.contains(&token.text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_and_thanks_ask_nothing() {
        for text in ["Здравствуйте!", "Спасибо большое, до свидания", "ок, понял", "👍", "добрый вечер )"]
        {
            assert!(is_small_talk(text), "{text}");
        }
        for text in [
            "Здравствуйте, сколько стоит?",
            "цена",
            "Добрый день! Ещё продаёте?",
            "адрес скиньте",
            "???а доставка",
        ] {
            assert!(!is_small_talk(text), "{text}");
        }
    }
}
