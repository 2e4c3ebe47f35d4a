//! Avito's record of our webhook address.

use avito::{Class, Client};
use url::Url;

use super::Failure;
use super::pace::Pace;
use crate::Core;
use crate::account::Account;
use crate::endpoint;
use crate::view::{Mode, TroubleCode};

/// Makes sure Avito delivers to our present address; `Ok(false)`: we have no address, so we poll.
///
/// Our own stale addresses (same secret, other host or port) are removed; a stranger's never is.
pub(super) async fn ensure(
    core: &Core,
    account: &Account,
    client: &Client,
    pace: &mut Pace,
) -> Result<bool, Failure> {
    let Some(base) = core.inner.endpoint.public_base(account.api_url.as_deref()) else { return Ok(false) };
    let path = endpoint::path(account.id, &account.webhook_secret);
    let Ok(address) = base.join(&path) else { return Ok(false) };
    let settled = matches!(account.state.borrow().mode, Mode::Live)
        || account.trouble() == Some(TroubleCode::EventsMissing);
    if !pace.subscription_due(core) && settled {
        return Ok(true);
    }
    let subscriptions = client.subscriptions().await?;
    let own = |url: &str| Url::parse(url).is_ok_and(|url| url.path().trim_start_matches('/') == path);
    for stale in subscriptions.iter().filter(|s| own(&s.url) && s.url != address.as_str()) {
        client.unsubscribe_webhook(&stale.url).await?;
    }
    if subscriptions.iter().any(|subscription| subscription.url == address.as_str()) {
        return Ok(true);
    }
    match client.register_webhook(address.as_str()).await {
        Ok(()) => {}
        // "Already there" is what we wanted.
        Err(error) if error.status() == Some(409) => {}
        Err(error) if matches!(error.class(), Class::Validation) && says_already(&error) => {}
        Err(error) => return Err(error.into()),
    }
    tracing::info!(account = %account.id, "webhook registered");
    Ok(true)
}

fn says_already(error: &avito::Error) -> bool {
    error.message().is_some_and(|message| message.to_lowercase().contains("already"))
}
