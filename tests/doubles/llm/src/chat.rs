//! Chat completions, in one piece and as a stream.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::{Value, json};

use crate::answers::Question;
use crate::{Asked, MODEL, Mode, Shared, error, refuse};

pub(crate) async fn completions(
    State(state): State<Shared>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let told = headers.iter().filter(|(name, _)| *name != "authorization");
    let told =
        told.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned())).collect();
    let (mode, turn, index) = {
        let mut inner = state.lock();
        let index = inner.asked.len();
        inner.asked.push(Asked {
            path: "/v1/chat/completions".into(),
            body: body.clone(),
            headers: told,
            finished: false,
            came_ms: crate::now_ms(),
            began_ms: 0.0,
            ended_ms: 0.0,
        });
        inner.turn += 1;
        (inner.mode.clone(), inner.turn - 1, index)
    };
    if let Some(refusal) = refuse(&state, &headers) {
        return refusal;
    }
    if body["model"] != MODEL {
        return error(StatusCode::NOT_FOUND, "model_not_found", "The model does not exist");
    }
    let optional = ["temperature", "max_tokens", "stream_options"];
    if mode == Mode::Strict && optional.iter().any(|name| body.get(name).is_some()) {
        return error(StatusCode::BAD_REQUEST, "unsupported_parameter", "Unsupported parameter");
    }
    if let Mode::Slow { wait_ms } = mode {
        let _answering = Answering::begin(&state);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        if let Some(refusal) = refuse(&state, &headers) {
            return refusal; // the mode has changed meanwhile
        }
    }
    let of = |role: &str| {
        let messages = body["messages"].as_array().into_iter().flatten();
        messages
            .filter(|message| message["role"] == role)
            .filter_map(|message| message["content"].as_str())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let (system, user) = (of("system"), of("user"));
    let question = Question::read(&system, &user);
    let text = match &mode {
        Mode::Says { text } => {
            text.replace("{canary}", question.canary()).replace("{system}", question.system())
        }
        Mode::Dishonest => question.dishonest(turn),
        Mode::Html => {
            return ([("content-type", "text/html")], "<html><body>Sign in</body></html>").into_response();
        }
        _ if system.is_empty() => "да".to_owned(),
        _ => question.honest(),
    };
    let usage = json!({"prompt_tokens": tokens(&system) + tokens(&user), "completion_tokens": tokens(&text), "total_tokens": tokens(&system) + tokens(&user) + tokens(&text)});
    if body["stream"] != true || mode == Mode::WithoutStream {
        state.lock().asked[index].finished = true;
        let choice =
            json!({"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"});
        return Json(json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice], "usage": usage})).into_response();
    }
    let told = body["stream_options"]["include_usage"] == true;
    stream_of(&text, mode, told.then_some(usage), state, index)
}

/// Counts those that wait for a slow answer; one that goes away counts no longer.
struct Answering(Shared);

impl Answering {
    fn begin(state: &Shared) -> Self {
        let mut inner = state.lock();
        inner.answering += 1;
        inner.most_at_once = inner.most_at_once.max(inner.answering);
        drop(inner);
        Self(state.clone())
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.lock().answering -= 1;
    }
}

/// Letters of a piece of a stream.
const PIECE: usize = 7;

fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(3)
}

fn stream_of(text: &str, mode: Mode, usage: Option<Value>, state: Shared, index: usize) -> Response {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        format!(
            "data: {}\n\n",
            json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]})
        )
    };
    let letters: Vec<char> = text.chars().collect();
    // The piece with the first letters of the answer itself: what stands before it is the decision.
    let decided = letters.iter().position(|letter| *letter == '\n').map_or(0, |at| at + 1);
    let first = decided / PIECE + 1;
    let mut events: Vec<Result<String, std::io::Error>> =
        vec![Ok(chunk(json!({"role": "assistant", "content": ""}), Value::Null))];
    events.extend(
        letters
            .chunks(PIECE)
            .map(|piece| Ok(chunk(json!({"content": piece.iter().collect::<String>()}), Value::Null))),
    );
    let pause = match mode {
        Mode::Typing { pause_ms } => Duration::from_millis(pause_ms),
        _ => Duration::ZERO,
    };
    match mode {
        Mode::Cut => {
            events.truncate(events.len() / 2 + 1);
            events.push(Err(std::io::Error::other("cut")));
        }
        Mode::Malformed => {
            events.truncate(2);
            events.push(Ok("data: {\"choices\": [\n\n".to_owned()));
        }
        _ => {
            events.push(Ok(chunk(json!({}), json!("stop"))));
            if let Some(usage) = usage {
                events.push(Ok(format!("data: {}\n\n", json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [], "usage": usage}))));
            }
            events.push(Ok("data: [DONE]\n\n".to_owned()));
        }
    }
    let began = state.clone();
    let finished = stream::once(async move {
        state.lock().asked[index].finished = true;
        Ok::<_, Infallible>(String::new())
    });
    // The first event has no letters yet.
    let told =
        futures_util::StreamExt::then(stream::iter(events.into_iter().enumerate()), move |(at, event)| {
            let began = began.clone();
            async move {
                if at > 0 && !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                let mut inner = began.lock();
                if at == first {
                    inner.asked[index].began_ms = crate::now_ms();
                }
                inner.asked[index].ended_ms = crate::now_ms();
                drop(inner);
                event
            }
        });
    let body = futures_util::StreamExt::chain(
        told,
        futures_util::StreamExt::map(finished, |end| end.map_err(|never| match never {})),
    );
    ([("content-type", "text/event-stream"), ("cache-control", "no-cache")], Body::from_stream(body))
        .into_response()
}
