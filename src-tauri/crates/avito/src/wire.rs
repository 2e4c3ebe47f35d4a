//! One HTTP request and its answer: size cap, clock, log line, failures without addresses in them.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{CONTENT_LENGTH, DATE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::budget::LONGEST_PAUSE;
use crate::clock::ServerClock;
use crate::error::{Class, Error, SendOutcome, class_of, message_in};
use crate::json;

/// No answer of the API comes near this.
const BODY_LIMIT: usize = 32 * 1024 * 1024;
/// How much of an error body is read: its message is in the beginning.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

pub(crate) struct Wire {
    pub(crate) http: reqwest::Client,
    pub(crate) clock: ServerClock,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) location: Option<String>,
}

impl Wire {
    /// Sends a request and reads its answer, whatever the status. `template` stands for the path in errors and logs.
    pub(crate) async fn exchange(
        &self,
        request: RequestBuilder,
        method: &'static str,
        template: &'static str,
    ) -> Result<Answer, Error> {
        let started = Instant::now();
        let outcome = self.send(request, method, template).await;
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(Answer { status, body, .. }) => {
                tracing::debug!(method, path = template, status, bytes = body.len(), millis, "avito call");
            }
            Err(error) => tracing::debug!(method, path = template, %error, millis, "avito call failed"),
        }
        outcome
    }

    async fn send(
        &self,
        request: RequestBuilder,
        method: &'static str,
        template: &'static str,
    ) -> Result<Answer, Error> {
        let asked = SystemTime::now();
        let mut response = request.send().await.map_err(|error| network_failure(error, method, template))?;
        if let Some(date) = header(response.headers(), DATE) {
            self.clock.observe(date, asked, SystemTime::now());
        }
        let status = response.status().as_u16();
        let success = response.status().is_success();
        let retry_after = header(response.headers(), RETRY_AFTER).and_then(pause);
        let location = header(response.headers(), LOCATION).map(str::to_owned);
        let limit = if success { BODY_LIMIT } else { ERROR_BODY_LIMIT };
        let body = match read(&mut response, limit).await {
            Ok(Body::Whole(body)) => body,
            // The status of an error says enough, even when its text was cut.
            Ok(Body::Cut(body)) if !success => body,
            Err(_) if !success => Vec::new(),
            Ok(Body::Cut(_)) => {
                let error = Error::new(Class::UnexpectedShape { path: ".".to_owned() }, method, template);
                return Err(error.with_status(status).with_message(Some("answer too big".to_owned())));
            }
            Err(error) => {
                return Err(network_failure(error, method, template).with_outcome(SendOutcome::Uncertain));
            }
        };
        Ok(Answer { status, body, retry_after, location })
    }
}

impl Answer {
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        json::parse(&self.text()).ok()
    }

    /// The server's own words about an error.
    pub(crate) fn message(&self) -> Option<String> {
        self.json().as_ref().and_then(message_in)
    }

    /// The class by the status.
    pub(crate) fn class(&self) -> Class {
        class_of(self.status, self.retry_after)
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

enum Body {
    Whole(Vec<u8>),
    Cut(Vec<u8>),
}

async fn read(response: &mut Response, limit: usize) -> Result<Body, reqwest::Error> {
    let told = header(response.headers(), CONTENT_LENGTH).and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = Vec::with_capacity(limit.min(told));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            body.extend_from_slice(&chunk[..limit - body.len()]);
            return Ok(Body::Cut(body));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Body::Whole(body))
}

/// `Retry-After`, in seconds or as a date, at most [`LONGEST_PAUSE`].
fn pause(header: &str) -> Option<Duration> {
    let header = header.trim();
    let told = match header.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(header).ok()?.duration_since(SystemTime::now()).ok()?,
    };
    Some(told.min(LONGEST_PAUSE))
}

fn header(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Names what happened on the network, without the address: it has a query.
pub(crate) fn network_failure(error: reqwest::Error, method: &'static str, template: &'static str) -> Error {
    let error = error.without_url();
    if error.is_builder() {
        return Error::invalid(method, template, "request could not be built").with_source(error);
    }
    // Asked first: a connection that could not be made in time is both.
    let (what, outcome) = if error.is_connect() {
        ("could not connect", SendOutcome::NotSent)
    } else if error.is_timeout() {
        ("no answer in time", SendOutcome::Uncertain)
    } else {
        ("connection cut", SendOutcome::Uncertain)
    };
    let message = match root_cause(&error) {
        Some(cause) => format!("{what}: {cause}"),
        None => what.to_owned(),
    };
    Error::new(Class::Network, method, template)
        .with_outcome(outcome)
        .with_message(Some(message))
        .with_source(error)
}

fn root_cause(error: &dyn std::error::Error) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause.to_string())
}
