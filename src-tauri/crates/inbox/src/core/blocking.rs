//! Blocking a buyer. Avito takes it for good: there is no call that lifts it.

use avito::{BlacklistEntry, BlacklistReason};

use super::Core;
use crate::error::CoreError;
use crate::ids::ChatId;
use crate::store::chats;
use crate::view::{BlockReason, Notice};

impl Core {
    /// Tells Avito to block the buyer of a chat, and why. Said twice, it stays one.
    pub async fn block_buyer(&self, id: ChatId, reason: BlockReason) -> Result<(), CoreError> {
        let chat = self.inner.store.read(move |c| chats::get(c, id)).await?;
        let chat = chat.ok_or_else(|| CoreError::not_found("no such chat"))?;
        let buyer =
            chat.buyer_id.ok_or_else(|| CoreError::not_found("Avito has not said who the buyer is"))?;
        let account =
            self.account(chat.account).ok_or_else(|| CoreError::not_found("the account is gone"))?;
        let client = account.client.as_ref().ok_or_else(|| CoreError::not_found("the account has no key"))?;
        let reason = match reason {
            BlockReason::Spam => BlacklistReason::Spam,
            BlockReason::Fraud => BlacklistReason::Fraud,
            BlockReason::Insults => BlacklistReason::Insults,
            BlockReason::Other => BlacklistReason::Other,
        };
        let entry = BlacklistEntry { user_id: buyer, item_id: chat.item_id, reason };
        client.blacklist(account.user_id, &[entry]).await?;
        let now_ms = self.inner.clock.now_ms();
        self.inner.store.write(move |c| chats::set_blocked(c, chat.account, buyer, now_ms)).await?;
        self.notify(Notice::Messages { chat: id });
        Ok(())
    }
}
