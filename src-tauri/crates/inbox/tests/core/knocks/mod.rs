//! Hard knocks: what disks, other programs, clocks and Avito do to a program that runs for months. Each test's name says the rule.

mod accounts;
mod clock;
mod database;
pub(crate) mod disk;
mod queue;

use std::path::Path;
use std::process::{Command, Stdio};

use inbox::view::ErrorCode;
use inbox::{Core, CoreConfig};

use crate::support::Setup;

/// Tries to open the folder; the code when that is refused.
async fn try_open(folder: &Path, setup: &Setup) -> Result<Core, ErrorCode> {
    let mut config = CoreConfig::new(folder, setup.vault.clone());
    config.timing = setup.timing.clone();
    config.clock = setup.clock.clone();
    config.background = setup.background;
    Core::open(config).await.map_err(|error| error.code())
}

/// Runs one of the ignored tests here as a process of its own, under a wrapper (`unshare …`) if need be, and demands its success.
fn run_alone(wrapper: &[&str], test: &str, variables: &[(&str, &str)]) {
    let program = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(&program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(&program);
            command
        }
    };
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    let output =
        command.envs(variables.iter().copied()).stdin(Stdio::null()).output().expect("the process starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let ran = output.status.success() && text.contains("1 passed");
    eprintln!("{text}");
    assert!(ran, "{test}:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
}
