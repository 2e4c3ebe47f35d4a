//! A second index in memory, to try changes on.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::migrate;
use crate::KnowledgeError;

/// In an order in which nothing is missed.
const TABLES: [&str; 5] =
    ["knowledge_state", "knowledge_passage", "knowledge_word", "knowledge_posting", "knowledge_vector"];

/// Copies the passages and their index into a database in memory: what is changed there, nobody else sees. `from` must have the tables of
/// [`migrate`], and should be within a transaction.
///
/// # Errors
/// The database's.
pub fn copy(from: &Connection) -> Result<Connection, KnowledgeError> {
    let mut to = Connection::open_in_memory()?;
    migrate(&mut to)?;
    let transaction = to.transaction()?;
    for table in TABLES {
        transaction.execute(&format!("DELETE FROM {table}"), [])?;
        let mut read = from.prepare(&format!("SELECT * FROM {table}"))?;
        let width = read.column_count();
        let places = vec!["?"; width].join(", ");
        let mut write = transaction.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            let values: Vec<Value> = (0..width).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            write.execute(params_from_iter(values))?;
        }
    }
    transaction.commit()?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewPassage, Scope, Searcher, Writer};

    fn put(connection: &mut Connection, key: &str, text: &str) {
        let transaction = connection.transaction().unwrap();
        let mut writer = Writer::new(&transaction);
        writer.put(&NewPassage { key, account: None, item: None, title: "", text }).unwrap();
        writer.finish().unwrap();
        transaction.commit().unwrap();
    }

    fn found(connection: &Connection, question: &str) -> Vec<String> {
        let hits = Searcher::new().search(connection, question, Scope::default(), 5).unwrap();
        hits.into_iter().map(|hit| hit.passage.key).collect()
    }

    #[test]
    fn a_copy_finds_the_same_and_its_changes_stay_its_own() {
        let mut real = Connection::open_in_memory().unwrap();
        migrate(&mut real).unwrap();
        put(&mut real, "delivery", "Доставка по городу 500 ₽");
        put(&mut real, "lenses", "Линзы стоят 9000 ₽");
        let mut copied = copy(&real).unwrap();
        assert_eq!(found(&copied, "почём линзы"), found(&real, "почём линзы"));
        put(&mut copied, "lamps", "Лампы светодиодные");
        assert_eq!(found(&copied, "лампы"), ["lamps"]);
        assert!(found(&real, "лампы").is_empty());
        let transaction = copied.transaction().unwrap();
        let mut writer = Writer::new(&transaction);
        assert!(writer.remove("delivery").unwrap());
        writer.finish().unwrap();
        transaction.commit().unwrap();
        assert!(found(&copied, "доставка").is_empty());
        assert_eq!(found(&real, "доставка"), ["delivery"]);
        // Every table is copied: none may be added and forgotten.
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 'knowledge_%'";
        let tables: i64 = real.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(tables).unwrap(), TABLES.len());
    }
}
