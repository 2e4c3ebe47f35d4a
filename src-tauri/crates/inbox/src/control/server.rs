//! The running program's side: listens on a loopback port and answers requests that carry the run's token.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Request, execute};
use crate::Core;
use crate::diagnostics;
use crate::endpoint::body::{Reader, Rooms};
use crate::endpoint::listener::{self, Limits, Standing};
use crate::folder::{DataFolder, create_private_file};
use crate::timing::Timing;
use crate::view::{ErrorCode, UiError};

/// Commands are given one by one.
const CONNECTIONS: usize = 64;
/// Larger requests are refused. What is too long for Avito should still get an answer that says so.
const BODY_LIMIT: usize = 1024 * 1024;
/// What all requests that are being read may take together.
const ROOMS: Rooms = Rooms { small: BODY_LIMIT, large: 4 * BODY_LIMIT };
/// Longer challenges are refused; ours have 32 characters.
const NONCE_LIMIT: usize = 64;

/// What `control.json` holds: how to reach this run.
#[derive(Serialize, Deserialize)]
pub(super) struct Reach {
    pub(super) port: u16,
    pub(super) token: String,
}

/// Called when another start of the program asks for the window.
pub type ShowWindow = Arc<dyn Fn() + Send + Sync>;

/// Removes `control.json` and stops listening when dropped.
pub struct Control {
    file: PathBuf,
    stop: CancellationToken,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Err(error) = fs::remove_file(&self.file) {
            tracing::debug!(%error, "control.json is gone already");
        }
    }
}

#[derive(Clone)]
struct Context {
    core: Result<Core, UiError>,
    folder: DataFolder,
    token: Arc<str>,
    show_window: Option<ShowWindow>,
    reader: Reader,
}

/// Begins to answer the command line. Keep the result as long as the program runs.
pub async fn serve(folder: &DataFolder, core: &Core, show_window: Option<ShowWindow>) -> io::Result<Control> {
    answer_with(folder, Ok(core.clone()), show_window).await
}

/// The same for a program whose archive could not be opened: every command gets this error, the window can still be shown.
pub async fn refuse(
    folder: &DataFolder,
    error: UiError,
    show_window: Option<ShowWindow>,
) -> io::Result<Control> {
    answer_with(folder, Err(error), show_window).await
}

async fn answer_with(
    folder: &DataFolder,
    core: Result<Core, UiError>,
    show_window: Option<ShowWindow>,
) -> io::Result<Control> {
    let tcp = TcpListener::bind(("127.0.0.1", 0)).await?;
    let token: Arc<str> = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into();
    let reach = Reach { port: tcp.local_addr()?.port(), token: token.to_string() };
    let file = folder.control();
    // Written beside and renamed, so that nobody reads half of it.
    let beside = file.with_extension("new");
    create_private_file(&beside)?.write_all(&serde_json::to_vec(&reach).map_err(io::Error::other)?)?;
    fs::rename(&beside, &file)?;
    let timing = core.as_ref().map_or_else(|_| Timing::default(), |core| core.inner.timing.clone());
    let limits = Limits::new(CONNECTIONS, &timing);
    let reader = Reader::new(BODY_LIMIT, ROOMS);
    let context = Context { core, folder: folder.clone(), token, show_window, reader };
    let router = Router::new()
        .route("/control", post(answer))
        .route("/control/{nonce}", get(prove))
        .with_state(context);
    let stop = CancellationToken::new();
    tokio::spawn(listener::serve(tcp, router, limits, stop.clone()));
    Ok(Control { file, stop })
}

/// Proves that this is the run `control.json` speaks of, before anybody trusts it with a token or a key.
async fn prove(State(context): State<Context>, Path(nonce): Path<String>) -> Result<String, StatusCode> {
    if nonce.len() > NONCE_LIMIT { Err(StatusCode::NOT_FOUND) } else { Ok(proof(&context.token, &nonce)) }
}

/// What only somebody who knows the token can answer to a nonce.
pub(super) fn proof(token: &str, nonce: &str) -> String {
    let digest = Sha256::digest(format!("{token} {nonce}").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn answer(
    State(context): State<Context>,
    Extension(standing): Extension<Standing>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let expected = format!("Bearer {}", context.token);
    let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
    if !bool::from(given.ct_eq(expected.as_bytes())) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    standing.prove();
    // Read after the token: a stranger can neither fill our memory nor learn what a request looks like.
    let body = match context.reader.read(&headers, body).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let Ok(request) = serde_json::from_slice(&body) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    drop(body);
    let result: Result<_, UiError> = match (request, &context.show_window) {
        (Request::ShowWindow, Some(show)) => {
            show();
            Ok(json!({"shown": true}))
        }
        (Request::Diagnostics, _) => {
            // Also, and above all, while the archive cannot be opened.
            let version = env!("CARGO_PKG_VERSION");
            Ok(json!({"text": diagnostics::gather(&context.folder, version, context.core.as_ref()).await}))
        }
        (request, _) => match context.core {
            // A task of its own: whoever asked may hang up, and what has begun must not stop half-way.
            Ok(core) => {
                let done = tokio::spawn(async move { execute(&core, request).await }).await;
                done.unwrap_or_else(|error| {
                    Err(UiError { code: ErrorCode::Internal, message: error.to_string() })
                })
            }
            Err(error) => Err(error),
        },
    };
    match result {
        Ok(value) => Json(json!({"ok": value})).into_response(),
        Err(error) => Json(json!({"error": error})).into_response(),
    }
}
