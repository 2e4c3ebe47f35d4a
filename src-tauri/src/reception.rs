//! What the page may call for «Приём сообщений»: the tunnel, each account's webhook, the event log, the ledger.

use std::time::Duration;

use inbox::view::{
    EventQuery, EventRowView, LedgerDay, LineCheck, LineCheckResult, LineView, ProgramPreset, ProxySnippets,
    ReceptionView, SelfTest, TunnelKind, TunnelSettings, UiError,
};
use inbox::{AccountId, EventId};
use tauri::{AppHandle, Manager as _, State};
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons};
use tokio::sync::oneshot;

use crate::desktop::MAIN;
use crate::shops::Shops;
use crate::words::tongue;

type Answer<T> = Result<T, UiError>;

/// The seller waits for a button no longer than this.
const PATIENCE: Duration = Duration::from_secs(15);

/// Everything the panel shows.
#[tauri::command]
#[specta::specta]
pub(crate) async fn reception(shops: State<'_, Shops>) -> Answer<ReceptionView> {
    Ok(shops.shown_core()?.reception().await?)
}

/// Changes the settings of tunnels, and ngrok's token if one is given; false: the seller changed their mind.
///
/// A command line of the seller's own starts a program. The page cannot do that alone: the system's dialog shows the command and
/// asks.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_tunnels(
    app: AppHandle,
    shops: State<'_, Shops>,
    settings: TunnelSettings,
    ngrok_token: Option<String>,
) -> Answer<bool> {
    let core = shops.shown_core()?;
    let (old, new) = (core.tunnel_settings().program, &settings.program);
    let starts = settings.order.contains(&TunnelKind::Program) && new.preset == ProgramPreset::Custom;
    if starts && (old.preset != new.preset || old.command != new.command) {
        let words = tongue(core.settings().language).tunnel_command(&new.command);
        if !confirmed(&app, words).await {
            return Ok(false);
        }
    }
    core.set_up_tunnels(settings, ngrok_token.map(Into::into)).await?;
    Ok(true)
}

async fn confirmed(app: &AppHandle, words: String) -> bool {
    let (answer, chosen) = oneshot::channel();
    let mut dialog = app.dialog().message(words).buttons(MessageDialogButtons::OkCancel);
    if let Some(window) = app.get_webview_window(MAIN) {
        dialog = dialog.parent(&window);
    }
    dialog.show(move |yes| {
        let _ = answer.send(yes);
    });
    chosen.await.unwrap_or(false)
}

/// What a web server's configuration needs to lead this address to this port; nothing for what is no address.
#[tauri::command]
#[specta::specta]
pub(crate) fn proxy_snippets(url: &str, port: u16) -> ProxySnippets {
    inbox::proxy_snippets(url, port)
}

/// Keeps ngrok's token; an empty one is forgotten.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_ngrok_token(shops: State<'_, Shops>, token: String) -> Answer<()> {
    Ok(shops.shown_core()?.set_ngrok_token(token.into()).await?)
}

/// Tries the tunnel again now.
#[tauri::command]
#[specta::specta]
pub(crate) fn retry_tunnel(shops: State<'_, Shops>) -> Answer<()> {
    shops.shown_core()?.retry_tunnel();
    Ok(())
}

/// Registers the webhook and waits until the line is settled.
#[tauri::command]
#[specta::specta]
pub(crate) async fn register_webhook(shops: State<'_, Shops>, account: AccountId) -> Answer<LineView> {
    Ok(shops.shown_core()?.register_webhook(account, PATIENCE).await?)
}

/// Takes the webhook away.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unregister_webhook(shops: State<'_, Shops>, account: AccountId) -> Answer<LineView> {
    Ok(shops.shown_core()?.unregister_webhook(account).await?)
}

/// Posts a test through the public address.
#[tauri::command]
#[specta::specta]
pub(crate) async fn test_webhook(shops: State<'_, Shops>, account: AccountId) -> Answer<SelfTest> {
    Ok(shops.shown_core()?.test_webhook(account).await?)
}

/// A new secret path for the webhook.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rotate_webhook_secret(shops: State<'_, Shops>, account: AccountId) -> Answer<LineView> {
    Ok(shops.shown_core()?.rotate_webhook_secret(account).await?)
}

/// Reads Avito's list of subscriptions now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn refresh_subscriptions(shops: State<'_, Shops>, account: AccountId) -> Answer<LineView> {
    Ok(shops.shown_core()?.refresh_subscriptions(account).await?)
}

/// Removes one address from Avito's list.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_subscription(
    shops: State<'_, Shops>,
    account: AccountId,
    subscription: String,
) -> Answer<LineView> {
    Ok(shops.shown_core()?.remove_subscription(account, &subscription).await?)
}

/// Looks at one thing that may be wrong.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check_line(
    shops: State<'_, Shops>,
    account: AccountId,
    what: LineCheck,
) -> Answer<LineCheckResult> {
    Ok(shops.shown_core()?.check_line(account, what).await?)
}

/// One day of an account's delivery ledger.
#[tauri::command]
#[specta::specta]
pub(crate) async fn ledger(shops: State<'_, Shops>, account: AccountId, days_ago: u32) -> Answer<LedgerDay> {
    Ok(shops.shown_core()?.ledger(account, days_ago).await?)
}

/// A page of the event log.
#[tauri::command]
#[specta::specta]
pub(crate) async fn event_log(shops: State<'_, Shops>, query: EventQuery) -> Answer<Vec<EventRowView>> {
    Ok(shops.shown_core()?.event_log(query).await?)
}

/// The body of a delivery.
#[tauri::command]
#[specta::specta]
pub(crate) async fn event_body(shops: State<'_, Shops>, event: EventId) -> Answer<String> {
    Ok(shops.shown_core()?.event_body(event).await?)
}

/// Empties the event log.
#[tauri::command]
#[specta::specta]
pub(crate) async fn clear_event_log(shops: State<'_, Shops>, account: Option<AccountId>) -> Answer<()> {
    Ok(shops.shown_core()?.clear_event_log(account).await?)
}
