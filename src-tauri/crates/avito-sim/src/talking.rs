//! The buyers' side: everything that happens in chats without the API.

use std::sync::atomic::Ordering;

use crate::model::{Buyer, ChatKind, Content, MessageId};
use crate::sim::{Activity, Fill, NewChat, Sim};
use crate::state::{NewMessage, State};
use crate::{demo, ids, scenes, webhook};

impl Sim {
    /// A buyer writes. Returns the message's id.
    ///
    /// # Panics
    /// When there is no such account or chat; [`Sim::buyer_sends`] does not.
    pub fn buyer_writes(&self, user_id: i64, chat_id: &str, text: &str) -> String {
        match self.buyer_sends(user_id, chat_id, Content::text(text)) {
            Some(id) => id,
            None => panic!("account {user_id} has no chat {chat_id}"),
        }
    }

    /// A buyer (or, for [`Content::System`], one of Avito's bots) sends anything. `None`: no such chat.
    pub fn buyer_sends(&self, user_id: i64, chat_id: &str, content: Content) -> Option<String> {
        let created = self.shared.clock.now();
        self.add_message(user_id, chat_id, NewMessage::incoming(created, content))
    }

    /// A buyer quotes a message of the chat. `None`: no such chat.
    pub fn buyer_quotes(&self, user_id: i64, chat_id: &str, quoted: &str, text: &str) -> Option<String> {
        let new = NewMessage {
            quote: MessageId::parse(quoted),
            ..NewMessage::incoming(self.shared.clock.now(), Content::text(text))
        };
        self.add_message(user_id, chat_id, new)
    }

    /// The seller writes on the site or the phone: no API call, but the echo is delivered. `None`: no such chat.
    pub fn seller_writes_elsewhere(&self, user_id: i64, chat_id: &str, text: &str) -> Option<String> {
        let created = self.shared.clock.now();
        self.add_message(user_id, chat_id, NewMessage::outgoing(created, Content::text(text)))
    }

    /// Stores and delivers. Everything that adds a message at run time comes through here.
    pub(crate) fn add_message(&self, user_id: i64, chat_id: &str, new: NewMessage) -> Option<String> {
        let shared = &*self.shared;
        let mut state = shared.lock();
        let (from_seller, created) = (new.from_seller, new.created);
        let text = match &new.content {
            Content::Text { text } => Some(text.clone()),
            _ => None,
        };
        let system = matches!(new.content, Content::System { .. });
        let id = state.append(user_id, chat_id, new)?;
        webhook::announce(shared, &mut state, user_id, chat_id, id);
        if from_seller {
            let _ = shared.activity.send(Activity::SellerWrote { user_id, chat_id: chat_id.into(), text });
        } else if !system {
            let State { faults, rng, .. } = &mut *state;
            if faults.equal_created(rng, user_id) {
                let note = Content::System {
                    text: "Покупатель ждёт ответа. Ответьте в течение часа, чтобы не потерять его".to_owned(),
                    flow_id: "sbc_seller_notification".to_owned(),
                };
                if let Some(note) = state.append(user_id, chat_id, NewMessage::incoming(created, note)) {
                    webhook::announce(shared, &mut state, user_id, chat_id, note);
                }
            }
        }
        drop(state);
        shared.changed();
        Some(id.to_string())
    }

    /// Opens a chat; with a first text it is delivered like any message. `None`: no such account.
    pub fn add_chat(&self, user_id: i64, new: NewChat) -> Option<String> {
        let created = new.created.unwrap_or_else(|| self.shared.clock.now());
        let id = {
            let mut state = self.shared.lock();
            let first_item = state.accounts.get(&user_id)?.items.keys().next().copied();
            let item_id = if new.kind == ChatKind::U2i { new.item_id.or(first_item) } else { None };
            let name =
                if new.buyer_name.is_empty() { "Покупатель".to_owned() } else { new.buyer_name };
            let buyer_id = new.buyer_id.unwrap_or_else(|| ids::buyer(&mut state.rng));
            let buyer = Buyer { user_id: buyer_id, name, portrait: new.portrait };
            state.open_chat(user_id, new.kind, item_id, buyer, created)?
        };
        if let Some(text) = new.text {
            self.add_message(user_id, &id, NewMessage::incoming(created, Content::text(text)));
        }
        self.shared.changed();
        Some(id.to_string())
    }

    /// The buyer opens the chat: the seller's messages count as read. False when there is no such chat.
    pub fn buyer_reads(&self, user_id: i64, chat_id: &str) -> bool {
        let done = self.shared.lock().buyer_reads(user_id, chat_id, self.shared.clock.now());
        self.shared.changed();
        done
    }

    /// The seller reads the chat on the phone. False when there is no such chat.
    pub fn seller_reads_elsewhere(&self, user_id: i64, chat_id: &str) -> bool {
        let done = self.shared.lock().seller_reads(user_id, chat_id, self.shared.clock.now());
        self.shared.changed();
        done
    }

    /// The buyer blocks the seller (sending answers 403, as reported) or takes it back.
    pub fn buyer_blocks(&self, user_id: i64, chat_id: &str, blocked: bool) -> bool {
        self.shared.lock().chat_mut(user_id, chat_id).map(|chat| chat.blocked_by_buyer = blocked).is_some()
    }

    /// A message is deleted by its author, however old it is. `as_text` fixes the form; `None` leaves it to the
    /// profile. False when there is no such message.
    pub fn delete_message_at_avito(
        &self,
        user_id: i64,
        chat_id: &str,
        message_id: &str,
        as_text: Option<bool>,
    ) -> bool {
        let Some(id) = MessageId::parse(message_id) else { return false };
        let mut state = self.shared.lock();
        let message = state
            .chat_mut(user_id, chat_id)
            .and_then(|chat| chat.messages.iter_mut().rfind(|message| message.id == id));
        let Some(message) = message else { return false };
        message.content = Content::Deleted { as_text };
        if self.shared.config.webhook_on_delete {
            webhook::announce(&self.shared, &mut state, user_id, chat_id, id);
        }
        drop(state);
        self.shared.changed();
        true
    }

    /// Buyers begin to write and to answer by themselves, until the stand-in stops. Their delays
    /// are multiplied by [`crate::SimConfig::pace`].
    pub fn run_demo_buyers(&self) {
        if !self.shared.buyers.swap(true, Ordering::Relaxed) {
            demo::buyers::run(self.inner());
        }
    }

    /// Makes a large archive in one account: chats with alternating texts, the newest at the end of the span.
    /// Nothing is delivered. Returns the chats' ids, oldest first.
    pub fn fill(&self, user_id: i64, size: Fill) -> Vec<String> {
        let now = self.shared.clock.now();
        let ids = scenes::archive(&mut self.shared.lock(), user_id, size, now);
        self.shared.changed();
        ids
    }
}
