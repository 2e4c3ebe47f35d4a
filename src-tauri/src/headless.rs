//! The core without a window: for servers, scripts and tests. Runs until SIGINT or SIGTERM.

use std::process::ExitCode;

use inbox::control;
use inbox::view::UiError;
use serde_json::json;

use crate::cli::{self, Arguments};
use crate::{logging, start};

/// Runs until told to stop. The first line on standard output is one JSON object that says where the endpoint listens.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    cli::finish(arguments.json, tauri::async_runtime::block_on(serve(arguments)))
}

async fn serve(arguments: &Arguments) -> Result<(), UiError> {
    let folder = start::data_folder(arguments)?;
    let _log = logging::start(&folder, true);
    let lock = folder.lock().map_err(|error| start::storage(&error.to_string()))?;
    let Some(_lock) = lock else { return Err(start::storage("another copy uses this data folder")) };
    let core = start::open_shop(&folder, arguments, true).await?;
    // Alerts have no window to go to; without a receiver they are simply dropped.
    drop(core.alerts());
    let control = control::server::serve(&folder, &core, None).await;
    let control = control.map_err(|error| start::storage(&error.to_string()))?;
    let ready = json!({
        "ready": true,
        "endpoint": core.endpoint_address().to_string(),
        "dataDir": folder.root().display().to_string(),
        "secretStore": core.vault().state(),
    });
    cli::print(&format!("{ready}\n"));
    stopped().await;
    drop(control);
    core.close().await;
    Ok(())
}

#[cfg(unix)]
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn stopped() {
    let _ = tokio::signal::ctrl_c().await;
}
