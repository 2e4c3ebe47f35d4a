//! The account itself: profile, balance, items, orders.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Call, Caller};
use crate::Sim;
use crate::clock::rfc3339;
use crate::http::{Reply, Request};
use crate::model::{Account, Item, KeyOwner, Order};
use crate::render::profile_url;

/// The form of errors in the documents of items and orders.
fn refused(message: &str) -> Reply {
    Reply::with(StatusCode::BAD_REQUEST, json!({"code": "bad_request", "message": message}))
}

pub(super) fn myself(sim: &Sim, caller: Caller) -> Result<Reply, Reply> {
    let state = sim.shared.lock();
    let account = state.accounts.get(&caller.user_id).ok_or_else(Reply::not_found)?;
    let seller = &account.seller;
    Ok(Reply::json(json!({"id": seller.user_id, "name": seller.name, "email": account.email,
        "phone": account.phone, "phones": [account.phone], "profile_url": profile_url(seller.user_id, None)})))
}

pub(super) fn balance(sim: &Sim, caller: Caller) -> Result<Reply, Reply> {
    let state = sim.shared.lock();
    let account = state.accounts.get(&caller.user_id).ok_or_else(Reply::not_found)?;
    Ok(Reply::json(json!({"real": account.balance.0, "bonus": account.balance.1})))
}

/// A number of the query, or a refusal in the form these documents have.
fn number(request: &Request, key: &str, default: usize, low: usize, high: usize) -> Result<usize, Reply> {
    let Some(text) = request.query(key) else { return Ok(default) };
    let value: Option<usize> = text.parse().ok().filter(|value| (low..=high).contains(value));
    value.ok_or_else(|| refused(&format!("{key} must be between {low} and {high}")))
}

pub(super) fn items(sim: &Sim, caller: Caller, request: &Request) -> Result<Reply, Reply> {
    let per_page = number(request, "per_page", 25, 1, 99)?;
    let page = number(request, "page", 1, 1, usize::MAX / 100)?;
    let mut statuses = request.query_list("status");
    if statuses.is_empty() {
        statuses.push("active");
    }
    if statuses.iter().any(|status| !["active", "removed", "old", "blocked", "rejected"].contains(status)) {
        return Err(refused("status is unknown"));
    }
    let category = match request.query("category") {
        None | Some("") => None,
        Some(text) => Some(text.parse::<i64>().map_err(|_| refused("category must be a number"))?),
    };
    let state = sim.shared.lock();
    let account = state.accounts.get(&caller.user_id).ok_or_else(Reply::not_found)?;
    // An employee gets an empty list.
    let all = account.items.values().filter(|_| account.key == KeyOwner::Main);
    let fitting = all.filter(|item| {
        statuses.contains(&item.status.as_str())
            && category.is_none_or(|id| id == category_id(&item.category))
    });
    let resources: Vec<Value> = fitting.skip((page - 1) * per_page).take(per_page).map(resource).collect();
    Ok(Reply::json(json!({"meta": {"page": page, "per_page": per_page}, "resources": resources})))
}

fn resource(item: &Item) -> Value {
    json!({"id": item.id, "title": item.title, "price": item.price, "status": item.status,
        "address": item.address, "url": format!("https://www.avito.ru{}", item.path()),
        "category": {"id": category_id(&item.category), "name": item.category}})
}

/// A small number made of the category's name: Avito's real numbers play no part here.
fn category_id(name: &str) -> i64 {
    name.bytes().fold(7_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 179) + 1
}

pub(super) fn item(sim: &Sim, caller: Caller, call: &Call) -> Result<Reply, Reply> {
    let id: i64 = call.id.parse().map_err(|_| refused("item_id must be a number"))?;
    let now = sim.now();
    let state = sim.shared.lock();
    let of = |account: &Account| account.items.get(&id).cloned();
    let nothing = |status: &str| {
        json!({"status": status, "url": null, "start_time": null, "finish_time": null,
            "autoload_item_id": null, "vas": []})
    };
    let answer = match state.accounts.get(&caller.user_id).and_then(of) {
        Some(item) => {
            let start = now - (5 + id % 20) * 86_400;
            let vas = if id % 4 == 0 {
                json!([{"vas_id": "xl", "finish_time": rfc3339(start + 7 * 86_400), "schedule": []}])
            } else {
                json!([])
            };
            json!({"status": item.status, "url": format!("https://www.avito.ru{}", item.path()),
                "start_time": rfc3339(start), "finish_time": rfc3339(start + 30 * 86_400),
                "autoload_item_id": null, "vas": vas})
        }
        None if state.accounts.values().any(|account| of(account).is_some()) => nothing("another_user"),
        None => nothing("not_found"),
    };
    Ok(Reply::json(answer))
}

pub(super) fn orders(sim: &Sim, caller: Caller, request: &Request) -> Result<Reply, Reply> {
    // Ours: a limit of 0, which the document allows, is taken as the default.
    let limit = match number(request, "limit", 20, 0, 20)? {
        0 => 20,
        limit => limit,
    };
    let page = number(request, "page", 1, 1, usize::MAX / 100)?;
    let ids = request.query_list("ids");
    let statuses = request.query_list("statuses");
    let from = number(request, "dateFrom", 0, 0, usize::MAX)?;
    let state = sim.shared.lock();
    let account = state.accounts.get(&caller.user_id).ok_or_else(Reply::not_found)?;
    let mut fitting = account.orders.iter().filter(|order| {
        (ids.is_empty() || ids.contains(&order.id.as_str()))
            && (statuses.is_empty() || statuses.contains(&order.status.as_str()))
            && usize::try_from(order.created).is_ok_and(|created| created >= from)
    });
    let mut fitting = fitting.by_ref().skip((page - 1) * limit);
    let shown: Vec<Value> = fitting.by_ref().take(limit).map(|order| shape(account, order)).collect();
    Ok(Reply::json(json!({"hasMore": fitting.next().is_some(), "orders": shown})))
}

fn shape(account: &Account, order: &Order) -> Value {
    let item = account.items.get(&order.item_id);
    let price = item.and_then(|item| item.price).unwrap_or(0);
    let commission = price / 50;
    let total = price - commission;
    let actions = match order.status.as_str() {
        "on_confirmation" => {
            json!([{"name": "confirm", "required": true}, {"name": "reject", "required": false}])
        }
        "ready_to_ship" => json!([{"name": "setTrackNumber", "required": true}]),
        _ => json!([]),
    };
    let digits: String = order.id.chars().filter(char::is_ascii_digit).collect();
    let tail = digits.get(digits.len().saturating_sub(10)..).unwrap_or_default();
    json!({
        "id": order.id, "marketplaceId": format!("7{digits}"), "status": order.status,
        "createdAt": rfc3339(order.created), "updatedAt": rfc3339(order.created + 300),
        "availableActions": actions,
        "items": [{"avitoId": order.item_id.to_string(), "id": format!("art-{}", order.item_id % 1000),
            "title": item.map_or("", |item| item.title.as_str()), "count": 1, "chatId": order.chat_id,
            "location": item.map_or("", |item| item.city.as_str()),
            "prices": {"price": price, "commission": commission, "discountSum": 0, "total": total},
            "discounts": []}],
        "prices": {"price": price, "commission": commission, "delivery": 350, "discount": 0, "total": total},
        "delivery": {"serviceName": "Почта", "serviceType": "pvz", "dispatchNumber": tail, "trackingNumber": tail,
            "buyerInfo": {"fullName": order.buyer_name, "phoneNumber": "70000000002"},
            "terminalInfo": {"address": "улица Примерная, 1", "code": "AV1"}, "courierInfo": null},
        "schedules": {"confirmTill": rfc3339(order.created + 86_400), "shipTill": null, "deliveryDateMin": null},
        "returnPolicy": null
    })
}
