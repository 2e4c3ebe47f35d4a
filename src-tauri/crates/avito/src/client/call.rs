//! One call: its turn in the budget, its token, its repetition, its meaning.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::Client;
use crate::error::{Class, Error};
use crate::is_tariff_placeholder;
use crate::json;
use crate::lane::Lane;
use crate::token::Token;
use crate::wire::Answer;

/// Characters of a path segment that are not escaped: RFC 3986's unreserved ones, of which chat ids are made.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Redirects followed on the same host.
const REDIRECTS: usize = 3;
/// The slowest upload that is not given up: bytes a second.
const SLOWEST_UPLOAD: u64 = 64 * 1024;

/// A call to be made.
pub(super) struct Call {
    method: Method,
    template: &'static str,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Body,
    /// Whether making it twice is the same as making it once.
    repeatable: bool,
    items: bool,
}

enum Body {
    Empty,
    Json(Value),
    Image { file_name: String, mime: String, bytes: Bytes, told: Told },
}

/// Is told how many bytes of an upload have been handed to the connection; from the beginning again when it is repeated.
pub(super) type Told = Arc<dyn Fn(u64) + Send + Sync>;

/// An upload goes out in pieces of this many bytes.
const PIECE: usize = 32 * 1024;

/// The bytes in pieces, each told of as the connection takes it.
fn told_of(bytes: Bytes, told: Told) -> reqwest::Body {
    let pieces = (0..bytes.len().div_ceil(PIECE)).map(move |index| {
        let from = index * PIECE;
        let to = bytes.len().min(from + PIECE);
        told(to as u64);
        Ok::<_, Infallible>(bytes.slice(from..to))
    });
    reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))
}

impl Call {
    /// A call that reads. `segments` replace the `{…}` of the template in their order.
    pub(super) fn get(template: &'static str, segments: &[&str]) -> Result<Self, Error> {
        Self::new(Method::GET, template, segments).map(Self::repeatable)
    }

    /// A call that may change something.
    pub(super) fn post(template: &'static str, segments: &[&str]) -> Result<Self, Error> {
        Self::new(Method::POST, template, segments)
    }

    fn new(method: Method, template: &'static str, segments: &[&str]) -> Result<Self, Error> {
        let path = fill(template, segments).ok_or_else(|| {
            Error::invalid(method_name(&method), template, "an id that cannot be part of a path")
        })?;
        Ok(Self {
            method,
            template,
            path,
            query: Vec::new(),
            body: Body::Empty,
            repeatable: false,
            items: false,
        })
    }

    /// Marks a call that does no harm when made twice.
    pub(super) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Marks a call that counts against the smaller budget of the list of items.
    pub(super) fn of_items(mut self) -> Self {
        self.items = true;
        self
    }

    pub(super) fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// A list as comma-separated values; left out when empty.
    pub(super) fn csv<T: ToString>(self, name: &'static str, values: &[T]) -> Self {
        if values.is_empty() {
            return self;
        }
        let joined = values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        self.query(name, joined)
    }

    pub(super) fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    pub(super) fn image(mut self, file_name: String, mime: String, bytes: Vec<u8>, told: Told) -> Self {
        self.body = Body::Image { file_name, mime, bytes: bytes.into(), told };
        self
    }

    /// An error about this call.
    pub(super) fn error(&self, class: Class) -> Error {
        Error::new(class, method_name(&self.method), self.template)
    }

    /// An error about the shape of this call's answer.
    pub(super) fn shape(&self, answer: &Answer, path: String) -> Error {
        self.error(Class::UnexpectedShape { path }).with_status(answer.status)
    }

    /// Decodes an answer that is one thing.
    pub(super) fn decode<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Error> {
        json::typed(self.value(answer)?).map_err(|path| self.shape(answer, path))
    }

    /// The answer as JSON.
    pub(super) fn value(&self, answer: &Answer) -> Result<Value, Error> {
        answer.json().ok_or_else(|| self.shape(answer, ".".to_owned()))
    }

    /// Reads an answer that only confirms: `{"ok":true}`, another object, or nothing. `{"ok":false}` is no success.
    pub(super) fn confirmed(&self, answer: &Answer) -> Result<(), Error> {
        let refused =
            answer.json().is_some_and(|body| body.get("ok").and_then(Value::as_bool) == Some(false));
        if refused { Err(self.shape(answer, "ok".to_owned())) } else { Ok(()) }
    }
}

impl Client {
    /// Makes the call. The answer is a 2xx.
    pub(super) async fn execute(&self, call: &Call) -> Result<Answer, Error> {
        let tokens = &self.inner.tokens;
        self.admit(call).await?;
        let token = tokens.get().await?;
        let answer = self.attempt(call, &token).await?;
        if !matches!(answer.status, 401 | 403) {
            return self.conclude(call, answer);
        }
        let message = answer.message();
        match tokens.after_refusal(&token, answer.status, message.as_deref()).await? {
            None => self.conclude(call, answer),
            Some(newer) => {
                self.admit(call).await?;
                let answer = self.attempt(call, &newer).await?;
                if answer.status == 403 {
                    tokens.believe_403();
                }
                self.conclude(call, answer)
            }
        }
    }

    async fn admit(&self, call: &Call) -> Result<(), Error> {
        let limited = |left| call.error(Class::RateLimited { retry_after: Some(left) });
        if call.items {
            self.inner.items.admit(self.priority).await.map_err(limited)?;
        }
        self.inner.messenger.admit(self.priority).await.map_err(limited)
    }

    /// The lane a 429 to this call closes.
    fn lane(&self, call: &Call) -> &Lane {
        if call.items { &self.inner.items } else { &self.inner.messenger }
    }

    fn conclude(&self, call: &Call, answer: Answer) -> Result<Answer, Error> {
        let lane = self.lane(call);
        if answer.is_success() {
            lane.on_success();
            return Ok(answer);
        }
        let message = answer.message().map(|text| self.inner.tokens.scrub(text));
        let class = match answer.class() {
            Class::RateLimited { retry_after } => {
                Class::RateLimited { retry_after: Some(lane.on_limited(retry_after)) }
            }
            Class::Forbidden | Class::Validation if message.as_deref().is_some_and(is_tariff_placeholder) => {
                Class::TariffMissing
            }
            other => other,
        };
        Err(call.error(class).with_status(answer.status).with_message(message))
    }

    /// One request, and what may follow from it without anybody being asked.
    async fn attempt(&self, call: &Call, token: &Token) -> Result<Answer, Error> {
        let base = &self.inner.base_url;
        let mut url = address(base, &call.path).ok_or_else(|| call.error(Class::Validation))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        for _ in 0..REDIRECTS {
            let answer = match self.request(call, token, url.clone()).await {
                Err(error) if call.repeatable && is_broken_connection(&error) => {
                    self.request(call, token, url.clone()).await?
                }
                other => other?,
            };
            let target = answer.location.as_deref().filter(|_| (300..400).contains(&answer.status));
            // Only what reads: a redirected POST would become a GET, or be made twice. And the token stays here.
            match target.and_then(|target| url.join(target).ok()) {
                Some(next) if call.method == Method::GET && next.origin() == base.origin() => url = next,
                _ => return Ok(answer),
            }
        }
        Err(call.error(Class::Server).with_message(Some("redirected in a circle".to_owned())))
    }

    async fn request(&self, call: &Call, token: &Token, url: Url) -> Result<Answer, Error> {
        let wire = &self.inner.wire;
        let request = wire.http.request(call.method.clone(), url).bearer_auth(token.secret.expose_secret());
        let request = match &call.body {
            // Some gateways want a length with every POST.
            Body::Empty if call.method == Method::POST => request.body(""),
            Body::Empty => request,
            Body::Json(body) => request.json(body),
            Body::Image { file_name, mime, bytes, told } => {
                let length = bytes.len() as u64;
                let body = told_of(bytes.clone(), Arc::clone(told));
                let part = Part::stream_with_length(body, length).file_name(file_name.clone());
                let part = part.mime_str(mime).map_err(|_| call.error(Class::Validation))?;
                let more = Duration::from_secs(length / SLOWEST_UPLOAD);
                request.multipart(Form::new().part("uploadfile[]", part)).timeout(self.inner.timeout + more)
            }
        };
        wire.exchange(request, method_name(&call.method), call.template).await
    }
}

/// `path` under the base URL, whose own path is kept.
pub(super) fn address(base: &Url, path: &str) -> Option<Url> {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    Some(url).filter(|url| url.path().ends_with(path))
}

/// Puts segments into the `{…}` of a template. `None` for a segment that would change the path.
fn fill(template: &str, segments: &[&str]) -> Option<String> {
    let mut segments = segments.iter();
    let parts: Option<Vec<String>> = template
        .split('/')
        .map(|part| {
            if !part.starts_with('{') {
                return Some(part.to_owned());
            }
            let segment = segments.next().filter(|segment| !matches!(**segment, "" | "." | ".."))?;
            Some(utf8_percent_encode(segment, SEGMENT).to_string())
        })
        .collect();
    debug_assert!(parts.is_none() || segments.next().is_none(), "a segment without a place in {template}");
    Some(parts?.join("/"))
}

fn is_broken_connection(error: &Error) -> bool {
    // Not after a timeout, which has cost enough, nor when nobody listens.
    error.status().is_none()
        && *error.class() == Class::Network
        && error.message().is_some_and(|message| message.starts_with("connection cut"))
}

fn method_name(method: &Method) -> &'static str {
    if *method == Method::GET { "GET" } else { "POST" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_put_into_paths_safely() {
        for (id, expected) in [
            ("u2i-k3Vd~8Qm_Z", Some("/chats/u2i-k3Vd~8Qm_Z/read")),
            ("a/b?c#d%e", Some("/chats/a%2Fb%3Fc%23d%25e/read")),
            ("чат", Some("/chats/%D1%87%D0%B0%D1%82/read")),
            ("..", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(fill("/chats/{chat_id}/read", &[id]).as_deref(), expected, "{id}");
        }
    }

    #[test]
    fn the_base_urls_own_path_is_kept() {
        for (base, expected) in [
            ("https://api.avito.ru/", "https://api.avito.ru/a/b/"),
            ("http://127.0.0.1:1/x?y#z", "http://127.0.0.1:1/x/a/b/"),
        ] {
            let url = address(&Url::parse(base).unwrap(), "/a/b/").unwrap();
            assert_eq!(url.as_str(), expected);
        }
    }
}
