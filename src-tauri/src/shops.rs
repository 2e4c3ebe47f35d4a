//! The shops of this run: the seller's own, open whenever its archive can be opened, and the demo, open while it is shown.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use inbox::view::{AppView, ClosedShop, ErrorCode, ShopMode, UiError};
use inbox::{Core, CoreError, DataFolder, SetAside, Vault};
use secrecy::SecretString;
use tokio::sync::{Mutex, watch};

use crate::cli::Arguments;
use crate::demo::Demo;
use crate::start::Opener;

/// Pause before another try to open the shop.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The seller's own shop, or why it is not open. An error keeps the window open, so that it can be told and mended.
type Real = Result<Core, UiError>;

/// Which core the page talks to.
pub(crate) struct Shops {
    opener: Opener,
    real: watch::Sender<Real>,
    demo: RwLock<Option<Arc<Demo>>>,
    shown: watch::Sender<ShopMode>,
    switching: Mutex<()>,
}

impl Shops {
    /// Opens the seller's own shop; a newcomer without accounts, and who asks for it, is shown the demo.
    pub(crate) async fn open(folder: &DataFolder, arguments: &Arguments) -> Self {
        let opener = Opener::new(folder, arguments).await;
        let real = match opener.use_arguments(arguments).await {
            Ok(code) => told(opener.open(true, code).await),
            Err(error) => told(Err(error)),
        };
        let shops = Self {
            opener,
            real: watch::Sender::new(real),
            demo: RwLock::new(None),
            shown: watch::Sender::new(ShopMode::Real),
            switching: Mutex::new(()),
        };
        shops.welcome(arguments.demo).await;
        shops
    }

    async fn welcome(&self, to_demo: bool) {
        let newcomer = self.real().is_ok_and(|core| !core.has_accounts());
        if (newcomer || to_demo)
            && let Err(error) = self.show(ShopMode::Demo).await
        {
            tracing::error!(error = error.message, "the demo could not be started");
        }
    }

    /// Tries once more to open the seller's own shop, if it is not open; with a recovery code by that.
    pub(crate) async fn reopen(&self, recovery_code: Option<SecretString>) -> Result<(), UiError> {
        {
            let _one_at_a_time = self.switching.lock().await;
            if self.real().is_ok() {
                return Ok(());
            }
            self.opener.vault.look_again().await;
            let opened = told(self.opener.open(true, recovery_code).await);
            if let Err(error) = &opened
                && is_of_the_code(error.code)
            {
                // What hinders the shop is still what it was; this concerns the code that was typed.
                return Err(error.clone());
            }
            drop(self.real.send_replace(opened));
        }
        self.real()?;
        self.welcome(false).await;
        Ok(())
    }

    /// Closes the seller's own shop, works on its files and opens it again, whatever came of the work. Answers the work's error
    /// first, then that of opening.
    pub(crate) async fn while_closed<T>(
        &self,
        work: impl Future<Output = Result<T, UiError>>,
    ) -> Result<T, UiError> {
        let _one_at_a_time = self.switching.lock().await;
        let closing =
            UiError { code: ErrorCode::Storage, message: "the archive is being replaced".to_owned() };
        if let Ok(core) = self.real.send_replace(Err(closing)) {
            core.close().await;
        }
        let done = work.await;
        drop(self.real.send_replace(told(self.opener.open(true, None).await)));
        let done = done?;
        self.real().map(|_| done)
    }

    /// Sets a damaged archive aside and begins a new one, which reads everything again from Avito.
    pub(crate) async fn set_aside(&self) -> Result<SetAside, UiError> {
        let work = async {
            let now_ms = inbox::Clock::system().now_ms();
            Ok(inbox::set_aside(&self.opener.folder.shop(), self.vault(), now_ms).await?)
        };
        let aside = self.while_closed(work).await?;
        self.welcome(false).await;
        Ok(aside)
    }

    /// Goes on trying as long as the shop is kept shut by something that passes by itself.
    pub(crate) async fn keep_trying(&self) {
        let mut real = self.watch_real();
        loop {
            let passes = |real: &Real| real.as_ref().is_err_and(|error| passes_by_itself(error.code));
            if real.wait_for(passes).await.is_err() {
                return;
            }
            tokio::time::sleep(TRY_AGAIN).await;
            let _ = self.reopen(None).await; // the page shows the error it has got
        }
    }

    /// Where the seller's secrets are kept, whether the shop is open or not.
    pub(crate) fn vault(&self) -> &Vault {
        &self.opener.vault
    }

    /// What helps support to understand a trouble of the seller's own shop.
    pub(crate) async fn diagnostics(&self) -> String {
        let real = self.real();
        inbox::diagnostics::gather(&self.opener.folder, env!("CARGO_PKG_VERSION"), real.as_ref()).await
    }

    /// Where everything lies.
    pub(crate) fn folder(&self) -> &DataFolder {
        &self.opener.folder
    }

    /// Why the seller's own shop is not open; none when it is.
    pub(crate) fn closed(&self) -> Option<ClosedShop> {
        let error = self.real().err()?;
        Some(ClosedShop {
            error,
            secret_store: self.vault().state(),
            data_dir: self.opener.folder.root().display().to_string(),
        })
    }

    /// The seller's own shop.
    pub(crate) fn real(&self) -> Real {
        self.real.borrow().clone()
    }

    /// Whether the seller's own shop is open, and every change of it.
    pub(crate) fn watch_real(&self) -> watch::Receiver<Real> {
        self.real.subscribe()
    }

    /// The shop on the screen.
    pub(crate) fn shown_core(&self) -> Result<Core, UiError> {
        match self.demo() {
            Some(demo) if *self.shown.borrow() == ShopMode::Demo => Ok(demo.core.clone()),
            _ => self.real(),
        }
    }

    /// The shop on the screen if it is the one that is asked for.
    pub(crate) fn core_of(&self, mode: ShopMode) -> Option<Core> {
        (*self.shown.borrow() == mode).then(|| self.shown_core().ok())?
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
        view.secret_store = self.vault().state();
        view.archive = real.archive_view().await?;
        view.settings = real.settings();
        view.data_dir = self.opener.folder.root().display().to_string();
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
                    let demo = Demo::start(&self.opener.folder).await?;
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
        if let Ok(real) = self.real() {
            real.close().await;
        }
    }
}

fn passes_by_itself(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DiskFull | ErrorCode::DiskReadOnly | ErrorCode::ArchiveBusy | ErrorCode::Storage
    )
}

/// What concerns a recovery code and not the archive.
fn is_of_the_code(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::BadRecoveryCode | ErrorCode::WrongRecoveryCode)
}

fn told(opened: Result<Core, CoreError>) -> Real {
    let real = opened.map_err(UiError::from);
    if let Err(error) = &real {
        tracing::error!(error = error.message, "the shop could not be opened");
    }
    real
}
