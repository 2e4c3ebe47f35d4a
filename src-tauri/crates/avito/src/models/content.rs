//! The content of a message, by kind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Kind;
use crate::json::Fields;

/// How a deleted message looks when it comes as ordinary text, which is the usual case.
const DELETED_TEXT: &str = "сообщение удалено";
/// How some system messages that come as ordinary text begin.
const SYSTEM_PREFIX: &str = "[Системное сообщение]";

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// Address by size, the size as "width x height" in the form `640x480`; see [`best_for`].
        sizes: BTreeMap<String, String>,
        /// Text beside the picture, if any.
        caption: Option<String>,
    },
    /// A link.
    Link {
        /// The text of the link; the address when there is no other.
        text: String,
        /// The address.
        url: String,
        /// What is known about the page behind it.
        preview: Option<LinkPreview>,
    },
    /// A listing.
    Item {
        /// Avito's item id; only in one of the two shapes in use.
        id: Option<i64>,
        /// The listing's title; empty when missing.
        title: String,
        /// The listing's page.
        url: Option<String>,
        /// Its picture.
        image_url: Option<String>,
        /// The price as a ready-made text.
        price_string: Option<String>,
    },
    /// A place.
    Location {
        /// `house`, `street`, `area` and others.
        kind: Option<String>,
        /// Latitude in degrees.
        lat: Option<f64>,
        /// Longitude in degrees.
        lon: Option<f64>,
        /// The address in words.
        text: Option<String>,
        /// A title, often equal to the text.
        title: Option<String>,
    },
    /// A phone call through Avito.
    Call {
        /// `missed` is the only documented value.
        status: Option<String>,
        /// Who was called.
        target_user_id: Option<i64>,
    },
    /// A voice message; the file is asked for separately.
    Voice {
        /// For [`crate::Client::voice_urls`].
        voice_id: String,
    },
    /// Said by Avito or a bot.
    System {
        /// The text, without the prefix that marks system messages disguised as ordinary ones.
        text: String,
        /// The bot.
        flow_id: Option<String>,
    },
    /// Removed by its author.
    Deleted,
    /// A kind whose content Avito never delivers (call in the app, file, video): look at it on the site.
    Unsupported {
        /// The kind as Avito calls it.
        kind: String,
    },
    /// A kind this version does not know, or a known one without its content.
    Unknown {
        /// The kind as Avito calls it; empty when missing.
        kind: String,
        /// The content as it came.
        json: Value,
    },
}

/// What is known about the page behind a link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkPreview {
    /// The page's title.
    pub title: Option<String>,
    /// The page's description.
    pub description: Option<String>,
    /// The site.
    pub domain: Option<String>,
    /// The page's address.
    pub url: Option<String>,
    /// Pictures by size.
    pub images: BTreeMap<String, String>,
}

impl Content {
    /// Interprets the `content` of a message of the given kind. Never fails: see [`Content::Unknown`].
    pub fn from_json(kind: &Kind, content: &Value) -> Self {
        known(kind, content)
            .unwrap_or_else(|| Self::Unknown { kind: kind.as_str().to_owned(), json: content.clone() })
    }

    /// The words a person wrote or read: text, caption, system text, or the text of an unknown kind that has one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text } | Self::System { text, .. } | Self::Link { text, .. } => Some(text),
            Self::Image { caption, .. } => caption.as_deref(),
            Self::Location { text, title, .. } => text.as_deref().or(title.as_deref()),
            Self::Unknown { json, .. } => json.get("text").and_then(Value::as_str),
            Self::Item { .. }
            | Self::Call { .. }
            | Self::Voice { .. }
            | Self::Deleted
            | Self::Unsupported { .. } => None,
        }
    }

    /// The address of the picture fit for `width` pixels, when this is a picture; see [`best_for`].
    pub fn image_for(&self, width: u32) -> Option<&str> {
        match self {
            Self::Image { sizes, .. } => best_for(sizes, width),
            _ => None,
        }
    }
}

fn known(kind: &Kind, content: &Value) -> Option<Content> {
    Some(match kind {
        Kind::Text => text_content(content.get("text")?.as_str()?),
        Kind::Image => {
            let sizes = content.get("image")?.links("sizes");
            if sizes.is_empty() {
                return None;
            }
            Content::Image { sizes, caption: content.text("text") }
        }
        Kind::Link => {
            let link = content.get("link")?;
            let text = link.text("text");
            let url = link.text("url").or_else(|| text.clone())?;
            let preview = link.object("preview").map(|preview| LinkPreview {
                title: preview.text("title"),
                description: preview.text("description"),
                domain: preview.text("domain"),
                url: preview.text("url"),
                images: preview.links("images"),
            });
            Content::Link { text: text.unwrap_or_else(|| url.clone()), url, preview }
        }
        Kind::Item => {
            let item = content.object("item")?;
            let pictures = item.get("images").map(|images| images.links("main")).unwrap_or_default();
            Content::Item {
                id: item.int("id"),
                title: item.text("title").unwrap_or_default(),
                url: item.text("item_url").or_else(|| item.text("url")),
                image_url: item
                    .text("image_url")
                    .or_else(|| best_for(&pictures, PICTURE_WIDTH).map(str::to_owned)),
                price_string: item.text("price_string"),
            }
        }
        Kind::Location => {
            let place = content.object("location")?;
            Content::Location {
                kind: place.text("kind"),
                lat: place.float("lat"),
                lon: place.float("lon"),
                text: place.text("text"),
                title: place.text("title"),
            }
        }
        Kind::Call => {
            let call = content.object("call")?;
            Content::Call { status: call.text("status"), target_user_id: call.int("target_user_id") }
        }
        Kind::Voice => Content::Voice { voice_id: content.get("voice")?.text("voice_id")? },
        Kind::System => {
            let text = content.text("text").unwrap_or_default();
            Content::System { text: without_prefix(&text).to_owned(), flow_id: content.text("flow_id") }
        }
        Kind::Deleted => Content::Deleted,
        Kind::AppCall | Kind::File | Kind::Video => Content::Unsupported { kind: kind.as_str().to_owned() },
        Kind::Other(_) => return None,
    })
}

/// The width wanted of a listing's picture; Avito gives 140x105 only, today.
pub(super) const PICTURE_WIDTH: u32 = 140;

fn text_content(text: &str) -> Content {
    if text.trim().chars().flat_map(char::to_lowercase).eq(DELETED_TEXT.chars()) {
        return Content::Deleted;
    }
    if text.trim_start().starts_with(SYSTEM_PREFIX) {
        return Content::System { text: without_prefix(text).to_owned(), flow_id: None };
    }
    Content::Text { text: text.to_owned() }
}

fn without_prefix(text: &str) -> &str {
    text.trim_start().strip_prefix(SYSTEM_PREFIX).map_or(text, str::trim)
}

/// The address of the smallest picture at least `width` pixels wide, otherwise of the widest.
///
/// Keys are `<width>x<height>`; other keys serve only when nothing else is there.
pub fn best_for(sizes: &BTreeMap<String, String>, width: u32) -> Option<&str> {
    let width_of =
        |key: &str| key.split_once(['x', 'х', '×']).and_then(|(w, _)| w.trim().parse::<u32>().ok());
    let known = || sizes.iter().filter_map(|(key, url)| Some((width_of(key)?, url)));
    let enough = known().filter(|(w, _)| *w >= width).min_by_key(|(w, _)| *w);
    let chosen = enough.or_else(|| known().max_by_key(|(w, _)| *w)).map(|(_, url)| url);
    chosen.or_else(|| sizes.values().next()).map(String::as_str)
}
