//! Ids of local rows and of media. Avito's own ids are plain strings and numbers, so that they cannot be mixed up.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use specta::Type;

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type)]
        #[serde(transparent)]
        #[specta(transparent)]
        pub struct $name(pub i64);

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id!(
    /// A connected Avito account.
    AccountId
);
row_id!(
    /// A chat of one account.
    ChatId
);
row_id!(
    /// A stored message.
    MessageId
);
row_id!(
    /// A reply on its way to Avito.
    OutboxId
);
row_id!(
    /// A raw webhook delivery in the journal.
    EventId
);
row_id!(
    /// A source of knowledge: an entry, a file, an item.
    SourceId
);
row_id!(
    /// A passage of a source. Words that change get another one.
    PassageId
);
row_id!(
    /// A suggested reply.
    DraftId
);
row_id!(
    /// A question that nothing answers.
    QuestionId
);
row_id!(
    /// A rule of sending.
    RuleId
);
row_id!(
    /// A watched folder.
    FolderId
);
row_id!(
    /// A picture or voice file the core may fetch. The page names media only by this id, never by address, so it can ask for
    /// nothing that Avito did not send.
    MediaId
);
