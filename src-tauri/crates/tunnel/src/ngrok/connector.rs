//! The connection to the service: dialled with a limit, through a proxy if need be, and ours to cut.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use ngrok::session::{ConnectError, IoStream};
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_socks::tcp::Socks5Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use url::Url;

use super::gate::Gate;

/// One TCP connection, one answer of a proxy, one TLS handshake take at most so long each.
const PATIENCE: Duration = Duration::from_secs(10);
/// What waits in the system before us is answered in its order: with much of it a delivery waits behind a flood. At a distance of
/// 50 ms this still lets 5 MB come in a second.
const RECEIVE_BUFFER: u32 = 256 * 1024;
/// More is no answer of a proxy.
const PROXY_ANSWER_LIMIT: usize = 8 * 1024;

/// How the service is reached.
#[derive(Clone)]
pub(super) enum Way {
    /// Over the network, with TLS.
    Network,
    /// Over streams that tests hand out.
    #[cfg(test)]
    Streams(Arc<dyn Fn() -> io::Result<Box<dyn IoStream>> + Send + Sync>),
}

/// Opens the connection; it breaks as soon as `cut` says so.
pub(super) async fn connect(
    way: &Way,
    proxy: Option<&Url>,
    (host, port): (&str, u16),
    tls: Arc<ClientConfig>,
    cut: CancellationToken,
) -> Result<Box<dyn IoStream>, ConnectError> {
    let stream = match way {
        Way::Network => over_network(proxy, host, port, tls).await?,
        #[cfg(test)]
        Way::Streams(next) => next().map_err(ConnectError::Tcp)?,
    };
    Ok(Box::new(Cuttable::new(Box::new(Gate::new(stream)), cut)))
}

async fn over_network(
    proxy: Option<&Url>,
    host: &str,
    port: u16,
    tls: Arc<ClientConfig>,
) -> Result<Box<dyn IoStream>, ConnectError> {
    let host = host.trim_start_matches('[').trim_end_matches(']'); // as IPv6 stands in addresses
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| ConnectError::Tcp(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let tcp = match proxy {
        None => limited(dial(host, port)).await.map_err(ConnectError::Tcp)?,
        Some(proxy) => {
            through(proxy, host, port).await.map_err(|error| ConnectError::ProxyConnect(Box::new(error)))?
        }
    };
    // Small frames would wait for each other's receipts: tens of milliseconds for each delivery.
    tcp.set_nodelay(true).map_err(ConnectError::Tcp)?;
    let connector = tokio_rustls::TlsConnector::from(tls);
    Ok(Box::new(limited(connector.connect(name, tcp)).await.map_err(ConnectError::Tls)?))
}

/// The first of the host's addresses that answers.
async fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in tokio::net::lookup_host((host, port)).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Err(error) = socket.set_recv_buffer_size(RECEIVE_BUFFER) {
            tracing::debug!(%error, "the system keeps its own size of buffer");
        }
        match socket.connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn limited<T>(what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PATIENCE, what).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// A connection through the proxy.
async fn through(proxy: &Url, host: &str, port: u16) -> io::Result<TcpStream> {
    let at = proxy.host_str().ok_or(io::ErrorKind::InvalidInput)?.trim_matches(['[', ']']);
    let part = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (name, password) = (part(proxy.username()), part(proxy.password().unwrap_or_default()));
    if proxy.scheme() == "http" {
        let tcp = limited(dial(at, proxy.port().unwrap_or(80))).await?;
        return limited(by_connect(tcp, host, port, (&name, &password))).await;
    }
    let tcp = limited(dial(at, proxy.port().unwrap_or(1080))).await?;
    let talk = async {
        match name.is_empty() {
            true => Socks5Stream::connect_with_socket(tcp, (host, port)).await,
            false => {
                Socks5Stream::connect_with_password_and_socket(tcp, (host, port), &name, &password).await
            }
        }
        .map(Socks5Stream::into_inner)
        .map_err(io::Error::other)
    };
    limited(talk).await
}

/// The method CONNECT of an HTTP proxy.
async fn by_connect(
    mut tcp: TcpStream,
    host: &str,
    port: u16,
    (name, password): (&str, &str),
) -> io::Result<TcpStream> {
    use base64::Engine as _;

    let host = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() };
    let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if !name.is_empty() {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        head.push_str(&format!("Proxy-Authorization: Basic {pair}\r\n"));
    }
    head.push_str("\r\n");
    tcp.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    // Byte by byte, so that nothing of what follows is taken.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() > PROXY_ANSWER_LIMIT {
            return Err(io::Error::other("the proxy's answer has no end"));
        }
        answer.push(tcp.read_u8().await?);
    }
    let first = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned();
    match first.split_whitespace().nth(1) {
        Some(status) if status.starts_with('2') => Ok(tcp),
        _ => Err(io::Error::other(format!("the proxy answered: {first}"))),
    }
}

/// Whether this can be a proxy's address.
pub(super) fn is_proxy(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "socks5") && url.host_str().is_some_and(|host| !host.is_empty())
}

/// Whether this can be the service's address.
pub(super) fn is_server(text: &str) -> bool {
    let Ok(url) = Url::parse(&format!("https://{text}")) else { return false };
    let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    bare && (host.parse::<IpAddr>().is_ok() || ServerName::try_from(host.to_owned()).is_ok())
}

/// A connection that we can cut. Cutting drops what is inside: a stream that only fails would leave the socket open, and the
/// service would count the session as alive.
struct Cuttable {
    /// Emptied by a task of its own: after a goodbye of the service the crate neither reads nor writes nor drops us.
    stream: Arc<Mutex<Option<Box<dyn IoStream>>>>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Cuttable {
    fn new(stream: Box<dyn IoStream>, cut: CancellationToken) -> Self {
        let stream = Arc::new(Mutex::new(Some(stream)));
        let (emptied, told) = (stream.clone(), cut.clone());
        tokio::spawn(async move {
            told.cancelled().await;
            drop(locked(&emptied).take());
        });
        Self { stream, cut: Box::pin(cut.cancelled_owned()) }
    }

    fn with<T>(
        &self,
        act: impl FnOnce(Pin<&mut Box<dyn IoStream>>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match locked(&self.stream).as_mut() {
            Some(stream) => act(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }
}

fn locked(stream: &Mutex<Option<Box<dyn IoStream>>>) -> MutexGuard<'_, Option<Box<dyn IoStream>>> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Whoever waits for a byte is woken by the cut.
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        self.with(|stream| stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_seller_types_as_server_or_proxy_is_looked_at_first() {
        for good in ["connect.eu.ngrok-agent.com:443", "127.0.0.1:4443", "[::1]:4443", "localhost"] {
            assert!(is_server(good), "{good}");
        }
        for bad in ["", "https://a.example", "a b", "a.example/path", "me@a.example", "a.example:x"] {
            assert!(!is_server(bad), "{bad}");
        }
        assert!(is_proxy(&"socks5://10.0.0.1:1080".parse().unwrap()));
        assert!(!is_proxy(&"ftp://a.example".parse().unwrap()));
    }
}
