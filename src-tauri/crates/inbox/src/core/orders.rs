//! Orders with Avito delivery, beside the chat they were made in.
//!
//! Avito lists orders of an account, not of a chat, so the newest are read together and kept for a while. They are not archived: the
//! site shows them better, and they carry the buyer's full name and phone, which we neither need nor keep.

use std::time::Duration;

use avito::{Class, Client, Order, OrdersQuery};

use super::Core;
use crate::error::CoreError;
use crate::ids::ChatId;
use crate::store::chats;
use crate::view::{OrderStatus, OrderView};

/// How long a reading is good for.
const FRESH: Duration = Duration::from_secs(120);
/// How long a refusal is believed: the seller may have got the right meanwhile.
const REFUSED: Duration = Duration::from_secs(3600);
/// Older orders are history that the site keeps.
const DAYS: i64 = 90;
/// Pages of 20 that are read at most.
const PAGES: u32 = 10;

/// What the last reading gave.
pub(crate) struct OrdersRead {
    steady_ms: i64,
    /// Avito's chat id with the order; none: the account may not read orders.
    orders: Option<Vec<(String, OrderView)>>,
}

impl OrdersRead {
    fn holds(&self, steady_ms: i64) -> bool {
        let age = Duration::from_millis(u64::try_from(steady_ms - self.steady_ms).unwrap_or(0));
        age < if self.orders.is_some() { FRESH } else { REFUSED }
    }
}

impl Core {
    /// The newest orders made in a chat. None where the account may not read orders: that is silent.
    pub async fn orders(&self, id: ChatId) -> Result<Vec<OrderView>, CoreError> {
        let chat = self.inner.store.read(move |c| chats::get(c, id)).await?;
        let chat = chat.ok_or_else(|| CoreError::not_found("no such chat"))?;
        let account =
            self.account(chat.account).ok_or_else(|| CoreError::not_found("the account is gone"))?;
        let Some(client) = &account.client else { return Ok(Vec::new()) };
        // Held while reading: chats opened quickly one after another cause one reading.
        let mut last = account.orders.lock().await;
        if !last.as_ref().is_some_and(|last| last.holds(self.inner.clock.steady_ms())) {
            let from_s = account.server_s(self) - DAYS * 24 * 3600;
            let orders = match read(&client.background(), from_s).await {
                Ok(orders) => Some(orders),
                Err(error) if may_not(&error) => None,
                Err(error) => return Err(error.into()),
            };
            *last = Some(OrdersRead { steady_ms: self.inner.clock.steady_ms(), orders });
        }
        let orders = last.as_ref().and_then(|last| last.orders.as_ref()).into_iter().flatten();
        let mut found: Vec<OrderView> =
            orders.filter(|(of, _)| *of == chat.avito_id).map(|(_, order)| order.clone()).collect();
        found.sort_by_key(|order| std::cmp::Reverse(order.created_ms));
        Ok(found)
    }
}

fn may_not(error: &avito::Error) -> bool {
    matches!(error.class(), Class::Forbidden | Class::TariffMissing | Class::NotFound)
}

async fn read(client: &Client, from_s: i64) -> Result<Vec<(String, OrderView)>, avito::Error> {
    let mut found = Vec::new();
    for page in 1..=PAGES {
        let query = OrdersQuery { date_from: Some(from_s), page, ..OrdersQuery::default() };
        let read = client.orders(&query).await?;
        found.extend(read.orders.iter().flat_map(shaped));
        if read.has_more != Some(true) {
            break;
        }
    }
    Ok(found)
}

/// The order, once for each chat that its positions name.
fn shaped(order: &Order) -> Vec<(String, OrderView)> {
    let mut chats: Vec<&String> = order.items.iter().filter_map(|item| item.chat_id.as_ref()).collect();
    chats.sort_unstable();
    chats.dedup();
    let status = status(&order.status);
    let schedules = order.schedules.as_ref();
    let act_until = match status {
        OrderStatus::OnConfirmation => schedules.and_then(|times| times.confirm_till.as_deref()),
        OrderStatus::ReadyToShip => schedules.and_then(|times| times.ship_till.as_deref()),
        _ => None,
    };
    let pieces: i64 = order.items.iter().map(|item| item.count.unwrap_or(1).max(0)).sum();
    let view = OrderView {
        id: order.id.clone(),
        number: order.marketplace_id.clone(),
        status,
        title: order.items.first().and_then(|item| item.title.clone()),
        pieces: u32::try_from(pieces).unwrap_or(u32::MAX),
        price_rub: order.prices.as_ref().and_then(|prices| prices.price),
        created_ms: order.created_at.as_deref().and_then(time_ms),
        act_until_ms: act_until.and_then(time_ms),
        tracking: order.delivery.as_ref().and_then(|delivery| delivery.tracking_number.clone()),
        delivery: order.delivery.as_ref().and_then(|delivery| delivery.service_name.clone()),
    };
    chats.into_iter().map(|chat| (chat.clone(), view.clone())).collect()
}

fn status(word: &str) -> OrderStatus {
    match word {
        "on_confirmation" | "confirming" => OrderStatus::OnConfirmation,
        "ready_to_ship" => OrderStatus::ReadyToShip,
        "in_transit" => OrderStatus::InTransit,
        "delivered" => OrderStatus::Delivered,
        "canceled" => OrderStatus::Canceled,
        "on_return" => OrderStatus::OnReturn,
        "in_dispute" => OrderStatus::InDispute,
        "closed" => OrderStatus::Closed,
        _ => OrderStatus::Other,
    }
}

fn time_ms(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond())
}
