//! Connecting, checking and removing accounts.

use std::sync::Arc;

use avito::{ChatsQuery, Class, Client};
use secrecy::SecretString;
use uuid::Uuid;

use super::Core;
use crate::account::{self, Account, NewKey};
use crate::error::CoreError;
use crate::ids::AccountId;
use crate::line::{self, Line};
use crate::reading;
use crate::secrets::SecretError;
use crate::store::accounts::{self, AccountRow, NewAccount};
use crate::store::lines::Door;
use crate::store::{StoreError, lines, media, outbox, removals};
use crate::sync::{CHAT_TYPES, subscription};
use crate::view::{AccountView, AppView, ErrorCode, KeyCheck, Notice, ShopMode, TariffState};

/// Colours the page has for accounts.
const COLOURS: i64 = 6;

impl Core {
    /// Everything the frame of the window needs. The shell knows whether this is the demo.
    pub async fn app_view(&self, mode: ShopMode, has_real_accounts: bool) -> Result<AppView, CoreError> {
        let accounts = self.account_views().await?;
        Ok(AppView {
            version: self.inner.version.clone(),
            mode,
            has_real_accounts,
            unread_chats: accounts.iter().map(|account| account.unread_chats).sum(),
            accounts,
            secret_store: self.inner.vault.state(),
            archive: self.archive_view().await?,
            settings: self.settings(),
            data_dir: self.inner.folder.display().to_string(),
        })
    }

    /// All accounts as the page shows them.
    pub async fn account_views(&self) -> Result<Vec<AccountView>, CoreError> {
        let running = self.accounts();
        let ids: Vec<AccountId> = running.iter().map(|account| account.id).collect();
        let disk_trouble = self.disk_trouble();
        let counts = self
            .inner
            .store
            .read(move |c| {
                let unread = reading::chats::unread_counts(c, &ids)?;
                let waiting = ids
                    .iter()
                    .map(|id| outbox::count_open(c, *id))
                    .collect::<Result<Vec<_>, StoreError>>()?;
                Ok(unread.into_iter().zip(waiting).collect::<Vec<_>>())
            })
            .await?;
        Ok(running
            .iter()
            .zip(counts)
            .map(|(account, (unread, waiting))| {
                let view = shape(account, unread, waiting);
                // Whatever else is wrong, nothing can be kept until the disk is well again.
                AccountView { trouble: disk_trouble.clone().or(view.trouble), ..view }
            })
            .collect())
    }

    /// Whether any account is connected.
    pub fn has_accounts(&self) -> bool {
        !self.accounts().is_empty()
    }

    /// Tries a key: the shop's name, and whether the tariff includes the messenger. Nothing is stored.
    pub async fn check_key(&self, key: &NewKey) -> Result<KeyCheck, CoreError> {
        let key = key.cleaned()?;
        let client = key.client(&self.inner.timing)?;
        let me = client.account_self().await?;
        let tariff = probe_tariff(&client, me.id).await?;
        let api_url = key.api_url.clone();
        let already_added =
            self.inner.store.read(move |c| accounts::find(c, me.id, api_url.as_deref())).await?;
        Ok(KeyCheck { name: me.name.unwrap_or_default(), user_id: me.id, tariff, already_added })
    }

    /// Connects an account: checks the key, keeps the secret, starts reading. An account that is connected already is refused.
    pub async fn add_account(&self, key: &NewKey) -> Result<AccountView, CoreError> {
        let key = key.cleaned()?;
        let client = key.client(&self.inner.timing)?;
        let me = client.account_self().await?;
        let _one_at_a_time = self.inner.changing_accounts.lock().await;
        let (user_id, api_url) = (me.id, key.api_url.clone());
        let already = self.inner.store.read(move |c| accounts::find(c, user_id, api_url.as_deref())).await?;
        if already.is_some() {
            return Err(CoreError::Invalid(ErrorCode::AlreadyAdded, "this account is connected already"));
        }
        // It would come back under the number of what is still to be removed, half of it, and go with the other half.
        self.end_removals().await?;
        let new = NewAccount {
            user_id: me.id,
            name: me.name.unwrap_or_default(),
            client_id: key.client_id.clone(),
            api_url: key.api_url.clone(),
            calls_per_minute: key.calls_per_minute.unwrap_or(60),
            // By Avito's clock, as messages are: ours may be wrong, and may be set later.
            added_ms: self.inner.clock.now_ms() + client.server_clock_offset_ms().unwrap_or(0),
        };
        let id = self.inner.store.write(move |c| accounts::add(c, &new)).await?;
        if let Err(error) = self.inner.vault.set(&client_secret_name(id), key.client_secret.clone()).await {
            // Without its secret the account is of no use: undo, so that the seller can choose and try again.
            let now_ms = self.inner.clock.now_ms();
            self.inner.store.write(move |c| accounts::remove_keeping_archive(c, id, now_ms)).await?;
            return Err(error.into());
        }
        self.start_account(id).await?;
        self.notify(Notice::Everything);
        self.account_view(id).await
    }

    /// Gives an account a new key; it must be of the same Avito account.
    pub async fn replace_key(&self, id: AccountId, key: &NewKey) -> Result<(), CoreError> {
        let _one_at_a_time = self.inner.changing_accounts.lock().await;
        let row = self.inner.store.read(move |c| accounts::get(c, id)).await?;
        let row = row.ok_or_else(|| CoreError::not_found("no such account"))?;
        let key = NewKey { api_url: row.api_url.clone(), ..key.clone() }.cleaned()?;
        let me = key.client(&self.inner.timing)?.account_self().await?;
        if me.id != row.user_id {
            return Err(CoreError::Invalid(ErrorCode::WrongKey, "the key is of another Avito account"));
        }
        self.inner.vault.set(&client_secret_name(id), key.client_secret.clone()).await?;
        let (client_id, name) = (key.client_id.clone(), me.name.unwrap_or(row.name));
        self.inner.store.write(move |c| accounts::set_key(c, id, &client_id, &name)).await?;
        self.restart_account(id).await
    }

    /// Disconnects an account. Its chats stay unless `keep_archive` is false.
    pub async fn remove_account(&self, id: AccountId, keep_archive: bool) -> Result<(), CoreError> {
        let _one_at_a_time = self.inner.changing_accounts.lock().await;
        let running = self.inner.accounts.write().ok().and_then(|mut accounts| accounts.remove(&id));
        let running = running.ok_or_else(|| CoreError::not_found("no such account"))?;
        running.stop(self).await;
        if let Err(error) = subscription::unsubscribe(self, &running).await {
            tracing::info!(account = %id, %error, "our webhook address stays with Avito");
        }
        let now_ms = self.inner.clock.now_ms();
        if keep_archive {
            self.inner.store.write(move |c| accounts::remove_keeping_archive(c, id, now_ms)).await?;
        } else {
            self.inner
                .store
                .write(move |c| {
                    accounts::remove_keeping_archive(c, id, now_ms)?;
                    removals::add(c, id)
                })
                .await?;
            self.remove_archive(id).await?;
        }
        for name in [client_secret_name(id), webhook_secret_name(id)] {
            if let Err(error) = self.inner.vault.delete(&name).await {
                tracing::warn!(%error, "a secret of a removed account is still in the keychain");
            }
        }
        self.notify(Notice::Everything);
        Ok(())
    }

    /// Removes the archive of a removed account piece by piece, so that the other accounts' deliveries need not wait. A kill in
    /// between is made good at the next start.
    async fn remove_archive(&self, id: AccountId) -> Result<(), CoreError> {
        let files = self.inner.store.read(move |c| media::fetched(c, id)).await?;
        self.inner.media.forget(files).await;
        while self.inner.store.write(move |c| accounts::remove_piece(c, id)).await? {}
        Ok(self.inner.store.write(move |c| removals::done(c, id)).await?)
    }

    /// Goes on where the removing of archives ended early.
    async fn end_removals(&self) -> Result<(), CoreError> {
        for id in self.inner.store.read(removals::list).await? {
            self.remove_archive(id).await?;
        }
        Ok(())
    }

    /// Asks Avito now: one account or all.
    pub fn check_now(&self, id: Option<AccountId>) {
        for account in self.accounts().iter().filter(|account| id.is_none_or(|id| account.id == id)) {
            account.wake_sync.notify_one();
        }
    }

    /// Pauses or resumes the reading of old history.
    pub async fn pause_backfill(&self, id: AccountId, paused: bool) -> Result<(), CoreError> {
        let account = self.account(id).ok_or_else(|| CoreError::not_found("no such account"))?;
        self.inner.store.write(move |c| accounts::set_backfill_paused(c, id, paused)).await?;
        account.wake_backfill.notify_one();
        account.update(self, |state| {
            if let Some(backfill) = &mut state.backfill {
                backfill.paused = paused;
            }
        });
        Ok(())
    }

    /// After the keychain was unlocked or chosen: accounts without their secret try again.
    pub async fn retry_secrets(&self) -> Result<(), CoreError> {
        let _one_at_a_time = self.inner.changing_accounts.lock().await;
        self.keep_archive_key().await;
        for account in self.accounts().iter().filter(|account| account.client.is_none()) {
            self.restart_account(account.id).await?;
        }
        self.notify(Notice::Accounts);
        Ok(())
    }

    pub(crate) async fn start_accounts(&self) -> Result<(), CoreError> {
        let rows = self.inner.store.read(accounts::list).await?;
        for row in rows {
            self.start_row(&row).await?;
        }
        Ok(())
    }

    async fn start_account(&self, id: AccountId) -> Result<(), CoreError> {
        let row = self.inner.store.read(move |c| accounts::get(c, id)).await?;
        match row {
            Some(row) => self.start_row(&row).await,
            None => Ok(()),
        }
    }

    async fn restart_account(&self, id: AccountId) -> Result<(), CoreError> {
        let running = self.inner.accounts.write().ok().and_then(|mut accounts| accounts.remove(&id));
        if let Some(running) = running {
            running.stop(self).await;
        }
        self.start_account(id).await?;
        self.notify(Notice::Accounts);
        Ok(())
    }

    async fn start_row(&self, row: &AccountRow) -> Result<(), CoreError> {
        let client = match self.inner.vault.get(&client_secret_name(row.id)).await {
            Ok(Some(secret)) => {
                let api_url = row.api_url.as_deref();
                Some(account::client(
                    &row.client_id,
                    &secret,
                    api_url,
                    row.calls_per_minute,
                    &self.inner.timing,
                )?)
            }
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(account = %row.id, %error, "the client secret could not be read");
                None
            }
        };
        let (line, retiring) = self.line(row.id).await?;
        let account = Account::start(self, row, client, line, retiring);
        if let Ok(mut accounts) = self.inner.accounts.write() {
            accounts.insert(row.id, account);
        }
        Ok(())
    }

    /// What is remembered of an account's line, and the old path that is still accepted.
    async fn line(&self, id: AccountId) -> Result<(Line, Option<Door>), CoreError> {
        let secret = self.webhook_secret(id).await;
        let (digest, now_ms) = (line::digest(&secret), self.inner.clock.now_ms());
        let (row, doors) = self
            .inner
            .store
            .write(move |c| {
                // A secret that could not be kept is another one in this run: its old path has no grace.
                lines::set_door(c, id, &digest, now_ms, now_ms)?;
                Ok((lines::get(c, id)?, lines::doors(c, id)?))
            })
            .await?;
        let retiring = doors
            .iter()
            .find(|door| door.digest != digest && door.closes_ms.is_some_and(|closes_ms| closes_ms > now_ms))
            .cloned();
        Ok((Line::new(secret, row, &doors, now_ms), retiring))
    }

    /// The unguessable part of the webhook path; made when there is none. Where it cannot be kept, this run has its own.
    async fn webhook_secret(&self, id: AccountId) -> SecretString {
        let name = webhook_secret_name(id);
        match self.inner.vault.get(&name).await {
            Ok(Some(secret)) => return secret,
            Ok(None) => {}
            Err(error) => tracing::warn!(account = %id, %error, "the webhook secret could not be read"),
        }
        let secret = new_path_secret();
        match self.inner.vault.set(&name, secret.clone()).await {
            Ok(()) | Err(SecretError::Missing | SecretError::Locked) => {}
            Err(error) => tracing::warn!(account = %id, %error, "the webhook secret could not be kept"),
        }
        secret
    }

    pub(crate) async fn account_view(&self, id: AccountId) -> Result<AccountView, CoreError> {
        let views = self.account_views().await?;
        views.into_iter().find(|view| view.id == id).ok_or_else(|| CoreError::not_found("no such account"))
    }
}

/// Index into the page's account colours.
pub(super) fn colour(id: AccountId) -> u8 {
    u8::try_from((id.0 - 1).rem_euclid(COLOURS)).unwrap_or(0)
}

fn shape(account: &Arc<Account>, unread_chats: u32, outbox_waiting: u32) -> AccountView {
    let state = account.state.borrow().clone();
    AccountView {
        id: account.id,
        name: account.name.clone(),
        user_id: account.user_id,
        colour: colour(account.id),
        api_url: account.api_url.clone(),
        mode: state.mode,
        mode_since_ms: state.mode_since_ms,
        last_checked_ms: state.last_checked_ms,
        last_event_ms: state.last_event_ms,
        next_check_ms: state.next_check_ms,
        trouble: state.trouble,
        backfill: state.backfill,
        unread_chats,
        outbox_waiting,
        clock_offset_ms: account.client.as_ref().and_then(Client::server_clock_offset_ms),
    }
}

/// Whether the messenger is usable: the key alone does not tell, because token and list of chats work without the tariff too.
pub(super) async fn probe_tariff(client: &Client, user_id: i64) -> Result<TariffState, CoreError> {
    let query = ChatsQuery { chat_types: CHAT_TYPES.to_vec(), limit: 1, ..ChatsQuery::default() };
    let page = match client.chats(user_id, &query).await {
        Ok(page) => page,
        Err(error) => return refused(error),
    };
    let Some(chat) = page.chats.first() else { return Ok(TariffState::Unknown) };
    match client.messages(user_id, &chat.id, 1, 0).await {
        Ok(_) => Ok(TariffState::Included),
        Err(error) => refused(error),
    }
}

fn refused(error: avito::Error) -> Result<TariffState, CoreError> {
    match error.class() {
        Class::TariffMissing => Ok(TariffState::Missing),
        Class::Forbidden => Ok(TariffState::EmployeeKey),
        _ => Err(error.into()),
    }
}

/// Goes on where a killed run was removing an account's archive.
pub(super) async fn finish_removals(core: Core) {
    let _one_at_a_time = core.inner.changing_accounts.lock().await;
    if let Err(error) = core.end_removals().await {
        tracing::warn!(%error, "a removed account's archive is still here");
    }
}

fn client_secret_name(id: AccountId) -> String {
    format!("account-{id}/client-secret")
}

/// 2 × 122 random bits, in characters that need no escaping in a path.
pub(super) fn new_path_secret() -> SecretString {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into()
}

pub(super) fn webhook_secret_name(id: AccountId) -> String {
    format!("account-{id}/webhook-secret")
}

#[cfg(test)]
mod tests {
    use avito_sim::{Scene, Sim, SimConfig};

    use super::*;
    use crate::testing::idle_core;

    #[tokio::test]
    async fn an_account_connected_again_is_not_removed_by_what_a_removal_left() {
        let sim = Sim::start(SimConfig { scene: Scene::Empty, ..SimConfig::default() }).await.unwrap();
        let seller = sim.accounts().remove(0);
        let key = NewKey {
            client_id: seller.client_id.clone(),
            client_secret: seller.client_secret.clone().into(),
            api_url: Some(sim.base_url()),
            calls_per_minute: None,
        };
        let (_folder, core) = idle_core().await;
        let id = core.add_account(&key).await.unwrap().id;
        core.remove_account(id, true).await.unwrap();
        // As it stands when the disk was full in the midst of the removing.
        core.inner.store.write(move |c| removals::add(c, id)).await.unwrap();
        let again = core.add_account(&key).await.unwrap().id;
        finish_removals(core.clone()).await;
        let kept = core.inner.store.read(move |c| accounts::get(c, again)).await.unwrap();
        assert!(kept.is_some());
    }
}
