//! The window and everything around it.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inbox::view::{Notice, ShopMode, UiError};
use inbox::{ChatId, Core, DataFolder, control};
use tauri::{
    AppHandle, Emitter as _, Manager as _, RunEvent, Url, WebviewUrl, WebviewWindowBuilder, WindowEvent,
};
use tokio::sync::broadcast::error::RecvError;

use crate::cli::Arguments;
use crate::contract::{self, NOTICE};
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

    fn set_focused(&self, core: &Core, focused: bool) {
        let Ok(mut looking) = self.looking.lock() else { return };
        looking.1 = focused;
        core.set_attention(looking.0, looking.1);
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
    let shops = tauri::async_runtime::block_on(open(&folder, arguments));
    let built = build(arguments, &folder, shops);
    match built {
        Ok(app) => app.run(|app, event| {
            if let RunEvent::Exit = event {
                drop(app.state::<RunningControl>().0.lock().map(|mut control| control.take()));
                tauri::async_runtime::block_on(app.state::<Shops>().close());
            }
        }),
        Err(error) => {
            tracing::error!(%error, "the window could not be made");
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    drop(lock);
    ExitCode::SUCCESS
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

/// The seller's own shop; the demo when there is no account yet or it was asked for.
async fn open(folder: &DataFolder, arguments: &Arguments) -> Shops {
    let real = start::open_shop(folder, arguments, true).await.map_err(UiError::from);
    if let Err(error) = &real {
        tracing::error!(error = error.message, "the shop could not be opened");
    }
    let newcomer = real.as_ref().is_ok_and(|core| !core.has_accounts());
    let shops = Shops::new(folder.clone(), real);
    if (newcomer || arguments.demo)
        && let Err(error) = shops.show(ShopMode::Demo).await
    {
        tracing::error!(error = error.message, "the demo could not be started");
    }
    shops
}

fn build(arguments: &Arguments, folder: &DataFolder, shops: Shops) -> tauri::Result<tauri::App> {
    let contract = contract::builder();
    let (hidden, folder) = (arguments.hidden, folder.clone());
    tauri::Builder::default()
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .manage(shops)
        .manage(Window::default())
        .manage(RunningControl::default())
        .register_asynchronous_uri_scheme_protocol(media_scheme::SCHEME, media_scheme::answer)
        .invoke_handler(contract.invoke_handler())
        .setup(move |app| {
            let handle = app.handle().clone();
            notifications::listen_for_clicks(&handle)?;
            follow_shops(&handle);
            serve_control(&handle, &folder);
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
                if let Ok(core) = window.state::<Shops>().shown_core() {
                    window.state::<Window>().set_focused(&core, *focused);
                }
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

/// Passes notices of the shop on the screen to the page; alerts of both shops.
fn follow_shops(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shops = app.state::<Shops>();
        let mut shown = shops.watch_shown();
        if let Ok(real) = shops.real() {
            notifications::follow(&app, real, ShopMode::Real);
        }
        loop {
            let mode = *shown.borrow_and_update();
            let Ok(core) = shops.shown_core() else { return };
            notifications::follow(&app, &core, mode);
            app.state::<Window>().shop_changed(&core);
            let mut notices = core.notices();
            tell(&app, &Notice::Everything);
            loop {
                let notice = tokio::select! {
                    changed = shown.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                    notice = notices.recv() => notice,
                };
                match notice {
                    Ok(notice) => tell(&app, &notice),
                    Err(RecvError::Lagged(_)) => tell(&app, &Notice::Everything),
                    Err(RecvError::Closed) => break,
                }
            }
        }
    });
}

fn tell(app: &AppHandle, notice: &Notice) {
    if let Err(error) = app.emit_to(MAIN, NOTICE, notice) {
        tracing::warn!(%error, "a notice was lost");
    }
}

/// Answers the command line as long as the program runs.
fn serve_control(app: &AppHandle, folder: &DataFolder) {
    let Ok(core) = app.state::<Shops>().real().cloned() else { return };
    let (handle, folder) = (app.clone(), folder.clone());
    let show: control::server::ShowWindow = {
        let handle = app.clone();
        Arc::new(move || Window::show(&handle))
    };
    tauri::async_runtime::spawn(async move {
        match control::server::serve(&folder, &core, Some(show)).await {
            Ok(control) => {
                if let Ok(mut running) = handle.state::<RunningControl>().0.lock() {
                    *running = Some(control);
                }
            }
            Err(error) => tracing::error!(%error, "the command line cannot reach this run"),
        }
    });
}
