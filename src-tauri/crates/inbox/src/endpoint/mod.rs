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

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::body::{Reader, Rooms};
use self::doors::Doors;
use self::listener::{Limits, Standing};

use crate::Core;
use crate::ids::AccountId;
use crate::line::self_test;
use crate::store::events::{self, Signature};

/// More connections than Avito or a tunnel ever opens.
const CONNECTIONS: usize = 1024;
/// Larger deliveries are refused; a message of 1000 characters takes a few KiB.
const BODY_LIMIT: usize = 1024 * 1024;
/// By then the answer is on its way, whatever holds up the disk: a delivery refused in time is delivered again.
const WHOLE_PATIENCE: Duration = Duration::from_millis(1800);
/// What all deliveries that are being read or written down may take together.
const ROOMS: Rooms = Rooms { small: 4 * BODY_LIMIT, large: 8 * BODY_LIMIT };

/// The listening side and the secrets it knows.
pub(crate) struct Endpoint {
    address: SocketAddr,
    listener: Mutex<Option<TcpListener>>,
    doors: Arc<Doors>,
}

#[derive(Clone)]
struct Context {
    core: Core,
    doors: Arc<Doors>,
    reader: Reader,
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
        let router = self.router(core);
        let limits = Limits::new(CONNECTIONS, &core.inner.timing);
        core.spawn("endpoint", listener::serve(listener, router, limits, core.inner.stop.clone()));
    }

    /// The routes, for the loopback listener and for tunnels that take a router.
    pub(crate) fn router(&self, core: &Core) -> Router {
        let reader = Reader::new(BODY_LIMIT, ROOMS);
        let context = Context { core: core.clone(), doors: self.doors.clone(), reader };
        Router::new()
            .route("/webhook/avito/{account}/{secret}", post(receive))
            .fallback(async || not_found())
            .with_state(context)
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
        let (router, freed) = (self.router(core), free.clone().drop_guard());
        core.spawn("fixed port", async move {
            listener::serve(listener, router, limits, stop).await;
            drop(freed);
        });
        Ok(free)
    }
}

/// The path of an account's webhook, with its secret: never to be logged or shown.
pub(crate) fn path(account: AccountId, secret: &SecretString) -> String {
    format!("webhook/avito/{account}/{}", secret.expose_secret())
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "not found"}))).into_response()
}

async fn receive(
    State(context): State<Context>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    // A path that cannot be decoded is as unknown as any other.
    let begun = tokio::time::Instant::now();
    let deadline = begun + WHOLE_PATIENCE;
    let Ok(Path((account, secret))) = path else { return not_found() };
    let Some(account) = context.doors.admitted(&account, &secret) else { return not_found() };
    let (head, body) = request.into_parts();
    if let Some(standing) = head.extensions.get::<Standing>() {
        standing.prove();
    }
    let body = match context.reader.read(&head.headers, body).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
    let signature = context.signature(account, &head.headers, &body);
    let core = context.core.clone();
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
    let written = context.core.inner.store.write_statement(append, committed);
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

/// What Avito waits for.
fn taken() -> Response {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, JSON)], r#"{"ok":true}"#).into_response()
}

impl Context {
    /// What the delivery says of its signature, and whether our guess of it is right.
    fn signature(&self, account: AccountId, headers: &HeaderMap, body: &[u8]) -> Option<Signature> {
        let header = headers.get(avito::webhook::SIGNATURE_HEADER)?.to_str().ok()?;
        let running = self.core.account(account);
        let client = running.as_ref().and_then(|account| account.client.as_ref());
        Some(Signature {
            header: header.chars().take(200).collect(),
            matches: client.map(|client| client.signature_matches(body, header)),
        })
    }
}
