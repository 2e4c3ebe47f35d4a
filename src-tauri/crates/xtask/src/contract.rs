//! The contract between page and core, which a test of the app writes or compares.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::app::{ALL_PACKAGES, WITH_PAGE};
use crate::counts::Counts;
use crate::output::say;
use crate::page;
use crate::project::Project;
use crate::report::Outcome;
use crate::stage::{self, Output};

/// The test that fails when the generated file is not what the Rust code says.
const TEST: &str = "contract_is_fresh";
/// With this variable the test writes the file.
const WRITE: &str = "PRILAVOK_WRITE_CONTRACT";

/// `cargo xtask contract`: writes the generated file.
pub(crate) fn write(project: &Project) -> Result<ExitCode> {
    let outcome = run(project, true)?;
    Ok(if let Some(failure) = outcome.failure {
        say!("The contract could not be written: {failure}");
        ExitCode::FAILURE
    } else {
        say!("The contract is up to date");
        ExitCode::SUCCESS
    })
}

/// Compares the committed file.
pub(crate) fn check(project: &Project) -> Result<Outcome> {
    run(project, false)
}

fn run(project: &Project, write: bool) -> Result<Outcome> {
    let mut command = project.cargo(["test"]);
    command.args(ALL_PACKAGES);
    // The page may not be built before its contract exists; with it, the build of the other tests is used.
    if page::is_there(project) {
        command.args(WITH_PAGE);
    }
    command.args(["--lib", TEST]);
    if write {
        command.env(WRITE, "1");
    } else {
        command.env_remove(WRITE);
    }
    let finished = stage::run(&mut command, Output::ShownAndKept).context("the contract was not checked")?;
    let ran = Counts::from_cargo_test(&finished.output);
    let failure =
        finished.failure().or_else(|| (ran.passed == 0).then(|| format!("there is no test {TEST}")));
    Ok(Outcome { counts: None, failure })
}
