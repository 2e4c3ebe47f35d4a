//! The harness: each test gets a desk of its own, and leaves nothing running.

pub(crate) mod command_line;
pub(crate) mod desk;
pub(crate) mod notifications;
pub(crate) mod page;
pub(crate) mod process;
pub(crate) mod public_address;
pub(crate) mod screen;
pub(crate) mod search;
pub(crate) mod session;
pub(crate) mod shop;
pub(crate) mod sound;
pub(crate) mod window;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub(crate) use self::desk::{Desk, Setup};

/// How long anything that should happen may take. Far more than it takes: a busy machine must not fail a test. The longest the program
/// itself waits is 20 s, before it sends a reply again whose answer was lost.
pub(crate) const WAIT: Duration = Duration::from_secs(50);
/// How long a whole test may take.
const TEST: Duration = Duration::from_secs(120);

/// Runs a test on a machine with a keychain and without sound.
pub(crate) fn on_a_desk(test: impl AsyncFnOnce(&mut Desk)) {
    on_a_desk_with(Setup::default(), test);
}

/// Runs a test. When it fails, a picture of the window and the logs are kept.
pub(crate) fn on_a_desk_with(setup: Setup, test: impl AsyncFnOnce(&mut Desk)) {
    let app = app_file();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut desk = runtime.block_on(Desk::new(setup, &app));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let ended = runtime.block_on(async { tokio::time::timeout(TEST, test(&mut desk)).await });
        assert!(ended.is_ok(), "the test took longer than {} seconds", TEST.as_secs());
    }));
    if let Err(panic) = outcome {
        runtime.block_on(keep_evidence(&mut desk));
        resume_unwind(panic);
    }
}

/// The app's program with the page in it.
pub(crate) fn app_file() -> PathBuf {
    if let Some(file) = std::env::var_os("PRILAVOK_E2E_APP") {
        return file.into();
    }
    assert!(
        !tauri::is_dev(),
        "these tests need the app with its page inside; run `cargo xtask test --only e2e`, or `npm --prefix ui run build` and \
         `cargo test --features tauri/custom-protocol --test e2e`"
    );
    env!("CARGO_BIN_EXE_prilavok").into()
}

async fn keep_evidence(desk: &mut Desk) {
    let Some(out) = std::env::var_os("PRILAVOK_E2E_OUT") else { return };
    let thread = std::thread::current();
    let folder = PathBuf::from(out).join(thread.name().unwrap_or("test").replace("::", "/"));
    if let Err(error) = std::fs::create_dir_all(&folder) {
        eprintln!("{}: {error}", folder.display());
        return;
    }
    desk.keep_logs(&folder);
    if desk.has_window() {
        let page = desk.window().page();
        let html = tokio::time::timeout(
            Duration::from_secs(5),
            page.run("return document.documentElement.outerHTML"),
        );
        if let Ok(Ok(html)) = html.await {
            drop(std::fs::write(folder.join("page.html"), html.as_str().unwrap_or_default()));
        }
        match tokio::time::timeout(Duration::from_secs(5), page.picture()).await {
            Ok(Ok(png)) => drop(std::fs::write(folder.join("window.png"), png)),
            Ok(Err(error)) => eprintln!("no picture of the window: {error}"),
            Err(_) => eprintln!("no picture of the window: it does not answer"),
        }
    }
}

/// Asks until there is an answer.
///
/// # Panics
/// When there is none in time.
pub(crate) async fn until<T>(what: &str, limit: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {} seconds: {what}", limit.as_secs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
