//! The chat on the screen: its newest page is read again regularly, for read ticks and deletions, which no event tells.

use std::sync::Arc;

use super::PAGE;
use crate::Core;
use crate::account::Account;
use crate::error::hinders_asking;
use crate::ids::ChatId;
use crate::ingest::{self, Beyond};
use crate::line::awaiting;
use crate::store::chats;

/// Runs until the account stops.
pub(crate) async fn run(core: Core, account: Arc<Account>) {
    let mut attention = core.inner.attention.subscribe();
    let mut state = account.state.subscribe();
    loop {
        let looking = *attention.borrow_and_update();
        let hindered =
            state.borrow_and_update().trouble.as_ref().is_some_and(|trouble| hinders_asking(trouble.code));
        let Some(chat) = looking.open_chat.filter(|_| looking.focused && !hindered) else {
            tokio::select! {
                changed = attention.changed() => if changed.is_err() { return },
                changed = state.changed() => if changed.is_err() { return },
            }
            continue;
        };
        if let Err(error) = refresh(&core, &account, chat).await {
            tracing::debug!(%error, "the open chat could not be refreshed");
        }
        tokio::select! {
            () = core.inner.clock.sleep(core.inner.timing.open_chat) => {}
            changed = attention.changed() => if changed.is_err() { return },
        }
    }
}

async fn refresh(core: &Core, account: &Account, id: ChatId) -> Result<(), crate::CoreError> {
    let chat = core.inner.store.read(move |c| chats::get(c, id)).await?;
    let (Some(chat), Some(client)) = (chat, &account.client) else { return Ok(()) };
    if chat.account != account.id || chat.hidden_by_tariff {
        return Ok(());
    }
    // An extra, so it takes from the budget only what nobody else needs.
    let page = client.background().messages(account.user_id, &chat.avito_id, PAGE, 0).await?;
    let (owner, now_ms) = (account.owner(), core.inner.clock.now_ms());
    let length = u32::try_from(page.messages.len() + page.skipped.len()).unwrap_or(PAGE);
    let beyond = Beyond::of(0, length);
    let (account_id, since_s) = (account.id, awaiting::since_s(core, account));
    let taken = core
        .inner
        .store
        .write(move |c| {
            let taken = ingest::take_page(c, owner, id, &page.messages, beyond, now_ms)?;
            awaiting::found(c, account_id, &taken, since_s)?;
            Ok(taken)
        })
        .await?;
    super::tell(core, account, &taken);
    core.alert(&taken, account.news_floor_s()).await;
    Ok(())
}
