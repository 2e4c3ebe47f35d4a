//! `cargo xtask test`: every test there is, in three stages that do not stop each other.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::SetupArgs;
use crate::app::{self, ALL_PACKAGES, WITH_PAGE};
use crate::counts::Counts;
use crate::output::say;
use crate::packages::{self, Missing, Purpose};
use crate::page;
use crate::project::{Project, Workspace};
use crate::report::{Outcome, Report};
use crate::stage::{self, Output};

/// The integration test target that drives the real app.
const END_TO_END: &str = "e2e";
/// How many end-to-end tests may run at once; one unless this variable says more.
const END_TO_END_THREADS: &str = "PRILAVOK_E2E_THREADS";

const RUST_TESTS: &str = "Rust tests";
const PAGE_TESTS: &str = "page tests";
const END_TO_END_TESTS: &str = "end-to-end tests";

/// Arguments of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    setup: SetupArgs,
    /// Run this kind of tests only.
    #[arg(long)]
    only: Option<Kind>,
    /// Run only the tests whose name contains this.
    filter: Option<String>,
}

/// A kind of tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Unit, integration and documentation tests of all packages.
    Rust,
    /// Unit tests of the page.
    Ui,
    /// The real app under WebDriver.
    E2e,
}

/// Runs the tests and prints the summary.
pub(crate) fn run(project: &Project, arguments: &TestArgs) -> Result<ExitCode> {
    let mut report = Report::default();
    let wanted = Wanted { only: arguments.only, filter: arguments.filter.as_deref() };
    stages(project, &mut report, arguments.setup, wanted)?;
    if report.tests_ran() == 0 {
        report.not_run("filter", "no test has such a name");
    }
    Ok(report.finish())
}

/// Runs all tests as stages of a longer command.
pub(crate) fn all_stages(project: &Project, report: &mut Report, setup: SetupArgs) -> Result<()> {
    stages(project, report, setup, Wanted { only: None, filter: None })
}

/// Which tests to run.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    only: Option<Kind>,
    filter: Option<&'a str>,
}

impl Wanted<'_> {
    fn has(self, kind: Kind) -> bool {
        self.only.is_none_or(|only| only == kind)
    }
}

/// Prepares, and runs what is wanted. An error means that the user has to act first; everything else is in the
/// report.
fn stages(project: &Project, report: &mut Report, setup: SetupArgs, wanted: Wanted<'_>) -> Result<()> {
    let compiles = wanted.has(Kind::Rust) || wanted.has(Kind::E2e);
    if compiles {
        match packages::ensure(project, Purpose::Test, setup) {
            Ok(()) => {}
            Err(missing @ Missing::UserMustAct(_)) => return Err(missing.into()),
            Err(Missing::NotInstalled(reason)) => report.not_run("system packages", &reason),
        }
    }
    let page_packages = page::ensure_packages(project);
    if let Err(error) = &page_packages {
        report.not_run("page packages", &format!("{error:#}"));
    }
    let app = if compiles { build(project, report, page_packages.is_ok(), wanted) } else { None };

    let not_built = "the app and its tests were not built";
    if wanted.has(Kind::Rust) {
        match &app {
            Some(built) => {
                report.stage(RUST_TESTS, || rust_tests(project, &built.workspace, wanted.filter));
            }
            None => report.not_run(RUST_TESTS, not_built),
        }
    }
    if wanted.has(Kind::Ui) {
        if page_packages.is_ok() {
            report.stage(PAGE_TESTS, || page_tests(project, wanted.filter));
        } else {
            report.not_run(PAGE_TESTS, "the page's packages were not installed");
        }
    }
    if wanted.has(Kind::E2e) {
        match &app {
            Some(Built { program: Some(program), .. }) => {
                report.stage(END_TO_END_TESTS, || end_to_end_tests(project, program, wanted.filter));
            }
            Some(Built { program: None, .. }) => {
                report.not_run(END_TO_END_TESTS, "Cargo built no program of the app");
            }
            None => report.not_run(END_TO_END_TESTS, not_built),
        }
    }
    Ok(())
}

/// What the tests are run with.
struct Built {
    workspace: Workspace,
    /// The app with the page in it; only built for end-to-end tests.
    program: Option<PathBuf>,
}

/// Builds the page, and then the app with the page in it together with the tests that are wanted.
fn build(
    project: &Project,
    report: &mut Report,
    has_page_packages: bool,
    wanted: Wanted<'_>,
) -> Option<Built> {
    if !has_page_packages || !report.stage("page build", || page::build(project).map(|()| Outcome::default()))
    {
        return None;
    }
    let mut built = None;
    report.stage("app build", || {
        let workspace = project.workspace()?;
        // A separate step, so that its time is not taken for the tests' time and an error is shown once.
        let mut arguments = vec!["test", "--no-run"];
        arguments.extend(ALL_PACKAGES.iter().chain(&WITH_PAGE));
        if wanted.has(Kind::Rust) {
            arguments.extend(rust_targets(&workspace));
        }
        if wanted.has(Kind::E2e) && workspace.test_targets.iter().any(|target| target == END_TO_END) {
            // Cargo builds the program of a package for its integration tests.
            arguments.extend(["--test", END_TO_END]);
        }
        let program = app::build(project, arguments)?;
        built = Some(Built { workspace, program });
        Ok(Outcome::default())
    });
    built
}

/// Every target with tests, except for the end-to-end tests.
fn rust_targets(workspace: &Workspace) -> Vec<&str> {
    let mut arguments = vec!["--lib", "--bins", "--examples"];
    for target in workspace.test_targets.iter().filter(|target| *target != END_TO_END) {
        arguments.extend(["--test", target]);
    }
    arguments
}

fn rust_tests(project: &Project, workspace: &Workspace, filter: Option<&str>) -> Result<Outcome> {
    let own_package = ["--package", env!("CARGO_PKG_NAME")];
    let all_packages: Vec<&str> = ALL_PACKAGES.into_iter().chain(WITH_PAGE).collect();
    let runs = [
        [all_packages.clone(), rust_targets(workspace)].concat(),
        [all_packages, vec!["--doc"]].concat(),
        own_package.to_vec(),
    ];
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    for arguments in runs {
        let mut command = project.cargo(["test", "--no-fail-fast"]);
        command.args(&arguments).args(filter);
        let finished = stage::run(&mut command, Output::ShownAndKept)?;
        let mut ran = Counts::from_cargo_test(&finished.output);
        if let Some(failure) = finished.failure() {
            ran.failed = ran.failed.max(1);
            failures.push(failure);
        }
        counts += ran;
    }
    let failure = (!failures.is_empty()).then(|| failures.join(", "));
    Ok(Outcome::tests(counts, failure, filter.is_some()))
}

fn page_tests(project: &Project, filter: Option<&str>) -> Result<Outcome> {
    let folder = project.workspace()?.target_dir.join("xtask");
    fs::create_dir_all(&folder).context("the target folder cannot be written")?;
    let file = folder.join("page-tests.json");
    let _ = fs::remove_file(&file); // so that an old report is never read
    let mut command = project.npm(["test", "--", "--reporter=default", "--reporter=json"]);
    command.arg(format!("--outputFile.json={}", file.display()));
    if let Some(filter) = filter {
        command.args(["-t", filter]);
    }
    let finished = stage::run(&mut command, Output::Shown)?;
    let counts = fs::read_to_string(&file)
        .context("Vitest wrote no report")
        .and_then(|json| Counts::from_vitest(&json, filter.is_some()));
    match (counts, finished.failure()) {
        (Ok(counts), failure) => Ok(Outcome::tests(counts, failure, filter.is_some())),
        (Err(_), Some(failure)) => Ok(Outcome { counts: None, failure: Some(failure) }),
        (Err(error), None) => Err(error),
    }
}

fn end_to_end_tests(project: &Project, program: &Path, filter: Option<&str>) -> Result<Outcome> {
    let out = project.root().join("tests").join("out");
    fs::create_dir_all(&out).context("tests/out cannot be written")?;
    let threads = env::var(END_TO_END_THREADS).unwrap_or_else(|_| "1".to_owned());
    let mut command = project.cargo(["test"]);
    command
        .args(ALL_PACKAGES)
        .args(WITH_PAGE)
        .args(["--test", END_TO_END])
        .args(filter)
        // Why a test failed stands beside its name, not after all the others.
        .args(["--", "--test-threads", &threads, "--nocapture"])
        // A backtrace of asynchronous code is long, says little and buries the reason.
        .env("RUST_BACKTRACE", "0")
        .env("PRILAVOK_E2E_APP", program)
        .env("PRILAVOK_E2E_OUT", &out);
    let finished = stage::run(&mut command, Output::ShownAndKept)?;
    let counts = Counts::from_cargo_test(&finished.output);
    if counts.failed > 0 {
        say!("Pictures and logs of the end-to-end tests are in tests/out");
    }
    Ok(Outcome::tests(counts, finished.failure(), filter.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rust_stage_runs_every_integration_test_but_the_end_to_end_tests() {
        let workspace = Workspace {
            target_dir: PathBuf::from("/t"),
            test_targets: ["e2e", "outbox", "store"].map(str::to_owned).to_vec(),
        };
        assert_eq!(
            rust_targets(&workspace),
            ["--lib", "--bins", "--examples", "--test", "outbox", "--test", "store"]
        );
    }
}
