//! Webhook deliveries in the form in which the stand-in for Avito posts them.

use std::collections::HashSet;

use anyhow::Result;
use avito_sim::SellerAccount;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use serde_json::json;
use sha2::Sha256;

use crate::load::Delivery;
use crate::program::{Door, patiently};
use crate::texts;

/// Makes deliveries of new messages and remembers what must be found in the archive afterwards.
pub struct Post {
    seller: SellerAccount,
    chats: Vec<String>,
    rng: StdRng,
    made: Vec<(usize, String)>,
}

/// Makes a delivery's message id: 32 hexadecimal digits, as Avito's are.
fn message_id(rng: &mut StdRng) -> String {
    format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64())
}

impl Post {
    /// For these chats of an account.
    pub fn new(seller: &SellerAccount, chats: &[String]) -> Self {
        // Never the same ids twice: an archive that is used again would know them.
        let rng = StdRng::seed_from_u64(rand::random());
        Self { seller: seller.clone(), chats: chats.to_vec(), rng, made: Vec::new() }
    }

    /// A post of the same kind, whose deliveries nobody looks for in the archive of this one.
    pub fn another(&self) -> Self {
        Self {
            rng: StdRng::seed_from_u64(rand::random()),
            made: Vec::new(),
            seller: self.seller.clone(),
            chats: self.chats.clone(),
        }
    }

    /// So many deliveries of buyers' messages, over the chats in turn, written now.
    pub fn make(&mut self, count: usize) -> Vec<Delivery> {
        (0..count).map(|_| self.one()).collect()
    }

    fn one(&mut self) -> Delivery {
        let chat = self.made.len() % self.chats.len();
        let text = texts::buyer(&mut self.rng);
        self.saying(chat, &text)
    }

    /// One delivery of these words to the chat of this place.
    pub fn saying(&mut self, chat: usize, text: &str) -> Delivery {
        let id = message_id(&mut self.rng);
        let now = now_s();
        let buyer = self.rng.random_range(200_000_000..399_999_999_i64);
        let item = self.rng.random_range(7_100_000_000..7_699_999_999_i64);
        let chat_id = self.chats.get(chat).cloned().unwrap_or_default();
        let event = format!("{:016x}", self.rng.next_u64());
        let value = json!({
            "id": id, "chat_id": chat_id, "user_id": self.seller.user_id, "author_id": buyer, "created": now, "type": "text",
            "chat_type": "u2i", "published_at": "2026-01-01T00:00:00Z", "content": {"text": text}, "item_id": item,
        });
        let body = json!({"id": event, "version": "v3.0.0", "timestamp": now, "payload": {"type": "message", "value": value}})
            .to_string();
        self.made.push((chat, id));
        Delivery { signature: sign(&self.seller.client_secret, &body), body }
    }

    /// The chat and the message id of the last delivery.
    pub fn last(&self) -> Option<(&str, &str)> {
        self.made.last().map(|(chat, id)| (self.chats.get(*chat).map_or("", String::as_str), id.as_str()))
    }

    /// For each chat, the ids of the messages it must hold.
    pub fn expected(&self) -> Vec<(&str, Vec<&str>)> {
        let mut expected: Vec<(&str, Vec<&str>)> =
            self.chats.iter().map(|chat| (chat.as_str(), Vec::new())).collect();
        for (chat, id) in &self.made {
            if let Some((_, ids)) = expected.get_mut(*chat) {
                ids.push(id);
            }
        }
        expected
    }
}

/// What became of acknowledged messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// All of them are in the archive.
    pub count: usize,
    /// So many were still on their way from the journal to their chats when they were first looked for.
    pub late: usize,
}

/// Looks for every message of a post in the archive. Each is durable when it is acknowledged and becomes a message of its chat a
/// little later; the last to become one need not be the last that was delivered.
///
/// # Errors
/// When one is not there within a minute.
pub async fn verify(door: &Door, post: &Post) -> Result<Kept> {
    let mut kept = Kept { count: 0, late: 0 };
    for (chat, ids) in post.expected() {
        let mut first = true;
        patiently(
            &format!("all {} acknowledged messages of a chat are in the archive", ids.len()),
            async || {
                let known: HashSet<String> = door.message_ids(chat, 500).await?.into_iter().collect();
                let missing = ids.iter().filter(|id| !known.contains(**id)).count();
                kept.late += if std::mem::take(&mut first) { missing } else { 0 };
                Ok((missing == 0).then_some(()))
            },
        )
        .await?;
        kept.count += ids.len();
    }
    Ok(kept)
}

fn sign(key: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now_s() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
