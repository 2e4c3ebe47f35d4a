//! The whole state behind one lock, and the rules of how it changes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Serialize;

use crate::faults::FaultBoard;
use crate::ids;
use crate::model::{Account, Buyer, Chat, ChatKind, Content, Message, MessageId, Quote};

/// How many calls and deliveries are remembered.
const LOG_LIMIT: usize = 100_000;

/// One request that reached the stand-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// Method as sent.
    pub method: String,
    /// Template of the route, or the path as sent when there is no such route.
    pub route: String,
    /// Operation (`getChatsV2`), empty when there is no such route.
    pub operation: String,
    /// Query as sent.
    pub query: String,
    /// Account in the path.
    pub user_id: Option<i64>,
    /// Chat (or item) in the path.
    pub chat_id: Option<String>,
    /// `None`: the connection was cut.
    pub status: Option<u16>,
    /// Unix seconds by the stand-in's clock.
    pub at: i64,
    /// The same in milliseconds.
    pub at_ms: i64,
}

/// One attempt to deliver an event, or the decision not to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// Receiver.
    pub url: String,
    /// Account of the subscription.
    pub user_id: i64,
    /// Event.
    pub event_id: String,
    /// Message in the event.
    pub message_id: String,
    /// What the receiver answered; `None`: nothing within the limit, or never tried.
    pub status: Option<u16>,
    /// How long the receiver took.
    pub millis: u64,
    /// 1 for the first attempt, 0 when the event was lost on purpose.
    pub attempt: u32,
    /// `lost`, `duplicate`, `late`, `out_of_order` when a fault did it.
    pub fault: Option<String>,
    /// Why there is no status.
    pub error: Option<String>,
    /// When it ended, unix milliseconds by the stand-in's clock.
    pub at_ms: i64,
}

#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) user_id: i64,
    pub(crate) expires: i64,
    pub(crate) revoked: bool,
    /// `None`: everything the account may do.
    pub(crate) scopes: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) user_id: i64,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: i64,
}

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) user_id: i64,
    pub(crate) mime: &'static str,
    pub(crate) bytes: Bytes,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rng: StdRng,
    pub(crate) accounts: BTreeMap<i64, Account>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) refresh_tokens: HashMap<String, Grant>,
    pub(crate) codes: HashMap<String, Grant>,
    pub(crate) uploads: HashMap<String, Upload>,
    /// Recording behind a voice id, where it is not left to chance.
    pub(crate) recordings: HashMap<String, &'static str>,
    pub(crate) faults: FaultBoard,
    pub(crate) calls: VecDeque<CallRecord>,
    pub(crate) call_counts: HashMap<String, usize>,
    pub(crate) deliveries: VecDeque<DeliveryRecord>,
    /// Deliveries answered 200 since the start.
    pub(crate) delivered: usize,
    /// Texts accepted through the API, counted.
    pub(crate) posted: HashMap<Arc<str>, usize>,
    pub(crate) media_key: String,
    sequence: u64,
}

/// What is still to be decided about a new message.
#[derive(Debug)]
pub(crate) struct NewMessage {
    pub(crate) from_seller: bool,
    /// `None`: the seller or the buyer, by `from_seller`.
    pub(crate) author_id: Option<i64>,
    pub(crate) created: i64,
    pub(crate) content: Content,
    pub(crate) quote: Option<MessageId>,
    pub(crate) read: Option<i64>,
}

impl NewMessage {
    pub(crate) fn incoming(created: i64, content: Content) -> Self {
        Self { from_seller: false, author_id: None, created, content, quote: None, read: None }
    }

    pub(crate) fn outgoing(created: i64, content: Content) -> Self {
        Self { from_seller: true, ..Self::incoming(created, content) }
    }
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let media_key = ids::plain(&mut rng, 24);
        Self {
            rng,
            accounts: BTreeMap::new(),
            tokens: HashMap::new(),
            refresh_tokens: HashMap::new(),
            codes: HashMap::new(),
            uploads: HashMap::new(),
            recordings: HashMap::new(),
            faults: FaultBoard::default(),
            calls: VecDeque::new(),
            call_counts: HashMap::new(),
            deliveries: VecDeque::new(),
            delivered: 0,
            posted: HashMap::new(),
            media_key,
            sequence: 0,
        }
    }

    pub(crate) fn chat(&self, user_id: i64, chat_id: &str) -> Option<&Chat> {
        self.accounts.get(&user_id)?.chats.get(chat_id)
    }

    pub(crate) fn chat_mut(&mut self, user_id: i64, chat_id: &str) -> Option<&mut Chat> {
        self.accounts.get_mut(&user_id)?.chats.get_mut(chat_id)
    }

    /// Opens an empty chat. `None` when there is no such account.
    pub(crate) fn open_chat(
        &mut self,
        user_id: i64,
        kind: ChatKind,
        item_id: Option<i64>,
        buyer: Buyer,
        created: i64,
    ) -> Option<Arc<str>> {
        self.sequence += 1;
        let id: Arc<str> = ids::chat(&mut self.rng, kind).into();
        let account = self.accounts.get_mut(&user_id)?;
        let chat = Chat {
            id: id.clone(),
            kind,
            item_id,
            buyer,
            created,
            updated: created,
            sequence: self.sequence,
            messages: Vec::new(),
            unread: 0,
            blocked_by_buyer: false,
        };
        account.by_update.insert((created, self.sequence, id.clone()));
        account.chats.insert(id.clone(), chat);
        Some(id)
    }

    /// Puts a message at the end of a chat and the chat at the top of the list. `None` when there is no such chat.
    pub(crate) fn append(&mut self, user_id: i64, chat_id: &str, new: NewMessage) -> Option<MessageId> {
        self.sequence += 1;
        let id = ids::message(&mut self.rng);
        let account = self.accounts.get_mut(&user_id)?;
        let own_id = account.seller.user_id;
        let chat = account.chats.get_mut(chat_id)?;
        let quote = new
            .quote
            .and_then(|quoted| chat.messages.iter().rfind(|message| message.id == quoted))
            .map(|message| {
                Box::new(Quote {
                    id: message.id,
                    author_id: message.author_id,
                    created: message.created,
                    content: message.content.clone(),
                })
            });
        let other_id = match new.content {
            // Ours, and one of the two numbers that are reported.
            Content::System { .. } => 1,
            _ => chat.buyer.user_id,
        };
        let author_id = new.author_id.unwrap_or(if new.from_seller { own_id } else { other_id });
        if let Content::Voice { voice_id } = &new.content {
            account.voices.insert(voice_id.clone());
        }
        if !new.from_seller && new.read.is_none() {
            chat.unread += 1;
        }
        chat.messages.push(Message {
            id,
            author_id,
            created: new.created,
            read: new.read,
            from_seller: new.from_seller,
            content: new.content,
            quote,
        });
        account.by_update.remove(&(chat.updated, chat.sequence, chat.id.clone()));
        chat.updated = chat.updated.max(new.created);
        chat.sequence = self.sequence;
        account.by_update.insert((chat.updated, chat.sequence, chat.id.clone()));
        Some(id)
    }

    /// The seller has read the chat. False when there is no such chat.
    pub(crate) fn seller_reads(&mut self, user_id: i64, chat_id: &str, now: i64) -> bool {
        let Some(chat) = self.chat_mut(user_id, chat_id) else { return false };
        if chat.unread > 0 {
            for message in chat.messages.iter_mut().filter(|message| !message.from_seller) {
                message.read.get_or_insert(now);
            }
            chat.unread = 0;
        }
        true
    }

    /// The buyer has read the chat. False when there is no such chat.
    pub(crate) fn buyer_reads(&mut self, user_id: i64, chat_id: &str, now: i64) -> bool {
        let Some(chat) = self.chat_mut(user_id, chat_id) else { return false };
        // Reading goes from the newest back to the last one that is read already.
        for message in chat.messages.iter_mut().rev().filter(|message| message.from_seller) {
            if message.read.is_some() {
                break;
            }
            message.read = Some(now);
        }
        true
    }

    pub(crate) fn log_call(&mut self, record: CallRecord) {
        *self.call_counts.entry(record.route.clone()).or_default() += 1;
        if !record.operation.is_empty() {
            *self.call_counts.entry(record.operation.clone()).or_default() += 1;
        }
        if self.calls.len() == LOG_LIMIT {
            self.calls.pop_front();
        }
        self.calls.push_back(record);
    }

    pub(crate) fn log_delivery(&mut self, record: DeliveryRecord) {
        self.delivered += usize::from(record.status == Some(200));
        if self.deliveries.len() == LOG_LIMIT {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back(record);
    }
}
