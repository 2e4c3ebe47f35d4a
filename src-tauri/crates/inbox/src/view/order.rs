//! Orders with Avito delivery that belong to a chat.

use serde::{Deserialize, Serialize};
use specta::Type;

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum OrderStatus {
    /// The seller has to confirm it.
    OnConfirmation,
    /// The seller has to send it.
    ReadyToShip,
    /// On its way.
    InTransit,
    /// The buyer has it.
    Delivered,
    /// Called off.
    Canceled,
    /// On its way back.
    OnReturn,
    /// Avito decides.
    InDispute,
    /// Done.
    Closed,
    /// Avito's word means nothing we know.
    Other,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    /// Avito's order id.
    pub id: String,
    /// The number the buyer sees.
    pub number: Option<String>,
    /// How far it is.
    pub status: OrderStatus,
    /// What was bought, the first of several.
    pub title: Option<String>,
    /// Pieces in all.
    pub pieces: u32,
    /// What the goods cost, in roubles.
    pub price_rub: Option<f64>,
    /// When it was made.
    pub created_ms: Option<i64>,
    /// Until when the seller has to confirm or send it; only while that is to be done.
    pub act_until_ms: Option<i64>,
    /// What the parcel is followed by.
    pub tracking: Option<String>,
    /// Who delivers.
    pub delivery: Option<String>,
}
