//! Deliveries: every message becomes an event for each subscription of its account.
//!
//! One task per subscription posts in order; a fault may lose, double, delay or swap an event.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::mpsc;

use crate::clock::rfc3339;
use crate::config::Profile;
use crate::faults::{FaultKind, distort};
use crate::ids;
use crate::model::{Content, MessageId};
use crate::render::View;
use crate::sim::Shared;
use crate::state::{DeliveryRecord, State};

/// How long an event held for swapping waits for another one.
const HOLD: Duration = Duration::from_millis(1500);

/// A registered URL.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) url: String,
    /// Version of the registering method.
    pub(crate) version: String,
    jobs: mpsc::UnboundedSender<Job>,
}

#[derive(Debug, Clone)]
struct Job {
    event_id: String,
    message_id: String,
    body: Bytes,
    signature: String,
    late: Duration,
    hold: bool,
    lost: bool,
    fault: Option<&'static str>,
}

/// Hexadecimal HMAC-SHA256. That Avito signs like this is a guess of integrators, no more.
pub(crate) fn sign(key: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A subscription with its delivering task.
pub(crate) fn subscribe(
    shared: &std::sync::Arc<Shared>,
    user_id: i64,
    url: &str,
    version: &str,
) -> Subscription {
    let (jobs, queue) = mpsc::unbounded_channel();
    let task = Courier { shared: shared.clone(), user_id, url: url.to_owned() }.run(queue);
    let stop = shared.stop.clone();
    shared.runtime.spawn(async move { stop.run_until_cancelled_owned(task).await });
    Subscription { url: url.to_owned(), version: version.to_owned(), jobs }
}

/// Hands a message to all couriers of its account. Call it once per message, after it was stored.
pub(crate) fn announce(shared: &Shared, state: &mut State, user_id: i64, chat_id: &str, id: MessageId) {
    let State { rng, accounts, faults, .. } = state;
    let Some(account) = accounts.get(&user_id) else { return };
    // Without the paid tier registration works and deliveries never come.
    if !account.paid_tier || account.subscriptions.is_empty() {
        return;
    }
    let Some(chat) = account.chats.get(chat_id) else { return };
    let Some(message) = chat.messages.iter().rfind(|message| message.id == id) else { return };
    let view =
        View { profile: shared.config.profile, base: &shared.media_base(), account, placeholder: false };
    for subscription in &account.subscriptions {
        let plan = faults.plan_delivery(rng, user_id, message.from_seller);
        if plan.suppressed {
            continue;
        }
        let (kind, mut content) = view.content(&message.content, id.0);
        if plan.distort.contains(&FaultKind::ItemSecondShape)
            && let Content::Item { item_id } = message.content
            && let Some(item) = account.items.get(&item_id)
        {
            content = Some(view.item_second_shape(item));
        }
        let mut value = json!({
            "id": id.to_string(), "chat_id": *chat.id, "user_id": user_id, "author_id": message.author_id,
            "created": message.created, "type": kind, "chat_type": chat.kind.name(),
            "published_at": rfc3339(message.created),
        });
        if let Some(content) = content {
            value["content"] = content;
        }
        if let Some(item_id) = chat.item_id {
            value["item_id"] = item_id.into();
        }
        for change in &plan.distort {
            distort(&mut value, change, Some(user_id));
        }
        let mut event = |fault| {
            let event_id = ids::uuid(rng);
            let version = if shared.config.profile == Profile::Observed { "v3.0.0" } else { "v1.1" };
            let body: Bytes = json!({"id": event_id, "version": version, "timestamp": shared.clock.now(),
                "payload": {"type": "message", "value": value}})
            .to_string()
            .into();
            Job {
                signature: sign(&account.seller.client_secret, &body),
                event_id,
                message_id: id.to_string(),
                body,
                late: Duration::from_millis(plan.late),
                hold: plan.hold,
                lost: plan.lost,
                fault,
            }
        };
        let fault = match () {
            () if plan.lost => Some("lost"),
            () if plan.hold => Some("out_of_order"),
            () if plan.late > 0 => Some("late"),
            () => None,
        };
        let first = event(fault);
        let second = plan.duplicate.map(|new_event_id| {
            if new_event_id {
                event(Some("duplicate"))
            } else {
                Job { fault: Some("duplicate"), ..first.clone() }
            }
        });
        for job in [Some(first), second].into_iter().flatten() {
            // The courier ends only with the stand-in.
            let _ = subscription.jobs.send(job);
        }
    }
}

/// Posts `{}` as a test of a receiver; whether the answer is 200 within the limit.
pub(crate) async fn probe(shared: &Shared, url: &str) -> bool {
    let request = shared.http.post(url).json(&Value::Object(serde_json::Map::new()));
    match tokio::time::timeout(shared.config.webhook_limit, request.send()).await {
        Ok(Ok(answer)) => answer.status() == 200,
        _ => false,
    }
}

#[derive(Clone)]
struct Courier {
    shared: std::sync::Arc<Shared>,
    user_id: i64,
    url: String,
}

impl Courier {
    async fn run(self, mut queue: mpsc::UnboundedReceiver<Job>) {
        let mut held: Vec<Job> = Vec::new();
        loop {
            let next = if held.is_empty() {
                match queue.recv().await {
                    Some(job) => Some(job),
                    None => return,
                }
            } else {
                tokio::time::timeout(HOLD, queue.recv()).await.ok().flatten()
            };
            match next {
                Some(job) if job.hold => held.push(job),
                Some(job) => {
                    self.handle(job).await;
                    for job in held.drain(..) {
                        self.handle(job).await;
                    }
                }
                None => {
                    for job in held.drain(..) {
                        self.handle(job).await;
                    }
                }
            }
        }
    }

    async fn handle(&self, job: Job) {
        if job.lost {
            self.record(&job, None, 0, 0, None);
            return;
        }
        if job.late.is_zero() {
            self.deliver(&job).await;
            return;
        }
        let courier = self.clone();
        let stop = self.shared.stop.clone();
        let delayed = async move {
            tokio::time::sleep(job.late).await;
            courier.deliver(&job).await;
        };
        self.shared.runtime.spawn(async move { stop.run_until_cancelled_owned(delayed).await });
    }

    async fn deliver(&self, job: &Job) {
        for attempt in 1..=1 + self.shared.config.webhook_retries {
            let started = Instant::now();
            let request = self
                .shared
                .http
                .post(&self.url)
                .header("Content-Type", "application/json")
                .header("X-Avito-Messenger-Signature", &job.signature)
                .body(job.body.clone());
            let outcome = tokio::time::timeout(self.shared.config.webhook_limit, request.send()).await;
            let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let (status, error) = match outcome {
                Ok(Ok(answer)) => (Some(answer.status().as_u16()), None),
                Ok(Err(error)) => (None, Some(error.without_url().to_string())),
                Err(_) => (None, Some("no answer within the limit".to_owned())),
            };
            tracing::debug!(url = self.url, ?status, millis, "delivery");
            self.record(job, status, millis, attempt, error);
            if status == Some(200) {
                return;
            }
        }
    }

    fn record(&self, job: &Job, status: Option<u16>, millis: u64, attempt: u32, error: Option<String>) {
        self.shared.lock().log_delivery(DeliveryRecord {
            url: self.url.clone(),
            user_id: self.user_id,
            event_id: job.event_id.clone(),
            message_id: job.message_id.clone(),
            status,
            millis,
            attempt,
            fault: job.fault.map(str::to_owned),
            error,
            at_ms: self.shared.clock.now_ms(),
        });
        self.shared.changed();
    }
}
