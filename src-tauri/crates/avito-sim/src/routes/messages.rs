//! Messages of a chat: list, send, delete, read.

use serde_json::{Value, json};

use super::{Call, Caller, known_chat, page};
use crate::Sim;
use crate::config::{Profile, TextUnit};
use crate::http::{Reply, Request};
use crate::model::{Content, MessageId};
use crate::render::View;
use crate::state::{NewMessage, State};
use crate::webhook;

const TEXT_LIMIT: usize = 1000;
/// Seconds within which an own message can be deleted.
const DELETE_WITHIN: i64 = 3600;

pub(super) fn list(sim: &Sim, caller: Caller, call: &Call, request: &Request) -> Result<Reply, Reply> {
    let (limit, offset) = page(request)?;
    let state = sim.shared.lock();
    let account = &state.accounts[&caller.user_id];
    let chat = account.chats.get(call.id.as_str()).ok_or_else(Reply::not_found)?;
    let base = sim.shared.media_base();
    let profile = sim.shared.config.profile;
    let view = View { profile, base: &base, account, placeholder: false };
    let messages: Vec<Value> =
        chat.messages.iter().rev().skip(offset).take(limit).map(|message| view.message(message)).collect();
    Ok(Reply::json(match profile {
        Profile::Observed => json!({"messages": messages}),
        Profile::Spec => Value::Array(messages),
    }))
}

pub(super) fn send(sim: &Sim, caller: Caller, call: &Call, request: &Request) -> Result<Reply, Reply> {
    let body = request.json()?;
    if body.get("type").and_then(Value::as_str) != Some("text") {
        return Err(Reply::validation("type", "must be text"));
    }
    let text = body.pointer("/message/text").and_then(Value::as_str).unwrap_or_default();
    let length = match sim.shared.config.text_unit {
        TextUnit::CodePoints => text.chars().count(),
        TextUnit::Utf16 => text.encode_utf16().count(),
    };
    // Ours: status and form of both refusals.
    if text.trim().is_empty() {
        return Err(Reply::validation("text", "must not be empty"));
    }
    if length > TEXT_LIMIT {
        return Err(Reply::validation("text", "must be at most 1000 characters"));
    }
    post(sim, caller, call, Content::text(text))
}

/// Stores a message of the seller and answers as the sending calls do.
pub(super) fn post(sim: &Sim, caller: Caller, call: &Call, content: Content) -> Result<Reply, Reply> {
    may_write(&sim.shared.lock(), caller, call)?;
    let is_image = matches!(content, Content::Image { .. });
    let text = match &content {
        Content::Text { text } => Some(text.clone()),
        _ => None,
    };
    let id = sim.add_message(caller.user_id, &call.id, NewMessage::outgoing(sim.now(), content));
    let id = id.and_then(|id| MessageId::parse(&id)).ok_or_else(Reply::not_found)?;
    let mut state = sim.shared.lock();
    // Counted once it is there, so that whoever waits for the count finds the message.
    if let Some(text) = text {
        *state.posted.entry(text).or_default() += 1;
    }
    sim.shared.changed();
    let account = &state.accounts[&caller.user_id];
    let chat = account.chats.get(call.id.as_str()).ok_or_else(Reply::not_found)?;
    let message = chat.messages.iter().rfind(|message| message.id == id).ok_or_else(Reply::not_found)?;
    let base = sim.shared.media_base();
    let view = View { profile: sim.shared.config.profile, base: &base, account, placeholder: false };
    Ok(Reply::json(view.sent(message, is_image)))
}

/// The chat exists and the buyer has not blocked the seller; 403 for that is reported.
pub(super) fn may_write(state: &State, caller: Caller, call: &Call) -> Result<(), Reply> {
    known_chat(state, caller, call)?;
    match state.chat(caller.user_id, &call.id) {
        Some(chat) if chat.blocked_by_buyer => Err(Reply::forbidden()),
        _ => Ok(()),
    }
}

pub(super) fn delete(sim: &Sim, caller: Caller, call: &Call) -> Result<Reply, Reply> {
    let now = sim.now();
    let mut state = sim.shared.lock();
    let chat = state.chat_mut(caller.user_id, &call.id).ok_or_else(Reply::not_found)?;
    let id = MessageId::parse(&call.message_id).ok_or_else(Reply::not_found)?;
    let message = chat.messages.iter_mut().rfind(|message| message.id == id).ok_or_else(Reply::not_found)?;
    // Ours: others' messages and those past the hour are refused with 400.
    if !message.from_seller {
        return Err(Reply::refused("Only own messages can be deleted"));
    }
    if now - message.created > DELETE_WITHIN {
        return Err(Reply::refused("The message is too old to be deleted"));
    }
    message.content = Content::Deleted { as_text: None };
    if sim.shared.config.webhook_on_delete {
        webhook::announce(&sim.shared, &mut state, caller.user_id, &call.id, id);
    }
    Ok(Reply::json(json!({})))
}

pub(super) fn read(sim: &Sim, caller: Caller, call: &Call) -> Result<Reply, Reply> {
    request_is_known(sim.shared.lock().seller_reads(caller.user_id, &call.id, sim.now()))?;
    Ok(Reply::json(json!({"ok": true})))
}

fn request_is_known(known: bool) -> Result<(), Reply> {
    if known { Ok(()) } else { Err(Reply::not_found()) }
}
