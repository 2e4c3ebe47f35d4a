//! The program behind `cargo xtask bench`.

use std::path::PathBuf;
use std::process::ExitCode;

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
enum What {}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.what {}
}
