//! Registering, removing and listing webhooks.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Caller;
use crate::Sim;
use crate::http::{Reply, Request};
use crate::webhook;

fn url_in(request: &Request) -> Result<String, Reply> {
    let body = request.json()?;
    let url = body.get("url").and_then(Value::as_str).unwrap_or_default();
    let valid =
        url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if valid { Ok(url.to_owned()) } else { Err(Reply::validation("url", "must be an http or https address")) }
}

pub(super) async fn subscribe(sim: &Sim, caller: Caller, request: &Request) -> Result<Reply, Reply> {
    let url = url_in(request)?;
    if sim.shared.config.webhook_probe && !webhook::probe(&sim.shared, &url).await {
        return Err(Reply::with(
            StatusCode::BAD_REQUEST,
            json!({"error": {"code": 400, "message": "The webhook does not answer"}}),
        ));
    }
    let mut state = sim.shared.lock();
    let subscriptions =
        &mut state.accounts.get_mut(&caller.user_id).ok_or_else(Reply::not_found)?.subscriptions;
    // Ours: the same URL again changes nothing, another one is added to the first.
    if !subscriptions.iter().any(|one| one.url == url) {
        subscriptions.push(webhook::subscribe(&sim.shared, caller.user_id, &url, "3"));
    }
    drop(state);
    sim.shared.changed();
    Ok(Reply::json(json!({"ok": true})))
}

pub(super) fn unsubscribe(sim: &Sim, caller: Caller, request: &Request) -> Result<Reply, Reply> {
    let url = url_in(request)?;
    let mut state = sim.shared.lock();
    let account = state.accounts.get_mut(&caller.user_id).ok_or_else(Reply::not_found)?;
    // Ours: an unknown URL is no error.
    account.subscriptions.retain(|one| one.url != url);
    drop(state);
    sim.shared.changed();
    Ok(Reply::json(json!({"ok": true})))
}

pub(super) fn list(sim: &Sim, caller: Caller) -> Result<Reply, Reply> {
    let state = sim.shared.lock();
    let account = state.accounts.get(&caller.user_id).ok_or_else(Reply::not_found)?;
    let subscriptions: Vec<Value> =
        account.subscriptions.iter().map(|one| json!({"url": one.url, "version": one.version})).collect();
    Ok(Reply::json(json!({"subscriptions": subscriptions})))
}
