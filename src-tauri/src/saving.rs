//! Saving a text or a picture where the seller chooses, by the system's own dialog. The page names neither the place nor, but for what the core
//! has given it, the text.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use inbox::view::UiError;
use tauri::{AppHandle, Manager as _};
use tauri_plugin_dialog::DialogExt as _;
use tokio::sync::oneshot;

use crate::desktop::MAIN;
use crate::start;

/// The diagnostics the seller was shown: what is saved is what was read.
#[derive(Default)]
pub(crate) struct ShownDiagnostics(Mutex<String>);

impl ShownDiagnostics {
    pub(crate) fn keep(&self, text: &str) {
        text.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Asks where to and saves; false: the seller changed their mind.
pub(crate) async fn save_text(app: &AppHandle, name: &str, text: &str) -> Result<bool, UiError> {
    save(app, name, text.as_bytes()).await
}

/// The same for any bytes.
pub(crate) async fn save(app: &AppHandle, name: &str, bytes: &[u8]) -> Result<bool, UiError> {
    let (answer, chosen) = oneshot::channel();
    let mut dialog = app.dialog().file().set_file_name(name);
    if let Some(window) = app.get_webview_window(MAIN) {
        dialog = dialog.set_parent(&window);
    }
    dialog.save_file(move |path| drop(answer.send(path)));
    let Ok(Some(path)) = chosen.await else { return Ok(false) };
    let path = path.into_path().map_err(|error| start::storage(&error.to_string()))?;
    write(&path, bytes).map_err(|error| start::storage(&format!("{}: {error}", path.display())))?;
    Ok(true)
}

/// Whole or not at all, and its owner's alone.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let written = std::fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&beside, path)).inspect_err(|_| drop(std::fs::remove_file(&beside)))
}
