//! Files the seller sees outside the window: a picture saved, the data folder, what it takes.

use inbox::MediaId;
use inbox::view::{ErrorCode, StorageView, UiError};
use tauri::{AppHandle, State};
use tauri_plugin_opener::OpenerExt as _;

use crate::saving;
use crate::shops::Shops;

type Answer<T> = Result<T, UiError>;

/// Saves a picture where the seller chooses in the system's dialog; false: the seller changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_media(app: AppHandle, shops: State<'_, Shops>, media: MediaId) -> Answer<bool> {
    let file = shops.shown_core()?.media(media).await?;
    let extension = match file.mime.as_str() {
        "image/jpeg" => "jpg",
        "audio/mp4" => "m4a",
        mime => mime.rsplit_once('/').map_or("bin", |(_, kind)| kind),
    };
    saving::save(&app, &format!("avito-{media}.{extension}"), &file.bytes).await
}

/// What the data takes on the disk.
#[tauri::command]
#[specta::specta]
pub(crate) async fn storage_view(shops: State<'_, Shops>) -> Answer<StorageView> {
    Ok(shops.shown_core()?.storage(shops.folder().logs()).await?)
}

/// Removes pictures that Avito gives again; answers the bytes that freed.
#[tauri::command]
#[specta::specta]
pub(crate) async fn clean_pictures(shops: State<'_, Shops>) -> Answer<i64> {
    Ok(shops.shown_core()?.clean_pictures().await?)
}

/// Shows the data folder in the system's file manager.
#[tauri::command]
#[specta::specta]
pub(crate) fn open_data_folder(app: AppHandle, shops: State<'_, Shops>) -> Answer<()> {
    let root = shops.folder().root().display().to_string();
    app.opener()
        .open_path(root, None::<&str>)
        .map_err(|error| UiError { code: ErrorCode::FileTrouble, message: error.to_string() })
}
