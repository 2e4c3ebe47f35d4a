//! Backups and exports from the window. Files are chosen by the system's own dialog, so the page needs no right to name one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use inbox::backup::{self, BackupSecret, Job};
use inbox::export::{self, ExportRequest};
use inbox::view::{
    BackupPlace, BackupReport, BackupView, ErrorCode, ExportFormat, ExportReport, RestoreReport, ShopMode,
    UiError,
};
use inbox::{Clock, CoreError};
use secrecy::SecretString;
use tauri::{AppHandle, Manager as _, State};
use tauri_plugin_dialog::{DialogExt as _, FileDialogBuilder, FilePath};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::desktop::MAIN;
use crate::shops::Shops;
use crate::start;
use crate::words::{Tongue, tongue};

type Answer<T> = Result<T, UiError>;

/// What the seller has chosen in this run.
#[derive(Default)]
pub(crate) struct Chosen {
    folder: Mutex<Option<PathBuf>>,
    file: Mutex<Option<PathBuf>>,
}

fn get(place: &Mutex<Option<PathBuf>>) -> Option<PathBuf> {
    place.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn set(place: &Mutex<Option<PathBuf>>, path: &Path) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
}

impl Chosen {
    /// Where the seller's documents are, unless another folder was chosen.
    fn folder(&self) -> Answer<PathBuf> {
        let usual = || dirs::document_dir().or_else(dirs::home_dir);
        get(&self.folder)
            .or_else(usual)
            .ok_or_else(|| start::storage("the system names no folder for documents"))
    }

    /// The file chosen, otherwise the newest backup made here.
    async fn file(&self, shops: &Shops) -> Answer<Option<PathBuf>> {
        if let Some(file) = get(&self.file) {
            return Ok(Some(file));
        }
        let Ok(real) = shops.real() else { return Ok(None) }; // what was made last is known to the archive only
        let last = real.backup_view().await?.last.map(|last| PathBuf::from(last.path));
        Ok(last.filter(|file| file.exists()))
    }

    async fn place(&self, shops: &Shops) -> Answer<BackupPlace> {
        Ok(BackupPlace {
            folder: self.folder()?.display().to_string(),
            file: self.file(shops).await?.map(|file| file.display().to_string()),
        })
    }
}

/// What is going on, and the newest backup.
#[tauri::command]
#[specta::specta]
pub(crate) async fn backup_view(shops: State<'_, Shops>) -> Answer<BackupView> {
    Ok(shops.real()?.backup_view().await?)
}

/// Where backups go, and which one would be restored.
#[tauri::command]
#[specta::specta]
pub(crate) async fn backup_place(shops: State<'_, Shops>, chosen: State<'_, Chosen>) -> Answer<BackupPlace> {
    chosen.place(&shops).await
}

/// Lets the seller choose another folder for backups and exports.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_backup_folder(
    app: AppHandle,
    shops: State<'_, Shops>,
    chosen: State<'_, Chosen>,
) -> Answer<BackupPlace> {
    let (answer, wait) = oneshot::channel();
    dialog(&app).set_directory(chosen.folder()?).pick_folder(move |path| drop(answer.send(path)));
    if let Some(path) = picked(wait).await {
        set(&chosen.folder, &path);
    }
    chosen.place(&shops).await
}

/// Lets the seller choose a backup.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_backup_file(
    app: AppHandle,
    shops: State<'_, Shops>,
    chosen: State<'_, Chosen>,
) -> Answer<BackupPlace> {
    let (answer, wait) = oneshot::channel();
    dialog(&app).set_directory(chosen.folder()?).pick_file(move |path| drop(answer.send(path)));
    if let Some(path) = picked(wait).await {
        set(&chosen.file, &path);
    }
    chosen.place(&shops).await
}

/// A dialog of the system above the window.
pub(crate) fn dialog(app: &AppHandle) -> FileDialogBuilder<tauri::Wry> {
    let dialog = app.dialog().file();
    match app.get_webview_window(MAIN) {
        Some(window) => dialog.set_parent(&window),
        None => dialog,
    }
}

/// None: the seller changed their mind.
async fn picked(wait: oneshot::Receiver<Option<FilePath>>) -> Option<PathBuf> {
    wait.await.ok()??.into_path().ok()
}

/// Makes a backup and reads it back. Without a passphrase it opens with the recovery code.
#[tauri::command]
#[specta::specta]
pub(crate) async fn create_backup(
    shops: State<'_, Shops>,
    chosen: State<'_, Chosen>,
    passphrase: Option<String>,
) -> Answer<BackupReport> {
    let passphrase = passphrase.map(SecretString::from);
    let secret = passphrase.map(|words| BackupSecret::chosen(&words)).transpose().map_err(CoreError::from)?;
    let made = shops.real()?.create_backup(&chosen.folder()?, secret).await?;
    set(&chosen.file, Path::new(&made.path));
    Ok(made)
}

/// Reads the chosen backup to its end. Without a secret this archive's recovery code is tried.
#[tauri::command]
#[specta::specta]
pub(crate) async fn verify_backup(
    shops: State<'_, Shops>,
    chosen: State<'_, Chosen>,
    secret: Option<String>,
) -> Answer<BackupReport> {
    let file = chosen.file(&shops).await?.ok_or_else(nothing_chosen)?;
    match shops.real() {
        Ok(real) => Ok(real.verify_backup(&file, typed(secret)).await?),
        Err(_) => Ok(backup::verify(shops.folder(), shops.vault(), &file, typed(secret), quiet_job()).await?),
    }
}

/// Restores the chosen backup: the present data are set aside, the window goes on with the restored ones.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restore_backup(
    shops: State<'_, Shops>,
    chosen: State<'_, Chosen>,
    secret: Option<String>,
) -> Answer<RestoreReport> {
    let file = chosen.file(&shops).await?.ok_or_else(nothing_chosen)?;
    let restored = match shops.real() {
        Ok(real) => {
            // Everything that can fail by the file is done while the shop goes on.
            let staged = real.stage_restore(shops.folder(), &file, typed(secret)).await?;
            shops.while_closed(async { Ok(staged.put_in_place()?) }).await?
        }
        // An archive that cannot be opened is what backups are for.
        Err(_) => {
            let now_ms = Clock::system().now_ms();
            let (folder, vault) = (shops.folder(), shops.vault());
            let restoring = backup::restore(folder, vault, &file, typed(secret), now_ms, quiet_job());
            shops.while_closed(async { Ok(restoring.await?) }).await?
        }
    };
    if shops.real()?.has_accounts() {
        shops.show(ShopMode::Real).await?;
    }
    Ok(restored)
}

/// Writes all chats into a new folder.
#[tauri::command]
#[specta::specta]
pub(crate) async fn export_chats(
    shops: State<'_, Shops>,
    chosen: State<'_, Chosen>,
    format: ExportFormat,
) -> Answer<ExportReport> {
    let real = shops.real()?;
    let request = ExportRequest {
        out: export::free_name(&chosen.folder()?, Clock::system().now_ms()),
        format,
        account: None,
        pictures: true,
        english: tongue(real.settings().language) == Tongue::En,
    };
    Ok(real.export(request).await?)
}

/// Stops the backup, check, restoring or export that is going on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_long_work(shops: State<'_, Shops>) -> Answer<()> {
    shops.real()?.stop_long_work();
    Ok(())
}

/// Work that nobody can watch, because there is no open shop to ask.
fn quiet_job() -> Arc<Job> {
    Arc::new(Job::new(CancellationToken::new(), |_, _| {}))
}

fn typed(secret: Option<String>) -> Option<BackupSecret> {
    secret.map(|words| BackupSecret::typed(&words.into()))
}

fn nothing_chosen() -> UiError {
    UiError { code: ErrorCode::FileMissing, message: "no backup was chosen".to_owned() }
}
