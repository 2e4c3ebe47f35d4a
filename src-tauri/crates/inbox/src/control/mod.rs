//! The command line's way to a running program, and the commands themselves.
//!
//! A command is a [`Request`]; [`execute`] carries it out on an open core. When the program runs, the command line sends the
//! request to it over the loopback interface ([`client`]), with a token that lives as long as the run and lies in a file only the
//! owner can read; otherwise it opens the core itself.

pub mod client;
pub mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use crate::Core;
use crate::account::NewKey;
use crate::backup::BackupSecret;
use crate::core::IMAGE_LIMIT;
use crate::error::CoreError;
use crate::export::ExportRequest;
use crate::ids::{AccountId, SourceId};
use crate::store::events;
use crate::view::{
    AccountView, ChatQuery, EntryInput, ErrorCode, ExportFormat, Language, MessageRow, Scope, TunnelSettings,
    UiError,
};

/// How long a webhook may take to be registered and proved.
const SETTLING: Duration = Duration::from_secs(30);

/// What the command line can ask for.
#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// Connect an account.
    AccountAdd {
        /// Client id.
        client_id: String,
        /// Client secret. Travels over the loopback interface only, with the run's token.
        client_secret: String,
        /// Another server than Avito's.
        api_url: Option<String>,
        /// The account's budget.
        calls_per_minute: Option<u32>,
    },
    /// All accounts.
    AccountList,
    /// Disconnect an account.
    AccountRemove {
        /// Local id.
        account: AccountId,
        /// Keep its chats.
        keep_archive: bool,
    },
    /// Modes, troubles, progress.
    Status,
    /// The chat list, newest first.
    Chats {
        /// One account or all.
        account: Option<AccountId>,
        /// Only unread chats.
        unread_only: bool,
        /// At most so many.
        limit: u32,
    },
    /// The newest messages of a chat, oldest first.
    Messages {
        /// One account or all.
        account: Option<AccountId>,
        /// Avito's chat id or our local id.
        chat: String,
        /// At most so many.
        limit: u32,
    },
    /// Send a text and wait until Avito has it.
    Send {
        /// One account or all.
        account: Option<AccountId>,
        /// Avito's chat id or our local id.
        chat: String,
        /// The text.
        text: String,
        /// How long to wait for Avito, milliseconds.
        wait_ms: u64,
    },
    /// What gives the endpoint a public address, and what it is doing.
    Tunnel,
    /// Set it up.
    TunnelSet {
        /// Everything but the token.
        settings: TunnelSettings,
        /// ngrok's token; none: the one that is kept. Travels like a key does.
        ngrok_token: Option<String>,
    },
    /// Register the webhook and wait until the line is settled.
    WebhookRegister {
        /// One account or all.
        account: Option<AccountId>,
    },
    /// How messages arrive, and what Avito's list holds.
    WebhookStatus {
        /// One account or all.
        account: Option<AccountId>,
    },
    /// Take the webhook away.
    WebhookUnregister {
        /// One account or all.
        account: Option<AccountId>,
    },
    /// Post a test through the public address.
    WebhookTest {
        /// One account or all.
        account: Option<AccountId>,
    },
    /// Add an entry to the knowledge.
    KnowledgeAdd {
        /// The entry.
        entry: EntryInput,
    },
    /// Add files to the knowledge; a running program reads them, or the next one that runs.
    KnowledgeAddFiles {
        /// For whom they hold.
        scope: Scope,
        /// Absolute paths.
        files: Vec<PathBuf>,
    },
    /// Sources that have these words.
    KnowledgeList {
        /// Empty: all.
        words: String,
    },
    /// What the helper finds for a question, and what it would quote.
    KnowledgeSearch {
        /// Where it is asked.
        scope: Scope,
        /// The question.
        question: String,
    },
    /// Remove a source.
    KnowledgeRemove {
        /// The source.
        source: SourceId,
    },
    /// Whether the archive is encrypted.
    ArchiveStatus,
    /// Encrypt the archive, if it is not yet.
    ArchiveEncrypt,
    /// The recovery code, until it is confirmed. Travels like a key does.
    RecoveryCode,
    /// The seller has kept the recovery code.
    ConfirmRecoveryCode {
        /// Its last group.
        last_group: String,
    },
    /// A new key for the archive, and a new recovery code.
    NewRecoveryCode,
    /// Send a picture and wait until Avito has it.
    SendImage {
        /// One account or all.
        account: Option<AccountId>,
        /// Avito's chat id or our local id.
        chat: String,
        /// The picture, a full path on this machine.
        file: PathBuf,
        /// How long to wait for Avito, milliseconds.
        wait_ms: u64,
    },
    /// What helps support to understand a trouble.
    Diagnostics,
    /// Make a backup.
    BackupCreate {
        /// The new file, or a folder for it: a full path.
        out: PathBuf,
        /// A passphrase; none: the archive's recovery code. Travels like a key does.
        secret: Option<String>,
    },
    /// Read a backup to its end.
    BackupVerify {
        /// The file, a full path.
        file: PathBuf,
        /// Its passphrase or recovery code; none: the archive's recovery code.
        secret: Option<String>,
    },
    /// Write chats in a form for programs or for people.
    Export {
        /// The new folder, a full path.
        out: PathBuf,
        /// The form.
        format: ExportFormat,
        /// One account or all.
        account: Option<AccountId>,
        /// Copy pictures too.
        pictures: bool,
    },
    /// Show the window (another start of the program asks the first one).
    ShowWindow,
}

/// Answer of `status`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// Whether a program keeps the shop up to date, or this command only looked.
    pub running: bool,
    /// Where the webhook endpoint listens, while running.
    pub endpoint: Option<String>,
    /// Deliveries that are written down and not yet taken in.
    pub journal_waiting: u32,
    /// Accounts.
    pub accounts: Vec<AccountView>,
}

/// Carries a request out. The answer is JSON in the shapes of [`crate::view`].
pub async fn execute(core: &Core, request: Request) -> Result<Value, UiError> {
    run(core, request).await.map_err(UiError::from)
}

async fn run(core: &Core, request: Request) -> Result<Value, CoreError> {
    match request {
        Request::AccountAdd { client_id, client_secret, api_url, calls_per_minute } => {
            let client_secret = SecretString::from(client_secret);
            let key = NewKey { client_id, client_secret, api_url, calls_per_minute };
            to_json(core.add_account(&key).await?)
        }
        Request::AccountList => to_json(core.account_views().await?),
        Request::AccountRemove { account, keep_archive } => {
            core.remove_account(account, keep_archive).await?;
            Ok(json!({"removed": account}))
        }
        Request::Status => to_json(Status {
            version: core.inner.version.clone(),
            running: core.inner.background,
            endpoint: core.inner.background.then(|| core.endpoint_address().to_string()),
            journal_waiting: core.inner.store.read(events::count_pending).await?,
            accounts: core.account_views().await?,
        }),
        Request::Chats { account, unread_only, limit } => to_json(
            core.list_chats(ChatQuery { account, unread_only, text: None, after: None, limit }).await?.rows,
        ),
        Request::Messages { account, chat, limit } => {
            let chat = core.find_chat(account, &chat).await?;
            to_json(core.messages(chat, None, limit).await?.rows)
        }
        Request::Send { account, chat, text, wait_ms } => {
            let chat = core.find_chat(account, &chat).await?;
            let echo = core.send_text(chat, &text).await?;
            settled(core, echo, wait_ms).await
        }
        Request::SendImage { account, chat, file, wait_ms } => {
            let chat = core.find_chat(account, &chat).await?;
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let echo = core.send_image(chat, &name, read_image(&file).await?).await?;
            settled(core, echo, wait_ms).await
        }
        Request::Tunnel => to_json(core.reception().await?.tunnel),
        Request::TunnelSet { settings, ngrok_token } => {
            core.set_up_tunnels(settings, ngrok_token.map(Into::into)).await?;
            to_json(core.reception().await?.tunnel)
        }
        Request::WebhookRegister { account } => {
            let mut lines = Vec::new();
            for id in core.accounts_named(account)? {
                lines.push(core.register_webhook(id, SETTLING).await?);
            }
            to_json(lines)
        }
        Request::WebhookStatus { account } => {
            let mut lines = Vec::new();
            for id in core.accounts_named(account)? {
                // Without a connection what was known before is told.
                let fresh = core.refresh_subscriptions(id).await;
                lines.push(match fresh {
                    Ok(line) => line,
                    Err(_) => core.line_view(id).await?,
                });
            }
            to_json(lines)
        }
        Request::WebhookUnregister { account } => {
            let mut lines = Vec::new();
            for id in core.accounts_named(account)? {
                lines.push(core.unregister_webhook(id).await?);
            }
            to_json(lines)
        }
        Request::WebhookTest { account } => {
            let mut tests = Vec::new();
            for id in core.accounts_named(account)? {
                let line = core.line_view(id).await?;
                let test = core.test_webhook(id).await?;
                tests.push(json!({"account": id, "name": line.name, "test": test}));
            }
            to_json(tests)
        }
        Request::KnowledgeAdd { entry } => Ok(json!({"added": [core.add_entry(entry).await?]})),
        Request::KnowledgeAddFiles { scope, files } => {
            Ok(json!({"added": core.add_files(&scope, files, false).await?}))
        }
        Request::KnowledgeList { words } => to_json(core.knowledge_view(None, &words).await?.sources),
        Request::KnowledgeSearch { scope, question } => to_json(core.try_question(&scope, &question).await?),
        Request::KnowledgeRemove { source } => {
            core.remove_source(source).await?;
            Ok(json!({"removed": source}))
        }
        Request::ArchiveStatus => to_json(core.archive_view().await?),
        Request::ArchiveEncrypt => {
            if !core.archive_view().await?.encrypted {
                core.rekey_archive().await?;
            }
            to_json(core.archive_view().await?)
        }
        Request::RecoveryCode => recovery_code(core).await,
        Request::ConfirmRecoveryCode { last_group } => {
            core.confirm_recovery_code(&last_group).await?;
            to_json(core.archive_view().await?)
        }
        Request::NewRecoveryCode => {
            if !core.archive_view().await?.encrypted {
                return Err(CoreError::not_found("the archive is not encrypted"));
            }
            core.rekey_archive().await?;
            recovery_code(core).await
        }
        Request::Diagnostics => Err(CoreError::not_found("the folder knows more than the shop")),
        Request::BackupCreate { out, secret } => {
            let secret = secret.map(|words| BackupSecret::chosen(&words.into())).transpose()?;
            to_json(core.create_backup(&out, secret).await?)
        }
        Request::BackupVerify { file, secret } => {
            let secret = secret.map(|words| BackupSecret::typed(&words.into()));
            to_json(core.verify_backup(&file, secret).await?)
        }
        Request::Export { out, format, account, pictures } => {
            let english = core.settings().language == Language::En;
            to_json(core.export(ExportRequest { out, format, account, pictures, english }).await?)
        }
        Request::ShowWindow => Err(CoreError::Invalid(ErrorCode::NotFound, "there is no window")),
    }
}

async fn recovery_code(core: &Core) -> Result<Value, CoreError> {
    Ok(json!({"recoveryCode": core.recovery_code().await?.expose_secret()}))
}

/// The reply's bubble once it is settled, or as it is when the time is over.
async fn settled(core: &Core, echo: MessageRow, wait_ms: u64) -> Result<Value, CoreError> {
    let id = echo.outbox.ok_or_else(|| CoreError::not_found("the reply has no row"))?;
    to_json(accepted(core.wait_sent(id, Duration::from_millis(wait_ms)).await, echo)?)
}

/// What is told of a reply that stands in the outbox. An archive that cannot be read just now is no refusal: whoever heard one would
/// approve the same words again, and the buyer would get them twice.
fn accepted(waited: Result<MessageRow, CoreError>, echo: MessageRow) -> Result<MessageRow, CoreError> {
    match waited {
        Err(CoreError::Store(error)) => {
            tracing::warn!(%error, "how far a reply has come cannot be read");
            Ok(echo)
        }
        known => known,
    }
}

/// At most one byte more than Avito takes: enough to see that it is too much.
async fn read_image(file: &Path) -> Result<Vec<u8>, CoreError> {
    let unreadable = |error: std::io::Error| {
        tracing::info!(%error, "a picture to be sent could not be read");
        CoreError::Invalid(ErrorCode::BadImage, "the file cannot be read")
    };
    let file = tokio::fs::File::open(file).await.map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(IMAGE_LIMIT as u64 + 1).read_to_end(&mut bytes).await.map_err(unreadable)?;
    Ok(bytes)
}

fn to_json(value: impl Serialize) -> Result<Value, CoreError> {
    serde_json::to_value(value).map_err(|error| CoreError::Folder(std::io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use crate::view::MessageBody;

    fn echo() -> MessageRow {
        MessageRow {
            key: "o1".to_owned(),
            id: None,
            avito_id: None,
            outbox: None,
            outgoing: true,
            sent_ms: 1,
            body: MessageBody::Text { text: "Да".to_owned() },
            deleted: false,
            delivery: None,
            automatic: false,
            deletable_until_ms: None,
            quote: None,
        }
    }

    #[test]
    fn a_reply_that_stands_is_not_told_as_refused_when_the_archive_cannot_be_read() {
        let unread = Err(CoreError::Store(StoreError::KeyMissing));
        assert_eq!(accepted(unread, echo()).unwrap().key, "o1");
        let taken_back = accepted(Err(CoreError::not_found("no such reply")), echo());
        assert_eq!(taken_back.unwrap_err().code(), ErrorCode::NotFound);
    }
}
