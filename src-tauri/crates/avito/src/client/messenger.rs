//! Chats, messages, pictures, voice, blacklist.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Client;
use super::call::Call;
use crate::error::Error;
use crate::json::{self as lenient, Fields};
use crate::models::{Chat, ChatsPage, ChatsQuery, Message, MessagesPage, UploadedImage};

const CHATS: &str = "/messenger/v2/accounts/{user_id}/chats";
const CHAT: &str = "/messenger/v2/accounts/{user_id}/chats/{chat_id}";
const MESSAGES: &str = "/messenger/v3/accounts/{user_id}/chats/{chat_id}/messages/";
const SEND: &str = "/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages";
const SEND_IMAGE: &str = "/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages/image";
const MESSAGE: &str = "/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages/{message_id}";
const READ: &str = "/messenger/v1/accounts/{user_id}/chats/{chat_id}/read";
const UPLOAD: &str = "/messenger/v1/accounts/{user_id}/uploadImages";
const VOICE: &str = "/messenger/v1/accounts/{user_id}/getVoiceFiles";
const BLACKLIST: &str = "/messenger/v2/accounts/{user_id}/blacklist";

/// Somebody to be blocked. There is no call that lifts it, nor one that lists the blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlacklistEntry {
    /// Who.
    pub user_id: i64,
    /// The listing the chat is about.
    pub item_id: Option<i64>,
    /// Why.
    pub reason: BlacklistReason,
}

/// Why somebody is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlacklistReason {
    /// Unwanted advertising.
    Spam,
    /// Attempted fraud.
    Fraud,
    /// Insults.
    Insults,
    /// Anything else.
    Other,
}

impl BlacklistReason {
    fn id(self) -> i64 {
        match self {
            Self::Spam => 1,
            Self::Fraud => 2,
            Self::Insults => 3,
            Self::Other => 4,
        }
    }
}

impl Client {
    /// A page of chats, the most recently updated first.
    pub async fn chats(&self, user_id: i64, query: &ChatsQuery) -> Result<ChatsPage, Error> {
        let mut call = Call::get(CHATS, &[&user_id.to_string()])?
            .csv("item_ids", &query.item_ids)
            .csv("chat_types", &query.chat_types)
            .query("limit", query.limit)
            .query("offset", query.offset);
        if query.unread_only {
            call = call.query("unread_only", true);
        }
        let answer = self.execute(&call).await?;
        let text = answer.text();
        let list = lenient::list(&text, "chats").map_err(|path| call.shape(&answer, path))?;
        let (chats, skipped) = list.each(Chat::read);
        Ok(ChatsPage { chats, has_more: list.has_more, skipped })
    }

    /// One chat.
    pub async fn chat(&self, user_id: i64, chat_id: &str) -> Result<Chat, Error> {
        let call = Call::get(CHAT, &[&user_id.to_string(), chat_id])?;
        let answer = self.execute(&call).await?;
        Chat::read(call.value(&answer)?).map_err(|path| call.shape(&answer, path))
    }

    /// A page of a chat's messages, in the server's order. `limit` is 1 to 100, `offset` 0 to 1000: messages beyond
    /// cannot be read. Does not mark the chat as read.
    pub async fn messages(
        &self,
        user_id: i64,
        chat_id: &str,
        limit: u32,
        offset: u32,
    ) -> Result<MessagesPage, Error> {
        let call = Call::get(MESSAGES, &[&user_id.to_string(), chat_id])?
            .query("limit", limit)
            .query("offset", offset);
        let answer = self.execute(&call).await?;
        let text = answer.text();
        let list = lenient::list(&text, "messages").map_err(|path| call.shape(&answer, path))?;
        let (messages, skipped) = list.each(Message::read);
        Ok(MessagesPage { messages, has_more: list.has_more, skipped })
    }

    /// Sends a text of at most 1000 characters. Never repeated by the client: Avito has no key that would make that
    /// safe. After a failure see [`Error::send_outcome`].
    pub async fn send_text(&self, user_id: i64, chat_id: &str, text: &str) -> Result<Message, Error> {
        let call = Call::post(SEND, &[&user_id.to_string(), chat_id])?
            .json(json!({"type": "text", "message": {"text": text}}));
        self.send(&call).await
    }

    /// Sends an uploaded picture; it cannot have a caption. After a failure see [`Error::send_outcome`].
    pub async fn send_image(&self, user_id: i64, chat_id: &str, image_id: &str) -> Result<Message, Error> {
        let call =
            Call::post(SEND_IMAGE, &[&user_id.to_string(), chat_id])?.json(json!({"image_id": image_id}));
        self.send(&call).await
    }

    async fn send(&self, call: &Call) -> Result<Message, Error> {
        let answer = self.execute(call).await?;
        Message::read(call.value(&answer)?).map_err(|path| call.shape(&answer, path))
    }

    /// Uploads a picture: JPEG, HEIC, GIF, BMP or PNG of at most 24 MB and 75 megapixels. The file's name only tells
    /// the server that this is a file; it is reduced to plain letters.
    pub async fn upload_image(
        &self,
        user_id: i64,
        file_name: &str,
        mime: &str,
        bytes: Vec<u8>,
    ) -> Result<UploadedImage, Error> {
        self.upload_image_told(user_id, file_name, mime, bytes, |_| ()).await
    }

    /// The same; `told` learns how many bytes the connection has taken, from the beginning again when the upload is repeated.
    pub async fn upload_image_told(
        &self,
        user_id: i64,
        file_name: &str,
        mime: &str,
        bytes: Vec<u8>,
        told: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<UploadedImage, Error> {
        let call = Call::post(UPLOAD, &[&user_id.to_string()])?.image(
            plain_name(file_name),
            mime.to_owned(),
            bytes,
            Arc::new(told),
        );
        let answer = self.execute(&call).await?;
        let body = call.value(&answer)?;
        let mut entries = body.as_object().into_iter().flatten();
        let id = entries.find(|(_, sizes)| sizes.is_object()).map(|(id, _)| id.clone());
        let id = id.ok_or_else(|| call.shape(&answer, ".".to_owned()))?;
        Ok(UploadedImage { sizes: body.links(&id), id })
    }

    /// Deletes an own message, within an hour of sending. It stays in the history as deleted.
    pub async fn delete_message(&self, user_id: i64, chat_id: &str, message_id: &str) -> Result<(), Error> {
        // The route of sending a picture would win over this one.
        if message_id == "image" {
            return Err(Error::invalid("POST", MESSAGE, "not a message id"));
        }
        let call = Call::post(MESSAGE, &[&user_id.to_string(), chat_id, message_id])?;
        let answer = self.execute(&call).await?;
        call.confirmed(&answer)
    }

    /// Marks the whole chat as read, which the other side sees.
    pub async fn mark_read(&self, user_id: i64, chat_id: &str) -> Result<(), Error> {
        let call = Call::post(READ, &[&user_id.to_string(), chat_id])?.repeatable();
        let answer = self.execute(&call).await?;
        call.confirmed(&answer)
    }

    /// Addresses of voice files by voice id, good for an hour. One call per id; unknown ids are missing.
    pub async fn voice_urls(
        &self,
        user_id: i64,
        voice_ids: &[&str],
    ) -> Result<BTreeMap<String, String>, Error> {
        let mut urls = BTreeMap::new();
        for voice_id in voice_ids {
            let call = Call::get(VOICE, &[&user_id.to_string()])?.query("voice_ids", voice_id);
            let answer = self.execute(&call).await?;
            let body = call.value(&answer)?;
            match body.get("voices_urls") {
                Some(Value::Object(_)) => urls.append(&mut body.links("voices_urls")),
                Some(Value::Null) => {}
                Some(Value::Array(list)) if list.is_empty() => {} // an empty map, as PHP writes it
                _ => return Err(call.shape(&answer, "voices_urls".to_owned())),
            }
        }
        Ok(urls)
    }

    /// Blocks people for good.
    pub async fn blacklist(&self, user_id: i64, entries: &[BlacklistEntry]) -> Result<(), Error> {
        let users: Vec<Value> = entries
            .iter()
            .map(|entry| {
                let mut context = json!({"reason_id": entry.reason.id()});
                if let Some(item_id) = entry.item_id {
                    context["item_id"] = item_id.into();
                }
                json!({"user_id": entry.user_id, "context": context})
            })
            .collect();
        let call = Call::post(BLACKLIST, &[&user_id.to_string()])?.json(json!({"users": users})).repeatable();
        let answer = self.execute(&call).await?;
        call.confirmed(&answer)
    }
}

/// A file name every multipart reader understands: other letters would travel in a form that some take for a
/// value instead of a file.
fn plain_name(name: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = name.chars().filter(|c| keep(*c)).take(100).collect();
    if plain.starts_with('.') || plain.is_empty() { format!("image{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_plain() {
        for (name, expected) in [
            ("photo.jpg", "photo.jpg"),
            ("Кофемолка.png", "image.png"),
            ("../a\"b\r\n.gif", "image..ab.gif"),
            ("", "image"),
        ] {
            assert_eq!(plain_name(name), expected);
        }
    }
}
