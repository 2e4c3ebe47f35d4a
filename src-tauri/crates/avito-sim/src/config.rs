//! What can be chosen when a stand-in is started.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Which of the two descriptions of Avito the answers follow; the differences are the table in
/// [`crate`]'s documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// What integrators see on the wire.
    #[default]
    Observed,
    /// What Avito's OpenAPI documents say.
    Spec,
}

/// What the stand-in holds when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scene {
    /// One account without items and chats.
    Empty,
    /// Two accounts and eight chats; one of them has more than a hundred messages.
    #[default]
    Small,
    /// Two believable shops with about sixty chats from the last three weeks.
    Demo,
}

/// What an expired or revoked access token is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiredAnswer {
    /// 403 with `{"result":{"status":false,"message":"access token expired"}}`: the guide's status and
    /// the only body ever captured. That the two belong together is our decision.
    #[default]
    Forbidden,
    /// 401 in the form of the messenger document's `authError`.
    Unauthorized,
}

/// The body of the 402 that an account without the paid tier gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentAnswer {
    /// `{"code":402,"message":"Перейдите на подписку с API мессенджера"}`, as seen.
    #[default]
    Advice,
    /// `{"error":{"code":402,"message":"Payment required"}}`, as in the document.
    Document,
}

/// How `/token` refuses wrong credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// 401 with `{"error":"invalid_client"}`.
    #[default]
    Unauthorized,
    /// 200 with an `error` key, which some clients guard against.
    ErrorInOk,
}

/// In what a text's length is counted against the limit of 1000; Avito does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Unicode code points (our default).
    #[default]
    CodePoints,
    /// UTF-16 code units: an emoji counts twice.
    Utf16,
}

/// Everything that is fixed for the life of one [`crate::Sim`].
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// Where the API listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the admin routes listen; `None` switches them off. It is a listener of its own, so that it
    /// stays reachable while the API is paused.
    pub admin: Option<SocketAddr>,
    /// Which description of Avito is followed.
    pub profile: Profile,
    /// Seed of ids, dialogues, faults with a probability and live buyers.
    pub seed: u64,
    /// What exists at the start.
    pub scene: Scene,
    /// Life of an access token.
    pub token_life: Duration,
    /// Answer to an expired or revoked token.
    pub expired_answer: ExpiredAnswer,
    /// Body of 402.
    pub payment_answer: PaymentAnswer,
    /// Answer of `/token` to wrong credentials.
    pub token_refusal: TokenRefusal,
    /// Unit of the limit of 1000.
    pub text_unit: TextUnit,
    /// How long a webhook receiver may take. Avito says 2 seconds.
    pub webhook_limit: Duration,
    /// How often a failed delivery is tried again. Unknown at Avito; 0 by default.
    pub webhook_retries: u32,
    /// Whether a deletion is delivered as an event of type `deleted`. Unknown at Avito; off by default.
    pub webhook_on_delete: bool,
    /// Whether registering a webhook first posts `{}` to it and refuses with 400 when the answer is not
    /// 200. Unknown at Avito; off by default.
    pub webhook_probe: bool,
    /// Client for deliveries, for receivers with a certificate of their own or a name that must be
    /// resolved specially. `None` takes a plain one.
    pub webhook_client: Option<reqwest::Client>,
    /// Factor on the delays of live buyers: 0.01 makes seconds hundredths.
    pub pace: f64,
    /// Host that media links name instead of [`crate::Sim::base_url`], for a stand-in behind a proxy.
    pub public_base: Option<String>,
}

impl Default for SimConfig {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: loopback,
            admin: Some(loopback),
            profile: Profile::Observed,
            seed: 1,
            scene: Scene::Small,
            token_life: Duration::from_secs(86_400),
            expired_answer: ExpiredAnswer::default(),
            payment_answer: PaymentAnswer::default(),
            token_refusal: TokenRefusal::default(),
            text_unit: TextUnit::default(),
            webhook_limit: Duration::from_secs(2),
            webhook_retries: 0,
            webhook_on_delete: false,
            webhook_probe: false,
            webhook_client: None,
            pace: 1.0,
            public_base: None,
        }
    }
}
