//! `prilavok tunnel`: for servers and scripts, where there is no window to set it up in.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use inbox::control::Request;
use inbox::view::{TunnelKind, TunnelSettings, TunnelState, TunnelView, UiError};
use serde::Deserialize as _;
use serde_json::Value;

use super::{invalid, read_secret};

/// What to do with the tunnel.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TunnelCommand {
    /// Какой туннель настроен и что с ним сейчас
    Show,
    /// Настроить. Файл — JSON в том виде, в котором настройки показывает `tunnel show --json`
    Set {
        /// Файл с настройками
        settings: PathBuf,
        /// Прочитать токен ngrok со стандартного ввода
        #[arg(long)]
        ngrok_token: bool,
    },
}

/// What the program is asked.
pub(super) fn request(command: &TunnelCommand) -> Result<Request, UiError> {
    Ok(match command {
        TunnelCommand::Show => Request::Tunnel,
        TunnelCommand::Set { settings, ngrok_token } => Request::TunnelSet {
            settings: read_settings(settings)?,
            ngrok_token: match ngrok_token {
                true => Some(read_secret("Вставьте токен ngrok и нажмите Enter:")?),
                false => None,
            },
        },
    })
}

/// A whole answer of `tunnel show` will do as well.
fn read_settings(file: &Path) -> Result<TunnelSettings, UiError> {
    let wrong = |error: &dyn std::fmt::Display| invalid(&format!("{}: {error}", file.display()));
    let text = std::fs::read(file).map_err(|error| wrong(&error))?;
    let mut value: Value = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
    let inner = value.get_mut("settings").map(Value::take);
    serde_json::from_value(inner.unwrap_or(value)).map_err(|error| wrong(&error))
}

/// The answer for people.
pub(super) fn words(answer: &Value) -> String {
    TunnelView::deserialize(answer).map(|view| state(&view) + "\n").unwrap_or_default()
}

fn state(view: &TunnelView) -> String {
    let kind = match view.kind {
        Some(TunnelKind::Ngrok) => "ngrok: ",
        Some(TunnelKind::Program) => "программа: ",
        Some(TunnelKind::Own) => "свой адрес: ",
        None => "",
    };
    let state = match &view.now {
        TunnelState::Off => "туннель не настроен".to_owned(),
        TunnelState::Connecting if view.settings.order.is_empty() => "туннель не настроен".to_owned(),
        TunnelState::Connecting => "настроен; соединяется, пока работает программа".to_owned(),
        TunnelState::Online { url, .. } => format!("работает, {url}"),
        TunnelState::Offline { code, reason, .. } => {
            format!("сейчас не работает ({code}: {reason}), будет попытка")
        }
        TunnelState::Failed { code, reason } => {
            format!("не работает ({code}: {reason}), нужно исправить настройки")
        }
    };
    format!("{kind}{state}")
}
