//! Knowledge: what its screen may call. Files and folders are chosen in the system's own dialog; the page never names a path.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inbox::view::{
    EntryInput, ErrorCode, KnowledgeChange, KnowledgeView, Scope, SourceKind, SourceView, Trial, UiError,
};
use inbox::{AccountId, FolderId, PassageId, SourceId};
use tauri::{AppHandle, State};
use tauri_plugin_dialog::FilePath;
use tokio::sync::oneshot;

use crate::backups::dialog;
use crate::shops::Shops;

type Answer<T> = Result<T, UiError>;

/// The list of knowledge: sources of a kind with these words.
#[tauri::command]
#[specta::specta]
pub(crate) async fn knowledge_view(
    shops: State<'_, Shops>,
    kind: Option<SourceKind>,
    words: String,
) -> Answer<KnowledgeView> {
    Ok(shops.shown_core()?.knowledge_view(kind, &words).await?)
}

/// One source, with a page of its passages after `after`; −1: from the beginning.
#[tauri::command]
#[specta::specta]
pub(crate) async fn knowledge_source(
    shops: State<'_, Shops>,
    source: SourceId,
    after: i64,
) -> Answer<SourceView> {
    Ok(shops.shown_core()?.source_view(source, after).await?)
}

/// What the helper finds for a question, and why.
#[tauri::command]
#[specta::specta]
pub(crate) async fn try_question(shops: State<'_, Shops>, scope: Scope, question: String) -> Answer<Trial> {
    Ok(shops.shown_core()?.try_question(&scope, &question).await?)
}

/// Adds an entry, or changes one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_entry(
    shops: State<'_, Shops>,
    source: Option<SourceId>,
    entry: EntryInput,
) -> Answer<SourceId> {
    let core = shops.shown_core()?;
    match source {
        Some(id) => {
            core.edit_entry(id, entry).await?;
            Ok(id)
        }
        None => Ok(core.add_entry(entry).await?),
    }
}

/// Removes a source; it can be had back for a while.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_source(shops: State<'_, Shops>, source: SourceId) -> Answer<()> {
    Ok(shops.shown_core()?.remove_source(source).await?)
}

/// Has a source back that was just removed.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restore_source(shops: State<'_, Shops>, source: SourceId) -> Answer<()> {
    Ok(shops.shown_core()?.restore_source(source).await?)
}

/// Switches a source off or on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn switch_source_off(shops: State<'_, Shops>, source: SourceId, off: bool) -> Answer<()> {
    Ok(shops.shown_core()?.switch_source_off(source, off).await?)
}

/// Switches one passage off or on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn switch_passage_off(shops: State<'_, Shops>, passage: PassageId, off: bool) -> Answer<()> {
    Ok(shops.shown_core()?.switch_passage_off(passage, off).await?)
}

/// Changes for whom a source holds.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_source_scope(shops: State<'_, Shops>, source: SourceId, scope: Scope) -> Answer<()> {
    Ok(shops.shown_core()?.set_source_scope(source, &scope).await?)
}

/// Adds the files the seller chooses, on trial: switched off; how many, 0: they changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_files(
    app: AppHandle,
    shops: State<'_, Shops>,
    scope: Scope,
    on_trial: bool,
) -> Answer<u32> {
    let (answer, wait) = oneshot::channel();
    let mut kinds = inbox::READABLE_FILES.to_vec();
    kinds.push("pdf");
    dialog(&app)
        .add_filter("docx, pdf, xlsx, csv, txt …", &kinds)
        .pick_files(move |paths| drop(answer.send(paths)));
    let paths: Vec<PathBuf> = wait.await.ok().flatten().into_iter().flatten().filter_map(local).collect();
    let count = u32::try_from(paths.len()).unwrap_or(u32::MAX);
    shops.shown_core()?.add_files(&scope, paths, on_trial).await?;
    Ok(count)
}

/// Adds a file that was dropped, in base64: the page has its bytes and no path.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_dropped_file(
    shops: State<'_, Shops>,
    scope: Scope,
    file_name: String,
    data_base64: String,
    on_trial: bool,
) -> Answer<SourceId> {
    let bytes = BASE64
        .decode(data_base64)
        .map_err(|error| UiError { code: ErrorCode::FileTrouble, message: error.to_string() })?;
    Ok(shops.shown_core()?.add_dropped_file(&scope, &file_name, bytes, on_trial).await?)
}

/// A file that was on trial takes the place of its older form, which is removed.
#[tauri::command]
#[specta::specta]
pub(crate) async fn replace_source(shops: State<'_, Shops>, source: SourceId, older: SourceId) -> Answer<()> {
    Ok(shops.shown_core()?.replace_source(source, older).await?)
}

/// Makes ready to ask past questions with knowledge as a change would make it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn propose_knowledge(shops: State<'_, Shops>, change: KnowledgeChange) -> Answer<()> {
    Ok(shops.shown_core()?.propose_knowledge(change).await?)
}

/// The change is no longer tried.
#[tauri::command]
#[specta::specta]
pub(crate) async fn forget_proposed(shops: State<'_, Shops>) -> Answer<()> {
    shops.shown_core()?.forget_proposed();
    Ok(())
}

/// Watches the folder the seller chooses; false: they changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn watch_folder(app: AppHandle, shops: State<'_, Shops>, scope: Scope) -> Answer<bool> {
    let (answer, wait) = oneshot::channel();
    dialog(&app).pick_folder(move |path| drop(answer.send(path)));
    let Some(path) = wait.await.ok().flatten().and_then(local) else { return Ok(false) };
    shops.shown_core()?.watch_folder(&scope, &path).await?;
    Ok(true)
}

/// Watches a folder no more; its files stay or go.
#[tauri::command]
#[specta::specta]
pub(crate) async fn forget_folder(shops: State<'_, Shops>, folder: FolderId, keep: bool) -> Answer<()> {
    Ok(shops.shown_core()?.forget_folder(folder, keep).await?)
}

/// Reads a file again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn read_again(shops: State<'_, Shops>, source: SourceId) -> Answer<()> {
    Ok(shops.shown_core()?.read_again(source).await?)
}

/// Stops the reading of a file.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_reading(shops: State<'_, Shops>, source: SourceId) -> Answer<()> {
    Ok(shops.shown_core()?.stop_reading(source).await?)
}

/// Reads the items of an account; how many there are.
#[tauri::command]
#[specta::specta]
pub(crate) async fn refresh_items(shops: State<'_, Shops>, account: AccountId) -> Answer<u32> {
    Ok(shops.shown_core()?.refresh_items(account).await?)
}

/// Of passages that say the same, keeps this one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn keep_one_duplicate(shops: State<'_, Shops>, passage: PassageId) -> Answer<()> {
    Ok(shops.shown_core()?.keep_one_duplicate(passage).await?)
}

/// Passages that say the same are to stay.
#[tauri::command]
#[specta::specta]
pub(crate) async fn keep_duplicates(shops: State<'_, Shops>, fingerprint: String) -> Answer<()> {
    Ok(shops.shown_core()?.keep_duplicates(&fingerprint).await?)
}

fn local(path: FilePath) -> Option<PathBuf> {
    path.into_path().ok()
}
