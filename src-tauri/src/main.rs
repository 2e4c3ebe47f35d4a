//! The program `prilavok`: the desktop inbox, and its command line.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    prilavok::run()
}
