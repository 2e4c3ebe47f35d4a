//! The window and everything around it.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inbox::view::{Notice, ShopMode};
use inbox::{ChatId, Core, DataFolder, control};
use tauri::{
    AppHandle, Emitter as _, Manager as _, RunEvent, Url, WebviewUrl, WebviewWindowBuilder, WindowEvent,
};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::backups::Chosen;
use crate::cli::Arguments;
use crate::contract::{self, NOTICE};
use crate::opening::{Finished, Opened, Opening};
use crate::saving::ShownDiagnostics;
use crate::shops::Shops;
use crate::{logging, media_scheme, notifications, start};

/// Label of the one window.
pub(crate) const MAIN: &str = "main";

/// What the window tells the core about the seller's attention.
#[derive(Default)]
pub(crate) struct Window {
    looking: Mutex<(Option<ChatId>, bool)>,
}

impl Window {
    /// The page shows another chat.
    pub(crate) fn set_open_chat(&self, core: &Core, chat: Option<ChatId>) {
        let Ok(mut looking) = self.looking.lock() else { return };
        looking.0 = chat;
        core.set_attention(looking.0, looking.1);
    }

    /// Another shop is shown: no chat of it is open yet, and its core has to learn whether the seller is here.
    fn shop_changed(&self, core: &Core) {
        self.set_open_chat(core, None);
    }

    /// Without a core it is kept for the one that comes.
    fn set_focused(&self, core: Option<&Core>, focused: bool) {
        let Ok(mut looking) = self.looking.lock() else { return };
        looking.1 = focused;
        if let Some(core) = core {
            core.set_attention(looking.0, looking.1);
        }
    }

    /// Closes the window for good; without it the program ends.
    pub(crate) fn destroy(app: &AppHandle) {
        if let Some(window) = app.get_webview_window(MAIN)
            && let Err(error) = window.destroy()
        {
            tracing::warn!(%error, "the window could not be closed");
        }
    }

    /// Brings the window to the front, from wherever it is.
    pub(crate) fn show(app: &AppHandle) {
        let Some(window) = app.get_webview_window(MAIN) else { return };
        let shown = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window could not be brought to the front");
        }
    }
}

/// The command line's way in, as long as the program runs.
#[derive(Default)]
struct RunningControl(Mutex<Option<control::server::Control>>);

impl RunningControl {
    fn replace(&self, control: Option<control::server::Control>) {
        if let Ok(mut running) = self.0.lock() {
            *running = control;
        }
    }
}

/// Runs the program with its window until it is closed.
#[expect(clippy::print_stderr, reason = "without a window this is the only place to say why there is none")]
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let folder = match start::data_folder(arguments) {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("{}", error.message);
            return ExitCode::FAILURE;
        }
    };
    let _log = logging::start(&folder, false);
    let lock = match folder.lock() {
        Ok(Some(lock)) => lock,
        Ok(None) => return show_the_other(&folder),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let (opening, opened) = Opening::begin(&folder, arguments);
    let built = build(arguments, &folder, opening, opened.clone());
    match built {
        // It returns, so that the threads end before the process does.
        Ok(app) => {
            let code = app.run_return(move |app, event| {
                if let RunEvent::Exit = event {
                    tauri::async_runtime::block_on(close(app, &opened));
                }
            });
            drop(lock);
            u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            tracing::error!(%error, "the window could not be made");
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Closes what is open. An archive that is just being opened is waited for, so that it is closed in order, but not for long: a
/// keychain may be waiting for its password.
async fn close(app: &AppHandle, opened: &Opened) {
    let _ = tokio::time::timeout(CLOSING_PATIENCE, opened.wait()).await;
    app.state::<RunningControl>().replace(None);
    if let Some(shops) = app.try_state::<Shops>() {
        shops.close().await;
    }
}

/// Another copy has the folder: it shows its window, and this one ends.
#[expect(clippy::print_stderr, reason = "without a window this is the only place to say why there is none")]
fn show_the_other(folder: &DataFolder) -> ExitCode {
    let asked = tauri::async_runtime::block_on(control::client::ask(folder, &control::Request::ShowWindow));
    if matches!(asked, Some(Ok(_))) {
        return ExitCode::SUCCESS;
    }
    eprintln!("Прилавок уже запущен с этой папкой данных: {}", folder.root().display());
    ExitCode::FAILURE
}

fn build(
    arguments: &Arguments,
    folder: &DataFolder,
    opening: Opening,
    opened: Opened,
) -> tauri::Result<tauri::App> {
    let contract = contract::builder();
    let (hidden, folder) = (arguments.hidden, folder.clone());
    tauri::Builder::default()
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_dialog::init())
        .manage(Window::default())
        .manage(ShownDiagnostics::default())
        .manage(RunningControl::default())
        .manage(Chosen::default())
        .register_asynchronous_uri_scheme_protocol(media_scheme::SCHEME, media_scheme::answer)
        .invoke_handler(opened.before(contract.invoke_handler()))
        .setup(move |app| {
            let handle = app.handle().clone();
            notifications::listen_for_clicks(&handle)?;
            let opening_for = handle.clone();
            tauri::async_runtime::spawn(async move {
                let app = opening_for;
                let Some(opening) = opening.finish(&app).await else { return app.exit(1) };
                serve_control(&app, &folder);
                let trying = app.clone();
                tauri::async_runtime::spawn(async move { trying.state::<Shops>().keep_trying().await });
                follow_shops(&app, opening).await;
            });
            let (width, height) = fitting_size(&handle);
            WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
                .title("Прилавок")
                .inner_size(width, height)
                .min_inner_size(720.0, 480.0)
                .visible(!hidden)
                // Otherwise the shell swallows pictures dropped on the page.
                .disable_drag_drop_handler()
                .on_navigation(is_own_page)
                .build()?;
            Ok(())
        })
        .on_window_event(|window, event| {
            if let WindowEvent::CloseRequested { api, .. } = event {
                api.prevent_close();
                close_soon(window.app_handle());
            }
            if let WindowEvent::Focused(focused) = event {
                // At once and in order: a message that comes right after must find the truth.
                let core = window.try_state::<Shops>().and_then(|shops| shops.shown_core().ok());
                window.state::<Window>().set_focused(core.as_ref(), *focused);
            }
        })
        .build(tauri::generate_context!())
}

/// The window's first size: comfortable, but never larger than the screen.
fn fitting_size(app: &AppHandle) -> (f64, f64) {
    let comfortable = (1240.0_f64, 800.0_f64);
    match app.primary_monitor() {
        Ok(Some(monitor)) => {
            let area = monitor.work_area().size.to_logical::<f64>(monitor.scale_factor());
            (comfortable.0.min(area.width), comfortable.1.min(area.height))
        }
        _ => comfortable,
    }
}

/// The window shows the program's own page and nothing else, wherever a script or a link would lead it.
fn is_own_page(url: &Url) -> bool {
    match (url.scheme(), url.host_str()) {
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")) => true,
        ("http", Some("localhost")) => tauri::is_dev(),
        _ => false,
    }
}

/// A page that does not answer is not waited for any longer than this.
const CLOSING_PATIENCE: Duration = Duration::from_secs(1);

/// The page keeps the text being typed, then closes the window itself; one that hangs is closed without it.
fn close_soon(app: &AppHandle) {
    tell(app, &Notice::Closing);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(CLOSING_PATIENCE).await;
        Window::destroy(&app);
    });
}

/// Passes notices of the shop on the screen to the page; alerts of both shops. What the page has asked is answered once its
/// notices are heard.
async fn follow_shops(app: &AppHandle, opening: Finished) {
    let shops = app.state::<Shops>();
    let (mut shown, mut real) = (shops.watch_shown(), shops.watch_real());
    let mut opening = Some(opening);
    loop {
        let mode = *shown.borrow_and_update();
        if let Ok(real) = real.borrow_and_update().clone() {
            notifications::follow(app, &real, ShopMode::Real);
        }
        let core = shops.shown_core().ok();
        let notices = core.as_ref().map(Core::notices);
        if let Some(core) = &core {
            notifications::follow(app, core, mode);
            app.state::<Window>().shop_changed(core);
        }
        match opening.take() {
            Some(opening) => opening.let_in(),
            None => tell(app, &Notice::Everything),
        }
        let changed = tokio::select! {
            changed = shown.changed() => changed,
            changed = real.changed() => changed,
            () = pass_notices_on(app, notices) => return,
        };
        if changed.is_err() {
            return;
        }
    }
}

/// Passes a core's notices to the page; never ends by itself.
async fn pass_notices_on(app: &AppHandle, notices: Option<Receiver<Notice>>) {
    let Some(mut notices) = notices else { return std::future::pending().await };
    loop {
        match notices.recv().await {
            Ok(notice) => tell(app, &notice),
            Err(RecvError::Lagged(_)) => tell(app, &Notice::Everything),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn tell(app: &AppHandle, notice: &Notice) {
    if let Err(error) = app.emit_to(MAIN, NOTICE, notice) {
        tracing::warn!(%error, "a notice was lost");
    }
}

/// Answers the command line as long as the program runs: also while the archive cannot be opened, so that another start of the
/// program finds this one.
fn serve_control(app: &AppHandle, folder: &DataFolder) {
    let (app, folder) = (app.clone(), folder.clone());
    let show: control::server::ShowWindow = {
        let app = app.clone();
        Arc::new(move || Window::show(&app))
    };
    tauri::async_runtime::spawn(async move {
        let mut real = app.state::<Shops>().watch_real();
        loop {
            // The former one ends first: it removes the file that says where to knock.
            app.state::<RunningControl>().replace(None);
            let core = real.borrow_and_update().clone();
            let control = match core {
                Ok(core) => control::server::serve(&folder, &core, Some(show.clone())).await,
                Err(error) => control::server::refuse(&folder, error, Some(show.clone())).await,
            };
            match control {
                Ok(control) => app.state::<RunningControl>().replace(Some(control)),
                Err(error) => tracing::error!(%error, "the command line cannot reach this run"),
            }
            if real.changed().await.is_err() {
                return;
            }
        }
    });
}
