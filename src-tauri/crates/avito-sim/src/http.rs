//! A request as read and an answer to be written, independent of the connection.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Value, json};

/// A request, body included.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Decoded segments; a slash at the end leaves an empty last one.
    pub(crate) segments: Vec<String>,
    /// Decoded pairs, in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body went past the limit and was thrown away.
    pub(crate) too_big: bool,
}

impl Request {
    pub(crate) fn segments_of(path: &str) -> Vec<String> {
        let decode =
            |segment: &str| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned();
        path.trim_start_matches('/').split('/').map(decode).collect()
    }

    pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
        url::form_urlencoded::parse(text).into_owned().collect()
    }

    /// First value of a key.
    pub(crate) fn query(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values of a key: repeated, separated by commas, or both.
    pub(crate) fn query_list(&self, key: &str) -> Vec<&str> {
        let values = self.query.iter().filter(|(name, _)| name == key);
        values
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
    }

    /// The body as JSON; an empty one is an empty object, as on calls without a body.
    pub(crate) fn json(&self) -> Result<Value, Reply> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(&self.body).map_err(|_| Reply::bad_request())
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Body,
    pub(crate) retry_after: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    None,
    Json(Value),
    /// JSON text that is not to be parsed as such.
    Broken(String),
    Html(String),
    File(Bytes, &'static str),
}

impl Reply {
    pub(crate) fn json(value: Value) -> Self {
        Self::with(StatusCode::OK, value)
    }

    pub(crate) fn with(status: StatusCode, value: Value) -> Self {
        Self { status, body: Body::Json(value), retry_after: None }
    }

    pub(crate) fn empty() -> Self {
        Self { status: StatusCode::OK, body: Body::None, retry_after: None }
    }

    pub(crate) fn file(bytes: Bytes, mime: &'static str) -> Self {
        Self { status: StatusCode::OK, body: Body::File(bytes, mime), retry_after: None }
    }

    /// The messenger document's form of an error.
    fn error(status: StatusCode, message: &str) -> Self {
        Self::with(status, json!({"error": {"code": status.as_u16(), "message": message}}))
    }

    pub(crate) fn validation(field: &str, problem: &str) -> Self {
        Self::with(
            StatusCode::BAD_REQUEST,
            json!({"error": {"code": 400, "message": "Validation error", "fields": {field: problem}}}),
        )
    }

    pub(crate) fn bad_request() -> Self {
        Self::error(StatusCode::BAD_REQUEST, "Bad Request")
    }

    pub(crate) fn refused(message: &str) -> Self {
        Self::error(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::error(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    pub(crate) fn forbidden() -> Self {
        Self::error(StatusCode::FORBIDDEN, "Forbidden")
    }

    pub(crate) fn not_found() -> Self {
        Self::error(StatusCode::NOT_FOUND, "Not found")
    }

    pub(crate) fn too_large() -> Self {
        Self::error(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
    }

    pub(crate) fn rate_limited(retry_after: Option<u64>) -> Self {
        Self { retry_after, ..Self::error(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests") }
    }

    pub(crate) fn server_error(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let message = match status {
            StatusCode::SERVICE_UNAVAILABLE => "Service temporarily unavailable. Please, contact support",
            _ => "Error while processing request. Please, contact support",
        };
        Self::error(status, message)
    }

    pub(crate) fn server_error_html(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let page = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self { status, body: Body::Html(page), retry_after: None }
    }

    /// The gateway's answer to an unknown route.
    pub(crate) fn no_route() -> Self {
        Self::with(StatusCode::NOT_FOUND, json!({"message": "no Route matched with those values"}))
    }

    /// Half of the JSON.
    pub(crate) fn malformed(mut self) -> Self {
        if let Body::Json(value) = &self.body {
            let text = value.to_string();
            let half: String = text.chars().take(text.chars().count() / 2).collect();
            self.body = Body::Broken(half);
        }
        self
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let (bytes, kind) = match self.body {
            Body::None => (Bytes::new(), None),
            Body::Json(value) => (Bytes::from(value.to_string()), Some("application/json; charset=utf-8")),
            Body::Broken(text) => (Bytes::from(text), Some("application/json; charset=utf-8")),
            Body::Html(text) => (Bytes::from(text), Some("text/html")),
            Body::File(bytes, mime) => (bytes, Some(mime)),
        };
        let mut response = Response::new(Full::new(bytes));
        *response.status_mut() = self.status;
        if let Some(kind) = kind {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
