//! The shop opens while the window is made and loads its page. What the page asks before it is open waits for the answer.

use inbox::DataFolder;
use tauri::async_runtime::{self, JoinHandle};
use tauri::ipc::Invoke;
use tauri::{AppHandle, Manager as _, Wry};
use tokio::sync::watch;

use crate::cli::Arguments;
use crate::shops::Shops;

/// The opening under way.
pub(crate) struct Opening {
    shops: JoinHandle<Shops>,
    done: watch::Sender<bool>,
}

/// Knows whether the page's questions can be answered; clones share it.
#[derive(Clone)]
pub(crate) struct Opened(watch::Receiver<bool>);

/// The shops are the app's state now; the page still waits.
pub(crate) struct Finished(watch::Sender<bool>);

impl Opening {
    /// Begins. It may take long: a locked keychain asks the seller for a password.
    pub(crate) fn begin(folder: &DataFolder, arguments: &Arguments) -> (Self, Opened) {
        let (folder, arguments) = (folder.clone(), arguments.clone());
        let shops = async_runtime::spawn(async move { Shops::open(&folder, &arguments).await });
        let (done, opened) = watch::channel(false);
        (Self { shops, done }, Opened(opened))
    }

    /// Waits for the end and makes the shops the app's state. None: a fault of the program.
    pub(crate) async fn finish(self, app: &AppHandle) -> Option<Finished> {
        match self.shops.await {
            Ok(shops) => {
                app.manage(shops);
                Some(Finished(self.done))
            }
            Err(error) => {
                tracing::error!(%error, "opening failed");
                None
            }
        }
    }
}

impl Finished {
    /// From now on the page is answered.
    pub(crate) fn let_in(self) {
        self.0.send_replace(true);
    }
}

impl Opened {
    /// Ends when the page can be answered, or never will be.
    pub(crate) async fn wait(&self) {
        let _ = self.0.clone().wait_for(|done| *done).await;
    }

    /// The handler of the page's commands, for which they wait until they can be answered.
    pub(crate) fn before(
        &self,
        handler: impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static,
    ) -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
        let (opened, handler) = (self.clone(), std::sync::Arc::new(handler));
        move |invoke| {
            if *opened.0.borrow() {
                return handler(invoke);
            }
            let (opened, handler) = (opened.clone(), handler.clone());
            async_runtime::spawn(async move {
                opened.wait().await;
                let (command, resolver) = (invoke.message.command().to_owned(), invoke.resolver.clone());
                if !handler(invoke) {
                    resolver.reject(format!("Command {command} not found"));
                }
            });
            true
        }
    }
}
