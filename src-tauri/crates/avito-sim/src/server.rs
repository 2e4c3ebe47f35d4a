//! Listeners, connections, and the way of a request through faults to its route.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::FaultKind;
use crate::http::{Body, Reply, Request};
use crate::routes::{self, Call};
use crate::state::CallRecord;
use crate::{Sim, admin, faults};

/// A picture may have 24 MB; the rest is room for the multipart form.
const UPLOAD_LIMIT: usize = 24 * 1024 * 1024 + 64 * 1024;
/// What is still read (and thrown away) past the limit, so that the client hears the 413 and not a reset.
const DRAIN_LIMIT: usize = 96 * 1024 * 1024;

/// Ends the connection without an answer: hyper closes the socket when a service fails.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// Serves the API until cancelled.
pub(crate) fn accept(sim: Sim, listener: TcpListener, cancel: CancellationToken, tasks: &TaskTracker) {
    let connection = move |stream: TcpStream| {
        let sim = sim.clone();
        async move {
            let service = service_fn(move |request| answer(sim.clone(), request));
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            if let Err(error) = served {
                tracing::debug!(%error, "connection ended");
            }
        }
    };
    accept_with(listener, cancel, tasks, connection);
}

/// Serves the admin routes until cancelled.
pub(crate) fn accept_admin(sim: Sim, listener: TcpListener, cancel: CancellationToken, tasks: &TaskTracker) {
    let connection = move |stream: TcpStream| {
        let sim = sim.clone();
        async move {
            let service = service_fn(move |request| {
                let sim = sim.clone();
                async move { Ok::<_, Cut>(admin::answer(&sim, read(request).await?).await.into_response()) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        }
    };
    accept_with(listener, cancel, tasks, connection);
}

fn accept_with<F, C>(listener: TcpListener, cancel: CancellationToken, tasks: &TaskTracker, connection: F)
where
    F: Fn(TcpStream) -> C + Send + 'static,
    C: Future<Output = ()> + Send + 'static,
{
    let children = tasks.clone();
    tasks.spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = cancel.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    let task = connection(stream);
                    let cancel = cancel.clone();
                    children.spawn(async move { cancel.run_until_cancelled_owned(task).await });
                }
                Err(error) => {
                    // Out of file handles, most likely: let some close.
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    });
}

async fn read(request: hyper::Request<Incoming>) -> Result<Request, Cut> {
    let (parts, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    let mut total = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Cut)?;
        if let Some(data) = frame.data_ref() {
            total += data.len();
            if total <= UPLOAD_LIMIT {
                bytes.extend_from_slice(data);
            } else if total > DRAIN_LIMIT {
                break;
            }
        }
    }
    Ok(Request {
        segments: Request::segments_of(parts.uri.path()),
        query: Request::pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        method: parts.method,
        headers: parts.headers,
        body: bytes.into(),
        too_big: total > UPLOAD_LIMIT,
    })
}

async fn answer(sim: Sim, request: hyper::Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let request = read(request).await?;
    let call = routes::find(&method, &request.segments);
    let outcome = match &call {
        Some(call) => suffer(&sim, call, &request).await,
        None => Ok(Reply::no_route()),
    };
    let status = outcome.as_ref().ok().map(|reply| reply.status.as_u16());
    tracing::info!(%method, path, ?status, "request");
    record(&sim, &method, path, query, call.as_ref(), status);
    outcome.map(Reply::into_response)
}

fn record(sim: &Sim, method: &Method, path: String, query: String, call: Option<&Call>, status: Option<u16>) {
    sim.shared.lock().log_call(CallRecord {
        method: method.to_string(),
        route: call.map_or(path, |call| call.operation.template().to_owned()),
        operation: call.map_or("", |call| call.operation.name()).to_owned(),
        query,
        user_id: call.and_then(|call| call.user_id),
        chat_id: call.map(|call| call.id.clone()).filter(|id| !id.is_empty()),
        status,
        at: sim.now(),
        at_ms: sim.now_ms(),
    });
    sim.shared.changed();
}

/// One known operation with whatever faults are on.
async fn suffer(sim: &Sim, call: &Call, request: &Request) -> Result<Reply, Cut> {
    let (plan, own_id) = {
        let mut state = sim.shared.lock();
        let state = &mut *state;
        let owner = request.bearer().and_then(|token| state.tokens.get(token)).map(|token| token.user_id);
        let own_id = call.user_id.or(owner);
        let plan = state.faults.plan_request(&mut state.rng, call.operation, own_id);
        if plan.revoke
            && let Some(token) = request.bearer().and_then(|token| state.tokens.get_mut(token))
        {
            token.revoked = true;
        }
        (plan, own_id)
    };
    if plan.slow_before > 0 {
        tokio::time::sleep(Duration::from_millis(plan.slow_before)).await;
    }
    if plan.cut_before {
        return Err(Cut);
    }
    match plan.refuse {
        Some(FaultKind::RateLimited { retry_after }) => return Ok(Reply::rate_limited(retry_after)),
        Some(FaultKind::ServerErrorHtml { status }) => return Ok(Reply::server_error_html(status)),
        Some(FaultKind::ServerError { status, .. }) => return Ok(Reply::server_error(status)),
        _ => {}
    }
    let mut reply =
        routes::perform(sim, call, request, plan.placeholder).await.unwrap_or_else(|refusal| refusal);
    if plan.slow_after > 0 {
        tokio::time::sleep(Duration::from_millis(plan.slow_after)).await;
    }
    if plan.cut_after {
        return Err(Cut);
    }
    if let Some(status) = plan.fail_after {
        return Ok(Reply::server_error(status));
    }
    if let Body::Json(value) = &mut reply.body
        && reply.status.is_success()
    {
        for change in &plan.distort {
            faults::distort(value, change, own_id);
        }
    }
    if plan.chat_moves_up {
        routes::move_a_chat_up(sim, call, request);
    }
    if plan.message_arrives {
        routes::let_the_buyer_write(sim, call);
    }
    Ok(if plan.malformed { reply.malformed() } else { reply })
}
