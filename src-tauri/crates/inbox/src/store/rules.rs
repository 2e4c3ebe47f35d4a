//! Table `draft_rules`: when something may be sent without being asked.

use rusqlite::Connection;

use super::StoreError;
use crate::ids::{AccountId, RuleId};

/// A rule; `settings` is JSON of the view's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleRow {
    pub(crate) id: RuleId,
    pub(crate) account: Option<AccountId>,
    pub(crate) item: Option<i64>,
    pub(crate) active: bool,
    pub(crate) since_ms: i64,
    pub(crate) settings: String,
}

/// All rules.
pub(crate) fn all(connection: &Connection) -> Result<Vec<RuleRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, account, item, active, since_ms, settings FROM draft_rules ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(RuleRow {
            id: row.get(0)?,
            account: row.get(1)?,
            item: row.get(2)?,
            active: row.get(3)?,
            since_ms: row.get(4)?,
            settings: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds a rule or writes over the one with this id.
pub(crate) fn put(connection: &Connection, rule: &RuleRow, new: bool) -> Result<RuleId, StoreError> {
    let id = if new { None } else { Some(rule.id) };
    Ok(connection
        .prepare_cached(
            "INSERT INTO draft_rules (id, account, item, active, since_ms, settings) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET account = excluded.account, item = excluded.item, active = excluded.active,
               since_ms = excluded.since_ms, settings = excluded.settings
             RETURNING id",
        )?
        .query_row((id, rule.account, rule.item, rule.active, rule.since_ms, &rule.settings), |row| row.get(0))?)
}

/// Removes a rule.
pub(crate) fn remove(connection: &Connection, id: RuleId) -> Result<bool, StoreError> {
    Ok(connection.execute("DELETE FROM draft_rules WHERE id = ?1", [id])? > 0)
}
