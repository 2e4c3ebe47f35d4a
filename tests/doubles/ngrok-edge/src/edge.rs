//! The whole service: its listeners, the sessions that live, who holds which address.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::knobs::{Knobs, Refusal};
use crate::log::{Entry, Log, What};
use crate::session::{self, Session};
use crate::{admin, public, tls, wire};

/// Where it listens.
#[derive(Debug, Clone)]
pub struct Options {
    /// For agents.
    pub agents: SocketAddr,
    /// For the world: TLS and plain HTTP on one port.
    pub public: SocketAddr,
    /// For those who turn the knobs from another process; none: nobody.
    pub admin: Option<SocketAddr>,
    /// Names in the certificate besides `localhost` and `127.0.0.1`.
    pub names: Vec<String>,
}

impl Default for Options {
    /// Free ports on this machine.
    fn default() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { agents: any, public: any, admin: None, names: Vec::new() }
    }
}

/// A running stand-in. Ends when dropped.
pub struct Edge {
    inner: Arc<Inner>,
    agents: SocketAddr,
    public: SocketAddr,
    admin: Option<SocketAddr>,
    ca_pem: String,
}

pub(crate) struct Inner {
    pub(crate) log: Log,
    pub(crate) stop: CancellationToken,
    knobs: watch::Sender<Knobs>,
    numbers: AtomicU64,
    requests: AtomicU64,
    sessions: Mutex<BTreeMap<u64, Session>>,
    addresses: Mutex<BTreeMap<String, Address>>,
    live: watch::Sender<usize>,
    /// Who asks for no name gets this one.
    own_host: String,
}

/// An address that is held.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) id: String,
    pub(crate) session: Session,
}

impl Edge {
    /// Starts listening.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let identity = tls::identity(&options.names)?;
        let agents = TcpListener::bind(options.agents).await?;
        let world = for_crowds(options.public)?;
        let public = world.local_addr()?;
        let inner = Arc::new(Inner::new(format!("localhost:{}", public.port())));
        let edge = Self {
            agents: agents.local_addr()?,
            public,
            admin: match options.admin {
                Some(address) => Some(admin::serve(inner.clone(), address).await?),
                None => None,
            },
            ca_pem: identity.ca_pem,
            inner,
        };
        tokio::spawn(edge.inner.stop.clone().run_until_cancelled_owned(take_agents(
            edge.inner.clone(),
            agents,
            identity.acceptor.clone(),
        )));
        tokio::spawn(edge.inner.stop.clone().run_until_cancelled_owned(public::serve(
            edge.inner.clone(),
            world,
            identity.acceptor,
        )));
        Ok(edge)
    }

    /// One without sockets, for agents whose transport is given to [`Edge::attach`].
    #[must_use]
    pub fn without_sockets() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let inner = Arc::new(Inner::new("in-memory.test".to_owned()));
        Self { inner, agents: nowhere, public: nowhere, admin: None, ca_pem: String::new() }
    }

    /// Takes an agent's transport; false in an outage.
    pub fn attach(&self, transport: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> bool {
        if self.inner.knobs().outage {
            self.inner.log.add(What::Dropped, 0, "");
            return false;
        }
        tokio::spawn(session::serve(self.inner.clone(), transport));
        true
    }

    /// Where agents connect.
    #[must_use]
    pub fn agents(&self) -> SocketAddr {
        self.agents
    }

    /// Where the world connects.
    #[must_use]
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Where the knobs are turned.
    #[must_use]
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// The certificate authority, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Turns knobs.
    pub fn set(&self, change: impl FnOnce(&mut Knobs)) {
        self.inner.set(change);
    }

    /// Breaks all sessions off, without a word.
    pub fn cut(&self) {
        self.inner.cut();
    }

    /// Nothing passes any more in the sessions of now, and no connection is closed, as when the agents' network has changed under
    /// them. Those who connect anew are served; an address is free when its session has not been heard for long enough.
    pub fn freeze(&self) {
        self.inner.freeze();
    }

    /// Ends all sessions with a word of goodbye.
    pub async fn go_away(&self) {
        self.inner.go_away().await;
    }

    /// "Stop" at the dashboard, for all sessions; the agents' answers.
    ///
    /// # Errors
    /// When an agent does not answer.
    pub async fn stop_agents(&self) -> io::Result<Vec<serde_json::Value>> {
        self.inner.stop_agents().await
    }

    /// Takes all addresses away.
    ///
    /// # Errors
    /// When an agent is not there.
    pub async fn stop_tunnels(&self, refusal: &Refusal) -> io::Result<()> {
        self.inner.stop_tunnels(refusal).await
    }

    /// How many sessions live.
    #[must_use]
    pub fn live(&self) -> usize {
        *self.inner.live.borrow()
    }

    /// Waits until so many live.
    pub async fn until_live(&self, count: usize) {
        let _ = self.inner.live.subscribe().wait_for(|live| *live == count).await;
    }

    /// The addresses that are held.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        self.inner.addresses().keys().cloned().collect()
    }

    /// What has happened.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.inner.log.entries()
    }

    /// Waits until something has happened so many times since the start.
    pub async fn until(&self, what: What, count: usize) {
        self.inner.log.until(what, count).await;
    }

    /// A public connection to an address, without the public listener: the stream that reaches the agent.
    ///
    /// # Errors
    /// When nobody holds the address.
    pub async fn call(&self, host: &str) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>> {
        let address = self.inner.address(host).ok_or(io::ErrorKind::NotFound)?;
        public::open(&address, CALLER).await
    }

    /// The first half of [`Edge::call`]: the stream is opened, and its head is not written yet. The service's connections write at
    /// the same time, so many may be opened before the first head comes.
    ///
    /// # Errors
    /// When nobody holds the address.
    pub async fn begin_call(&self, host: &str) -> io::Result<Begun> {
        let address = self.inner.address(host).ok_or(io::ErrorKind::NotFound)?;
        let pipe = address.session.open(wire::PROXY).await?;
        Ok(Begun { address, pipe })
    }
}

/// A call whose stream is open.
pub struct Begun {
    address: Address,
    pipe: wire::Pipe,
}

impl Begun {
    /// The second half of the call.
    ///
    /// # Errors
    /// When the agent is gone.
    pub async fn go_on(self) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<>> {
        public::introduce(self.pipe, &self.address, CALLER).await
    }
}

/// Who calls without a connection.
const CALLER: &str = "192.0.2.1:4000";

impl Drop for Edge {
    fn drop(&mut self) {
        self.inner.stop.cancel();
    }
}

/// A crowd that knocks at once is not turned away by this machine: whoever finds the queue full, and only listens, would never learn
/// that nobody has taken the connection.
fn for_crowds(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

async fn take_agents(inner: Arc<Inner>, listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((tcp, _)) = listener.accept().await {
        if inner.knobs().outage {
            inner.log.add(What::Dropped, 0, "");
            continue;
        }
        let _ = tcp.set_nodelay(true);
        let (inner, acceptor) = (inner.clone(), acceptor.clone());
        tokio::spawn(async move {
            match acceptor.accept(tcp).await {
                Ok(tls) => session::serve(inner, tls).await,
                Err(error) => tracing::debug!(%error, "no handshake"),
            }
        });
    }
}

impl Inner {
    fn new(own_host: String) -> Self {
        Self {
            log: Log::new(),
            stop: CancellationToken::new(),
            knobs: watch::Sender::default(),
            numbers: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            sessions: Mutex::default(),
            addresses: Mutex::default(),
            live: watch::Sender::new(0),
            own_host,
        }
    }

    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn knobs(&self) -> Knobs {
        self.knobs.borrow().clone()
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Knobs)) {
        self.knobs.send_modify(change);
        if self.knobs.borrow().outage {
            self.cut();
        }
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<u64, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn addresses(&self) -> MutexGuard<'_, BTreeMap<String, Address>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn all(&self) -> Vec<Session> {
        self.sessions().values().cloned().collect()
    }

    pub(crate) fn cut(&self) {
        self.all().iter().for_each(|session| session.cut.cancel());
    }

    pub(crate) fn freeze(&self) {
        self.all().iter().for_each(|session| session.frozen.cancel());
    }

    pub(crate) async fn go_away(&self) {
        for session in self.all() {
            session.go_away().await;
        }
    }

    pub(crate) async fn stop_agents(&self) -> io::Result<Vec<serde_json::Value>> {
        let mut answers = Vec::new();
        for session in self.all() {
            answers.push(session.command(wire::STOP).await?);
        }
        Ok(answers)
    }

    pub(crate) async fn restart_agents(&self) -> io::Result<Vec<serde_json::Value>> {
        let mut answers = Vec::new();
        for session in self.all() {
            answers.push(session.command(wire::RESTART).await?);
        }
        Ok(answers)
    }

    pub(crate) async fn stop_tunnels(&self, refusal: &Refusal) -> io::Result<()> {
        let addresses: Vec<Address> = std::mem::take(&mut *self.addresses()).into_values().collect();
        for address in addresses {
            address.session.stop_tunnel(&address.id, refusal).await?;
        }
        Ok(())
    }

    pub(crate) fn live(&self, session: Session) {
        let mut sessions = self.sessions();
        sessions.insert(session.number, session);
        self.live.send_replace(sessions.len());
    }

    pub(crate) fn gone(&self, number: u64) {
        self.addresses().retain(|_, address| address.session.number != number);
        let mut sessions = self.sessions();
        sessions.remove(&number);
        self.live.send_replace(sessions.len());
    }

    /// An id and a host for an agent, unless another session holds the host.
    pub(crate) fn bind(
        &self,
        session: &Session,
        asked: Option<String>,
        former: Option<String>,
    ) -> Result<(String, String), Refusal> {
        let knobs = self.knobs();
        let host = knobs.host.or(asked).unwrap_or_else(|| self.own_host.clone());
        let mut addresses = self.addresses();
        let held = addresses.get(&host).is_some_and(|held| held.session.number != session.number);
        let refusal = match knobs.refuse_bind {
            Some(refusal) => Some(refusal),
            None if held => Some(Refusal::new("ERR_NGROK_334", "This endpoint is already online.")),
            None => None,
        };
        if let Some(refusal) = refusal {
            self.log.add(What::BindRefused, session.number, &refusal.code);
            return Err(refusal);
        }
        let id = former.unwrap_or_else(|| format!("endpoint-{}", session.number));
        addresses.insert(host.clone(), Address { id: id.clone(), session: session.clone() });
        self.log.add(What::Bound, session.number, &host);
        Ok((id, host))
    }

    pub(crate) fn unbind(&self, session: u64, id: &str) {
        self.addresses().retain(|_, address| address.session.number != session || address.id != id);
        self.log.add(What::Unbound, session, id);
    }

    /// Who holds a host; without regard to its port when nobody holds it with that.
    pub(crate) fn address(&self, host: &str) -> Option<Address> {
        let bare =
            |host: &str| host.rsplit_once(':').map_or_else(|| host.to_owned(), |(name, _)| name.to_owned());
        let addresses = self.addresses();
        let near = || addresses.iter().find(|(held, _)| bare(held) == bare(host)).map(|(_, address)| address);
        addresses.get(host).or_else(near).cloned()
    }

    /// The only address that is held.
    pub(crate) fn only_address(&self) -> Option<Address> {
        self.addresses().values().next().cloned()
    }
}
