//! A stand-in for ngrok's service: what an agent connects to, and what the world calls.
//!
//! Speaks the service's protocol over sockets (TLS with a certificate authority of its own, muxado, typed streams, JSON) and
//! does on request what the service and the networks before it do: refuse, cut, fall silent, hand out another address, lose and
//! double requests. What it does not have: the service's policies, limits and exact texts.
//!
//! ```text
//! edge       the whole: listeners, live sessions, who holds which address
//! session    one agent: heartbeats, key, addresses, commands
//! wire       typed streams and messages;  resets: an agent's resets as ends
//! public     the public side: a request becomes a stream to the agent
//! knobs      what is to go wrong;  log: what has happened;  admin: both over HTTP, for other processes
//! ```

mod admin;
mod edge;
mod knobs;
mod log;
mod public;
mod resets;
mod session;
mod tls;
mod wire;

pub use edge::{Begun, Edge, Options};
pub use knobs::{Knobs, Refusal};
pub use log::{Entry, What};
pub use tls::{Identity, identity};
