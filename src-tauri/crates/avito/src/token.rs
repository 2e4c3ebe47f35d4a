//! The access token: got when first needed, renewed early, by one task at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex as AsyncMutex, watch};
use url::Url;

use crate::error::{Class, Error, SendOutcome};
use crate::json::Fields;
use crate::wire::Wire;

pub(crate) const ENDPOINT: &str = "/token";
/// Never renewed earlier than this before the end.
const EARLIEST: Duration = Duration::from_secs(300);
/// Assumed when the answer does not say how long a token lives; Avito's live 24 hours.
const ASSUMED_LIFE: Duration = Duration::from_secs(3600);
/// After a failed early renewal the old token is used for this long before the next try.
const EARLY_RETRY: Duration = Duration::from_secs(30);
/// After a 403 that a fresh token did not cure, further ones are believed for this long without a new token.
const FORBIDDEN_BELIEVED: Duration = Duration::from_secs(60);

/// Who we are to Avito.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The public half.
    pub client_id: String,
    /// The secret half.
    pub client_secret: SecretString,
    /// How access is asked for.
    pub grant: Grant,
}

/// How access is asked for.
#[derive(Debug, Clone)]
pub enum Grant {
    /// The seller's own key.
    ClientCredentials,
    /// A partner application after the seller signed in. The code works once; later renewals use the refresh token
    /// that came with the first answer.
    AuthorizationCode {
        /// From the redirect.
        code: SecretString,
    },
    /// A partner application later on. Each refresh token works once: every answer brings the next one, which the
    /// owner must store, see [`crate::Client::refresh_token_updates`].
    Refresh {
        /// The one stored last.
        refresh_token: SecretString,
    },
}

/// An access token. `number` grows with each renewal, so that a failed call can tell whether a newer one exists.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    number: u64,
    obtained: Instant,
    obtained_wall: SystemTime,
    life: Duration,
}

impl Token {
    /// The age by whichever clock says more: the monotonic one may stand still while a computer sleeps, the wall
    /// clock may be set back.
    fn age(&self, now: Instant, wall: SystemTime) -> Duration {
        let by_wall = wall.duration_since(self.obtained_wall).unwrap_or_default();
        now.saturating_duration_since(self.obtained).max(by_wall)
    }

    /// Whether it should be renewed: 300 s or a tenth of its life before the end, whichever is less.
    fn is_due(&self, age: Duration) -> bool {
        age >= self.life - EARLIEST.min(self.life / 10)
    }

    fn has_ended(&self, age: Duration) -> bool {
        age >= self.life
    }
}

/// The tokens of one client.
pub(crate) struct Tokens {
    wire: Arc<Wire>,
    url: Url,
    client_id: String,
    client_secret: SecretString,
    current: Mutex<Option<Arc<Token>>>,
    /// Held while a renewal is under way.
    renewal: AsyncMutex<Renewal>,
    /// How many renewals have ended; lets those who waited for one share its failure.
    ended: Mutex<u64>,
    refresh_token: watch::Sender<Option<SecretString>>,
    believed_403: Mutex<Option<Instant>>,
    early_failure: Mutex<Option<Instant>>,
}

struct Renewal {
    grant: Grant,
    issued: u64,
    last_failure: Option<(u64, Error)>,
}

impl Tokens {
    pub(crate) fn new(wire: Arc<Wire>, url: Url, credentials: Credentials) -> Self {
        let Credentials { client_id, client_secret, grant } = credentials;
        Self {
            wire,
            url,
            client_id,
            client_secret,
            current: Mutex::new(None),
            renewal: AsyncMutex::new(Renewal { grant, issued: 0, last_failure: None }),
            ended: Mutex::new(0),
            refresh_token: watch::Sender::new(None),
            believed_403: Mutex::new(None),
            early_failure: Mutex::new(None),
        }
    }

    /// The account's client secret.
    pub(crate) fn client_secret(&self) -> &SecretString {
        &self.client_secret
    }

    pub(crate) fn refresh_token_updates(&self) -> watch::Receiver<Option<SecretString>> {
        self.refresh_token.subscribe()
    }

    /// A token fit for use, renewed if it is about to end.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<Arc<Token>, Error> {
        let Some(token) = self.current() else { return self.renew(0).await };
        let age = token.age(Instant::now(), SystemTime::now());
        if !token.is_due(age) {
            return Ok(token);
        }
        let failed_lately = (*lock(&self.early_failure)).is_some_and(|at| at.elapsed() < EARLY_RETRY);
        if failed_lately && !token.has_ended(age) {
            return Ok(token);
        }
        match self.renew(token.number).await {
            // The old one still works; the network may be back before it ends.
            Err(error) if !token.has_ended(age) && *error.class() != Class::WrongCredentials => {
                tracing::debug!(%error, "early renewal of the token failed");
                *lock(&self.early_failure) = Some(Instant::now());
                Ok(token)
            }
            other => other,
        }
    }

    /// What to repeat a call with that `used` this token and was answered with 401 or 403: a newer token that exists
    /// already, or a new one. `None` when a new one would not help.
    pub(crate) async fn after_refusal(
        self: &Arc<Self>,
        used: &Token,
        status: u16,
        message: Option<&str>,
    ) -> Result<Option<Arc<Token>>, Error> {
        let about_token = status == 401 || message.is_some_and(|text| text.to_lowercase().contains("token"));
        let newer = self.current().filter(|current| current.number > used.number);
        if newer.is_some() {
            return Ok(newer);
        }
        let believed = *lock(&self.believed_403);
        if !about_token && believed.is_some_and(|since| since.elapsed() < FORBIDDEN_BELIEVED) {
            return Ok(None);
        }
        self.renew(used.number).await.map(Some)
    }

    /// A call was answered with 403 although its token was new: this 403 is not about tokens, and neither are, for a
    /// while, others like it. Otherwise a chat we may not read would cost a token with every look at it.
    pub(crate) fn believe_403(&self) {
        *lock(&self.believed_403) = Some(Instant::now());
    }

    /// Removes our secrets from a text, should a server echo them.
    pub(crate) fn scrub(&self, text: String) -> String {
        let token = self.current();
        let secrets = [
            Some(self.client_secret.expose_secret()),
            token.as_ref().map(|token| token.secret.expose_secret()),
        ];
        scrub(text, secrets.into_iter().flatten())
    }

    fn current(&self) -> Option<Arc<Token>> {
        lock(&self.current).clone()
    }

    /// Renews unless a token newer than `seen` exists by the time it is our turn.
    ///
    /// Runs in a task of its own: a caller that gives up must not lose an answer with a single-use refresh token.
    async fn renew(self: &Arc<Self>, seen: u64) -> Result<Arc<Token>, Error> {
        let tokens = Arc::clone(self);
        let ended_before = *lock(&self.ended);
        let task = tokio::spawn(async move { tokens.renew_in_turn(seen, ended_before).await });
        task.await.unwrap_or_else(|gone| Err(not_sent(Class::Network).with_source(gone)))
    }

    async fn renew_in_turn(&self, seen: u64, ended_before: u64) -> Result<Arc<Token>, Error> {
        let mut renewal = self.renewal.lock().await;
        if let Some(newer) = self.current().filter(|current| current.number > seen) {
            return Ok(newer);
        }
        if let Some((ended, error)) = &renewal.last_failure
            && *ended > ended_before
        {
            return Err(error.clone()); // it failed while we waited for it
        }
        let outcome = self.request(&renewal.grant).await;
        let ended = {
            let mut ended = lock(&self.ended);
            *ended += 1;
            *ended
        };
        match outcome {
            Ok(granted) => {
                renewal.issued += 1;
                renewal.last_failure = None;
                let token = Arc::new(Token {
                    secret: granted.access,
                    number: renewal.issued,
                    obtained: Instant::now(),
                    obtained_wall: SystemTime::now(),
                    life: granted.life,
                });
                *lock(&self.current) = Some(Arc::clone(&token));
                if let Some(refresh_token) = granted.refresh {
                    if !matches!(renewal.grant, Grant::ClientCredentials) {
                        renewal.grant = Grant::Refresh { refresh_token: refresh_token.clone() };
                    }
                    self.refresh_token.send_replace(Some(refresh_token));
                }
                Ok(token)
            }
            Err(error) => {
                renewal.last_failure = Some((ended, error.clone()));
                Err(error)
            }
        }
    }

    async fn request(&self, grant: &Grant) -> Result<Granted, Error> {
        let secret = self.client_secret.expose_secret();
        let mut form = BTreeMap::from([("client_id", self.client_id.as_str()), ("client_secret", secret)]);
        match grant {
            Grant::ClientCredentials => {
                form.insert("grant_type", "client_credentials");
            }
            Grant::AuthorizationCode { code } => {
                form.insert("grant_type", "authorization_code");
                form.insert("code", code.expose_secret());
            }
            Grant::Refresh { refresh_token } => {
                form.insert("grant_type", "refresh_token");
                form.insert("refresh_token", refresh_token.expose_secret());
            }
        }
        let request = self.wire.http.post(self.url.clone()).form(&form);
        let answer = self.wire.exchange(request, "POST", ENDPOINT).await.map_err(before_any_call)?;
        let body = answer.json();
        let told = |class: Class| {
            let message = answer.message().map(|text| scrub(text, form.values().copied()));
            not_sent(class).with_status(answer.status).with_message(message)
        };
        match answer.status {
            200..=299 => {}
            // A page of HTML comes from something in between, which knows nothing of our credentials.
            403 if body.is_none() => return Err(told(Class::Forbidden)),
            400 | 401 | 403 => return Err(told(Class::WrongCredentials)),
            _ => return Err(told(answer.class())),
        }
        let Some(body) = body else {
            return Err(told(Class::UnexpectedShape { path: ".".to_owned() }));
        };
        if body.get("error").is_some_and(|error| !error.is_null()) {
            return Err(told(Class::WrongCredentials)); // seen with status 200
        }
        let Some(access) = body.text("access_token") else {
            return Err(told(Class::UnexpectedShape { path: "access_token".to_owned() }));
        };
        let told_life =
            body.int("expires_in").map(|life| Duration::from_secs(u64::try_from(life).unwrap_or(0)));
        Ok(Granted {
            access: access.into(),
            life: told_life.unwrap_or(ASSUMED_LIFE),
            refresh: body.text("refresh_token").map(SecretString::from),
        })
    }
}

/// What `/token` gave.
struct Granted {
    access: SecretString,
    life: Duration,
    refresh: Option<SecretString>,
}

/// An error of `/token`: whatever call it was for has not been made.
fn not_sent(class: Class) -> Error {
    before_any_call(Error::new(class, "POST", ENDPOINT))
}

fn before_any_call(error: Error) -> Error {
    error.with_outcome(SendOutcome::NotSent)
}

/// Takes secrets out of a text. Very short ones (the words of a test, a grant's name) would only garble it.
fn scrub<'a>(mut text: String, secrets: impl Iterator<Item = &'a str>) -> String {
    for secret in secrets.filter(|secret| secret.len() >= 6) {
        text = text.replace(secret, "…");
    }
    text
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(life: u64, obtained: Instant, obtained_wall: SystemTime) -> Token {
        Token { secret: "t".into(), number: 1, obtained, obtained_wall, life: Duration::from_secs(life) }
    }

    #[test]
    fn a_token_is_renewed_300_s_or_a_tenth_before_its_end() {
        for (life, due) in [(86_400, 86_100), (1000, 900), (10, 9), (0, 0)] {
            let token = token(life, Instant::now(), SystemTime::now());
            assert!(token.is_due(Duration::from_secs(due)), "{life}");
            assert!(due == 0 || !token.is_due(Duration::from_secs(due) - Duration::from_millis(1)), "{life}");
            assert!(token.has_ended(Duration::from_secs(life)), "{life}");
        }
    }

    #[test]
    fn a_computer_that_slept_knows_that_its_token_is_old() {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let token = token(1000, now, wall);
        let hour = Duration::from_secs(3600);
        assert!(token.has_ended(token.age(now, wall + hour)), "the monotonic clock stood still");
        assert!(token.has_ended(token.age(now + hour, wall - hour)), "the wall clock was set back");
        assert!(!token.is_due(token.age(now, wall)));
    }

    #[tokio::test]
    async fn a_token_near_its_end_serves_on_while_it_cannot_be_renewed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/token", listener.local_addr().unwrap())).unwrap();
        drop(listener);
        let wire = Arc::new(Wire {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            clock: crate::clock::ServerClock::default(),
        });
        let credentials = Credentials {
            client_id: "id".to_owned(),
            client_secret: "secret".into(),
            grant: Grant::ClientCredentials,
        };
        let tokens = Arc::new(Tokens::new(wire, url, credentials));
        let aged = |age| token(1000, Instant::now(), SystemTime::now() - Duration::from_secs(age));

        *lock(&tokens.current) = Some(Arc::new(aged(950)));
        assert_eq!(tokens.get().await.unwrap().number, 1);
        assert_eq!(*lock(&tokens.ended), 1, "a renewal was tried");
        assert_eq!(tokens.get().await.unwrap().number, 1);
        assert_eq!(*lock(&tokens.ended), 1, "and is not tried with every call");

        *lock(&tokens.current) = Some(Arc::new(aged(1001)));
        assert_eq!(*tokens.get().await.unwrap_err().class(), Class::Network);
    }

    #[test]
    fn secrets_are_taken_out_of_texts() {
        let secrets = ["s3cr3t-value", "in"];
        let text = scrub("invalid s3cr3t-value in request".to_owned(), secrets.into_iter());
        assert_eq!(text, "invalid … in request");
    }
}
