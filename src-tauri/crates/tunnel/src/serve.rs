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
use tokio_util::io::InspectWriter;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::Meter;

/// The multiplexer under ngrok breaks the whole session at 512 streams; strangers leave before that.
const PLACES: usize = 384;
/// Strangers sent away at once.
const SENT_AWAY: usize = 32;
/// The whole life of a stranger's connection.
const STRANGER: Duration = Duration::from_secs(10);
/// The silence between two requests on a connection that is known.
const SILENCE: Duration = Duration::from_secs(120);
/// A request head of Avito's is under 2 KiB, with what a tunnel adds under 4.
const HEAD_LIMIT: usize = 16 * 1024;

/// Strangers' connections, the oldest first, and how to send them away.
type Strangers = Arc<Mutex<BTreeMap<u64, CancellationToken>>>;

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

    /// Answers the requests of one more connection. Never waits: a tunnel whose connections are not taken at once stands still.
    pub(crate) fn serve(&mut self, connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        if self.connections.len() >= PLACES {
            self.make_room();
        }
        self.number += 1;
        let number = self.number;
        let sent_away = CancellationToken::new();
        locked(&self.strangers).insert(number, sent_away.clone());
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

    fn make_room(&self) {
        let mut strangers = locked(&self.strangers);
        for _ in 0..SENT_AWAY {
            let Some((_, oldest)) = strangers.pop_first() else { break };
            oldest.cancel();
        }
    }

    fn talk(
        &self,
        connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        known: Arc<AtomicBool>,
        number: u64,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (router, meter, strangers) = (self.router.clone(), self.meter.clone(), self.strangers.clone());
        let sent = self.meter.clone();
        let connection = InspectWriter::new(connection, move |bytes| sent.sent(bytes.len()));
        let answer = service_fn(move |request: Request<Incoming>| {
            meter.asked();
            let (router, known, strangers) = (router.clone(), known.clone(), strangers.clone());
            async move {
                let mut answer: Response = router.oneshot(request.map(Body::new)).await?;
                if is_good(answer.status()) {
                    known.store(true, Ordering::SeqCst);
                    locked(&strangers).remove(&number);
                } else if !known.load(Ordering::SeqCst) {
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

fn locked(strangers: &Strangers) -> MutexGuard<'_, BTreeMap<u64, CancellationToken>> {
    strangers.lock().unwrap_or_else(PoisonError::into_inner)
}
