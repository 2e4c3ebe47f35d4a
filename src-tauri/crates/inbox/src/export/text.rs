//! Words of messages, and words of the pages.

use crate::view::MessageBody;

/// Words in the language of the reader.
#[derive(Clone, Copy)]
pub(super) struct Words {
    english: bool,
}

impl Words {
    pub(super) fn new(english: bool) -> Self {
        Self { english }
    }

    pub(super) fn language(self) -> &'static str {
        self.pick("ru", "en")
    }

    pub(super) fn title(self) -> &'static str {
        self.pick("Переписка на Avito", "Avito messages")
    }

    pub(super) fn all_chats(self) -> &'static str {
        self.pick("Все чаты", "All chats")
    }

    pub(super) fn buyer(self) -> &'static str {
        self.pick("Покупатель", "Buyer")
    }

    pub(super) fn older(self) -> &'static str {
        self.pick("← Раньше", "← Earlier")
    }

    pub(super) fn newer(self) -> &'static str {
        self.pick("Позже →", "Later →")
    }

    pub(super) fn page(self, number: u32, count: u32) -> String {
        if self.english {
            format!("Page {number} of {count}")
        } else {
            format!("Страница {number} из {count}")
        }
    }

    pub(super) fn counts(self, chats: usize, messages: u32) -> String {
        if self.english {
            format!("Chats: {chats}, messages: {messages}")
        } else {
            format!("Чатов: {chats}, сообщений: {messages}")
        }
    }

    pub(super) fn saved(self, day: &str) -> String {
        if self.english { format!("Saved on {day}") } else { format!("Сохранено {day}") }
    }

    pub(super) fn messages(self, count: u32) -> String {
        if self.english { format!("messages: {count}") } else { format!("сообщений: {count}") }
    }

    pub(super) fn deleted(self) -> &'static str {
        self.pick("удалено на Avito", "deleted on Avito")
    }

    pub(super) fn picture_missing(self) -> &'static str {
        self.pick(
            "Фото не открывали в программе, его здесь нет",
            "This photo was never opened in the program and is not here",
        )
    }

    pub(super) fn voice_missing(self) -> &'static str {
        self.pick(
            "Голосовое сообщение не слушали в программе, его здесь нет",
            "This voice message was never played in the program and is not here",
        )
    }

    /// What a message says when it is no plain text.
    pub(super) fn body(self, body: &MessageBody) -> String {
        match body {
            MessageBody::Text { text } | MessageBody::System { text } => text.clone(),
            MessageBody::Image { caption, .. } => caption.clone().unwrap_or_default(),
            MessageBody::Link { text, url, title, .. } => match title {
                Some(title) if text == url => format!("{title}\n{url}"),
                _ => text.clone(),
            },
            MessageBody::Item { title, price, url, .. } => {
                let lines = [self.pick("Объявление: ", "Listing: "), title];
                let rest = [price.as_deref(), url.as_deref()];
                let rest = rest.into_iter().flatten().filter(|line| !line.is_empty());
                std::iter::once(lines.concat()).chain(rest.map(str::to_owned)).collect::<Vec<_>>().join("\n")
            }
            MessageBody::Location { title, text, .. } => {
                let place = self.pick("Место на карте: ", "Location: ");
                format!("{place}{title} {text}").trim_end().to_owned()
            }
            MessageBody::Call { missed: true } => self.pick("Пропущенный звонок", "Missed call").to_owned(),
            MessageBody::Call { missed: false } => self.pick("Звонок", "Call").to_owned(),
            MessageBody::Voice { .. } => self.pick("Голосовое сообщение", "Voice message").to_owned(),
            MessageBody::Deleted => self.pick("Сообщение удалено", "Message deleted").to_owned(),
            MessageBody::Unsupported { what } => format!("[{what}]"),
        }
    }

    fn pick(self, ru: &'static str, en: &'static str) -> &'static str {
        if self.english { en } else { ru }
    }
}
