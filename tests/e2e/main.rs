//! The real program in the real WebView, driven as a seller uses it, against a stand-in for Avito behind real sockets.
//!
//! Every test has a machine of its own (display, session bus, keychain, folders) that ends with it. The variables are
//! `PRILAVOK_E2E_APP` (the program with the page in it), `PRILAVOK_E2E_OUT` (where pictures and logs of failed tests go) and
//! `PRILAVOK_E2E_PICTURES` (when set, the pictures in `docs/pictures` are taken anew).
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod accessibility;
mod alerts;
mod archive;
mod backup;
mod chaos;
mod command_line;
mod demo;
mod drafts;
mod everyday;
mod gallery;
mod hostile;
mod keyboard;
mod knocks;
mod knowledge;
mod measurements;
mod messages;
mod onboarding;
mod photos;
mod pictures;
mod privacy;
mod reception;
mod replay;
mod restart;
mod rules;
mod scrolling;
mod secrets;
mod settings;
mod support;
mod sweep;
mod troubles;
mod tunnels;
mod walls;
