//! The project's commands, started as `cargo xtask <command>`.
//!
//! Every command is a module with a function that takes the [`project::Project`] and its own arguments and gives an
//! exit code; a new command is a variant of [`Task`] and such a module. What commands share lies beside them:
//! [`packages`] (system packages), [`page`] (Node, npm, the built page), [`app`] (building with Cargo), [`stage`]
//! (running one program under a time limit), [`report`] (the summary) and [`tools`] (programs fetched once).
//!
//! A Rust that is too old never gets here: Cargo itself refuses to build this program with it.

mod app;
mod bench;
mod ci;
mod contract;
mod counts;
mod eval;
mod fuzz;
mod output;
mod packages;
mod page;
mod page_packages;
mod processes;
mod project;
mod report;
mod run;
mod stage;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::output::say;
use crate::project::Project;

/// The project's commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing, build the page and the app, and start the app with its demo.
    Run(run::RunArgs),
    /// Install what is missing and run every test: Rust, page, end to end.
    Test(test::TestArgs),
    /// Everything `test` does, and format, lints, types, contract, licences and spelling.
    Ci(SetupArgs),
    /// Measure the real program against references, or prove that nothing is lost under chaos.
    Bench(bench::BenchArgs),
    /// Search for input that breaks what reads strangers' data.
    Fuzz(fuzz::FuzzArgs),
    /// Ask the knowledge a set of buyers' questions and measure passages and answers; no network, no model.
    Eval(eval::EvalArgs),
    /// Write the page's half of the contract (ui/src/host/contract.ts) again from the Rust half.
    Contract,
}

/// How a command may prepare the machine.
#[derive(Args, Clone, Copy)]
pub(crate) struct SetupArgs {
    /// Install missing system packages without asking (also when the variable CI is set).
    #[arg(long)]
    yes: bool,
    /// Do not look for system packages at all.
    #[arg(long, conflicts_with = "yes")]
    skip_packages: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = Project::find().and_then(|project| match cli.task {
        Task::Run(args) => run::run(&project, &args),
        Task::Test(args) => test::run(&project, &args),
        Task::Ci(setup) => ci::run(&project, setup),
        Task::Bench(args) => bench::run(&project, &args),
        Task::Fuzz(args) => fuzz::run(&project, &args),
        Task::Eval(args) => eval::run(&project, &args),
        Task::Contract => contract::write(&project),
    });
    done.unwrap_or_else(|error| {
        say!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
