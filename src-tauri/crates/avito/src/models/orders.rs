//! Orders with Avito delivery.

use serde::Deserialize;

use crate::json::{de_list, de_opt, de_opt_float, de_opt_int, de_opt_text, de_text};

/// Which orders to list. Client credentials of a business seller only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrdersQuery {
    /// Only these orders.
    pub ids: Vec<String>,
    /// Any of `on_confirmation`, `ready_to_ship`, `in_transit`, `canceled`, `delivered`, `on_return`, `in_dispute`,
    /// `closed`.
    pub statuses: Vec<String>,
    /// Created at this unix second or later.
    pub date_from: Option<i64>,
    /// From 1.
    pub page: u32,
    /// 1 to 20.
    pub limit: u32,
}

impl Default for OrdersQuery {
    fn default() -> Self {
        Self { ids: Vec::new(), statuses: Vec::new(), date_from: None, page: 1, limit: 20 }
    }
}

/// A page of orders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrdersPage {
    /// The orders.
    pub orders: Vec<Order>,
    /// Whether there are more, when told.
    pub has_more: Option<bool>,
    /// JSON paths of elements that could not be read at all.
    pub skipped: Vec<String>,
}

/// An order. Times are RFC 3339, money is in roubles.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Avito's order id.
    #[serde(deserialize_with = "de_text")]
    pub id: String,
    /// The number the buyer sees.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub marketplace_id: Option<String>,
    /// See [`OrdersQuery::statuses`]; others occur.
    #[serde(deserialize_with = "de_text")]
    pub status: String,
    /// When it was made.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub created_at: Option<String>,
    /// When it last changed.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub updated_at: Option<String>,
    /// What the seller may or must do now.
    #[serde(default, deserialize_with = "de_list")]
    pub available_actions: Vec<OrderAction>,
    /// What was bought.
    #[serde(default, deserialize_with = "de_list")]
    pub items: Vec<OrderItem>,
    /// The sums.
    #[serde(default, deserialize_with = "de_opt")]
    pub prices: Option<OrderPrices>,
    /// How it travels.
    #[serde(default, deserialize_with = "de_opt")]
    pub delivery: Option<OrderDelivery>,
    /// Until when things must be done.
    #[serde(default, deserialize_with = "de_opt")]
    pub schedules: Option<OrderSchedules>,
}

/// Something the seller may do with an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrderAction {
    /// Such as `confirm`.
    pub name: String,
    /// Whether it must be done.
    #[serde(default)]
    pub required: bool,
}

/// A position of an order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// The listing.
    #[serde(default, deserialize_with = "de_opt_int")]
    pub avito_id: Option<i64>,
    /// The seller's own id.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub id: Option<String>,
    /// Its title.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub title: Option<String>,
    /// How many.
    #[serde(default, deserialize_with = "de_opt_int")]
    pub count: Option<i64>,
    /// The chat with the buyer about it.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub chat_id: Option<String>,
    /// Where it is sold.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub location: Option<String>,
    /// The sums.
    #[serde(default, deserialize_with = "de_opt")]
    pub prices: Option<OrderPrices>,
}

/// The sums of an order or a position.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OrderPrices {
    /// The goods.
    #[serde(default, deserialize_with = "de_opt_float")]
    pub price: Option<f64>,
    /// Avito's share.
    #[serde(default, deserialize_with = "de_opt_float")]
    pub commission: Option<f64>,
    /// The delivery; of a whole order only.
    #[serde(default, deserialize_with = "de_opt_float")]
    pub delivery: Option<f64>,
    /// Taken off; named differently for an order and a position.
    #[serde(default, alias = "discountSum", deserialize_with = "de_opt_float")]
    pub discount: Option<f64>,
    /// What the seller gets.
    #[serde(default, deserialize_with = "de_opt_float")]
    pub total: Option<f64>,
}

/// How an order travels.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivery {
    /// Such as «Почта».
    #[serde(default, deserialize_with = "de_opt_text")]
    pub service_name: Option<String>,
    /// Such as `pvz`.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub service_type: Option<String>,
    /// What the seller names at the counter.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub dispatch_number: Option<String>,
    /// What the parcel is followed by.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub tracking_number: Option<String>,
    /// Who gets it.
    #[serde(default, deserialize_with = "de_opt")]
    pub buyer_info: Option<OrderBuyer>,
}

/// Who gets an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderBuyer {
    /// The full name.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub full_name: Option<String>,
    /// Digits.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub phone_number: Option<String>,
}

/// Until when things must be done, and when the parcel is expected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSchedules {
    /// To confirm the order.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub confirm_till: Option<String>,
    /// To send it.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub ship_till: Option<String>,
    /// Expected not before.
    #[serde(default, deserialize_with = "de_opt_text")]
    pub delivery_date_min: Option<String>,
    /// Expected not after. In Avito's document the key ends in a Cyrillic letter.
    #[serde(default, alias = "deliveryDateMa\u{445}", deserialize_with = "de_opt_text")]
    pub delivery_date_max: Option<String>,
}
