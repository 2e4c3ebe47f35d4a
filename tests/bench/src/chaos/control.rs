//! The seller's hands: requests to the running program, as its own command line makes them.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

/// How long a program that is not killed may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `control.json` tells.
#[derive(Debug, Clone, Deserialize)]
struct Reach {
    port: u16,
    token: String,
}

/// The way to one run of the program.
#[derive(Debug, Clone)]
pub(super) struct Door {
    http: reqwest::Client,
    reach: Reach,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The program never got the request.
    NotAsked,
    /// It may have got it; why nothing is known.
    Open(String),
    /// It said no, with its code.
    Refused(String),
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAsked => f.write_str("the program was not there"),
            Self::Open(why) => write!(f, "the program did not answer: {why}"),
            Self::Refused(code) => write!(f, "the program refused: {code}"),
        }
    }
}

impl std::error::Error for Unanswered {}

impl Door {
    /// Reads how to reach the run that has just said that it is ready.
    pub(super) fn of(data: &Path) -> anyhow::Result<Self> {
        let reach = serde_json::from_slice(&std::fs::read(data.join("control.json"))?)?;
        // As the command line does, which asks once: a connection that is kept may be closed in the moment it is used again.
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).pool_max_idle_per_host(0);
        Ok(Self { http: http.build()?, reach })
    }

    pub(super) async fn ask(&self, request: &Value) -> Result<Value, Unanswered> {
        let address = format!("http://127.0.0.1:{}/control", self.reach.port);
        let sent = self.http.post(address).bearer_auth(&self.reach.token).json(request).send().await;
        let answer = match sent {
            Err(error) if error.is_connect() => return Err(Unanswered::NotAsked),
            Err(error) => return Err(Unanswered::Open(format!("{:#}", anyhow::Error::new(error)))),
            Ok(answer) => answer,
        };
        let status = answer.status();
        let answer = answer.json::<Value>().await;
        let mut answer = answer.map_err(|error| Unanswered::Open(format!("{status}, {error}")))?;
        match answer.get_mut("ok").map(Value::take) {
            Some(value) => Ok(value),
            None => Err(Unanswered::Refused(answer["error"]["code"].as_str().unwrap_or_default().to_owned())),
        }
    }

    /// Approves a text; answers what the program calls the reply.
    pub(super) async fn send(&self, chat: &str, text: &str) -> Result<i64, Unanswered> {
        let request = json!({"do": "send", "account": null, "chat": chat, "text": text, "waitMs": 0});
        let row = self.ask(&request).await?;
        reply(&row).ok_or_else(|| Unanswered::Open(format!("no reply: {row}")))
    }

    /// Approves a picture.
    pub(super) async fn send_image(&self, chat: &str, file: &Path) -> Result<i64, Unanswered> {
        let request = json!({"do": "sendImage", "account": null, "chat": chat, "file": file, "waitMs": 0});
        let row = self.ask(&request).await?;
        reply(&row).ok_or_else(|| Unanswered::Open(format!("no reply: {row}")))
    }

    /// The newest messages of a chat and the replies that wait.
    pub(super) async fn messages(&self, chat: &str) -> Result<Vec<Value>, Unanswered> {
        let request = json!({"do": "messages", "account": null, "chat": chat, "limit": 500});
        match self.ask(&request).await? {
            Value::Array(rows) => Ok(rows),
            other => Err(Unanswered::Open(format!("no messages: {other}"))),
        }
    }

    pub(super) async fn status(&self) -> Result<Value, Unanswered> {
        self.ask(&json!({"do": "status"})).await
    }
}

/// The reply a bubble is or was: its key stays the same when the echo becomes the message.
pub(super) fn reply(row: &Value) -> Option<i64> {
    row["key"].as_str()?.strip_prefix('o')?.parse().ok()
}
