//! What deserves the seller's attention: a buyer's new message, or one word about many after a catch-up.
//!
//! Own messages coming back and Avito's notes never alert (invariant 4): [`crate::ingest::Taken::for_the_seller`] is false.

use tokio::sync::mpsc;

use crate::ids::ChatId;
use crate::ingest::Taken;
use crate::reading;
use crate::store::{StoreError, messages};
use crate::view::Preview;
use crate::{Core, view};

/// One alert, for a notification and a sound.
#[derive(Debug, Clone, PartialEq)]
pub enum Alert {
    /// A buyer wrote.
    Message {
        /// The chat.
        chat: ChatId,
        /// Who wrote.
        buyer: Option<String>,
        /// About which listing.
        item: Option<String>,
        /// First words.
        preview: Option<Preview>,
        /// How many new messages of this chat the alert stands for.
        count: u32,
        /// The seller is looking at this very chat: a sound is enough.
        on_screen: bool,
    },
    /// Several chats at once, after a time without connection.
    Burst {
        /// New messages.
        messages: u32,
        /// Chats they are in.
        chats: u32,
    },
}

/// The sending side.
pub(crate) struct Alerts {
    sender: mpsc::UnboundedSender<Alert>,
}

impl Alerts {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Alert>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender }, receiver)
    }
}

impl Core {
    /// Alerts about what one commit brought. `floor_s`: older messages are history, not news.
    pub(crate) async fn alert(&self, taken: &[Taken], floor_s: i64) {
        let news = taken.iter().filter(|taken| taken.is_news(floor_s)).copied().collect();
        self.alert_of(news).await;
    }

    /// Alerts about news.
    pub(crate) async fn alert_of(&self, news: Vec<Taken>) {
        let mut chats: Vec<ChatId> = news.iter().map(|taken| taken.chat).collect();
        chats.sort_unstable();
        chats.dedup();
        let count = u32::try_from(news.len()).unwrap_or(u32::MAX);
        let alert = match chats.as_slice() {
            [] => return,
            [_] => match news.iter().max_by_key(|taken| (taken.sent_s, taken.message)) {
                Some(newest) => self.message_alert(*newest, count).await,
                None => return,
            },
            many => {
                Ok(Alert::Burst { messages: count, chats: u32::try_from(many.len()).unwrap_or(u32::MAX) })
            }
        };
        match alert {
            Ok(alert) => {
                // The receiver may be gone (headless): nobody to alert.
                let _ = self.inner.alerts.sender.send(alert);
            }
            Err(error) => tracing::warn!(%error, "an alert was lost"),
        }
    }

    async fn message_alert(&self, newest: Taken, count: u32) -> Result<Alert, StoreError> {
        let chat = newest.chat;
        // The buyer's words themselves: the chat's last message may be a note of Avito's or an answer of ours.
        let (row, message): (Option<view::ChatRow>, _) = self
            .inner
            .store
            .read(move |c| Ok((reading::chats::row(c, chat)?, messages::get(c, newest.message)?)))
            .await?;
        let attention = self.attention();
        Ok(Alert::Message {
            chat,
            buyer: row.as_ref().and_then(|row| row.buyer.name.clone()),
            item: row.as_ref().and_then(|row| row.item_title.clone()),
            preview: message.as_ref().map(reading::chats::preview),
            count,
            on_screen: attention.focused && attention.open_chat == Some(chat),
        })
    }
}
