//! What the page may call. Each parses, calls the core and converts; rules live in the core.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inbox::view::{
    AccountView, AppView, BlockReason, ChatPage, ChatQuery, ChatView, ClosedShop, ErrorCode, FoundPage,
    KeyCheck, KeyInput, MessageCursor, MessagePage, MessageQuery, MessageRow, OrderView, RelatedChats,
    SecretFallback, Settings, ShopMode, UiError,
};
use inbox::{AccountId, ChatId, MessageId, NewKey, OutboxId, SetAside};
use secrecy::{ExposeSecret as _, SecretString};
use tauri::{AppHandle, State};
use tauri_plugin_opener::OpenerExt as _;

use crate::desktop::Window;
use crate::notifications;
use crate::saving::{self, ShownDiagnostics};
use crate::shops::Shops;
use crate::words::tongue;

type Answer<T> = Result<T, UiError>;

/// Everything the frame of the window needs.
#[tauri::command]
#[specta::specta]
pub(crate) async fn app_view(shops: State<'_, Shops>) -> Answer<AppView> {
    shops.app_view().await
}

/// A page of the chat list.
#[tauri::command]
#[specta::specta]
pub(crate) async fn list_chats(shops: State<'_, Shops>, query: ChatQuery) -> Answer<ChatPage> {
    Ok(shops.shown_core()?.list_chats(query).await?)
}

/// One chat's frame.
#[tauri::command]
#[specta::specta]
pub(crate) async fn chat(shops: State<'_, Shops>, chat: ChatId) -> Answer<ChatView> {
    Ok(shops.shown_core()?.chat(chat).await?)
}

/// Chats about the same listing and with the same buyer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn related_chats(shops: State<'_, Shops>, chat: ChatId) -> Answer<RelatedChats> {
    Ok(shops.shown_core()?.related_chats(chat).await?)
}

/// Orders made in a chat; none where the account may not read orders.
#[tauri::command]
#[specta::specta]
pub(crate) async fn orders(shops: State<'_, Shops>, chat: ChatId) -> Answer<Vec<OrderView>> {
    Ok(shops.shown_core()?.orders(chat).await?)
}

/// Blocks the buyer of a chat at Avito, for good.
#[tauri::command]
#[specta::specta]
pub(crate) async fn block_buyer(shops: State<'_, Shops>, chat: ChatId, reason: BlockReason) -> Answer<()> {
    Ok(shops.shown_core()?.block_buyer(chat, reason).await?)
}

/// A page of a thread; the newest when `before` is null.
#[tauri::command]
#[specta::specta]
pub(crate) async fn messages(
    shops: State<'_, Shops>,
    chat: ChatId,
    before: Option<MessageCursor>,
    limit: u32,
) -> Answer<MessagePage> {
    Ok(shops.shown_core()?.messages(chat, before, limit).await?)
}

/// A piece of a thread with this message in its middle.
#[tauri::command]
#[specta::specta]
pub(crate) async fn messages_around(
    shops: State<'_, Shops>,
    chat: ChatId,
    message: MessageId,
    limit: u32,
) -> Answer<MessagePage> {
    Ok(shops.shown_core()?.messages_around(chat, message, limit).await?)
}

/// The messages that follow this one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn messages_after(
    shops: State<'_, Shops>,
    chat: ChatId,
    after: MessageId,
    limit: u32,
) -> Answer<MessagePage> {
    Ok(shops.shown_core()?.messages_after(chat, after, limit).await?)
}

/// Search over all messages.
#[tauri::command]
#[specta::specta]
pub(crate) async fn search_messages(shops: State<'_, Shops>, query: MessageQuery) -> Answer<FoundPage> {
    Ok(shops.shown_core()?.search_messages(query).await?)
}

/// Which chat is on the screen.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_chat(
    shops: State<'_, Shops>,
    window: State<'_, Window>,
    chat: Option<ChatId>,
) -> Answer<()> {
    let core = shops.shown_core()?;
    window.set_open_chat(&core, chat);
    Ok(())
}

/// The seller has really looked at the chat.
#[tauri::command]
#[specta::specta]
pub(crate) async fn mark_read(shops: State<'_, Shops>, chat: ChatId) -> Answer<()> {
    Ok(shops.shown_core()?.mark_read(chat).await?)
}

/// Sends a text; answers its echo.
#[tauri::command]
#[specta::specta]
pub(crate) async fn send_text(shops: State<'_, Shops>, chat: ChatId, text: String) -> Answer<MessageRow> {
    Ok(shops.shown_core()?.send_text(chat, &text).await?)
}

/// Sends a picture given in base64; answers its echo.
#[tauri::command]
#[specta::specta]
pub(crate) async fn send_image(
    shops: State<'_, Shops>,
    chat: ChatId,
    file_name: String,
    data_base64: String,
) -> Answer<MessageRow> {
    let bytes = BASE64
        .decode(data_base64)
        .map_err(|error| UiError { code: ErrorCode::BadImage, message: error.to_string() })?;
    Ok(shops.shown_core()?.send_image(chat, &file_name, bytes).await?)
}

/// Sends a parked reply once more.
#[tauri::command]
#[specta::specta]
pub(crate) async fn retry_send(shops: State<'_, Shops>, outbox: OutboxId) -> Answer<()> {
    Ok(shops.shown_core()?.retry_send(outbox).await?)
}

/// Drops a reply that is not under way; answers its text.
#[tauri::command]
#[specta::specta]
pub(crate) async fn discard_send(shops: State<'_, Shops>, outbox: OutboxId) -> Answer<Option<String>> {
    Ok(shops.shown_core()?.discard_send(outbox).await?)
}

/// Deletes a message of ours at Avito.
#[tauri::command]
#[specta::specta]
pub(crate) async fn delete_message(shops: State<'_, Shops>, message: MessageId) -> Answer<()> {
    Ok(shops.shown_core()?.delete_message(message).await?)
}

/// Keeps half-typed text.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_composer(shops: State<'_, Shops>, chat: ChatId, text: String) -> Answer<()> {
    Ok(shops.shown_core()?.save_composer(chat, text).await?)
}

/// Opens a web address in the system's browser; nothing but http and https.
#[tauri::command]
#[specta::specta]
pub(crate) fn open_link(app: AppHandle, url: String) -> Answer<()> {
    let refused = |message: String| UiError { code: ErrorCode::BadAddress, message };
    let address = tauri::Url::parse(&url).map_err(|error| refused(error.to_string()))?;
    if !matches!(address.scheme(), "http" | "https") {
        return Err(refused("only web addresses are opened".to_owned()));
    }
    app.opener().open_url(address.as_str(), None::<&str>).map_err(|error| refused(error.to_string()))
}

/// Tries a key.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check_key(shops: State<'_, Shops>, key: KeyInput) -> Answer<KeyCheck> {
    Ok(shops.real()?.check_key(&new_key(key)).await?)
}

/// Connects an account and shows the seller's own shop.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_account(shops: State<'_, Shops>, key: KeyInput) -> Answer<AccountView> {
    let added = shops.real()?.add_account(&new_key(key)).await?;
    shops.show(ShopMode::Real).await?;
    Ok(added)
}

/// Gives an account a new key.
#[tauri::command]
#[specta::specta]
pub(crate) async fn replace_key(shops: State<'_, Shops>, account: AccountId, key: KeyInput) -> Answer<()> {
    Ok(shops.shown_core()?.replace_key(account, &new_key(key)).await?)
}

/// Disconnects an account.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_account(
    shops: State<'_, Shops>,
    account: AccountId,
    keep_archive: bool,
) -> Answer<()> {
    Ok(shops.shown_core()?.remove_account(account, keep_archive).await?)
}

/// Asks Avito now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check_now(shops: State<'_, Shops>, account: Option<AccountId>) -> Answer<()> {
    shops.shown_core()?.check_now(account);
    Ok(())
}

/// Pauses or resumes the reading of old history.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pause_backfill(shops: State<'_, Shops>, account: AccountId, paused: bool) -> Answer<()> {
    Ok(shops.shown_core()?.pause_backfill(account, paused).await?)
}

/// Changes the settings; they are one for the demo and the seller's own shop.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_settings(shops: State<'_, Shops>, settings: Settings) -> Answer<()> {
    let real = shops.real()?;
    real.save_settings(settings.clone()).await?;
    let shown = shops.shown_core()?;
    Ok(shown.save_settings(settings).await?)
}

/// The seller's choice where there is no keychain.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_secret_fallback(
    shops: State<'_, Shops>,
    fallback: SecretFallback,
    passphrase: Option<String>,
) -> Answer<()> {
    let passphrase = passphrase.map(SecretString::from);
    shops.vault().choose(fallback, passphrase).await.map_err(inbox::CoreError::from)?;
    after_unlocking(&shops).await
}

/// Opens the sealed file of secrets.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unlock_secrets(shops: State<'_, Shops>, passphrase: String) -> Answer<()> {
    shops.vault().unlock(passphrase.into()).await.map_err(inbox::CoreError::from)?;
    after_unlocking(&shops).await
}

/// The vault opened just now: a shop that waited for it opens, accounts that waited for their secrets start.
async fn after_unlocking(shops: &Shops) -> Answer<()> {
    match shops.real() {
        Ok(real) => Ok(real.retry_secrets().await?),
        Err(_) => shops.reopen(None).await,
    }
}

/// Why the seller's own shop is not open; null when it is.
#[tauri::command]
#[specta::specta]
pub(crate) fn closed_shop(shops: State<'_, Shops>) -> Option<ClosedShop> {
    shops.closed()
}

/// Tries once more to open the seller's own shop after it could not be opened.
#[tauri::command]
#[specta::specta]
pub(crate) async fn reopen(shops: State<'_, Shops>) -> Answer<()> {
    shops.reopen(None).await
}

/// Opens the seller's own shop by its recovery code, when the key is lost; the key is then kept again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_with_recovery_code(shops: State<'_, Shops>, code: String) -> Answer<()> {
    shops.reopen(Some(code.into())).await
}

/// The recovery code, until the seller has confirmed to have kept it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn recovery_code(shops: State<'_, Shops>) -> Answer<String> {
    Ok(shops.real()?.recovery_code().await?.expose_secret().to_owned())
}

/// The seller has kept the recovery code and proves it by its last group.
#[tauri::command]
#[specta::specta]
pub(crate) async fn confirm_recovery_code(shops: State<'_, Shops>, last_group: String) -> Answer<()> {
    Ok(shops.real()?.confirm_recovery_code(&last_group).await?)
}

/// Encrypts the archive, or puts an encrypted one under a new key with a new recovery code.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rekey_archive(shops: State<'_, Shops>) -> Answer<()> {
    Ok(shops.real()?.rekey_archive().await?)
}

/// Saves the recovery code as a text file where the seller chooses; false: the seller changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_recovery_code(app: AppHandle, shops: State<'_, Shops>) -> Answer<bool> {
    let real = shops.real()?;
    let code = real.recovery_code().await?;
    let (name, text) = tongue(real.settings().language).recovery_code_file(code.expose_secret());
    saving::save_text(&app, name, &text).await
}

/// What helps support to understand a trouble, for the seller to read first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn diagnostics(
    shops: State<'_, Shops>,
    shown: State<'_, ShownDiagnostics>,
) -> Answer<String> {
    let text = shops.diagnostics().await;
    shown.keep(&text);
    Ok(text)
}

/// Saves the diagnostics that were shown; false: the seller changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_diagnostics(app: AppHandle, shown: State<'_, ShownDiagnostics>) -> Answer<bool> {
    saving::save_text(&app, "prilavok-support.txt", &shown.text()).await
}

/// Sets a damaged archive aside and begins a new one, which reads everything again from Avito.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_archive_aside(shops: State<'_, Shops>) -> Answer<SetAside> {
    shops.set_aside().await
}

/// Shows the demo or the seller's own shop.
#[tauri::command]
#[specta::specta]
pub(crate) async fn show_shop(shops: State<'_, Shops>, mode: ShopMode) -> Answer<()> {
    shops.show(mode).await
}

/// The page has kept everything: the window may go.
#[tauri::command]
#[specta::specta]
pub(crate) fn close_window(app: AppHandle) {
    Window::destroy(&app);
}

/// Shows a sample notification and plays the sound, so that the seller knows them.
#[tauri::command]
#[specta::specta]
pub(crate) async fn try_alert(app: AppHandle, shops: State<'_, Shops>) -> Answer<()> {
    notifications::sample(&app, &shops.real()?.settings());
    Ok(())
}

fn new_key(key: KeyInput) -> NewKey {
    NewKey {
        client_id: key.client_id,
        client_secret: key.client_secret.into(),
        api_url: key.api_url,
        calls_per_minute: None,
    }
}
