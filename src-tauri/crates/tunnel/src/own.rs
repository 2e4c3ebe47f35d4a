//! The seller's own address: a reverse proxy that the seller runs brings requests to a fixed loopback port.
//!
//! Nothing is started here, so nothing can be watched: whether requests really arrive is shown by a test through the address.

use std::fmt::Write as _;
use std::sync::Arc;

use url::{Host, Url};

use crate::handle::{self, Settled};
use crate::trouble::code;
use crate::{State, Trouble, Tunnel};

/// What the seller has set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The public address under which the reverse proxy forwards; may have a path.
    pub url: Url,
}

impl Config {
    /// The address in its full form: https, a host that others can reach, ending with a slash.
    ///
    /// # Errors
    /// `not_https` or `bad_address`.
    pub fn address(&self) -> Result<Url, Trouble> {
        public(&self.url)
    }

    /// The part of an nginx configuration that brings requests to this port.
    #[must_use]
    pub fn nginx(&self, port: u16) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let path = with_slash(self.url.path());
        let listen = self.url.port_or_known_default().unwrap_or(443);
        let mut text = String::new();
        let _ = write!(
            text,
            "server {{\n    listen {listen} ssl;\n    server_name {host};\n    \
             ssl_certificate     /etc/letsencrypt/live/{host}/fullchain.pem;\n    \
             ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;\n\n    \
             location {path} {{\n        proxy_pass http://127.0.0.1:{port}/;\n        \
             proxy_set_header Host $host;\n        \
             proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n        \
             proxy_set_header X-Forwarded-Proto $scheme;\n        \
             client_max_body_size 1m;\n        proxy_read_timeout 5s;\n        access_log off;\n    }}\n}}\n"
        );
        text
    }

    /// The same for Caddy, which gets its certificate by itself.
    #[must_use]
    pub fn caddy(&self, port: u16) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let name = self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = with_slash(self.url.path());
        format!("{name} {{\n    handle_path {path}* {{\n        reverse_proxy 127.0.0.1:{port}\n    }}\n}}\n")
    }
}

/// Starts it: online at once, or failed.
pub fn start(config: &Config) -> Arc<dyn Tunnel> {
    match config.address() {
        Ok(url) => Arc::new(Settled::new(State::Online { url })),
        Err(trouble) => handle::failed(trouble),
    }
}

/// An address that others can reach, as Avito can be told it.
pub(crate) fn public(url: &Url) -> Result<Url, Trouble> {
    let reachable = match url.host() {
        None => false,
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => !address.is_loopback() && !address.is_unspecified(),
        Some(Host::Ipv6(address)) => !address.is_loopback() && !address.is_unspecified(),
    };
    let url = https(url)?;
    if !reachable {
        return Err(Trouble::new(code::BAD_ADDRESS, url.host_str().unwrap_or_default()));
    }
    Ok(url)
}

/// An address that a tunnel has named, in its full form.
pub(crate) fn https(url: &Url) -> Result<Url, Trouble> {
    if url.scheme() != "https" {
        return Err(Trouble::new(code::NOT_HTTPS, url.scheme()));
    }
    if url.host().is_none() || !url.username().is_empty() || url.password().is_some() {
        return Err(Trouble::new(code::BAD_ADDRESS, url.host_str().unwrap_or_default()));
    }
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(&with_slash(url.path()));
    Ok(url)
}

fn with_slash(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> Config {
        Config { url: url.parse().unwrap() }
    }

    #[test]
    fn only_an_https_address_that_others_can_reach_is_accepted() {
        let good = |url| config(url).address().unwrap().to_string();
        assert_eq!(good("https://shop.example"), "https://shop.example/");
        assert_eq!(good("https://shop.example:8443/avito?x=1#y"), "https://shop.example:8443/avito/");
        let bad = |url| config(url).address().unwrap_err().code;
        assert_eq!(bad("http://shop.example"), code::NOT_HTTPS);
        for url in ["https://localhost", "https://127.0.0.1/", "https://[::1]/", "https://a:b@shop.example"] {
            assert_eq!(bad(url), code::BAD_ADDRESS, "{url}");
        }
    }

    #[test]
    fn snippets_name_the_sellers_host_path_and_our_port() {
        let config = config("https://shop.example/avito");
        let (nginx, caddy) = (config.nginx(8770), config.caddy(8770));
        assert!(nginx.contains("server_name shop.example;") && nginx.contains("location /avito/ {"));
        assert!(nginx.contains("proxy_pass http://127.0.0.1:8770/;"));
        assert!(caddy.contains("shop.example {") && caddy.contains("handle_path /avito/*"));
        assert!(caddy.contains("reverse_proxy 127.0.0.1:8770"));
    }

    #[tokio::test]
    async fn the_address_is_online_at_once_and_gone_after_a_stop() {
        let tunnel = start(&config("https://shop.example"));
        assert_eq!(*tunnel.state().borrow(), State::Online { url: "https://shop.example/".parse().unwrap() });
        tunnel.stop().await;
        assert_eq!(*tunnel.state().borrow(), State::Stopped);
    }
}
