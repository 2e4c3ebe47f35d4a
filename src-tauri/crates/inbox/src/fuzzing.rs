//! Searching and showing text without a program around it, for the fuzz target in `tests/fuzz`.

use rusqlite::Connection;

use crate::ids::AccountId;
use crate::ingest::fold;
use crate::reading::chats::{page, words};
use crate::reading::thread::one_line;
use crate::store::{StoreError, accounts, chats, testing};
use crate::view::ChatQuery;

/// A list with one chat.
pub struct Shop {
    connection: Connection,
    chat: crate::ChatId,
}

impl Shop {
    /// A shop with one account and one chat, in memory.
    pub fn new() -> Result<Self, StoreError> {
        let connection = testing();
        let account = accounts::NewAccount {
            user_id: 1,
            name: String::new(),
            client_id: String::new(),
            api_url: None,
            calls_per_minute: 60,
            added_ms: 0,
        };
        let account: AccountId = accounts::add(&connection, &account)?;
        let chat = chats::id_of(&connection, account, "u2i-a")?;
        Ok(Self { connection, chat })
    }

    /// Gives the chat this name and this half-typed text, and searches for `query`.
    ///
    /// # Panics
    /// When a text is not kept as written, is not found, or is found although it does not have the words.
    pub fn try_text(&self, text: &str, query: &str) -> Result<(), StoreError> {
        let details = chats::ChatDetails {
            buyer_name: Some(text.to_owned()),
            search_text: fold(text),
            ..chats::ChatDetails::default()
        };
        chats::set_details(&self.connection, self.chat, &details)?;
        chats::set_composer_text(&self.connection, self.chat, text)?;
        let stored = chats::get(&self.connection, self.chat)?;
        assert!(
            stored.is_some_and(
                |stored| stored.composer_text == text && stored.buyer_name.as_deref() == Some(text)
            )
        );
        assert_eq!(fold(&fold(text)), fold(text));
        let line = one_line(text);
        assert!(line.chars().count() <= 201 && !line.contains('\n'));
        for query in [query, text] {
            let asked = ChatQuery {
                account: None,
                unread_only: false,
                text: Some(query.to_owned()),
                after: None,
                limit: 1,
            };
            let found = page(&self.connection, &asked)?.total == 1;
            assert_eq!(
                found,
                words(query).iter().all(|word| fold(text).contains(word)),
                "{query:?} in {text:?}"
            );
        }
        Ok(())
    }
}
