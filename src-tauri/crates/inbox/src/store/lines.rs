//! Tables `lines` and `doors`: what is remembered of an account's webhook between two runs.

use rusqlite::{Connection, OptionalExtension as _};

use super::StoreError;
use crate::ids::AccountId;

/// What is remembered of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineRow {
    /// The seller wants the webhook.
    pub(crate) wanted: bool,
    /// The address Avito was told, without its path.
    pub(crate) registered: Option<(String, i64)>,
    /// The last error: code, words, when.
    pub(crate) error: Option<(String, Option<String>, i64)>,
}

impl Default for LineRow {
    fn default() -> Self {
        Self { wanted: true, registered: None, error: None }
    }
}

/// The line of an account.
pub(crate) fn get(connection: &Connection, account: AccountId) -> Result<LineRow, StoreError> {
    let sql = "SELECT wanted, registered_base, registered_ms, error_code, error_detail, error_ms FROM lines WHERE account = ?1";
    let row = connection
        .prepare_cached(sql)?
        .query_row([account], |row| {
            let (base, base_ms): (Option<String>, Option<i64>) = (row.get(1)?, row.get(2)?);
            let (code, code_ms): (Option<String>, Option<i64>) = (row.get(3)?, row.get(5)?);
            Ok(LineRow {
                wanted: row.get(0)?,
                registered: base.zip(base_ms),
                error: match (code, code_ms) {
                    (Some(code), Some(at_ms)) => Some((code, row.get(4)?, at_ms)),
                    _ => None,
                },
            })
        })
        .optional()?;
    Ok(row.unwrap_or_default())
}

fn ensure(connection: &Connection, account: AccountId) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT OR IGNORE INTO lines (account) VALUES (?1)")?.execute([account])?;
    Ok(())
}

/// The seller wants the webhook, or not.
pub(crate) fn set_wanted(
    connection: &Connection,
    account: AccountId,
    wanted: bool,
) -> Result<(), StoreError> {
    ensure(connection, account)?;
    connection.execute("UPDATE lines SET wanted = ?2 WHERE account = ?1", (account, wanted))?;
    Ok(())
}

/// Avito lists this address since then; none: no address of ours.
pub(crate) fn set_registered(
    connection: &Connection,
    account: AccountId,
    registered: Option<(&str, i64)>,
) -> Result<(), StoreError> {
    ensure(connection, account)?;
    let (base, at_ms) = registered.unzip();
    let sql = "UPDATE lines SET registered_base = ?2, registered_ms = ?3 WHERE account = ?1";
    connection.execute(sql, (account, base, at_ms))?;
    Ok(())
}

/// Something went wrong with the line.
pub(crate) fn set_error(
    connection: &Connection,
    account: AccountId,
    code: &str,
    detail: Option<&str>,
    at_ms: i64,
) -> Result<(), StoreError> {
    ensure(connection, account)?;
    let sql = "UPDATE lines SET error_code = ?2, error_detail = ?3, error_ms = ?4 WHERE account = ?1";
    connection.execute(sql, (account, code, detail, at_ms))?;
    Ok(())
}

/// One path under which deliveries are or were accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    /// SHA-256 of its secret.
    pub(crate) digest: [u8; 32],
    /// Replaced: accepted until then.
    pub(crate) closes_ms: Option<i64>,
}

/// All doors of an account, the newest first.
pub(crate) fn doors(connection: &Connection, account: AccountId) -> Result<Vec<Door>, StoreError> {
    let sql = "SELECT digest, closes_ms FROM doors WHERE account = ?1 ORDER BY made_ms DESC, rowid DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([account], |row| {
        let digest: Vec<u8> = row.get(0)?;
        Ok((<[u8; 32]>::try_from(digest).ok(), row.get(1)?))
    })?;
    let mut doors = Vec::new();
    for row in rows {
        if let (Some(digest), closes_ms) = row? {
            doors.push(Door { digest, closes_ms });
        }
    }
    Ok(doors)
}

/// From now on this is the account's door; the ones before it close at `others_close_ms`, unless they close sooner.
pub(crate) fn set_door(
    connection: &Connection,
    account: AccountId,
    digest: &[u8; 32],
    now_ms: i64,
    others_close_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE doors SET closes_ms = min(coalesce(closes_ms, ?3), ?3) WHERE account = ?1 AND digest <> ?2",
        (account, digest.as_slice(), others_close_ms),
    )?;
    connection.execute(
        "INSERT INTO doors (account, digest, made_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (account, digest) DO UPDATE SET closes_ms = NULL",
        (account, digest.as_slice(), now_ms),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_door_closes_once_and_is_known_for_ever() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        let account = AccountId(1);
        set_door(&connection, account, &[1; 32], 10, 10).unwrap();
        set_door(&connection, account, &[1; 32], 20, 20).unwrap();
        assert_eq!(doors(&connection, account).unwrap(), [Door { digest: [1; 32], closes_ms: None }]);
        set_door(&connection, account, &[2; 32], 30, 600).unwrap();
        set_door(&connection, account, &[3; 32], 40, 900).unwrap();
        let closes: Vec<_> = doors(&connection, account).unwrap().iter().map(|door| door.closes_ms).collect();
        assert_eq!(closes, [None, Some(900), Some(600)]);
    }

    #[test]
    fn a_line_that_was_never_noted_is_wanted() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        let account = AccountId(1);
        assert_eq!(get(&connection, account).unwrap(), LineRow::default());
        set_registered(&connection, account, Some(("https://a.example/", 5))).unwrap();
        set_error(&connection, account, "timeout", None, 7).unwrap();
        set_wanted(&connection, account, false).unwrap();
        let line = get(&connection, account).unwrap();
        assert_eq!((line.wanted, line.registered.clone()), (false, Some(("https://a.example/".into(), 5))));
        assert_eq!(line.error, Some(("timeout".into(), None, 7)));
    }
}
