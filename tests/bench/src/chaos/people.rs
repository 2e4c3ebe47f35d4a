//! Buyers who write, a seller who answers from the program and from the phone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use avito_sim::{Content, NewChat, Sim};
use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::compare::Words;
use super::control::{Door, Unanswered};
use super::ledger::Ledger;

/// The program shows at most 500 messages of a chat to its command line: nobody writes more into one.
const CHAT_LIMIT: usize = 430;
/// How many of an account's chats get most of the talk.
const BUSY_CHATS: usize = 5;
/// What buyers and sellers say again and again.
const QUESTIONS: [&str; 4] = ["Здравствуйте", "Ещё продаёте?", "Торг уместен?", "?"];
const ANSWERS: [&str; 4] = ["Да", "Добрый день", "Да, продаётся", "👍"];
/// How a PNG begins; Avito and the program judge pictures by that.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02";

/// What a picture of the seller's shows: what follows its head. None: no picture of ours.
pub(super) fn picture_name(bytes: &[u8]) -> Option<String> {
    bytes.strip_prefix(PNG).map(|name| String::from_utf8_lossy(name).into_owned())
}

/// Mostly short pauses, sometimes long ones.
fn pause(rng: &mut StdRng, mean: Duration) -> Duration {
    mean.mul_f64(-(1.0 - rng.random::<f64>()).ln()).min(mean * 6)
}

fn one_of<'a>(rng: &mut StdRng, words: &[&'a str]) -> &'a str {
    words[rng.random_range(0..words.len())]
}

/// A chat: mostly one of the few busy ones.
fn some_chat(sim: &Sim, rng: &mut StdRng) -> Option<(i64, String)> {
    let accounts = sim.accounts();
    let user = accounts[rng.random_range(0..accounts.len())].user_id;
    let mut chats = sim.chat_ids(user);
    // By name, not by time: the busy ones stay the same.
    chats.sort_unstable();
    let among = if rng.random_bool(0.8) { chats.len().min(BUSY_CHATS) } else { chats.len() };
    (among > 0).then(|| (user, chats.swap_remove(rng.random_range(0..among))))
}

/// Buyers write until they are stopped.
pub(super) async fn buyers(sim: Sim, ledger: Arc<Ledger>, mut rng: StdRng) {
    let mut number = 0_u64;
    loop {
        tokio::time::sleep(pause(&mut rng, Duration::from_millis(220))).await;
        let Some((user, chat)) = some_chat(&sim, &mut rng) else { continue };
        let room = CHAT_LIMIT.saturating_sub(sim.chat_messages(user, &chat).len());
        let count = match rng.random_range(0..1000) {
            // More than a page.
            0..2 => 130,
            2..150 => rng.random_range(3..12),
            _ => 1,
        };
        if rng.random_bool(0.06) {
            number += 1;
            let new = NewChat {
                buyer_name: format!("Покупатель {number}"),
                text: Some(format!("Пишу впервые, {number}")),
                ..NewChat::default()
            };
            if let Some(chat) = sim.add_chat(user, new) {
                ledger.note_in(&chat, format!("a new buyer writes to {user}"));
                ledger.count(|tally| {
                    tally.chats += 1;
                    tally.buyer_messages += 1;
                });
            }
            continue;
        }
        for _ in 0..count.min(room) {
            number += 1;
            let content = match rng.random_range(0..20) {
                0 => Content::image("parcel"),
                1..5 => Content::text(one_of(&mut rng, &QUESTIONS)),
                _ => Content::text(format!("Вопрос {number}")),
            };
            let words = content.words().unwrap_or("a picture").to_owned();
            if let Some(id) = sim.buyer_sends(user, &chat, content) {
                ledger.note_in(&chat, format!("the buyer writes «{words}», message {id}"));
                ledger.count(|tally| tally.buyer_messages += 1);
            }
        }
    }
}

/// A buyer writes to each account.
pub(super) fn a_word_each(sim: &Sim, ledger: &Ledger) {
    for account in sim.accounts() {
        let Some(chat) = sim.chat_ids(account.user_id).into_iter().min() else { continue };
        if let Some(id) = sim.buyer_sends(account.user_id, &chat, Content::text("Всё в порядке?"))
        {
            ledger.note_in(&chat, format!("a buyer writes in the calm, message {id}"));
            ledger.count(|tally| tally.buyer_messages += 1);
        }
    }
}

/// The seller on the phone, until stopped. He says what he says in the program, too.
pub(super) async fn phone(sim: Sim, ledger: Arc<Ledger>, mut rng: StdRng) {
    let mut number = 0_u64;
    loop {
        tokio::time::sleep(pause(&mut rng, Duration::from_millis(1_500))).await;
        let Some((user, chat)) = some_chat(&sim, &mut rng) else { continue };
        if sim.chat_messages(user, &chat).len() >= CHAT_LIMIT {
            continue;
        }
        number += 1;
        let text = match rng.random_bool(0.4) {
            true => one_of(&mut rng, &ANSWERS).to_owned(),
            false => format!("С телефона, {number}"),
        };
        if let Some(id) = sim.seller_writes_elsewhere(user, &chat, &text) {
            ledger.note_in(&chat, format!("the seller writes «{text}» on the phone, message {id}"));
            ledger.wrote_on_phone(id);
            ledger.count(|tally| tally.phone_messages += 1);
        }
    }
}

/// The seller at the program.
pub(super) struct Seller {
    pub(super) sim: Sim,
    pub(super) ledger: Arc<Ledger>,
    pub(super) rng: StdRng,
    /// Where the pictures lie.
    pub(super) folder: PathBuf,
    /// The running program, while there is one that is ready.
    pub(super) door: watch::Receiver<Option<Door>>,
}

impl Seller {
    /// Answers whenever the program runs, until nobody tells of one any more. What he has approved last is in the ledger by then.
    pub(super) async fn work(mut self) {
        let mut number = 0_u64;
        loop {
            let Ok(door) = self.door.wait_for(Option::is_some).await.map(|door| door.clone()) else { return };
            let Some(door) = door else { continue };
            tokio::time::sleep(pause(&mut self.rng, Duration::from_millis(200))).await;
            let Some((user, chat)) = some_chat(&self.sim, &mut self.rng) else { continue };
            if self.sim.chat_messages(user, &chat).len() >= CHAT_LIMIT {
                continue;
            }
            let count = if self.rng.random_bool(0.15) { self.rng.random_range(2..5) } else { 1 };
            for _ in 0..count {
                number += 1;
                let words = match self.rng.random_range(0..10) {
                    0 => Words::Picture(format!("фото {}", number % 7)),
                    1 => Words::Picture(format!("снято для вас, {number}")),
                    2..6 => Words::Text(one_of(&mut self.rng, &ANSWERS).to_owned()),
                    _ => Words::Text(format!("Ответ {number}")),
                };
                if !self.approve(&door, &chat, number, words).await {
                    break;
                }
            }
        }
    }

    /// Approves something, his `number`th; answers whether the program is still there.
    async fn approve(&self, door: &Door, chat: &str, number: u64, words: Words) -> bool {
        let asked = match &words {
            Words::Text(text) => door.send(chat, text).await,
            Words::Picture(name) => {
                // A file of its own: a program whose answer was not heard may still read the former one.
                let file = self.folder.join(format!("вид {number}.png"));
                if let Err(error) = std::fs::write(&file, [PNG, name.as_bytes()].concat()) {
                    self.ledger.note(format!("the seller has no picture: {error}"));
                    return true;
                }
                self.ledger.count(|tally| tally.pictures += 1);
                door.send_image(chat, &file).await
            }
        };
        match asked {
            Ok(reply) => {
                self.ledger.count(|tally| tally.approved += 1);
                self.ledger.approved(chat, Some(reply), words);
                true
            }
            Err(Unanswered::Open(why)) => {
                self.ledger.note_in(chat, format!("no answer: {why}"));
                self.ledger.count(|tally| tally.unanswered += 1);
                self.ledger.approved(chat, None, words);
                false
            }
            Err(Unanswered::NotAsked) => false,
            Err(Unanswered::Refused(code)) => {
                self.ledger.note_in(chat, format!("the program refuses {words}: {code}"));
                self.ledger.count(|tally| tally.refused += 1);
                true
            }
        }
    }
}

/// Everybody stops. The seller is not torn from what he says: the program may have accepted it, and the ledger would not know.
pub(super) async fn send_home(
    tell: watch::Sender<Option<Door>>,
    mut sellers: JoinSet<()>,
    mut people: JoinSet<()>,
) -> Result<(), JoinError> {
    drop(tell);
    while let Some(ended) = sellers.join_next().await {
        ended?;
    }
    people.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests;
