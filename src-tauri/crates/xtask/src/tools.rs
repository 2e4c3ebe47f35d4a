//! Programs that checks need and that are fetched once into the target folder.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::output::say;
use crate::project::Project;
use crate::report::Outcome;
use crate::stage::{self, Output};

/// A program in an exact version; the version is part of its folder's name, so a new one is fetched anew.
struct Tool {
    /// Name of the crate.
    package: &'static str,
    /// Name of the program.
    program: &'static str,
    version: &'static str,
    /// The same program, ready-built, as a Python package of the same version.
    wheel: Option<&'static str>,
}

const CARGO_DENY: Tool =
    Tool { package: "cargo-deny", program: "cargo-deny", version: "0.20.2", wheel: None };
const CARGO_FUZZ: Tool =
    Tool { package: "cargo-fuzz", program: "cargo-fuzz", version: "0.13.2", wheel: None };
const TYPOS: Tool = Tool { package: "typos-cli", program: "typos", version: "1.52.0", wheel: Some("typos") };

/// How long the advisory database may take before it counts as out of reach.
const FETCH_LIMIT: Duration = Duration::from_secs(120);

/// Licences, sources and banned packages of all dependencies; known holes when their database can be reached.
pub(crate) fn dependencies(project: &Project) -> Result<Outcome> {
    let deny = CARGO_DENY.ensure(project)?;
    let mut check = project.command(&deny);
    check.args(["check", "bans", "licenses", "sources"]);
    let checked = Outcome::check(&stage::run(&mut check, Output::Shown)?);
    if checked.failure.is_some() {
        return Ok(checked);
    }
    let fetched = stage::run_within(project.command(&deny).args(["fetch", "db"]), Output::Kept, FETCH_LIMIT)?;
    if fetched.failure().is_some() {
        say!("note: advisories were not checked, because their database cannot be reached from here");
        return Ok(checked);
    }
    let mut check = project.command(&deny);
    check.args(["--offline", "check", "advisories"]);
    Ok(Outcome::check(&stage::run(&mut check, Output::Shown)?))
}

/// The program that builds and runs fuzz targets.
pub(crate) fn cargo_fuzz(project: &Project) -> Result<PathBuf> {
    CARGO_FUZZ.ensure(project)
}

/// Spelling of everything that is written in English.
pub(crate) fn spelling(project: &Project) -> Result<Outcome> {
    let typos = TYPOS.ensure(project)?;
    Ok(Outcome::check(&stage::run(&mut project.command(typos), Output::Shown)?))
}

impl Tool {
    /// The path of the program, fetched if it is not there yet.
    fn ensure(&self, project: &Project) -> Result<PathBuf> {
        let tools = project.workspace()?.target_dir.join("tools");
        let folder = tools.join(format!("{}-{}", self.package, self.version));
        let program = folder.join("bin").join(format!("{}{EXE_SUFFIX}", self.program));
        if !program.is_file() {
            say!("Fetching {} {} (once)", self.package, self.version);
            if !self.fetch_wheel(project, &folder) {
                self.build(project, &folder)?;
            }
        }
        if !program.is_file() {
            bail!("{} was installed without its program", self.package);
        }
        Ok(program)
    }

    /// Seconds instead of minutes, where Python is there.
    fn fetch_wheel(&self, project: &Project, folder: &Path) -> bool {
        let Some(wheel) = self.wheel else { return false };
        let mut command = project.command(if cfg!(windows) { "python" } else { "python3" });
        command
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary", ":all:", "--target"])
            .arg(folder)
            .arg(format!("{wheel}=={}", self.version));
        let done = stage::run(&mut command, Output::Kept).is_ok_and(|finished| finished.failure().is_none());
        if !done {
            let _ = fs::remove_dir_all(folder);
        }
        done
    }

    fn build(&self, project: &Project, folder: &Path) -> Result<()> {
        let mut command = project.cargo(["install", "--quiet", "--locked", "--root"]);
        command.arg(folder).arg(format!("{}@{}", self.package, self.version));
        command.env_remove("CARGO_TARGET_DIR"); // built in a temporary folder, which Cargo removes
        stage::run_to_success(&mut command)
            .with_context(|| format!("{} could not be installed", self.package))
    }
}
