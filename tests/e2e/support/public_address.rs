//! A public https address on this machine: what stands before the app's port when the tunnel is not ngrok's.
//!
//! Real TLS under an authority of the test's own. The app reaches it as a seller's machine in a company does, through a proxy that
//! the system names; Avito's stand-in goes there directly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use avito_sim::SimConfig;
use ngrok_edge::{Identity, identity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Desk;

/// The name it has in the world.
pub(crate) const NAME: &str = "shop.example";

/// A reverse proxy for `https://shop.example`.
pub(crate) struct PublicAddress {
    address: SocketAddr,
    ca_pem: String,
    port: Arc<AtomicU16>,
    connections: Arc<AtomicUsize>,
}

impl PublicAddress {
    /// Starts it. From now on programs of this desk find it; it leads nowhere yet.
    pub(crate) async fn start(desk: &mut Desk) -> Self {
        let Identity { ca_pem, acceptor } = identity(&[NAME.to_owned()]).expect("a certificate");
        let ca_file = desk.file("public-ca.pem");
        std::fs::write(&ca_file, &ca_pem).expect("the authority's file");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        desk.set_variable("SSL_CERT_FILE", ca_file.to_str().expect("a path"));
        desk.set_variable("HTTPS_PROXY", &format!("http://{address}"));
        let (port, connections) = (Arc::new(AtomicU16::new(0)), Arc::new(AtomicUsize::new(0)));
        let (leads_to, counted) = (port.clone(), connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, port, counted) = (acceptor.clone(), leads_to.clone(), counted.clone());
                tokio::spawn(async move {
                    let stream = after_connect(stream).await?;
                    let mut public = acceptor.accept(stream).await?;
                    let mut app = TcpStream::connect(("127.0.0.1", port.load(Ordering::SeqCst))).await?;
                    counted.fetch_add(1, Ordering::SeqCst);
                    tokio::io::copy_bidirectional(&mut public, &mut app).await
                });
            }
        });
        Self { address, ca_pem, port, connections }
    }

    /// From now on it leads to this port of the machine.
    pub(crate) fn lead_to(&self, port: u16) {
        self.port.store(port, Ordering::SeqCst);
    }

    /// How many connections it has brought to the app.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// An Avito that finds it and trusts it.
    pub(crate) fn known_to(&self) -> SimConfig {
        let ca = reqwest::Certificate::from_pem(self.ca_pem.as_bytes()).expect("its authority");
        let client = reqwest::Client::builder().add_root_certificate(ca).resolve(NAME, self.address);
        let client = client.no_proxy().pool_max_idle_per_host(0).build().expect("a client");
        SimConfig { webhook_client: Some(client), ..SimConfig::default() }
    }
}

/// The connection behind the proxy's question, if it begins with one.
async fn after_connect(mut stream: TcpStream) -> std::io::Result<TcpStream> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first == *b"C" {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    }
    Ok(stream)
}
