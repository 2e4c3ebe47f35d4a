//! Calls to a model through `async-openai`.

use std::time::{Duration, Instant};

use async_openai::config::Config;
use async_openai::traits::RequestOptionsBuilder as _;
use futures_util::StreamExt as _;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::error::ModelError;
use super::transport::{Direct, refusal};
use crate::prompt::Prompt;

/// Where a model is and how it is asked.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Base address, with the version's path: `https://api.openai.com/v1`.
    pub base_url: String,
    /// The key; none: the server asks for none.
    pub key: Option<SecretString>,
    /// The model's name.
    pub model: String,
    /// Further headers, some providers ask for them.
    pub headers: Vec<(String, String)>,
    /// A proxy for this server alone; none: the system's.
    pub proxy: Option<String>,
    /// How long the whole answer may take.
    pub timeout: Duration,
}

/// Tokens of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// In the question.
    pub prompt: u32,
    /// In the answer.
    pub completion: u32,
    /// The server did not say; counted by letters.
    pub estimated: bool,
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Everything.
    pub text: String,
    /// What it took.
    pub usage: Usage,
    /// How long the first word took.
    pub first: Duration,
    /// How long all took.
    pub whole: Duration,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Models the server names; empty: it does not tell.
    pub models: Vec<String>,
    /// How long a short answer took.
    pub took: Duration,
    /// What it cost.
    pub usage: Usage,
}

/// A model's client. Clones share connections.
#[derive(Clone)]
pub struct Client {
    pub(super) api: async_openai::Client<Address>,
    pub(super) model: String,
    pub(super) timeout: Duration,
}

/// `async-openai`'s own configuration reads the environment and its headers are OpenAI's.
#[derive(Clone)]
pub(super) struct Address {
    base: String,
    key: SecretString,
    headers: HeaderMap,
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// More than any draft; what goes on is cut off.
const TEXT_LIMIT: usize = 16 * 1024;
/// Tokens an answer may have.
const ANSWER_TOKENS: u32 = 700;
/// Models the page is told of.
const MODELS_LISTED: usize = 300;

impl Client {
    /// Prepares a client; nothing is sent.
    ///
    /// # Errors
    /// [`ModelError::BadAddress`].
    pub fn new(endpoint: &Endpoint) -> Result<Self, ModelError> {
        let bad = |_| ModelError::BadAddress;
        let base = endpoint.base_url.trim().trim_end_matches('/').to_owned();
        let url = url::Url::parse(&base).map_err(|_| ModelError::BadAddress)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(ModelError::BadAddress);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &endpoint.headers {
            let name = HeaderName::try_from(name.trim()).map_err(|_| ModelError::BadAddress)?;
            let mut value = HeaderValue::try_from(value.trim()).map_err(|_| ModelError::BadAddress)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let key = endpoint.key.clone().unwrap_or_default();
        if !key.expose_secret().is_empty() {
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.expose_secret().trim()))
                .map_err(|_| ModelError::WrongKey)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let mut http = reqwest::Client::builder()
            .connect_timeout(endpoint.timeout.min(Duration::from_secs(15)))
            .redirect(reqwest::redirect::Policy::none()); // a key goes to the address the seller gave
        if let Some(proxy) = endpoint.proxy.as_deref().map(str::trim).filter(|proxy| !proxy.is_empty()) {
            http = http.proxy(reqwest::Proxy::all(proxy).map_err(bad)?);
        } else if url
            .host_str()
            .is_some_and(|host| host == "localhost" || host == "127.0.0.1" || host == "[::1]")
        {
            http = http.no_proxy();
        }
        let http = http.build().map_err(bad)?;
        let api = async_openai::Client::build(http.clone(), Address { base, key, headers })
            .with_http_service(Direct { http });
        Ok(Self { api, model: endpoint.model.trim().to_owned(), timeout: endpoint.timeout })
    }

    /// Asks, and gives all that arrived so far to `on_text` each time more of it does.
    ///
    /// # Errors
    /// Every [`ModelError`].
    pub async fn ask(
        &self,
        prompt: &Prompt,
        stop: &CancellationToken,
        on_text: impl FnMut(&str) + Send,
    ) -> Result<Words, ModelError> {
        let begun = Instant::now();
        let asked = self.ask_once_or_plainer(prompt, begun, on_text);
        tokio::select! {
            () = stop.cancelled() => Err(ModelError::Cancelled),
            answer = tokio::time::timeout(self.timeout, asked) => answer.unwrap_or(Err(ModelError::TooSlow)),
        }
    }

    async fn ask_once_or_plainer(
        &self,
        prompt: &Prompt,
        begun: Instant,
        mut on_text: impl FnMut(&str) + Send,
    ) -> Result<Words, ModelError> {
        let mut request = json!({
            "model": self.model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "stream": true,
            "stream_options": {"include_usage": true},
            "temperature": 0.2,
            "max_tokens": ANSWER_TOKENS,
        });
        match self.stream(&request, prompt, begun, &mut on_text).await {
            // Some models take none of these: once more with what the protocol requires alone.
            Err(ModelError::Refused { status: 400 | 422 }) => {
                for optional in ["stream_options", "temperature", "max_tokens"] {
                    if let Some(request) = request.as_object_mut() {
                        request.remove(optional);
                    }
                }
                self.stream(&request, prompt, begun, &mut on_text).await
            }
            answer => answer,
        }
    }

    async fn stream(
        &self,
        request: &Value,
        prompt: &Prompt,
        begun: Instant,
        on_text: &mut (impl FnMut(&str) + Send),
    ) -> Result<Words, ModelError> {
        let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/event-stream"))]);
        let mut events = self.api.chat().headers(accept).create_stream_byot::<_, Value>(request).await?;
        let (mut text, mut usage, mut first, mut finished) = (String::new(), None, None, false);
        while let Some(event) = events.next().await {
            let event = event?;
            if event.get("error").is_some() {
                let (code, message) = refusal(event.to_string().as_bytes());
                let status =
                    event["error"]["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(502);
                return Err(ModelError::of_answer(status, None, &code, &message));
            }
            usage = read_usage(&event).or(usage);
            let Some(choice) = event.pointer("/choices/0") else { continue };
            let words = choice
                .pointer("/delta/content")
                .or_else(|| choice.pointer("/message/content"))
                .and_then(Value::as_str);
            finished |= choice.get("finish_reason").is_some_and(|reason| !reason.is_null());
            if let Some(words) = words.filter(|words| !words.is_empty()) {
                first.get_or_insert_with(|| begun.elapsed());
                text.push_str(words);
                on_text(&text);
            }
            if text.len() > TEXT_LIMIT {
                return Err(ModelError::Malformed);
            }
        }
        if !finished {
            // Ended without saying so: cut, or not what it should be.
            return Err(if text.is_empty() { ModelError::Malformed } else { ModelError::Network });
        }
        let whole = begun.elapsed();
        let usage = usage.unwrap_or_else(|| estimate(&[&prompt.system, &prompt.user], &text));
        Ok(Words { text, usage, first: first.unwrap_or(whole), whole })
    }

    /// Asks for the list of models and for a word, as a seller does with a check button.
    ///
    /// # Errors
    /// Every [`ModelError`].
    pub async fn check(&self, stop: &CancellationToken) -> Result<Check, ModelError> {
        let asked = async {
            let listed = self.api.models().list_byot::<Value>().await.map_err(ModelError::from);
            let models = match listed {
                Ok(list) => names(&list),
                Err(
                    error @ (ModelError::WrongKey
                    | ModelError::Network
                    | ModelError::NoMoney
                    | ModelError::Forbidden),
                ) => return Err(error),
                Err(_) => Vec::new(), // not every server has the list
            };
            let begun = Instant::now();
            let question = "Ответь одним словом: да";
            let request = json!({"model": self.model, "messages": [{"role": "user", "content": question}], "stream": false});
            let answer: Value = self.api.chat().create_byot(request).await?;
            let words = answer
                .pointer("/choices/0/message/content")
                .and_then(Value::as_str)
                .ok_or(ModelError::Malformed)?;
            let usage = read_usage(&answer).unwrap_or_else(|| estimate(&[question], words));
            Ok(Check { models, took: begun.elapsed(), usage })
        };
        tokio::select! {
            () = stop.cancelled() => Err(ModelError::Cancelled),
            answer = tokio::time::timeout(self.timeout, asked) => answer.unwrap_or(Err(ModelError::TooSlow)),
        }
    }
}

fn names(list: &Value) -> Vec<String> {
    let data = list.get("data").and_then(Value::as_array);
    let ids = data.into_iter().flatten().filter_map(|model| model.get("id").and_then(Value::as_str));
    ids.take(MODELS_LISTED).map(str::to_owned).collect()
}

pub(super) fn read_usage(event: &Value) -> Option<Usage> {
    let usage = event.get("usage").filter(|usage| usage.is_object())?;
    let count =
        |name: &str| usage.get(name).and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
    Some(Usage {
        prompt: count("prompt_tokens")?,
        completion: count("completion_tokens").unwrap_or(0),
        estimated: false,
    })
}

/// Russian text has some three letters a token.
pub(super) fn estimate(question: &[&str], answer: &str) -> Usage {
    let tokens = |letters: usize| u32::try_from(letters.div_ceil(3)).unwrap_or(u32::MAX);
    let asked = question.iter().map(|text| text.chars().count()).sum();
    Usage { prompt: tokens(asked), completion: tokens(answer.chars().count()), estimated: true }
}
