//! The history of the tables. Migrations are append-only: passages may be the only copy of what the seller wrote.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::KnowledgeError;

/// In order; `knowledge_state.version` is the number applied. The database's own `user_version` belongs to the archive.
const MIGRATIONS: &[&str] =
    &[include_str!("migrations/001_passages.sql"), include_str!("migrations/002_vectors.sql")];

/// Brings the tables up to date, each step with its bookkeeping in one transaction. Refuses newer tables.
///
/// Gives whether the index was written with the analysis this program has; if not, [`crate::Writer::rebuild`] is due.
///
/// # Errors
/// [`KnowledgeError::Newer`], or the database's own.
pub fn migrate(connection: &mut Connection) -> Result<bool, KnowledgeError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    loop {
        // IMMEDIATE: of two programs that start together, one migrates and the other sees it done.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = version(&transaction)?;
        if found > known {
            return Err(KnowledgeError::Newer { found, known });
        }
        let Some(step) = usize::try_from(found).ok().and_then(|index| MIGRATIONS.get(index)) else {
            let analysis = "SELECT analysis FROM knowledge_state";
            let analysis: i64 = transaction.query_row(analysis, [], |row| row.get(0))?;
            return Ok(analysis == crate::index::ANALYSIS);
        };
        transaction.execute_batch(step)?;
        transaction.execute(
            "INSERT INTO knowledge_state (one, version, analysis, revision, removal) VALUES (1, ?1, ?2, 0, 0)
             ON CONFLICT (one) DO UPDATE SET version = excluded.version",
            (found + 1, crate::index::ANALYSIS),
        )?;
        transaction.commit()?;
    }
}

/// Notes that the index is now written with this program's analysis.
pub(crate) fn set_analysis(connection: &Connection) -> Result<(), KnowledgeError> {
    connection.execute("UPDATE knowledge_state SET analysis = ?1", [crate::index::ANALYSIS])?;
    Ok(())
}

fn version(connection: &Connection) -> Result<i64, KnowledgeError> {
    let table = "SELECT count(*) FROM sqlite_schema WHERE name = 'knowledge_state'";
    if connection.query_row(table, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(0);
    }
    Ok(connection
        .query_row("SELECT version FROM knowledge_state", [], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name")
            .unwrap();
        let without_comments = |sql: String| {
            let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim());
            lines
                .collect::<Vec<_>>()
                .join(" ")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .replace(" ,", ",")
                .replace(" )", ")")
        };
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(|sql| without_comments(sql.unwrap())).collect()
    }

    #[test]
    fn the_commented_schema_file_equals_the_real_schema() {
        let mut real = Connection::open_in_memory().unwrap();
        assert!(migrate(&mut real).unwrap());
        let written = Connection::open_in_memory().unwrap();
        written.execute_batch(include_str!("schema.sql")).unwrap();
        assert_eq!(schema(&real), schema(&written));
    }

    #[test]
    fn newer_tables_are_refused_and_left_alone_and_the_archives_version_is_not_touched() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 7).unwrap();
        migrate(&mut connection).unwrap();
        connection.execute("UPDATE knowledge_state SET version = 99", []).unwrap();
        assert!(matches!(migrate(&mut connection), Err(KnowledgeError::Newer { found: 99, .. })));
        assert_eq!(version(&connection).unwrap(), 99);
        let archive: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(archive, 7);
    }

    #[test]
    fn migrating_twice_changes_nothing_and_an_older_analysis_is_noticed() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let before = schema(&connection);
        assert!(migrate(&mut connection).unwrap());
        assert_eq!(before, schema(&connection));
        connection.execute("UPDATE knowledge_state SET analysis = analysis - 1", []).unwrap();
        assert!(!migrate(&mut connection).unwrap());
    }
}
