//! `cargo xtask bench …`: builds the app and the program that measures it, and hands the rest of the line over.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::SetupArgs;
use crate::app::{self, ALL_PACKAGES, WITH_PAGE};
use crate::output::say;
use crate::packages::{self, Purpose};
use crate::page;
use crate::project::Project;

/// The name of the program that measures.
const BENCH: &str = "bench";
/// The one that proves and measures nothing: the build of the tests will do, and is there.
const PROOF: &str = "chaos";

/// Arguments of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    setup: SetupArgs,
    /// Use the build of the tests instead of a release build. `chaos`, which measures nothing, always does.
    #[arg(long)]
    debug_build: bool,
    /// What to measure, and its arguments; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    what: Vec<OsString>,
}

/// Prepares the machine, builds, measures.
pub(crate) fn run(project: &Project, arguments: &BenchArgs) -> Result<ExitCode> {
    packages::ensure(project, Purpose::Test, arguments.setup)?;
    page::ensure_packages(project)?;
    page::build(project)?;
    say!("Building (the first time takes some minutes)");
    let mut build = vec!["build"];
    let proof = arguments.what.iter().any(|word| word == PROOF);
    if !arguments.debug_build && !proof {
        build.push("--release");
    }
    build.extend(ALL_PACKAGES.iter().chain(&WITH_PAGE));
    let app = app::build(project, build)?.context("Cargo built no program of the app")?;
    let bench = app.with_file_name(format!("{BENCH}{}", std::env::consts::EXE_SUFFIX));
    let mut command = project.command(bench);
    command.args(&arguments.what).env("PRILAVOK_BENCH_APP", &app);
    let status = command.status().context("the measuring program could not be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
