//! A public https address for an endpoint of this program.
//!
//! Two families: *in process* (gets the router and opens no port here) and *local port* (a program, or the seller's own
//! reverse proxy, forwards to a loopback port). No database, no Avito, no words for the screen: states carry codes.

use std::pin::Pin;
use std::time::SystemTime;

use tokio::sync::watch;
use url::Url;

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

/// Why a tunnel has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The service's own code (`ERR_NGROK_107` → `107`), or one of ours in lower case (`network`, `tls`, `no_address`, `ended` …).
    pub code: String,
    /// The service's words, without any secret; for the log and for "details".
    pub reason: String,
}

/// A running tunnel. Dropping it ends it as [`Tunnel::stop`] does, without waiting.
pub trait Tunnel: Send + Sync {
    /// The state, and its changes.
    fn state(&self) -> watch::Receiver<State>;

    /// Ends a pause between two attempts, and tries again after a failure.
    fn retry_now(&self);

    /// Takes the address back and leaves nothing running, at the service or here. Waits at most a few seconds.
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
