//! The data folder: what lies where, readable by its owner only, used by one program at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Paths inside one data folder.
///
/// ```text
/// prilavok.lock    held while a program uses the folder
/// control.json     where the running program listens for the command line
/// shop/            the seller's own accounts: prilavok.db, media/, outbox/
/// demo/            the demo shop, made anew at each start
/// logs/            one file a day, two weeks
/// shop-restoring/  a backup that is being restored
/// shop-set-aside-… what was there before a backup was restored; the seller may delete it
/// secrets.sealed   only where there is no keychain and the seller chose a passphrase
/// ```
#[derive(Debug, Clone)]
pub struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    /// Makes the folder when it is not there.
    pub fn open(root: &Path) -> io::Result<Self> {
        let folder = Self { root: root.to_owned() };
        create_private_folder(root)?;
        create_private_folder(&folder.logs())?;
        #[cfg(unix)]
        make_private(root)?;
        Ok(folder)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The seller's own shop.
    pub fn shop(&self) -> PathBuf {
        self.root.join("shop")
    }

    /// The demo shop.
    pub fn demo(&self) -> PathBuf {
        self.root.join("demo")
    }

    /// Log files.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Where the running program says how to reach it.
    pub fn control(&self) -> PathBuf {
        self.root.join("control.json")
    }

    /// Takes the folder for this program; none when another one has it. The lock ends with the returned file, also when the
    /// program is killed. A restoring that a killed run left half done is settled first.
    pub fn lock(&self) -> io::Result<Option<File>> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let file = owner_only(&mut options).open(self.root.join("prilavok.lock"))?;
        match file.try_lock() {
            Ok(()) => {
                crate::backup::settle(self)?;
                Ok(Some(file))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Makes a folder (with its parents) that only its owner can read.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Makes (or empties) a file that only its owner can read.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    owner_only(&mut options).open(path)
}

/// A file made with these options is its owner's alone; one that is there keeps its mode.
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Takes from others what an older version, a copy or an unpacked backup left open to them. Links are left alone, and so is what
/// vanishes meanwhile or is somebody else's. A folder that was closed hides what is in it: a hundred thousand pictures need not be
/// looked at in each start.
#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    const OTHERS: u32 = 0o077;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_symlink() {
            continue;
        }
        let Ok(mode) = entry.metadata().map(|found| found.permissions().mode()) else { continue };
        let open_to_others = mode & OTHERS != 0;
        if open_to_others
            && let Err(error) = fs::set_permissions(&path, fs::Permissions::from_mode(mode & !OTHERS))
        {
            tracing::warn!(%error, "a file of the data folder stays readable by others");
        }
        if kind.is_dir() && open_to_others {
            make_private(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_was_open_to_others_is_closed_at_the_next_start_and_links_are_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let (root, elsewhere) = (place.path().join("data"), place.path().join("elsewhere"));
        fs::create_dir_all(root.join("shop/media")).unwrap();
        for file in [root.join("shop/media/1"), root.join("prilavok.lock"), elsewhere.clone()] {
            fs::write(&file, "x").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        }
        fs::set_permissions(root.join("shop"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink(&elsewhere, root.join("shop/link")).unwrap();
        let folder = DataFolder::open(&root).unwrap();
        let _lock = folder.lock().unwrap().unwrap();
        for private in ["", "shop", "shop/media", "logs"] {
            assert_eq!(mode(&root.join(private)), 0o700, "{private}");
        }
        for private in ["shop/media/1", "prilavok.lock"] {
            assert_eq!(mode(&root.join(private)), 0o600, "{private}");
        }
        assert_eq!(mode(&elsewhere), 0o644);
    }

    #[test]
    fn a_new_lock_file_is_its_owners_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&place.path().join("data")).unwrap();
        let _lock = folder.lock().unwrap().unwrap();
        assert_eq!(mode(&place.path().join("data/prilavok.lock")), 0o600);
    }
}
