//! Servers that stand in for Avito, one per test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use avito::{Client, ClientConfig, Credentials, Grant};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

pub(crate) const ME: i64 = 150_000_001;
pub(crate) const CHAT: &str = "u2i-k3Vd~8QmZtR1wXyB5_LpNa";
pub(crate) const SECRET: &str = "very-secret-client-secret";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Still escaped.
    pub(crate) path: String,
    /// Unescaped pairs.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn token(&self) -> &str {
        let header = self.headers.get("authorization").and_then(|value| value.to_str().ok());
        header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default()
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What to answer.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, "application/json", body.to_string())
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn raw(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type", kind.to_owned())], body: body.into() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The official form of an error.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"error": {"code": status, "message": message}}))
    }
}

/// A running server. Its script answers everything; `/token` is answered for it unless it does so itself.
pub(crate) struct Server {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::<Seen>::new()));
        let script = Arc::new(script);
        let log = Arc::clone(&seen);
        let app = axum::Router::new().fallback(move |request: Request| {
            let (script, log) = (Arc::clone(&script), Arc::clone(&log));
            async move {
                let (head, body) = request.into_parts();
                let query = head.uri.query().unwrap_or_default();
                let seen = Seen {
                    method: head.method.to_string(),
                    path: head.uri.path().to_owned(),
                    query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
                    headers: head.headers,
                    body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
                };
                let tokens = {
                    let mut log = log.lock().unwrap();
                    log.push(seen.clone());
                    log.iter().filter(|seen| seen.path == "/token").count()
                };
                let reply = script(&seen).unwrap_or_else(|| match seen.path.as_str() {
                    "/token" => Reply::ok(&token(tokens)),
                    _ => Reply::json(404, &json!({"message": "no Route matched with those values"})),
                });
                let mut response = Response::builder().status(reply.status);
                for (name, value) in reply.headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(reply.body)).unwrap()
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, seen }
    }

    /// A server that answers one path with one JSON.
    pub(crate) async fn answering(path: &'static str, body: Value) -> Self {
        Self::start(move |seen| (seen.path == path).then(|| Reply::ok(&body))).await
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.url)
    }

    /// The requests so far, those for a token left out.
    pub(crate) fn calls(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.path != "/token").cloned().collect()
    }

    pub(crate) fn token_requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.path == "/token").cloned().collect()
    }
}

pub(crate) fn token(number: usize) -> Value {
    json!({"access_token": format!("access-token-{number}"), "expires_in": 86400, "token_type": "Bearer"})
}

pub(crate) fn config(url: &Url, grant: Grant) -> ClientConfig {
    let credentials =
        Credentials { client_id: "our-client-id".to_owned(), client_secret: SECRET.to_owned().into(), grant };
    ClientConfig { base_url: url.clone(), calls_per_minute: 600, ..ClientConfig::new(credentials) }
}

pub(crate) fn client(url: &Url) -> Client {
    Client::new(config(url, Grant::ClientCredentials)).unwrap()
}

/// A server that gives tokens and meets every other request with `end`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum End {
    /// Closes the connection instead of an answer.
    Cut,
    /// Closes the connection in the middle of an answer.
    CutInBody,
    /// Never answers.
    Silence,
    /// Stops listening after the first token.
    Gone,
}

/// Returns its address and the paths it was asked for, those for a token left out.
pub(crate) async fn ending_server(end: End) -> (Url, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let paths = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&paths);
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_request(&mut stream).await;
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            if path == "/token" {
                let body = token(1).to_string();
                if end == End::Gone {
                    drop(listener); // before the answer, so that nobody can connect once the token is there
                    answer(&mut stream, &body, body.len()).await;
                    return;
                }
                answer(&mut stream, &body, body.len()).await;
                continue;
            }
            log.lock().unwrap().push(path);
            match end {
                End::CutInBody => answer(&mut stream, "{\"id\":", 1000).await,
                End::Silence => silent.push(stream),
                End::Cut | End::Gone => {}
            }
        }
    });
    (url, paths)
}

pub(crate) fn impatient(url: &Url) -> Client {
    let config = config(url, Grant::ClientCredentials);
    Client::new(ClientConfig { timeout: Duration::from_millis(300), ..config }).unwrap()
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut lengths = head
                .lines()
                .filter_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= lengths.next_back().unwrap_or(0) {
                return head.to_owned();
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return text,
            Ok(count) => received.extend_from_slice(&chunk[..count]),
        }
    }
}

async fn answer(stream: &mut TcpStream, body: &str, told_length: usize) {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {told_length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}
