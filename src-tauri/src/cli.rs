//! The command line. A command goes to the program that runs on the data folder; when none runs, it opens the core itself.

mod backup;
mod knowledge;
mod text;
mod tunnel;
mod webhook;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use inbox::control::{self, Request};
use inbox::view::{ErrorCode, ExportFormat, UiError};
use inbox::{AccountId, Core, DataFolder};
use serde_json::{Value, json};

use crate::{logging, start};

/// Прилавок: сообщения Avito на вашем столе. Без команды открывает окно.
#[derive(Debug, Clone, Parser)]
#[command(name = "prilavok", version, about, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Папка данных (база, журнал, картинки)
    #[arg(long, global = true, value_name = "ПАПКА")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Работать без окна, до SIGTERM или Ctrl+C
    #[arg(long)]
    pub(crate) headless: bool,
    /// Открыть демо-магазин
    #[arg(long)]
    pub(crate) demo: bool,
    /// Запустить со скрытым окном
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Где слушать вебхук; порт 0 — любой свободный
    #[arg(long, global = true, value_name = "АДРЕС:ПОРТ")]
    pub(crate) listen: Option<SocketAddr>,
    /// Файл с парольной фразой, если на компьютере нет связки ключей
    #[arg(long, global = true, value_name = "ФАЙЛ")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Файл с кодом восстановления: открыть переписку, если ключ из связки ключей пропал
    #[arg(long, global = true, value_name = "ФАЙЛ")]
    pub(crate) recovery_code_file: Option<PathBuf>,
    /// Если связки ключей нет, держать ключи только в памяти, до выхода
    #[arg(long, global = true)]
    pub(crate) secrets_this_run_only: bool,
    /// Во сколько раз чаще спрашивать и меньше ждать: для проверок на замене Avito, не для настоящего
    #[arg(long, global = true, value_name = "РАЗ", hide = true, default_value_t = 1)]
    pub(crate) hurry: u32,
    /// Ответ в JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Аккаунты Avito
    #[command(subcommand)]
    Account(AccountCommand),
    /// Переписка на этом диске: шифрование, код восстановления, повреждённый архив
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Сведения для поддержки: без ключей, имён и текстов
    Diagnostics {
        /// Записать в новый файл, а не показать
        #[arg(long, value_name = "ФАЙЛ")]
        out: Option<PathBuf>,
    },
    /// Состояние аккаунтов
    Status,
    /// Чаты, новые сверху
    Chats {
        /// Только один аккаунт (номер из списка)
        #[arg(long, value_name = "НОМЕР")]
        account: Option<i64>,
        /// Только непрочитанные
        #[arg(long)]
        unread: bool,
        /// Сколько показать
        #[arg(long, default_value_t = 100, value_name = "ЧИСЛО")]
        limit: u32,
    },
    /// Последние сообщения чата
    Messages {
        /// Номер чата у Avito (u2i-…) или у нас
        chat: String,
        /// Только один аккаунт (номер из списка)
        #[arg(long, value_name = "НОМЕР")]
        account: Option<i64>,
        /// Сколько показать
        #[arg(long, default_value_t = 100, value_name = "ЧИСЛО")]
        limit: u32,
    },
    /// Отправить сообщение или фото и дождаться, пока Avito примет
    Send {
        /// Номер чата у Avito (u2i-…) или у нас
        chat: String,
        /// Текст
        #[arg(required_unless_present = "image")]
        text: Option<String>,
        /// Фото вместо текста: JPEG, HEIC, GIF, BMP или PNG
        #[arg(long, value_name = "ФАЙЛ", conflicts_with = "text")]
        image: Option<PathBuf>,
        /// Только один аккаунт (номер из списка)
        #[arg(long, value_name = "НОМЕР")]
        account: Option<i64>,
        /// Сколько секунд ждать
        #[arg(long, default_value_t = 60, value_name = "СЕКУНД")]
        wait: u64,
    },
    /// База знаний: из чего помощник готовит ответы
    #[command(subcommand)]
    Knowledge(knowledge::KnowledgeCommand),
    /// Туннель: публичный адрес для вебхука
    #[command(subcommand)]
    Tunnel(tunnel::TunnelCommand),
    /// Вебхук: доставка сообщений сразу. Код выхода 0 — всё так, как надо; 1 — нет
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Резервная копия
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Выгрузить переписку: строками JSON или страницами для чтения
    Export {
        /// jsonl — для программ, html — для чтения
        #[arg(long, value_enum)]
        format: Format,
        /// Новая папка
        #[arg(long, value_name = "ПАПКА")]
        out: PathBuf,
        /// Только один аккаунт (номер из списка)
        #[arg(long, value_name = "НОМЕР")]
        account: Option<i64>,
        /// Положить рядом фото и голосовые (для html — всегда)
        #[arg(long)]
        pictures: bool,
    },
}

/// What to do with webhooks.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Зарегистрировать адрес в Avito и дождаться, пока сообщения начнут приходить
    Register {
        /// Только один аккаунт (номер из списка)
        #[arg(long, value_name = "НОМЕР")]
        account: Option<i64>,
    },
    /// Приходят ли сообщения сразу, и какие адреса знает Avito
    Status {
        /// Только один аккаунт (номер из списка)
        #[arg(long, value_name = "НОМЕР")]
        account: Option<i64>,
    },
    /// Убрать наши адреса из Avito; дальше программа сама спрашивает Avito
    Unregister {
        /// Только один аккаунт (номер из списка)
        #[arg(long, value_name = "НОМЕР")]
        account: Option<i64>,
    },
    /// Послать проверочное сообщение через публичный адрес
    Test {
        /// Только один аккаунт (номер из списка)
        #[arg(long, value_name = "НОМЕР")]
        account: Option<i64>,
    },
}

/// What to do with backups.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum BackupCommand {
    /// Сделать копию; без файла с фразой она открывается кодом восстановления
    Create {
        /// Новый файл или папка для него; без этого — в текущей папке
        #[arg(long, value_name = "ФАЙЛ")]
        out: Option<PathBuf>,
        /// Файл с парольной фразой этой копии
        #[arg(long, value_name = "ФАЙЛ")]
        key_file: Option<PathBuf>,
    },
    /// Прочитать копию до конца и проверить
    Verify {
        /// Копия
        file: PathBuf,
        /// Файл с её парольной фразой или кодом восстановления
        #[arg(long, value_name = "ФАЙЛ")]
        key_file: Option<PathBuf>,
    },
    /// Восстановить всё из копии; нынешние данные откладываются в соседнюю папку
    Restore {
        /// Копия
        file: PathBuf,
        /// Файл с её парольной фразой или кодом восстановления
        #[arg(long, value_name = "ФАЙЛ")]
        key_file: Option<PathBuf>,
    },
}

/// Forms of an export.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Format {
    /// JSON Lines.
    Jsonl,
    /// Pages.
    Html,
}

/// What to do with accounts.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum AccountCommand {
    /// Подключить аккаунт; client_secret читается со стандартного ввода
    Add {
        /// client_id со страницы «API» на Avito
        #[arg(long, value_name = "ID")]
        client_id: String,
        /// Другой сервер вместо Avito
        #[arg(long, value_name = "URL")]
        api_url: Option<String>,
        /// Сколько запросов в минуту можно делать
        #[arg(long, value_name = "ЧИСЛО")]
        calls_per_minute: Option<u32>,
    },
    /// Список аккаунтов
    List,
    /// Отключить аккаунт
    Remove {
        /// Номер из списка
        account: i64,
        /// Удалить и переписку (без этого она остаётся)
        #[arg(long)]
        delete_archive: bool,
        /// Не переспрашивать
        #[arg(long)]
        yes: bool,
    },
}

/// What to do with the archive.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Зашифрована ли переписка, записан ли код восстановления
    Status,
    /// Зашифровать переписку
    Encrypt,
    /// Показать код восстановления (пока он не подтверждён)
    RecoveryCode,
    /// Подтвердить, что код записан; его последняя группа читается со стандартного ввода
    ConfirmCode,
    /// Новый код восстановления; старый больше не подойдёт
    NewCode,
    /// Отложить повреждённый архив в сторону и начать новый: он прочитает всё заново с Avito
    SetAside {
        /// Не переспрашивать
        #[arg(long)]
        yes: bool,
    },
}

/// Carries the command out and says how it went.
pub(crate) fn run(arguments: Arguments) -> ExitCode {
    let json = arguments.json;
    let Some(command) = &arguments.command else { return ExitCode::SUCCESS };
    if let Command::Archive(ArchiveCommand::SetAside { yes }) = command {
        let outcome = if *yes { Ok(()) } else { confirm_setting_aside() };
        let outcome = outcome.and_then(|()| tauri::async_runtime::block_on(set_aside(&arguments)));
        return finish(json, outcome.map(|answer| say(json, command, &answer)));
    }
    let answer = match command {
        Command::Backup(command) => tauri::async_runtime::block_on(backup::carry_out(&arguments, command)),
        _ => request(command)
            .and_then(|request| tauri::async_runtime::block_on(carry_out(&arguments, request))),
    };
    let mut well = true;
    let outcome = answer.and_then(|answer| match command {
        Command::Webhook(command_) => {
            well = webhook::is_well(command_, &answer);
            say(json, command, &answer);
            Ok(())
        }
        Command::Diagnostics { out: Some(file) } => keep(file, &answer),
        _ => {
            say(json, command, &answer);
            Ok(())
        }
    });
    match finish(json, outcome) {
        ExitCode::SUCCESS if !well => ExitCode::FAILURE,
        code => code,
    }
}

/// Exit code 0, or 1 with the error: words on standard error, or JSON on standard output.
#[expect(clippy::print_stderr, reason = "this is the command line's answer")]
pub(crate) fn finish(json: bool, outcome: Result<(), UiError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if json {
                print(&format!("{}\n", json!({"error": error})));
            }
            eprintln!("{}", text::error(&error));
            ExitCode::FAILURE
        }
    }
}

fn request(command: &Command) -> Result<Request, UiError> {
    Ok(match command {
        Command::Account(AccountCommand::Add { client_id, api_url, calls_per_minute }) => {
            Request::AccountAdd {
                client_id: client_id.clone(),
                client_secret: read_secret("Вставьте client_secret и нажмите Enter:")?,
                api_url: api_url.clone(),
                calls_per_minute: *calls_per_minute,
            }
        }
        Command::Account(AccountCommand::List) => Request::AccountList,
        Command::Account(AccountCommand::Remove { account, delete_archive, yes }) => {
            if !yes {
                confirm(*delete_archive)?;
            }
            Request::AccountRemove { account: AccountId(*account), keep_archive: !delete_archive }
        }
        Command::Archive(ArchiveCommand::Status) => Request::ArchiveStatus,
        Command::Archive(ArchiveCommand::Encrypt) => Request::ArchiveEncrypt,
        Command::Archive(ArchiveCommand::RecoveryCode) => Request::RecoveryCode,
        Command::Archive(ArchiveCommand::ConfirmCode) => Request::ConfirmRecoveryCode {
            last_group: read_secret("Введите последние четыре знака кода:")?,
        },
        Command::Archive(ArchiveCommand::NewCode) => Request::NewRecoveryCode,
        Command::Diagnostics { .. } => Request::Diagnostics,
        Command::Archive(ArchiveCommand::SetAside { .. }) => {
            return Err(invalid("the archive is set aside by no request"));
        }
        Command::Status => Request::Status,
        Command::Webhook(command) => webhook::request(command),
        Command::Tunnel(command) => tunnel::request(command)?,
        Command::Knowledge(command) => knowledge::request(command)?,
        Command::Chats { account, unread, limit } => {
            Request::Chats { account: account.map(AccountId), unread_only: *unread, limit: *limit }
        }
        Command::Messages { chat, account, limit } => {
            Request::Messages { account: account.map(AccountId), chat: chat.clone(), limit: *limit }
        }
        Command::Send { chat, text, image, account, wait } => {
            let (account, chat, wait_ms) = (account.map(AccountId), chat.clone(), wait.saturating_mul(1000));
            match image {
                // The program that carries it out may have been started in another folder.
                Some(file) => {
                    let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
                    Request::SendImage { account, chat, file, wait_ms }
                }
                None => Request::Send { account, chat, text: text.clone().unwrap_or_default(), wait_ms },
            }
        }
        Command::Export { format, out, account, pictures } => Request::Export {
            out: backup::absolute(out),
            format: match format {
                Format::Jsonl => ExportFormat::Jsonl,
                Format::Html => ExportFormat::Html,
            },
            account: account.map(AccountId),
            pictures: *pictures,
        },
        // It asks for words in between, and can do without the shop.
        Command::Backup(_) => return Err(invalid("a backup is no single request")),
    })
}

fn invalid(message: &str) -> UiError {
    UiError { code: ErrorCode::Internal, message: message.to_owned() }
}

#[expect(clippy::print_stderr, reason = "a prompt")]
fn read_secret(prompt: &str) -> Result<String, UiError> {
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        eprintln!("{prompt}");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(|error| invalid(&error.to_string()))?;
        return Ok(line.trim().to_owned());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| invalid(&error.to_string()))?;
    Ok(text.trim().to_owned())
}

#[expect(clippy::print_stderr, reason = "a question")]
fn confirm(delete_archive: bool) -> Result<(), UiError> {
    let what = if delete_archive {
        "и удалить всю его переписку с этого компьютера"
    } else {
        "(переписка останется)"
    };
    eprintln!("Отключить аккаунт {what}? Введите «да»:");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| invalid(&error.to_string()))?;
    if is_yes(&line) { Ok(()) } else { Err(invalid("аккаунт не отключён")) }
}

#[expect(clippy::print_stderr, reason = "a question")]
fn confirm_setting_aside() -> Result<(), UiError> {
    eprintln!(
        "Отложить архив в сторону и начать новый? Файлы не удаляются, переписка будет прочитана с Avito заново. Введите «да»:"
    );
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| invalid(&error.to_string()))?;
    if is_yes(&line) { Ok(()) } else { Err(invalid("архив не тронут")) }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "да" | "д" | "yes" | "y")
}

/// Nobody may have the archive open, so this is never asked of a running program: its window has a button for it.
async fn set_aside(arguments: &Arguments) -> Result<Value, UiError> {
    let folder = start::data_folder(arguments)?;
    let lock = folder.lock().map_err(|error| start::storage(&error.to_string()))?;
    let Some(_lock) = lock else {
        return Err(UiError {
            code: ErrorCode::ArchiveBusy,
            message: "the program is running on this data folder".to_owned(),
        });
    };
    let _log = logging::start(&folder, false);
    let opener = start::Opener::new(&folder, arguments).await;
    opener.use_arguments(arguments).await?;
    let now_ms = inbox::Clock::system().now_ms();
    let aside = inbox::set_aside(&folder.shop(), &opener.vault, now_ms).await?;
    serde_json::to_value(aside).map_err(|error| invalid(&error.to_string()))
}

async fn carry_out(arguments: &Arguments, request: Request) -> Result<Value, UiError> {
    let folder = start::data_folder(arguments)?;
    if let Some(answer) = control::client::ask(&folder, &request).await {
        return answer;
    }
    let lock = folder.lock().map_err(|error| start::storage(&error.to_string()))?;
    let Some(_lock) = lock else {
        // It runs but did not answer: it has just started, or is just ending.
        return ask_patiently(&folder, &request).await;
    };
    let _log = logging::start(&folder, false);
    let looks_only = matches!(
        request,
        Request::AccountList
            | Request::AccountRemove { .. }
            | Request::ArchiveStatus
            | Request::ArchiveEncrypt
            | Request::RecoveryCode
            | Request::ConfirmRecoveryCode { .. }
            | Request::NewRecoveryCode
            | Request::BackupCreate { .. }
            | Request::Export { .. }
            | Request::KnowledgeAdd { .. }
            | Request::KnowledgeAddFiles { .. }
            | Request::KnowledgeList { .. }
            | Request::KnowledgeSearch { .. }
            | Request::KnowledgeRemove { .. }
            | Request::Tunnel
            | Request::TunnelSet { .. }
    );
    if matches!(request, Request::Diagnostics) {
        return Ok(json!({"text": start::diagnostics(&folder, arguments).await}));
    }
    let core = start::open_shop(&folder, arguments, !looks_only).await?;
    let adding = matches!(request, Request::AccountAdd { .. });
    let status = matches!(request, Request::Status);
    if matches!(
        request,
        Request::Status
            | Request::WebhookStatus { .. }
            | Request::Chats { .. }
            | Request::Messages { .. }
            | Request::Send { .. }
            | Request::SendImage { .. }
    ) {
        core.wait_checked(Duration::from_secs(15)).await;
    }
    let mut answer = execute(&core, request).await;
    if let (true, Ok(answer)) = (status, &mut answer) {
        // When this command has ended, nothing goes on.
        answer["running"] = false.into();
        answer["endpoint"] = Value::Null;
    }
    if adding && answer.is_ok() {
        wait_for_history(&core).await;
    }
    core.close().await;
    answer
}

/// Carries the request out. Ctrl+C stops long work in order, so that nothing half-made is left; anything else it ends at once.
async fn execute(core: &Core, request: Request) -> Result<Value, UiError> {
    if !matches!(request, Request::BackupCreate { .. } | Request::Export { .. }) {
        return control::execute(core, request).await;
    }
    let work = control::execute(core, request);
    tokio::pin!(work);
    tokio::select! {
        answer = &mut work => return answer,
        _ = tokio::signal::ctrl_c() => core.stop_long_work(),
    }
    work.await
}

async fn ask_patiently(folder: &DataFolder, request: &Request) -> Result<Value, UiError> {
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        if let Some(answer) = control::client::ask(folder, request).await {
            return answer;
        }
    }
    Err(start::storage("another copy uses this data folder and does not answer"))
}

/// Nobody else would read the history when no program runs. Ctrl+C ends the waiting; the rest is read later.
#[expect(clippy::print_stderr, reason = "progress of long work")]
async fn wait_for_history(core: &Core) {
    let mut told = (u32::MAX, u32::MAX);
    let progress = core.wait_backfilled(|backfill| {
        let now = (backfill.chats_done / 10, backfill.chats_total / 10);
        if told != now {
            told = now;
            eprintln!("История: прочитано чатов {} из {}", backfill.chats_done, backfill.chats_total);
        }
    });
    tokio::select! {
        () = progress => {}
        _ = tokio::signal::ctrl_c() => eprintln!("Остальное будет прочитано при следующем запуске"),
    }
}

/// Writes the text of an answer into a new file that only its owner can read.
fn keep(file: &Path, answer: &Value) -> Result<(), UiError> {
    let text = answer["text"].as_str().unwrap_or_default();
    let written = std::fs::File::create_new(file).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| start::storage(&format!("{}: {error}", file.display())))
}

/// A line for who waits, over the last one.
#[expect(clippy::print_stderr, reason = "progress of long work")]
fn print_line(text: &str) {
    eprint!("\r{text} ");
}

fn say(json: bool, command: &Command, answer: &Value) {
    print(&if json { format!("{answer}\n") } else { text::answer(command, answer) });
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        tracing::debug!(%error, "the rest of the answer was not read");
    }
}
