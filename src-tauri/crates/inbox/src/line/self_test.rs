//! Proof that deliveries arrive: a nonce is posted through the public address, as Avito would, and seen at our endpoint.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use url::Url;
use uuid::Uuid;

use crate::Core;
use crate::account::Account;
use crate::store::lines;
use crate::view::{LineError, Notice, SelfTest};

/// The kind such a delivery has in the event log.
pub(crate) const KIND: &str = "self-test";
/// Larger bodies are no test of ours and are not looked into.
const BODY_LIMIT: usize = 128;
/// The header by which ngrok tells why it answered in our place.
const NGROK_CODE: &str = "ngrok-error-code";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    prilavok_self_test: String,
}

/// Whether a delivery is a test of ours, of this run or another.
pub(crate) fn is_test(json: &serde_json::Value) -> bool {
    json.get("prilavok_self_test").is_some_and(serde_json::Value::is_string)
}

/// Nonces that are on their way.
#[derive(Default)]
pub(crate) struct SelfTests {
    waiting: Mutex<HashMap<String, oneshot::Sender<Duration>>>,
}

impl SelfTests {
    fn expect(&self) -> (String, oneshot::Receiver<Duration>) {
        let nonce = Uuid::new_v4().simple().to_string();
        let (arrived, seen) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(nonce.clone(), arrived);
        (nonce, seen)
    }

    fn forget(&self, nonce: &str) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(nonce);
    }

    /// Whether this is a test that is on its way.
    pub(crate) fn expects(&self, body: &[u8]) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        nonce_in(body).is_some_and(|nonce| waiting.contains_key(&nonce))
    }

    /// A delivery is durable, so long after its head was here.
    pub(crate) fn arrived(&self, body: &[u8], took: Duration) {
        let Some(nonce) = nonce_in(body) else { return };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(arrived) = waiting.remove(&nonce) {
            let _ = arrived.send(took);
        }
    }
}

fn nonce_in(body: &[u8]) -> Option<String> {
    let small = body.len() <= BODY_LIMIT;
    small.then(|| serde_json::from_slice::<Body>(body).ok()).flatten().map(|body| body.prilavok_self_test)
}

/// Why a test failed: a code, and words of the system.
type Failed = (String, Option<String>);

fn failed(code: &str) -> Failed {
    (code.to_owned(), None)
}

/// Posts a nonce to the account's address and waits for it. The outcome is kept for the page.
pub(crate) async fn run(core: &Core, account: &Account, base: &Url) -> SelfTest {
    let at_ms = core.inner.clock.now_ms();
    let begun = Instant::now();
    let outcome = post(core, account, base).await;
    let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    let test = match outcome {
        Ok(handler) => SelfTest {
            at_ms,
            passed: true,
            code: None,
            detail: None,
            total_ms: Some(millis(begun.elapsed())),
            handler_ms: Some(millis(handler)),
        },
        Err((code, detail)) => {
            tracing::warn!(account = %account.id, code, "a test delivery did not arrive");
            note_error(core, account, &code, detail.clone()).await;
            SelfTest { at_ms, passed: false, code: Some(code), detail, total_ms: None, handler_ms: None }
        }
    };
    {
        let mut state = account.line.state();
        if test.passed {
            state.proven = Some((base.clone(), at_ms));
            state.failed_tests = 0;
            state.next_test_ms = 0;
        } else {
            state.failed_tests = state.failed_tests.saturating_add(1);
            let timing = &core.inner.timing;
            let doublings = (state.failed_tests - 1).min(10);
            let pause = timing.trouble_first.saturating_mul(1 << doublings).min(timing.trouble_max);
            state.next_test_ms = at_ms + i64::try_from(pause.as_millis()).unwrap_or(i64::MAX / 2);
        }
        state.last_test = Some(test.clone());
    }
    core.notify(Notice::Accounts);
    test
}

async fn post(core: &Core, account: &Account, base: &Url) -> Result<Duration, Failed> {
    let address = super::address(base, account.id, &account.line.secret());
    let address = address.ok_or_else(|| failed("not_https"))?;
    let client = client(core, base).map_err(|_| failed("internal"))?;
    let (nonce, seen) = core.inner.self_tests.expect();
    let body = Body { prilavok_self_test: nonce.clone() };
    let answer = client.post(address).header("ngrok-skip-browser-warning", "1").json(&body).send().await;
    let outcome = match answer {
        Ok(answer) if answer.status() == StatusCode::OK => {
            // We have seen it before it was answered; who answers 200 without us is somebody else.
            match tokio::time::timeout(Duration::from_secs(1), seen).await {
                Ok(Ok(took)) => Ok(took),
                _ => Err(failed("elsewhere")),
            }
        }
        Ok(answer) => {
            let ngrok = answer.headers().get(NGROK_CODE).and_then(|code| code.to_str().ok());
            let number = ngrok.and_then(|code| code.strip_prefix("ERR_NGROK_"));
            Err(match number {
                Some(number) => failed(&format!("ngrok_{number}")),
                None => failed(&format!("http_{}", answer.status().as_u16())),
            })
        }
        Err(error) => Err(why(error)),
    };
    core.inner.self_tests.forget(&nonce);
    outcome
}

/// A client of its own for each test: a connection left open would prove nothing about a new one.
pub(crate) fn client(core: &Core, base: &Url) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder()
        .timeout(core.inner.timing.test_patience)
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0);
    if super::is_this_machine(base) {
        builder = builder.no_proxy();
    }
    // A network that looks into TLS does so with the address too.
    if let Some(pem) = core.inner.tunnels.ca_file().and_then(|file| std::fs::read(file).ok()) {
        for certificate in Certificate::from_pem_bundle(&pem)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build()
}

/// What stands behind a request that got no answer. The address is left out: it holds the path's secret.
pub(crate) fn why(error: reqwest::Error) -> Failed {
    let error = error.without_url();
    let mut words = String::new();
    let mut source = error.source();
    while let Some(inner) = source {
        words = inner.to_string();
        source = inner.source();
    }
    let lower = words.to_lowercase();
    let code = if error.is_timeout() {
        "timeout"
    } else if lower.contains("dns") || lower.contains("lookup") || lower.contains("resolve") {
        "dns"
    } else if lower.contains("certificate") || lower.contains("tls") || lower.contains("handshake") {
        "tls"
    } else if error.is_connect() {
        "connect"
    } else {
        "cut"
    };
    (code.to_owned(), Some(words).filter(|words| !words.is_empty()))
}

/// Keeps the last error of a line.
pub(crate) async fn note_error(core: &Core, account: &Account, code: &str, detail: Option<String>) {
    let (id, at_ms) = (account.id, core.inner.clock.now_ms());
    account.line.state().error = Some(LineError { code: code.to_owned(), detail: detail.clone(), at_ms });
    let code = code.to_owned();
    let noted = move |c: &_| lines::set_error(c, id, &code, detail.as_deref(), at_ms);
    if let Err(error) = core.inner.store.write(noted).await {
        tracing::warn!(%error, "an error of the line could not be noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_nonce_that_is_expected_counts_and_only_once() {
        let tests = SelfTests::default();
        let (nonce, mut seen) = tests.expect();
        let body = |nonce: &str| serde_json::to_vec(&Body { prilavok_self_test: nonce.into() }).unwrap();
        for other in [body("other"), b"{}".to_vec(), b"no json".to_vec(), vec![b'x'; 4096]] {
            tests.arrived(&other, Duration::ZERO);
        }
        assert!(seen.try_recv().is_err());
        let body = body(&nonce);
        assert!(body.len() <= BODY_LIMIT);
        assert!(is_test(&serde_json::from_slice(&body).unwrap()));
        assert!(tests.expects(&body));
        tests.arrived(&body, Duration::from_millis(3));
        assert!(!tests.expects(&body));
        tests.arrived(&body, Duration::from_millis(9));
        assert_eq!(seen.try_recv().unwrap(), Duration::from_millis(3));
    }
}
