//! The command line, as a script uses it.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use super::Desk;
use super::process::Process;

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { success: output.status.success(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The answer of a command with `--json`: one object on standard output, success.
    pub(crate) fn json(&self) -> Value {
        assert!(self.success, "the command failed: {self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

impl Desk {
    /// Runs a command to its end.
    pub(crate) async fn tell(&self, arguments: &[&str]) -> Answer {
        self.tell_with_input(arguments, "").await
    }

    /// Runs a command with something on its standard input.
    pub(crate) async fn tell_with_input(&self, arguments: &[&str], input: &str) -> Answer {
        let mut command = self.app();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("the program");
        let mut stdin =
            child.stdin.take().expect("its standard input").into_owned_fd().map(std::fs::File::from);
        if let Ok(stdin) = &mut stdin {
            stdin.write_all(input.as_bytes()).expect("the program reads its input");
        }
        drop(stdin);
        Answer::new(&child.wait_with_output().await.expect("the program's answer"))
    }

    /// Starts the app without a window and waits for its ready line.
    pub(crate) async fn start_headless(&self, arguments: &[&str]) -> (Process, Value) {
        let log = std::fs::File::create(self.file("headless.log")).expect("a log file");
        let mut command = self.app();
        command.arg("--headless").args(arguments).stdout(Stdio::piped()).stderr(log);
        let mut process = Process::start_with(&mut command);
        let output = process.child().stdout.take().expect("its standard output");
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).map(|_| line)
        });
        let line = line.await.expect("a thread").expect("the ready line");
        let ready =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("no ready line ({error}): {line:?}"));
        (process, ready)
    }
}
