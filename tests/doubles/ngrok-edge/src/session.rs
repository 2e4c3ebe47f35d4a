//! One agent's session.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use muxado::typed::{Typed, TypedAccept as _, TypedOpenClose, TypedSession as _, TypedStream};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::edge::Inner;
use crate::knobs::Refusal;
use crate::log::What;
use crate::resets;
use crate::wire::{self, Pipe};

/// Between the transport and the multiplexer, so that a connection can be broken in the middle of anything.
const BETWEEN: usize = 256 * 1024;
/// An agent that has not been heard for so long is gone to the service, and its addresses are free.
const UNHEARD: Duration = Duration::from_secs(25);

/// What the service itself can bear is no concern of a test.
const STREAMS: usize = 1 << 16;

/// A live session as others see it.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) number: u64,
    opener: Arc<Mutex<Box<dyn TypedOpenClose + Send>>>,
    /// Breaks the transport off.
    pub(crate) cut: CancellationToken,
    /// Nothing passes any more, and nobody is told: the network has changed under the connection.
    pub(crate) frozen: CancellationToken,
}

impl Session {
    /// A stream to the agent.
    pub(crate) async fn open(&self, kind: u32) -> io::Result<Pipe> {
        let stream = self.opener.lock().await.open_typed(wire::kind(kind)).await;
        stream.map(Pipe).map_err(io::Error::other)
    }

    /// A command of the dashboard; the agent's answer.
    pub(crate) async fn command(&self, kind: u32) -> io::Result<Value> {
        let mut pipe = self.open(kind).await?;
        pipe.write_all(b"{}").await?;
        wire::read_json(&mut pipe).await
    }

    /// Takes an address away.
    pub(crate) async fn stop_tunnel(&self, id: &str, refusal: &Refusal) -> io::Result<()> {
        let mut pipe = self.open(wire::STOP_TUNNEL).await?;
        let code = (!refusal.code.is_empty()).then_some(&refusal.code);
        let message = json!({"Id": id, "Message": refusal.text, "ErrorCode": code});
        pipe.write_all(message.to_string().as_bytes()).await?;
        pipe.shutdown().await
    }

    /// Says goodbye in order.
    pub(crate) async fn go_away(&self) {
        let goodbye = "the service is being restarted".to_owned();
        let _ = self.opener.lock().await.close(muxado::Error::None, goodbye).await;
    }
}

/// Copies what the service says to an agent.
async fn copy(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let mut from = tokio::io::BufReader::with_capacity(BETWEEN, from);
    tokio::io::copy_buf(&mut from, to).await?;
    to.shutdown().await
}

/// Serves an agent until it goes or is cut.
pub(crate) async fn serve(edge: Arc<Inner>, transport: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let number = edge.next_number();
    let cut = edge.stop.child_token();
    edge.log.add(What::Connected, number, "");
    let (near, far) = tokio::io::duplex(BETWEEN);
    let frozen = CancellationToken::new();
    let (broken, silent, stopped) = (cut.clone(), frozen.clone(), edge.stop.clone());
    let between = tokio::spawn(async move {
        let (mut from_agent, mut to_agent) = tokio::io::split(transport);
        let (mut from_us, to_us) = tokio::io::split(far);
        let from = resets::copy(&mut from_agent, to_us, BETWEEN);
        let to = copy(&mut from_us, &mut to_agent);
        tokio::select! {
            _ = async { tokio::try_join!(from, to) } => {}
            () = broken.cancelled() => {}
            () = silent.cancelled() => {
                let _ = tokio::time::timeout(UNHEARD, broken.cancelled()).await;
                broken.cancel();
                // The agent's side of the connection never hears of it.
                let connection = from_agent.unsplit(to_agent);
                tokio::spawn(async move {
                    stopped.cancelled().await;
                    drop(connection);
                });
            }
        }
    });
    let muxado = muxado::SessionBuilder::new(near).server().stream_limit(STREAMS).start();
    let (opener, mut streams) = Typed::new(muxado).split_typed();
    let session =
        Session { number, opener: Arc::new(Mutex::new(Box::new(opener))), cut: cut.clone(), frozen };
    edge.live(session.clone());
    let talk = async {
        while let Ok(stream) = streams.accept_typed().await {
            let (edge, session) = (edge.clone(), session.clone());
            tokio::spawn(async move {
                let cut = session.cut.clone();
                let talk = converse(&edge, &session, stream);
                if let Some(Err(error)) = cut.run_until_cancelled(talk).await {
                    tracing::debug!(%error, "a stream ended");
                }
            });
        }
    };
    tokio::select! {
        () = talk => {}
        () = cut.cancelled() => {}
    }
    cut.cancel();
    let _ = between.await;
    edge.gone(number);
    edge.log.add(What::Ended, number, "");
}

async fn converse(edge: &Inner, session: &Session, stream: TypedStream) -> io::Result<()> {
    let kind = *stream.typ();
    let mut pipe = Pipe(stream);
    match kind {
        wire::HEARTBEAT => beat(edge, session.number, &mut pipe).await,
        wire::AUTH => {
            let request = wire::read_json(&mut pipe).await?;
            match authenticate(edge, session.number, &request).await {
                Some(reply) => wire::answer(&mut pipe, &reply).await,
                None => Ok(()),
            }
        }
        wire::BIND => {
            let request = wire::read_json(&mut pipe).await?;
            let reply = bind(edge, session, &request);
            wire::answer(&mut pipe, &reply).await
        }
        wire::UNBIND => {
            let request = wire::read_json(&mut pipe).await?;
            edge.unbind(session.number, request["Id"].as_str().unwrap_or_default());
            wire::answer(&mut pipe, &json!({})).await
        }
        kind => Err(io::Error::other(format!("no such stream type: {kind}"))),
    }
}

/// Four bytes come, the same four go back.
async fn beat(edge: &Inner, number: u64, pipe: &mut Pipe) -> io::Result<()> {
    let mut beat = [0; 4];
    loop {
        pipe.read_exact(&mut beat).await?;
        edge.log.add(What::Heartbeat, number, "");
        if !edge.knobs().mute_heartbeats {
            pipe.write_all(&beat).await?;
        }
    }
}

async fn authenticate(edge: &Inner, number: u64, request: &Value) -> Option<Value> {
    let knobs = edge.knobs();
    if knobs.silent_auth {
        std::future::pending::<()>().await;
    }
    let key = request["Extra"]["AuthToken"].as_str().unwrap_or_default();
    let refusal = match knobs.refuse_auth {
        Some(refusal) => Some(refusal),
        None if key.is_empty() => Some(Refusal::new("ERR_NGROK_4018", "An authtoken is needed.")),
        None if !knobs.keys.is_empty() && !knobs.keys.iter().any(|known| known == key) => {
            // The service repeats the key in this text.
            let text = format!("This authtoken belongs to no account.\nYour authtoken: {key}");
            Some(Refusal::new("ERR_NGROK_107", &text))
        }
        None => None,
    };
    if let Some(refusal) = refusal {
        edge.log.add(What::AuthRefused, number, &refusal.code);
        return Some(json!({"Version": "2", "ClientId": "", "Error": refusal.message()}));
    }
    edge.log.add(What::Authenticated, number, request["Extra"]["Metadata"].as_str().unwrap_or_default());
    let former = request["ClientId"].as_str().unwrap_or_default();
    let id = if former.is_empty() { format!("session-{number}") } else { former.to_owned() };
    Some(json!({"Version": "2", "ClientId": id, "Extra": {
        "Version": "stand-in", "Region": "test", "Cookie": format!("cookie-{number}"), "AccountName": "test",
        "SessionDuration": 0, "PlanName": "Free", "Banner": "",
    }}))
}

fn bind(edge: &Inner, session: &Session, request: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let asked = Some(text(&request["Opts"]["Domain"])).filter(|host| !host.is_empty());
    let asked = asked.or_else(|| Some(text(&request["Opts"]["Hostname"])).filter(|host| !host.is_empty()));
    let former = Some(text(&request["Id"])).filter(|id| !id.is_empty());
    match edge.bind(session, asked, former) {
        Ok((id, host)) => {
            let mut opts = request["Opts"].clone();
            opts["Hostname"] = host.clone().into();
            let token = format!("token-{id}");
            json!({"Id": id, "URL": format!("https://{host}"), "Proto": "https", "Opts": opts, "Extra": {"Token": token}})
        }
        Err(refusal) => json!({"Id": "", "URL": "", "Proto": "", "Opts": request["Opts"],
            "Extra": {"Token": ""}, "Error": refusal.message()}),
    }
}
