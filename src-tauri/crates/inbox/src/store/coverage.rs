//! Table `coverage`, the delivery ledger: stretches of time of which we can say that nothing written in them is missing here.
//!
//! Stretches of an account neither overlap nor run backwards; what lies between two of them is not covered.

use rusqlite::{Connection, OptionalExtension as _};

use super::StoreError;
use crate::ids::AccountId;

/// How a stretch is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Events arrived.
    Live = 1,
    /// We asked, at the usual intervals.
    Polling = 2,
    /// Read afterwards, because there was nobody to ask or be told.
    Afterwards = 3,
}

/// A covered stretch, UTC milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    pub(crate) how: How,
}

fn how(number: i64) -> How {
    match number {
        1 => How::Live,
        2 => How::Polling,
        _ => How::Afterwards,
    }
}

/// The end of what is covered.
pub(crate) fn until(connection: &Connection, account: AccountId) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT max(to_ms) FROM coverage WHERE account = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([account], |row| row.get(0))?)
}

/// Everything from the end of what was covered (at first: from `from_ms`) until `to_ms` is covered now.
pub(crate) fn extend(
    connection: &Connection,
    account: AccountId,
    from_ms: i64,
    to_ms: i64,
    how: How,
) -> Result<(), StoreError> {
    let sql = "SELECT id, to_ms, how FROM coverage WHERE account = ?1 ORDER BY to_ms DESC LIMIT 1";
    let last: Option<(i64, i64, i64)> = connection
        .prepare_cached(sql)?
        .query_row([account], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let begin_ms = last.map_or(from_ms, |(_, end_ms, _)| end_ms.max(from_ms));
    if begin_ms >= to_ms {
        return Ok(());
    }
    match last {
        Some((id, end_ms, same)) if same == how as i64 && end_ms == begin_ms => {
            connection
                .prepare_cached("UPDATE coverage SET to_ms = ?2 WHERE id = ?1")?
                .execute((id, to_ms))?;
        }
        _ => {
            connection
                .prepare_cached(
                    "INSERT INTO coverage (account, from_ms, to_ms, how) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((account, begin_ms, to_ms, how as i64))?;
        }
    }
    Ok(())
}

/// What was thought covered from `from_ms` on was not: it was read afterwards.
pub(crate) fn restate(
    connection: &Connection,
    account: AccountId,
    from_ms: i64,
    to_ms: i64,
) -> Result<(), StoreError> {
    connection.execute("DELETE FROM coverage WHERE account = ?1 AND from_ms >= ?2", (account, from_ms))?;
    connection
        .execute("UPDATE coverage SET to_ms = ?2 WHERE account = ?1 AND to_ms > ?2", (account, from_ms))?;
    extend(connection, account, from_ms, to_ms, How::Afterwards)
}

/// Stretches that touch this time, in order.
pub(crate) fn within(
    connection: &Connection,
    account: AccountId,
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<Stretch>, StoreError> {
    let sql = "SELECT from_ms, to_ms, how FROM coverage WHERE account = ?1 AND to_ms > ?2 AND from_ms < ?3 ORDER BY to_ms";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((account, from_ms, to_ms), |row| {
        Ok(Stretch { from_ms: row.get(0)?, to_ms: row.get(1)?, how: how(row.get(2)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Since when everything up to the end of what is covered is here without a hole.
pub(crate) fn whole_since(connection: &Connection, account: AccountId) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT from_ms, to_ms FROM coverage WHERE account = ?1 ORDER BY to_ms DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([account])?;
    let mut since_ms = None;
    while let Some(row) = rows.next()? {
        let (from_ms, to_ms): (i64, i64) = (row.get(0)?, row.get(1)?);
        if since_ms.is_some_and(|since_ms| to_ms < since_ms) {
            break;
        }
        since_ms = Some(from_ms);
    }
    Ok(since_ms)
}

/// Forgets stretches that ended before this.
pub(crate) fn prune(connection: &Connection, before_ms: i64) -> Result<usize, StoreError> {
    Ok(connection.execute("DELETE FROM coverage WHERE to_ms < ?1", [before_ms])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: AccountId = AccountId(1);

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        connection
    }

    fn all(connection: &Connection) -> Vec<(i64, i64, How)> {
        let stretches = within(connection, ACCOUNT, i64::MIN, i64::MAX).unwrap();
        stretches.iter().map(|one| (one.from_ms, one.to_ms, one.how)).collect()
    }

    #[test]
    fn stretches_grow_follow_each_other_and_leave_holes_only_where_told() {
        let connection = connection();
        extend(&connection, ACCOUNT, 0, 10, How::Live).unwrap();
        extend(&connection, ACCOUNT, 0, 20, How::Live).unwrap();
        extend(&connection, ACCOUNT, 0, 30, How::Polling).unwrap();
        extend(&connection, ACCOUNT, 0, 25, How::Live).unwrap();
        assert_eq!(all(&connection), [(0, 20, How::Live), (20, 30, How::Polling)]);
        extend(&connection, ACCOUNT, 50, 60, How::Live).unwrap();
        assert_eq!(all(&connection)[2], (50, 60, How::Live));
        assert_eq!(whole_since(&connection, ACCOUNT).unwrap(), Some(50));
        assert_eq!(until(&connection, ACCOUNT).unwrap(), Some(60));
        assert_eq!(within(&connection, ACCOUNT, 22, 40).unwrap().len(), 1);
    }

    #[test]
    fn what_was_missed_while_live_is_restated_as_read_afterwards() {
        let connection = connection();
        extend(&connection, ACCOUNT, 0, 20, How::Polling).unwrap();
        extend(&connection, ACCOUNT, 0, 60, How::Live).unwrap();
        restate(&connection, ACCOUNT, 40, 70).unwrap();
        assert_eq!(all(&connection), [(0, 20, How::Polling), (20, 40, How::Live), (40, 70, How::Afterwards)]);
        restate(&connection, ACCOUNT, 10, 80).unwrap();
        assert_eq!(all(&connection), [(0, 10, How::Polling), (10, 80, How::Afterwards)]);
        assert_eq!(whole_since(&connection, ACCOUNT).unwrap(), Some(0));
        assert_eq!(prune(&connection, 11).unwrap(), 1);
    }
}
