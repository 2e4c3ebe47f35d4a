//! Lists of chats, one chat, blacklist.

use serde_json::{Value, json};

use super::{Call, Caller, page};
use crate::Sim;
use crate::config::Profile;
use crate::http::{Reply, Request};
use crate::model::{ChatKind, Content, KeyOwner};
use crate::render::View;
use crate::state::NewMessage;

pub(super) fn list(sim: &Sim, caller: Caller, request: &Request, placeholder: bool) -> Result<Reply, Reply> {
    let (limit, offset) = page(request)?;
    let wanted = Wanted::read(request)?;
    let state = sim.shared.lock();
    let account = &state.accounts[&caller.user_id];
    let base = sim.shared.media_base();
    let profile = sim.shared.config.profile;
    let view = View { profile, base: &base, account, placeholder: placeholder || !account.paid_tier };
    // An employee sees none of the chats here: ours, the guide says only that those of linked items are missing.
    let all = account.by_update.iter().rev().filter(|_| account.key == KeyOwner::Main);
    let mut fitting =
        all.filter_map(|(_, _, id)| account.chats.get(id)).filter(|chat| wanted.has(chat)).skip(offset);
    let chats: Vec<Value> = fitting.by_ref().take(limit).map(|chat| view.chat(chat)).collect();
    let mut answer = json!({"chats": chats});
    if profile == Profile::Observed {
        answer["meta"] = json!({"has_more": fitting.next().is_some()});
    }
    Ok(Reply::json(answer))
}

struct Wanted {
    items: Vec<i64>,
    unread_only: bool,
    kinds: Vec<ChatKind>,
}

impl Wanted {
    fn read(request: &Request) -> Result<Self, Reply> {
        let items: Result<Vec<i64>, _> = request.query_list("item_ids").into_iter().map(str::parse).collect();
        let kinds: Option<Vec<ChatKind>> =
            request.query_list("chat_types").into_iter().map(ChatKind::parse).collect();
        let mut kinds = kinds.ok_or_else(|| Reply::validation("chat_types", "must be u2i, u2u or a2u"))?;
        if kinds.is_empty() {
            kinds.push(ChatKind::U2i);
        }
        let unread_only = match request.query("unread_only") {
            None | Some("" | "false") => false,
            Some("true") => true,
            Some(_) => return Err(Reply::validation("unread_only", "must be true or false")),
        };
        Ok(Self {
            items: items.map_err(|_| Reply::validation("item_ids", "must be numbers"))?,
            unread_only,
            kinds,
        })
    }

    fn has(&self, chat: &crate::model::Chat) -> bool {
        self.kinds.contains(&chat.kind)
            && (!self.unread_only || chat.unread > 0)
            && (self.items.is_empty() || chat.item_id.is_some_and(|id| self.items.contains(&id)))
    }
}

pub(super) fn one(sim: &Sim, caller: Caller, call: &Call, placeholder: bool) -> Result<Reply, Reply> {
    let state = sim.shared.lock();
    let account = &state.accounts[&caller.user_id];
    let chat = account.chats.get(call.id.as_str()).ok_or_else(Reply::not_found)?;
    let base = sim.shared.media_base();
    let view = View {
        profile: sim.shared.config.profile,
        base: &base,
        account,
        placeholder: placeholder || !account.paid_tier,
    };
    Ok(Reply::json(view.chat(chat)))
}

pub(super) fn blacklist(sim: &Sim, caller: Caller, request: &Request) -> Result<Reply, Reply> {
    let body = request.json()?;
    let users = body.get("users").and_then(Value::as_array).filter(|users| !users.is_empty());
    let users = users.ok_or_else(|| Reply::validation("users", "must not be empty"))?;
    let mut blocked = Vec::new();
    for user in users {
        let id = user.get("user_id").and_then(Value::as_i64);
        let id = id.ok_or_else(|| Reply::validation("user_id", "must be a number"))?;
        // Ours: without a reason it is "other".
        let reason = user.pointer("/context/reason_id").map_or(Some(4), Value::as_i64);
        let reason = reason.filter(|reason| (1..=4).contains(reason));
        blocked.push((id, reason.ok_or_else(|| Reply::validation("reason_id", "must be 1, 2, 3 or 4"))?));
    }
    let mut state = sim.shared.lock();
    if let Some(account) = state.accounts.get_mut(&caller.user_id) {
        account.blacklist.extend(blocked);
    }
    Ok(Reply::empty())
}

/// The fault of a thread that grows while it is read.
pub(crate) fn let_the_buyer_write(sim: &Sim, call: &Call) {
    let Some(user_id) = call.user_id else { return };
    let text = Content::text("И ещё вопрос, пока вы читаете");
    sim.add_message(user_id, &call.id, NewMessage::incoming(sim.now(), text));
}

/// The fault of an unstable walk: a chat from behind the page just answered gets a message.
pub(crate) fn move_a_chat_up(sim: &Sim, call: &Call, request: &Request) {
    let Some(user_id) = call.user_id else { return };
    let Ok((limit, offset)) = page(request) else { return };
    let Ok(wanted) = Wanted::read(request) else { return };
    let chat_id = {
        let state = sim.shared.lock();
        let Some(account) = state.accounts.get(&user_id) else { return };
        let fitting = account.by_update.iter().rev().filter(|(_, _, id)| wanted.has(&account.chats[id]));
        fitting.skip(offset + limit).map(|(_, _, id)| id.clone()).next()
    };
    if let Some(chat_id) = chat_id {
        let text = Content::text("Я снова с вопросом: когда можно подъехать?");
        sim.add_message(user_id, &chat_id, NewMessage::incoming(sim.now(), text));
    }
}
