//! What live buyers say: a line that fits the seller's words, without pretending to understand more.

use rand::RngExt;
use rand::rngs::StdRng;

/// An answer, and whether the buyer has nothing more to say after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) text: &'static str,
    pub(super) last: bool,
}

const SOLD: [&str; 3] = [
    "Жаль. Если появится ещё, напишите, пожалуйста",
    "Понятно, спасибо за ответ. Поищу дальше",
    "Эх, не успели. Спасибо!",
];
const FAREWELL: [&str; 5] = [
    "Спасибо вам, хорошего дня!",
    "Спасибо! 🙂",
    "Вам спасибо, до встречи!",
    "И вам всего доброго 👋",
    "Отлично, спасибо!",
];
const ADDRESS: [&str; 4] = [
    "Поняли, подъедем завтра после шести. Будете на месте?",
    "Спасибо, это недалеко. В субботу до обеда можно?",
    "А парковка рядом есть?",
    "Хорошо, адрес записан. Позвонить перед выездом?",
];
const DELIVERY: [&str; 4] = [
    "Отлично, тогда оформляю доставку. Когда отправите?",
    "А упакуете понадёжнее? Боюсь, что разобьют или погнут в дороге",
    "Хорошо. До пункта выдачи сколько дней примерно?",
    "Супер, доставка подходит",
];
const PRICE: [&str; 5] = [
    "А чуть уступите, если сегодня заберём?",
    "Хорошо, цена устраивает",
    "Понятно. А при самовывозе дешевле?",
    "Немного дороговато, но вещь нравится. Надо подумать до вечера",
    "Идёт, берём",
];
const AVAILABLE: [&str; 5] = [
    "Отлично! А торг уместен?",
    "Хорошо. А доставкой отправляете?",
    "Супер. Где и когда можно посмотреть?",
    "Здорово! Пришлите, пожалуйста, ещё фото при дневном свете",
    "Тогда подержите до завтра, пожалуйста?",
];
const QUESTION: [&str; 4] = [
    "Да, так удобно",
    "Лучше завтра, после работы",
    "Пока не решили, напишу чуть позже",
    "Да, подойдёт. А состояние точно хорошее?",
];
const PICTURE: [&str; 3] = [
    "Спасибо за фото, выглядит отлично!",
    "О, так гораздо понятнее. Спасибо",
    "Красота 😍 А ещё ракурс можно?",
];
const GENERIC: [&str; 6] = [
    "Понятно, спасибо",
    "Хорошо, услышали вас. А какие-нибудь дефекты есть?",
    "Ок 👍",
    "Спасибо за быстрый ответ! А давно продаёте?",
    "Поняли. Посоветуюсь дома и напишу",
    "А документы или чек сохранились?",
];
const ENOUGH: [&str; 4] = [
    "Хорошо, спасибо за подробности! Подумаю и напишу",
    "Всё понятно, спасибо. Напишу, как соберусь",
    "Спасибо, вы очень помогли!",
    "Договорились. Спасибо, до связи!",
];

/// Additions in chats that have been quiet.
pub(super) const FOLLOW_UPS: [&str; 8] = [
    "Здравствуйте, это снова я. Предложение ещё в силе?",
    "Забыли спросить: а самовывоз в выходные возможен?",
    "Можно ещё пару фото крупным планом?",
    "Добрый день! Мы всё-таки решились. Как забрать?",
    "А скидку постоянным покупателям делаете? 🙂",
    "Подскажите, до скольки вы сегодня работаете?",
    "Друзья тоже заинтересовались, у вас есть ещё что-то похожее?",
    "Здравствуйте! Напомните, пожалуйста, адрес",
];

/// When an own question has not been answered yet.
pub(super) const NUDGES: [&str; 4] =
    ["Вы тут? 🙂", "Ещё актуально?", "Извините, что тороплю, просто рядом буду через час", "Ау!"];

/// For listings without questions of their own.
pub(super) const OPENERS: [&str; 4] = [
    "Здравствуйте! Ещё продаёте?",
    "Добрый день! Какое состояние?",
    "Здравствуйте, доставкой отправите?",
    "Добрый вечер! Торг возможен?",
];

/// Names with built-in portraits for some of them.
pub(super) const NAMES: [(&str, Option<&str>); 24] = [
    ("Александра", Some("woman_red")),
    ("Михаил", None),
    ("Валентина", Some("woman_bun")),
    ("Руслан", Some("man_short")),
    ("Надежда", None),
    ("Фёдор", Some("man_beard")),
    ("Софья", Some("woman_fair")),
    ("Лев Борисович", Some("man_grey")),
    ("Эльвира", None),
    ("Антон", Some("man_cap")),
    ("Яна", Some("woman_bob")),
    ("Виктор", None),
    ("Карина", Some("woman_bob")),
    ("Тимофей", None),
    ("Зоя Михайловна", Some("woman_bun")),
    ("Георгий", None),
    ("Ульяна", Some("woman_red")),
    ("Семён", Some("man_short")),
    ("Алёна", None),
    ("Ярослав", Some("man_beard")),
    ("Диана", None),
    ("Василий", Some("man_cap")),
    ("Нина", Some("woman_fair")),
    ("Эдуард", None),
];

/// Answers the seller's words; `None` is a picture. `turn` counts the buyer's answers so far.
pub(super) fn answer(rng: &mut StdRng, words: Option<&str>, turn: u32) -> Reply {
    let Some(words) = words else { return one_of(rng, &PICTURE, turn >= 3) };
    let words = words.to_lowercase().replace('ё', "е");
    let says = |stems: &[&str]| stems.iter().any(|stem| words.contains(stem));
    if says(&[
        "продан",
        "к сожалению",
        "нет в наличии",
        "закончил",
        "уже забрали",
        "не актуально",
        "неактуально",
    ]) {
        return one_of(rng, &SOLD, true);
    }
    if turn >= 3 {
        return one_of(rng, &ENOUGH, true);
    }
    if says(&[
        "спасибо",
        "пожалуйста",
        "хорошего дня",
        "всего доброго",
        "обращайтесь",
        "ждем вас",
        "до встречи",
    ]) && turn > 0
    {
        return one_of(rng, &FAREWELL, true);
    }
    if says(&["адрес", "улица", "ул.", "подъезжа", "приезжа", "самовывоз", "забрать", "вход со двора"])
    {
        return one_of(rng, &ADDRESS, false);
    }
    if says(&["доставк", "отправ", "почт", "сдэк", "пункт выдачи", "посылк"])
    {
        return one_of(rng, &DELIVERY, false);
    }
    if says(&["₽", "руб", "цена", "скид", "торг", "уступ", "дешевле", "стоит"])
    {
        return one_of(rng, &PRICE, false);
    }
    if words.contains('?') {
        return one_of(rng, &QUESTION, false);
    }
    let first = words.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty());
    if first == Some("нет") {
        return one_of(rng, &SOLD, true);
    }
    if matches!(first, Some("да" | "конечно" | "есть"))
        || says(&["в наличии", "продается", "в продаже", "актуально"])
    {
        return one_of(rng, &AVAILABLE, false);
    }
    one_of(rng, &GENERIC, false)
}

fn one_of(rng: &mut StdRng, texts: &[&'static str], last: bool) -> Reply {
    Reply { text: texts[rng.random_range(0..texts.len())], last }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::{ADDRESS, AVAILABLE, DELIVERY, FAREWELL, PRICE, SOLD, answer};

    #[test]
    fn answers_fit_the_sellers_words() {
        let mut rng = StdRng::seed_from_u64(1);
        for (words, turn, pool) in [
            ("Да, продаётся.", 0, AVAILABLE.as_slice()),
            ("Отправлю Авито Доставкой завтра", 0, &DELIVERY),
            ("Адрес: Советская, 10", 1, &ADDRESS),
            ("За 4 200 ₽ отдам", 1, &PRICE),
            ("К сожалению, уже продана", 0, &SOLD),
            ("Спасибо, хорошего дня!", 1, &FAREWELL),
        ] {
            let reply = answer(&mut rng, Some(words), turn);
            assert!(pool.contains(&reply.text), "{words} → {}", reply.text);
        }
    }

    #[test]
    fn a_talk_ends_after_some_turns_whatever_is_said() {
        let mut rng = StdRng::seed_from_u64(1);
        assert!(answer(&mut rng, Some("А вот ещё что"), 3).last);
        assert!(answer(&mut rng, None, 3).last);
    }
}
