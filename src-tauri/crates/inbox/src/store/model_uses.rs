//! Table `model_uses`: what language models were asked for.

use rusqlite::Connection;

use super::StoreError;
use crate::view::ModelUse;

/// One call.
pub(crate) struct Use<'a> {
    pub(crate) at_ms: i64,
    /// By this machine's calendar.
    pub(crate) day: &'a str,
    pub(crate) model: &'a str,
    pub(crate) prompt: u32,
    pub(crate) completion: u32,
    pub(crate) rub: f64,
}

/// Notes a call.
pub(crate) fn add(connection: &Connection, call: &Use<'_>) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO model_uses (at_ms, day, model, prompt, completion, rub) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((call.at_ms, call.day, call.model, call.prompt, call.completion, call.rub))?;
    Ok(())
}

/// Sums over days between two texts, both included: `2026-11-01`, `2026-11-31`.
pub(crate) fn sum(connection: &Connection, from: &str, to: &str) -> Result<ModelUse, StoreError> {
    let sql =
        "SELECT count(*), coalesce(sum(prompt + completion), 0), coalesce(sum(rub), 0.0) FROM model_uses
               WHERE day BETWEEN ?1 AND ?2";
    Ok(connection.prepare_cached(sql)?.query_row((from, to), |row| {
        Ok(ModelUse { calls: row.get(0)?, tokens: row.get(1)?, rub: row.get(2)? })
    })?)
}
