//! What Avito posts to us.
//!
//! The V3 shape is known; of older ones no capture exists, so a message is looked for in every place that has been
//! talked about. Anything that is JSON is a delivery, if need be one without messages: it must be answered 200.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;

use crate::json::{self, Fields};
use crate::models::{ChatType, Context, Message};

/// The header with 64 hex characters whose making Avito does not document.
pub const SIGNATURE_HEADER: &str = "X-Avito-Messenger-Signature";

/// Messages taken from one delivery. Avito puts one in; thousands would hold up the deliveries behind them.
const MESSAGES: usize = 100;

/// A delivery that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON")]
pub struct NotJson;

/// One delivery.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Delivery {
    /// The event's own id. Duplicates are found by the message's id instead.
    pub event_id: Option<String>,
    /// Such as `v3.0.0`.
    pub version: Option<String>,
    /// When it was sent, in unix seconds.
    pub timestamp: Option<i64>,
    /// The kind of event; only `message` has ever been seen.
    pub kind: Option<String>,
    /// The messages in it: one, in the known shape; none for `{}` and for kinds unknown to this version.
    pub messages: Vec<WebhookMessage>,
    /// The whole body, with null for what cannot be held (nested too deeply, a number beyond all bounds).
    pub json: Value,
}

impl Delivery {
    /// The chat a delivery without messages speaks of, wherever it stands.
    pub fn chat_id(&self) -> Option<&str> {
        let payload = self.json.get("payload").unwrap_or(&self.json);
        let places = [payload.get("value"), Some(payload), Some(&self.json)];
        let of_chat_kind = self.kind.as_deref() == Some("chat");
        places.into_iter().flatten().find_map(|place| {
            let named = place.get("chat_id").and_then(Value::as_str);
            named.or_else(|| place.get("id").filter(|_| of_chat_kind)?.as_str())
        })
    }
}

/// A message as delivered: without the buyer's name and the listing's title.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookMessage {
    /// The chat.
    pub chat_id: String,
    /// The account the webhook belongs to.
    pub user_id: Option<i64>,
    /// The sender; equal to `user_id` for our own messages, which are delivered too.
    pub author_id: Option<i64>,
    /// Told, or by the chat id's prefix.
    pub chat_type: ChatType,
    /// The listing.
    pub item_id: Option<i64>,
    /// The message, its direction computed when `user_id` is known. Its `raw` is the value as delivered, with
    /// `user_id` put in when that stood elsewhere.
    pub message: Message,
    /// What the chat is about; not part of the known shape.
    pub context: Option<Context>,
}

/// Reads a delivery.
///
/// # Errors
/// [`NotJson`] when the body is not JSON at all. JSON that cannot be interpreted is a delivery without messages.
pub fn parse(body: &[u8]) -> Result<Delivery, NotJson> {
    let text = String::from_utf8_lossy(body);
    let json = json::parse(&text).map_err(|_| NotJson)?;
    let payload = json.get("payload").unwrap_or(&Value::Null);
    let bare = payload.is_null() && is_message(&json);
    // The `type` of a message that stands where the event should be is the message's own.
    let type_of = |event: &Value| if is_message(event) { None } else { event.text("type") };
    let kind = type_of(payload).or_else(|| json.text("event")).or_else(|| type_of(&json));
    let messages = match kind.as_deref() {
        None | Some("message" | "messages" | "new_message") => messages(&json, payload),
        Some(_) => Vec::new(),
    };
    Ok(Delivery {
        event_id: json.id("id").filter(|_| !bare),
        version: json.text("version"),
        timestamp: json.seconds("timestamp"),
        kind,
        messages,
        json,
    })
}

/// The messages in the first place that has any.
fn messages(json: &Value, payload: &Value) -> Vec<WebhookMessage> {
    let places = [
        payload.get("value"),
        payload.get("message"),
        payload.get("messages"),
        Some(payload),
        json.get("value"),
        json.get("message"),
        json.get("messages"),
        Some(json),
    ];
    let outer = [payload, json];
    places
        .into_iter()
        .flatten()
        .map(|place| {
            let values = place.as_array().map_or(std::slice::from_ref(place), Vec::as_slice);
            values.iter().filter_map(|value| message(value, outer)).take(MESSAGES).collect::<Vec<_>>()
        })
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn is_message(value: &Value) -> bool {
    value.id("id").is_some() && (value.get("chat_id").is_some() || value.get("content").is_some())
}

fn message(value: &Value, outer: [&Value; 2]) -> Option<WebhookMessage> {
    if !is_message(value) {
        return None;
    }
    let around = || std::iter::once(value).chain(outer);
    let chat = |place: &Value| place.id("chat_id").or_else(|| place.get("chat")?.id("id"));
    let chat_id = around().find_map(chat)?;
    let user_id = around().find_map(|place| place.int("user_id"));
    let context = around().find_map(|place| Context::read(place.get("context")?));
    let item_id = around().find_map(|place| place.int("item_id"));

    let mut raw = value.clone();
    if let (Some(user_id), Some(fields)) = (user_id, raw.as_object_mut()) {
        // So that the message alone, stored and read again, still knows its direction.
        fields.entry("user_id").or_insert_with(|| user_id.into());
    }
    let message = Message::read(raw).ok()?;
    let told_type = around().find_map(|place| place.text("chat_type"));
    Some(WebhookMessage {
        chat_type: told_type.map_or_else(|| ChatType::of_chat_id(&chat_id), |told| told.as_str().into()),
        item_id: item_id.or_else(|| context.as_ref()?.item.as_ref().map(|item| item.id)),
        author_id: message.author_id,
        chat_id,
        user_id,
        message,
        context,
    })
}

/// Whether the signature header is what most people guess it to be: HMAC-SHA256 of the raw body in hex, keyed with
/// the client secret. For information only: no delivery may be turned away because of it.
pub fn signature_matches(body: &[u8], secret: &SecretString, header: &str) -> bool {
    let header = header.trim();
    let Some(told) = unhex(header.strip_prefix("sha256=").unwrap_or(header)) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&told).is_ok() // takes the same time wherever the first difference is
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits?;
    (digits.len() % 2 == 0).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
