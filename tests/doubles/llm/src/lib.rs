//! A stand-in for an OpenAI-compatible server.
//!
//! It speaks the protocol over a socket and shares no code with what is tested against it. How it behaves is set over HTTP:
//! `POST /admin/mode` with a [`Mode`], `GET /admin/asked` tells what was asked. It is honest by default: it answers from the
//! passages that stand in the question, and says no when none shares a word with it.

mod answers;
mod chat;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The only model it has.
pub const MODEL: &str = "double-1";
/// The key it accepts; an empty one too, as servers on one's own machine do.
pub const KEY: &str = "sk-double";

/// How it behaves.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Mode {
    /// Answers from the passages of the question.
    #[default]
    Honest,
    /// Says this, whatever was asked; `{canary}` and `{system}` stand for what it finds in the instructions.
    Says {
        /// The words, decision and all.
        text: String,
    },
    /// Does everything a model must not, another thing each time.
    Dishonest,
    /// Refuses with a status and a body.
    Fails {
        /// HTTP status.
        status: u16,
        /// The body's `code`.
        code: String,
        /// Seconds of `Retry-After`.
        retry_after: Option<u64>,
    },
    /// Waits before it answers honestly.
    Slow {
        /// Milliseconds.
        wait_ms: u64,
    },
    /// Answers honestly, a few letters at a time.
    Typing {
        /// Milliseconds between them.
        pause_ms: u64,
    },
    /// Breaks the connection in the middle of the stream.
    Cut,
    /// A stream that is no JSON.
    Malformed,
    /// A page of HTML with status 200.
    Html,
    /// Answers in one piece though a stream was asked for.
    WithoutStream,
    /// Refuses what not every model takes (`temperature`, `max_tokens`, `stream_options`).
    Strict,
}

/// A question as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// The path.
    pub path: String,
    /// The body.
    pub body: Value,
    /// Headers by name, the key left out.
    pub headers: Vec<(String, String)>,
    /// The answer was read to its end.
    pub finished: bool,
    /// When the question was here whole, milliseconds of the Unix clock.
    pub came_ms: f64,
    /// When the first letters left that a buyer would see; 0: not yet.
    pub began_ms: f64,
    /// When its last letters left; 0: not yet.
    pub ended_ms: f64,
}

/// Milliseconds of the Unix clock.
fn now_ms() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1e3)
}

#[derive(Default)]
struct Inner {
    mode: Mode,
    asked: Vec<Asked>,
    turn: usize,
    answering: usize,
    most_at_once: usize,
}

/// A running double; it stops when dropped.
pub struct Double {
    state: Shared,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Inner>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Double {
    /// Starts on a free port of this machine.
    ///
    /// # Errors
    /// No port to be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts at this address.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start_at(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let state = Shared::default();
        let router = router(state.clone());
        let task = tokio::spawn(async move {
            // A listener that fails ends the double; whoever tests with it sees refused connections.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { state, address, task })
    }

    /// The base address to give to a client.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Behaves so from now on.
    pub fn set(&self, mode: Mode) {
        self.state.lock().mode = mode;
    }

    /// How many questions were being answered at the same time at most.
    pub fn most_at_once(&self) -> usize {
        self.state.lock().most_at_once
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().asked.clone()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(state: Shared) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat::completions))
        .route("/v1/embeddings", post(embeddings))
        .route("/admin/mode", post(set_mode))
        .route("/admin/asked", get(asked))
        .with_state(state)
}

async fn set_mode(State(state): State<Shared>, Json(mode): Json<Mode>) -> StatusCode {
    state.lock().mode = mode;
    StatusCode::NO_CONTENT
}

async fn asked(State(state): State<Shared>) -> Json<Vec<Asked>> {
    Json(state.lock().asked.clone())
}

async fn models(State(state): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(refusal) = refuse(&state, &headers) {
        return refusal;
    }
    Json(json!({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": "double"}]})).into_response()
}

/// Vectors that depend on the words alone: texts that share words, or words of one sense, are near each other.
async fn embeddings(State(state): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let mode = {
        let mut inner = state.lock();
        let (path, headers) = ("/v1/embeddings".to_owned(), Vec::new());
        let now_ms = now_ms();
        let (body, finished) = (body.clone(), true);
        inner.asked.push(Asked {
            path,
            body,
            headers,
            finished,
            came_ms: now_ms,
            began_ms: now_ms,
            ended_ms: now_ms,
        });
        inner.mode.clone()
    };
    if let Mode::Slow { wait_ms } = mode {
        tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
    }
    if let Some(refusal) = refuse(&state, &headers) {
        return refusal;
    }
    let inputs: Vec<String> = match &body["input"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => return error(StatusCode::BAD_REQUEST, "invalid_request_error", "input is required"),
    };
    let vector = |(index, text): (usize, &String)| json!({"object": "embedding", "index": index, "embedding": answers::vector(text)});
    let data: Vec<Value> = inputs.iter().enumerate().map(vector).collect();
    Json(json!({"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 1, "total_tokens": 1}})).into_response()
}

/// What is refused before the question is read: a wrong key, or the mode says so.
fn refuse(state: &Shared, headers: &HeaderMap) -> Option<Response> {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !given.is_empty() && given != format!("Bearer {KEY}") {
        return Some(error(StatusCode::UNAUTHORIZED, "invalid_api_key", "Incorrect API key provided"));
    }
    let Mode::Fails { status, code, retry_after } = state.lock().mode.clone() else { return None };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = error(status, &code, "The server refuses");
    if let Some(value) = retry_after.and_then(|seconds| seconds.to_string().parse().ok()) {
        answer.headers_mut().insert("retry-after", value);
    }
    Some(answer)
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body =
        json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}});
    (status, Json(body)).into_response()
}
