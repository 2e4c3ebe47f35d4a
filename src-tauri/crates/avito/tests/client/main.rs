//! The client against real HTTP servers on this computer, scripted per test.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod answers;
mod documents;
mod failures;
mod hostile;
mod mangled;
mod sending;
mod support;
mod token;
mod waiting;
mod webhooks;
