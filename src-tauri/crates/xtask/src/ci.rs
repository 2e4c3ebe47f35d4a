//! `cargo xtask ci`: all tests and all checks.

use std::process::ExitCode;

use anyhow::Result;

use crate::SetupArgs;
use crate::app::WITH_PAGE;
use crate::contract;
use crate::page;
use crate::page_packages;
use crate::project::Project;
use crate::report::{Outcome, Report};
use crate::stage::{self, Output};
use crate::test;
use crate::tools;

/// Runs everything, whatever fails, and prints the summary.
pub(crate) fn run(project: &Project, setup: SetupArgs) -> Result<ExitCode> {
    let mut report = Report::default();
    test::all_stages(project, &mut report, setup)?;

    let cargo = |arguments: &[&str]| {
        stage::run(&mut project.cargo(arguments), Output::Shown).map(|finished| Outcome::check(&finished))
    };
    let script = |name| page::script(project, name).map(|finished| Outcome::check(&finished));
    report.stage("Rust format", || cargo(&["fmt", "--all", "--check"]));
    report.stage("Rust lints", || {
        cargo(
            &[&["clippy", "--workspace", "--all-targets"], &WITH_PAGE[..], &["--", "-D", "warnings"]]
                .concat(),
        )
    });
    report.stage("page types", || script("check"));
    report.stage("page lints", || script("lint"));
    report.stage("contract", || contract::check(project));
    report.stage("dependencies", || tools::dependencies(project));
    report.stage("page dependencies", || page_packages::check(project));
    report.stage("spelling", || tools::spelling(project));
    Ok(report.finish())
}
