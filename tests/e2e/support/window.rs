//! The app's window, driven as WebKit's own WebDriver server allows it: the real program, the real page.

use std::net::TcpStream;
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use super::desk::{Desk, free_port};
use super::page::Page;
use super::process::{Process, is_running, kill};
use super::{WAIT, until};

/// How long the driver may take to listen.
const READY: Duration = Duration::from_secs(20);
/// How long the app may take to come up.
pub(crate) const SESSION: Duration = Duration::from_secs(25);

/// A started app.
pub(crate) struct Window {
    client: Client,
    driver: Process,
    /// Process of the app.
    pub(crate) pid: u32,
}

impl Desk {
    /// Starts the app with these arguments and gives its page.
    pub(crate) async fn start(&mut self, arguments: &[&str]) -> Page {
        assert!(!self.has_window(), "this desk's app runs already");
        // A start of a session that hangs is known (once in hundreds); it must not fail a test of something else.
        let window = match self.try_start(arguments).await {
            Ok(window) => window,
            Err(first) => match self.try_start(arguments).await {
                Ok(window) => window,
                Err(second) => panic!("the window could not be started: {first}; then: {second}"),
            },
        };
        let page = Page::new(window.client.clone());
        self.set_window(Some(window));
        page
    }

    async fn try_start(&self, arguments: &[&str]) -> Result<Window, String> {
        let port = free_port();
        let mut command = self.command("WebKitWebDriver");
        command.arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true");
        let mut driver = Process::start(&mut command, &self.file("window.log"));
        let ready = std::time::Instant::now() + READY;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if driver.has_ended() || std::time::Instant::now() > ready {
                return Err("WebKitWebDriver does not listen".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let data_dir = self.data_dir();
        let mut all = vec!["--data-dir", data_dir.to_str().expect("a path in UTF-8")];
        all.extend(arguments);
        let capabilities = json!({"webkitgtk:browserOptions": {"binary": self.app_file(), "args": all}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.as_object().cloned().unwrap_or_default());
        let address = format!("http://127.0.0.1:{port}");
        let client = match tokio::time::timeout(SESSION, builder.connect(&address)).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("no session came about".to_owned()),
        };
        let Some(pid) = driver.descendant(self.app_file()) else {
            return Err("the app has ended".to_owned());
        };
        Ok(Window { client, driver, pid })
    }

    /// Closes the window as its close button does, and waits until the program has ended by itself.
    pub(crate) async fn close_window(&mut self) {
        let pid = self.window().pid;
        self.screen().close(self.screen().window().expect("a window on the screen"));
        let ended = "the program ends after its window was closed";
        until(ended, WAIT, async || (!is_running(pid)).then_some(())).await;
        assert!(!self.data_dir().join("control.json").exists(), "the program did not end in order");
        self.forget_window().await;
    }

    /// Ends the program as a power cut would.
    pub(crate) async fn cut_power(&mut self) {
        let pid = self.window().pid;
        kill(&[pid]);
        until("the program is gone", WAIT, async || (!is_running(pid)).then_some(())).await;
        self.forget_window().await;
    }

    /// Ends the session of an app that is gone, and the driver.
    async fn forget_window(&mut self) {
        if let Some(window) = self.take_window() {
            let _ = tokio::time::timeout(Duration::from_secs(2), window.client.close()).await;
            drop(window.driver);
        }
    }
}

impl Window {
    /// The page.
    pub(crate) fn page(&self) -> Page {
        Page::new(self.client.clone())
    }
}
