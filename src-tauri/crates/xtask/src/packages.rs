//! System packages: which are needed, which are missing, and installing them with the user's consent.

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow};

use crate::SetupArgs;
use crate::output::{raw, say};
use crate::project::Project;

/// What building and running the app takes on Debian and Ubuntu. WebKitGTK brings GStreamer, which plays the sounds.
const RUN: &[&str] = &[
    "build-essential",
    "pkg-config",
    "file",
    "curl",
    "libssl-dev",
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-1",
];

/// What the tests take on top: a display, a bus, a keyring, a sound server that is listened to, and fonts that can
/// draw what the pictures show. Never dbus-x11: with it the app starts stray buses.
const TEST: &[&str] = &[
    "xvfb",
    "xauth",
    "webkit2gtk-driver",
    "gnome-keyring",
    "dbus",
    "imagemagick",
    "xdotool",
    "pulseaudio",
    "pulseaudio-utils",
    "sox",
    "libsox-fmt-mp3",
    "fonts-noto-core",
    "fonts-noto-color-emoji",
];

/// What the packages are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Building and running the app.
    Run,
    /// That, and all tests.
    Test,
}

impl Purpose {
    fn packages(self) -> Vec<&'static str> {
        match self {
            Self::Run => RUN.to_vec(),
            Self::Test => [RUN, TEST].concat(),
        }
    }
}

/// Why the packages are not there.
pub(crate) enum Missing {
    /// The user has to do something first; going on makes no sense.
    UserMustAct(String),
    /// Installing was allowed and did not work. What does not need the packages may still run.
    NotInstalled(String),
}

impl From<Missing> for anyhow::Error {
    fn from(missing: Missing) -> Self {
        let (Missing::UserMustAct(reason) | Missing::NotInstalled(reason)) = missing;
        anyhow!(reason)
    }
}

/// Makes sure that the packages are there, installing them if the user agrees.
pub(crate) fn ensure(project: &Project, purpose: Purpose, setup: SetupArgs) -> Result<(), Missing> {
    if setup.skip_packages || !cfg!(target_os = "linux") {
        return Ok(());
    }
    if !(on_path("dpkg-query") && on_path("apt-get")) {
        return on_another_distribution(project, purpose);
    }
    let missing = missing(project, purpose).map_err(|error| Missing::NotInstalled(format!("{error:#}")))?;
    if missing.is_empty() {
        return Ok(());
    }

    let access = access(project);
    let install = install_line(access, &missing);
    say!("These system packages are missing: {}", missing.join(" "));
    if access == Access::None {
        return Err(Missing::UserMustAct(format!(
            "installing them takes root; have this run first:\n  {install}"
        )));
    }
    if !(setup.yes || is_ci(env::var("CI").ok().as_deref())) {
        let by_hand = format!("install them with this line, or start again with --yes:\n  {install}");
        if !io::stdin().is_terminal() {
            return Err(Missing::UserMustAct(by_hand));
        }
        if !asked(&install) {
            return Err(Missing::UserMustAct(by_hand));
        }
    }
    install_packages(project, access, &missing).map_err(|error| {
        Missing::NotInstalled(format!(
            "{error:#}; install these packages yourself, or go on without them with --skip-packages: {}",
            missing.join(" ")
        ))
    })
}

/// How we may install.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Root,
    Sudo,
    None,
}

fn access(project: &Project) -> Access {
    let id = project.command("id").arg("-u").stderr(Stdio::null()).output();
    if id.is_ok_and(|output| output.stdout.trim_ascii() == b"0") {
        Access::Root
    } else if on_path("sudo") {
        Access::Sudo
    } else {
        Access::None
    }
}

/// The packages of `purpose` that dpkg does not hold as installed.
fn missing(project: &Project, purpose: Purpose) -> Result<Vec<&'static str>> {
    let wanted = purpose.packages();
    // dpkg-query complains about unknown packages on standard error and lists the others.
    let output = project
        .command("dpkg-query")
        .args(["-W", "-f", "${Package} ${db:Status-Status}\\n"])
        .args(&wanted)
        .stderr(Stdio::null())
        .output()
        .context("dpkg-query could not be started")?;
    Ok(not_installed(&wanted, &String::from_utf8_lossy(&output.stdout)))
}

/// `wanted` without the packages listed as `<name> installed`.
fn not_installed<'a>(wanted: &[&'a str], listed: &str) -> Vec<&'a str> {
    let installed: Vec<&str> = listed.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().copied().filter(|package| !installed.contains(package)).collect()
}

/// The arguments of apt-get. It must not remove anything (on a desktop, pulseaudio would replace PipeWire), must not
/// bring recommended packages (among them dbus-x11) and waits for a system update that holds the lock.
fn install_arguments<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let mut arguments =
        vec!["install", "-y", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=120"];
    arguments.extend(packages);
    arguments
}

/// The line a user would type.
fn install_line(access: Access, packages: &[&str]) -> String {
    let prefix = if access == Access::Sudo { "sudo " } else { "" };
    format!("{prefix}apt-get update && {prefix}apt-get {}", install_arguments(packages).join(" "))
}

fn apt_get(project: &Project, access: Access) -> Command {
    let mut command = project.command(if access == Access::Sudo { "sudo" } else { "env" });
    if access == Access::Sudo {
        command.arg("env");
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    command
}

fn install_packages(project: &Project, access: Access, packages: &[&str]) -> Result<()> {
    // The lists of a fresh machine are old or missing. One broken source of the user's must not stop the others.
    let updated = apt_get(project, access).arg("update").status().context("apt-get could not be started")?;
    if !updated.success() {
        say!("note: apt-get update failed; trying to install with the lists there are");
    }
    let installed = apt_get(project, access).args(install_arguments(packages)).status()?;
    if installed.success() { Ok(()) } else { Err(anyhow!("apt-get could not install the packages")) }
}

fn on_another_distribution(project: &Project, purpose: Purpose) -> Result<(), Missing> {
    let webkit = project.command("pkg-config").args(["--exists", "webkit2gtk-4.1"]).status();
    if webkit.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let tests = if purpose == Purpose::Test {
        ", and for the tests also Xvfb, WebKitWebDriver, gnome-keyring, D-Bus, ImageMagick, xdotool, PulseAudio, sox \
         and the Noto fonts"
    } else {
        ""
    };
    Err(Missing::UserMustAct(format!(
        "this Linux has no apt-get and pkg-config finds no webkit2gtk-4.1: install the development files of WebKitGTK \
         4.1 and of OpenSSL, a C compiler, pkg-config and libayatana-appindicator3 with its package manager{tests}"
    )))
}

fn asked(install: &str) -> bool {
    raw(format!("They would be installed with:\n  {install}\nInstall them now? [Y/n] ").as_bytes());
    let _ = io::stdout().flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok_and(|length| length > 0) && is_yes(&answer)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes" | "д" | "да")
}

/// Whether the variable CI says that nobody is there to be asked.
fn is_ci(value: Option<&str>) -> bool {
    value.is_some_and(|value| !matches!(value, "" | "0" | "false"))
}

fn on_path(program: &str) -> bool {
    let folders: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    folders.iter().any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_count_as_installed_only_when_dpkg_says_so() {
        let listed = "curl installed\nfile config-files\nsox not-installed\nlibssl-dev installed\n";
        assert_eq!(
            not_installed(&["curl", "file", "sox", "xvfb", "libssl-dev"], listed),
            ["file", "sox", "xvfb"]
        );
    }

    #[test]
    fn tests_need_all_that_running_needs_and_nothing_twice() {
        let packages = Purpose::Test.packages();
        assert!(Purpose::Run.packages().iter().all(|package| packages.contains(package)));
        let mut unique = packages.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), packages.len());
        assert!(!packages.contains(&"dbus-x11"));
    }

    #[test]
    fn the_line_to_type_uses_sudo_only_when_it_is_there() {
        assert!(
            install_line(Access::Sudo, &["sox"]).starts_with("sudo apt-get update && sudo apt-get install ")
        );
        assert!(install_line(Access::None, &["sox"]).starts_with("apt-get update && apt-get install "));
        assert!(install_line(Access::Root, &["sox", "xvfb"]).ends_with(" sox xvfb"));
    }

    #[test]
    fn only_a_yes_or_an_empty_line_is_consent() {
        assert!(["\n", "y\n", "Yes\n", "да\n"].into_iter().all(is_yes));
        assert!(!["n\n", "no\n", "нет\n", "what\n"].into_iter().any(is_yes));
    }

    #[test]
    fn ci_is_on_for_any_value_but_the_ones_that_say_no() {
        assert!(is_ci(Some("true")) && is_ci(Some("1")));
        assert!(!is_ci(None) && !is_ci(Some("")) && !is_ci(Some("false")) && !is_ci(Some("0")));
    }
}
