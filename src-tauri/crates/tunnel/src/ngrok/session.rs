//! One connection to the service, from dialling to its end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ngrok::Session;
use ngrok::config::TunnelBuilder as _;
use ngrok::session::{ConnectError, SessionBuilder, Stop};
use ngrok::tunnel::{EndpointInfo as _, HttpTunnel, TunnelCloser as _};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::connector::{self, Way};
use super::{Config, errors};
use crate::serve::Server;
use crate::supervisor::{Line, News};
use crate::trouble::code;
use crate::{Meter, Trouble, own};

/// Key accepted and address given by then; the crate itself would wait for ever.
const OPEN_PATIENCE: Duration = Duration::from_secs(30);
/// Taking the address back at the service.
const UNBIND_PATIENCE: Duration = Duration::from_secs(2);
/// Requests under way when the tunnel is stopped are answered within this time.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);
/// The crate's own tasks end within a moment of the cut.
const END_PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Ngrok {
    config: Config,
    router: axum::Router,
    meter: Meter,
    way: Way,
}

impl Ngrok {
    pub(super) fn new(config: Config, router: axum::Router, meter: Meter, way: Way) -> Self {
        Self { config, router, meter, way }
    }

    fn secret(&self) -> &str {
        self.config.authtoken.expose_secret()
    }
}

impl Line for Ngrok {
    const RENEWS: bool = true;

    async fn run(&mut self, news: &News, stop: &CancellationToken) -> Trouble {
        let cut = CancellationToken::new();
        let _cut_in_any_case = cut.clone().drop_guard();
        let stopped_remotely = CancellationToken::new();
        let mut line = tokio::select! {
            opened = self.open(&cut, &stopped_remotely) => match opened {
                Ok(line) => line,
                Err(trouble) => return trouble,
            },
            () = stop.cancelled() => return Trouble::new(code::CUT, "stopped"),
        };
        let mut server = Server::new(self.router.clone(), self.meter.clone());
        news.online(line.url.clone());
        let trouble = loop {
            tokio::select! {
                () = server.keep_room() => {}
                accepted = line.tunnel.next() => match accepted {
                    Some(Ok(connection)) => server.serve(connection),
                    Some(Err(error)) if cut.is_cancelled() => {
                        break Trouble::new(code::CUT, format!("no heartbeat: {error}"));
                    }
                    Some(Err(error)) => break errors::of_accept(&error, self.secret()),
                    None => break Trouble::new(code::CUT, "the connection ended"),
                },
                () = stop.cancelled() => {
                    line.take_back().await;
                    break Trouble::new(code::CUT, "stopped");
                }
                () = stopped_remotely.cancelled() => {
                    line.take_back().await;
                    break Trouble::new(code::STOPPED_REMOTELY, "stopped at the dashboard");
                }
            }
        };
        server.finish(ANSWER_PATIENCE).await;
        line.end(&cut).await;
        trouble
    }
}

/// An open connection with its address.
struct Open {
    url: Url,
    tunnel: HttpTunnel,
}

impl Open {
    /// Takes the address back at the service.
    async fn take_back(&mut self) {
        match tokio::time::timeout(UNBIND_PATIENCE, self.tunnel.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the address was not taken back"),
            Err(_) => tracing::debug!("the address was not taken back in time"),
        }
    }

    /// Cuts the connection and waits until the crate has noticed.
    async fn end(mut self, cut: &CancellationToken) {
        cut.cancel();
        let rest = async { while self.tunnel.next().await.is_some() {} };
        let _ = tokio::time::timeout(END_PATIENCE, rest).await;
    }
}

impl Ngrok {
    async fn open(
        &self,
        cut: &CancellationToken,
        stopped_remotely: &CancellationToken,
    ) -> Result<Open, Trouble> {
        let builder = self.builder(cut, stopped_remotely).await?;
        let open = async {
            let session =
                builder.connect().await.map_err(|error| errors::of_connect(&error, self.secret()))?;
            self.bind(&session).await
        };
        let slow = |_| Trouble::new(code::NETWORK, "the service did not answer in time");
        tokio::time::timeout(OPEN_PATIENCE, open).await.map_err(slow)?
    }

    async fn bind(&self, session: &Session) -> Result<Open, Trouble> {
        let mut endpoint = session.http_endpoint();
        if let Some(domain) = &self.config.domain {
            endpoint.domain(domain);
        }
        endpoint.metadata(&self.config.metadata).forwards_to("prilavok");
        let tunnel = endpoint.listen().await.map_err(|error| errors::of_rpc(&error, self.secret()))?;
        let url = tunnel.url().parse().ok().and_then(|url| own::https(&url).ok());
        let url = url.ok_or_else(|| Trouble::new(code::UNEXPECTED, tunnel.url()))?;
        Ok(Open { url, tunnel })
    }

    async fn builder(
        &self,
        cut: &CancellationToken,
        stopped_remotely: &CancellationToken,
    ) -> Result<SessionBuilder, Trouble> {
        let Config { server, ca_file, proxy, metadata, .. } = &self.config;
        let mut builder = Session::builder();
        builder.authtoken(self.secret()).metadata(metadata);
        if let Some(server) = server {
            let wrong = || Trouble::new(code::BAD_SERVER, server);
            if !connector::is_server(server) {
                return Err(wrong());
            }
            builder.server_addr(server).map_err(|_| wrong())?;
        }
        if let Some(file) = ca_file {
            let pem = tokio::fs::read(file)
                .await
                .map_err(|error| Trouble::new(code::BAD_CA_FILE, error.to_string()))?;
            if !pem.windows(27).any(|text| text == b"-----BEGIN CERTIFICATE-----") {
                return Err(Trouble::new(code::BAD_CA_FILE, "no certificate in it"));
            }
            builder.ca_cert(pem.into());
        }
        if let Some(proxy) = proxy.as_ref().filter(|proxy| !connector::is_proxy(proxy)) {
            return Err(Trouble::new(code::BAD_PROXY, proxy.scheme()));
        }
        let (way, proxy, broken) = (self.way.clone(), proxy.clone().map(Arc::new), cut.clone());
        builder.connector(move |host: String, port, tls, reconnecting| {
            let (way, proxy, cut) = (way.clone(), proxy.clone(), broken.clone());
            async move {
                match reconnecting {
                    Some(_) => Err(ConnectError::Canceled), // opening again is the supervisor's
                    None => connector::connect(&way, proxy.as_deref(), (&host, port), tls, cut).await,
                }
            }
        });
        let unheard = cut.clone();
        builder.handle_heartbeat(move |latency: Option<Duration>| {
            if latency.is_none() {
                unheard.cancel();
            }
            async { Ok(()) }
        });
        let stopped = stopped_remotely.clone();
        builder.handle_stop_command(move |_: Stop| {
            stopped.cancel();
            std::future::ready(Ok(()))
        });
        Ok(builder)
    }
}
