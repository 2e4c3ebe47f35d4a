//! The program behind `cargo xtask bench`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bench::{chaos, output};
use clap::{Parser, Subcommand};

/// Measurements and proofs on the real program.
#[derive(Parser)]
#[command(name = "cargo xtask bench", disable_help_subcommand = true)]
struct Cli {
    /// The program under test.
    #[arg(long, env = "PRILAVOK_BENCH_APP", global = true)]
    app: Option<PathBuf>,
    /// Writes the figures to this file as JSON.
    #[arg(long, global = true)]
    json: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The program is killed again and again while everything goes wrong; then both sides are compared. Measures nothing.
    Chaos(chaos::ChaosArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = runtime.context("no runtime").and_then(|runtime| runtime.block_on(run(cli)));
    done.unwrap_or_else(|error| {
        output::line(&format!("bench: {error:#}"));
        ExitCode::FAILURE
    })
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let app = cli.app.context("which program? Say --app, or start this with `cargo xtask bench`")?;
    let app = std::path::absolute(app)?;
    match &cli.what {
        What::Chaos(arguments) => {
            let held = chaos::run(&app, arguments, cli.json.as_ref()).await?;
            Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
