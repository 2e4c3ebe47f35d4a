//! Table `deliveries`: by day, how many of the buyers' messages an event brought, and how many were found by asking.

use rusqlite::Connection;

use super::StoreError;
use crate::ids::AccountId;

/// What was delivered in some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Messages an event brought.
    pub(crate) by_event: u32,
    /// Messages found by asking although we were live.
    pub(crate) missed: u32,
    /// Mean time from a message to its event.
    pub(crate) mean_delay_ms: Option<i64>,
}

/// A message came by event so long after it was written.
pub(crate) fn add_event(
    connection: &Connection,
    account: AccountId,
    day: &str,
    delay_ms: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO deliveries (account, day, by_event, delay_ms) VALUES (?1, ?2, 1, ?3)
             ON CONFLICT (account, day) DO UPDATE SET by_event = by_event + 1, delay_ms = delay_ms + excluded.delay_ms",
        )?
        .execute((account, day, delay_ms))?;
    Ok(())
}

/// So many messages came without the event they should have had.
pub(crate) fn add_missed(
    connection: &Connection,
    account: AccountId,
    day: &str,
    missed: u32,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO deliveries (account, day, missed) VALUES (?1, ?2, ?3)
             ON CONFLICT (account, day) DO UPDATE SET missed = missed + excluded.missed",
        )?
        .execute((account, day, missed))?;
    Ok(())
}

/// Everything since this day, with it.
pub(crate) fn since(connection: &Connection, account: AccountId, day: &str) -> Result<Counts, StoreError> {
    let sql = "SELECT coalesce(sum(by_event), 0), coalesce(sum(missed), 0), sum(delay_ms) / nullif(sum(by_event), 0)
               FROM deliveries WHERE account = ?1 AND day >= ?2";
    Ok(connection.prepare_cached(sql)?.query_row((account, day), |row| {
        Ok(Counts { by_event: row.get(0)?, missed: row.get(1)?, mean_delay_ms: row.get(2)? })
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_added_up_and_the_mean_is_that_of_the_events() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        let account = AccountId(1);
        assert_eq!(since(&connection, account, "2026-11-20").unwrap(), Counts::default());
        for (day, delay_ms) in [("2026-11-20", 400), ("2026-11-20", 800), ("2026-11-21", 1200)] {
            add_event(&connection, account, day, delay_ms).unwrap();
        }
        add_missed(&connection, account, "2026-11-21", 2).unwrap();
        let counts = |day| since(&connection, account, day).unwrap();
        assert_eq!(counts("2026-11-20"), Counts { by_event: 3, missed: 2, mean_delay_ms: Some(800) });
        assert_eq!(counts("2026-11-21"), Counts { by_event: 1, missed: 2, mean_delay_ms: Some(1200) });
        assert_eq!(since(&connection, AccountId(2), "2026-11-20").unwrap(), Counts::default());
    }
}
