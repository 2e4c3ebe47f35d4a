//! The few words the shell itself says: notifications. Everything else is the page's.

use inbox::view::{Language, PreviewKind};

/// Russian or English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    Ru,
    En,
}

/// The language of the settings.
pub(crate) fn tongue(language: Language) -> Tongue {
    match language {
        Language::Ru => Tongue::Ru,
        Language::En => Tongue::En,
        Language::System => match sys_locale::get_locale() {
            Some(locale) if locale.to_lowercase().starts_with("ru") => Tongue::Ru,
            _ => Tongue::En,
        },
    }
}

impl Tongue {
    /// A buyer without a name.
    pub(crate) fn buyer(self) -> &'static str {
        self.pick("Покупатель", "Buyer")
    }

    /// What stands for a message without words.
    pub(crate) fn kind(self, kind: PreviewKind) -> &'static str {
        match kind {
            PreviewKind::Image => self.pick("Фото", "Photo"),
            PreviewKind::Link => self.pick("Ссылка", "Link"),
            PreviewKind::Item => self.pick("Объявление", "Listing"),
            PreviewKind::Location => self.pick("Место на карте", "Location"),
            PreviewKind::Call => self.pick("Пропущенный звонок", "Missed call"),
            PreviewKind::Voice => self.pick("Голосовое сообщение", "Voice message"),
            PreviewKind::Video => self.pick("Видео", "Video"),
            PreviewKind::File => self.pick("Файл", "File"),
            PreviewKind::Text | PreviewKind::System | PreviewKind::Deleted | PreviewKind::Other => {
                self.pick("Новое сообщение", "New message")
            }
        }
    }

    /// The system's question before a command line of the seller's own is started.
    pub(crate) fn tunnel_command(self, command: &str) -> String {
        match self {
            Self::Ru => format!(
                "Прилавок будет запускать эту команду, пока работает:\n\n{command}\n\nСоглашайтесь, только если написали её сами."
            ),
            Self::En => format!(
                "Prilavok will keep this command running:\n\n{command}\n\nAgree only if you wrote it yourself."
            ),
        }
    }

    /// Name and text of the file with the recovery code.
    pub(crate) fn recovery_code_file(self, code: &str) -> (&'static str, String) {
        match self {
            Self::Ru => (
                "Прилавок — код восстановления.txt",
                format!(
                    "Прилавок: код восстановления переписки\n\n{code}\n\nКод открывает переписку, если ключ из хранилища паролей \
                     пропал. Храните его отдельно от этого компьютера и никому не показывайте.\n"
                ),
            ),
            Self::En => (
                "Prilavok recovery code.txt",
                format!(
                    "Prilavok: recovery code for your chats\n\n{code}\n\nThe code opens your chats if the key is lost from the \
                     keychain. Keep it somewhere other than this computer and do not show it to anyone.\n"
                ),
            ),
        }
    }

    /// Several messages of one chat: «и ещё 2».
    pub(crate) fn and_more(self, count: u32) -> String {
        match self {
            Self::Ru => format!("и ещё {count}"),
            Self::En => format!("and {count} more"),
        }
    }

    /// Title of the one notice after a time without connection.
    pub(crate) fn burst_title(self, messages: u32) -> String {
        match self {
            Self::Ru => {
                let words = plural_ru(messages, "новое сообщение", "новых сообщения", "новых сообщений");
                format!("{messages} {words}")
            }
            Self::En => format!("{messages} new {}", plural_en(messages, "message", "messages")),
        }
    }

    /// Body of that notice.
    pub(crate) fn burst_body(self, chats: u32) -> String {
        match self {
            Self::Ru => format!("В {chats} {}", plural_ru(chats, "чате", "чатах", "чатах")),
            Self::En => format!("In {chats} {}", plural_en(chats, "chat", "chats")),
        }
    }

    /// A notification that shows what notifications look like.
    pub(crate) fn sample(self) -> (&'static str, &'static str) {
        match self {
            Self::Ru => ("Марина · Кофемолка ручная", "Так выглядит уведомление о сообщении покупателя"),
            Self::En => ("Marina · Hand coffee grinder", "This is what a message from a buyer looks like"),
        }
    }

    fn pick(self, ru: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Ru => ru,
            Self::En => en,
        }
    }
}

/// English plural: 1 chat, 2 chats.
fn plural_en<'a>(count: u32, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// Russian plural: 1 сообщение, 2 сообщения, 5 сообщений, 11 сообщений, 21 сообщение.
fn plural_ru<'a>(count: u32, one: &'a str, few: &'a str, many: &'a str) -> &'a str {
    match (count % 10, count % 100) {
        (_, 11..=14) => many,
        (1, _) => one,
        (2..=4, _) => few,
        _ => many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_numbers_take_the_right_form() {
        let title = |count| Tongue::Ru.burst_title(count);
        assert_eq!(title(1), "1 новое сообщение");
        assert_eq!(title(3), "3 новых сообщения");
        assert_eq!(title(11), "11 новых сообщений");
        assert_eq!(title(21), "21 новое сообщение");
        assert_eq!(title(112), "112 новых сообщений");
    }

    #[test]
    fn english_numbers_take_the_right_form() {
        let words = |count| (Tongue::En.burst_title(count), Tongue::En.burst_body(count));
        assert_eq!(words(1), ("1 new message".to_owned(), "In 1 chat".to_owned()));
        assert_eq!(words(21), ("21 new messages".to_owned(), "In 21 chats".to_owned()));
    }
}
