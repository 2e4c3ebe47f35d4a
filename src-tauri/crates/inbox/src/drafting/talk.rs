//! What a chat's talk has come to: what the buyer asked since our last reply.

use rusqlite::Connection;

use crate::ids::{ChatId, MessageId};
use crate::store::chats::{self, StoredChat};
use crate::store::messages::{self, StoredMessage};
use crate::store::{StoreError, outbox};

/// Messages read of a chat.
const READ: u32 = 80;
/// Messages of a question at most: the newest.
const BURST: usize = 20;
/// Messages before it.
const BEFORE: usize = 14;

/// A chat as a draft sees it.
#[derive(Debug, Clone)]
pub(super) struct Talk {
    pub(super) chat: StoredChat,
    /// The buyer's messages since our last one, oldest first; empty: nothing waits.
    pub(super) burst: Vec<StoredMessage>,
    /// What was said before, oldest first.
    pub(super) before: Vec<StoredMessage>,
    /// A reply of ours is on its way.
    pub(super) replying: bool,
}

impl Talk {
    /// The newest message of the question.
    pub(super) fn newest(&self) -> Option<MessageId> {
        self.burst.last().map(|message| message.id)
    }

    /// Nothing has been said since the message, and no reply of ours is under way.
    pub(super) fn still_asks(&self, message: MessageId) -> bool {
        !self.replying && self.newest() == Some(message)
    }

    /// The question's words; empty when the buyer sent pictures or stickers alone.
    pub(super) fn question(&self) -> String {
        let texts: Vec<&str> =
            self.burst.iter().map(|message| message.text.trim()).filter(|text| !text.is_empty()).collect();
        texts.join("\n")
    }

    /// Second of the question's first message, by Avito's clock.
    pub(super) fn asked_s(&self) -> i64 {
        self.burst.first().map_or(0, |message| message.sent_s)
    }
}

/// Reads a chat.
pub(super) fn read(connection: &Connection, id: ChatId) -> Result<Option<Talk>, StoreError> {
    let Some(chat) = chats::get(connection, id)? else { return Ok(None) };
    let mut talk = told(chat, messages::page(connection, id, None, READ)?);
    let asked_ms = talk.burst.last().map_or(0, |message| message.first_seen_ms);
    talk.replying = outbox::open_of_chat(connection, id)?.iter().any(|row| row.created_ms >= asked_ms);
    Ok(Some(talk))
}

/// A chat as it was when this message was the newest.
pub(super) fn at(connection: &Connection, id: ChatId, newest: MessageId) -> Result<Option<Talk>, StoreError> {
    let Some(chat) = chats::get(connection, id)? else { return Ok(None) };
    let Some(newest) = messages::get(connection, newest)?.filter(|message| message.chat == id) else {
        return Ok(None);
    };
    let before = messages::page(connection, id, Some((newest.sent_s, newest.id)), READ)?;
    Ok(Some(told(chat, std::iter::once(newest).chain(before).collect())))
}

fn told(chat: StoredChat, newest_first: Vec<StoredMessage>) -> Talk {
    // Avito's own notes are no part of the talk, and what was taken back was not said.
    let mut said =
        newest_first.into_iter().filter(|message| message.rank == 0 && !message.deleted).peekable();
    let mut burst = Vec::new();
    while let Some(message) = said.next_if(|message| !message.outgoing) {
        if burst.len() < BURST {
            burst.push(message);
        }
    }
    burst.reverse();
    let mut before: Vec<StoredMessage> = said.take(BEFORE).collect();
    before.reverse();
    Talk { chat, burst, before, replying: false }
}
