//! The chat with about 150 messages: a mechanic who buys parts all the time.

use rand::RngExt;
use rand::rngs::StdRng;

use super::script::Line;

/// What was bought: in the accusative, in the nominative, price.
const PURCHASES: [(&str, &str, u32); 14] = [
    ("покрышку 26 дюймов", "покрышка", 1100),
    ("цепь на 8 скоростей", "цепь", 890),
    ("кассету 11–32", "кассета", 1650),
    ("пару педалей", "пара педалей", 1200),
    ("колесо переднее 28", "колесо", 2700),
    ("седло с пружинами", "седло", 2400),
    ("каретку под квадрат", "каретка", 780),
    ("комплект колодок", "комплект колодок", 350),
    ("заднюю втулку", "втулка", 1900),
    ("трос и рубашку", "трос с рубашкой", 260),
    ("багажник на дорожник", "багажник", 1450),
    ("рулевую колонку", "рулевая", 640),
    ("фару", "фара", 950),
    ("обод 28 двойной", "обод", 1300),
];

const OPENINGS: [&str; 7] = [
    "Привет! Отложи, пожалуйста, {что}",
    "Доброе утро! Нужно {что}, клиент ждёт",
    "Здорово! Есть в наличии? Ищу {что}",
    "Добрый день, снова я 🙂 Надо {что}",
    "Привет, возьму {что}, если ещё не разобрали",
    "День добрый! Опять приехал велосипед убитый, требуется {что}",
    "Приветствую! Посмотри на складе {что}",
];
const ANSWERS: [&str; 6] = [
    "Привет! Есть, {сколько} ₽.",
    "Доброго! Последняя штука, {сколько} ₽. Откладываю.",
    "Есть. Тебе как своему — {сколько} ₽.",
    "Привет! Да, лежит на полке, {сколько} ₽.",
    "Сейчас гляну… Есть! {сколько} ₽.",
    "Есть две на выбор, обе по {сколько} ₽.",
];
/// What is asked, and what is answered to it.
const CHECKS: [(&str, &str); 7] = [
    ("Новое или б/у?", "Новое, в упаковке."),
    ("А состояние какое?", "Проверил сам, всё ровно, смазка свежая."),
    ("Скинь, если не трудно, замеры", "Штангенциркулем: всё по стандарту, без сюрпризов."),
    ("Точно подойдёт на старый «Стелс»?", "Подойдёт, стандарт один и тот же."),
    ("Без люфтов?", "Люфтов нет."),
    ("А гарантия будет, если что?", "Если не подойдёт — принесёшь назад, поменяем."),
    ("Чек выпишешь?", "Да, чек будет."),
];
const TIMES: [&str; 6] = [
    "Заеду после шести, нормально?",
    "Буду завтра с утра",
    "Пришлю помощника, его Лёха зовут",
    "Тогда в субботу, часам к одиннадцати",
    "Минут через сорок подскочу",
    "Сегодня никак, завтра в обед заберу",
];
const AGREES: [&str; 5] = [
    "Договорились.",
    "Хорошо, жду.",
    "Ок, отложил, на пакете твоё имя.",
    "Жду, я тут до восьми.",
    "Понял 👍",
];
const AFTERWARDS: [&str; 6] = [
    "Поставил, всё отлично. Спасибо!",
    "Спасибо, клиент доволен",
    "Встало как родное",
    "Всё чётко, как всегда 🤝",
    "Немного подточил напильником, но встало 😄",
    "Забрал, спасибо!",
];
const FAREWELLS: [&str; 4] = ["Отлично! Обращайся.", "Рад помочь 🙂", "Супер!", "Всегда пожалуйста."];

const DAY: i64 = 86_400;

/// Fourteen purchases over some three weeks, oldest first.
pub(super) fn talk(rng: &mut StdRng) -> Vec<Line> {
    let mut lines = Vec::new();
    for (round, (what, name, price)) in PURCHASES.into_iter().enumerate() {
        let start = lines.len();
        let mut say = |own: bool, texts: &[&str], turn: usize| {
            let text = texts[(round * 3 + turn) % texts.len()];
            lines
                .push(Line::text(own, &text.replace("{что}", what).replace("{сколько}", &price.to_string())));
        };
        say(false, &OPENINGS, 0);
        say(true, &ANSWERS, 1);
        for turn in 0..rng.random_range(1..=2_usize) {
            let (question, answer) = CHECKS[(round * 2 + turn * 3) % CHECKS.len()];
            say(false, &[question], 0);
            say(true, &[answer], 0);
        }
        say(false, &TIMES, round);
        say(true, &AGREES, round);
        lines.push(Line {
            pause: Some(rng.random_range(4 * 3600..10 * 3600)),
            ..Line::text(false, "Забрал, всё сошлось")
        });
        lines.push(Line::text(true, &format!("Отлично, {name} — {price} ₽, записал.")));
        let text = AFTERWARDS[(round * 5) % AFTERWARDS.len()];
        lines.push(Line { pause: Some(rng.random_range(2 * 3600..6 * 3600)), ..Line::text(false, text) });
        lines.push(Line::text(true, FAREWELLS[round % FAREWELLS.len()]));
        // Purchases lie about a day apart.
        lines[start].pause = Some(DAY - rng.random_range(0..5 * 3600));
    }
    lines.push(Line::text(false, "Слушай, а стойку ремонтную за 4500 отдашь? Третью уже беру 😁"));
    lines.push(Line::text(true, "За 4 500 забирай, постоянным клиентам можно."));
    lines.push(Line::text(false, "Красавчик! Завтра заеду"));
    lines
}
