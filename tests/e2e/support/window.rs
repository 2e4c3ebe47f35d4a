//! The app's window, driven as WebKit's own WebDriver server allows it: the real program, the real page.

use std::time::Duration;

use super::desk::Desk;
use super::page::Page;
use super::process::{is_running, kill};
use super::session::Session;
use super::{WAIT, until};

/// A started app.
pub(crate) struct Window {
    session: Session,
    /// Process of the app.
    pub(crate) pid: u32,
}

impl Desk {
    /// Starts the app with these arguments and gives its page.
    pub(crate) async fn start(&mut self, arguments: &[&str]) -> Page {
        assert!(!self.has_window(), "this desk's app runs already");
        let data_dir = self.data_dir();
        let mut all = vec!["--data-dir", data_dir.to_str().expect("a path in UTF-8")];
        all.extend(arguments);
        let session = Session::start(self, self.app_file(), &all, "window.log").await;
        let pid = session.driver.descendant(self.app_file()).expect("the app runs");
        let window = Window { session, pid };
        let page = window.page();
        self.set_window(Some(window));
        page
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
        if let Some(Window { session, .. }) = self.take_window() {
            let _ = tokio::time::timeout(Duration::from_secs(2), session.client.close()).await;
            drop(session.driver);
        }
    }
}

impl Window {
    /// The page.
    pub(crate) fn page(&self) -> Page {
        Page::new(self.session.client.clone())
    }
}
