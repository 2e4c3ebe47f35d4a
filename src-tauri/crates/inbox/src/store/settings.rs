//! Table `settings`: JSON values by key.

use rusqlite::{Connection, OptionalExtension};
use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// Reads a value; none when it was never set or no longer parses (an older or newer form: the default applies).
pub(crate) fn get<T: DeserializeOwned>(connection: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Writes a value.
pub(crate) fn set<T: Serialize>(connection: &Connection, key: &str, value: &T) -> Result<(), StoreError> {
    let text =
        serde_json::to_string(value).map_err(|error| StoreError::Folder(std::io::Error::other(error)))?;
    connection
        .prepare_cached(
            "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute((key, text))?;
    Ok(())
}
