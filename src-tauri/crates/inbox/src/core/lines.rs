//! «Приём сообщений»: what the page and the command line see of webhooks, and what the seller can do about them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::Core;
use super::accounts::{colour, new_path_secret, probe_tariff, webhook_secret_name};
use crate::account::Account;
use crate::clock;
use crate::error::{CoreError, hinders_asking};
use crate::ids::AccountId;
use crate::line::{self, self_test};
use crate::secrets::SecretError;
use crate::store::coverage::{self, How};
use crate::store::{deliveries, lines};
use crate::sync::subscription;
use crate::tunnels::Way;
use crate::view::{
    Covered, DeliveryCounts, LedgerDay, LedgerStretch, LineCheck, LineCheckResult, LineReason, LineView,
    Mode, Notice, ReceptionView, SelfTest, TariffState, TroubleCode,
};

/// An answer to Avito should be on its way long before its two seconds are over.
const FAST: Duration = Duration::from_millis(1500);
/// Days of the ledger that can be looked at.
const LEDGER_DAYS: u32 = 30;

impl Core {
    /// Everything the panel shows.
    pub async fn reception(&self) -> Result<ReceptionView, CoreError> {
        let now_ms = self.inner.clock.now_ms();
        let endpoint = self.endpoint_address().to_string();
        let mut lines = Vec::new();
        for account in self.accounts() {
            lines.push(self.line_of(&account).await?);
        }
        Ok(ReceptionView { tunnel: self.inner.tunnels.view(now_ms, endpoint), lines })
    }

    /// One account's line.
    pub async fn line_view(&self, id: AccountId) -> Result<LineView, CoreError> {
        self.line_of(&self.running(id)?).await
    }

    fn running(&self, id: AccountId) -> Result<Arc<Account>, CoreError> {
        self.account(id).ok_or_else(|| CoreError::not_found("no such account"))
    }

    /// This account, or all.
    pub(crate) fn accounts_named(&self, id: Option<AccountId>) -> Result<Vec<AccountId>, CoreError> {
        match id {
            Some(id) => Ok(vec![self.running(id)?.id]),
            None => Ok(self.accounts().iter().map(|account| account.id).collect()),
        }
    }

    async fn line_of(&self, account: &Arc<Account>) -> Result<LineView, CoreError> {
        let (id, now_ms) = (account.id, self.inner.clock.now_ms());
        let today = clock::local_day(now_ms);
        let week = clock::local_day(clock::local_day_bounds(now_ms, 6).0);
        let (today, week, whole_since_ms, covered_until_ms) = self
            .inner
            .store
            .read(move |c| {
                Ok((
                    deliveries::since(c, id, &today)?,
                    deliveries::since(c, id, &week)?,
                    coverage::whole_since(c, id)?,
                    coverage::until(c, id)?,
                ))
            })
            .await?;
        let reason = self.reason(account);
        let current = subscription::current(self, account);
        let now = account.state.borrow().clone();
        let state = account.line.state();
        let usual_ms = i64::try_from(self.inner.timing.usual_gap.as_millis()).unwrap_or(i64::MAX);
        Ok(LineView {
            account: id,
            name: account.name.clone(),
            colour: colour(id),
            mode: now.mode,
            since_ms: now.mode_since_ms,
            reason,
            wanted: state.wanted,
            address: current.as_ref().filter(|_| state.wanted).map(|url| line::without_secrets(url.as_str())),
            registered_ms: state.registered.as_ref().map(|(_, since_ms)| *since_ms),
            listed_ms: state.listed_ms,
            subscriptions: state.subscription_views(current.as_ref()),
            last_event_ms: now.last_event_ms,
            last_checked_ms: now.last_checked_ms,
            today: counts(today),
            week: counts(week),
            self_test: state.last_test.clone(),
            error: state.error.clone(),
            old_path_until_ms: state.old_path_until_ms,
            whole_since_ms,
            covered_until_ms,
            reading: covered_until_ms.is_none_or(|until_ms| now_ms - until_ms > usual_ms),
        })
    }

    /// The first reason that holds.
    fn reason(&self, account: &Account) -> LineReason {
        let (mode, trouble) = (account.state.borrow().mode, account.trouble());
        if mode == Mode::Live {
            return LineReason::Live;
        }
        if self.disk_trouble().is_some() || trouble.is_some_and(hinders_asking) {
            return LineReason::Account;
        }
        let (wanted, held) = {
            let state = account.line.state();
            (state.wanted, state.held)
        };
        match (wanted, self.way_to_us(account.api_url.as_deref()), trouble) {
            (false, _, _) => LineReason::NotWanted,
            (_, Way::Closed(reason), _) => reason,
            (_, _, Some(TroubleCode::WebhookRefused)) => LineReason::Refused,
            (_, _, Some(TroubleCode::SelfTestFailed)) => LineReason::TestFailed,
            (_, _, Some(TroubleCode::EventsMissing)) => LineReason::EventsMissing,
            _ if held => LineReason::Unsteady,
            _ => LineReason::Starting,
        }
    }

    /// One day of an account's ledger.
    pub async fn ledger(&self, id: AccountId, days_ago: u32) -> Result<LedgerDay, CoreError> {
        let now_ms = self.inner.clock.now_ms();
        let (from_ms, to_ms) = clock::local_day_bounds(now_ms, days_ago.min(LEDGER_DAYS));
        let stretches = self.inner.store.read(move |c| coverage::within(c, id, from_ms, to_ms)).await?;
        let stretches = stretches
            .iter()
            .map(|one| LedgerStretch {
                from_ms: one.from_ms.max(from_ms),
                to_ms: one.to_ms.min(to_ms),
                how: match one.how {
                    How::Live => Covered::Live,
                    How::Polling => Covered::Polling,
                    How::Afterwards => Covered::Afterwards,
                },
            })
            .collect();
        Ok(LedgerDay { from_ms, to_ms, stretches })
    }

    /// The seller wants the webhook: registers it and waits until the line is settled, or the time is over.
    pub async fn register_webhook(&self, id: AccountId, patience: Duration) -> Result<LineView, CoreError> {
        let account = self.running(id)?;
        self.set_wanted(&account, true).await?;
        account.line.doubt();
        let since_ms = account.state.borrow().last_checked_ms;
        account.wake_sync.notify_one();
        self.retry_tunnel_if_down();
        let mut states = account.state.subscribe();
        let settled = states.wait_for(|state| {
            state.mode == Mode::Live || (state.last_checked_ms != since_ms && state.trouble.is_some())
        });
        let _ = tokio::time::timeout(patience, settled).await;
        self.line_of(&account).await
    }

    fn retry_tunnel_if_down(&self) {
        if self.inner.tunnels.trouble().is_some() {
            self.inner.tunnels.retry_now();
        }
    }

    /// The seller takes the webhook away; from now on the account polls.
    pub async fn unregister_webhook(&self, id: AccountId) -> Result<LineView, CoreError> {
        let account = self.running(id)?;
        self.set_wanted(&account, false).await?;
        let taken_back = subscription::unsubscribe(self, &account).await;
        account.wake_sync.notify_one();
        taken_back?;
        self.line_of(&account).await
    }

    async fn set_wanted(&self, account: &Account, wanted: bool) -> Result<(), CoreError> {
        let id = account.id;
        self.inner.store.write(move |c| lines::set_wanted(c, id, wanted)).await?;
        account.line.state().wanted = wanted;
        self.notify(Notice::Accounts);
        Ok(())
    }

    /// At the end of the program, where the seller wants it so.
    pub(super) async fn unregister_all(&self) {
        let accounts = self.accounts();
        let all = accounts.iter().map(|account| async move {
            // For this run only: nobody puts it back meanwhile.
            account.line.state().wanted = false;
            if let Err(error) = subscription::unsubscribe(self, account).await {
                tracing::info!(account = %account.id, %error, "our webhook address stays with Avito");
            }
        });
        futures_util::future::join_all(all).await;
    }

    /// Removes one address from Avito's list, also a stranger's: the seller has chosen it.
    pub async fn remove_subscription(
        &self,
        id: AccountId,
        subscription: &str,
    ) -> Result<LineView, CoreError> {
        let account = self.running(id)?;
        let client = account.client.as_ref().ok_or_else(|| CoreError::not_found("the account has no key"))?;
        subscription::list(self, &account, client).await?;
        let url = {
            let state = account.line.state();
            let found =
                state.subscriptions.iter().find(|one| line::subscription_id(&one.url) == subscription);
            found.map(|one| one.url.clone())
        };
        let url = url.ok_or_else(|| CoreError::not_found("no such subscription"))?;
        client.unsubscribe_webhook(&url).await?;
        subscription::list(self, &account, client).await?;
        self.notify(Notice::Accounts);
        self.line_of(&account).await
    }

    /// Reads Avito's list of subscriptions now.
    pub async fn refresh_subscriptions(&self, id: AccountId) -> Result<LineView, CoreError> {
        let account = self.running(id)?;
        let client = account.client.as_ref().ok_or_else(|| CoreError::not_found("the account has no key"))?;
        subscription::list(self, &account, client).await?;
        self.line_of(&account).await
    }

    /// A new path for the webhook. The old one is accepted for a while, because deliveries to it may be under way.
    pub async fn rotate_webhook_secret(&self, id: AccountId) -> Result<LineView, CoreError> {
        let _one_at_a_time = self.inner.changing_accounts.lock().await;
        let account = self.running(id)?;
        let _alone = account.line.subscribing.lock().await;
        let (old, new) = (line::digest(&account.line.secret()), new_path_secret());
        match self.inner.vault.set(&webhook_secret_name(id), new.clone()).await {
            Ok(()) | Err(SecretError::Missing) => {}
            Err(error) => return Err(error.into()),
        }
        let (now_ms, digest) = (self.inner.clock.now_ms(), line::digest(&new));
        let grace_ms = i64::try_from(self.inner.timing.secret_grace.as_millis()).unwrap_or(0);
        let until_ms = now_ms + grace_ms;
        self.inner.store.write(move |c| lines::set_door(c, id, &digest, now_ms, until_ms)).await?;
        self.inner.endpoint.admit(id, digest, Some(old));
        account.line.set_secret(new, until_ms);
        account.retire_later(self, old, until_ms);
        account.wake_sync.notify_one();
        self.notify(Notice::Accounts);
        self.line_of(&account).await
    }

    /// Posts a test through the public address.
    pub async fn test_webhook(&self, id: AccountId) -> Result<SelfTest, CoreError> {
        let account = self.running(id)?;
        match self.way_to_us(account.api_url.as_deref()) {
            Way::At(base) => {
                let test = self_test::run(self, &account, &base).await;
                account.wake_sync.notify_one();
                Ok(test)
            }
            Way::Closed(_) => Ok(SelfTest {
                at_ms: self.inner.clock.now_ms(),
                passed: false,
                code: Some(self.inner.tunnels.trouble().unwrap_or_else(|| "no_address".to_owned())),
                detail: None,
                total_ms: None,
                handler_ms: None,
            }),
        }
    }

    /// Looks at one thing that may be wrong with an account's line.
    pub async fn check_line(&self, id: AccountId, what: LineCheck) -> Result<LineCheckResult, CoreError> {
        let account = self.running(id)?;
        let begun = Instant::now();
        let mut result = self.look(&account, what).await;
        let took = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        result.took_ms = result.took_ms.or(Some(took));
        Ok(result)
    }

    async fn look(&self, account: &Account, what: LineCheck) -> LineCheckResult {
        let Some(client) = &account.client else { return skipped("secretMissing") };
        match what {
            LineCheck::Internet => self.avito_answers(account).await,
            LineCheck::Key => client.account_self().await.map_or_else(|error| refused(&error), |_| passed()),
            LineCheck::Tariff => match probe_tariff(client, account.user_id).await {
                Ok(TariffState::Included | TariffState::Unknown) => passed(),
                Ok(TariffState::Missing) => failed("tariffMissing"),
                Ok(TariffState::EmployeeKey) => failed("forbidden"),
                Err(CoreError::Avito(error)) => refused(&error),
                Err(_) => failed("internal"),
            },
            LineCheck::Subscription => match subscription::list(self, account, client).await {
                Ok(()) => {
                    let current = subscription::current(self, account);
                    let listed = current.is_some_and(|url| {
                        account.line.state().subscriptions.iter().any(|one| one.url == url.as_str())
                    });
                    if listed { passed() } else { failed("not_listed") }
                }
                Err(error) => refused(&error),
            },
            LineCheck::Tunnel | LineCheck::Https | LineCheck::Speed | LineCheck::Delivery => {
                self.look_at_the_way(account, what).await
            }
        }
    }

    async fn look_at_the_way(&self, account: &Account, what: LineCheck) -> LineCheckResult {
        let base = match self.way_to_us(account.api_url.as_deref()) {
            Way::At(base) => base,
            Way::Closed(reason) if what == LineCheck::Tunnel => {
                let code = match reason {
                    LineReason::NoTunnel => "no_tunnel".to_owned(),
                    LineReason::Unsteady => "unsteady".to_owned(),
                    LineReason::TunnelConnecting => "connecting".to_owned(),
                    _ => self.inner.tunnels.trouble().unwrap_or_else(|| "no_address".to_owned()),
                };
                return failed(&code);
            }
            Way::Closed(_) => return skipped("no_address"),
        };
        match what {
            LineCheck::Tunnel => passed(),
            LineCheck::Https => match base.scheme() {
                "https" => self.certificate_is_good(&base).await,
                _ if line::is_this_machine(&base) => passed(),
                _ => failed("not_https"),
            },
            _ => {
                let test = self_test::run(self, account, &base).await;
                let slow = test.total_ms.is_some_and(|took| Duration::from_millis(took.into()) > FAST);
                let code = if what == LineCheck::Speed && slow { Some("slow".to_owned()) } else { test.code };
                LineCheckResult {
                    passed: Some(code.is_none()),
                    code,
                    detail: test.detail,
                    took_ms: test.total_ms,
                }
            }
        }
    }

    async fn avito_answers(&self, account: &Account) -> LineCheckResult {
        let address = account.api_url.as_deref().unwrap_or("https://api.avito.ru/");
        match Url::parse(address) {
            Ok(url) => self.answers(&url).await,
            Err(_) => failed("bad_address"),
        }
    }

    /// Any answer over https shows that the certificate is good.
    async fn certificate_is_good(&self, base: &Url) -> LineCheckResult {
        self.answers(base).await
    }

    async fn answers(&self, url: &Url) -> LineCheckResult {
        let Ok(client) = self_test::client(self, url) else { return failed("internal") };
        match client.get(url.clone()).header("ngrok-skip-browser-warning", "1").send().await {
            Ok(_) => passed(),
            Err(error) => {
                let (code, detail) = self_test::why(error);
                LineCheckResult { passed: Some(false), code: Some(code), detail, took_ms: None }
            }
        }
    }
}

fn counts(counts: deliveries::Counts) -> DeliveryCounts {
    DeliveryCounts {
        by_event: counts.by_event,
        recovered: counts.missed,
        mean_delay_ms: counts.mean_delay_ms.and_then(|delay_ms| u32::try_from(delay_ms).ok()),
    }
}

fn passed() -> LineCheckResult {
    LineCheckResult { passed: Some(true), code: None, detail: None, took_ms: None }
}

fn failed(code: &str) -> LineCheckResult {
    LineCheckResult { passed: Some(false), code: Some(code.to_owned()), detail: None, took_ms: None }
}

fn skipped(code: &str) -> LineCheckResult {
    LineCheckResult { passed: None, code: Some(code.to_owned()), detail: None, took_ms: Some(0) }
}

fn refused(error: &avito::Error) -> LineCheckResult {
    let code = serde_json::to_value(crate::error::trouble_code(error)).ok();
    let code = code.as_ref().and_then(serde_json::Value::as_str).unwrap_or("internal").to_owned();
    LineCheckResult {
        passed: Some(false),
        code: Some(code),
        detail: error.message().map(str::to_owned),
        took_ms: None,
    }
}
