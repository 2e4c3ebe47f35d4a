//! The notation of the scene's text files.
//!
//! A listing is one line: `picture | title | price | category | street | status | question; question`.
//!
//! A talk begins with `= picture | buyer | portrait | age of the last line | option`, where the options are
//! `unread=N`, `u2u`, `a2u`, `long`. Lines after it: `< text` from the buyer, `> text` from the seller,
//! `<^2 text` quotes the message two back, `~ 3h` is a pause, and `<@…` or `>@…` is anything but text:
//! `image name caption`, `link url | shown | title | description`, `item picture`,
//! `location kind lat lon title`, `call`, `voice recording`, `system text`, `deleted`, `deleted-text`,
//! `video`, `file`, `appCall`, `sticker`.

use serde_json::json;

use crate::model::{ChatKind, Content, LinkPreview};

#[derive(Debug)]
pub(super) struct Listing {
    pub(super) picture: &'static str,
    pub(super) title: &'static str,
    pub(super) price: Option<i64>,
    pub(super) category: &'static str,
    pub(super) street: &'static str,
    pub(super) status: &'static str,
    pub(super) questions: Vec<&'static str>,
}

#[derive(Debug)]
pub(super) struct Talk<'a> {
    pub(super) picture: &'a str,
    pub(super) name: &'a str,
    pub(super) portrait: Option<&'a str>,
    /// Seconds since the last line.
    pub(super) age: i64,
    pub(super) unread: usize,
    pub(super) kind: ChatKind,
    pub(super) long: bool,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) own: bool,
    /// Seconds before this line, where the file says so.
    pub(super) pause: Option<i64>,
    pub(super) quotes_back: Option<usize>,
    pub(super) said: Said,
}

/// What needs the account to become a [`Content`], and what does not.
#[derive(Debug)]
pub(super) enum Said {
    Content(Content),
    Voice(String),
    Item(String),
    Call,
}

impl Line {
    pub(super) fn text(own: bool, text: &str) -> Self {
        Self { own, pause: None, quotes_back: None, said: Said::Content(Content::text(text)) }
    }
}

pub(super) fn listings(file: &'static str) -> Vec<Listing> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let mut parts = line.split('|').map(str::trim);
        let mut next = || parts.next().unwrap_or_default();
        Listing {
            picture: next(),
            title: next(),
            price: next().parse().ok(),
            category: next(),
            street: next(),
            status: next(),
            questions: next().split(';').map(str::trim).collect(),
        }
    };
    lines.filter(|line| !line.trim().is_empty()).map(read).collect()
}

pub(super) fn talks(file: &str) -> Vec<Talk<'_>> {
    let mut talks: Vec<Talk<'_>> = Vec::new();
    let mut pause = None;
    for line in file.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(head) = line.strip_prefix('=') {
            talks.push(opening(head));
            pause = None;
        } else if let Some(text) = line.strip_prefix('~') {
            pause = Some(span(text.trim()));
        } else if let Some(talk) = talks.last_mut() {
            let (side, rest) = line.split_at(1);
            let mut said = self::line(side == ">", rest);
            said.pause = pause.take();
            talk.lines.push(said);
        }
    }
    talks
}

fn opening(head: &str) -> Talk<'_> {
    let mut parts = head.split('|').map(str::trim);
    let mut next = || parts.next().unwrap_or_default();
    let (picture, name, portrait, age, option) = (next(), next(), next(), next(), next());
    Talk {
        picture,
        name,
        portrait: (portrait != "-").then_some(portrait),
        age: span(age),
        unread: option.strip_prefix("unread=").and_then(|count| count.parse().ok()).unwrap_or(0),
        kind: ChatKind::parse(option).unwrap_or_default(),
        long: option == "long",
        lines: Vec::new(),
    }
}

/// `5m`, `3h`, `2d` in seconds.
fn span(text: &str) -> i64 {
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3600,
        _ => 86_400,
    };
    // Not on the hour: a list full of round times looks made up.
    let number: i64 = text.trim_end_matches(char::is_alphabetic).parse().unwrap_or(1);
    number * unit + number * 7919 % (unit / 3)
}

fn line(own: bool, rest: &str) -> Line {
    if let Some(quoting) = rest.strip_prefix('^') {
        let (back, text) = quoting.split_once(' ').unwrap_or((quoting, ""));
        return Line { quotes_back: back.parse().ok(), ..Line::text(own, text) };
    }
    let Some(special) = rest.strip_prefix('@') else { return Line::text(own, rest.trim()) };
    let (kind, text) = special.split_once(' ').unwrap_or((special, ""));
    let said = match kind {
        "voice" => Said::Voice(text.to_owned()),
        "item" => Said::Item(text.to_owned()),
        "call" => Said::Call,
        _ => Said::Content(content(kind, text)),
    };
    Line { own, pause: None, quotes_back: None, said }
}

fn content(kind: &str, text: &str) -> Content {
    match kind {
        "image" => {
            let (image, caption) =
                text.split_once(' ').map_or((text, None), |(image, words)| (image, Some(words)));
            Content::Image { image: image.to_owned(), caption: caption.map(str::to_owned) }
        }
        "link" => {
            let mut parts = text.split('|').map(|part| part.trim().to_owned());
            let mut next = || parts.next().unwrap_or_default();
            let (url, shown, title, description) = (next(), next(), next(), next());
            let domain = shown.split('/').next().unwrap_or_default().to_owned();
            Content::Link { url, text: shown, preview: Some(LinkPreview { title, description, domain }) }
        }
        "location" => {
            let mut parts = text.splitn(4, ' ');
            let mut next = || parts.next().unwrap_or_default();
            let (kind, lat, lon, title) = (next(), next(), next(), next());
            Content::Location {
                kind: kind.to_owned(),
                lat: lat.parse().unwrap_or_default(),
                lon: lon.parse().unwrap_or_default(),
                title: title.to_owned(),
            }
        }
        "system" => Content::System { text: text.to_owned(), flow_id: "sbc_seller_notification".to_owned() },
        "deleted" => Content::Deleted { as_text: Some(false) },
        "deleted-text" => Content::Deleted { as_text: Some(true) },
        "sticker" => Content::Custom {
            kind: "sticker".to_owned(),
            content: Some(json!({"sticker": {"sticker_id": "fox-17"}})),
        },
        other => Content::Unsupported { kind: other.to_owned() },
    }
}
