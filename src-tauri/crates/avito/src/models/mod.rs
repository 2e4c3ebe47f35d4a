//! What the API answers.
//!
//! Chats and messages are interpreted from plain JSON, so that JSON stored earlier can be interpreted again by a
//! later version ([`Chat::from_json`], [`Message::from_json`]). Only an id is required; whatever else is missing,
//! null or of an odd type is absent.

mod account;
mod chat;
mod content;
mod items;
mod message;
mod orders;

pub use account::{AccountSelf, Subscription, UploadedImage};
pub use chat::{
    Chat, ChatType, ChatUser, ChatsPage, ChatsQuery, Context, ContextItem, ItemLocation,
    is_tariff_placeholder,
};
pub use content::{Content, LinkPreview, best_for};
pub use items::{Category, Item, ItemInfo, ItemsPage, ItemsQuery, VasService};
pub use message::{Direction, Kind, Message, MessagesPage, Quote};
pub use orders::{
    Order, OrderAction, OrderBuyer, OrderDelivery, OrderItem, OrderPrices, OrderSchedules, OrdersPage,
    OrdersQuery,
};
