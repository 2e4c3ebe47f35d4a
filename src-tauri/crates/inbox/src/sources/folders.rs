//! Watched folders, and files that were chosen one by one: what changed on the disk is read again.
//!
//! They are looked at, not listened to: that works the same on network drives, and nothing is lost while the program is closed.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use documents::Kind;

use super::files;
use super::reading::modified_ms;
use crate::core::Core;
use crate::error::CoreError;
use crate::ids::{FolderId, SourceId};
use crate::store::sources::{self, FolderRow, SourceRow};
use crate::view::{Notice, ProblemCode, Scope};

use super::entries::{item_number, settle};

/// Files of a watched folder that are taken.
const FILES: usize = 2_000;
/// Folders within folders that are looked into.
const DEPTH: usize = 6;

impl Core {
    /// Watches a folder: its files are read now, and again when they change.
    pub async fn watch_folder(&self, scope: &Scope, path: &Path) -> Result<FolderId, CoreError> {
        let (account, item, now_ms) = (scope.account, item_number(scope)?, self.inner.clock.now_ms());
        let path = path.to_string_lossy().into_owned();
        let id =
            self.inner.store.write(move |c| sources::add_folder(c, &path, account, item, now_ms)).await?;
        look(self).await?;
        Ok(id)
    }

    /// Watches a folder no more. Its files stay unless `keep` is false.
    pub async fn forget_folder(&self, id: FolderId, keep: bool) -> Result<(), CoreError> {
        let removed = self.inner.store.write(move |c| sources::remove_folder(c, id, keep)).await?;
        self.notify(Notice::Knowledge);
        for source in removed {
            settle(&self.inner.store, source).await?;
        }
        self.notify(Notice::Knowledge);
        Ok(())
    }
}

/// Looks at all files now and then, until the core stops.
pub(super) async fn watch(core: Core) {
    loop {
        if let Err(error) = look(&core).await {
            tracing::warn!(%error, "watched folders could not be looked at");
        }
        core.inner.clock.sleep(core.inner.timing.folder_look).await;
    }
}

/// What stands on the disk now.
struct Seen {
    folders: Vec<(FolderRow, Result<Vec<PathBuf>, ProblemCode>)>,
    /// Known files whose size or time of change is another.
    changed: Vec<SourceId>,
    /// Files of watched folders that are not there, though their folder is.
    missing: HashSet<SourceId>,
}

async fn look(core: &Core) -> Result<(), CoreError> {
    let (folders, known) = core.inner.store.read(|c| Ok((sources::folders(c)?, sources::files(c)?))).await?;
    if folders.is_empty() && known.is_empty() {
        return Ok(());
    }
    let seen = tokio::task::spawn_blocking(move || see(folders, &known));
    let Ok(seen) = seen.await else { return Ok(()) };
    let now_ms = core.inner.clock.now_ms();
    // Programs that save or synchronise a file take it away for a moment: it is gone when the next look misses it, too.
    let missed = core.inner.desk.missed(seen.missing.clone());
    let gone: Vec<SourceId> = seen.missing.intersection(&missed).copied().collect();
    let removed = gone.clone();
    let news = core.inner.store.write(move |c| {
        let mut news = false;
        for (folder, files) in &seen.folders {
            let problem = files.as_ref().err().copied();
            news |= sources::set_folder_problem(c, folder.id, problem)?;
            for path in files.as_deref().unwrap_or_default() {
                let of = files::in_folder(folder.id, folder.account, folder.item, now_ms);
                if sources::by_path(c, &path.to_string_lossy())?.is_none() {
                    files::add_file(c, &path.to_string_lossy(), &of)?;
                    news = true;
                }
            }
        }
        for id in &seen.changed {
            sources::set_to_read(c, *id)?;
            news = true;
        }
        for id in &removed {
            news |= sources::set_removed(c, *id)?;
        }
        Ok(news)
    });
    if news.await? {
        for id in gone {
            settle(&core.inner.store, id).await?;
        }
        core.inner.desk.wake.notify_one();
        core.notify(Notice::Knowledge);
    }
    Ok(())
}

fn see(folders: Vec<FolderRow>, known: &[SourceRow]) -> Seen {
    let folders: Vec<_> = folders
        .into_iter()
        .map(|folder| {
            let mut files = Vec::new();
            let listed = list(Path::new(&folder.path), 0, &mut files);
            (folder, listed.map(|()| files))
        })
        .collect();
    let there: HashMap<FolderId, bool> =
        folders.iter().map(|(folder, files)| (folder.id, files.is_ok())).collect();
    let (mut changed, mut missing) = (Vec::new(), HashSet::new());
    for source in known {
        let Some(path) = &source.path else { continue };
        match std::fs::metadata(path) {
            Ok(about) => {
                let size = i64::try_from(about.len()).ok();
                // What was never read has no size: it waits, or says why it cannot be read.
                if source.size.is_some() && (source.size != size || source.modified_ms != modified_ms(&about))
                {
                    changed.push(source.id);
                }
            }
            // A file of its own may be on a drive that is not here today; what it said is kept.
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound
                    && source.folder.is_some_and(|folder| there.get(&folder) == Some(&true)) =>
            {
                missing.insert(source.id);
            }
            Err(_) => {}
        }
    }
    Seen { folders, changed, missing }
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), ProblemCode> {
    let entries = std::fs::read_dir(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ProblemCode::FileMissing,
        _ => ProblemCode::FileTrouble,
    })?;
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Hidden files, and what Office and editors write beside an open document.
        if name.starts_with(['.', '~']) || files.len() >= FILES {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < DEPTH => {
                // A folder within that cannot be read does not spoil the others.
                let _ = list(&entry.path(), depth + 1, files);
            }
            Ok(kind) if kind.is_file() && Kind::is_readable(&name) => files.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::idle_core;

    #[tokio::test]
    async fn a_file_that_is_away_for_a_moment_stays_the_source_it_was() {
        let (folder, core) = idle_core().await;
        let watched = folder.path().join("прайсы");
        std::fs::create_dir(&watched).unwrap();
        let file = watched.join("прайс.txt");
        std::fs::write(&file, "Доставка бесплатная.").unwrap();
        core.watch_folder(&Scope::default(), &watched).await.unwrap();
        let path = file.to_string_lossy().into_owned();
        let known = async || {
            let path = path.clone();
            core.inner.store.read(move |c| sources::by_path(c, &path)).await.unwrap()
        };
        let first = known().await;
        assert!(first.is_some());
        std::fs::remove_file(&file).unwrap();
        look(&core).await.unwrap();
        std::fs::write(&file, "Доставка 300 рублей.").unwrap();
        look(&core).await.unwrap();
        assert_eq!(known().await, first);
        // Away at two looks in a row: it is gone.
        std::fs::remove_file(&file).unwrap();
        look(&core).await.unwrap();
        assert_eq!(known().await, first);
        look(&core).await.unwrap();
        assert_eq!(known().await, None);
    }
}
