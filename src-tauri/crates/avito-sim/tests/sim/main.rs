//! The stand-in over real sockets: every operation, every fault, deliveries, admin routes, the program.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests fail and tell like tests")]

mod admin;
mod auth;
mod common;
mod demo;
mod faults;
mod operations;
mod program;
mod scale;
mod spec;
mod webhooks;
