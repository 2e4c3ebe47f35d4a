//! `cargo xtask run`: from a fresh machine to the running app.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::SetupArgs;
use crate::app::{self, WITH_PAGE};
use crate::output::say;
use crate::packages::{self, Purpose};
use crate::page;
use crate::project::Project;

/// Arguments of `cargo xtask run`.
#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    setup: SetupArgs,
    /// Start the app with the user's own data instead of the demo.
    #[arg(long)]
    real: bool,
    /// Handed to the app.
    #[arg(last = true)]
    app_arguments: Vec<OsString>,
}

/// Prepares the machine, builds, starts the app and gives the app's exit code.
pub(crate) fn run(project: &Project, arguments: &RunArgs) -> Result<ExitCode> {
    packages::ensure(project, Purpose::Run, arguments.setup)?;
    page::ensure_packages(project)?;
    page::build(project)?;
    say!("Building the app (the first time takes some minutes)");
    let build = ["build", "--package", "prilavok"];
    let program = app::build(project, build.into_iter().chain(WITH_PAGE))?
        .context("Cargo built no program of the app")?;

    let mut app = project.command(&program);
    if !arguments.real {
        app.arg("--demo");
    }
    let status = app.args(&arguments.app_arguments).status().context("the app could not be started")?;
    if !status.success() && has_no_screen() {
        say!("The app needs a screen, and there is none: neither DISPLAY nor WAYLAND_DISPLAY is set");
    }
    Ok(match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    })
}

fn has_no_screen() -> bool {
    cfg!(target_os = "linux") && ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|name| env::var_os(name).is_none())
}
