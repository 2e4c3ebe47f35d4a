//! Live buyers: somebody writes every now and then, reads what the seller answers and answers back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::broadcast::error::RecvError;

use super::{questions, replies};
use crate::Sim;
use crate::ids;
use crate::model::{Account, ChatKind, Content};
use crate::sim::{Activity, NewChat};

/// How many of the newest chats a buyer may come back to.
const RECENT: usize = 25;

/// Chat pictures that belong to a listing's picture.
const PICTURES: [(&str, &str, &str); 8] = [
    ("samovar", "samovar_tap", "Вот этот кран имею в виду"),
    ("coffee_grinder", "grinder_top", "У бабушки была такая же"),
    ("radio", "radio_scale", "Шкала такая?"),
    ("teapot", "teapot_chip", "Вот этот скол единственный?"),
    ("floor_lamp", "lamp_corner", "Хочу поставить вот сюда"),
    ("mountain_bicycle", "bicycle_gears", "Посмотрите, переключатель как у вас?"),
    ("wheel", "wheel_scratch", "У меня вот такое, хуже вашего?"),
    ("saddle", "saddle_seam", "Шов вот здесь?"),
];

/// How far a talk has come.
#[derive(Debug, Default)]
struct Progress {
    /// Answers of the buyer so far.
    turns: u32,
    ended: bool,
    /// Counts the seller's messages, so that only the last of several in a row is answered.
    heard: u64,
}

struct Buyers {
    sim: Sim,
    inside: Mutex<Inside>,
}

struct Inside {
    rng: StdRng,
    talks: HashMap<Arc<str>, Progress>,
}

/// Starts them; they stop with the stand-in.
pub(crate) fn run(sim: Sim) {
    // A stream of its own, so that they do not change the ids that requests get.
    let rng = StdRng::seed_from_u64(sim.shared.config.seed ^ 0x00b0_1e55);
    let runtime = sim.shared.runtime.clone();
    let stop = sim.shared.stop.clone();
    let mut activity = sim.shared.activity.subscribe();
    let buyers = Arc::new(Buyers { sim, inside: Mutex::new(Inside { rng, talks: HashMap::new() }) });
    let arrivals = buyers.clone();
    let spawner = runtime.clone();
    let answers = async move {
        loop {
            match activity.recv().await {
                Ok(Activity::SellerWrote { user_id, chat_id, text }) => {
                    let buyers = buyers.clone();
                    let stop = buyers.sim.shared.stop.clone();
                    let answer = async move { buyers.answer(user_id, chat_id, text).await };
                    spawner.spawn(async move { stop.run_until_cancelled_owned(answer).await });
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    };
    runtime.spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = arrivals.arrive() => {}
            () = answers => {}
        }
    });
}

impl Buyers {
    fn with<T>(&self, work: impl FnOnce(&mut Inside) -> T) -> T {
        work(&mut self.inside.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A time between the two numbers of seconds, at the configured pace.
    fn some_time(&self, low: f64, high: f64) -> Duration {
        let seconds = self.with(|inside| inside.rng.random_range(low..high)) * self.sim.shared.config.pace;
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    async fn arrive(&self) {
        tokio::time::sleep(self.some_time(4.0, 8.0)).await;
        self.open_a_chat();
        loop {
            tokio::time::sleep(self.some_time(20.0, 60.0)).await;
            if self.with(|inside| inside.rng.random_bool(0.5)) {
                self.open_a_chat();
            } else {
                self.come_back();
            }
        }
    }

    /// Some account, seen under the lock.
    fn with_some_account<T>(&self, ask: impl FnOnce(&Account, &mut Inside) -> Option<T>) -> Option<T> {
        let state = self.sim.shared.lock();
        self.with(|inside| {
            let count = state.accounts.len();
            let chosen = if count > 1 { inside.rng.random_range(0..count) } else { 0 };
            ask(state.accounts.values().nth(chosen)?, inside)
        })
    }

    fn open_a_chat(&self) {
        let chosen = self.with_some_account(|account, inside| {
            let active: Vec<_> = account.items.values().filter(|item| item.status == "active").collect();
            let item = (!active.is_empty()).then(|| active[inside.rng.random_range(0..active.len())])?;
            let asked = questions(&item.picture);
            let pool = if asked.is_empty() { replies::OPENERS.to_vec() } else { asked };
            let text = pool[inside.rng.random_range(0..pool.len())];
            let (name, portrait) = replies::NAMES[inside.rng.random_range(0..replies::NAMES.len())];
            let chat = NewChat {
                buyer_name: name.to_owned(),
                portrait: portrait.map(str::to_owned),
                item_id: Some(item.id),
                text: Some(text.to_owned()),
                ..NewChat::default()
            };
            Some((account.seller.user_id, chat))
        });
        if let Some((user_id, chat)) = chosen {
            self.sim.add_chat(user_id, chat);
        }
    }

    fn come_back(&self) {
        let chosen = self.with_some_account(|account, inside| {
            let recent = account.by_update.iter().rev().take(RECENT).map(|(_, _, id)| &account.chats[id]);
            let open: Vec<_> = recent
                .filter(|chat| {
                    chat.kind == ChatKind::U2i && !account.blacklist.contains_key(&chat.buyer.user_id)
                })
                .filter(|chat| !inside.talks.get(&chat.id).is_some_and(|talk| talk.ended))
                .collect();
            let chat = (!open.is_empty()).then(|| open[inside.rng.random_range(0..open.len())])?;
            let waiting = chat.messages.last().is_some_and(|message| !message.from_seller);
            let pool = if waiting { replies::NUDGES.as_slice() } else { &replies::FOLLOW_UPS };
            let text = pool[inside.rng.random_range(0..pool.len())];
            Some((account.seller.user_id, chat.id.clone(), text))
        });
        if let Some((user_id, chat_id, text)) = chosen {
            self.say(user_id, &chat_id, text);
        }
    }

    /// Mostly words, now and then a picture of the thing or a recording.
    fn say(&self, user_id: i64, chat_id: &str, text: &str) {
        self.sim.buyer_sends(user_id, chat_id, Content::text(text));
        let chance = self.with(|inside| inside.rng.random_range(0..100));
        if chance < 8 {
            let picture = {
                let state = self.sim.shared.lock();
                let account = state.accounts.get(&user_id);
                let item =
                    account.and_then(|account| account.items.get(&account.chats.get(chat_id)?.item_id?));
                item.and_then(|item| PICTURES.iter().find(|(listing, _, _)| *listing == item.picture))
            };
            if let Some((_, image, caption)) = picture {
                self.sim.buyer_sends(user_id, chat_id, Content::image(*image));
                self.sim.buyer_sends(user_id, chat_id, Content::text(*caption));
            }
        } else if chance < 13 {
            let voice_id = {
                let mut state = self.sim.shared.lock();
                let id = ids::uuid(&mut state.rng);
                state.recordings.insert(id.clone(), "pick_up");
                id
            };
            self.sim.buyer_sends(user_id, chat_id, Content::Voice { voice_id });
        }
    }

    async fn answer(&self, user_id: i64, chat_id: Arc<str>, text: Option<Arc<str>>) {
        let heard = self.with(|inside| {
            let talk = inside.talks.entry(chat_id.clone()).or_default();
            talk.heard += 1;
            talk.heard
        });
        tokio::time::sleep(self.some_time(1.0, 3.0)).await;
        let may_answer = {
            let state = self.sim.shared.lock();
            state.accounts.get(&user_id).is_some_and(|account| {
                account.chats.get(&chat_id).is_some_and(|chat| {
                    chat.kind == ChatKind::U2i && !account.blacklist.contains_key(&chat.buyer.user_id)
                })
            })
        };
        if !may_answer {
            return;
        }
        self.sim.buyer_reads(user_id, &chat_id);
        tokio::time::sleep(self.some_time(3.0, 8.0)).await;
        let reply = self.with(|inside| {
            let talk = inside.talks.get_mut(&chat_id)?;
            if talk.ended || talk.heard != heard {
                return None;
            }
            let reply = replies::answer(&mut inside.rng, text.as_deref(), talk.turns);
            talk.turns += 1;
            talk.ended = reply.last;
            Some(reply)
        });
        if let Some(reply) = reply {
            self.say(user_id, &chat_id, reply.text);
        }
    }
}
