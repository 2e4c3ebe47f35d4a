//! Where the project lies, and how programs are started in it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What `cargo run` puts into our environment about this package. Handed on, it would make build scripts that watch
/// these variables run again, and everything behind them compile again, compared with a plain `cargo build`.
const OWN_PACKAGE_VARIABLES: [&str; 2] = ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"];

/// The project: its root folder and the Cargo that started us.
pub(crate) struct Project {
    root: PathBuf,
    cargo: OsString,
    /// `CARGO_TARGET_DIR` made absolute, because programs are started in another folder than ours.
    target_dir: Option<PathBuf>,
}

/// What Cargo knows about the workspace, as far as the commands need it.
pub(crate) struct Workspace {
    /// Where Cargo builds.
    pub(crate) target_dir: PathBuf,
    /// The names of all integration test targets, sorted, without those of this package.
    pub(crate) test_targets: Vec<String>,
}

impl Project {
    /// Finds the project from the folder of this package, which Cargo names at run time.
    pub(crate) fn find() -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = package.ancestors().nth(3).context("this package lies outside of the project")?;
        let target_dir = env::var_os("CARGO_TARGET_DIR")
            .filter(|value| !value.is_empty())
            .map(std::path::absolute)
            .transpose()
            .context("CARGO_TARGET_DIR is not a usable path")?;
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Ok(Self { root: root.to_path_buf(), cargo, target_dir })
    }

    /// The root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the page.
    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// A program to be started in the root folder.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for name in OWN_PACKAGE_VARIABLES {
            command.env_remove(name);
        }
        if let Some(target_dir) = &self.target_dir {
            command.env("CARGO_TARGET_DIR", target_dir);
        }
        if cfg!(target_os = "linux") && !locale_is_utf8(|name| env::var(name).ok()) {
            command.env("LC_ALL", "C.UTF-8");
        }
        command
    }

    /// Cargo with these arguments.
    pub(crate) fn cargo<I>(&self, arguments: I) -> Command
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        let mut command = self.command(&self.cargo);
        command.args(arguments);
        command
    }

    /// npm with these arguments, in the folder of the page.
    pub(crate) fn npm<I>(&self, arguments: I) -> Command
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        let mut command = self.command(if cfg!(windows) { "npm.cmd" } else { "npm" });
        command.current_dir(self.ui()).args(arguments);
        command
    }

    /// Asks Cargo about the workspace.
    pub(crate) fn workspace(&self) -> Result<Workspace> {
        let output = self
            .cargo(["metadata", "--format-version", "1", "--no-deps"])
            .stderr(Stdio::inherit())
            .output()
            .context("Cargo could not be started")?;
        if !output.status.success() {
            bail!("Cargo could not read the workspace");
        }
        parse_metadata(&output.stdout).context("Cargo described the workspace in an unknown form")
    }
}

fn parse_metadata(json: &[u8]) -> Result<Workspace> {
    let metadata: Value = serde_json::from_slice(json)?;
    let target_dir = metadata["target_directory"].as_str().context("no target_directory")?.into();
    let packages = metadata["packages"].as_array().context("no packages")?;
    let mut test_targets: Vec<String> = packages
        .iter()
        .filter(|package| package["name"] != env!("CARGO_PKG_NAME"))
        .filter_map(|package| package["targets"].as_array())
        .flatten()
        .filter(|target| {
            target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "test"))
        })
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect();
    test_targets.sort();
    test_targets.dedup();
    Ok(Workspace { target_dir, test_targets })
}

/// Whether the locale can hold Russian text, by the rules of setlocale: the first of these that is set counts.
fn locale_is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty())
        .is_some_and(|value| value.to_lowercase().replace('-', "").ends_with("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspace_lists_integration_tests_of_all_packages_but_this_one() {
        let json = br#"{"target_directory":"/t","packages":[
            {"name":"b","targets":[{"name":"b","kind":["lib"]},{"name":"store","kind":["test"]}]},
            {"name":"a","targets":[{"name":"a","kind":["bin"]},{"name":"e2e","kind":["test"]}]},
            {"name":"xtask","targets":[{"name":"commands","kind":["test"]}]}]}"#;
        let workspace = parse_metadata(json).unwrap();
        assert_eq!(workspace.target_dir, Path::new("/t"));
        assert_eq!(workspace.test_targets, ["e2e", "store"]);
    }

    #[test]
    fn locale_follows_the_first_variable_that_is_set() {
        let of = |all: &'static str, lang: &'static str| {
            locale_is_utf8(|name| match name {
                "LC_ALL" => Some(all.to_owned()),
                "LANG" => Some(lang.to_owned()),
                _ => None,
            })
        };
        assert!(of("", "ru_RU.UTF-8"));
        assert!(of("C.utf8", "C"));
        assert!(!of("POSIX", "ru_RU.UTF-8"));
        assert!(!of("", ""));
    }
}
