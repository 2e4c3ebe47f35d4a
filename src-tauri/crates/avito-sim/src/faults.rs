//! Faults that can be switched on and off while the stand-in runs.
//!
//! All of them come from reports about the real service. A [`Fault`] says what goes wrong, how often and
//! where; [`Faults`] is the switchboard a [`crate::Sim`] hands out.

use std::collections::BTreeMap;

use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Sim;
use crate::routes::Operation;

/// What goes wrong. As JSON the name is the key `fault`: `{"fault":"rate_limited","retry_after":3,"count":1}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum FaultKind {
    /// 429; `retry_after` in seconds becomes the header, `None` leaves it out. Nothing is processed.
    RateLimited {
        /// Seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// A 5xx in the document's JSON form. With `processed` the request has its effect all the same.
    ServerError {
        /// 500, 502, 503 or 504.
        status: u16,
        /// Whether the request takes effect.
        #[serde(default)]
        processed: bool,
    },
    /// A 5xx with a page of HTML, as proxies answer.
    ServerErrorHtml {
        /// 500, 502, 503 or 504.
        status: u16,
    },
    /// The connection is closed after the request took effect and before any byte of an answer.
    /// Without a route it concerns the two sending operations.
    CutAfter,
    /// The connection is closed before the request takes effect.
    CutBefore,
    /// The answer waits. With `processed` the effect comes first, so that a client that gives up has sent.
    Slow {
        /// Milliseconds.
        millis: u64,
        /// Whether the effect comes before the wait.
        #[serde(default)]
        processed: bool,
    },
    /// Half of the JSON answer, with a matching `Content-Length`.
    MalformedJson,
    /// The presented access token dies at this request and stays dead.
    TokenRevoked,
    /// The first message of an answer, the event of a delivery, has a type nobody knows.
    UnknownType,
    /// The same message's `content` is null.
    ContentNull,
    /// The same message has no `content`.
    ContentMissing,
    /// The first chat of an answer has no `context`.
    ContextMissing,
    /// The first chat of an answer lacks the other side in `users`.
    UserMissing,
    /// Every `last_message` is the advertising text, as without the paid tier.
    PlaceholderChats,
    /// The links of the first chat's item and users come in another form: without `https:`, relative, or not at all.
    OddUrls,
    /// After the first page of a list of chats, a chat from behind that page gets a message and so moves to the top.
    ChatMovesUp,
    /// After each page of a chat's messages the buyer writes, so that what follows moves down by one.
    MessageArrives,
    /// A buyer's message is followed by a system message of the same second.
    EqualCreated,
    /// The delivery comes twice. `new_event_id` gives the second another event id.
    WebhookDuplicate {
        /// Whether the two event ids differ.
        #[serde(default)]
        new_event_id: bool,
    },
    /// The delivery is never made.
    WebhookLost,
    /// The delivery waits, later ones overtake it.
    WebhookLate {
        /// Milliseconds.
        millis: u64,
    },
    /// The delivery changes places with the next one (or comes after 1.5 s when there is no next one).
    WebhookOutOfOrder,
    /// Deliveries of own messages are left out.
    EchoOff,
    /// A message of type `item` is delivered in its second form.
    ItemSecondShape,
}

impl FaultKind {
    /// The name, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::ServerError { .. } => "server_error",
            Self::ServerErrorHtml { .. } => "server_error_html",
            Self::CutAfter => "cut_after",
            Self::CutBefore => "cut_before",
            Self::Slow { .. } => "slow",
            Self::MalformedJson => "malformed_json",
            Self::TokenRevoked => "token_revoked",
            Self::UnknownType => "unknown_type",
            Self::ContentNull => "content_null",
            Self::ContentMissing => "content_missing",
            Self::ContextMissing => "context_missing",
            Self::UserMissing => "user_missing",
            Self::PlaceholderChats => "placeholder_chats",
            Self::OddUrls => "odd_urls",
            Self::ChatMovesUp => "chat_moves_up",
            Self::MessageArrives => "message_arrives",
            Self::EqualCreated => "equal_created",
            Self::WebhookDuplicate { .. } => "webhook_duplicate",
            Self::WebhookLost => "webhook_lost",
            Self::WebhookLate { .. } => "webhook_late",
            Self::WebhookOutOfOrder => "webhook_out_of_order",
            Self::EchoOff => "echo_off",
            Self::ItemSecondShape => "item_second_shape",
        }
    }
}

/// One switch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// How often it still strikes; `None` is until it is cleared.
    #[serde(default)]
    pub count: Option<u32>,
    /// How many matching occasions pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// Chance per occasion, 0…1.
    #[serde(default = "always")]
    pub probability: f64,
    /// Operation (`postSendMessage`) or route template it is restricted to.
    #[serde(default)]
    pub route: Option<String>,
    /// Account it is restricted to.
    #[serde(default)]
    pub user_id: Option<i64>,
}

fn always() -> f64 {
    1.0
}

impl Fault {
    /// Strikes at every occasion until cleared.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, count: None, skip: 0, probability: 1.0, route: None, user_id: None }
    }

    /// Strikes once.
    pub fn once(kind: FaultKind) -> Self {
        Self::new(kind).times(1)
    }

    /// Strikes this often.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    /// Lets this many occasions pass first.
    #[must_use]
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Strikes with this chance.
    #[must_use]
    pub fn chance(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Only on this operation or route template.
    #[must_use]
    pub fn on_route(mut self, route: impl Into<String>) -> Self {
        self.route = Some(route.into());
        self
    }

    /// Only for this account.
    #[must_use]
    pub fn on_account(mut self, user_id: i64) -> Self {
        self.user_id = Some(user_id);
        self
    }
}

/// Names a switch that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(pub u64);

/// The switchboard; from [`Sim::faults`].
#[derive(Debug, Clone)]
pub struct Faults {
    pub(crate) sim: Sim,
}

impl Faults {
    /// Switches a fault on.
    pub fn set(&self, fault: Fault) -> FaultId {
        self.sim.shared.lock().faults.set(fault)
    }

    /// Switches one off; false when it is not there (any more).
    pub fn clear(&self, id: FaultId) -> bool {
        self.sim.shared.lock().faults.clear(id)
    }

    /// Switches all off.
    pub fn clear_all(&self) {
        self.sim.shared.lock().faults.active.clear();
    }

    /// What is on; used-up faults are gone.
    pub fn active(&self) -> Vec<(FaultId, Fault)> {
        self.sim.shared.lock().faults.active.clone()
    }

    /// How often each fault has struck since the start, by its name in JSON.
    pub fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.sim.shared.lock().faults.struck.clone()
    }
}

#[derive(Debug, Default)]
pub(crate) struct FaultBoard {
    next: u64,
    pub(crate) active: Vec<(FaultId, Fault)>,
    struck: BTreeMap<&'static str, u64>,
}

/// What a request has to suffer.
#[derive(Debug, Default)]
pub(crate) struct RequestPlan {
    pub(crate) slow_before: u64,
    pub(crate) slow_after: u64,
    pub(crate) cut_before: bool,
    pub(crate) cut_after: bool,
    /// Instead of processing.
    pub(crate) refuse: Option<FaultKind>,
    /// Status to answer with after processing.
    pub(crate) fail_after: Option<u16>,
    pub(crate) revoke: bool,
    pub(crate) malformed: bool,
    pub(crate) chat_moves_up: bool,
    pub(crate) message_arrives: bool,
    pub(crate) placeholder: bool,
    /// Changes of the JSON answer.
    pub(crate) distort: Vec<FaultKind>,
}

/// What a delivery has to suffer.
#[derive(Debug, Default)]
pub(crate) struct DeliveryPlan {
    pub(crate) lost: bool,
    pub(crate) suppressed: bool,
    pub(crate) late: u64,
    pub(crate) hold: bool,
    pub(crate) duplicate: Option<bool>,
    pub(crate) distort: Vec<FaultKind>,
}

impl FaultBoard {
    fn set(&mut self, fault: Fault) -> FaultId {
        self.next += 1;
        let id = FaultId(self.next);
        self.active.push((id, fault));
        id
    }

    fn clear(&mut self, id: FaultId) -> bool {
        let before = self.active.len();
        self.active.retain(|(other, _)| *other != id);
        self.active.len() < before
    }

    /// Takes one stroke from every fault that fits the occasion; used-up ones go.
    fn strike(
        &mut self,
        rng: &mut StdRng,
        user_id: Option<i64>,
        operation: Option<Operation>,
        fits: impl Fn(&FaultKind) -> bool,
    ) -> Vec<FaultKind> {
        let mut struck = Vec::new();
        for (_, fault) in &mut self.active {
            let route_fits = match (&fault.route, operation) {
                (Some(route), Some(operation)) => operation.is_called(route),
                (Some(_), None) => false,
                (None, Some(operation)) => match fault.kind {
                    FaultKind::CutAfter => operation.sends(),
                    FaultKind::TokenRevoked => operation != Operation::Token && operation != Operation::Media,
                    _ => operation != Operation::Media,
                },
                (None, None) => true,
            };
            let account_fits = fault.user_id.is_none_or(|id| user_id == Some(id));
            if !route_fits || !account_fits || !fits(&fault.kind) || fault.count == Some(0) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.probability < 1.0 && rng.random::<f64>() >= fault.probability {
                continue;
            }
            if let Some(count) = &mut fault.count {
                *count -= 1;
            }
            *self.struck.entry(fault.kind.name()).or_default() += 1;
            struck.push(fault.kind.clone());
        }
        self.active.retain(|(_, fault)| fault.count != Some(0));
        struck
    }

    pub(crate) fn plan_request(
        &mut self,
        rng: &mut StdRng,
        operation: Operation,
        user_id: Option<i64>,
    ) -> RequestPlan {
        use FaultKind as K;
        let lists_chats = operation == Operation::Chats;
        let shows_chats = lists_chats || operation == Operation::Chat;
        let shows_messages = shows_chats || operation == Operation::Messages;
        let struck = self.strike(rng, user_id, Some(operation), |kind| match kind {
            K::RateLimited { .. }
            | K::ServerError { .. }
            | K::ServerErrorHtml { .. }
            | K::CutAfter
            | K::CutBefore
            | K::Slow { .. }
            | K::MalformedJson
            | K::TokenRevoked => true,
            K::UnknownType | K::ContentNull | K::ContentMissing => shows_messages,
            K::ContextMissing | K::UserMissing | K::PlaceholderChats | K::OddUrls => shows_chats,
            K::ChatMovesUp => lists_chats,
            K::MessageArrives => operation == Operation::Messages,
            K::EqualCreated
            | K::WebhookDuplicate { .. }
            | K::WebhookLost
            | K::WebhookLate { .. }
            | K::WebhookOutOfOrder
            | K::EchoOff
            | K::ItemSecondShape => false,
        });
        let mut plan = RequestPlan::default();
        for kind in struck {
            match kind {
                K::Slow { millis, processed: false } => plan.slow_before += millis,
                K::Slow { millis, processed: true } => plan.slow_after += millis,
                K::CutBefore => plan.cut_before = true,
                K::CutAfter => plan.cut_after = true,
                K::ServerError { status, processed: true } => plan.fail_after = Some(status),
                K::RateLimited { .. } | K::ServerError { .. } | K::ServerErrorHtml { .. } => {
                    plan.refuse = Some(kind);
                }
                K::TokenRevoked => plan.revoke = true,
                K::MalformedJson => plan.malformed = true,
                K::ChatMovesUp => plan.chat_moves_up = true,
                K::MessageArrives => plan.message_arrives = true,
                K::PlaceholderChats => plan.placeholder = true,
                other => plan.distort.push(other),
            }
        }
        plan
    }

    pub(crate) fn plan_delivery(&mut self, rng: &mut StdRng, user_id: i64, own: bool) -> DeliveryPlan {
        use FaultKind as K;
        let struck = self.strike(rng, Some(user_id), None, |kind| match kind {
            K::EchoOff => own,
            K::WebhookDuplicate { .. }
            | K::WebhookLost
            | K::WebhookLate { .. }
            | K::WebhookOutOfOrder
            | K::ItemSecondShape
            | K::UnknownType
            | K::ContentNull
            | K::ContentMissing => true,
            _ => false,
        });
        let mut plan = DeliveryPlan::default();
        for kind in struck {
            match kind {
                K::EchoOff => plan.suppressed = true,
                K::WebhookLost => plan.lost = true,
                K::WebhookLate { millis } => plan.late += millis,
                K::WebhookOutOfOrder => plan.hold = true,
                K::WebhookDuplicate { new_event_id } => plan.duplicate = Some(new_event_id),
                other => plan.distort.push(other),
            }
        }
        plan
    }

    /// Whether a buyer's message gets a system message of the same second beside it.
    pub(crate) fn equal_created(&mut self, rng: &mut StdRng, user_id: i64) -> bool {
        !self.strike(rng, Some(user_id), None, |kind| *kind == FaultKind::EqualCreated).is_empty()
    }
}

/// Applies one change to an answer of chats or messages, or to an event's message.
pub(crate) fn distort(answer: &mut Value, kind: &FaultKind, own_id: Option<i64>) {
    match kind {
        FaultKind::UnknownType => {
            if let Some(message) = first_message(answer) {
                message.insert("type".into(), "sticker".into());
                message.insert("content".into(), serde_json::json!({"sticker": {"sticker_id": "fox-17"}}));
            }
        }
        FaultKind::ContentNull => {
            if let Some(message) = first_message(answer) {
                message.insert("content".into(), Value::Null);
            }
        }
        FaultKind::ContentMissing => {
            if let Some(message) = first_message(answer) {
                message.remove("content");
            }
        }
        FaultKind::ContextMissing => {
            if let Some(chat) = first_chat(answer) {
                chat.remove("context");
            }
        }
        FaultKind::UserMissing => {
            if let Some(Value::Array(users)) = first_chat(answer).and_then(|chat| chat.get_mut("users")) {
                users.retain(|user| user.get("id").and_then(Value::as_i64) == own_id);
            }
        }
        FaultKind::OddUrls => {
            if let Some(chat) = first_chat(answer) {
                odd_urls(chat);
            }
        }
        _ => {}
    }
}

fn odd_urls(chat: &mut serde_json::Map<String, Value>) {
    if let Some(Value::String(url)) =
        chat.get_mut("context").and_then(|context| context.pointer_mut("/value/url"))
    {
        let path = url.trim_start_matches("https://avito.ru").to_owned();
        // By the item's own last digit, so that one item keeps one form.
        *url = match path.bytes().last().map(|digit| digit % 3) {
            Some(0) => path,
            Some(1) => format!("//www.avito.ru{path}"),
            _ => format!("avito.ru{path}"),
        };
    }
    for user in chat.get_mut("users").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(profile) = user.get_mut("public_user_profile").and_then(Value::as_object_mut) {
            profile.remove("url");
        }
    }
}

fn first_chat(answer: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    if answer.get("chats").is_some() {
        return answer.get_mut("chats")?.get_mut(0)?.as_object_mut();
    }
    answer.as_object_mut().filter(|map| map.contains_key("users"))
}

fn first_message(answer: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    if answer.is_array() {
        return answer.get_mut(0)?.as_object_mut();
    }
    if answer.get("messages").is_some() {
        return answer.get_mut("messages")?.get_mut(0)?.as_object_mut();
    }
    if answer.get("chat_id").is_some() {
        return answer.as_object_mut();
    }
    first_chat(answer)?.get_mut("last_message")?.as_object_mut()
}
