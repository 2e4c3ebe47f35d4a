//! The plain scenes for tests, and large archives.

use std::sync::Arc;

use rand::RngExt;

use crate::ids;
use crate::model::{Account, Buyer, ChatKind, Content, Item, Order, SellerAccount};
use crate::sim::Fill;
use crate::state::{NewMessage, State};

/// Adds an account with seeded credentials.
pub(crate) fn add_account(state: &mut State, name: &str) -> SellerAccount {
    let user_id = 150_000_001 + i64::try_from(state.accounts.len()).unwrap_or(0) * 1_111_111;
    let seller = SellerAccount {
        client_id: ids::plain(&mut state.rng, 20),
        client_secret: ids::plain(&mut state.rng, 40),
        user_id,
        name: name.to_owned(),
    };
    state.accounts.insert(user_id, Account::new(seller.clone()));
    seller
}

pub(crate) fn empty(state: &mut State) {
    add_account(state, "Лавка старых вещей");
}

/// Adds a listing with a picture that exists.
fn item(state: &mut State, user_id: i64, title: &str, price: Option<i64>, picture: &str) -> i64 {
    let id = ids::item(&mut state.rng);
    let item = Item {
        id,
        title: title.to_owned(),
        price,
        address: "Тверь, Советская улица".to_owned(),
        city: "Тверь".to_owned(),
        city_slug: "tver".to_owned(),
        category: "Посуда и товары для кухни".to_owned(),
        point: (56.8587, 35.9176),
        picture: picture.to_owned(),
        status: "active".to_owned(),
    };
    if let Some(account) = state.accounts.get_mut(&user_id) {
        account.items.insert(id, item);
    }
    id
}

/// Account, kind, item, buyer, lines (own or not).
type Talk<'a> = (i64, ChatKind, Option<i64>, &'a str, &'a [(bool, &'a str)]);

/// Two accounts; six chats about items, one between users and one with Avito. The third has 130 messages.
pub(crate) fn small(state: &mut State, now: i64) {
    let first = add_account(state, "Лавка старых вещей").user_id;
    let second = add_account(state, "Велодвор").user_id;
    let grinder = item(state, first, "Кофемолка ручная, чугунная", Some(4500), "coffee_grinder");
    let lamp = item(state, first, "Лампа керосиновая", Some(12_900), "kerosene_lamp");
    let radio = item(state, first, "Радиола «Ригонда» на запчасти", None, "radio");
    let bicycle = item(state, second, "Велосипед дорожный, 28 дюймов", Some(15_000), "city_bicycle");
    let saddle = item(state, second, "Седло кожаное", Some(1200), "saddle");

    let talks: [Talk<'_>; 8] = [
        (
            first,
            ChatKind::U2i,
            Some(grinder),
            "Марина",
            &[
                (false, "Здравствуйте! Кофемолка ещё продаётся?"),
                (true, "Добрый день! Да, продаётся."),
                (false, "А жернова живые? 🙂\nИ можно ли отправить в Кострому?"),
            ],
        ),
        (first, ChatKind::U2i, Some(lamp), "Иван Петрович", &[(false, "Добрый вечер. Стекло родное?")]),
        (first, ChatKind::U2i, Some(radio), "Олег", &[]),
        (
            first,
            ChatKind::U2i,
            Some(grinder),
            "Светлана",
            &[(false, "За 4000 отдадите?"), (true, "За 4200 отдам, если заберёте сегодня.")],
        ),
        (first, ChatKind::U2u, None, "Пётр", &[(false, "Здравствуйте, принимаете вещи на продажу?")]),
        (first, ChatKind::A2u, None, "Авито", &[(false, "Ваше объявление посмотрели 120 раз")]),
        (second, ChatKind::U2i, Some(bicycle), "Данил", &[(false, "Какой рост у рамы?")]),
        (
            second,
            ChatKind::U2i,
            Some(saddle),
            "Екатерина",
            &[(false, "Подойдёт на горный?"), (true, "Да, крепление стандартное.")],
        ),
    ];
    let count = i64::try_from(talks.len()).unwrap_or(0);
    let mut ids: Vec<Arc<str>> = Vec::new();
    for (index, (user_id, kind, item_id, name, lines)) in talks.into_iter().enumerate() {
        let age = (count - i64::try_from(index).unwrap_or(0)) * 3600;
        let buyer = Buyer { user_id: ids::buyer(&mut state.rng), name: name.to_owned(), portrait: None };
        let Some(chat) = state.open_chat(user_id, kind, item_id, buyer, now - age) else { continue };
        for (line, (own, text)) in lines.iter().enumerate() {
            let created = now - age + i64::try_from(line).unwrap_or(0) * 300;
            add(state, user_id, &chat, *own, created, Content::text(*text));
        }
        ids.push(chat);
    }
    // More than one page of messages.
    let long = ids[2].clone();
    for line in 0..130 {
        let text = if line % 2 == 0 {
            format!("Вопрос {}: как звучит?", line / 2 + 1)
        } else {
            format!("Ответ {}", line / 2 + 1)
        };
        add(state, first, &long, line % 2 == 1, now - 5 * 3600 - (130 - line) * 60, Content::text(text));
    }
    // The other kinds of messages, in the second account.
    let kinds = ids[7].clone();
    for (step, content) in one_of_each(state, second, saddle).into_iter().enumerate() {
        add(state, second, &kinds, false, now - 1800 + i64::try_from(step).unwrap_or(0) * 60, content);
    }
    let order = Order {
        id: "50000000000000001".to_owned(),
        status: "on_confirmation".to_owned(),
        created: now - 7200,
        item_id: grinder,
        chat_id: ids[0].to_string(),
        buyer_name: "Иванова Марина".to_owned(),
    };
    if let Some(account) = state.accounts.get_mut(&first) {
        account.orders.push(order);
    }
}

fn add(state: &mut State, user_id: i64, chat: &str, own: bool, created: i64, content: Content) {
    let new =
        if own { NewMessage::outgoing(created, content) } else { NewMessage::incoming(created, content) };
    state.append(user_id, chat, new);
    // Answering means having read; the buyer reads what is answered.
    if own {
        state.seller_reads(user_id, chat, created);
    } else {
        state.buyer_reads(user_id, chat, created);
    }
}

/// Every kind of message except text.
pub(crate) fn one_of_each(state: &mut State, user_id: i64, item_id: i64) -> Vec<Content> {
    vec![
        Content::image("wheel_scratch"),
        Content::Image {
            image: "saddle_seam".to_owned(), caption: Some("Вот такое крепление".to_owned())
        },
        Content::Link {
            url: "https://example.ru/instruktsiya".to_owned(),
            text: "example.ru/instruktsiya".to_owned(),
            preview: Some(crate::model::LinkPreview {
                title: "Как выбрать седло".to_owned(),
                description: "Ширина, форма, материал".to_owned(),
                domain: "example.ru".to_owned(),
            }),
        },
        Content::Item { item_id },
        Content::Location {
            kind: "house".to_owned(),
            lat: 56.8587,
            lon: 35.9176,
            title: "Тверь, Советская улица, 10".to_owned(),
        },
        Content::Call { target_user_id: user_id },
        Content::Voice { voice_id: ids::uuid(&mut state.rng) },
        Content::System {
            text: "Покупатель оставил номер телефона".to_owned(),
            flow_id: "sbc_seller_notification".to_owned(),
        },
        Content::Deleted { as_text: Some(false) },
        Content::Deleted { as_text: Some(true) },
        Content::Unsupported { kind: "video".to_owned() },
        Content::Unsupported { kind: "file".to_owned() },
        Content::Unsupported { kind: "appCall".to_owned() },
    ]
}

const ARCHIVE_LINES: [&str; 12] = [
    "Здравствуйте! Ещё продаёте?",
    "Добрый день, да.",
    "А торг возможен?",
    "Немного уступлю при осмотре.",
    "Доставка Авито есть?",
    "Да, отправляю в день заказа.",
    "Какое состояние, есть ли сколы?",
    "Состояние хорошее, скол один, на фото виден.",
    "Можно забрать завтра после 18:00?",
    "Можно, адрес: Советская, 10.",
    "Спасибо большое! 👍",
    "Спасибо за покупку!",
];

const ARCHIVE_NAMES: [&str; 12] = [
    "Анна",
    "Борис",
    "Вера",
    "Глеб",
    "Дарья",
    "Евгений",
    "Жанна",
    "Захар",
    "Инна",
    "Кирилл",
    "Лидия",
    "Максим",
];

/// Many chats with many messages; equal texts share their memory.
pub(crate) fn archive(state: &mut State, user_id: i64, size: Fill, now: i64) -> Vec<String> {
    let lines: Vec<Arc<str>> = ARCHIVE_LINES.iter().map(|line| Arc::from(*line)).collect();
    let mut items: Vec<i64> = match state.accounts.get(&user_id) {
        Some(account) => account.items.keys().copied().collect(),
        None => return Vec::new(),
    };
    if items.is_empty() {
        items.push(item(state, user_id, "Разное из архива", Some(500), "plain"));
    }
    let span = i64::from(size.days.max(1)) * 86_400;
    let chats = i64::try_from(size.chats.max(1)).unwrap_or(i64::MAX);
    let messages = i64::try_from(size.messages.max(1)).unwrap_or(i64::MAX);
    let mut ids = Vec::with_capacity(size.chats);
    for index in 0..size.chats {
        let place = i64::try_from(index).unwrap_or(0);
        // Chats end one after the other over the span, each one lasting at most two days.
        let end = now - span + span * (place + 1) / chats - 60;
        let begin = end - 2 * 86_400;
        let name = format!("{} {}", ARCHIVE_NAMES[index % ARCHIVE_NAMES.len()], index + 1);
        let buyer = Buyer { user_id: ids::buyer(&mut state.rng), name, portrait: None };
        let about = items[state.rng.random_range(0..items.len())];
        let Some(chat) = state.open_chat(user_id, ChatKind::U2i, Some(about), buyer, begin) else { break };
        for line in 0..size.messages {
            let created = begin + (end - begin) * (i64::try_from(line).unwrap_or(0) + 1) / messages;
            let text = lines[(line + index) % lines.len()].clone();
            let new = NewMessage {
                from_seller: line % 2 == 1,
                read: Some(created),
                ..NewMessage::incoming(created, Content::Text { text })
            };
            state.append(user_id, &chat, new);
        }
        ids.push(chat.to_string());
    }
    ids
}
