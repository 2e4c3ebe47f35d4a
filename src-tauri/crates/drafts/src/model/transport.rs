//! How requests of `async-openai` go out: once (whether to try again is the caller's decision), over our own HTTP client, with refusals
//! told apart where status, headers and body are still at hand. Bodies never reach a log: they are people's words.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use futures_util::StreamExt as _;
use serde_json::Value;

use super::error::{ModelError, of_transport};

/// An answer that is no stream, and a refusal's body, are read up to so many bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Sends one request.
#[derive(Clone)]
pub(super) struct Direct {
    pub(super) http: reqwest::Client,
}

impl tower::Service<HttpRequestFactory> for Direct {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let http = self.http.clone();
        Box::pin(async move {
            let request = request.build().await?;
            let wants_stream =
                request.headers().get("accept").is_some_and(|accept| accept == "text/event-stream");
            send(&http, request, wants_stream).await.map_err(|error| OpenAIError::Boxed(Box::new(error)))
        })
    }
}

async fn send(
    http: &reqwest::Client,
    request: reqwest::Request,
    wants_stream: bool,
) -> Result<reqwest::Response, ModelError> {
    let answer = http.execute(request).await.map_err(|error| of_transport(&error))?;
    let status = answer.status();
    let header =
        |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if !status.is_success() {
        let after = header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let body = read(answer).await.unwrap_or_default();
        let (code, message) = refusal(&body);
        return Err(ModelError::of_answer(status.as_u16(), after, &code, &message));
    }
    let is_stream = header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    if is_stream && wants_stream {
        return Ok(answer);
    }
    let body = read(answer).await?;
    // What is no JSON would be written to the log by the library that parses it.
    let value: Value = serde_json::from_slice(&body).map_err(|_| ModelError::Malformed)?;
    let text = value.to_string();
    // A server that does not stream answers in one piece: the same event, once.
    let text = if wants_stream { format!("data: {text}\n\ndata: [DONE]\n\n") } else { text };
    Ok(http::Response::new(reqwest::Body::from(text)).into())
}

async fn read(answer: reqwest::Response) -> Result<Vec<u8>, ModelError> {
    let mut out = Vec::new();
    let mut chunks = answer.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        out.extend_from_slice(&chunk.map_err(|error| of_transport(&error))?);
        if out.len() > BODY_LIMIT {
            return Err(ModelError::Malformed);
        }
    }
    Ok(out)
}

/// Code and words of a refusal, in whichever of the usual forms.
pub(super) fn refusal(body: &[u8]) -> (String, String) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return (String::new(), String::from_utf8_lossy(body).chars().take(500).collect());
    };
    let error = value.get("error").unwrap_or(&value);
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let code = format!("{} {}", text(error.get("code")), text(error.get("type")));
    let message = if let Value::String(text) = error { text.clone() } else { text(error.get("message")) };
    (code, message)
}
