//! The client: configuration, one handle, one way to make a call.

mod call;
mod messenger;
mod shop;
mod webhooks;

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::redirect;
use secrecy::SecretString;
use tokio::sync::watch;
use url::{Host, Url};

pub use messenger::{BlacklistEntry, BlacklistReason};

use crate::budget::{Budget, Priority};
use crate::clock::ServerClock;
use crate::error::Error;
use crate::lane::Lane;
use crate::token::{self, Credentials, Tokens};
use crate::webhook;
use crate::wire::{Wire, network_failure};

/// Where Avito's API is.
pub const AVITO_API: &str = "https://api.avito.ru/";

/// The list of items allows 25 calls a minute; a bucket of 5 refilled at 20 never makes more.
const ITEMS_PER_MINUTE: u32 = 20;
const ITEMS_BURST: u32 = 5;

/// How a client talks to Avito.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// [`AVITO_API`], or a stand-in. A path in it is kept.
    pub base_url: Url,
    /// Who we are.
    pub credentials: Credentials,
    /// The self-imposed budget. Avito documents none for the messenger; inboxes stay below 60.
    pub calls_per_minute: u32,
    /// For a whole call, from connecting to the last byte. Uploads get more, by their size.
    pub timeout: Duration,
    /// For connecting; failing here means that nothing was sent.
    pub connect_timeout: Duration,
}

impl ClientConfig {
    /// Avito itself, 60 calls a minute, 20 s for a call, 5 s to connect.
    pub fn new(credentials: Credentials) -> Self {
        let base_url = Url::parse(AVITO_API).expect("AVITO_API is a URL");
        Self {
            base_url,
            credentials,
            calls_per_minute: 60,
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// A handle on one account's API; cheap to clone.
///
/// Every method makes one call (or, where said, one per element), waiting for its turn in the budget. Nothing is
/// repeated, with two exceptions: a call refused because of its token is repeated once with a new one, and a call
/// that changes nothing is repeated once when its connection broke before any answer.
///
/// All methods fail with [`Error`]. While a 429 holds longer than 2 s, interactive calls fail at once with
/// [`crate::Class::RateLimited`].
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    priority: Priority,
}

struct Inner {
    wire: Arc<Wire>,
    tokens: Arc<Tokens>,
    base_url: Url,
    timeout: Duration,
    messenger: Lane,
    items: Lane,
}

impl Client {
    /// A client for one account. Makes no call yet; needs a Tokio runtime once it does.
    ///
    /// # Errors
    /// [`crate::Class::Validation`] when the base URL is not plain http or https,
    /// [`crate::Class::Network`] when TLS cannot be set up.
    pub fn new(config: ClientConfig) -> Result<Self, Error> {
        let ClientConfig { base_url, credentials, calls_per_minute, timeout, connect_timeout } = config;
        if !matches!(base_url.scheme(), "http" | "https") || base_url.host().is_none() {
            return Err(Error::invalid("", "base URL", "neither http nor https"));
        }
        let mut http = reqwest::Client::builder()
            .redirect(redirect::Policy::none()) // followed by `call`, which knows what may be repeated
            .timeout(timeout)
            .connect_timeout(connect_timeout)
            .tcp_nodelay(true)
            .user_agent(concat!("prilavok/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&base_url) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| network_failure(error, "", "HTTP client"))?;
        let wire = Arc::new(Wire { http, clock: ServerClock::default() });
        let token_url = call::address(&base_url, token::ENDPOINT)
            .ok_or_else(|| Error::invalid("", "base URL", "cannot carry a path"))?;
        let now = tokio_now();
        Ok(Self {
            inner: Arc::new(Inner {
                tokens: Arc::new(Tokens::new(Arc::clone(&wire), token_url, credentials)),
                wire,
                base_url,
                timeout,
                messenger: Lane::new(Budget::new(calls_per_minute, now)),
                items: Lane::new(Budget::with_burst(
                    ITEMS_PER_MINUTE.min(calls_per_minute),
                    ITEMS_BURST.min(calls_per_minute),
                    now,
                )),
            }),
            priority: Priority::Interactive,
        })
    }

    /// Whether a delivery's signature is the HMAC of its body with this account's client secret, the likeliest of the guesses
    /// in circulation. For information only: Avito documents neither the algorithm nor the key.
    pub fn signature_matches(&self, body: &[u8], header: &str) -> bool {
        webhook::signature_matches(body, self.inner.tokens.client_secret(), header)
    }

    /// The same client for work nobody waits for: it may not take the last third of the budget.
    #[must_use]
    pub fn background(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), priority: Priority::Background }
    }

    /// Server time minus local time in milliseconds, from the `Date` header of recent answers; good to about a
    /// second. `None` before the first answer.
    pub fn server_clock_offset_ms(&self) -> Option<i64> {
        self.inner.wire.clock.offset_ms()
    }

    /// Until when a 429 holds messenger calls, if one does.
    pub fn limited_until(&self) -> Option<Instant> {
        self.inner.messenger.limited_until()
    }

    /// Each new refresh token, to be stored at once: the one before no longer works. `None` until there is one, and
    /// always with client credentials.
    pub fn refresh_token_updates(&self) -> watch::Receiver<Option<SecretString>> {
        self.inner.tokens.refresh_token_updates()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("priority", &self.priority).finish_non_exhaustive()
    }
}

/// The clock [`Lane`] uses: the real one, except in tests that pause it.
fn tokio_now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A proxy configured for the computer has no business with the computer itself.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
