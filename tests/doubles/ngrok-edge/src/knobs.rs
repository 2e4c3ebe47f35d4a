//! What is to go wrong, and how the service is set up.

use serde::{Deserialize, Serialize};

/// An error of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// `ERR_NGROK_…`; empty: the service names none.
    pub code: String,
    /// Its words.
    pub text: String,
}

impl Refusal {
    /// A refusal with a code.
    #[must_use]
    pub fn new(code: &str, text: &str) -> Self {
        Self { code: code.to_owned(), text: text.to_owned() }
    }

    /// As it stands in an answer: the code on a line of its own.
    pub(crate) fn message(&self) -> String {
        format!("{}\n\n{}\n", self.text, self.code)
    }
}

/// All that can be set, at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Keys that are accepted; none: every key.
    pub keys: Vec<String>,
    /// Every key is refused like this.
    pub refuse_auth: Option<Refusal>,
    /// Every address is refused like this.
    pub refuse_bind: Option<Refusal>,
    /// Nobody is there: connections are dropped as they come. Sessions that live are cut when this is set.
    pub outage: bool,
    /// Keys are never answered.
    pub silent_auth: bool,
    /// Heartbeats are not answered.
    pub mute_heartbeats: bool,
    /// Every agent gets this host (and port), whatever it asks for.
    pub host: Option<String>,
    /// Public connections are passed on as they come, byte by byte, without looking at them.
    pub raw: bool,
    /// Each request waits so long, milliseconds.
    pub delay_ms: u64,
    /// Each so-many-th request is answered 200 and never passed on; 0: none.
    pub swallow_every: u64,
    /// Each so-many-th request is passed on, and the caller gets 502.
    pub lose_answer_every: u64,
    /// Each so-many-th request is passed on twice.
    pub double_every: u64,
}
