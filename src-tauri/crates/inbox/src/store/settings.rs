//! Table `settings`: JSON values by key.

use rusqlite::{Connection, OptionalExtension};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::StoreError;

/// Reads a value; none when it was never set or no longer parses (an older or newer form: the default applies).
pub(crate) fn get<T: DeserializeOwned>(connection: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// All values by key, as JSON.
pub(crate) fn all(connection: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = connection.prepare("SELECT key, value FROM settings ORDER BY key")?;
    Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Writes a value.
pub(crate) fn set<T: Serialize>(connection: &Connection, key: &str, value: &T) -> Result<(), StoreError> {
    let text =
        serde_json::to_string(value).map_err(|error| StoreError::Folder(std::io::Error::other(error)))?;
    set_text(connection, key, &text)
}

/// Writes a value that is JSON already.
pub(crate) fn set_text(connection: &Connection, key: &str, text: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute((key, text))?;
    Ok(())
}

/// Reads a struct of which only the differences from its default are stored, so that a better default reaches everybody who
/// never chose. A field that no longer parses falls back to its default alone.
pub(crate) fn get_over_default<T>(connection: &Connection, key: &str) -> Result<T, StoreError>
where
    T: Default + Serialize + DeserializeOwned,
{
    let stored: Map<String, Value> = get(connection, key)?.unwrap_or_default();
    let mut fields = fields(&T::default());
    for (name, value) in stored {
        let mut tried = fields.clone();
        tried.insert(name, value);
        if T::deserialize(Value::Object(tried.clone())).is_ok() {
            fields = tried;
        }
    }
    Ok(T::deserialize(Value::Object(fields)).unwrap_or_default())
}

/// Writes what differs from the default.
pub(crate) fn set_over_default<T: Default + Serialize>(
    connection: &Connection,
    key: &str,
    value: &T,
) -> Result<(), StoreError> {
    let default = fields(&T::default());
    let mut changed = fields(value);
    changed.retain(|name, value| default.get(name) != Some(value));
    set(connection, key, &changed)
}

fn fields(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Settings, Theme};

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        connection
    }

    #[test]
    fn only_differences_are_stored_and_read_over_the_defaults() {
        let connection = connection();
        let settings = Settings { sound: false, theme: Theme::Dark, ..Settings::default() };
        set_over_default(&connection, "settings", &settings).unwrap();
        let stored: Value = get(&connection, "settings").unwrap().unwrap();
        assert_eq!(stored, serde_json::json!({"sound": false, "theme": "dark"}));
        assert_eq!(get_over_default::<Settings>(&connection, "settings").unwrap(), settings);
    }

    #[test]
    fn a_setting_of_another_version_does_not_spoil_the_others() {
        let connection = connection();
        set(&connection, "settings", &serde_json::json!({"sound": false, "theme": "sepia", "gone": 1}))
            .unwrap();
        let settings: Settings = get_over_default(&connection, "settings").unwrap();
        assert_eq!(settings, Settings { sound: false, ..Settings::default() });
    }
}
