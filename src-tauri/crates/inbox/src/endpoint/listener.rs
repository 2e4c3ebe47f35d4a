//! Accepting connections so that strangers cannot keep out those who have something to deliver.
//!
//! Until a request on it has shown the secret, a connection is a stranger's: its whole life is short, it gets one answer, and
//! when places run short the oldest stranger makes room for whoever comes. A connection that has shown the secret is never sent
//! away and may stay open between two deliveries.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::timing::Timing;

/// Files left to everybody else in the program: the database, pictures, calls to Avito.
const OTHER_FILES: usize = 256;
/// A stranger is given so long to send a head before it may be sent away: who really delivers has sent it by then.
const GRACE: Duration = Duration::from_millis(50);
/// Connections the system finishes for us before we have looked at them: a crowd at the door must not make a delivery knock twice.
const BACKLOG: u32 = 4096;
/// A request head of Avito's is under 2 KiB; this is twice the smallest buffer hyper takes.
const HEAD_LIMIT: usize = 16 * 1024;
/// Strangers sent away at once, so that a crowd does not wait for each one's leaving.
const SENT_AWAY: usize = 32;

/// How many connections there may be, and how long they may stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at one time. Each takes at most [`HEAD_LIMIT`] and a few KiB more.
    pub(crate) places: usize,
    /// The whole life of a stranger's connection.
    pub(crate) stranger: Duration,
    /// The silence between two deliveries on a connection that has shown the secret.
    pub(crate) silence: Duration,
}

impl Limits {
    /// Limits for a listener with so many places; fewer when the system does not let us open so many files.
    pub(crate) fn new(places: usize, timing: &Timing) -> Self {
        let places = places.min(open_files(places + OTHER_FILES).saturating_sub(OTHER_FILES)).max(16);
        Self { places, stranger: timing.head_patience, silence: timing.keep_open }
    }
}

/// How many files this program may open, after asking for `wanted`.
#[cfg(unix)]
fn open_files(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let (Some(current), wanted) = (limit.current, wanted as u64) else { return wanted };
    let raised = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let can = if current < raised
        && setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit }).is_ok()
    {
        raised
    } else {
        current
    };
    usize::try_from(can).unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
fn open_files(wanted: usize) -> usize {
    wanted
}

/// A stranger's connection.
struct Stranger {
    since: Instant,
    sent_away: CancellationToken,
}

/// Strangers' connections, the oldest first.
type Strangers = Arc<Mutex<BTreeMap<u64, Stranger>>>;

/// What is known of the other end of a connection. Every request carries it in its extensions.
#[derive(Clone)]
pub(crate) struct Standing {
    number: u64,
    known: Arc<AtomicBool>,
    sent_away: CancellationToken,
    strangers: Strangers,
}

impl Standing {
    fn of_stranger(number: u64, strangers: &Strangers) -> Self {
        let sent_away = CancellationToken::new();
        let stranger = Stranger { since: Instant::now(), sent_away: sent_away.clone() };
        locked(strangers).insert(number, stranger);
        Self { number, known: Arc::default(), sent_away, strangers: strangers.clone() }
    }

    /// The other end has shown the secret.
    pub(crate) fn prove(&self) {
        self.known.store(true, Ordering::SeqCst);
        locked(&self.strangers).remove(&self.number);
    }

    fn is_known(&self) -> bool {
        self.known.load(Ordering::SeqCst)
    }

    /// Ends when a stranger's time is over or another needs the place; never for somebody known.
    async fn time_is_over(&self, limit: Duration) {
        let _ = tokio::time::timeout(limit, self.sent_away.cancelled()).await;
        if self.is_known() {
            std::future::pending::<()>().await;
        }
    }
}

fn locked(strangers: &Strangers) -> std::sync::MutexGuard<'_, BTreeMap<u64, Stranger>> {
    strangers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the port.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)] // elsewhere it would let two programs share a port
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers requests. Each carries the [`Standing`] of its connection in its extensions.
pub(crate) trait Answer: Clone + Send + 'static {
    /// The answer to one request.
    fn answer(&self, request: Request<Body>) -> impl Future<Output = Response> + Send;
}

impl Answer for Router {
    async fn answer(&self, request: Request<Body>) -> Response {
        self.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// Serves until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    answer: impl Answer,
    limits: Limits,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.places));
    let strangers = Strangers::default();
    for number in 0.. {
        let Some(stream) = accept(&listener, &stop).await else { return };
        let place = tokio::select! {
            () = stop.cancelled() => return,
            place = free_place(&places, &strangers) => place,
        };
        let Some(place) = place else { return };
        let standing = Standing::of_stranger(number, &strangers);
        let connection = converse(stream, answer.clone(), standing.clone(), limits.silence);
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                result = connection => if let Err(error) = result {
                    tracing::debug!(%error, "connection ended");
                },
                () = standing.time_is_over(limits.stranger) => {}
                () = stop.cancelled() => {}
            }
            locked(&standing.strangers).remove(&number);
            drop(place);
        });
    }
}

/// A place for one more connection, if need be that of one of the oldest strangers.
async fn free_place(places: &Arc<Semaphore>, strangers: &Strangers) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = places.clone().try_acquire_owned() {
        return Some(place);
    }
    let age = locked(strangers).values().next().map(|oldest| oldest.since.elapsed());
    if let Some(age) = age {
        let left = GRACE.saturating_sub(age);
        if let Ok(place) = tokio::time::timeout(left, places.clone().acquire_owned()).await {
            return place.ok();
        }
        let mut strangers = locked(strangers);
        for _ in 0..SENT_AWAY {
            let Some((_, oldest)) = strangers.pop_first() else { break };
            oldest.sent_away.cancel();
        }
    }
    places.clone().acquire_owned().await.ok()
}

/// The next connection; none when told to stop.
async fn accept(listener: &TcpListener, stop: &CancellationToken) -> Option<TcpStream> {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                return Some(stream);
            }
            Err(error) => {
                // Out of file handles, mostly: waiting a moment lets others close.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Answers the requests of one connection.
fn converse(
    stream: TcpStream,
    answer: impl Answer,
    standing: Standing,
    silence: Duration,
) -> impl Future<Output = hyper::Result<()>> {
    let answer = service_fn(move |request: Request<Incoming>| {
        let (answer, standing) = (answer.clone(), standing.clone());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(standing.clone());
            let mut answer = answer.answer(request).await;
            if !standing.is_known() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(silence)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), answer)
}
