//! JSON in the shapes of the two profiles.

use serde_json::{Map, Value, json};

use crate::config::Profile;
use crate::model::{Account, Chat, ChatKind, Content, Item, Message};

pub(crate) const PLACEHOLDER: &str = "Перейдите на подписку с API мессенджера, чтобы получить доступ к чатам";
pub(crate) const DELETED_TEXT: &str = "Сообщение удалено";

/// All that shaping depends on besides the thing itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) profile: Profile,
    /// Where media links lead.
    pub(crate) base: &'a str,
    pub(crate) account: &'a Account,
    /// Every last message is the advertising text.
    pub(crate) placeholder: bool,
}

const STUB_SIZES: [&str; 9] =
    ["24x24", "36x36", "48x48", "64x64", "72x72", "96x96", "128x128", "192x192", "256x256"];
const PHOTO_SIZES: [&str; 6] = ["64x64", "96x96", "128x128", "192x192", "256x256", "1024x1024"];

impl View<'_> {
    fn observed(&self) -> bool {
        self.profile == Profile::Observed
    }

    fn own_id(&self) -> i64 {
        self.account.seller.user_id
    }

    pub(crate) fn chat(&self, chat: &Chat) -> Value {
        let mut out = Map::new();
        out.insert("id".into(), json!(*chat.id));
        // Ours: chats that are not about an item come without a context.
        if let Some(item) = chat.item_id.and_then(|id| self.account.items.get(&id)) {
            out.insert("context".into(), json!({"type": "item", "value": self.item_context(item)}));
        }
        out.insert("created".into(), chat.created.into());
        out.insert("updated".into(), chat.updated.into());
        if let Some(message) = chat.messages.last() {
            out.insert("last_message".into(), self.last_message(message));
        }
        out.insert("users".into(), json!([self.buyer(chat), self.seller()]));
        Value::Object(out)
    }

    fn item_context(&self, item: &Item) -> Value {
        let mut out = json!({
            "id": item.id,
            "title": item.title,
            "user_id": self.own_id(),
            "images": {"main": {"140x105": self.item_picture(item)}, "count": 1 + item.id % 5},
            "status_id": item.status_id(),
            "price_string": item.price_string(),
            "url": format!("https://avito.ru{}", item.path()),
        });
        if self.observed() {
            out["location"] = json!({"title": item.city, "lat": item.point.0, "lon": item.point.1});
        }
        out
    }

    fn item_picture(&self, item: &Item) -> String {
        format!("{}/media/item/140x105/{}.jpg", self.base, item.picture)
    }

    fn last_message(&self, message: &Message) -> Value {
        let mut out = Map::new();
        out.insert("id".into(), message.id.to_string().into());
        out.insert("author_id".into(), message.author_id.into());
        out.insert("created".into(), message.created.into());
        let (kind, content) = if self.placeholder {
            ("text".to_owned(), Some(json!({"text": PLACEHOLDER})))
        } else {
            self.content(&message.content, message.id.0)
        };
        out.insert("type".into(), kind.into());
        out.insert("direction".into(), direction(message).into());
        if let Some(content) = content {
            out.insert("content".into(), content);
        }
        if self.observed() {
            out.insert("delivered".into(), (message.created + 1).into());
        }
        Value::Object(out)
    }

    fn seller(&self) -> Value {
        let seller = &self.account.seller;
        let Some(portrait) = &self.account.portrait else {
            return json!({"id": seller.user_id, "name": seller.name});
        };
        json!({"id": seller.user_id, "name": seller.name,
            "public_user_profile": {
                "user_id": seller.user_id,
                "avatar": self.avatar(Some(portrait), &seller.name, seller.user_id),
                "url": profile_url(seller.user_id, None)}})
    }

    fn buyer(&self, chat: &Chat) -> Value {
        let buyer = &chat.buyer;
        let mut profile = json!({
            "user_id": buyer.user_id,
            "avatar": self.avatar(buyer.portrait.as_deref(), &buyer.name, buyer.user_id),
            "url": profile_url(buyer.user_id, chat.item_id),
        });
        if let Some(item_id) = chat.item_id {
            profile["item_id"] = item_id.into();
        }
        let mut out = json!({"id": buyer.user_id, "name": buyer.name, "public_user_profile": profile});
        if self.observed() && chat.kind != ChatKind::A2u {
            out["parsing_allowed"] = true.into();
        }
        out
    }

    fn avatar(&self, portrait: Option<&str>, name: &str, user_id: i64) -> Value {
        let sizes: &[&str] = match portrait {
            // The document knows the stub's sizes only; captures of photos have the others.
            Some(_) if self.observed() => &PHOTO_SIZES,
            _ => &STUB_SIZES,
        };
        let url = |size: &str| match portrait {
            Some(portrait) => format!("{}/media/avatar/{size}/{portrait}.png", self.base),
            None => {
                let initial = name.chars().next().unwrap_or('_').to_uppercase().to_string();
                let initial =
                    percent_encoding::utf8_percent_encode(&initial, percent_encoding::NON_ALPHANUMERIC);
                format!("{}/media/stub_avatars/{initial}/{}_{size}.png", self.base, user_id.rem_euclid(8))
            }
        };
        let images: Map<String, Value> =
            sizes.iter().map(|size| ((*size).to_owned(), url(size).into())).collect();
        json!({"default": url("256x256"), "images": images})
    }

    /// One entry of the list of messages.
    pub(crate) fn message(&self, message: &Message) -> Value {
        let mut out = Map::new();
        out.insert("id".into(), message.id.to_string().into());
        out.insert("author_id".into(), message.author_id.into());
        out.insert("created".into(), message.created.into());
        out.insert("direction".into(), direction(message).into());
        let (kind, content) = self.content(&message.content, message.id.0);
        out.insert("type".into(), kind.into());
        if let Some(content) = content {
            out.insert("content".into(), content);
        }
        // The document: has the requesting user read it, so an own message always counts as read. Seen in
        // use: the flag of an own message drives the second tick. Each profile keeps its own meaning.
        let (key, own) = if self.observed() { ("isRead", message.read.is_some()) } else { ("is_read", true) };
        let flag = if message.from_seller { own } else { message.read.is_some() };
        out.insert(key.into(), flag.into());
        out.insert("read".into(), message.read.map_or(Value::Null, Value::from));
        if let Some(quote) = &message.quote {
            let (kind, content) = self.content(&quote.content, quote.id.0);
            out.insert(
                "quote".into(),
                json!({"id": quote.id.to_string(), "author_id": quote.author_id, "created": quote.created,
                    "type": kind, "content": content.unwrap_or(Value::Null)}),
            );
        }
        Value::Object(out)
    }

    /// The answer of the two sending calls.
    pub(crate) fn sent(&self, message: &Message, is_image: bool) -> Value {
        let (kind, content) = match &message.content {
            Content::Image { image, .. } => (
                "image".to_owned(),
                Some(json!({"image": {"sizes": image_sizes(self.base, image, &UPLOAD_SIZES)}})),
            ),
            other => self.content(other, message.id.0),
        };
        let mut out = json!({"id": message.id.to_string(), "created": message.created,
            "direction": "out", "type": kind, "content": content});
        // The document's answer to a text has no author; the one to an image has.
        if self.observed() || is_image {
            out["author_id"] = message.author_id.into();
        }
        out
    }

    /// Type and content as Avito writes them; `None` when the content is missing altogether. `salt` decides
    /// which of two forms a deleted message takes.
    pub(crate) fn content(&self, content: &Content, salt: u128) -> (String, Option<Value>) {
        let (kind, value) = match content {
            Content::Text { text } => ("text", json!({"text": **text})),
            Content::Image { image, caption } => {
                let mut value = json!({"image": {"sizes": image_sizes(self.base, image, &CHAT_SIZES)}});
                if self.observed() && salt & 2 == 2 {
                    value["image"]["id"] = image.as_str().into();
                }
                if let Some(caption) = caption {
                    value["text"] = caption.as_str().into();
                }
                ("image", value)
            }
            Content::Link { url, text, preview } => {
                let preview = preview.as_ref().map(|preview| {
                    json!({"title": preview.title, "description": preview.description,
                        "domain": preview.domain, "url": url, "images": null})
                });
                ("link", json!({"link": {"text": text, "url": url, "preview": preview}}))
            }
            Content::Item { item_id } => match self.account.items.get(item_id) {
                Some(item) => (
                    "item",
                    json!({"item": {"title": item.title, "item_url": format!("https://avito.ru{}", item.path()),
                        "image_url": self.item_picture(item), "price_string": item.price_string()}}),
                ),
                None => ("item", json!({"item": null})),
            },
            Content::Location { kind, lat, lon, title } => (
                "location",
                json!({"location": {"kind": kind, "lat": lat, "lon": lon, "text": title, "title": title}}),
            ),
            Content::Call { target_user_id } => {
                ("call", json!({"call": {"status": "missed", "target_user_id": target_user_id}}))
            }
            Content::Voice { voice_id } => ("voice", json!({"voice": {"voice_id": voice_id}})),
            Content::System { text, flow_id } => ("system", json!({"text": text, "flow_id": flow_id})),
            Content::Deleted { as_text } => {
                // Ours: three of four deletions take the form that most reports have.
                if as_text.unwrap_or(self.observed() && salt & 3 != 0) {
                    ("text", json!({"text": DELETED_TEXT}))
                } else {
                    ("deleted", json!({}))
                }
            }
            Content::Unsupported { kind } => (kind.as_str(), json!({})),
            Content::Custom { kind, content } => return (kind.clone(), content.clone()),
        };
        (kind.to_owned(), Some(value))
    }

    /// The second form of an item message, met in deliveries.
    pub(crate) fn item_second_shape(&self, item: &Item) -> Value {
        json!({"item": {"id": item.id, "title": item.title, "url": format!("https://avito.ru{}", item.path()),
            "price_string": item.price_string(), "status_id": item.status_id(),
            "images": {"count": 1 + item.id % 5, "main": {"140x105": self.item_picture(item)}}}})
    }
}

pub(crate) const UPLOAD_SIZES: [&str; 3] = ["1280x960", "140x105", "32x32"];
const CHAT_SIZES: [&str; 4] = ["1280x960", "640x480", "140x105", "32x32"];

pub(crate) fn image_sizes(base: &str, image: &str, sizes: &[&str]) -> Value {
    let map: Map<String, Value> = sizes
        .iter()
        .map(|size| ((*size).to_owned(), format!("{base}/media/chat/{size}/{image}.jpg").into()))
        .collect();
    Value::Object(map)
}

fn direction(message: &Message) -> &'static str {
    if message.from_seller { "out" } else { "in" }
}

/// A profile's link; the 32 digits are made of the number.
pub(crate) fn profile_url(user_id: i64, item_id: Option<i64>) -> String {
    let hash =
        format!("{:032x}", i128::from(user_id).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c) & (i128::MAX >> 1));
    let query = item_id
        .map_or(String::new(), |id| format!("?id={id}&iid={id}&src=messenger&page_from=from_item_messenger"));
    format!("https://avito.ru/user/{hash}/profile{query}")
}
