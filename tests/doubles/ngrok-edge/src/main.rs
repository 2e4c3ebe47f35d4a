//! `ngrok-edge`: the stand-in as a program. Its first line of output says where it listens, as JSON.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use ngrok_edge::{Edge, Options};
use serde_json::json;

/// A stand-in for ngrok's service.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where agents connect.
    #[arg(long, default_value = "127.0.0.1:0")]
    agents: SocketAddr,
    /// Where the world connects, with TLS or without.
    #[arg(long, default_value = "127.0.0.1:0")]
    public: SocketAddr,
    /// Where the knobs are turned.
    #[arg(long, default_value = "127.0.0.1:0")]
    admin: SocketAddr,
    /// A further name in the certificate.
    #[arg(long)]
    name: Vec<String>,
    /// Where the certificate authority is written, PEM.
    #[arg(long)]
    ca_file: PathBuf,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let options = Options {
        agents: arguments.agents,
        public: arguments.public,
        admin: Some(arguments.admin),
        names: arguments.name,
    };
    let edge = Edge::start(options).await?;
    tokio::fs::write(&arguments.ca_file, edge.ca_pem()).await?;
    let places = json!({"agents": edge.agents(), "public": edge.public(), "admin": edge.admin()});
    writeln!(std::io::stdout(), "{places}")?;
    tokio::signal::ctrl_c().await
}
