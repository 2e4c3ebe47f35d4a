//! A session of WebKit's WebDriver server: the program it starts, driven over a socket.

use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use super::desk::{Desk, free_port};
use super::process::Process;
use super::{WAIT, until};

/// How long the driven program may take to come up.
const SESSION: Duration = Duration::from_secs(25);

/// A driver, and the client that commands it.
pub(crate) struct Session {
    /// Commands the page.
    pub(crate) client: Client,
    /// The driver; the driven program is among its descendants.
    pub(crate) driver: Process,
}

/// Waits until somebody listens on this port of the machine.
pub(crate) async fn until_it_listens(process: &mut Process, port: u16) {
    until("a helper program listens", WAIT, async || {
        assert!(!process.has_ended(), "a helper program has ended");
        TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(())
    })
    .await;
}

impl Session {
    /// Starts a program that WebKit drives, with these arguments; what driver and program say goes into this file of the desk.
    pub(crate) async fn start(desk: &Desk, program: &Path, arguments: &[&str], log: &str) -> Self {
        // A start of a session that hangs is known (once in hundreds); it must not fail a test of something else.
        match Self::attempt(desk, program, arguments, log).await {
            Ok(session) => session,
            Err(first) => match Self::attempt(desk, program, arguments, log).await {
                Ok(session) => session,
                Err(second) => panic!("{} could not be started: {first}; then: {second}", program.display()),
            },
        }
    }

    async fn attempt(desk: &Desk, program: &Path, arguments: &[&str], log: &str) -> Result<Self, String> {
        let port = free_port();
        let mut command = desk.command("WebKitWebDriver");
        command.arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true");
        let mut driver = Process::start(&mut command, &desk.file(log));
        until_it_listens(&mut driver, port).await;
        let capabilities = json!({"webkitgtk:browserOptions": {"binary": program, "args": arguments}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().cloned().unwrap_or_default());
        let address = format!("http://127.0.0.1:{port}");
        match tokio::time::timeout(SESSION, builder.connect(&address)).await {
            Ok(Ok(client)) => Ok(Self { client, driver }),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no session came about".to_owned()),
        }
    }
}
