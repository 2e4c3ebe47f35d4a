//! ngrok over real sockets: TLS with a given authority, proxies, the public side.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use ngrok_edge::{Edge, Options};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tunnel::ngrok::{self, Config};
use tunnel::trouble::code;
use tunnel::{Meter, State, Tunnel};
use url::Url;

const PATIENCE: Duration = Duration::from_secs(60);

struct Service {
    edge: Edge,
    folder: tempfile::TempDir,
}

impl Service {
    async fn start() -> Self {
        let edge = Edge::start(Options::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), edge.ca_pem()).unwrap();
        Self { edge, folder }
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn config(&self) -> Config {
        Config {
            authtoken: "key".to_owned().into(),
            domain: None,
            server: Some(self.edge.agents().to_string()),
            ca_file: Some(self.ca_file()),
            proxy: None,
            metadata: "prilavok".to_owned(),
        }
    }

    /// Somebody out in the world.
    fn world(&self) -> reqwest::Client {
        let ca = reqwest::Certificate::from_pem(self.edge.ca_pem().as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only([ca]).no_proxy().build().unwrap()
    }
}

fn start(config: Config) -> Arc<dyn Tunnel> {
    let echo = async |headers: HeaderMap, body: String| {
        let from =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned();
        format!("{} {} {body}", from("x-forwarded-for"), from("x-forwarded-proto"))
    };
    ngrok::start(config, Router::new().route("/echo", post(echo)), Meter::default())
}

async fn online(tunnel: &Arc<dyn Tunnel>) -> Url {
    let mut states = tunnel.state();
    let wanted = states.wait_for(|state| matches!(state, State::Online { .. }));
    match &*tokio::time::timeout(PATIENCE, wanted).await.unwrap().unwrap() {
        State::Online { url } => url.clone(),
        _ => unreachable!(),
    }
}

async fn trouble(config: Config) -> String {
    let tunnel = start(config);
    let mut states = tunnel.state();
    let wanted = states.wait_for(|state| matches!(state, State::Offline { .. } | State::Failed { .. }));
    match &*tokio::time::timeout(PATIENCE, wanted).await.unwrap().unwrap() {
        State::Offline { trouble, .. } | State::Failed { trouble } => trouble.code.clone(),
        _ => unreachable!(),
    }
}

#[tokio::test]
async fn a_post_of_the_world_reaches_the_router_in_this_process() {
    let service = Service::start().await;
    let tunnel = start(service.config());
    let url = online(&tunnel).await;
    let body = "п".repeat(100_000);
    let answer = service.world().post(url.join("echo").unwrap()).body(body.clone()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), format!("127.0.0.1 https {body}"));

    tunnel.stop().await;
    service.edge.until_live(0).await;
    let answer = service.world().post(url.join("echo").unwrap()).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["ngrok-error-code"]),
        (404, &"ERR_NGROK_3200".parse().unwrap())
    );
}

#[tokio::test]
async fn the_name_asked_for_is_the_address() {
    let service = Service::start().await;
    let tunnel = start(Config { domain: Some("shop.example.test".to_owned()), ..service.config() });
    assert_eq!(online(&tunnel).await.as_str(), "https://shop.example.test/");
}

#[tokio::test]
async fn what_is_wrong_with_the_connection_is_told_by_its_code() {
    let service = Service::start().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let no_pem = service.folder.path().join("empty.pem");
    std::fs::write(&no_pem, "nothing").unwrap();
    let good = || service.config();
    for (config, expected) in [
        (Config { ca_file: None, ..good() }, code::TLS), // ngrok's own authority has not signed this
        (Config { server: Some(free.clone()), ..good() }, code::NETWORK),
        (Config { server: Some("no host".to_owned()), ..good() }, code::BAD_SERVER),
        (Config { ca_file: Some(service.folder.path().join("none.pem")), ..good() }, code::BAD_CA_FILE),
        (Config { ca_file: Some(no_pem.clone()), ..good() }, code::BAD_CA_FILE),
        (Config { proxy: Some("ftp://proxy.test".parse().unwrap()), ..good() }, code::BAD_PROXY),
        (Config { proxy: Some(format!("http://{free}").parse().unwrap()), ..good() }, code::PROXY),
    ] {
        assert_eq!(trouble(config).await, expected);
    }
    service.edge.set(|knobs| knobs.outage = true);
    assert_eq!(trouble(good()).await, code::NETWORK);
}

/// A proxy that lets one user in; answers how many connections it has passed on.
async fn proxy(kind: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(async move {
                match kind {
                    "http" => connect(tcp).await,
                    _ => socks(tcp).await,
                }
            });
        }
    });
    address
}

async fn connect(mut tcp: TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    // seller:pass word
    if !head.contains("Proxy-Authorization: Basic c2VsbGVyOnBhc3Mgd29yZA==") {
        tcp.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.ok()?;
        return None;
    }
    let mut to = TcpStream::connect(head.split(' ').nth(1)?).await.ok()?;
    tcp.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await.ok()?;
    copy_bidirectional(&mut tcp, &mut to).await.ok().map(|_| ())
}

async fn socks(mut tcp: TcpStream) -> Option<()> {
    let (version, methods) = (tcp.read_u8().await.ok()?, tcp.read_u8().await.ok()?);
    assert_eq!(version, 5);
    let mut offered = vec![0; methods.into()];
    tcp.read_exact(&mut offered).await.ok()?;
    if !offered.contains(&2) {
        tcp.write_all(&[5, 0xff]).await.ok()?;
        return None;
    }
    tcp.write_all(&[5, 2]).await.ok()?;
    assert_eq!(tcp.read_u8().await.ok()?, 1);
    let mut pair = Vec::new();
    for _ in 0..2 {
        let mut text = vec![0; tcp.read_u8().await.ok()?.into()];
        tcp.read_exact(&mut text).await.ok()?;
        pair.push(text);
    }
    let right = pair == [b"seller".to_vec(), b"pass word".to_vec()];
    tcp.write_all(&[1, u8::from(!right)]).await.ok()?;
    let mut head = [0; 4];
    tcp.read_exact(&mut head).await.ok()?;
    let host = match head[3] {
        1 => std::net::Ipv4Addr::from(tcp.read_u32().await.ok()?).to_string(),
        _ => {
            let mut name = vec![0; tcp.read_u8().await.ok()?.into()];
            tcp.read_exact(&mut name).await.ok()?;
            String::from_utf8(name).ok()?
        }
    };
    let mut to = TcpStream::connect((host, tcp.read_u16().await.ok()?)).await.ok()?;
    tcp.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    copy_bidirectional(&mut tcp, &mut to).await.ok().map(|_| ())
}

#[tokio::test]
async fn through_a_proxy_that_asks_for_a_password() {
    let service = Service::start().await;
    for scheme in ["http", "socks5"] {
        let address = proxy(scheme).await;
        let with = |user: &str| Some(format!("{scheme}://{user}{address}").parse().unwrap());
        let tunnel = start(Config { proxy: with("seller:pass%20word@"), ..service.config() });
        online(&tunnel).await;
        tunnel.stop().await;
        assert_eq!(trouble(Config { proxy: with(""), ..service.config() }).await, code::PROXY, "{scheme}");
    }
}
