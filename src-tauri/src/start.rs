//! What every way of starting has in common: the data folder, the vault, the core of the seller's own shop.

use std::path::{Path, PathBuf};

use inbox::view::{ErrorCode, SecretFallback, SecretStoreState, UiError};
use inbox::{Core, CoreConfig, CoreError, DataFolder, Vault};
use secrecy::SecretString;

use crate::cli::Arguments;

/// The folder with everything: `--data-dir`, otherwise the system's place for application data.
pub(crate) fn data_folder(arguments: &Arguments) -> Result<DataFolder, UiError> {
    let root = match &arguments.data_dir {
        Some(folder) => Some(std::path::absolute(folder).unwrap_or_else(|_| folder.clone())),
        None => dirs::data_dir().map(|folder| folder.join("ru.prilavok.desktop")),
    };
    let root: PathBuf = root.ok_or_else(|| storage("the system names no folder for application data"))?;
    DataFolder::open(&root).map_err(|error| storage(&format!("{}: {error}", root.display())))
}

/// Opens the seller's own shop.
pub(crate) async fn open_shop(
    folder: &DataFolder,
    arguments: &Arguments,
    background: bool,
) -> Result<Core, CoreError> {
    let vault = open_vault(folder, arguments).await?;
    let mut config = CoreConfig::new(&folder.shop(), vault);
    config.background = background;
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    env!("CARGO_PKG_VERSION").clone_into(&mut config.version);
    Core::open(config).await
}

async fn open_vault(folder: &DataFolder, arguments: &Arguments) -> Result<Vault, CoreError> {
    let vault = Vault::open(folder.root(), &namespace(folder.root())).await;
    let passphrase = match &arguments.passphrase_file {
        Some(path) => Some(read_passphrase(path)?),
        None => None,
    };
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
    Ok(vault)
}

fn read_passphrase(path: &Path) -> Result<SecretString, CoreError> {
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
