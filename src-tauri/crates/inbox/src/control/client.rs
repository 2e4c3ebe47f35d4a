//! The command line's side.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::Request;
use super::server::{Reach, proof};
use crate::folder::DataFolder;
use crate::view::{ErrorCode, UiError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Answer {
    Ok(Value),
    Error(UiError),
}

/// How long a running program may take to say that it is there.
const HELLO_PATIENCE: Duration = Duration::from_secs(5);
/// How long any request may take beyond what it asks for itself; a locked keychain asks the seller for a password meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends a request to the running program; none: no program runs on this folder.
///
/// A `control.json` left behind by a killed run leads to a port where nobody, or somebody else, answers: that counts as not
/// running. Who answers must first prove to know the run's token, so that nobody else ever gets it, or a key.
pub async fn ask(folder: &DataFolder, request: &Request) -> Option<Result<Value, UiError>> {
    let reach: Reach = serde_json::from_slice(&std::fs::read(folder.control()).ok()?).ok()?;
    let client = reqwest::Client::builder().no_proxy().connect_timeout(HELLO_PATIENCE).build().ok()?;
    let address = format!("http://127.0.0.1:{}/control", reach.port);
    let nonce = Uuid::new_v4().simple().to_string();
    let hello = async { client.get(format!("{address}/{nonce}")).send().await?.text().await };
    let answer = tokio::time::timeout(HELLO_PATIENCE, hello).await.ok()?.ok()?;
    if answer != proof(&reach.token, &nonce) {
        return None;
    }
    let patience = match request {
        Request::Send { wait_ms, .. } | Request::SendImage { wait_ms, .. } => {
            PATIENCE + Duration::from_millis(*wait_ms)
        }
        // As long as it takes: an archive may be large and a stick slow.
        Request::BackupCreate { .. }
        | Request::BackupVerify { .. }
        | Request::Export { .. }
        | Request::ArchiveEncrypt
        | Request::NewRecoveryCode => Duration::from_hours(24),
        _ => PATIENCE,
    };
    let sent = client.post(address).timeout(patience).bearer_auth(reach.token).json(request).send().await;
    let answer = match sent {
        Err(error) => return Some(Err(broken(&error))),
        Ok(answer) => answer,
    };
    Some(match answer.json::<Answer>().await {
        Ok(Answer::Ok(value)) => Ok(value),
        Ok(Answer::Error(error)) => Err(error),
        Err(error) => Err(broken(&error)),
    })
}

fn broken(error: &reqwest::Error) -> UiError {
    UiError { code: ErrorCode::Internal, message: format!("the running program did not answer: {error}") }
}
