//! What the seller does in the inbox: read, write, delete.

use std::io::Write as _;

use uuid::Uuid;

use super::Core;
use crate::error::CoreError;
use crate::folder;
use crate::ids::{AccountId, ChatId, MessageId, OutboxId};
use crate::reading;
use crate::reading::thread::{self, AvitoNow};
use crate::store::outbox::{OutboxImage, OutboxState};
use crate::store::{StoreError, chats, drafts, media, messages, outbox};
use crate::view::{
    ChatPage, ChatQuery, ChatView, ErrorCode, MessageCursor, MessagePage, MessageRow, Notice, RelatedChats,
};

/// Avito's limit; the unit is not documented, so the stricter count (UTF-16) is used.
const TEXT_LIMIT: usize = 1000;
/// Avito's limit for a picture, bytes.
pub(crate) const IMAGE_LIMIT: usize = 24 * 1024 * 1024;

impl Core {
    /// A page of the chat list.
    pub async fn list_chats(&self, query: ChatQuery) -> Result<ChatPage, CoreError> {
        Ok(self.inner.store.read(move |c| reading::chats::page(c, &query)).await?)
    }

    /// One chat's frame.
    pub async fn chat(&self, chat: ChatId) -> Result<ChatView, CoreError> {
        let view = self.inner.store.read(move |c| reading::chats::view(c, chat)).await?;
        view.ok_or_else(|| CoreError::not_found("no such chat"))
    }

    /// Chats about the same listing and with the same buyer.
    pub async fn related_chats(&self, chat: ChatId) -> Result<RelatedChats, CoreError> {
        let related = self.inner.store.read(move |c| reading::chats::related(c, chat)).await?;
        related.ok_or_else(|| CoreError::not_found("no such chat"))
    }

    /// The chat with this Avito id: in one account or the first that has it. Digits alone are a local id.
    pub async fn find_chat(&self, account: Option<AccountId>, name: &str) -> Result<ChatId, CoreError> {
        let ids: Vec<AccountId> = self.accounts().iter().map(|running| running.id).collect();
        let name = name.to_owned();
        let found = self
            .inner
            .store
            .read(move |c| {
                for id in ids.into_iter().filter(|id| account.is_none_or(|account| account == *id)) {
                    if let Some(chat) = chats::find(c, id, &name)? {
                        return Ok(Some(chat));
                    }
                }
                let local = name.parse().ok().map(ChatId);
                Ok(local.map(|local| chats::get(c, local)).transpose()?.flatten().map(|chat| chat.id))
            })
            .await?;
        found.ok_or_else(|| CoreError::not_found("no such chat"))
    }

    /// A page of a thread.
    pub async fn messages(
        &self,
        chat: ChatId,
        before: Option<MessageCursor>,
        limit: u32,
    ) -> Result<MessagePage, CoreError> {
        let avito_now_ms = self.avito_now_ms();
        Ok(self.inner.store.read(move |c| thread::page(c, chat, before, limit, &avito_now_ms)).await?)
    }

    /// A piece of a thread with this message in its middle.
    pub async fn messages_around(
        &self,
        chat: ChatId,
        message: MessageId,
        limit: u32,
    ) -> Result<MessagePage, CoreError> {
        let now = self.avito_now_ms();
        let page = self.inner.store.read(move |c| thread::page_around(c, chat, message, limit, &now)).await?;
        page.ok_or_else(|| CoreError::not_found("no such message"))
    }

    /// The messages that follow this one.
    pub async fn messages_after(
        &self,
        chat: ChatId,
        after: MessageId,
        limit: u32,
    ) -> Result<MessagePage, CoreError> {
        let now = self.avito_now_ms();
        Ok(self.inner.store.read(move |c| thread::page_after(c, chat, after, limit, &now)).await?)
    }

    /// The present time by Avito's clock, by account.
    pub(crate) fn avito_now_ms(&self) -> AvitoNow {
        let local_ms = self.inner.clock.now_ms();
        let accounts = self.accounts();
        AvitoNow { local_ms, of: accounts.iter().map(|a| (a.id, a.server_s(self) * 1000)).collect() }
    }

    /// Puts a text into the outbox and answers its echo.
    pub async fn send_text(&self, chat: ChatId, text: &str) -> Result<MessageRow, CoreError> {
        let text = sendable(text)?;
        self.enqueue(chat, move |c, account, now_ms| outbox::add_text(c, account, chat, &text, now_ms)).await
    }

    /// Puts a picture into the outbox and answers its echo. The bytes are copied into the shop's folder first, so the seller may
    /// move or delete the file.
    pub async fn send_image(
        &self,
        chat: ChatId,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<MessageRow, CoreError> {
        if bytes.len() > IMAGE_LIMIT {
            return Err(CoreError::Invalid(ErrorCode::ImageTooLarge, "more than 24 MB"));
        }
        let mime = match infer::get(&bytes).map(|kind| kind.mime_type()) {
            Some("image/heif") => "image/heic",
            Some(mime @ ("image/jpeg" | "image/png" | "image/gif" | "image/bmp" | "image/heic")) => mime,
            _ => return Err(CoreError::Invalid(ErrorCode::BadImage, "not JPEG, HEIC, GIF, BMP or PNG")),
        };
        let image = OutboxImage {
            file: Uuid::new_v4().simple().to_string(),
            name: file_name(name, mime),
            mime: mime.to_owned(),
            image_id: None,
            sizes: None,
        };
        let path = self.inner.folder.join("outbox").join(&image.file);
        let written = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
            let mut file = folder::create_private_file(&path)?;
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.await.map_err(std::io::Error::other)??;
        let file = image.file.clone();
        let echo = self
            .enqueue(chat, move |c, account, now_ms| {
                media::id_of(c, account, &thread::outbox_address(&image.file))?;
                outbox::add_image(c, account, chat, &image, now_ms)
            })
            .await;
        if echo.is_err() {
            // Nothing refers to it; what cannot be removed now is removed at the next start.
            let _ = tokio::fs::remove_file(self.inner.folder.join("outbox").join(file)).await;
        }
        echo
    }

    async fn enqueue(
        &self,
        chat: ChatId,
        add: impl FnOnce(&rusqlite::Connection, AccountId, i64) -> Result<OutboxId, StoreError> + Send + 'static,
    ) -> Result<MessageRow, CoreError> {
        let now_ms = self.inner.clock.now_ms();
        let hold_ms = i64::from(self.settings().undo_send_s) * 1000;
        let added = self
            .inner
            .store
            .write(move |c| {
                let Some(stored) = chats::get(c, chat)? else { return Ok(None) };
                let id = add(c, stored.account, now_ms)?;
                if hold_ms > 0 {
                    outbox::hold(c, id, now_ms.saturating_add(hold_ms))?;
                }
                chats::touch(c, chat, now_ms)?;
                let row = outbox::get(c, id)?.map(|row| thread::echo(c, &row)).transpose()?;
                Ok(row.map(|row| (stored.account, row)))
            })
            .await?;
        let (account, row) = added.ok_or_else(|| CoreError::not_found("no such chat"))?;
        self.reply_queued(account, chat);
        Ok(row)
    }

    /// A reply stands in the outbox: tells the page and wakes who sends.
    pub(crate) fn reply_queued(&self, account: AccountId, chat: ChatId) {
        self.notify(Notice::Messages { chat });
        self.notify(Notice::Chats { chats: vec![chat] });
        self.inner.drafting.look_at(&[chat]);
        if let Some(account) = self.account(account) {
            account.wake_outbox.notify_one();
        }
    }

    /// Sends a parked reply once more; a waiting one at once. One that may be at Avito is looked for first.
    pub async fn retry_send(&self, id: OutboxId) -> Result<(), CoreError> {
        let row = self
            .inner
            .store
            .write(move |c| {
                let Some(row) = outbox::get(c, id)? else { return Ok(None) };
                outbox::retry(c, id)?;
                Ok(Some(row))
            })
            .await?;
        let row = row.ok_or_else(|| CoreError::not_found("no such reply"))?;
        self.notify(Notice::Messages { chat: row.chat });
        if let Some(account) = self.account(row.account) {
            account.wake_outbox.notify_one();
        }
        Ok(())
    }

    /// Drops a reply that is not under way, or a picture that is not all at Avito yet, and answers its text. One that may be at
    /// Avito can be dropped only when parked.
    pub async fn discard_send(&self, id: OutboxId) -> Result<Option<String>, CoreError> {
        let now_ms = self.inner.clock.now_ms();
        let upload = self.inner.uploads.take(id);
        let uploading = upload.is_some();
        let row = self
            .inner
            .store
            .write(move |c| {
                let Some(row) = outbox::get(c, id)? else { return Ok(None) };
                let droppable = match row.state {
                    OutboxState::Queued | OutboxState::Failed => true,
                    OutboxState::Sending => uploading,
                    _ => false,
                };
                if !droppable {
                    return Ok(None);
                }
                outbox::set_state(c, id, OutboxState::Discarded, None, None, None, None)?;
                drafts::unsend(c, id, now_ms)?;
                Ok(Some(row))
            })
            .await;
        if let Some(upload) = upload {
            upload.cancel();
        }
        let row = row?.ok_or_else(|| CoreError::not_found("the reply is being sent"))?;
        if let Some(account) = self.account(row.account) {
            account.wake_outbox.notify_one(); // it removes a picture's file
        }
        self.notify(Notice::Messages { chat: row.chat });
        self.notify(Notice::Chats { chats: vec![row.chat] });
        self.notify(Notice::Accounts);
        self.notify(Notice::Draft { chat: row.chat });
        self.notify(Notice::Drafts);
        self.inner.drafting.look_at(&[row.chat]);
        Ok(row.text)
    }

    /// Deletes a message of ours at Avito, within the hour; our copy stays.
    pub async fn delete_message(&self, id: MessageId) -> Result<(), CoreError> {
        let found = self
            .inner
            .store
            .read(move |c| {
                let Some(message) = messages::get(c, id)? else { return Ok(None) };
                Ok(chats::get(c, message.chat)?.map(|chat| (message, chat)))
            })
            .await?;
        let (message, chat) = found.ok_or_else(|| CoreError::not_found("no such message"))?;
        let account =
            self.account(message.account).ok_or_else(|| CoreError::not_found("the account is gone"))?;
        let client = account.client.as_ref().ok_or_else(|| CoreError::not_found("the account has no key"))?;
        let too_late = message.sent_s * 1000 + thread::DELETABLE_MS <= account.server_s(self) * 1000;
        if !message.outgoing || message.deleted || too_late {
            return Err(CoreError::Invalid(
                ErrorCode::TooLateToDelete,
                "only our own messages, within an hour",
            ));
        }
        client.delete_message(account.user_id, &chat.avito_id, &message.avito_id).await?;
        self.inner.store.write(move |c| messages::set_deleted(c, id)).await?;
        self.notify(Notice::Messages { chat: chat.id });
        self.notify(Notice::Chats { chats: vec![chat.id] });
        Ok(())
    }

    /// The seller has really looked at the chat: everything in it counts as read, and Avito is told (the buyer sees it).
    pub async fn mark_read(&self, chat: ChatId) -> Result<(), CoreError> {
        let account = self
            .inner
            .store
            .write(move |c| {
                if !chats::mark_read(c, chat)? {
                    return Ok(None);
                }
                Ok(chats::get(c, chat)?.map(|chat| chat.account))
            })
            .await?;
        let Some(account) = account.and_then(|account| self.account(account)) else { return Ok(()) };
        self.notify(Notice::Chats { chats: vec![chat] });
        self.notify(Notice::Accounts);
        let core = self.clone();
        self.spawn("mark read", async move {
            let Some(client) = &account.client else { return };
            if let Err(failure) = crate::sync::tell_read_marks(&core, &account, client).await {
                tracing::info!(code = ?failure.code, "Avito is told later that a chat was read");
            }
        });
        Ok(())
    }

    /// Keeps half-typed text.
    pub async fn save_composer(&self, chat: ChatId, text: String) -> Result<(), CoreError> {
        let changed = self.inner.store.write(move |c| chats::set_composer_text(c, chat, &text)).await?;
        if changed {
            self.notify(Notice::Chats { chats: vec![chat] });
        }
        Ok(())
    }
}

/// A text as Avito takes it.
pub(crate) fn sendable(text: &str) -> Result<String, CoreError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CoreError::Invalid(ErrorCode::EmptyText, "nothing to send"));
    }
    if text.encode_utf16().count() > TEXT_LIMIT {
        return Err(CoreError::Invalid(ErrorCode::TextTooLong, "more than 1000 characters"));
    }
    Ok(text.to_owned())
}

/// The name Avito sees: the seller's, with an extension that fits the bytes.
fn file_name(name: &str, mime: &str) -> String {
    let stem: String = name.rsplit_once('.').map_or(name, |(stem, _)| stem).chars().take(80).collect();
    let stem = if stem.trim().is_empty() { "photo" } else { stem.trim() };
    let extension = match mime {
        "image/jpeg" => "jpg",
        other => other.trim_start_matches("image/"),
    };
    format!("{stem}.{extension}")
}
