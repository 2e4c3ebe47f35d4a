//! Pages for people: a list of chats and a page for each chat. They open without a network; whatever a buyer wrote is text.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use super::pictures::Pictures;
use super::text::Words;
use super::{Chat, Entry, Reader};
use crate::backup::BackupError;
use crate::clock;
use crate::folder::create_private_file;
use crate::view::MessageBody;

/// Chats on a page of the list.
const CHATS: usize = 1000;
/// Messages on a page: more would make a browser slow.
const MESSAGES: u32 = 1000;
/// No script, nothing from elsewhere; pictures and sound from this folder.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; media-src 'self' file:";
const STYLE: &str = include_str!("style.css");

pub(super) fn write(
    reader: &Reader<'_>,
    chats: &[Chat],
    pictures: &mut Pictures,
    out: &Path,
    english: bool,
    now_ms: i64,
) -> Result<(), BackupError> {
    let words = Words::new(english);
    fs::create_dir(out.join("chats"))?;
    let total = chats.iter().map(|chat| chat.messages).sum();
    let count = pages(chats.len(), CHATS);
    for (index, part) in chats.chunks(CHATS).enumerate().chain(chats.is_empty().then_some((0, chats))) {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let head = format!(
            "<h1>{}</h1>\n<div class=\"soft\">{} · {}</div>",
            words.title(),
            words.counts(chats.len(), total),
            words.saved(&clock::local(now_ms).strftime("%d.%m.%Y, %H:%M").to_string()),
        );
        let mut page = begin(words, words.title(), &head);
        let pager = pager(words, "index", number, count);
        page.push_str(&pager);
        for chat in part {
            chat_line(&mut page, words, chat);
        }
        page.push_str(&pager);
        end(&mut page);
        let mut file = create_private_file(&out.join(file_name("index", number)))?;
        file.write_all(page.as_bytes())?;
    }
    for chat in chats {
        write_chat(reader, words, chat, pictures, &out.join("chats"))?;
    }
    Ok(())
}

fn write_chat(
    reader: &Reader<'_>,
    words: Words,
    chat: &Chat,
    pictures: &mut Pictures,
    folder: &Path,
) -> Result<(), BackupError> {
    let name = chat.id.to_string();
    let count = pages(usize::try_from(chat.messages).unwrap_or(usize::MAX), MESSAGES as usize);
    let title = title(words, chat);
    let about = [chat.item_title.as_deref(), chat.item_price.as_deref(), Some(chat.account_name.as_str())];
    let about: Vec<String> =
        about.into_iter().flatten().filter(|part| !part.is_empty()).map(escaped).collect();
    let head = format!(
        "<a class=\"soft\" href=\"../index.html\">{}</a>\n<h1 dir=\"auto\">{}</h1>\n<div class=\"soft\" dir=\"auto\">{}</div>\n\
         <div class=\"soft\">{}</div>",
        words.all_chats(),
        escaped(&title),
        about.join(" · "),
        escaped(&chat.avito_id),
    );
    let open = |number: u32| -> Result<_, BackupError> {
        let mut file = BufWriter::new(create_private_file(&folder.join(file_name(&name, number)))?);
        let top = begin(words, &title, &head) + &pager(words, &name, number, count);
        file.write_all(top.as_bytes())?;
        Ok(file)
    };
    let close = |mut file: BufWriter<fs::File>, number: u32| -> Result<(), BackupError> {
        let mut rest = pager(words, &name, number, count);
        end(&mut rest);
        file.write_all(rest.as_bytes())?;
        Ok(file.flush()?)
    };
    let (mut number, mut on_page, mut day) = (1, 0, String::new());
    let mut file = Some(open(number)?);
    reader.each(chat, |entry| {
        if on_page == MESSAGES {
            if let Some(full) = file.take() {
                close(full, number)?;
            }
            (number, on_page, day) = (number + 1, 0, String::new());
            file = Some(open(number)?);
        }
        on_page += 1;
        let sent = clock::local(entry.stored.sent_s.saturating_mul(1000));
        let today = sent.strftime("%d.%m.%Y").to_string();
        let mut text = String::new();
        if today != day {
            put(&mut text, format_args!("<h2>{today}</h2>\n"));
            day = today;
        }
        message(&mut text, words, &entry, &sent.strftime("%H:%M").to_string(), pictures)?;
        match &mut file {
            Some(file) => Ok(file.write_all(text.as_bytes())?),
            None => Ok(()),
        }
    })?;
    match file {
        Some(file) => close(file, number),
        None => Ok(()),
    }
}

fn message(
    page: &mut String,
    words: Words,
    entry: &Entry,
    time: &str,
    pictures: &mut Pictures,
) -> Result<(), BackupError> {
    let body = &entry.row.body;
    let class = match body {
        MessageBody::System { .. } => "message system",
        _ if entry.stored.outgoing => "message out",
        _ => "message",
    };
    put(page, format_args!("<div class=\"{class}\">"));
    let forms = entry.media();
    let file = if forms.is_empty() { None } else { pictures.take(&forms)? };
    match (body, file) {
        (MessageBody::Voice { .. }, Some(file)) => {
            put(page, format_args!("<audio controls preload=\"none\" src=\"../{file}\"></audio>"));
        }
        (_, Some(file)) => {
            put(
                page,
                format_args!("<a href=\"../{file}\"><img loading=\"lazy\" alt=\"\" src=\"../{file}\"></a>"),
            );
        }
        (MessageBody::Image { .. }, None) => missing(page, words.picture_missing()),
        (MessageBody::Voice { .. }, None) => missing(page, words.voice_missing()),
        _ => {}
    }
    let text = words.body(body);
    if !text.is_empty() {
        put(page, format_args!("<p dir=\"auto\">{}</p>", escaped(&text)));
    }
    let deleted = if entry.stored.deleted { format!("{} · ", words.deleted()) } else { String::new() };
    put(page, format_args!("<footer>{deleted}{time}</footer></div>\n"));
    Ok(())
}

fn missing(page: &mut String, text: &str) {
    put(page, format_args!("<p class=\"missing\">{text}</p>"));
}

fn chat_line(page: &mut String, words: Words, chat: &Chat) {
    let item = chat.item_title.as_deref().unwrap_or_default();
    let updated = clock::local(chat.updated_ms).strftime("%d.%m.%Y");
    put(
        page,
        format_args!(
            "<a class=\"chat\" href=\"chats/{}.html\"><span dir=\"auto\"><b>{}</b>{}</span>\
             <span class=\"soft\">{updated}<br>{}<br>{}</span></a>\n",
            chat.id,
            escaped(&title(words, chat)),
            escaped(item),
            words.messages(chat.messages),
            escaped(&chat.account_name),
        ),
    );
}

fn title(words: Words, chat: &Chat) -> String {
    chat.buyer_name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| words.buyer().to_owned())
}

fn begin(words: Words, title: &str, head: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n{head}\n</header>\n<main>\n",
        words.language(),
        escaped(title),
    )
}

fn end(page: &mut String) {
    page.push_str("</main>\n</body>\n</html>\n");
}

/// Links to the pages before and after, when there are several.
fn pager(words: Words, name: &str, number: u32, count: u32) -> String {
    if count < 2 {
        return String::new();
    }
    let mut nav = String::from("<nav>");
    if number > 1 {
        put(&mut nav, format_args!("<a href=\"{}\">{}</a>", file_name(name, number - 1), words.older()));
    }
    put(&mut nav, format_args!("<span>{}</span>", words.page(number, count)));
    if number < count {
        put(&mut nav, format_args!("<a href=\"{}\">{}</a>", file_name(name, number + 1), words.newer()));
    }
    nav.push_str("</nav>\n");
    nav
}

fn file_name(name: &str, number: u32) -> String {
    if number == 1 { format!("{name}.html") } else { format!("{name}-{number}.html") }
}

fn pages(count: usize, on_page: usize) -> u32 {
    u32::try_from(count.div_ceil(on_page).max(1)).unwrap_or(u32::MAX)
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = page.write_fmt(text);
}

/// Text as text: no markup, no control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(letter),
            letter if letter.is_control() => out.push('\u{FFFD}'),
            letter => out.push(letter),
        }
    }
    out
}
