//! Runs the double by itself: `llm-double --port 9100`.
#![expect(clippy::print_stdout, reason = "whoever starts it reads the address")]

use std::net::SocketAddr;

use clap::Parser;

#[derive(Parser)]
struct Options {
    /// Port on this machine; 0: a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How it behaves, as JSON: `{"mode":"dishonest"}`.
    #[arg(long)]
    mode: Option<String>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let double = llm_double::Double::start_at(SocketAddr::from(([127, 0, 0, 1], options.port))).await?;
    if let Some(mode) = &options.mode {
        double.set(serde_json::from_str(mode)?);
    }
    println!("{}", double.base_url());
    tokio::signal::ctrl_c().await
}
