//! What the shop takes on the disk, and making room.

use std::io;
use std::path::{Path, PathBuf};

use super::Core;
use crate::error::CoreError;
use crate::ids::MediaId;
use crate::store::media;
use crate::view::StorageView;

/// Files that one transaction forgets.
const PIECE: usize = 500;

impl Core {
    /// Sizes of the shop's files; `logs` is the folder of the logs.
    pub async fn storage(&self, logs: PathBuf) -> Result<StorageView, CoreError> {
        let pictures = self.inner.store.read(media::fetched_pictures).await?;
        let folder = self.inner.folder.clone();
        let measured = tokio::task::spawn_blocking(move || -> io::Result<StorageView> {
            let media = folder.join("media");
            Ok(StorageView {
                archive: size_of_files(&folder)?,
                media: size_of_files(&media)? + size_of_files(&folder.join("outbox"))?,
                pictures: pictures.iter().map(|id| size_of(&media.join(id.to_string()))).sum(),
                logs: size_of_files(&logs)?,
            })
        });
        Ok(measured.await.map_err(io::Error::other)??)
    }

    /// Removes the pictures that Avito gives again; answers how many bytes that freed. Voice files stay, and so does what waits to be
    /// sent.
    pub async fn clean_pictures(&self) -> Result<i64, CoreError> {
        let ids: Vec<MediaId> = self.inner.store.read(media::fetched_pictures).await?;
        let folder = self.inner.folder.join("media");
        let mut freed = 0;
        for piece in ids.chunks(PIECE) {
            freed += piece.iter().map(|id| size_of(&folder.join(id.to_string()))).sum::<i64>();
            // First the note, then the file: a kill between them leaves a file that is fetched over, never a note without a file.
            let gone = piece.to_vec();
            self.inner.store.write(move |c| media::set_gone(c, &gone)).await?;
            self.inner.media.forget(piece.to_vec()).await;
        }
        Ok(freed)
    }
}

/// A file that is not there takes nothing.
fn size_of(path: &Path) -> i64 {
    std::fs::metadata(path).map_or(0, |found| i64::try_from(found.len()).unwrap_or(i64::MAX))
}

/// The files of a folder, without folders in it.
fn size_of_files(folder: &Path) -> io::Result<i64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            sum += size_of(&entry.path());
        }
    }
    Ok(sum)
}
