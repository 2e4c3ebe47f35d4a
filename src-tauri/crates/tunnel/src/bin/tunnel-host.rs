//! Keeps one tunnel client running until it is killed: for the tests of what is left then. Prints its states.
//!
//! `tunnel-host PORT PATTERN COMMAND_LINE`

use std::io::Write as _;
use std::process::ExitCode;

use tunnel::program::{self, Config, Minder};

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(code) = program::run_if_asked() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, pattern, command_line] = arguments.as_slice() else { return ExitCode::FAILURE };
    let Ok(port) = port.parse() else { return ExitCode::FAILURE };
    let config = Config { command_line: command_line.clone(), pattern: pattern.clone() };
    let tunnel = program::start(config, port, Minder::of_this_program());
    let mut state = tunnel.state();
    loop {
        let _ = writeln!(std::io::stdout(), "{:?}", *state.borrow_and_update());
        if state.changed().await.is_err() {
            return ExitCode::SUCCESS;
        }
    }
}
