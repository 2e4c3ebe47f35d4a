//! Passages as sellers write them and questions as buyers do, made up from lists: the same every time.

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};

const THINGS: &[&str] = &[
    "велосипед",
    "диван",
    "стол",
    "шкаф",
    "куртка",
    "коляска",
    "телефон",
    "ноутбук",
    "холодильник",
    "фара",
    "лампа",
    "кресло",
    "матрас",
    "кровать",
    "платье",
    "пальто",
    "ботинки",
    "кроссовки",
    "самокат",
    "рюкзак",
    "палатка",
    "удочка",
    "гитара",
    "монитор",
    "телевизор",
    "пылесос",
    "утюг",
    "чайник",
    "мультиварка",
    "шуруповёрт",
    "дрель",
    "перфоратор",
    "генератор",
    "бампер",
    "капот",
    "фильтр",
    "амортизатор",
    "аккумулятор",
    "наушники",
    "чехол",
    "планшет",
    "принтер",
    "плита",
    "комод",
    "зеркало",
    "люстра",
];
const KINDS: &[&str] = &[
    "новый",
    "чёрный",
    "белый",
    "складной",
    "детский",
    "горный",
    "зимний",
    "летний",
    "усиленный",
    "компактный",
    "кожаный",
    "деревянный",
    "металлический",
    "мягкий",
    "угловой",
    "городской",
    "лёгкий",
    "мощный",
    "тихий",
];
const SYLLABLES: &[&str] = &[
    "ба", "ве", "го", "ди", "жу", "за", "ки", "ло", "ма", "не", "по", "ра", "си", "ту", "фе", "хо", "ца",
    "чи", "ша", "эл", "ор", "ин", "ак", "ур",
];
const ASKED: &[&str] = &[
    "скок стоит",
    "почем",
    "какой вес у",
    "есть ли гарантия на",
    "размеры какие у",
    "отправите ли почтой",
    "цена на",
    "здравствуйте, подскажите, сколько весит",
];

/// A passage: heading and text.
pub(super) struct Made {
    pub(super) title: String,
    pub(super) text: String,
    thing: &'static str,
    make: String,
    model: u32,
}

/// A question and the number of the passage it was made from.
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) passage: usize,
}

fn any<T: Copy>(list: &[T], random: &mut StdRng) -> T {
    *list.choose(random).expect("the lists are not empty")
}

/// `count` passages of four sentences under a heading of thing, make and model.
pub(super) fn passages(count: usize, seed: u64) -> Vec<Made> {
    let mut random = StdRng::seed_from_u64(seed);
    let makes: Vec<String> = (0..900)
        .map(|_| (0..random.random_range(2..5)).map(|_| any(SYLLABLES, &mut random)).collect())
        .collect();
    (0..count).map(|_| passage(&makes, &mut random)).collect()
}

fn passage(makes: &[String], random: &mut StdRng) -> Made {
    let (thing, kind) = (any(THINGS, random), any(KINDS, random));
    let make = makes.choose(random).cloned().unwrap_or_default();
    let other = makes.choose(random).cloned().unwrap_or_default();
    let model = random.random_range(10..1000);
    let mut number = |from: u32, to: u32| random.random_range(from..to);
    let mut sentences = vec![
        format!("Цена {} ₽, торг уместен при осмотре.", number(5, 900) * 100),
        format!("Вес {} кг, размер {}×{} см.", number(1, 60), number(20, 200), number(20, 200)),
        format!("Гарантия {} месяцев, чек сохранён.", number(1, 36)),
        "Отправляем СДЭК и Почтой на следующий день после оплаты.".to_owned(),
        format!("Состояние отличное, пользовались {} месяцев.", number(1, 36)),
        format!("Самовывоз из мастерской, ул. {other}ская, {}.", number(1, 200)),
        format!("Подходит для модели {other} {}.", number(10, 1000)),
        format!("Работаем с {} до 20, воскресенье — выходной.", number(8, 12)),
        format!("Рассрочка на {} месяцев без переплаты.", number(2, 24)),
    ];
    sentences.push(format!("В комплекте {} и инструкция.", any(THINGS, random)));
    sentences.shuffle(random);
    Made {
        title: format!("{kind} {thing} {make} {model}"),
        text: sentences[..4].join(" "),
        thing,
        make,
        model,
    }
}

/// `count` questions about different passages; in each third the make has a typo.
pub(super) fn questions(made: &[Made], count: usize, seed: u64) -> Vec<Asked> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut places: Vec<usize> = (0..made.len()).collect();
    places.shuffle(&mut random);
    places.truncate(count);
    let question = |(at, passage): (usize, usize)| {
        let about = &made[passage];
        let make = if at % 3 == 0 { mistyped(&about.make, &mut random) } else { about.make.clone() };
        let text = format!("{} {} {make} {}", any(ASKED, &mut random), about.thing, about.model);
        Asked { text, passage }
    };
    places.into_iter().enumerate().map(question).collect()
}

/// Two letters inside the word change places, or one is left out.
fn mistyped(word: &str, random: &mut StdRng) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = random.random_range(1..letters.len() - 1);
    if random.random() {
        letters.swap(at, at + 1);
    } else {
        letters.remove(at);
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_passages_and_questions_ask_about_them() {
        let (first, second) = (passages(50, 7), passages(50, 7));
        assert!(first.iter().zip(&second).all(|(a, b)| a.title == b.title && a.text == b.text));
        for asked in questions(&first, 20, 7) {
            assert!(asked.text.contains(&first[asked.passage].model.to_string()));
        }
    }
}
