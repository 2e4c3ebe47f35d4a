//! Avito's record of our webhook address: registered, looked after, taken back.

use std::time::Duration;

use avito::{Class, Client};
use url::Url;

use super::Failure;
use super::pace::Pace;
use crate::account::Account;
use crate::error::CoreError;
use crate::line::self_test::note_error;
use crate::line::{self, LineState};
use crate::store::lines;
use crate::tunnels::Way;
use crate::view::{Notice, SubscriptionOwner};
use crate::{Core, StoreError};

/// Taking an address back waits no longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes sure Avito delivers to this address: asks for its list when that is due, registers what is missing from it, and removes
/// our own addresses that are out of use. A stranger's is never touched. Does nothing once the seller has taken the webhook away.
pub(super) async fn ensure(
    core: &Core,
    account: &Account,
    client: &Client,
    base: &Url,
    pace: &mut Pace,
) -> Result<(), Failure> {
    let _alone = account.line.subscribing.lock().await;
    if !account.line.state().wanted {
        return Ok(());
    }
    let Some(address) = line::address(base, account.id, &account.line.secret()) else {
        return Err(Failure::of_line("not_https"));
    };
    let known =
        account.line.state().registered.as_ref().is_some_and(|(registered, _)| registered == base.as_str());
    if !pace.subscription_due(core) && known {
        return Ok(());
    }
    list(core, account, client).await?;
    let (listed, stale) = {
        let state = account.line.state();
        let stale: Vec<String> = state
            .subscriptions
            .iter()
            .filter(|one| state.owner(&one.url, Some(&address)) == SubscriptionOwner::Stale)
            .map(|one| one.url.clone())
            .collect();
        (state.subscriptions.iter().any(|one| one.url == address.as_str()), stale)
    };
    if !listed {
        if known {
            tracing::warn!(account = %account.id, "Avito no longer lists our webhook");
            note_error(core, account, "not_listed", None).await;
        }
        account.line.state().registered = None;
        register(client, &address).await?;
        tracing::info!(account = %account.id, "webhook registered");
    }
    // Only now: until the new address is there the old one is better than none.
    for url in &stale {
        client.unsubscribe_webhook(url).await?;
    }
    if !listed || !stale.is_empty() {
        list(core, account, client).await?;
    }
    set_registered(core, account, Some(base)).await?;
    Ok(())
}

async fn register(client: &Client, address: &Url) -> Result<(), Failure> {
    match client.register_webhook(address.as_str()).await {
        Ok(()) => Ok(()),
        // "Already there" is what we wanted.
        Err(error) if error.status() == Some(409) => Ok(()),
        Err(error) if matches!(error.class(), Class::Validation) && says_already(&error) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn says_already(error: &avito::Error) -> bool {
    error.message().is_some_and(|message| message.to_lowercase().contains("already"))
}

/// Reads Avito's list.
pub(crate) async fn list(core: &Core, account: &Account, client: &Client) -> Result<(), avito::Error> {
    let subscriptions = client.subscriptions().await?;
    let now_ms = core.inner.clock.now_ms();
    let changed = {
        let mut state = account.line.state();
        let changed = state.subscriptions != subscriptions;
        state.subscriptions = subscriptions;
        state.listed_ms = Some(now_ms);
        changed
    };
    if changed {
        core.notify(Notice::Accounts);
    }
    Ok(())
}

/// Notes the address Avito lists us under; its time begins anew only with another address.
async fn set_registered(core: &Core, account: &Account, base: Option<&Url>) -> Result<(), StoreError> {
    let now_ms = core.inner.clock.now_ms();
    let (id, base) = (account.id, base.map(|base| base.as_str().to_owned()));
    {
        let mut state: std::sync::MutexGuard<'_, LineState> = account.line.state();
        if state.registered.as_ref().map(|registered| &registered.0) == base.as_ref() {
            return Ok(());
        }
        state.registered = base.clone().map(|base| (base, now_ms));
    }
    core.notify(Notice::Accounts);
    core.inner
        .store
        .write(move |c| lines::set_registered(c, id, base.as_deref().map(|base| (base, now_ms))))
        .await
}

/// Takes every address of ours back, the present one and stale ones. What cannot be taken back answers 404.
pub(crate) async fn unsubscribe(core: &Core, account: &Account) -> Result<(), CoreError> {
    let Some(client) = &account.client else { return Ok(()) };
    let work = async {
        let _alone = account.line.subscribing.lock().await;
        list(core, account, client).await?;
        let own: Vec<String> = {
            let state = account.line.state();
            let is_own = |url: &str| state.owner(url, None) == SubscriptionOwner::Stale;
            state.subscriptions.iter().map(|one| one.url.clone()).filter(|url| is_own(url)).collect()
        };
        for url in &own {
            client.unsubscribe_webhook(url).await?;
        }
        list(core, account, client).await?;
        set_registered(core, account, None).await?;
        Ok::<_, CoreError>(())
    };
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => Err(CoreError::Invalid(crate::view::ErrorCode::Network, "Avito did not answer in time")),
    }
}

/// The address Avito should post to just now.
pub(crate) fn current(core: &Core, account: &Account) -> Option<Url> {
    match core.way_to_us(account.api_url.as_deref()) {
        Way::At(base) => line::address(&base, account.id, &account.line.secret()),
        Way::Closed(_) => None,
    }
}
