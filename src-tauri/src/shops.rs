//! The shops of this run: the seller's own, always open, and the demo, open while it is shown.

use std::sync::{Arc, PoisonError, RwLock};

use inbox::view::{AppView, ShopMode, UiError};
use inbox::{Core, DataFolder};
use tokio::sync::{Mutex, watch};

use crate::demo::Demo;

/// Which core the page talks to.
pub(crate) struct Shops {
    folder: DataFolder,
    /// The seller's own shop; an error keeps the window open, so that it can be told.
    real: Result<Core, UiError>,
    demo: RwLock<Option<Arc<Demo>>>,
    shown: watch::Sender<ShopMode>,
    switching: Mutex<()>,
}

impl Shops {
    pub(crate) fn new(folder: DataFolder, real: Result<Core, UiError>) -> Self {
        Self {
            folder,
            real,
            demo: RwLock::new(None),
            shown: watch::Sender::new(ShopMode::Real),
            switching: Mutex::new(()),
        }
    }

    /// The seller's own shop.
    pub(crate) fn real(&self) -> Result<&Core, UiError> {
        self.real.as_ref().map_err(Clone::clone)
    }

    /// The shop on the screen.
    pub(crate) fn shown_core(&self) -> Result<Core, UiError> {
        match self.demo() {
            Some(demo) if *self.shown.borrow() == ShopMode::Demo => Ok(demo.core.clone()),
            _ => self.real().cloned(),
        }
    }

    fn demo(&self) -> Option<Arc<Demo>> {
        self.demo.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace_demo(&self, demo: Option<Arc<Demo>>) -> Option<Arc<Demo>> {
        std::mem::replace(&mut *self.demo.write().unwrap_or_else(PoisonError::into_inner), demo)
    }

    /// Which shop is on the screen, and every change of it.
    pub(crate) fn watch_shown(&self) -> watch::Receiver<ShopMode> {
        self.shown.subscribe()
    }

    /// What the frame of the window needs.
    pub(crate) async fn app_view(&self) -> Result<AppView, UiError> {
        let real = self.real()?;
        let mode = *self.shown.borrow();
        let mut view = self.shown_core()?.app_view(mode, real.has_accounts()).await?;
        // The demo's own secrets live in memory; what concerns the seller is where the real ones would go.
        view.secret_store = real.vault().state();
        view.archive = real.archive_view().await?;
        view.settings = real.settings();
        view.data_dir = self.folder.root().display().to_string();
        Ok(view)
    }

    /// Shows the demo or the seller's own shop. The demo starts when it is first shown and ends when it is left.
    pub(crate) async fn show(&self, mode: ShopMode) -> Result<(), UiError> {
        let _one_at_a_time = self.switching.lock().await;
        if *self.shown.borrow() == mode {
            return Ok(());
        }
        match mode {
            ShopMode::Demo => {
                if self.demo().is_none() {
                    let demo = Demo::start(&self.folder).await?;
                    self.replace_demo(Some(Arc::new(demo)));
                }
                self.shown.send_replace(ShopMode::Demo);
            }
            ShopMode::Real => {
                self.shown.send_replace(ShopMode::Real);
                self.end_demo().await;
            }
        }
        Ok(())
    }

    async fn end_demo(&self) {
        // Somebody may still hold it for a moment; then its core closes and the rest ends with the process.
        match self.replace_demo(None).map(Arc::try_unwrap) {
            Some(Ok(demo)) => demo.stop().await,
            Some(Err(shared)) => shared.core.close().await,
            None => {}
        }
    }

    /// Closes everything.
    pub(crate) async fn close(&self) {
        self.end_demo().await;
        if let Ok(real) = &self.real {
            real.close().await;
        }
    }
}
