//! `cargo xtask eval …`: builds the program that asks the knowledge a set of questions, and runs it.

use std::path::{PathBuf, absolute};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::SetupArgs;
use crate::packages::{self, Purpose};
use crate::project::Project;

/// Arguments of `cargo xtask eval`.
#[derive(Args)]
pub(crate) struct EvalArgs {
    #[command(flatten)]
    setup: SetupArgs,
    /// The folder of the set: corpus.jsonl, queries.jsonl, qrels.tsv and, if there are attacks, injections.jsonl.
    #[arg(long)]
    set: PathBuf,
    /// Where run.tsv, answers.jsonl and attacks.jsonl are written.
    #[arg(long)]
    out: PathBuf,
    /// Questions instead of queries.jsonl of the set.
    #[arg(long)]
    queries: Option<PathBuf>,
    /// Ask through the app's own drafting, with the language model at this base address; its key in PRILAVOK_EVAL_KEY.
    #[arg(long)]
    llm: Option<String>,
    /// The model's name there.
    #[arg(long)]
    llm_model: Option<String>,
}

/// Prepares the machine, builds, measures. A release build, for it measures time too.
pub(crate) fn run(project: &Project, arguments: &EvalArgs) -> Result<ExitCode> {
    packages::ensure(project, Purpose::Run, arguments.setup)?;
    let mut command = project.cargo(["run", "--release", "--quiet", "--package", "eval", "--", "--set"]);
    command.arg(absolute(&arguments.set)?).arg("--out").arg(absolute(&arguments.out)?);
    if let Some(queries) = &arguments.queries {
        command.arg("--queries").arg(absolute(queries)?);
    }
    for (option, value) in [("--llm", &arguments.llm), ("--llm-model", &arguments.llm_model)] {
        if let Some(value) = value {
            command.arg(option).arg(value);
        }
    }
    let status = command.status().context("Cargo could not be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
