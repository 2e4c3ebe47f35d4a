//! The command line's side.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Request;
use super::server::Reach;
use crate::folder::DataFolder;
use crate::view::{ErrorCode, UiError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Answer {
    Ok(Value),
    Error(UiError),
}

/// Sends a request to the running program; none: no program runs on this folder.
///
/// A `control.json` left behind by a killed run leads to a port where nobody, or somebody else, answers: that counts as not
/// running.
pub async fn ask(folder: &DataFolder, request: &Request) -> Option<Result<Value, UiError>> {
    let reach: Reach = serde_json::from_slice(&std::fs::read(folder.control()).ok()?).ok()?;
    let client =
        reqwest::Client::builder().no_proxy().connect_timeout(Duration::from_secs(2)).build().ok()?;
    let sent = client
        .post(format!("http://127.0.0.1:{}/control", reach.port))
        .bearer_auth(reach.token)
        .json(request)
        .send()
        .await;
    let answer = match sent {
        Err(error) if error.is_connect() => return None,
        Err(error) => return Some(Err(broken(&error))),
        Ok(answer) if !answer.status().is_success() => return None,
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
