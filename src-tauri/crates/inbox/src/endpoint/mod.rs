//! The webhook endpoint: `POST /webhook/avito/{account}/{secret}`.
//!
//! Answers 200 only after the delivery is durable in the journal (invariant 1), within Avito's two seconds. Everything else is
//! turned away early and cheaply: an unknown path and a wrong secret look and take the same.

pub(crate) mod listener;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::StreamExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use url::{Host, Url};

use crate::Core;
use crate::ids::AccountId;
use crate::store::events::{self, Signature};

/// Larger deliveries are refused; a message of 1000 characters takes a few KiB.
const BODY_LIMIT: usize = 1024 * 1024;
/// Avito waits 2 s for the answer; a body that has not arrived by then never will be answered in time.
const BODY_PATIENCE: Duration = Duration::from_millis(1500);
/// By then the answer is on its way, whatever holds up the disk: a delivery refused in time is delivered again.
const WHOLE_PATIENCE: Duration = Duration::from_millis(1800);

/// The listening side and the secrets it knows.
pub(crate) struct Endpoint {
    address: SocketAddr,
    listener: Mutex<Option<TcpListener>>,
    /// SHA-256 of each account's path secret.
    digests: Arc<RwLock<HashMap<AccountId, [u8; 32]>>>,
}

#[derive(Clone)]
struct Context {
    core: Core,
    digests: Arc<RwLock<HashMap<AccountId, [u8; 32]>>>,
}

impl Endpoint {
    /// Takes the port.
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            listener: Mutex::new(Some(listener)),
            digests: Arc::default(),
        })
    }

    /// Begins to answer.
    pub(crate) fn serve(&self, core: &Core) {
        let Some(listener) = self.listener.lock().ok().and_then(|mut listener| listener.take()) else {
            return;
        };
        let router = self.router(core);
        let patience = core.inner.timing.head_patience;
        core.spawn("endpoint", listener::serve(listener, router, patience, core.inner.stop.clone()));
    }

    /// The routes, for the loopback listener and for tunnels that take a router.
    pub(crate) fn router(&self, core: &Core) -> Router {
        let context = Context { core: core.clone(), digests: self.digests.clone() };
        Router::new()
            .route("/webhook/avito/{account}/{secret}", post(receive))
            .fallback(async || not_found())
            .with_state(context)
    }

    /// Where we listen.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on deliveries for this account are accepted.
    pub(crate) fn admit(&self, account: AccountId, digest: [u8; 32]) {
        if let Ok(mut digests) = self.digests.write() {
            digests.insert(account, digest);
        }
    }

    /// No more deliveries for this account.
    pub(crate) fn dismiss(&self, account: AccountId) {
        if let Ok(mut digests) = self.digests.write() {
            digests.remove(&account);
        }
    }

    /// The address under which this API server can reach us; none: there is no such address and we poll.
    ///
    /// A server on this machine reaches our loopback port itself. Everybody else needs a tunnel, which will be asked here.
    pub(crate) fn public_base(&self, api_url: Option<&str>) -> Option<Url> {
        let api = Url::parse(api_url?).ok()?;
        let on_this_machine = match api.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        on_this_machine.then(|| Url::parse(&format!("http://{}/", self.address)).ok()).flatten()
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
    headers: HeaderMap,
    body: Body,
) -> Response {
    // A path that cannot be decoded is as unknown as any other.
    let deadline = tokio::time::Instant::now() + WHOLE_PATIENCE;
    let Ok(Path((account, secret))) = path else { return not_found() };
    let Some(account) = context.admitted(&account, &secret) else { return not_found() };
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_LIMIT) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let body = match tokio::time::timeout(BODY_PATIENCE, read(body)).await {
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
        Ok(Err(status)) => return status.into_response(),
        Ok(Ok(body)) => body,
    };
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
    let signature = context.signature(account, &headers, &body);
    let inner = &context.core.inner;
    let now_ms = inner.clock.now_ms();
    let core = context.core.clone();
    let written = tokio::spawn(async move {
        let append = move |c: &_| match is_json {
            true => events::append(c, account, now_ms, &body, signature.as_ref()),
            false => events::append_not_json(c, account, now_ms, &body),
        };
        let written = core.inner.store.write(append).await;
        if written.is_ok() && is_json {
            core.inner.journal_wake.notify_one();
        }
        written
    });
    let Ok(Ok(written)) = tokio::time::timeout_at(deadline, written).await else {
        // It may still be written down later; then it comes twice, which ingest does not mind.
        tracing::warn!("a delivery could not be written down in time");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    match written {
        Ok(_) if is_json => Json(json!({"ok": true})).into_response(),
        Ok(_) => (StatusCode::BAD_REQUEST, Json(json!({"error": "not json"}))).into_response(),
        Err(error) => {
            tracing::error!(%error, "a delivery could not be written down");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl Context {
    /// The account, when path and secret are right. The comparison takes the same for an unknown account.
    fn admitted(&self, account: &str, secret: &str) -> Option<AccountId> {
        let account = AccountId(account.parse().unwrap_or(-1));
        let expected = self.digests.read().ok().and_then(|digests| digests.get(&account).copied());
        let given: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let same: bool = given.ct_eq(&expected.unwrap_or([0; 32])).into();
        (same && expected.is_some()).then_some(account)
    }
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

async fn read(body: Body) -> Result<Vec<u8>, StatusCode> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| StatusCode::BAD_REQUEST)?;
        if bytes.len() + chunk.len() > BODY_LIMIT {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
