//! `prilavok backup …`: asks for words when it must, and checks and restores without opening the shop.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inbox::backup::{self, BackupSecret, Job};
use inbox::control::{self, Request};
use inbox::view::{ErrorCode, UiError};
use inbox::{Clock, CoreError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Arguments, BackupCommand, invalid, print_line};
use crate::{logging, start};

/// Carries a command out. Without a file with its words a backup is tried with the recovery code of this archive, then the person
/// at the terminal is asked.
pub(super) async fn carry_out(arguments: &Arguments, command: &BackupCommand) -> Result<Value, UiError> {
    let key_file = match command {
        BackupCommand::Create { key_file, .. }
        | BackupCommand::Verify { key_file, .. }
        | BackupCommand::Restore { key_file, .. } => key_file.as_deref(),
    };
    if let Some(file) = key_file {
        return run(arguments, command, Some(start::read_secret(file)?)).await;
    }
    let answer = run(arguments, command, None).await;
    match &answer {
        Err(error)
            if matches!(error.code, ErrorCode::BackupSecretNeeded | ErrorCode::WrongBackupSecret)
                && std::io::stdin().is_terminal() =>
        {
            let secret = ask(matches!(command, BackupCommand::Create { .. }))?;
            run(arguments, command, Some(secret)).await
        }
        _ => answer,
    }
}

fn ask(new: bool) -> Result<SecretString, UiError> {
    if !new {
        return Ok(super::read_secret("Парольная фраза или код восстановления этой копии:")?.into());
    }
    let words = super::read_secret("Придумайте парольную фразу для копии (не короче 8 знаков):")?;
    if super::read_secret("Ещё раз:")? != words {
        return Err(invalid("фразы не совпали"));
    }
    Ok(words.into())
}

async fn run(
    arguments: &Arguments,
    command: &BackupCommand,
    secret: Option<SecretString>,
) -> Result<Value, UiError> {
    let words = secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    match command {
        BackupCommand::Create { out, .. } => {
            let out = absolute(out.as_deref().unwrap_or(Path::new(".")));
            super::carry_out(arguments, Request::BackupCreate { out, secret: words }).await
        }
        BackupCommand::Verify { file, .. } => {
            let request = Request::BackupVerify { file: absolute(file), secret: words };
            let folder = start::data_folder(arguments)?;
            if let Some(answer) = control::client::ask(&folder, &request).await {
                return answer;
            }
            alone(arguments, file, secret, false).await
        }
        BackupCommand::Restore { file, .. } => alone(arguments, file, secret, true).await,
    }
}

/// Checks or restores while no program has the data folder; the shop itself need not open for it.
async fn alone(
    arguments: &Arguments,
    file: &Path,
    secret: Option<SecretString>,
    restore: bool,
) -> Result<Value, UiError> {
    let folder = start::data_folder(arguments)?;
    let lock = folder.lock().map_err(|error| start::storage(&error.to_string()))?;
    let Some(_lock) = lock else {
        return Err(invalid(
            "Прилавок открыт с этой папкой данных. Закройте его или восстановите копию в его окне: Настройки → Резервная копия",
        ));
    };
    let _log = logging::start(&folder, false);
    let opener = start::Opener::new(&folder, arguments).await;
    opener.use_arguments(arguments).await?;
    let secret = secret.map(|words| BackupSecret::typed(&words));
    let stop = CancellationToken::new();
    let job = Arc::new(Job::new(stop.clone(), tell_progress));
    let stopper = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let answer = if restore {
        let now_ms = Clock::system().now_ms();
        let done = backup::restore(&folder, &opener.vault, file, secret, now_ms, job).await?;
        serde_json::to_value(done)
    } else {
        serde_json::to_value(backup::verify(&folder, &opener.vault, file, secret, job).await?)
    };
    stopper.abort();
    answer.map_err(|error| CoreError::from(std::io::Error::other(error)).into())
}

fn tell_progress(done: u64, total: u64) {
    if std::io::stderr().is_terminal() {
        print_line(&format!("{} %", (done * 100).checked_div(total).unwrap_or(0)));
    }
}

/// The program that carries a request out may have been started in another folder.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
