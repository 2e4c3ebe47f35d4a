//! From the seller's settings to a running tunnel.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tunnel::program::{Minder, Preset};
use tunnel::{Config, Endpoint, State, Trouble, Tunnel, ngrok, own, program};
use url::Url;

use crate::Core;
use crate::view::{ProgramPreset, ProxySnippets, TunnelKind, TunnelSettings};

/// Ports below are the system's.
const LEAST_PORT: u16 = 1024;

/// Which tunnel is to be started, and what it needs.
pub struct TunnelPlan {
    /// Which.
    pub kind: TunnelKind,
    /// The seller's settings.
    pub settings: TunnelSettings,
    /// ngrok's token.
    pub ngrok_token: Option<SecretString>,
    pub(crate) core: Core,
}

/// Starts tunnels. Tests put their own in its place.
pub trait MakeTunnel: Send + Sync {
    /// Starts it; what cannot be started is a tunnel that has failed.
    fn make(&self, plan: TunnelPlan) -> Arc<dyn Tunnel>;
}

/// The tunnels of the crate `tunnel`.
pub struct RealTunnels {
    /// Who ends a started program when this one is killed.
    pub minder: Minder,
}

impl Default for RealTunnels {
    fn default() -> Self {
        Self { minder: Minder::nobody() }
    }
}

impl MakeTunnel for RealTunnels {
    fn make(&self, plan: TunnelPlan) -> Arc<dyn Tunnel> {
        self.start(&plan).unwrap_or_else(tunnel::failed)
    }
}

impl RealTunnels {
    fn start(&self, plan: &TunnelPlan) -> Result<Arc<dyn Tunnel>, Trouble> {
        let core = &plan.core;
        let endpoint = Endpoint {
            router: core.inner.endpoint.router(core),
            port: core.endpoint_address().port(),
            meter: core.inner.tunnels.meter.passing(),
            minder: self.minder.clone(),
        };
        match plan.kind {
            TunnelKind::Ngrok => Ok(tunnel::start(Config::Ngrok(ngrok_config(plan)?), endpoint)),
            TunnelKind::Program => {
                let config = Config::Program(program_config(plan));
                // The same port at every start: services that keep what is published for a port would gather one for each start.
                match FixedPort::open(plan) {
                    Ok(port) => {
                        let endpoint = Endpoint { port: plan.settings.own.port, ..endpoint };
                        Ok(port.before(tunnel::start(config, endpoint)))
                    }
                    Err(error) => {
                        tracing::info!(%error, "the fixed port is taken, the program gets another one");
                        Ok(tunnel::start(config, endpoint))
                    }
                }
            }
            TunnelKind::Own => {
                let url = plan.settings.own.url.parse();
                let url = url.map_err(|_| Trouble::new("bad_address", &plan.settings.own.url))?;
                let port = FixedPort::open(plan);
                let port = port.map_err(|error| Trouble::new("port_taken", error.to_string()))?;
                Ok(port.before(tunnel::start(Config::Own(own::Config { url }), endpoint)))
            }
        }
    }
}

fn ngrok_config(plan: &TunnelPlan) -> Result<ngrok::Config, Trouble> {
    let settings = &plan.settings.ngrok;
    // ngrok's own number for a session without a token.
    let authtoken = plan.ngrok_token.clone().ok_or_else(|| Trouble::new("4018", "no token is kept"))?;
    let proxy = settings.proxy.as_deref().map(Url::parse).transpose();
    Ok(ngrok::Config {
        authtoken,
        domain: settings.domain.clone(),
        server: settings.server.clone(),
        ca_file: settings.ca_file.as_ref().map(PathBuf::from),
        proxy: proxy.map_err(|error| Trouble::new("bad_proxy", error.to_string()))?,
        metadata: "Prilavok".to_owned(),
    })
}

fn program_config(plan: &TunnelPlan) -> program::Config {
    let settings = &plan.settings.program;
    match settings.preset {
        ProgramPreset::CloudPub => Preset::CloudPub.config(),
        ProgramPreset::Tuna => Preset::Tuna.config(),
        ProgramPreset::Cloudflared => Preset::Cloudflared.config(),
        ProgramPreset::Custom => program::Config {
            command_line: settings.command.clone(),
            pattern: match settings.pattern.as_str() {
                "" => r"https://[^\s/?#<>]+[^\s?#<>]*".to_owned(),
                pattern => pattern.to_owned(),
            },
        },
    }
}

/// The port that the seller's proxy, or a tunnel client, forwards to; open for as long as it is there.
struct FixedPort {
    stop: DropGuard,
    free: CancellationToken,
}

impl FixedPort {
    fn open(plan: &TunnelPlan) -> std::io::Result<Self> {
        let stop = CancellationToken::new();
        let core = &plan.core;
        let free = core.inner.endpoint.serve_also(core, plan.settings.own.port, stop.clone())?;
        Ok(Self { stop: stop.drop_guard(), free })
    }

    fn before(self, inner: Arc<dyn Tunnel>) -> Arc<dyn Tunnel> {
        Arc::new(BehindPort { inner, stop: Mutex::new(Some(self.stop)), free: self.free })
    }
}

/// A tunnel that leads to a fixed port of ours.
struct BehindPort {
    inner: Arc<dyn Tunnel>,
    stop: Mutex<Option<DropGuard>>,
    free: CancellationToken,
}

impl Tunnel for BehindPort {
    fn state(&self) -> watch::Receiver<State> {
        self.inner.state()
    }

    fn retry_now(&self) {
        self.inner.retry_now();
    }

    fn way_changed(&self) {
        self.inner.way_changed();
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            self.inner.stop().await;
            drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
            // Whoever starts next needs the port.
            self.free.cancelled().await;
        })
    }
}

/// What a web server's configuration needs to lead this address to this port; empty for what is no address.
pub fn proxy_snippets(url: &str, port: u16) -> ProxySnippets {
    match url.trim().parse() {
        Ok(url) => {
            let config = own::Config { url };
            ProxySnippets { nginx: config.nginx(port), caddy: config.caddy(port) }
        }
        Err(_) => ProxySnippets::default(),
    }
}

/// A token as the seller copied it, perhaps with the command around it (`ngrok config add-authtoken …`); none when it is empty.
pub(super) fn cleaned_token(token: &SecretString) -> Option<SecretString> {
    let last = token.expose_secret().split_whitespace().last()?;
    Some(SecretString::from(last))
}

/// The settings without what copying brings along; or why they cannot be used, in English for the log.
pub(super) fn cleaned(mut settings: TunnelSettings) -> Result<TunnelSettings, &'static str> {
    let mut seen = Vec::new();
    settings.order.retain(|kind| {
        let first = !seen.contains(kind);
        seen.push(*kind);
        first
    });
    let ngrok = &mut settings.ngrok;
    for field in [&mut ngrok.domain, &mut ngrok.server, &mut ngrok.ca_file, &mut ngrok.proxy] {
        *field = field.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    }
    if let Some(domain) = &mut ngrok.domain {
        // People copy the whole address.
        let bare = domain.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        *domain = bare.to_owned();
    }
    settings.program.command = settings.program.command.trim().to_owned();
    settings.program.pattern = settings.program.pattern.trim().to_owned();
    settings.own.url = settings.own.url.trim().to_owned();
    if settings.order.contains(&TunnelKind::Own) {
        let url = settings.own.url.parse().map_err(|_| "the own address is no address")?;
        let address = own::Config { url }.address();
        settings.own.url = address.map_err(|_| "the own address is not https, or not reachable")?.to_string();
        if settings.own.port < LEAST_PORT {
            return Err("the port is one of the system's");
        }
    }
    let custom = settings.program.preset == ProgramPreset::Custom;
    if settings.order.contains(&TunnelKind::Program) && custom && !settings.program.command.contains("{port}")
    {
        return Err("the command line has no {port}");
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{OwnSettings, ProgramSettings};

    #[test]
    fn what_is_pasted_is_cleaned_and_what_cannot_work_is_refused() {
        let token = cleaned_token(&"  ngrok config add-authtoken 2abc_DEF \n".into()).unwrap();
        assert_eq!(token.expose_secret(), "2abc_DEF");
        assert!(cleaned_token(&"  \n".into()).is_none());

        let mut settings = TunnelSettings { order: vec![TunnelKind::Ngrok; 2], ..TunnelSettings::default() };
        settings.ngrok.domain = Some(" https://me.ngrok-free.dev/ ".into());
        settings.ngrok.proxy = Some("  ".into());
        let cleaned_settings = cleaned(settings.clone()).unwrap();
        assert_eq!(cleaned_settings.order, [TunnelKind::Ngrok]);
        assert_eq!(cleaned_settings.ngrok.domain.as_deref(), Some("me.ngrok-free.dev"));
        assert_eq!(cleaned_settings.ngrok.proxy, None);

        let own = |url: &str, port| TunnelSettings {
            order: vec![TunnelKind::Own],
            own: OwnSettings { url: url.into(), port },
            ..TunnelSettings::default()
        };
        assert_eq!(cleaned(own("https://shop.example/a", 8765)).unwrap().own.url, "https://shop.example/a/");
        for (url, port) in [("http://shop.example", 8765), ("shop", 8765), ("https://shop.example", 80)] {
            assert!(cleaned(own(url, port)).is_err(), "{url} {port}");
        }
        assert!(
            cleaned(TunnelSettings { order: vec![], ..own("", 0) }).is_ok(),
            "what is off need not be whole"
        );
        let program = ProgramSettings {
            preset: ProgramPreset::Custom,
            command: "t http".into(),
            ..ProgramSettings::default()
        };
        let settings =
            TunnelSettings { order: vec![TunnelKind::Program], program, ..TunnelSettings::default() };
        assert!(cleaned(settings).is_err());
    }
}
