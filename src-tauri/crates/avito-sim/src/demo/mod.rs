//! The demo scene: two shops with their listings and some sixty chats of the last three weeks.
//!
//! The listings and talks are text files beside this module (`text/`), in the small notation that
//! [`script`] reads.

pub(crate) mod buyers;
mod long;
mod replies;
mod script;

use rand::RngExt;

use crate::ids;
use crate::model::{Buyer, ChatKind, Content, Item, MessageId, Order};
use crate::scenes::add_account;
use crate::state::{NewMessage, State};
use script::{Line, Said, Talk};

/// A shop as its files describe it.
struct Shop {
    name: &'static str,
    portrait: &'static str,
    city: &'static str,
    city_slug: &'static str,
    point: (f64, f64),
    listings: &'static str,
    talks: &'static str,
}

const SHOPS: [Shop; 2] = [
    Shop {
        name: "Лавка старых вещей",
        portrait: "shop_lavka",
        city: "Тверь",
        city_slug: "tver",
        point: (56.8587, 35.9176),
        listings: include_str!("text/lavka_items.txt"),
        talks: include_str!("text/lavka_talks.txt"),
    },
    Shop {
        name: "Велодвор",
        portrait: "shop_velo",
        city: "Ярославль",
        city_slug: "yaroslavl",
        point: (57.6261, 39.8845),
        listings: include_str!("text/velodvor_items.txt"),
        talks: include_str!("text/velodvor_talks.txt"),
    },
];

pub(crate) fn fill(state: &mut State, now: i64) {
    for shop in &SHOPS {
        let user_id = add_account(state, shop.name).user_id;
        if let Some(account) = state.accounts.get_mut(&user_id) {
            account.portrait = Some(shop.portrait.to_owned());
            account.balance = (2480.0, 150.0);
        }
        for listing in script::listings(shop.listings) {
            let id = ids::item(&mut state.rng);
            let item = Item {
                id,
                title: listing.title.to_owned(),
                price: listing.price,
                address: format!("{}, {}", shop.city, listing.street),
                city: shop.city.to_owned(),
                city_slug: shop.city_slug.to_owned(),
                category: listing.category.to_owned(),
                point: shop.point,
                picture: listing.picture.to_owned(),
                status: listing.status.to_owned(),
            };
            if let Some(account) = state.accounts.get_mut(&user_id) {
                account.items.insert(id, item);
            }
        }
        for talk in script::talks(shop.talks) {
            play(state, user_id, talk, now);
        }
    }
}

/// What buyers ask about a listing with this picture.
fn questions(picture: &str) -> Vec<&'static str> {
    let listings = SHOPS.iter().flat_map(|shop| script::listings(shop.listings));
    listings
        .into_iter()
        .find(|listing| listing.picture == picture)
        .map_or(Vec::new(), |listing| listing.questions)
}

/// Puts one talk into the past.
fn play(state: &mut State, user_id: i64, mut talk: Talk<'_>, now: i64) {
    if talk.long {
        talk.lines = long::talk(&mut state.rng);
    }
    let times = schedule(state, &talk, now);
    let item_id = item_with(state, user_id, talk.picture);
    let buyer = Buyer {
        user_id: ids::buyer(&mut state.rng),
        name: talk.name.to_owned(),
        portrait: talk.portrait.map(str::to_owned),
    };
    let created = times.first().copied().unwrap_or(now);
    let item_id = if talk.kind == ChatKind::U2i { item_id } else { None };
    let Some(chat) = state.open_chat(user_id, talk.kind, item_id, buyer, created) else { return };
    let incoming = talk.lines.iter().filter(|line| !line.own).count();
    let mut seen = 0;
    let mut written: Vec<MessageId> = Vec::new();
    for (index, line) in talk.lines.iter().enumerate() {
        let created = times[index];
        let answered = talk.lines[index..].iter().any(|later| later.own != line.own);
        let read = if line.own {
            // The last word of the seller: read, unless it is fresh.
            answered || now - created > 1800
        } else {
            seen += 1;
            seen + talk.unread <= incoming
        };
        let delay = state.rng.random_range(20..240);
        let next = times.get(index + 1).copied().unwrap_or(now);
        let content = content(state, user_id, line);
        if let Content::System { text, .. } = &content
            && text.contains("оформил заказ")
            && let Some(item_id) = item_id
        {
            order(state, user_id, item_id, &chat, talk.name, created, now);
        }
        let new = NewMessage {
            from_seller: line.own,
            quote: line
                .quotes_back
                .and_then(|back| written.iter().rev().nth(back.saturating_sub(1)).copied()),
            read: read.then_some((created + delay).min(next.max(created)).min(now)),
            ..NewMessage::incoming(created, content)
        };
        written.extend(state.append(user_id, &chat, new));
    }
}

/// When every line was said, counted back from the last one.
fn schedule(state: &mut State, talk: &Talk<'_>, now: i64) -> Vec<i64> {
    let mut times = Vec::with_capacity(talk.lines.len());
    // Talks of one and the same day do not end in one and the same minute.
    let scatter = if talk.age > 86_400 { state.rng.random_range(0..18 * 3600) } else { 0 };
    let mut time = awake(state, now, now - talk.age - scatter);
    for (index, line) in talk.lines.iter().enumerate().rev() {
        times.push(time);
        let before = index.checked_sub(1).and_then(|before| talk.lines.get(before));
        let gap = line.pause.unwrap_or_else(|| match before {
            Some(before) if before.own == line.own => state.rng.random_range(15..80),
            // Sellers take longer than buyers.
            _ if line.own => state.rng.random_range(90..1500),
            _ => state.rng.random_range(40..500),
        });
        time = awake(state, now, time - gap);
    }
    times.reverse();
    times
}

/// Nobody writes in the dead of night (Moscow time): such a time moves to the evening before. What is less
/// than two hours old stays, whenever the scene is started.
fn awake(state: &mut State, now: i64, time: i64) -> i64 {
    let hour = (time + 3 * 3600).rem_euclid(86_400) / 3600;
    if now - time < 2 * 3600 || hour >= 8 {
        return time;
    }
    time - (hour + state.rng.random_range(1..4)) * 3600
}

fn item_with(state: &State, user_id: i64, picture: &str) -> Option<i64> {
    let items = &state.accounts.get(&user_id)?.items;
    items.values().find(|item| item.picture == picture).map(|item| item.id)
}

fn content(state: &mut State, user_id: i64, line: &Line) -> Content {
    match &line.said {
        Said::Content(content) => content.clone(),
        Said::Voice(recording) => {
            let voice_id = ids::uuid(&mut state.rng);
            if let Some(name) = crate::assets::names("voice").into_iter().find(|name| name == recording) {
                state.recordings.insert(voice_id.clone(), name);
            }
            Content::Voice { voice_id }
        }
        Said::Item(picture) => {
            Content::Item { item_id: item_with(state, user_id, picture).unwrap_or_default() }
        }
        Said::Call => Content::Call { target_user_id: user_id },
    }
}

fn order(state: &mut State, user_id: i64, item_id: i64, chat: &str, buyer: &str, created: i64, now: i64) {
    let Some(account) = state.accounts.get_mut(&user_id) else { return };
    let number = 50_000_000_000_000_001 + created;
    let status = match (now - created) / 86_400 {
        0 => "on_confirmation",
        1..4 => "in_transit",
        _ => "delivered",
    };
    account.orders.push(Order {
        id: number.to_string(),
        status: status.to_owned(),
        created,
        item_id,
        chat_id: chat.to_owned(),
        buyer_name: buyer.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{SHOPS, fill, questions, script};
    use crate::assets;
    use crate::model::{ChatKind, Content};
    use crate::state::State;

    #[test]
    fn every_picture_and_portrait_that_the_scene_names_is_embedded() {
        for shop in &SHOPS {
            assert!(assets::find(&format!("avatar/{}", shop.portrait)).is_some());
            for listing in script::listings(shop.listings) {
                assert!(assets::find(&format!("item/{}", listing.picture)).is_some(), "{}", listing.picture);
                assert!(!questions(listing.picture).is_empty());
            }
            for talk in script::talks(shop.talks) {
                if let Some(portrait) = talk.portrait {
                    assert!(assets::find(&format!("avatar/{portrait}")).is_some(), "{portrait}");
                }
                for line in &talk.lines {
                    match &line.said {
                        script::Said::Content(Content::Image { image, .. }) => {
                            assert!(assets::find(&format!("chat/{image}")).is_some(), "{image}");
                        }
                        script::Said::Voice(name) => {
                            assert!(assets::names("voice").contains(&name.as_str()), "{name}")
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    #[test]
    fn the_scene_is_as_large_and_as_varied_as_promised() {
        let now = 1_760_000_000;
        let mut state = State::new(7);
        fill(&mut state, now);
        assert_eq!(state.accounts.len(), 2);
        let chats: Vec<_> = state.accounts.values().flat_map(|account| account.chats.values()).collect();
        assert!(chats.len() >= 60, "{}", chats.len());
        assert!(chats.iter().any(|chat| chat.messages.len() >= 140));
        assert!(chats.iter().any(|chat| chat.kind == ChatKind::U2u));
        assert!(chats.iter().any(|chat| chat.kind == ChatKind::A2u));
        assert!(chats.iter().filter(|chat| chat.unread > 0).count() >= 8);
        assert!(chats.iter().any(|chat| chat.messages.iter().any(|message| message.quote.is_some())));
        let kinds: BTreeSet<String> = chats
            .iter()
            .flat_map(|chat| &chat.messages)
            .map(|message| match &message.content {
                Content::Unsupported { kind } | Content::Custom { kind, .. } => kind.clone(),
                other => serde_json::to_value(other).unwrap()["type"].as_str().unwrap().to_owned(),
            })
            .collect();
        for kind in [
            "text", "image", "link", "item", "location", "call", "voice", "system", "deleted", "video",
            "file", "appCall", "sticker",
        ] {
            assert!(kinds.contains(kind), "{kind} is missing in {kinds:?}");
        }
        for chat in &chats {
            assert!(chat.messages.windows(2).all(|pair| pair[0].created <= pair[1].created), "{}", chat.id);
            assert!(chat.messages.iter().all(|message| message.created <= now));
            assert!(chat.item_id.is_some() == (chat.kind == ChatKind::U2i), "{}", chat.buyer.name);
        }
        assert!(state.accounts.values().all(|account| !account.orders.is_empty()));
    }

    #[test]
    fn the_same_seed_gives_the_same_scene() {
        let ids = |seed| {
            let mut state = State::new(seed);
            fill(&mut state, 1_760_000_000);
            let chats = state.accounts.values().flat_map(|account| account.by_update.iter().cloned());
            chats.collect::<Vec<_>>()
        };
        assert_eq!(ids(3), ids(3));
        assert_ne!(ids(3), ids(4));
    }
}
