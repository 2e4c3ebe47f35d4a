//! A plain client of the stand-in and a receiver of webhooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use avito_sim::{Profile, Scene, Sim, SimConfig};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// Long enough for anything that happens at all.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A stand-in, its first account, and a token.
pub(crate) struct Shop {
    pub(crate) sim: Sim,
    pub(crate) http: Client,
    pub(crate) user_id: i64,
    pub(crate) token: String,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(SimConfig::default()).await
    }

    pub(crate) async fn spec() -> Self {
        Self::with(SimConfig { profile: Profile::Spec, ..SimConfig::default() }).await
    }

    pub(crate) async fn empty() -> Self {
        Self::with(SimConfig { scene: Scene::Empty, ..SimConfig::default() }).await
    }

    pub(crate) async fn with(config: SimConfig) -> Self {
        let sim = Sim::start(config).await.unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let user_id = sim.accounts()[0].user_id;
        let mut shop = Self { sim, http, user_id, token: String::new() };
        shop.token = shop.new_token(0).await;
        shop
    }

    /// The same stand-in as its other account sees it.
    pub(crate) async fn second(&self) -> Self {
        let user_id = self.sim.accounts()[1].user_id;
        let token = self.new_token(1).await;
        Self { sim: self.sim.clone(), http: self.http.clone(), user_id, token }
    }

    pub(crate) async fn new_token(&self, account: usize) -> String {
        let seller = &self.sim.accounts()[account];
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &seller.client_id),
            ("client_secret", &seller.client_secret),
        ];
        let answer = self.http.post(self.url("/token")).form(&form).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sim.base_url())
    }

    /// `{u}` in the path becomes the account's number.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = path.replace("{u}", &self.user_id.to_string());
        self.http.request(method, self.url(&path)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.request(Method::POST, path).json(&body).send().await.unwrap()).await
    }

    /// A call without a body.
    pub(crate) async fn call(&self, path: &str) -> (u16, Value) {
        read(self.request(Method::POST, path).send().await.unwrap()).await
    }

    /// The most recent chat about an item.
    pub(crate) fn chat(&self) -> String {
        self.sim.chat_ids(self.user_id).into_iter().find(|id| id.starts_with("u2i")).unwrap()
    }

    /// The chat with the most messages.
    pub(crate) fn long_chat(&self) -> String {
        let ids = self.sim.chat_ids(self.user_id);
        ids.into_iter().max_by_key(|id| self.sim.chat_messages(self.user_id, id).len()).unwrap()
    }

    pub(crate) fn send_path(&self, chat: &str) -> String {
        format!("/messenger/v1/accounts/{{u}}/chats/{chat}/messages")
    }

    pub(crate) fn list_path(&self, chat: &str) -> String {
        format!("/messenger/v3/accounts/{{u}}/chats/{chat}/messages/")
    }

    pub(crate) async fn send(&self, chat: &str, text: &str) -> (u16, Value) {
        self.post(&self.send_path(chat), json!({"type": "text", "message": {"text": text}})).await
    }

    pub(crate) async fn subscribe(&self, url: &str) {
        let (status, answer) = self.post("/messenger/v3/webhook", json!({"url": url})).await;
        assert_eq!((status, answer), (200, json!({"ok": true})));
    }
}

pub(crate) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// One delivery as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) body: Value,
    pub(crate) raw: Vec<u8>,
    pub(crate) signature: String,
}

impl Received {
    pub(crate) fn value(&self) -> &Value {
        &self.body["payload"]["value"]
    }
}

/// A webhook receiver on a real socket, which ends with the test.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub(crate) async fn open() -> Self {
        Self::that_waits(Duration::ZERO).await
    }

    /// Answers only after a while.
    pub(crate) async fn that_waits(wait: Duration) -> Self {
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let log = received.clone();
        let handler = move |headers: axum::http::HeaderMap, body: axum::body::Bytes| {
            let log = log.clone();
            async move {
                let signature = headers.get("x-avito-messenger-signature");
                log.lock().unwrap().push(Received {
                    body: serde_json::from_slice(&body).unwrap(),
                    raw: body.to_vec(),
                    signature: signature.map_or(String::new(), |value| value.to_str().unwrap().to_owned()),
                });
                tokio::time::sleep(wait).await;
                axum::Json(json!({"ok": true}))
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = axum::Router::new().route("/hook", axum::routing::post(handler));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, received }
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |one: &Received| one.value()["content"]["text"].as_str().unwrap_or_default().to_owned();
        self.all().iter().map(text).collect()
    }
}
