//! What can go wrong with a call, and what may be done about it; decided once, where the facts are known.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// The longest server text kept in an error, in characters.
const MESSAGE_LIMIT: usize = 300;

/// The kind of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// `/token` did not accept the id and secret (or the code, or the refresh token). Only a person can help.
    WrongCredentials,
    /// A token that had just been renewed was answered with 401 again.
    Token,
    /// 402: the account has no tariff with the messenger API, or no money for it.
    TariffMissing,
    /// 403 with a fresh token: no right to this chat or method, or an employee's key.
    Forbidden,
    /// 404: no such chat, message or route.
    NotFound,
    /// The server, or the client before any call, found the request itself wrong.
    Validation,
    /// 429, or a call held back because of an earlier 429.
    RateLimited {
        /// How long to wait: `Retry-After`, otherwise this client's own growing pause.
        retry_after: Option<Duration>,
    },
    /// The server or a proxy failed (5xx, 408, an unexpected redirect).
    Server,
    /// No connection, a cut connection or no answer in time.
    Network,
    /// The answer was not what the API promises.
    UnexpectedShape {
        /// JSON path of the first thing that did not fit, such as `orders[0].id`; `.` means the whole body.
        path: String,
    },
}

/// Whether and when the same call may be made again. For a send ask [`Error::send_outcome`] first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// As soon as the network is there again.
    WhenOnline,
    /// After the given time; `None` means a backoff of the caller's choice.
    After(Option<Duration>),
    /// It would only fail again.
    Never,
}

/// What is known about a message whose sending failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendOutcome {
    /// It never reached Avito, or was turned away before acceptance (token, 429): may be sent again.
    NotSent,
    /// Avito refused this message (402, 403 and every other 4xx): final for it.
    Refused,
    /// It may have been delivered (timeout, cut, 5xx, unreadable answer): look into the chat before sending again.
    Uncertain,
}

/// A failed call.
///
/// Its text names the method, the path template, the status and the server's own message. It holds no secret, no
/// body, no query and ends without a full stop.
#[derive(Clone)]
pub struct Error(Box<Parts>);

#[derive(Clone)]
struct Parts {
    class: Class,
    endpoint: &'static str,
    method: &'static str,
    status: Option<u16>,
    message: Option<String>,
    outcome: SendOutcome,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error about `method` on the path template `endpoint`, its send outcome following from the class.
    pub(crate) fn new(class: Class, method: &'static str, endpoint: &'static str) -> Self {
        let outcome = match class {
            Class::WrongCredentials | Class::Token | Class::RateLimited { .. } => SendOutcome::NotSent,
            Class::TariffMissing | Class::Forbidden | Class::NotFound | Class::Validation => {
                SendOutcome::Refused
            }
            Class::Server | Class::Network | Class::UnexpectedShape { .. } => SendOutcome::Uncertain,
        };
        Self(Box::new(Parts { class, endpoint, method, status: None, message: None, outcome, source: None }))
    }

    /// The request is wrong and was not made; `why` is ours, in English, for logs.
    pub(crate) fn invalid(method: &'static str, endpoint: &'static str, why: &str) -> Self {
        Self::new(Class::Validation, method, endpoint).with_message(Some(why.to_owned()))
    }

    /// Something that is not an API answer did not have the shape asked for.
    pub(crate) fn shape(what: &'static str, path: impl Into<String>) -> Self {
        Self::new(Class::UnexpectedShape { path: path.into() }, "", what)
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_message(mut self, message: Option<String>) -> Self {
        self.0.message = message.map(|text| cut(&text)).filter(|text| !text.is_empty());
        self
    }

    pub(crate) fn with_outcome(mut self, outcome: SendOutcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    pub(crate) fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The kind of the failure.
    pub fn class(&self) -> &Class {
        &self.0.class
    }

    /// Whether the server's name could not be turned into an address: no network, or a DNS that does not answer.
    pub fn is_dns(&self) -> bool {
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            // The words of hyper's connector, which has no other mark for it; a test holds them.
            if error.to_string().starts_with("dns error") {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// The path template, such as `/messenger/v2/accounts/{user_id}/chats`.
    pub fn endpoint(&self) -> &'static str {
        self.0.endpoint
    }

    /// The HTTP method; empty when no call was involved.
    pub fn method(&self) -> &'static str {
        self.0.method
    }

    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's own text, at most 300 characters, often Russian and fit to be shown.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Whether and when to make the call again.
    pub fn retry(&self) -> Retry {
        match &self.0.class {
            Class::Network => Retry::WhenOnline,
            Class::Server | Class::Token => Retry::After(None),
            Class::RateLimited { retry_after } => Retry::After(*retry_after),
            Class::WrongCredentials
            | Class::TariffMissing
            | Class::Forbidden
            | Class::NotFound
            | Class::Validation
            | Class::UnexpectedShape { .. } => Retry::Never,
        }
    }

    /// For a failed send: what became of the message.
    pub fn send_outcome(&self) -> SendOutcome {
        self.0.outcome
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { class, endpoint, method, status, message, .. } = &*self.0;
        if !method.is_empty() {
            write!(f, "{method} ")?;
        }
        write!(f, "{endpoint}: ")?;
        match class {
            Class::WrongCredentials => write!(f, "credentials not accepted")?,
            Class::Token => write!(f, "fresh token not accepted")?,
            Class::TariffMissing => write!(f, "the tariff has no messenger API")?,
            Class::Forbidden => write!(f, "forbidden")?,
            Class::NotFound => write!(f, "not found")?,
            Class::Validation => write!(f, "request not valid")?,
            Class::RateLimited { retry_after: Some(wait) } => {
                write!(f, "too many requests, wait {} s", wait.as_secs_f64().ceil())?;
            }
            Class::RateLimited { retry_after: None } => write!(f, "too many requests")?,
            Class::Server => write!(f, "server failure")?,
            Class::Network => write!(f, "network failure")?,
            Class::UnexpectedShape { path } => write!(f, "unexpected shape at {path}")?,
        }
        if let Some(status) = status {
            write!(f, " (status {status})")?;
        }
        if let Some(message) = message {
            write!(f, ": {}", message.trim_end_matches('.'))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { class, outcome, source, .. } = &*self.0;
        write!(f, "Error({self}; {class:?}, {outcome:?}")?;
        if let Some(source) = source {
            write!(f, ", source {source:?}")?;
        }
        write!(f, ")")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// The class of a status that is not 2xx.
pub(crate) fn class_of(status: u16, retry_after: Option<Duration>) -> Class {
    match status {
        401 => Class::Token,
        402 => Class::TariffMissing,
        403 => Class::Forbidden,
        404 | 405 | 410 => Class::NotFound,
        408 => Class::Server,
        429 => Class::RateLimited { retry_after },
        400..=499 => Class::Validation,
        _ => Class::Server,
    }
}

/// The server's text in an error body, whichever of the known shapes it has; `None` for HTML and the like.
pub(crate) fn message_in(body: &Value) -> Option<String> {
    let candidates = [
        body.pointer("/error/message"),
        body.get("error_description"),
        body.get("error"),
        body.get("message"),
        body.pointer("/result/message"),
        body.pointer("/errors/0"),
    ];
    let text =
        candidates.into_iter().flatten().filter_map(Value::as_str).find(|text| !text.trim().is_empty())?;
    let fields = body.pointer("/error/fields").and_then(Value::as_object);
    let named: Vec<String> = fields
        .into_iter()
        .flatten()
        .filter_map(|(name, why)| Some(format!("{name}: {}", why.as_str()?)))
        .collect();
    Some(if named.is_empty() { text.to_owned() } else { format!("{text} ({})", named.join(", ")) })
}

fn cut(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let flat = flat.trim();
    if flat.chars().count() <= MESSAGE_LIMIT {
        return flat.to_owned();
    }
    flat.chars().take(MESSAGE_LIMIT - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_servers_text_is_found_in_every_known_shape() {
        for (body, expected) in [
            (json!({"error": {"code": 402, "message": "Payment required"}}), Some("Payment required")),
            (json!({"error": "invalid_client", "error_description": "Wrong pair"}), Some("Wrong pair")),
            (json!({"error": "invalid_client"}), Some("invalid_client")),
            (json!({"code": 402, "message": "Перейдите на подписку"}), Some("Перейдите на подписку")),
            (
                json!({"result": {"status": false, "message": "access token expired"}}),
                Some("access token expired"),
            ),
            (json!({"errors": ["first", "second"]}), Some("first")),
            (
                json!({"error": {"code": 400, "message": "Validation error", "fields": {"limit": "too big"}}}),
                Some("Validation error (limit: too big)"),
            ),
            (json!({"error": {"code": 400, "message": "Bad", "fields": null}}), Some("Bad")),
            (json!({"message": 5}), None),
            (json!([1]), None),
        ] {
            assert_eq!(message_in(&body).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn an_error_is_one_short_line_without_a_full_stop() {
        let long = "Слишком\nдлинно ".repeat(100);
        let error =
            Error::new(Class::Validation, "POST", "/x/{id}").with_status(400).with_message(Some(long));
        assert_eq!(error.message().map(|text| text.chars().count()), Some(MESSAGE_LIMIT));
        assert!(!error.to_string().contains('\n'));
        let dotted =
            Error::new(Class::Server, "GET", "/x").with_status(500).with_message(Some("Sorry.".into()));
        assert_eq!(dotted.to_string(), "GET /x: server failure (status 500): Sorry");
    }
}
