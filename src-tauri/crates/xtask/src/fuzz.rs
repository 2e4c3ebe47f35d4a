//! `cargo xtask fuzz`: searches for input that breaks what reads strangers' data. On request only: the property tests cover the
//! same ground in the ordinary tests.
//!
//! The targets lie in `tests/fuzz`, a workspace of its own. What is found stays in `tests/fuzz/artifacts`.

use std::env;
use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::output::say;
use crate::project::Project;
use crate::report::{Outcome, Report};
use crate::stage::{self, Output};
use crate::tools;

/// Arguments of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// Run this target only.
    target: Option<Target>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=1800))]
    seconds: u64,
}

/// What is fuzzed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Target {
    /// Bodies of deliveries.
    Webhook,
    /// Answers of the API.
    ApiAnswer,
    /// Texts that are kept, shown and searched for.
    Text,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::ApiAnswer => "api_answer",
            Self::Text => "text",
        }
    }

    /// Longer input would only make each try slower; long input has tests of its own.
    fn longest(self) -> u32 {
        if self == Self::Text { 4096 } else { 16 * 1024 }
    }
}

/// Builds and runs the targets one after the other.
pub(crate) fn run(project: &Project, arguments: &FuzzArgs) -> Result<ExitCode> {
    let cargo_fuzz = tools::cargo_fuzz(project).context(
        "cargo-fuzz cannot be had on this machine, so nothing was fuzzed (the property tests run with `cargo xtask test`)",
    )?;
    let folder = project.root().join("tests/fuzz");
    let built = project.workspace()?.target_dir.join("fuzz");
    let mut report = Report::default();
    for target in Target::value_variants() {
        if arguments.target.is_some_and(|wanted| wanted != *target) {
            continue;
        }
        let name = target.name();
        let found = folder.join("found").join(name); // libFuzzer adds what it finds to its first folder
        fs::create_dir_all(&found).context("tests/fuzz cannot be written")?;
        let mut command = project.command(&cargo_fuzz);
        // The sanitizer's flags are not stable; for them alone the stable compiler is told to take them.
        command
            .current_dir(&folder)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO", env::var_os("CARGO").unwrap_or("cargo".into()));
        command.args(["run", "--fuzz-dir", ".", "--target-dir"]).arg(&built).arg(name);
        command.arg(&found).arg(folder.join("seeds").join(name));
        command.arg("--").arg(format!("-max_total_time={}", arguments.seconds));
        command.args([
            &format!("-max_len={}", target.longest()),
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
        ]);
        report.stage(name, || Ok(Outcome::check(&stage::run(&mut command, Output::Shown)?)));
    }
    say!("Input that breaks something is in tests/fuzz/artifacts");
    Ok(report.finish())
}
