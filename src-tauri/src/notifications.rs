//! Native notifications: a buyer, a listing, first words; a click opens the chat, also from a hidden window.

use inbox::view::{Notice, Preview, PreviewKind, Settings, ShopMode};
use inbox::{Alert, ChatId, Core};
use serde_json::{Value, json};
use tauri::{AppHandle, Emitter as _, Manager as _};
use tauri_plugin_notification::NotificationExt as _;

use crate::contract::NOTICE;
use crate::desktop::{MAIN, Window};
use crate::shops::Shops;
use crate::words::{Tongue, tongue};

/// Characters of a notification's title or body; a preview is shorter.
const TEXT_LENGTH: usize = 300;

/// Shows the alerts of a shop until its core closes.
pub(crate) fn follow(app: &AppHandle, core: &Core, shop: ShopMode) {
    let Some(mut alerts) = core.alerts() else { return };
    let (app, core) = (app.clone(), core.clone());
    tauri::async_runtime::spawn(async move {
        while let Some(alert) = alerts.recv().await {
            show(&app, &core.settings(), shop, &alert);
        }
    });
}

/// A sample, from the settings page.
pub(crate) fn sample(app: &AppHandle, settings: &Settings) {
    let (title, body) = tongue(settings.language).sample();
    notify(app, title, body, &Value::Null);
    play(app, None);
}

fn show(app: &AppHandle, settings: &Settings, shop: ShopMode, alert: &Alert) {
    let words = tongue(settings.language);
    let chat = match alert {
        Alert::Message { chat, .. } => Some(*chat),
        Alert::Burst { .. } => None,
    };
    let on_screen = matches!(alert, Alert::Message { on_screen: true, .. });
    if settings.notifications && !on_screen {
        let (title, body) = texts(words, alert);
        notify(app, &title, &body, &json!({"chat": chat, "shop": shop}));
    }
    if settings.sound {
        play(app, chat);
    }
}

/// Title and body of a notification.
fn texts(words: Tongue, alert: &Alert) -> (String, String) {
    match alert {
        Alert::Burst { messages, chats } => (words.burst_title(*messages), words.burst_body(*chats)),
        Alert::Message { buyer, item, preview, count, .. } => {
            let buyer = buyer.as_deref().unwrap_or(words.buyer());
            let title = item.as_deref().map_or_else(|| buyer.to_owned(), |item| format!("{buyer} · {item}"));
            let first =
                preview.as_ref().map_or_else(|| words.kind(PreviewKind::Other).to_owned(), |p| say(words, p));
            match count {
                0 | 1 => (title, first),
                more => (title, format!("{first}\n{}", words.and_more(more - 1))),
            }
        }
    }
}

fn say(words: Tongue, preview: &Preview) -> String {
    match (preview.kind, preview.text.as_str()) {
        (kind, "") => words.kind(kind).to_owned(),
        (PreviewKind::Text, text) => text.to_owned(),
        (kind, text) => format!("{}: {text}", words.kind(kind)),
    }
}

fn notify(app: &AppHandle, title: &str, body: &str, extra: &Value) {
    let (title, body) = (plain(title), plain(body));
    // Some servers read the body as markup; a buyer's text must stay text (invariant 9).
    let body = if cfg!(target_os = "linux") { escape(&body) } else { body };
    let shown = app.notification().builder().title(title).body(body).extra("to", extra).show();
    if let Err(error) = shown {
        tracing::warn!(%error, "a notification could not be shown");
    }
}

/// Text that disturbs nothing around it: bounded, without what would turn the direction of its neighbours, and without control
/// characters (a NUL would make the session bus close the connection). Line breaks stay.
fn plain(text: &str) -> String {
    let turns_direction =
        |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = text.chars().filter(|c| !turns_direction(c)).take(TEXT_LENGTH);
    kept.map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// The notification standard of Linux desktops lets the body hold markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The page plays the bundled sound.
fn play(app: &AppHandle, chat: Option<ChatId>) {
    if let Err(error) = app.emit(NOTICE, Notice::Alert { chat, sound: true }) {
        tracing::warn!(%error, "the page could not be told to play the sound");
    }
}

/// Listens for clicks. Must be called before the first notification, or clicks are lost.
pub(crate) fn listen_for_clicks(app: &AppHandle) -> tauri_plugin_notification::Result<()> {
    let handle = app.clone();
    app.notification()
        .on_action(move |action| {
            if action.action_id() != "tap" {
                return;
            }
            let to = action.notification().and_then(|notification| notification.extra().get("to").cloned());
            clicked(&handle, &to.unwrap_or_default());
        })
        .map(|_listener| ())
}

fn clicked(app: &AppHandle, to: &Value) {
    Window::show(app);
    let chat: Option<ChatId> = serde_json::from_value(to["chat"].clone()).ok();
    let shop: Option<ShopMode> = serde_json::from_value(to["shop"].clone()).ok();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Some(shop) = shop
            && let Err(error) = app.state::<Shops>().show(shop).await
        {
            tracing::warn!(error = error.message, "the shop of a notification could not be shown");
        }
        if let Some(chat) = chat
            && let Err(error) = app.emit_to(MAIN, NOTICE, Notice::OpenChat { chat })
        {
            tracing::warn!(%error, "the page could not be told to open a chat");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(preview: Option<Preview>, count: u32) -> Alert {
        Alert::Message {
            chat: ChatId(1),
            buyer: Some("Марина".into()),
            item: Some("Кофемолка".into()),
            preview,
            count,
            on_screen: false,
        }
    }

    fn preview(kind: PreviewKind, text: &str) -> Option<Preview> {
        Some(Preview { kind, text: text.into(), outgoing: false, delivery: None })
    }

    #[test]
    fn a_notification_names_buyer_listing_and_first_words() {
        let (title, body) = texts(Tongue::Ru, &message(preview(PreviewKind::Text, "Ещё продаётся?"), 1));
        assert_eq!((title.as_str(), body.as_str()), ("Марина · Кофемолка", "Ещё продаётся?"));
        let (_, body) = texts(Tongue::Ru, &message(preview(PreviewKind::Voice, ""), 3));
        assert_eq!(body, "Голосовое сообщение\nи ещё 2");
    }

    #[test]
    fn a_buyers_name_cannot_disturb_a_notification() {
        assert_eq!(plain("Анна\u{0}\u{202e}ялпук\u{2069}\r · ё\nи ещё 2"), "Анна ялпук  · ё\nи ещё 2");
        assert_eq!(
            plain("שלום \u{1f468}\u{200d}\u{1f469}"),
            "שלום \u{1f468}\u{200d}\u{1f469}",
            "letters stay as they are"
        );
        assert_eq!(plain(&"я".repeat(1_000_000)).chars().count(), TEXT_LENGTH);
    }

    #[test]
    fn invariant_9_a_buyers_markup_stays_text() {
        assert_eq!(
            escape("<b>5 > 3</b> & <a href='x'>"),
            "&lt;b&gt;5 &gt; 3&lt;/b&gt; &amp; &lt;a href='x'&gt;"
        );
    }
}
