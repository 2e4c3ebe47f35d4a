//! What a test asks the stand-in.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::faults::Faults;
use crate::model::{Account, Content, MessageId};
use crate::render::View;
use crate::sim::{Sim, SimMessage, SimSubscription};
use crate::state::{CallRecord, DeliveryRecord};
use crate::webhook;

impl Sim {
    /// Ids of all chats of the account, most recently updated first.
    pub fn chat_ids(&self, user_id: i64) -> Vec<String> {
        let ids =
            |account: &mut Account| account.by_update.iter().rev().map(|(_, _, id)| id.to_string()).collect();
        self.with_account(user_id, ids).unwrap_or_default()
    }

    /// How many messages of the chat the seller has not read. `None`: no such chat.
    pub fn unread(&self, user_id: i64, chat_id: &str) -> Option<usize> {
        self.shared.lock().chat(user_id, chat_id).map(|chat| chat.unread)
    }

    /// All messages of the chat, oldest first; empty when there is no such chat.
    pub fn chat_messages(&self, user_id: i64, chat_id: &str) -> Vec<SimMessage> {
        let state = self.shared.lock();
        let Some(account) = state.accounts.get(&user_id) else { return Vec::new() };
        let Some(chat) = account.chats.get(chat_id) else { return Vec::new() };
        let base = self.shared.media_base();
        let view = View { profile: self.shared.config.profile, base: &base, account, placeholder: false };
        let shown = chat.messages.iter().map(|message| {
            let (kind, content) = view.content(&message.content, message.id.0);
            SimMessage {
                id: message.id.to_string(),
                author_id: message.author_id,
                created: message.created,
                direction: if message.from_seller { "out" } else { "in" },
                kind,
                content: content.unwrap_or(Value::Null),
                text: message.content.words().map(str::to_owned),
                read: message.read,
            }
        });
        shown.collect()
    }

    /// How often exactly this text was accepted through the API, over all accounts and chats.
    pub fn posted_count(&self, text: &str) -> usize {
        self.shared.lock().posted.get(text).copied().unwrap_or(0)
    }

    /// The account's registered webhooks.
    pub fn subscriptions(&self, user_id: i64) -> Vec<SimSubscription> {
        let shown = |account: &mut Account| {
            let subscriptions = account.subscriptions.iter();
            subscriptions
                .map(|one| SimSubscription { url: one.url.clone(), version: one.version.clone() })
                .collect()
        };
        self.with_account(user_id, shown).unwrap_or_default()
    }

    /// Puts a subscription there that was registered through an older method, with that method's version.
    pub fn add_old_subscription(&self, user_id: i64, url: &str, version: &str) -> bool {
        let subscription = webhook::subscribe(&self.shared, user_id, url, version);
        self.with_account(user_id, |account| account.subscriptions.push(subscription)).is_some()
    }

    /// Somebody else registers an address for the account.
    pub fn add_subscription(&self, user_id: i64, url: &str) {
        let shared = &self.shared;
        self.with_account(user_id, |account| {
            account.subscriptions.push(crate::webhook::subscribe(shared, user_id, url, "3"));
        });
    }

    /// Avito forgets all subscriptions of the account.
    pub fn drop_subscriptions(&self, user_id: i64) -> usize {
        self.with_account(user_id, |account| account.subscriptions.drain(..).count()).unwrap_or(0)
    }

    /// Attempts to deliver, oldest first (the last 100 000).
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.lock().deliveries.iter().cloned().collect()
    }

    /// How many deliveries were answered 200 since the start.
    pub fn delivered_count(&self) -> usize {
        self.shared.lock().delivered
    }

    /// The bytes of the upload that a message shows. `None`: no such message, or no upload.
    pub fn uploaded(&self, user_id: i64, chat_id: &str, message_id: &str) -> Option<Bytes> {
        let id = MessageId::parse(message_id)?;
        let state = self.shared.lock();
        let message = state.chat(user_id, chat_id)?.messages.iter().rfind(|message| message.id == id)?;
        let Content::Image { image, .. } = &message.content else { return None };
        state.uploads.get(image).map(|upload| upload.bytes.clone())
    }

    /// Requests, oldest first (the last 100 000).
    pub fn calls(&self) -> Vec<CallRecord> {
        self.shared.lock().calls.iter().cloned().collect()
    }

    /// How many requests an operation (`getChatsV2`) or a route template has had since the start.
    pub fn call_count(&self, route: &str) -> usize {
        self.shared.lock().call_counts.get(route).copied().unwrap_or(0)
    }

    /// The switchboard of faults.
    pub fn faults(&self) -> Faults {
        Faults { sim: self.clone() }
    }

    /// Waits until the condition holds, looking after every change. False when `limit` passes first.
    pub async fn until(&self, limit: Duration, condition: impl Fn(&Sim) -> bool) -> bool {
        let wait = async {
            loop {
                let changed = self.shared.changes.notified();
                tokio::pin!(changed);
                // Listening begins before the look, so that no change falls between the two.
                changed.as_mut().enable();
                if condition(self) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(limit, wait).await.is_ok()
    }
}
