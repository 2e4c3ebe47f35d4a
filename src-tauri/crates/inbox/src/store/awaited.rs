//! Table `awaited_events`: buyers' messages that were found by asking while live, and whose event may still come. Each ends as
//! brought by its event or as missed, once.

use rusqlite::Connection;

use super::StoreError;
use crate::ids::{AccountId, MessageId};

/// A message was found by asking: its event may only be slower.
pub(crate) fn add(
    connection: &Connection,
    account: AccountId,
    message: MessageId,
    sent_s: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO awaited_events (message, account, sent_s) VALUES (?1, ?2, ?3)",
        )?
        .execute((message, account, sent_s))?;
    Ok(())
}

/// An event came for this message; whether it was waited for.
pub(crate) fn came(connection: &Connection, message: MessageId) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("DELETE FROM awaited_events WHERE message = ?1")?.execute([message])? > 0)
}

/// Gives those up that were written by this second; how many.
pub(crate) fn give_up(connection: &Connection, account: AccountId, until_s: i64) -> Result<u32, StoreError> {
    let given_up = connection
        .prepare_cached("DELETE FROM awaited_events WHERE account = ?1 AND sent_s <= ?2")?
        .execute((account, until_s))?;
    Ok(u32::try_from(given_up).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_ends_as_brought_or_as_missed_and_only_once() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        let (mine, other) = (AccountId(1), AccountId(2));
        for (account, message, sent_s) in
            [(mine, 1, 100), (mine, 2, 110), (mine, 2, 110), (mine, 3, 130), (other, 4, 90)]
        {
            add(&connection, account, MessageId(message), sent_s).unwrap();
        }
        assert!(came(&connection, MessageId(1)).unwrap());
        assert!(!came(&connection, MessageId(1)).unwrap(), "the same event again");
        assert!(!came(&connection, MessageId(9)).unwrap(), "nobody waited for it");
        assert_eq!(give_up(&connection, mine, 120).unwrap(), 1, "the one that is late");
        assert_eq!(give_up(&connection, mine, 120).unwrap(), 0);
        assert!(!came(&connection, MessageId(2)).unwrap(), "too late: it is counted already");
        assert!(came(&connection, MessageId(3)).unwrap());
        assert!(came(&connection, MessageId(4)).unwrap());
    }
}
