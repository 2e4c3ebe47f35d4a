//! Tunnel clients whose command line and output we know.

use super::Config;

/// A known tunnel client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// CloudPub's `clo`; its token is given once by `clo set token`.
    CloudPub,
    /// Tuna's `tuna`; its token is given once by `tuna config save-token`.
    Tuna,
    /// Cloudflare's `cloudflared` without an account: a new address at every start, meant for trying out.
    Cloudflared,
}

impl Preset {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::CloudPub, Self::Tuna, Self::Cloudflared];

    /// What is started, and how its address is found.
    #[must_use]
    pub fn config(self) -> Config {
        let (command_line, pattern) = match self {
            // With a port alone it would ask for `localhost`, which is `::1` on some systems. Its words are Russian or English by
            // how it was built; an address of the seller's own domain stands in the same place.
            Self::CloudPub => (
                "clo publish http 127.0.0.1:{port}",
                r"(?:Сервис опубликован|Service published): .*\S -> (https://\S+)",
            ),
            Self::Tuna => ("tuna http 127.0.0.1:{port}", r"\bForwarding\s+(https://\S+)\s+->"),
            // Two words at least: `api.trycloudflare.com` appears in its error texts.
            Self::Cloudflared => (
                "cloudflared tunnel --no-autoupdate --url http://127.0.0.1:{port}",
                r"https://[a-z0-9]+(?:-[a-z0-9]+)+\.trycloudflare\.com",
            ),
        };
        Config { command_line: command_line.to_owned(), pattern: pattern.to_owned() }
    }
}
