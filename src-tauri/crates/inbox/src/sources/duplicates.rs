//! Passages of different sources that say the same: the seller keeps one, or keeps all.

use rusqlite::Connection;

use super::entries::settle;
use crate::core::Core;
use crate::error::CoreError;
use crate::ids::{PassageId, SourceId};
use crate::store::{StoreError, passages, sources};
use crate::view::{DuplicatePassage, DuplicateView, ErrorCode, Notice, Scope};

/// Groups that are shown at once; the next ones come when these are settled.
const GROUPS: u32 = 20;

impl Core {
    /// Keeps this passage of its equals: entries that say only the same are removed, passages of files switched off.
    pub async fn keep_one_duplicate(&self, keep: PassageId) -> Result<(), CoreError> {
        let touched = self.inner.store.write(move |c| keep_one(c, keep)).await?;
        self.notify(Notice::Knowledge);
        for source in touched {
            settle(&self.inner.store, source).await?;
        }
        self.notify(Notice::Knowledge);
        Ok(())
    }

    /// Passages of these words are to stay, all of them, and not to be offered again.
    pub async fn keep_duplicates(&self, fingerprint: &str) -> Result<(), CoreError> {
        let bad = |_| CoreError::Invalid(ErrorCode::NotFound, "no such duplicates");
        let fingerprint: i64 = fingerprint.parse().map_err(bad)?;
        self.inner
            .store
            .write(move |c| {
                let sql = "INSERT OR IGNORE INTO kept_duplicates (fingerprint) VALUES (?1)";
                c.prepare_cached(sql)?.execute([fingerprint])?;
                Ok(())
            })
            .await?;
        self.notify(Notice::Knowledge);
        Ok(())
    }
}

/// What is switched off says nothing twice; a thing of two scopes (an item's, everybody's) is meant to be there twice.
const EQUALS: &str = "FROM source_passages p JOIN sources s ON s.id = p.source
     WHERE p.off = 0 AND s.off = 0 AND s.removed = 0";

pub(super) fn groups(connection: &Connection) -> Result<Vec<DuplicateView>, StoreError> {
    let sql = format!(
        "SELECT p.fingerprint, s.account, coalesce(p.item, s.item) AS of_item, min(p.text) {EQUALS}
           AND p.fingerprint NOT IN (SELECT fingerprint FROM kept_duplicates)
         GROUP BY p.fingerprint, s.account, of_item HAVING count(DISTINCT p.source) > 1
         ORDER BY max(s.changed_ms) DESC LIMIT {GROUPS}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let groups: Vec<(i64, Option<i64>, Option<i64>, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    groups
        .into_iter()
        .map(|(fingerprint, account, item, text)| {
            let passages = members(connection, fingerprint, account, item)?;
            Ok(DuplicateView { fingerprint: fingerprint.to_string(), text, passages })
        })
        .collect()
}

fn members(
    connection: &Connection,
    fingerprint: i64,
    account: Option<i64>,
    item: Option<i64>,
) -> Result<Vec<DuplicatePassage>, StoreError> {
    let sql = format!(
        "SELECT p.id, p.source, s.title, s.account, coalesce(p.item, s.item), s.changed_ms {EQUALS}
           AND p.fingerprint = ?1 AND s.account IS ?2 AND coalesce(p.item, s.item) IS ?3
         ORDER BY s.changed_ms DESC, p.id DESC LIMIT 20"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((fingerprint, account, item), |row| {
        Ok(DuplicatePassage {
            id: row.get(0)?,
            source: row.get(1)?,
            source_title: row.get(2)?,
            scope: Scope {
                account: row.get(3)?,
                item: row.get::<_, Option<i64>>(4)?.map(|item| item.to_string()),
            },
            changed_ms: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn keep_one(connection: &Connection, keep: PassageId) -> Result<Vec<SourceId>, StoreError> {
    let of = "SELECT p.fingerprint, s.account, coalesce(p.item, s.item) FROM source_passages p
              JOIN sources s ON s.id = p.source WHERE p.id = ?1";
    let (fingerprint, account, item) =
        connection.query_row(of, [keep], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let others = members(connection, fingerprint, account, item)?;
    let mut touched = Vec::new();
    for other in others.into_iter().filter(|other| other.id != keep) {
        let entry = sources::get(connection, other.source)?.is_some_and(|source| source.text.is_some());
        let count = "SELECT count(*) FROM source_passages WHERE source = ?1";
        let single = connection.query_row(count, [other.source], |row| row.get::<_, i64>(0))? == 1;
        if entry && single {
            sources::set_removed(connection, other.source)?;
        } else {
            passages::set_off(connection, other.id, true)?;
        }
        touched.push(other.source);
    }
    touched.dedup();
    Ok(touched)
}
