//! The reading of answers without a network, for the fuzz targets in `tests/fuzz`.

use crate::error::message_in;
use crate::json::{self, Fields, list, typed};
use crate::models::{AccountSelf, Chat, Item, ItemInfo, Message, Order, Subscription};

/// Whether two messages say the same. Not compared: fractions, which may differ in their last bit after they were written and read
/// again (places on the map, and nothing else of ours).
pub fn same(one: &Message, other: &Message) -> bool {
    let parts = |message: &Message| {
        let Message { id, author_id, created, direction, kind, is_read, read_at, delivered_at, .. } =
            message.clone();
        (id, author_id, created, direction, kind, is_read, read_at, delivered_at)
    };
    let kinds = std::mem::discriminant(&one.content) == std::mem::discriminant(&other.content);
    kinds
        && parts(one) == parts(other)
        && one.text() == other.text()
        && one.quote.is_some() == other.quote.is_some()
}

/// Reads a body as every answer the client knows.
///
/// # Panics
/// When a message is not read again the same after it was stored.
pub fn read_every_answer(body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    for key in ["chats", "messages", "subscriptions", "resources", "orders"] {
        let Ok(found) = list(&text, key) else { continue };
        let _ = found.each(Chat::read);
        let _ = found.each(typed::<Subscription>);
        let _ = found.each(typed::<Item>);
        let _ = found.each(typed::<Order>);
        for message in found.each(Message::read).0 {
            let stored = serde_json::from_str(&message.raw.to_string()).unwrap_or_default();
            assert!(Message::read(stored).is_ok_and(|again| same(&again, &message)), "{message:?}");
        }
    }
    let Ok(value) = json::parse(&text) else { return };
    let _ = (typed::<AccountSelf>(value.clone()), typed::<ItemInfo>(value.clone()));
    let _ =
        (message_in(&value), value.links("voices_urls"), value.int("expires_in"), value.text("access_token"));
    let _ = (Chat::read(value.clone()), Message::read(value));
}
