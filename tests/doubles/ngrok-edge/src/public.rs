//! The public side: a request to an address becomes a stream to the agent that holds it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::edge::{Address, Inner};
use crate::log::What;
use crate::wire::{self, Pipe};

/// The first byte of a TLS connection.
const HANDSHAKE: u8 = 0x16;
/// Where every byte is passed on as it comes, a caller's first one is waited for no longer than this to tell TLS from plain text.
const FIRST_BYTE: Duration = Duration::from_millis(200);

pub(crate) async fn serve(edge: Arc<Inner>, listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let Ok((tcp, caller)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = tcp.set_nodelay(true);
        let (edge, acceptor) = (edge.clone(), acceptor.clone());
        tokio::spawn(async move {
            let stop = edge.stop.clone();
            if let Some(Err(error)) = stop.run_until_cancelled(take(edge, tcp, caller, acceptor)).await {
                tracing::debug!(%error, "a public connection ended");
            }
        });
    }
}

async fn take(edge: Arc<Inner>, tcp: TcpStream, caller: SocketAddr, acceptor: TlsAcceptor) -> io::Result<()> {
    let mut first = [0];
    if edge.knobs().raw {
        // Whoever says nothing at all is passed on too.
        if let Ok(peeked) = tokio::time::timeout(FIRST_BYTE, tcp.peek(&mut first)).await {
            peeked?;
        }
    } else if tcp.peek(&mut first).await? == 0 {
        return Ok(());
    }
    match first[0] {
        HANDSHAKE => talk(edge, acceptor.accept(tcp).await?, caller).await,
        _ => talk(edge, tcp, caller).await,
    }
}

async fn talk(
    edge: Arc<Inner>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    caller: SocketAddr,
) -> io::Result<()> {
    if edge.knobs().raw {
        let address = edge.only_address().ok_or(io::ErrorKind::NotFound)?;
        let pipe = open(&address, &caller.to_string()).await?;
        edge.log.add(What::PassedOn, address.session.number, "raw");
        return pass_bytes(stream, pipe).await;
    }
    let answer = service_fn(move |request| {
        let edge = edge.clone();
        async move { Ok::<_, Infallible>(pass_on(&edge, request, caller).await) }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer)
        .await
        .map_err(io::Error::other)
}

/// Passes every byte on. When the agent has ended its side the caller's connection is over too, whatever the caller has still to
/// say: with the answer nothing more is read from it.
async fn pass_bytes(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    pipe: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    let (mut from_caller, mut to_caller) = tokio::io::split(stream);
    let (mut from_agent, mut to_agent) = tokio::io::split(pipe);
    let asks = async {
        tokio::io::copy(&mut from_caller, &mut to_agent).await?;
        to_agent.shutdown().await?;
        std::future::pending().await
    };
    let answers = async {
        tokio::io::copy(&mut from_agent, &mut to_caller).await?;
        to_caller.shutdown().await
    };
    tokio::select! {
        ended = asks => ended,
        ended = answers => ended,
    }
}

/// A stream that carries a caller's connection to the agent.
pub(crate) async fn open(address: &Address, caller: &str) -> io::Result<Pipe> {
    introduce(address.session.open(wire::PROXY).await?, address, caller).await
}

/// Says on a new stream whose connection it carries.
pub(crate) async fn introduce(mut pipe: Pipe, address: &Address, caller: &str) -> io::Result<Pipe> {
    let head = json!({"Id": address.id, "ClientAddr": caller, "Proto": "https", "EdgeType": "0", "PassthroughTLS": false});
    wire::write_proxy_head(&mut pipe, &head).await?;
    Ok(pipe)
}

async fn pass_on(edge: &Inner, request: Request<Incoming>, caller: SocketAddr) -> Response<Body> {
    let knobs = edge.knobs();
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().host())
        .unwrap_or_default()
        .to_owned();
    let number = edge.next_request();
    edge.log.add(What::Requested, 0, &host);
    tokio::time::sleep(Duration::from_millis(knobs.delay_ms)).await;
    let due = |every: u64| every > 0 && number.is_multiple_of(every);
    if due(knobs.swallow_every) {
        edge.log.add(What::Swallowed, 0, &host);
        let _ = request.into_body().collect().await;
        return Response::new(Body::from("{\"ok\":true}"));
    }
    let Some(address) = edge.address(&host) else {
        edge.log.add(What::NotServed, 0, &host);
        return not_served(StatusCode::NOT_FOUND, "ERR_NGROK_3200", "This endpoint is offline.");
    };
    let request = named(request, &host, caller);
    let answer = if due(knobs.double_every) {
        edge.log.add(What::Doubled, address.session.number, "");
        twice(&address, request, caller).await
    } else {
        once(&address, request.map(Body::new), caller).await
    };
    let passed = if answer.is_ok() { What::PassedOn } else { What::Unanswered };
    edge.log.add(passed, address.session.number, "");
    match answer {
        Ok(_) if due(knobs.lose_answer_every) => {
            edge.log.add(What::AnswerLost, address.session.number, "");
            not_served(StatusCode::BAD_GATEWAY, "ERR_NGROK_3004", "The answer was lost.")
        }
        Ok(answer) => answer,
        Err(error) => {
            tracing::debug!(%error, "the agent did not answer");
            not_served(StatusCode::BAD_GATEWAY, "ERR_NGROK_3004", "The agent gave no answer.")
        }
    }
}

/// The request with what the service tells about its caller.
fn named(mut request: Request<Incoming>, host: &str, caller: SocketAddr) -> Request<Incoming> {
    let headers = request.headers_mut();
    let before = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let ip = caller.ip();
    let chain = before.map_or_else(|| ip.to_string(), |before| format!("{before}, {ip}"));
    for (name, value) in
        [("x-forwarded-for", chain.as_str()), ("x-forwarded-host", host), ("x-forwarded-proto", "https")]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    request
}

async fn once(address: &Address, request: Request<Body>, caller: SocketAddr) -> io::Result<Response<Body>> {
    let pipe = open(address, &caller.to_string()).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(pipe)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let mut answer = sender.send_request(request).await.map_err(io::Error::other)?;
    // What the agent says of its own connection is not for the caller.
    answer.headers_mut().remove(header::CONNECTION);
    Ok(answer.map(Body::new))
}

/// The same request twice, as after a lost answer inside the service; the first answer counts.
async fn twice(
    address: &Address,
    request: Request<Incoming>,
    caller: SocketAddr,
) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body: Bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let copy = || Request::from_parts(parts.clone(), Body::new(Full::new(body.clone())));
    let first = once(address, copy(), caller).await;
    let _ = once(address, copy(), caller).await;
    first
}

fn not_served(status: StatusCode, code: &'static str, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert("ngrok-error-code", HeaderValue::from_static(code));
    answer
}
