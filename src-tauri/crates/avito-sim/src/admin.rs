//! The admin routes: what the library offers, over HTTP. They are listed in the crate's documentation.

use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::Sim;
use crate::faults::{Fault, FaultId};
use crate::http::{Reply, Request};
use crate::model::{Content, Item, KeyOwner, Order};
use crate::sim::{Fill, NewChat};

/// A chat, and what happens in it. Every route takes the parts it needs.
#[derive(Debug, Deserialize)]
struct InChat {
    user_id: i64,
    chat_id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    quoted: Option<String>,
    #[serde(default)]
    message_id: String,
    #[serde(default)]
    as_text: Option<bool>,
    #[serde(default)]
    blocked: bool,
}

#[derive(Debug, Deserialize)]
struct InAccount<T> {
    user_id: i64,
    #[serde(flatten)]
    rest: T,
}

#[derive(Debug, Deserialize)]
struct Nothing {}

#[derive(Debug, Deserialize)]
struct Shift {
    seconds: i64,
}

#[derive(Debug, Deserialize)]
struct Tier {
    user_id: i64,
    on: bool,
}

#[derive(Debug, Deserialize)]
struct Key {
    user_id: i64,
    owner: KeyOwner,
}

#[derive(Debug, Deserialize)]
struct Scopes {
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Hook {
    url: String,
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Fault>),
    One(Fault),
}

pub(crate) async fn answer(sim: &Sim, request: Request) -> Reply {
    match route(sim, &request).await {
        Ok(value) => Reply::json(value),
        Err(reply) => reply,
    }
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Reply> {
    let body = if request.body.is_empty() { b"{}".as_slice() } else { &request.body };
    serde_json::from_slice(body).map_err(|error| Reply::refused(&error.to_string()))
}

fn known(done: bool) -> Result<Value, Reply> {
    if done { Ok(json!({"ok": true})) } else { Err(Reply::not_found()) }
}

fn made(id: Option<String>) -> Result<Value, Reply> {
    id.map(|id| json!({"id": id})).ok_or_else(Reply::not_found)
}

async fn route(sim: &Sim, request: &Request) -> Result<Value, Reply> {
    let path: Vec<&str> =
        request.segments.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let get = request.method == Method::GET;
    let post = request.method == Method::POST;
    let ["_sim", path @ ..] = path.as_slice() else { return Err(Reply::no_route()) };
    match path {
        _ if get => look(sim, request, path),
        ["faults"] if request.method == Method::PUT => {
            sim.faults().clear_all();
            Ok(json!({"ids": set_faults(sim, request)?}))
        }
        ["faults"] if request.method == Method::DELETE => {
            sim.faults().clear_all();
            known(true)
        }
        ["faults", id] if request.method == Method::DELETE => {
            known(id.parse().is_ok_and(|id| sim.faults().clear(FaultId(id))))
        }
        ["faults"] if post => Ok(json!({"ids": set_faults(sim, request)?})),
        ["pause"] if post => {
            sim.pause().await;
            known(true)
        }
        ["resume"] if post => {
            let resumed = sim.resume().await;
            resumed
                .map_err(|error| Reply::with(StatusCode::CONFLICT, json!({"message": error.to_string()})))?;
            known(true)
        }
        ["demo-buyers"] if post => {
            sim.run_demo_buyers();
            known(true)
        }
        ["clock", "shift"] if post => {
            sim.shift_clock(read::<Shift>(request)?.seconds);
            Ok(json!({"now": sim.now()}))
        }
        _ if post => change(sim, request, path),
        _ => Err(Reply::no_route()),
    }
}

fn set_faults(sim: &Sim, request: &Request) -> Result<Vec<FaultId>, Reply> {
    let faults = match read::<OneOrMany>(request)? {
        OneOrMany::Many(faults) => faults,
        OneOrMany::One(fault) => vec![fault],
    };
    Ok(faults.into_iter().map(|fault| sim.faults().set(fault)).collect())
}

/// GET: questions.
fn look(sim: &Sim, request: &Request, path: &[&str]) -> Result<Value, Reply> {
    let user_id = || request.query("user_id").and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
    Ok(match path {
        ["state"] => state(sim),
        ["messages"] => json!(sim.chat_messages(user_id(), request.query("chat_id").unwrap_or_default())),
        ["posted"] => json!({"count": sim.posted_count(request.query("text").unwrap_or_default())}),
        ["subscriptions"] => json!(sim.subscriptions(user_id())),
        ["deliveries"] => json!(sim.deliveries()),
        ["calls"] => json!(sim.calls()),
        ["call-count"] => json!({"count": sim.call_count(request.query("route").unwrap_or_default())}),
        ["blacklist"] => {
            let users = sim.blacklist(user_id());
            json!(
                users
                    .iter()
                    .map(|(id, reason)| json!({"user_id": id, "reason_id": reason}))
                    .collect::<Vec<_>>()
            )
        }
        ["items"] => json!(sim.items(user_id())),
        ["orders"] => json!(sim.orders(user_id())),
        ["faults"] => {
            let active = sim.faults().active();
            json!(active.iter().map(|(id, fault)| json!({"id": id, "fault": fault})).collect::<Vec<_>>())
        }
        _ => return Err(Reply::no_route()),
    })
}

fn state(sim: &Sim) -> Value {
    let accounts: Vec<Value> = {
        let state = sim.shared.lock();
        let accounts = state.accounts.values().map(|account| {
            let chats = account.by_update.iter().rev().map(|(_, _, id)| {
                let chat = &account.chats[id];
                json!({"id": **id, "kind": chat.kind, "buyer": chat.buyer, "item_id": chat.item_id,
                    "created": chat.created, "updated": chat.updated, "messages": chat.messages.len(),
                    "unread": chat.unread})
            });
            json!({"seller": account.seller, "paid_tier": account.paid_tier, "key": account.key,
                "items": account.items.len(), "orders": account.orders.len(), "chats": chats.collect::<Vec<_>>()})
        });
        accounts.collect()
    };
    json!({"base_url": sim.base_url(), "up": sim.is_up(), "now": sim.now(), "profile": sim.shared.config.profile,
        "clock_offset": sim.shared.clock.offset(), "accounts": accounts})
}

/// POST: changes.
fn change(sim: &Sim, request: &Request, path: &[&str]) -> Result<Value, Reply> {
    match path {
        ["message"] => {
            let new: InChat = read(request)?;
            let text = new.text.unwrap_or_default();
            made(match (new.quoted, new.content) {
                (Some(quoted), _) => sim.buyer_quotes(new.user_id, &new.chat_id, &quoted, &text),
                (None, content) => {
                    sim.buyer_sends(new.user_id, &new.chat_id, content.unwrap_or_else(|| Content::text(text)))
                }
            })
        }
        ["seller-elsewhere"] => {
            let new: InChat = read(request)?;
            made(sim.seller_writes_elsewhere(new.user_id, &new.chat_id, &new.text.unwrap_or_default()))
        }
        ["chat"] => {
            let new: InAccount<NewChat> = read(request)?;
            made(sim.add_chat(new.user_id, new.rest))
        }
        ["read"] => {
            let chat: InChat = read(request)?;
            known(sim.buyer_reads(chat.user_id, &chat.chat_id))
        }
        ["seller-reads"] => {
            let chat: InChat = read(request)?;
            known(sim.seller_reads_elsewhere(chat.user_id, &chat.chat_id))
        }
        ["block"] => {
            let chat: InChat = read(request)?;
            known(sim.buyer_blocks(chat.user_id, &chat.chat_id, chat.blocked))
        }
        ["delete"] => {
            let chat: InChat = read(request)?;
            known(sim.delete_message_at_avito(chat.user_id, &chat.chat_id, &chat.message_id, chat.as_text))
        }
        ["tier"] => {
            let tier: Tier = read(request)?;
            known(sim.set_paid_tier(tier.user_id, tier.on))
        }
        ["key"] => {
            let key: Key = read(request)?;
            known(sim.set_key_owner(key.user_id, key.owner))
        }
        ["token", "revoke"] => {
            let account: InAccount<Nothing> = read(request)?;
            Ok(json!({"tokens": sim.revoke_tokens(account.user_id)}))
        }
        ["token", "expire"] => {
            let account: InAccount<Nothing> = read(request)?;
            Ok(json!({"tokens": sim.expire_tokens(account.user_id)}))
        }
        ["code"] => {
            let wanted: InAccount<Scopes> = read(request)?;
            let scopes: Vec<&str> = wanted.rest.scopes.iter().map(String::as_str).collect();
            Ok(json!({"code": sim.issue_code(wanted.user_id, &scopes)}))
        }
        ["item"] => {
            let new: InAccount<Item> = read(request)?;
            sim.add_item(new.user_id, new.rest).map(|id| json!({"id": id})).ok_or_else(Reply::not_found)
        }
        ["order"] => {
            let new: InAccount<Order> = read(request)?;
            known(sim.add_order(new.user_id, new.rest))
        }
        ["fill"] => {
            let wanted: InAccount<Fill> = read(request)?;
            Ok(json!({"ids": sim.fill(wanted.user_id, wanted.rest)}))
        }
        ["old-subscription"] => {
            let hook: InAccount<Hook> = read(request)?;
            known(sim.add_old_subscription(hook.user_id, &hook.rest.url, &hook.rest.version))
        }
        ["drop-subscriptions"] => {
            let account: InAccount<Nothing> = read(request)?;
            Ok(json!({"dropped": sim.drop_subscriptions(account.user_id)}))
        }
        _ => Err(Reply::no_route()),
    }
}
