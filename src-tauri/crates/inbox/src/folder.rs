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
    /// program is killed.
    pub fn lock(&self) -> io::Result<Option<File>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.root.join("prilavok.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
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
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
