//! A stand-in for Avito's servers: the demo shop behind a real socket, the other side of tests, a program.
//!
//! It speaks the messenger API (13 operations), `/token`, the account, its balance, items and orders, delivers
//! webhooks, serves the media it links to, and can be asked what it holds. It shares no code with any client.
//! Where Avito leaves a behaviour open, the decision is marked "ours" in the code that makes it.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use avito_sim::{Fault, FaultKind, Sim, SimConfig};
//! use std::time::Duration;
//!
//! let sim = Sim::start(SimConfig::default()).await?;
//! let seller = &sim.accounts()[0];
//! // … a client is pointed at sim.base_url() with seller.client_id and seller.client_secret …
//! let chat = sim.chat_ids(seller.user_id)[0].clone();
//! sim.buyer_writes(seller.user_id, &chat, "Ещё продаёте?");
//! sim.faults().set(Fault::once(FaultKind::CutAfter));
//! sim.until(Duration::from_secs(10), |sim| sim.posted_count("Да, продаю.") == 1).await;
//! sim.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Profiles
//!
//! | point | [`Profile::Observed`] | [`Profile::Spec`] |
//! |---|---|---|
//! | list of messages | `{"messages":[…]}` | `[…]` |
//! | read flag | `isRead` | `is_read` |
//! | answer to a sent text | with `author_id` | without |
//! | list of chats | with `meta.has_more` | without |
//! | `location`, `parsing_allowed`, `delivered` of a chat | present | absent |
//! | deleted messages | `deleted` or the text «Сообщение удалено» | `deleted` |
//! | version in deliveries | `v3.0.0` | `v1.1` |
//!
//! # Admin routes
//!
//! They live under [`Sim::admin_url`] (`http://127.0.0.1:PORT/_sim`), on a listener of their own that stays up
//! during a pause. Bodies and answers are JSON; an answer without content is `{"ok":true}`. What is not there is
//! 404, what cannot be read is 400 with the reason.
//!
//! | method, path | body or query | answer |
//! |---|---|---|
//! | GET `/state` | | addresses, clock, accounts with tier, key and chats |
//! | GET `/messages` | `user_id`, `chat_id` | list of [`SimMessage`], oldest first |
//! | GET `/posted` | `text` | `{"count":1}`: accepted through the API |
//! | GET `/subscriptions`, `/items`, `/orders`, `/blacklist` | `user_id` | list |
//! | GET `/deliveries` | | list of [`DeliveryRecord`] |
//! | GET `/calls` | | list of [`CallRecord`] |
//! | GET `/call-count` | `route` (operation or template) | `{"count":3}` |
//! | GET `/faults` | | `[{"id":1,"fault":{…}}]` |
//! | PUT `/faults` | one [`Fault`] or a list: replaces all | `{"ids":[1,2]}` |
//! | POST `/faults` | one or a list: adds | `{"ids":[3]}` |
//! | DELETE `/faults`, `/faults/{id}` | | |
//! | POST `/message` | `{"user_id","chat_id"}` and `"text"`, or `"content"` (a [`Content`]), or `"quoted"` with `"text"` | `{"id":…}` |
//! | POST `/seller-elsewhere` | `{"user_id","chat_id","text"}`: from the phone | `{"id":…}` |
//! | POST `/chat` | `{"user_id"}` and the fields of [`NewChat`] | `{"id":…}` |
//! | POST `/read` | `{"user_id","chat_id"}`: the buyer reads | |
//! | POST `/seller-reads` | `{"user_id","chat_id"}`: on the phone | |
//! | POST `/block` | `{"user_id","chat_id","blocked":true}`: the buyer blocks | |
//! | POST `/delete` | `{"user_id","chat_id","message_id","as_text":true,false or null}` | |
//! | POST `/item`, `/order` | `{"user_id"}` and the fields of [`Item`] (`"id":0` makes one) or [`Order`] | `{"id":…}` for an item |
//! | POST `/tier` | `{"user_id","on":false}` | |
//! | POST `/key` | `{"user_id","owner":"employee"}` or `"main"` | |
//! | POST `/token/revoke`, `/token/expire` | `{"user_id"}` | `{"tokens":2}` |
//! | POST `/code` | `{"user_id","scopes":["messenger:read"]}` | `{"code":…}` |
//! | POST `/clock/shift` | `{"seconds":3600}` | `{"now":…}` |
//! | POST `/pause`, `/resume` | | |
//! | POST `/fill` | `{"user_id","chats":1100,"messages":1000,"days":180}` | `{"ids":[…]}` |
//! | POST `/old-subscription` | `{"user_id","url","version":"2"}` | |
//! | POST `/drop-subscriptions` | `{"user_id"}` | `{"dropped":1}` |
//! | POST `/demo-buyers` | | |
//!
//! A fault as JSON: `{"fault":"rate_limited","retry_after":3,"count":1,"skip":0,"probability":1.0,
//! "route":"postSendMessage","user_id":150000001}`; everything but `fault` and its own fields may be left out.
//! The names are those of [`FaultKind`] in snake case.

mod admin;
mod assets;
mod clock;
mod config;
mod demo;
mod faults;
mod http;
mod ids;
mod media;
mod model;
pub mod program;
mod questions;
mod render;
mod routes;
mod scenes;
mod server;
mod sim;
mod state;
mod stub;
mod talking;
mod webhook;

pub use config::{ExpiredAnswer, PaymentAnswer, Profile, Scene, SimConfig, TextUnit, TokenRefusal};
pub use faults::{Fault, FaultId, FaultKind, Faults};
pub use model::{Buyer, ChatKind, Content, Item, KeyOwner, LinkPreview, Order, SellerAccount};
pub use sim::{Fill, NewChat, Sim, SimMessage, SimSubscription};
pub use state::{CallRecord, DeliveryRecord};
