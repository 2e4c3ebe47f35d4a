//! A program that is nothing but a minder, for the tests of this crate. The app is its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    tunnel::program::run_if_asked().unwrap_or(ExitCode::FAILURE)
}
