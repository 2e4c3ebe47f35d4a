//! What every way of starting has in common: the data folder, the vault, the core of the seller's own shop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inbox::view::{ErrorCode, SecretFallback, SecretStoreState, UiError};
use inbox::{Core, CoreConfig, CoreError, DataFolder, RealTunnels, Vault};
use secrecy::SecretString;
use tunnel::program::Minder;

use crate::cli::Arguments;

/// The folder with everything: `--data-dir`, otherwise the system's place for application data.
pub(crate) fn data_folder(arguments: &Arguments) -> Result<DataFolder, UiError> {
    let root = match &arguments.data_dir {
        Some(folder) => Some(std::path::absolute(folder).unwrap_or_else(|_| folder.clone())),
        None => dirs::data_dir().map(|folder| folder.join("ru.prilavok.desktop")),
    };
    let root: PathBuf = root.ok_or_else(|| storage("the system names no folder for application data"))?;
    DataFolder::open(&root).map_err(|error| {
        let message = format!("{}: {error}", root.display());
        UiError { code: CoreError::Folder(error).code(), message }
    })
}

/// What it takes to open the seller's own shop, also later and again.
pub(crate) struct Opener {
    /// Where everything lies.
    pub(crate) folder: DataFolder,
    /// Where secrets are kept; usable before the shop is open.
    pub(crate) vault: Vault,
    listen: Option<SocketAddr>,
    /// How many times faster than usual it asks and gives up waiting.
    hurry: u32,
}

impl Opener {
    /// Finds out where secrets are kept.
    pub(crate) async fn new(folder: &DataFolder, arguments: &Arguments) -> Self {
        let vault = Vault::open(folder.root(), &namespace(folder.root())).await;
        Self { folder: folder.clone(), vault, listen: arguments.listen, hurry: arguments.hurry }
    }

    /// Opens the vault with what the command line gave for it; answers the recovery code, if it gave one.
    pub(crate) async fn use_arguments(
        &self,
        arguments: &Arguments,
    ) -> Result<Option<SecretString>, CoreError> {
        let vault = &self.vault;
        let passphrase = arguments.passphrase_file.as_deref().map(read_secret).transpose()?;
        match (vault.state(), passphrase) {
            (SecretStoreState::PassphraseNeeded, Some(passphrase)) => vault.unlock(passphrase).await?,
            (SecretStoreState::Missing, Some(passphrase)) => {
                vault.choose(SecretFallback::Passphrase, Some(passphrase)).await?;
            }
            (SecretStoreState::Missing, None) if arguments.secrets_this_run_only => {
                vault.choose(SecretFallback::ThisRunOnly, None).await?;
            }
            _ => {}
        }
        arguments.recovery_code_file.as_deref().map(read_secret).transpose()
    }

    /// Opens the shop; without `background` it only reads and writes its own store.
    pub(crate) async fn open(
        &self,
        background: bool,
        recovery_code: Option<SecretString>,
    ) -> Result<Core, CoreError> {
        let mut config = CoreConfig::new(&self.folder.shop(), self.vault.clone());
        config.background = background;
        config.recovery_code = recovery_code;
        config.tunnels = Arc::new(RealTunnels { minder: Minder::of_this_program() });
        config.timing = config.timing.hurried(self.hurry);
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        env!("CARGO_PKG_VERSION").clone_into(&mut config.version);
        Core::open(config).await
    }
}

/// Opens the seller's own shop once.
pub(crate) async fn open_shop(
    folder: &DataFolder,
    arguments: &Arguments,
    background: bool,
) -> Result<Core, CoreError> {
    let opener = Opener::new(folder, arguments).await;
    let recovery_code = opener.use_arguments(arguments).await?;
    opener.open(background, recovery_code).await
}

/// What helps support to understand a trouble, also where the shop does not open.
pub(crate) async fn diagnostics(folder: &DataFolder, arguments: &Arguments) -> String {
    let shop = open_shop(folder, arguments, false).await.map_err(UiError::from);
    let text = inbox::diagnostics::gather(folder, env!("CARGO_PKG_VERSION"), shop.as_ref()).await;
    if let Ok(core) = shop {
        core.close().await;
    }
    text
}

/// The one line of a file; secrets never come as arguments, which every program on the machine can read.
pub(crate) fn read_secret(path: &Path) -> Result<SecretString, CoreError> {
    let text = SecretString::from(std::fs::read_to_string(path)?);
    Ok(SecretString::from(secrecy::ExposeSecret::expose_secret(&text).trim_end_matches(['\r', '\n'])))
}

/// Tells this data folder from others in the keychain. The folder's own path will do: a copy elsewhere is another
/// installation and asks for its keys again.
fn namespace(root: &Path) -> String {
    root.display().to_string()
}

pub(crate) fn storage(message: &str) -> UiError {
    UiError { code: ErrorCode::Storage, message: message.to_owned() }
}
