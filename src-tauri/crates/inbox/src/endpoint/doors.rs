//! Which secret opens which account's door, compared so that the time it takes tells nothing.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::ids::AccountId;

/// What opens an account's door: the secret in use, and for a while the one it replaced.
#[derive(Clone, Copy, Default)]
struct Keys {
    present: [u8; 32],
    retiring: Option<[u8; 32]>,
}

/// SHA-256 of each account's path secret. Digests are compared rather than secrets: they have one length, and what an attacker
/// could learn of a digest tells nothing of the secret.
#[derive(Default)]
pub(super) struct Doors {
    keys: RwLock<HashMap<AccountId, Keys>>,
}

impl Doors {
    /// From now on deliveries for this account are accepted under this secret, and under the `retiring` one as well.
    pub(super) fn open(&self, account: AccountId, present: [u8; 32], retiring: Option<[u8; 32]>) {
        let keys = Keys { present, retiring };
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(account, keys);
    }

    /// A replaced secret opens no longer.
    pub(super) fn retire(&self, account: AccountId, digest: [u8; 32]) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = keys.get_mut(&account).filter(|keys| keys.retiring == Some(digest)) {
            keys.retiring = None;
        }
    }

    /// No more deliveries for this account.
    pub(super) fn shut(&self, account: AccountId) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).remove(&account);
    }

    /// The account, when path and secret are right. An unknown account costs the same work as a wrong secret.
    pub(super) fn admitted(&self, account: &str, secret: &str) -> Option<AccountId> {
        let account = AccountId(account.parse().unwrap_or(-1));
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&account).copied();
        let given: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let there = Choice::from(u8::from(known.is_some()));
        let keys = known.unwrap_or_default();
        // Always both, whether there is a second one or not.
        let retiring = Choice::from(u8::from(keys.retiring.is_some()));
        let same = given.ct_eq(&keys.present) | (retiring & given.ct_eq(&keys.retiring.unwrap_or_default()));
        bool::from(there & same).then_some(account)
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::time::Instant;

    use rand::{RngExt as _, SeedableRng as _};

    use super::*;

    const ACCOUNT: &str = "7";

    fn secret() -> String {
        "3c9a7f1e5b2d8046".repeat(4)
    }

    fn doors() -> Doors {
        let doors = Doors::default();
        for account in 1..=9 {
            doors.open(AccountId(account), Sha256::digest(format!("{account}").as_bytes()).into(), None);
        }
        doors.open(AccountId(7), Sha256::digest(secret().as_bytes()).into(), None);
        doors
    }

    #[test]
    fn only_the_right_secret_of_the_right_account_is_admitted() {
        let doors = doors();
        let secret = secret();
        assert_eq!(doors.admitted(ACCOUNT, &secret), Some(AccountId(7)));
        for (account, secret) in [
            ("7", &secret[1..]),
            ("7", ""),
            ("8", secret.as_str()),
            ("99", secret.as_str()),
            ("-1", secret.as_str()),
            ("x", secret.as_str()),
            ("", secret.as_str()),
        ] {
            assert_eq!(doors.admitted(account, secret), None, "{account}");
        }
        doors.shut(AccountId(7));
        assert_eq!(doors.admitted(ACCOUNT, &secret), None);
    }

    #[test]
    fn a_replaced_secret_opens_until_it_is_retired() {
        let doors = doors();
        let digest = |secret: &str| Sha256::digest(secret.as_bytes()).into();
        doors.open(AccountId(7), digest("new"), Some(digest(&secret())));
        assert_eq!(doors.admitted(ACCOUNT, "new"), Some(AccountId(7)));
        assert_eq!(doors.admitted(ACCOUNT, &secret()), Some(AccountId(7)));
        doors.retire(AccountId(7), digest("another"));
        assert_eq!(doors.admitted(ACCOUNT, &secret()), Some(AccountId(7)));
        doors.retire(AccountId(7), digest(&secret()));
        assert_eq!(doors.admitted(ACCOUNT, &secret()), None);
        assert_eq!(doors.admitted(ACCOUNT, "new"), Some(AccountId(7)));
    }

    /// Requests an attacker would compare, all with a secret of the right length.
    fn requests() -> Vec<(&'static str, String)> {
        let right = secret();
        vec![
            (ACCOUNT, right.clone()),
            (ACCOUNT, format!("0{}", &right[1..])),
            (ACCOUNT, format!("{}0", &right[..right.len() - 1])),
            ("99", right.clone()),
            ("no number", right),
        ]
    }

    /// The middle time of each request, nanoseconds. They take turns in a random order, so that whatever else the machine does
    /// meanwhile meets all alike; the middle forgets interruptions.
    fn middle_times(admitted: impl Fn(&str, &str) -> Option<AccountId>) -> Vec<u128> {
        let requests = requests();
        let mut rng = rand::rngs::StdRng::seed_from_u64(20);
        let mut times = vec![Vec::new(); requests.len()];
        for _ in 0..2000 * requests.len() {
            let which = rng.random_range(0..requests.len());
            let (account, secret) = &requests[which];
            let started = Instant::now();
            for _ in 0..8 {
                black_box(admitted(black_box(account), black_box(secret)));
            }
            times[which].push(started.elapsed().as_nanos());
        }
        times.iter_mut().for_each(|times| times.sort_unstable());
        times.iter().map(|times| times[times.len() / 2]).collect()
    }

    fn spread(times: &[u128]) -> f64 {
        let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a short time")]
        let ratio = *most as f64 / *least as f64;
        ratio
    }

    /// Times are compared as ratios with a wide margin: the test is after work that is left out (a digest not made for an
    /// unknown account, a comparison that stops early on a long text), not after single nanoseconds, and a busy machine must not
    /// fail it. The careless way beside it shows that the margin is narrow enough to tell them apart.
    #[test]
    fn an_unknown_account_a_wrong_secret_and_the_right_one_take_the_same_work() {
        let doors = doors();
        let careful = middle_times(|account, secret| doors.admitted(account, secret));
        let careless = middle_times(|account, secret| {
            let account = AccountId(account.parse().ok()?);
            let known = doors.keys.read().unwrap().get(&account)?.present;
            let given: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
            (given == known).then_some(account)
        });
        assert!(spread(&careful) < 1.5, "{careful:?} ns");
        assert!(spread(&careless) > 2.0, "{careless:?} ns: this measurement would not notice a difference");
    }
}
