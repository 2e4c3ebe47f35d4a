//! Building the app and its tests with Cargo.

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::project::Project;
use crate::stage::{self, Output, command_line};

/// Puts the built page into the app. Without it the app looks for a development server.
pub(crate) const WITH_PAGE: [&str; 2] = ["--features", "tauri/custom-protocol"];

/// All packages but this one. The same choice for every build of the tests: another choice would build shared
/// dependencies a second time with other features. This package stays out because it is running.
pub(crate) const ALL_PACKAGES: [&str; 3] = ["--workspace", "--exclude", env!("CARGO_PKG_NAME")];

/// The name of the app's program.
const APP: &str = "prilavok";

/// Builds with these Cargo arguments and gives the path of the app's program, if it was among what was asked for.
pub(crate) fn build<'a>(
    project: &Project,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Result<Option<PathBuf>> {
    let mut command = project.cargo(arguments);
    command.arg("--message-format=json-render-diagnostics");
    let finished = stage::run(&mut command, Output::Kept)?;
    if let Some(failure) = finished.failure() {
        bail!("{}: {failure}", command_line(&command));
    }
    Ok(app_path(&finished.output))
}

/// The app's program (not its unit tests) in Cargo's messages, one JSON object per line.
fn app_path(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| message["target"]["name"] == APP && message["profile"]["test"] == false)
        .filter(|message| {
            message["target"]["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin"))
        })
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_from_the_library_and_from_its_unit_tests() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"prilavok","kind":["lib"]},"profile":{"test":false},"executable":null}"#,
            "\nno JSON\n",
            r#"{"reason":"compiler-artifact","target":{"name":"prilavok","kind":["bin"]},"profile":{"test":true},"executable":"/t/deps/prilavok-1"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"prilavok","kind":["bin"]},"profile":{"test":false},"executable":"/t/debug/prilavok"}"#,
            "\n",
        );
        assert_eq!(app_path(messages), Some(PathBuf::from("/t/debug/prilavok")));
        assert_eq!(app_path(""), None);
    }
}
