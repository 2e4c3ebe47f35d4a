//! The webhook endpoint: `POST /webhook/avito/{account}/{secret}`.
//!
//! Answers 200 only after the delivery is durable in the journal (invariant 1), within Avito's two seconds. Everything else is
//! turned away early and cheaply: an unknown path and a wrong secret look and take the same.

pub(crate) mod body;
mod doors;
pub(crate) mod listener;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::body::{Reader, Rooms};
use self::doors::Doors;
use self::listener::{Answer, Limits, Standing};

use crate::Core;
use crate::ids::AccountId;
use crate::line::self_test;
use crate::store::events::{self, Signature};

/// What an account's number and its secret stand behind.
const PATH: &str = "webhook/avito/";
/// More connections than Avito or a tunnel ever opens.
const CONNECTIONS: usize = 1024;
/// Larger deliveries are refused; a message of 1000 characters takes a few KiB.
const BODY_LIMIT: usize = 1024 * 1024;
/// By then the answer is on its way, whatever holds up the disk: a delivery refused in time is delivered again.
const WHOLE_PATIENCE: Duration = Duration::from_millis(1800);
/// Kept of a signature's header, which is ASCII; one of ours would have 64 digits.
const SIGNATURE_LIMIT: usize = 200;
/// What all deliveries that are being read or written down may take together.
const ROOMS: Rooms = Rooms { small: 4 * BODY_LIMIT, large: 8 * BODY_LIMIT };

/// The listening side and the secrets it knows.
pub(crate) struct Endpoint {
    address: SocketAddr,
    listener: Mutex<Option<TcpListener>>,
    doors: Arc<Doors>,
}

struct Context {
    core: Core,
    doors: Arc<Doors>,
    reader: Reader,
}

/// Takes deliveries. There is one path, so no table of routes is asked: in a flood that costs as much as reading the body.
#[derive(Clone)]
struct Receiver(Arc<Context>);

impl Answer for Receiver {
    async fn answer(&self, request: Request) -> Response {
        // A path that is written otherwise than we gave it to Avito is as unknown as any other.
        let path = request.uri().path().strip_prefix('/').unwrap_or_default();
        let door = path.strip_prefix(PATH).and_then(|door| door.split_once('/'));
        let Some((account, secret)) = door.filter(|(_, secret)| !secret.contains('/')) else {
            return not_found();
        };
        if request.method() != Method::POST {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
        }
        match self.0.doors.admitted(account, secret) {
            Some(account) => self.0.receive(account, request).await,
            None => not_found(),
        }
    }
}

impl Endpoint {
    /// Takes the port.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = listener::bind(address)?;
        Ok(Self {
            address: listener.local_addr()?,
            listener: Mutex::new(Some(listener)),
            doors: Arc::default(),
        })
    }

    /// Begins to answer.
    pub(crate) fn serve(&self, core: &Core) {
        let Some(listener) = self.listener.lock().ok().and_then(|mut listener| listener.take()) else {
            return;
        };
        let limits = Limits::new(CONNECTIONS, &core.inner.timing);
        let serving = listener::serve(listener, self.receiver(core), limits, core.inner.stop.clone());
        core.spawn("endpoint", serving);
    }

    /// The same answers for tunnels that take a router.
    pub(crate) fn router(&self, core: &Core) -> Router {
        let receiver = self.receiver(core);
        Router::new().fallback(async move |request: Request| receiver.answer(request).await)
    }

    fn receiver(&self, core: &Core) -> Receiver {
        let reader = Reader::new(BODY_LIMIT, ROOMS);
        Receiver(Arc::new(Context { core: core.clone(), doors: self.doors.clone(), reader }))
    }

    /// Where we listen.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on deliveries for this account are accepted under this secret, and for a while under the one it replaced.
    pub(crate) fn admit(&self, account: AccountId, digest: [u8; 32], retiring: Option<[u8; 32]>) {
        self.doors.open(account, digest, retiring);
    }

    /// A replaced secret is accepted no longer.
    pub(crate) fn retire(&self, account: AccountId, digest: [u8; 32]) {
        self.doors.retire(account, digest);
    }

    /// No more deliveries for this account.
    pub(crate) fn dismiss(&self, account: AccountId) {
        self.doors.shut(account);
    }

    /// The address under which a server on this machine can reach us without any tunnel.
    pub(crate) fn loopback(&self) -> Option<Url> {
        Url::parse(&format!("http://{}/", self.address)).ok()
    }

    /// Serves the same routes on another loopback port, until told to stop; what it gives is cancelled when the port is free again.
    pub(crate) fn serve_also(
        &self,
        core: &Core,
        port: u16,
        stop: CancellationToken,
    ) -> io::Result<CancellationToken> {
        let listener = listener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        let limits = Limits::new(CONNECTIONS, &core.inner.timing);
        let free = CancellationToken::new();
        let (receiver, freed) = (self.receiver(core), free.clone().drop_guard());
        core.spawn("fixed port", async move {
            listener::serve(listener, receiver, limits, stop).await;
            drop(freed);
        });
        Ok(free)
    }
}

/// The path of an account's webhook, with its secret: never to be logged or shown.
pub(crate) fn path(account: AccountId, secret: &SecretString) -> String {
    format!("{PATH}{account}/{}", secret.expose_secret())
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "not found"}))).into_response()
}

/// What Avito waits for.
fn taken() -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, JSON)], r#"{"ok":true}"#).into_response()
}

impl Context {
    /// Writes down what somebody who knows the secret delivers.
    async fn receive(&self, account: AccountId, request: Request) -> Response {
        let begun = tokio::time::Instant::now();
        let deadline = begun + WHOLE_PATIENCE;
        let (head, body) = request.into_parts();
        if let Some(standing) = head.extensions.get::<Standing>() {
            standing.prove();
        }
        let body = match self.reader.read(&head.headers, body).await {
            Ok(body) => body,
            Err(refused) => return refused.into_response(),
        };
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
        let signature = self.signature(account, &head.headers, &body);
        // The head lies in the connection's buffer, which can be used again only once nobody has a part of it.
        drop(head);
        let core = self.core.clone();
        let now_ms = core.inner.clock.now_ms();
        let test = is_json && core.inner.self_tests.expects(&body);
        let body = Arc::new(body);
        let kept = body.clone();
        let append = move |c: &_| match is_json {
            true if test => events::append_settled(c, account, now_ms, &kept, self_test::KIND),
            true => events::append(c, account, now_ms, &kept, signature.as_ref()),
            false => events::append_not_json(c, account, now_ms, &kept),
        };
        // Not here, where nobody may be waiting any more: what is written down has to be taken in.
        let committed = move || {
            if test {
                core.inner.self_tests.arrived(&body, begun.elapsed());
            }
            if is_json {
                core.inner.journal_wake.notify_one();
            }
        };
        let written = self.core.inner.store.write_statement(append, committed);
        let Ok(written) = tokio::time::timeout_at(deadline, written).await else {
            // It may still be written down later; then it comes twice, which ingest does not mind.
            tracing::warn!("a delivery could not be written down in time");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        match written {
            Ok(_) if is_json => taken(),
            Ok(_) => (StatusCode::BAD_REQUEST, Json(json!({"error": "not json"}))).into_response(),
            Err(error) => {
                tracing::error!(%error, "a delivery could not be written down");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }

    /// What the delivery says of its signature, and whether our guess of it is right.
    fn signature(&self, account: AccountId, headers: &HeaderMap, body: &[u8]) -> Option<Signature> {
        let header = headers.get(avito::webhook::SIGNATURE_HEADER)?.to_str().ok()?;
        let running = self.core.account(account);
        let client = running.as_ref().and_then(|account| account.client.as_ref());
        Some(Signature {
            header: header.get(..SIGNATURE_LIMIT).unwrap_or(header).to_owned(),
            matches: client.map(|client| client.signature_matches(body, header)),
        })
    }
}
