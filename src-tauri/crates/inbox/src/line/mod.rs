//! One account's webhook line: the secret of its path, what Avito lists, and whether deliveries are proved to arrive.

pub(crate) mod awaiting;
mod hold;
pub(crate) mod ledger;
pub(crate) mod self_test;

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use avito::Subscription;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use url::{Host, Url};

pub(crate) use self::hold::Hold;
use crate::ids::AccountId;
use crate::store::lines::{Door, LineRow};
use crate::view::{LineError, SelfTest, SubscriptionOwner, SubscriptionView};

/// SHA-256 of a path's secret.
pub(crate) type Digest = [u8; 32];

/// What an account knows of its line.
pub(crate) struct Line {
    secret: RwLock<SecretString>,
    state: Mutex<LineState>,
    /// Held by who registers an address at Avito, takes one back or changes its path: what one of them has under way is not seen by
    /// the others.
    pub(crate) subscribing: tokio::sync::Mutex<()>,
}

/// The changing part.
#[derive(Debug, Default)]
pub(crate) struct LineState {
    /// The seller wants the webhook.
    pub(crate) wanted: bool,
    /// The public address Avito lists us under, and since when.
    pub(crate) registered: Option<(String, i64)>,
    /// Avito's list when it was last read.
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) listed_ms: Option<i64>,
    /// All paths that are or were ours.
    pub(crate) own: Vec<Digest>,
    /// An old path is accepted until then.
    pub(crate) old_path_until_ms: Option<i64>,
    /// A delivery arrived under this public address, at this time.
    pub(crate) proven: Option<(Url, i64)>,
    pub(crate) last_test: Option<SelfTest>,
    /// Tests that failed one after the other, and when the next may be made.
    pub(crate) failed_tests: u32,
    pub(crate) next_test_ms: i64,
    pub(crate) error: Option<LineError>,
    pub(crate) hold: Hold,
    /// Held back by [`Hold`].
    pub(crate) held: bool,
}

impl Line {
    pub(crate) fn new(secret: SecretString, row: LineRow, doors: &[Door], now_ms: i64) -> Self {
        let own = digest(&secret);
        let state = LineState {
            wanted: row.wanted,
            registered: row.registered,
            error: row.error.map(|(code, detail, at_ms)| LineError { code, detail, at_ms }),
            own: doors.iter().map(|door| door.digest).chain([own]).collect(),
            old_path_until_ms: doors
                .iter()
                .filter(|door| door.digest != own)
                .find_map(|door| door.closes_ms.filter(|closes_ms| *closes_ms > now_ms)),
            ..LineState::default()
        };
        Self {
            secret: RwLock::new(secret),
            state: Mutex::new(state),
            subscribing: tokio::sync::Mutex::default(),
        }
    }

    /// The unguessable part of the path.
    pub(crate) fn secret(&self) -> SecretString {
        self.secret.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on the path has this secret; the address must be registered and proved anew.
    pub(crate) fn set_secret(&self, secret: SecretString, old_until_ms: i64) {
        let mut state = self.state();
        state.own.push(digest(&secret));
        state.registered = None;
        state.proven = None;
        state.next_test_ms = 0;
        state.old_path_until_ms = Some(old_until_ms);
        *self.secret.write().unwrap_or_else(PoisonError::into_inner) = secret;
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, LineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing that was known of the way to us counts any more: the computer slept, the network is another one.
    pub(crate) fn doubt(&self) {
        let mut state = self.state();
        state.proven = None;
        state.next_test_ms = 0;
        state.failed_tests = 0;
    }
}

impl LineState {
    /// Whose address this is.
    pub(crate) fn owner(&self, url: &str, current: Option<&Url>) -> SubscriptionOwner {
        if current.is_some_and(|current| current.as_str() == url) {
            SubscriptionOwner::Current
        } else if own_digest(url).is_some_and(|digest| self.own.contains(&digest)) {
            SubscriptionOwner::Stale
        } else {
            SubscriptionOwner::Stranger
        }
    }

    /// Avito's list for the page.
    pub(crate) fn subscription_views(&self, current: Option<&Url>) -> Vec<SubscriptionView> {
        self.subscriptions
            .iter()
            .map(|one| SubscriptionView {
                id: subscription_id(&one.url),
                address: without_secrets(&one.url),
                version: one.version.clone(),
                owner: self.owner(&one.url, current),
            })
            .collect()
    }
}

/// SHA-256 of a path's secret: it can be kept and compared where the secret may not.
pub(crate) fn digest(secret: &SecretString) -> Digest {
    Sha256::digest(secret.expose_secret().as_bytes()).into()
}

/// The digest of the secret in an address of the form our addresses have.
fn own_digest(url: &str) -> Option<Digest> {
    let url = Url::parse(url).ok()?;
    let mut segments = url.path_segments()?.rev();
    let secret = segments.next()?;
    let account: Option<i64> = segments.next()?.parse().ok();
    let ours = account.is_some() && segments.next() == Some("avito") && segments.next() == Some("webhook");
    ours.then(|| Sha256::digest(secret.as_bytes()).into())
}

/// Names an address without telling it.
pub(crate) fn subscription_id(url: &str) -> String {
    Sha256::digest(url.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// An address for the screen: parts that look like a secret are left out, and so are user, password and query.
pub(crate) fn without_secrets(url: &str) -> String {
    const SHOWN: usize = 20;
    let Ok(url) = Url::parse(url) else { return "…".to_owned() };
    let mut shown = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        shown.push_str(&format!(":{port}"));
    }
    for segment in url.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty()) {
        shown.push('/');
        shown.push_str(if segment.chars().count() < SHOWN { segment } else { "…" });
    }
    if url.query().is_some() {
        shown.push_str("?…");
    }
    shown
}

/// The address Avito is to post to. Outside of this machine it must be https.
pub(crate) fn address(base: &Url, account: AccountId, secret: &SecretString) -> Option<Url> {
    (base.scheme() == "https" || is_this_machine(base))
        .then(|| base.join(&crate::endpoint::path(account, secret)).ok())
        .flatten()
}

/// Whether an address leads to this machine itself.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn our_own_addresses_are_known_on_any_host_and_a_strangers_never_is() {
        let secret = SecretString::from("s3cret".repeat(8));
        let line = Line::new(secret.clone(), LineRow::default(), &[], 0);
        let here = address(&url("https://here.example/"), AccountId(3), &secret).unwrap();
        let state = line.state();
        let owner = |url: &str| state.owner(url, Some(&here));
        assert_eq!(owner(here.as_str()), SubscriptionOwner::Current);
        let elsewhere = format!("https://old.example/webhook/avito/9/{}", secret.expose_secret());
        assert_eq!(owner(&elsewhere), SubscriptionOwner::Stale);
        for stranger in [
            "https://here.example/webhook/avito/3/other-secret",
            "https://crm.example/hook",
            "https://here.example/webhook/avito/3/",
            "not an address",
            "",
        ] {
            assert_eq!(owner(stranger), SubscriptionOwner::Stranger, "{stranger}");
        }
        let elsewhere = format!("https://crm.example/other/{}", secret.expose_secret());
        assert_eq!(owner(&elsewhere), SubscriptionOwner::Stranger, "not our path");
    }

    #[test]
    fn a_shown_address_holds_no_secret() {
        assert_eq!(
            without_secrets(
                "https://me:pw@a.example:8443/webhook/avito/1/0123456789abcdef0123456789abcdef?token=x"
            ),
            "https://a.example:8443/webhook/avito/1/…?…"
        );
        assert_eq!(without_secrets("https://crm.example/hook"), "https://crm.example/hook");
        assert_eq!(without_secrets("nonsense"), "…");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let secret = SecretString::from("x");
        for (base, good) in [
            ("https://a.example/", true),
            ("http://a.example/", false),
            ("http://127.0.0.1:80/", true),
            ("http://[::1]:80/", true),
            ("http://localhost/", true),
            ("http://192.168.0.2/", false),
        ] {
            assert_eq!(address(&url(base), AccountId(1), &secret).is_some(), good, "{base}");
        }
    }
}
