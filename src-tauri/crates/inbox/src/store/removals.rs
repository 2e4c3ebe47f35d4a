//! Setting `removing`: accounts whose archive is being removed. It takes many transactions; a kill between them must not leave half.

use rusqlite::Connection;

use super::{StoreError, settings};
use crate::ids::AccountId;

const KEY: &str = "removing";

/// Accounts whose archive is still to be removed.
pub(crate) fn list(connection: &Connection) -> Result<Vec<AccountId>, StoreError> {
    Ok(settings::get(connection, KEY)?.unwrap_or_default())
}

/// The seller wants this account's archive removed.
pub(crate) fn add(connection: &Connection, id: AccountId) -> Result<(), StoreError> {
    let mut ids = list(connection)?;
    ids.push(id);
    settings::set(connection, KEY, &ids)
}

/// Nothing of it is left.
pub(crate) fn done(connection: &Connection, id: AccountId) -> Result<(), StoreError> {
    let ids: Vec<AccountId> = list(connection)?.into_iter().filter(|other| *other != id).collect();
    settings::set(connection, KEY, &ids)
}
