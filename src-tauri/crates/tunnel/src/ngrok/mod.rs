//! ngrok, in this process: requests come through one connection to the service and reach the router without a port here.
//!
//! The `ngrok` crate is used for one connection with one address. Its own reconnecting waits hours after minutes of outage, it
//! does not act on missed heartbeats, and its `close` leaves the connection open; so each connection is ours to cut
//! (`connector`), and opening it again is the supervisor's. A crowd of new requests would stop it for good; `gate` orders them.

mod connector;
mod errors;
mod gate;
mod session;

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use url::Url;

use crate::supervisor::supervise;
use crate::{Meter, Tunnel};

/// What the free tariff includes in a month.
pub mod free {
    /// Requests.
    pub const REQUESTS: u64 = 20_000;
    /// Bytes sent out.
    pub const BYTES_OUT: u64 = 1_000_000_000;
}

/// What the seller has set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The key of the seller's ngrok account.
    pub authtoken: SecretString,
    /// The name asked for; none: the account's own.
    pub domain: Option<String>,
    /// `host:port` of the service; none: ngrok's own.
    pub server: Option<String>,
    /// A file with the certificates (PEM) that are trusted instead of ngrok's own: for networks that look into TLS.
    pub ca_file: Option<PathBuf>,
    /// `http://` or `socks5://`, with name and password if it asks for them.
    pub proxy: Option<Url>,
    /// What ngrok's dashboard shows beside the session.
    pub metadata: String,
}

/// Starts it.
pub fn start(config: Config, router: axum::Router, meter: Meter) -> Arc<dyn Tunnel> {
    supervise(session::Ngrok::new(config, router, meter, connector::Way::Network))
}

#[cfg(test)]
mod tests;
