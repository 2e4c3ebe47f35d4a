//! A stand-in for Avito's servers.

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
mod render;
mod routes;
mod scenes;
mod server;
mod sim;
mod state;
mod stub;
mod webhook;

pub use config::{ExpiredAnswer, PaymentAnswer, Profile, Scene, SimConfig, TextUnit, TokenRefusal};
pub use faults::{Fault, FaultId, FaultKind, Faults};
pub use model::{Buyer, ChatKind, Content, Item, KeyOwner, LinkPreview, Order, SellerAccount};
pub use sim::{Fill, NewChat, Sim, SimMessage, SimSubscription};
pub use state::{CallRecord, DeliveryRecord};
