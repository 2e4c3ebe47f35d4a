//! Tunnels that do what a test tells them, and a public side that can be cut: what it forwards reaches the endpoint over a socket.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use inbox::view::TunnelKind;
use inbox::{MakeTunnel, TunnelPlan};
use tokio::sync::watch;
use tunnel::{State, Trouble, Tunnel};
use url::Url;

/// All tunnels of a test.
#[derive(Clone, Default)]
pub(crate) struct Stage {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    made: Mutex<Vec<(TunnelKind, watch::Sender<State>)>>,
    renewed: AtomicUsize,
    with_token: AtomicUsize,
    stopped: AtomicUsize,
}

struct Scripted {
    state: watch::Sender<State>,
    stage: Arc<Inner>,
}

impl MakeTunnel for Stage {
    fn make(&self, plan: TunnelPlan) -> Arc<dyn Tunnel> {
        let state = watch::Sender::new(State::Connecting);
        self.inner.with_token.fetch_add(usize::from(plan.ngrok_token.is_some()), Ordering::SeqCst);
        self.inner.made.lock().unwrap().push((plan.kind, state.clone()));
        Arc::new(Scripted { state, stage: self.inner.clone() })
    }
}

impl Tunnel for Scripted {
    fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    fn retry_now(&self) {}

    fn way_changed(&self) {
        self.stage.renewed.fetch_add(1, Ordering::SeqCst);
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.stage.stopped.fetch_add(1, Ordering::SeqCst);
        self.state.send_replace(State::Stopped);
        Box::pin(std::future::ready(()))
    }
}

impl Stage {
    /// Which tunnels were started, in order.
    pub(crate) fn made(&self) -> Vec<TunnelKind> {
        self.inner.made.lock().unwrap().iter().map(|(kind, _)| *kind).collect()
    }

    fn last(&self) -> watch::Sender<State> {
        self.inner.made.lock().unwrap().last().unwrap().1.clone()
    }

    pub(crate) fn online(&self, url: &str) {
        self.last().send_replace(State::Online { url: Url::parse(url).unwrap() });
    }

    pub(crate) fn offline(&self, code: &str) {
        let retry_at = SystemTime::now() + Duration::from_secs(60);
        self.last().send_replace(State::Offline { trouble: trouble(code), retry_at });
    }

    pub(crate) fn failed(&self, code: &str) {
        self.last().send_replace(State::Failed { trouble: trouble(code) });
    }

    pub(crate) fn stopped(&self) -> usize {
        self.inner.stopped.load(Ordering::SeqCst)
    }

    /// How often one was told that the way outside has changed.
    pub(crate) fn renewed(&self) -> usize {
        self.inner.renewed.load(Ordering::SeqCst)
    }

    /// How many were started with a token.
    pub(crate) fn with_token(&self) -> usize {
        self.inner.with_token.load(Ordering::SeqCst)
    }
}

fn trouble(code: &str) -> Trouble {
    Trouble { code: code.to_owned(), reason: "words".to_owned() }
}

/// A public address in front of an endpoint.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) url: String,
    state: EdgeState,
}

#[derive(Clone)]
struct EdgeState {
    behind: Arc<Mutex<Option<SocketAddr>>>,
    cut: Arc<AtomicBool>,
    slow: Arc<Mutex<Duration>>,
    client: reqwest::Client,
}

impl Edge {
    pub(crate) async fn before(endpoint: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let state = EdgeState {
            behind: Arc::new(Mutex::new(Some(endpoint))),
            cut: Arc::default(),
            slow: Arc::default(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        let router = Router::new().fallback(pass).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// From now on the edge answers as ngrok does when nobody is behind it; or passes again.
    pub(crate) fn cut(&self, cut: bool) {
        self.state.cut.store(cut, Ordering::SeqCst);
    }

    /// Every request takes so much longer.
    pub(crate) fn slow(&self, by: Duration) {
        *self.state.slow.lock().unwrap() = by;
    }

    /// The endpoint moved: the program was started anew.
    pub(crate) fn lead_to(&self, endpoint: SocketAddr) {
        *self.state.behind.lock().unwrap() = Some(endpoint);
    }
}

async fn pass(Shared(state): Shared<EdgeState>, request: Request) -> Response {
    let (behind, slow) = (*state.behind.lock().unwrap(), *state.slow.lock().unwrap());
    tokio::time::sleep(slow).await;
    let behind = behind.filter(|_| !state.cut.load(Ordering::SeqCst));
    let Some(behind) = behind else {
        return (StatusCode::NOT_FOUND, [("ngrok-error-code", "ERR_NGROK_3200")], "offline").into_response();
    };
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let mut headers = parts.headers;
    headers.remove("host");
    let address = format!("http://{behind}{}", parts.uri);
    let answer = state.client.request(parts.method, address).headers(headers).body(body).send().await;
    let Ok(answer) = answer else { return StatusCode::BAD_GATEWAY.into_response() };
    let status = answer.status();
    (status, Body::from(answer.bytes().await.unwrap_or_default())).into_response()
}
