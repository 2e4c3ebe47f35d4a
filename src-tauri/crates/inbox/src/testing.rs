//! What tests of several modules begin with.

use rusqlite::Connection;

use crate::core::{Core, CoreConfig};
use crate::ids::{AccountId, ChatId, MessageId};
use crate::secrets::Vault;
use crate::store::messages::{self, StoredMessage};
use crate::store::{accounts, chats};

/// A core on a folder of its own that does nothing by itself.
pub(crate) async fn idle_core() -> (tempfile::TempDir, Core) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = CoreConfig::new(folder.path(), Vault::in_memory());
    config.background = false;
    let core = Core::open(config).await.expect("a core");
    (folder, core)
}

/// An archive in memory with one account, connected at the beginning of time, and one chat of its.
pub(crate) struct Archive {
    pub(crate) connection: Connection,
    pub(crate) account: AccountId,
    pub(crate) chat: ChatId,
}

impl Archive {
    pub(crate) fn new() -> Self {
        let connection = super::store::testing();
        let new = accounts::NewAccount {
            user_id: 1,
            name: String::new(),
            client_id: String::new(),
            api_url: None,
            calls_per_minute: 60,
            added_ms: 0,
        };
        let account = accounts::add(&connection, &new).expect("an account");
        let chat = chats::id_of(&connection, account, "u2i-1").expect("a chat");
        Self { connection, account, chat }
    }

    /// The buyer asks something.
    pub(crate) fn asks(&self, sent_s: i64, text: &str) -> MessageId {
        self.message(false, sent_s, text)
    }

    /// The seller says something.
    pub(crate) fn says(&self, sent_s: i64, text: &str) -> MessageId {
        self.message(true, sent_s, text)
    }

    fn message(&self, outgoing: bool, sent_s: i64, text: &str) -> MessageId {
        let message = StoredMessage {
            id: MessageId(0),
            account: self.account,
            chat: self.chat,
            avito_id: format!("m{sent_s}"),
            author_id: None,
            outgoing,
            sent_s,
            rank: 0,
            tie: 0,
            kind: "text".to_owned(),
            text: text.to_owned(),
            json: "{}".to_owned(),
            unread: Some(false),
            read_s: None,
            deleted: false,
            source: 3,
            first_seen_ms: sent_s * 1000,
        };
        messages::put(&self.connection, &message).expect("a message")
    }
}
