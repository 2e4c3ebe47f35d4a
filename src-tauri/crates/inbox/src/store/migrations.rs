//! The history of the schema. Migrations are append-only: the archive may be the only copy the seller will ever have.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// In order; the database's `user_version` is the number applied.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_first_light.sql"),
    include_str!("migrations/002_sources.sql"),
    include_str!("migrations/003_line.sql"),
    include_str!("migrations/004_drafts.sql"),
    include_str!("migrations/005_items_of_passages.sql"),
    include_str!("migrations/006_blocked_buyers.sql"),
    include_str!("migrations/007_message_search.sql"),
    include_str!("migrations/008_recalls.sql"),
    include_str!("migrations/009_awaited_events.sql"),
    include_str!("migrations/010_kept_voices.sql"),
    include_str!("migrations/011_no_statistics.sql"),
];

/// The version this program's schema has.
pub(crate) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Brings the schema up to date, each step with its bookkeeping in one transaction. Refuses a newer database.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_by(connection, MIGRATIONS)
}

fn migrate_by(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    loop {
        // IMMEDIATE: of two programs that start together, one migrates and the other sees it done.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        let Some(step) = usize::try_from(found).ok().and_then(|index| steps.get(index)) else {
            return Ok(());
        };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", found + 1)?;
        transaction.commit()?;
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

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

    /// A database as the program with the first `version` migrations left it, with rows in every table.
    fn historical(steps: &[&str], version: usize) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::store::configure(&connection, None).unwrap();
        migrate_by(&mut connection, &steps[..version]).unwrap();
        // Tables may refer to each other in a ring.
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        for table in tables(&connection) {
            for row in 1..=3 {
                fill(&connection, &table, row);
            }
        }
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        let strays = connection.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
        assert!(!strays, "the generated rows do not fit together");
        connection
    }

    fn names(connection: &Connection, sql: &str) -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    }

    fn tables(connection: &Connection) -> Vec<String> {
        let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'";
        names(connection, sql)
    }

    fn columns(connection: &Connection, table: &str) -> Vec<String> {
        names(connection, &format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"))
    }

    /// Puts a row with something in every column: references to row `row` of their tables, values of their own everywhere else.
    fn fill(connection: &Connection, table: &str, row: i64) {
        let references =
            names(connection, &format!("SELECT \"from\" FROM pragma_foreign_key_list('{table}')"));
        let mut statement = connection
            .prepare(&format!("SELECT name, type, pk, cid FROM pragma_table_info('{table}')"))
            .unwrap();
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        let described = statement
            .query_map([], |r| {
                Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?, r.get::<_, i64>(3)?))
            })
            .unwrap();
        for (name, kind, key, number) in described.map(Result::unwrap) {
            values.push(match kind.as_str() {
                "INTEGER" if key > 0 || references.contains(&name) => Value::Integer(row),
                "INTEGER" => Value::Integer(row * 1000 + number),
                "REAL" => Value::Real(row as f64 + 0.5),
                "BLOB" => Value::Blob(vec![0, 0xFF, u8::try_from(row).unwrap()]),
                _ => Value::Text(format!("{table} {name} {row}: ё, 💬")),
            });
            columns.push(format!("\"{name}\""));
        }
        let marks = vec!["?"; values.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "));
        connection.execute(&sql, rusqlite::params_from_iter(values)).unwrap();
    }

    type Rows = Vec<Vec<Value>>;

    fn rows(connection: &Connection, table: &str, columns: &[String]) -> rusqlite::Result<Rows> {
        let list = columns.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let mut statement = connection.prepare(&format!("SELECT {list} FROM {table} ORDER BY rowid"))?;
        statement
            .query_map([], |row| {
                (0..columns.len()).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<_>>>()
            })?
            .collect()
    }

    /// Migrates a database with rows from this version on, and says which table lost something.
    fn lost_from(steps: &[&str], version: usize) -> Vec<String> {
        let mut connection = historical(steps, version);
        let before: Vec<(String, Vec<String>, Rows)> = tables(&connection)
            .into_iter()
            .map(|table| {
                let columns = columns(&connection, &table);
                let rows = rows(&connection, &table, &columns).unwrap();
                (table, columns, rows)
            })
            .collect();
        assert!(before.iter().all(|(_, _, rows)| rows.len() == 3));
        migrate_by(&mut connection, steps).unwrap();
        let lost = before.into_iter().filter(|(table, columns, before)| {
            rows(&connection, table, columns).ok().as_ref() != Some(before)
        });
        lost.map(|(table, ..)| table).collect()
    }

    #[test]
    fn invariant_10_every_older_archive_is_migrated_with_all_it_holds() {
        for version in 1..=MIGRATIONS.len() {
            assert_eq!(lost_from(MIGRATIONS, version), Vec::<String>::new(), "from version {version}");
        }
    }

    #[test]
    fn a_migration_that_loses_something_would_be_noticed() {
        let base = MIGRATIONS[0];
        for (step, table) in [
            ("DELETE FROM events WHERE id = 2", "events"),
            ("UPDATE chats SET composer_text = '' WHERE id = 1", "chats"),
            ("ALTER TABLE outbox DROP COLUMN detail", "outbox"),
        ] {
            assert_eq!(lost_from(&[base, step], 1), [table], "{step}");
        }
        assert!(lost_from(&[base, "ALTER TABLE chats ADD COLUMN note TEXT"], 1).is_empty());
    }

    #[test]
    fn the_commented_schema_file_equals_the_real_schema() {
        let mut real = Connection::open_in_memory().unwrap();
        migrate(&mut real).unwrap();
        let written = Connection::open_in_memory().unwrap();
        written.execute_batch(include_str!("schema.sql")).unwrap();
        assert_eq!(schema(&real), schema(&written));
    }

    #[test]
    fn invariant_10_a_newer_database_is_refused_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        assert!(matches!(migrate(&mut connection), Err(StoreError::Newer { found: 999, .. })));
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, 999);
    }

    #[test]
    fn what_an_earlier_program_found_out_about_its_tables_is_forgotten() {
        let mut connection = historical(MIGRATIONS, 10);
        connection.execute_batch("ANALYZE").unwrap();
        migrate(&mut connection).unwrap();
        assert!(
            names(&connection, "SELECT name FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'").is_empty()
        );
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let before = schema(&connection);
        migrate(&mut connection).unwrap();
        assert_eq!(before, schema(&connection));
    }
}
