//! Files as sources: chosen, dropped, read again, stopped.

use std::path::PathBuf;

use rusqlite::Connection;

use super::entries::item_number;
use crate::core::Core;
use crate::error::CoreError;
use crate::ids::{FolderId, SourceId};
use crate::store::StoreError;
use crate::store::sources::{self, NewSource};
use crate::view::{Notice, Scope, SourceKind, SourceState};

impl Core {
    /// Adds files; they are read in the background. One that is known already is looked at again. On trial they are switched off.
    pub async fn add_files(
        &self,
        scope: &Scope,
        paths: Vec<PathBuf>,
        on_trial: bool,
    ) -> Result<Vec<SourceId>, CoreError> {
        let item = item_number(scope)?;
        let (account, now_ms) = (scope.account, self.inner.clock.now_ms());
        let added = self.inner.store.write(move |c| {
            let of = NewSource { account, item, off: on_trial, now_ms, ..NewSource::default() };
            paths.iter().map(|path| add_file(c, &path.to_string_lossy(), &of)).collect()
        });
        let added = added.await?;
        self.inner.desk.wake.notify_one();
        self.notify(Notice::Knowledge);
        Ok(added)
    }

    /// Adds a file by its bytes: one that was dropped has no path here. The same name once more is its new form, on trial too, but then
    /// beside the one in use.
    pub async fn add_dropped_file(
        &self,
        scope: &Scope,
        name: &str,
        bytes: Vec<u8>,
        on_trial: bool,
    ) -> Result<SourceId, CoreError> {
        let item = item_number(scope)?;
        let new = NewSource {
            kind: SourceKind::File,
            account: scope.account,
            item,
            title: name.chars().take(200).collect(),
            state: SourceState::Stopped, // until its bytes are at hand
            off: on_trial,
            now_ms: self.inner.clock.now_ms(),
            ..NewSource::default()
        };
        let core = self.clone();
        let id = self.inner.store.write(move |c| {
            let id = if on_trial { sources::add(c, &new)? } else { sources::find_dropped_or_add(c, &new)? };
            sources::set_to_read(c, id)?;
            // Here, so that a reading of its former bytes ends either before all this, or sees that there are others.
            core.inner.desk.stop(id);
            core.inner.desk.put_dropped(id, bytes);
            Ok(id)
        });
        let id = id.await?;
        self.inner.desk.wake.notify_one();
        self.notify(Notice::Knowledge);
        Ok(id)
    }

    /// A file that was on trial takes the place of its older form, which is removed, or switched off where a watched folder would bring it
    /// again.
    pub async fn replace_source(&self, new: SourceId, old: SourceId) -> Result<(), CoreError> {
        self.inner.desk.stop(old);
        if !self.inner.store.write(move |c| sources::replace(c, new, old)).await? {
            return Err(CoreError::not_found("no such source"));
        }
        self.settle(old).await?;
        self.settle(new).await
    }

    /// Reads a file again from its beginning, also one that was stopped.
    pub async fn read_again(&self, id: SourceId) -> Result<(), CoreError> {
        self.inner.store.write(move |c| sources::set_to_read(c, id)).await?;
        self.inner.desk.wake.notify_one();
        self.notify(Notice::Knowledge);
        Ok(())
    }

    /// Stops the reading of a source, or takes it from those that wait.
    pub async fn stop_reading(&self, id: SourceId) -> Result<(), CoreError> {
        self.inner.store.write(move |c| sources::set_stopped(c, id)).await?;
        self.inner.desk.stop(id);
        self.notify(Notice::Knowledge);
        Ok(())
    }
}

/// The source of a path: known, or added with what else is given.
pub(super) fn add_file(connection: &Connection, path: &str, of: &NewSource) -> Result<SourceId, StoreError> {
    if let Some(id) = sources::by_path(connection, path)? {
        sources::set_to_read(connection, id)?;
        return Ok(id);
    }
    let title = path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    let new = NewSource {
        kind: SourceKind::File,
        title,
        path: Some(path.to_owned()),
        state: SourceState::ToRead,
        ..of.clone()
    };
    sources::add(connection, &new)
}

/// What a watched folder brings.
pub(super) fn in_folder(
    folder: FolderId,
    account: Option<crate::ids::AccountId>,
    item: Option<i64>,
    now_ms: i64,
) -> NewSource {
    NewSource { account, item, folder: Some(folder), now_ms, ..NewSource::default() }
}
