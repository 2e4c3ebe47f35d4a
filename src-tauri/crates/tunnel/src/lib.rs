//! A public https address for an endpoint of this program.
//!
//! Two families: *in process* (gets the router and opens no port here) and *local port* (a program, or the seller's own
//! reverse proxy, forwards to a loopback port). No database, no Avito, no words for the screen: states carry codes.
//!
//! ```text
//! supervisor   one line at a time: opened, watched, opened again after a pause
//! backoff      how long the pauses are;  trouble: what may be done about a failure, decided in one place
//! ngrok        in process, over the `ngrok` crate;  serve: its requests answered;  meter: counted
//! program      a tunnel client the seller has installed;  minder: nothing of it outlives this program
//! own          the seller's reverse proxy
//! preference   several, the first that works
//! handle       what others hold of a tunnel
//! ```

mod backoff;
mod handle;
mod meter;
pub mod ngrok;
pub mod own;
pub mod preference;
pub mod program;
mod serve;
mod supervisor;
pub mod trouble;

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;
use url::Url;

pub use handle::failed;
pub use meter::{Meter, Passed};
pub use trouble::{Trouble, Verdict};

/// What a tunnel is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// On the way to an address.
    Connecting,
    /// Requests to this address reach the endpoint. Always https, ends with a slash.
    Online {
        /// The public address.
        url: Url,
    },
    /// Not now; tried again by itself.
    Offline {
        /// Why.
        trouble: Trouble,
        /// When it is tried again.
        retry_at: SystemTime,
    },
    /// Not until the seller changes something (or says "retry now").
    Failed {
        /// Why.
        trouble: Trouble,
    },
    /// Ended on request.
    Stopped,
}

/// A running tunnel. Dropping it ends it as [`Tunnel::stop`] does, without waiting.
pub trait Tunnel: Send + Sync {
    /// The state, and its changes.
    fn state(&self) -> watch::Receiver<State>;

    /// Ends a pause between two attempts, and tries again after a failure.
    fn retry_now(&self);

    /// The computer slept or its network is another one: what was open may be dead without a word. Whatever is in process is opened
    /// anew, a pause ends; a program has its own ways of noticing and keeps its address.
    fn way_changed(&self) {
        self.retry_now();
    }

    /// Takes the address back and leaves nothing running, at the service or here. Waits at most a few seconds.
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// One way to be reached, as the seller has set it up.
#[derive(Debug, Clone)]
pub enum Config {
    /// ngrok, in this process.
    Ngrok(ngrok::Config),
    /// A tunnel client the seller has installed.
    Program(program::Config),
    /// The seller's own reverse proxy.
    Own(own::Config),
}

/// What requests are to reach.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The routes, for tunnels that open no port here.
    pub router: axum::Router,
    /// The loopback port on which the same routes are served, for the others.
    pub port: u16,
    /// Counts what passes in process.
    pub meter: Meter,
    /// Who ends a started program when this one is killed.
    pub minder: program::Minder,
}

/// Starts one tunnel. Needs a tokio runtime.
pub fn start(config: Config, endpoint: Endpoint) -> Arc<dyn Tunnel> {
    match config {
        Config::Ngrok(config) => ngrok::start(config, endpoint.router, endpoint.meter),
        Config::Program(config) => program::start(config, endpoint.port, endpoint.minder),
        Config::Own(config) => own::start(&config),
    }
}
