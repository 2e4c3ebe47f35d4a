//! Answering the connections that a tunnel brings into this process.
//!
//! The same care as at a port of our own: whoever has not yet got a good answer is a stranger, whose connection is short, gets
//! one answer, and makes room when many come. What a good answer is, the router decides.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::io::InspectWriter;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::Meter;

/// From here on a connection is good for one request: another costs the service nothing, and an idle one takes a place.
const CROWD: usize = 64;
/// From here on strangers make room for whoever comes; below what the gate lets in at once (`ngrok/gate.rs`).
const PLACES: usize = 128;
/// Strangers sent away at once.
const SENT_AWAY: usize = 32;
/// Who really asks has sent a head by then, also to a busy machine.
const GRACE: Duration = Duration::from_millis(200);
/// How often it is looked whether somebody's time is over.
const LOOK: Duration = Duration::from_millis(20);
/// Who has asked for something is not sent away sooner: a crowd of deliveries is answered by then.
const ANSWER: Duration = Duration::from_secs(2);
/// The whole life of a stranger's connection.
const STRANGER: Duration = Duration::from_secs(10);
/// The silence between two requests on a connection that is known.
const SILENCE: Duration = Duration::from_secs(120);
/// A request head of Avito's is under 2 KiB, with what a tunnel adds under 4.
const HEAD_LIMIT: usize = 16 * 1024;

/// A stranger's connection.
struct Stranger {
    since: Instant,
    sent_away: CancellationToken,
    /// When its request's head was there; its body may still be on the way.
    asked: Option<Instant>,
}

/// Strangers' connections, the oldest first.
type Strangers = Arc<Mutex<BTreeMap<u64, Stranger>>>;

/// Serves connections until it is finished.
pub(crate) struct Server {
    router: Router,
    meter: Meter,
    strangers: Strangers,
    connections: TaskTracker,
    last: CancellationToken,
    end: CancellationToken,
    number: u64,
}

impl Server {
    pub(crate) fn new(router: Router, meter: Meter) -> Self {
        Self {
            router,
            meter,
            strangers: Strangers::default(),
            connections: TaskTracker::new(),
            last: CancellationToken::new(),
            end: CancellationToken::new(),
            number: 0,
        }
    }

    /// Sends strangers away while places are short. Begun anew with each connection; never ends.
    pub(crate) async fn keep_room(&self) {
        while self.connections.len() >= PLACES {
            self.make_room();
            tokio::time::sleep(LOOK).await;
        }
        std::future::pending().await
    }

    /// Answers the requests of one more connection.
    pub(crate) fn serve(&mut self, connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        self.number += 1;
        let number = self.number;
        let sent_away = CancellationToken::new();
        let stranger = Stranger { since: Instant::now(), sent_away: sent_away.clone(), asked: None };
        locked(&self.strangers).insert(number, stranger);
        let known = Arc::new(AtomicBool::new(false));
        let (strangers, end) = (self.strangers.clone(), self.end.clone());
        let talk = self.talk(connection, known.clone(), number);
        self.connections.spawn(async move {
            let stranger = async {
                let _ = tokio::time::timeout(STRANGER, sent_away.cancelled()).await;
                if known.load(Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = talk => {}
                () = stranger => {}
                () = end.cancelled() => {}
            }
            locked(&strangers).remove(&number);
        });
    }

    /// Sends away those who have been silent for the longest; if there are none, those who take too long over their request.
    fn make_room(&self) {
        let mut strangers = locked(&self.strangers);
        let mut send_away = |which: fn(&Stranger) -> bool| {
            let leaving: Vec<u64> = strangers
                .iter()
                .filter(|(_, one)| which(one))
                .map(|(number, _)| *number)
                .take(SENT_AWAY)
                .collect();
            for number in &leaving {
                if let Some(stranger) = strangers.remove(number) {
                    stranger.sent_away.cancel();
                }
            }
            !leaving.is_empty()
        };
        let _ = send_away(|one| one.asked.is_none() && one.since.elapsed() > GRACE)
            || send_away(|one| one.asked.is_some_and(|since| since.elapsed() > ANSWER));
    }

    fn talk(
        &self,
        connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        known: Arc<AtomicBool>,
        number: u64,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (router, meter, strangers) = (self.router.clone(), self.meter.clone(), self.strangers.clone());
        let connections = self.connections.clone();
        let sent = self.meter.clone();
        let connection = InspectWriter::new(connection, move |bytes| sent.sent(bytes.len()));
        let answer = service_fn(move |request: Request<Incoming>| {
            meter.asked();
            let (router, known, strangers) = (router.clone(), known.clone(), strangers.clone());
            let connections = connections.clone();
            if let Some(stranger) = locked(&strangers).get_mut(&number) {
                stranger.asked = Some(Instant::now());
            }
            async move {
                let mut answer: Response = router.oneshot(request.map(Body::new)).await?;
                if is_good(answer.status()) {
                    known.store(true, Ordering::SeqCst);
                    locked(&strangers).remove(&number);
                }
                if !known.load(Ordering::SeqCst) || connections.len() > CROWD {
                    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let last = self.last.clone();
        async move {
            let mut talk = std::pin::pin!(
                http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(SILENCE)
                    .max_buf_size(HEAD_LIMIT)
                    .serve_connection(TokioIo::new(connection), answer)
            );
            let result = tokio::select! {
                result = talk.as_mut() => result,
                () = last.cancelled() => {
                    talk.as_mut().graceful_shutdown();
                    talk.await
                }
            };
            if let Err(error) = result {
                tracing::debug!(%error, "connection ended");
            }
        }
    }

    /// Answers what is under way, for so long at most, and ends all connections.
    pub(crate) async fn finish(self, patience: Duration) {
        self.last.cancel();
        self.connections.close();
        if tokio::time::timeout(patience, self.connections.wait()).await.is_err() {
            self.end.cancel();
            self.connections.wait().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// Taken, or refused by trouble of our own: nothing a stranger gets.
fn is_good(status: StatusCode) -> bool {
    status.is_success() || status.is_server_error()
}

fn locked(strangers: &Strangers) -> MutexGuard<'_, BTreeMap<u64, Stranger>> {
    strangers.lock().unwrap_or_else(PoisonError::into_inner)
}
