//! The command line's answers in words.

use std::fmt::Write as _;

use inbox::SetAside;
use inbox::view::{
    AccountView, ArchiveView, BackupReport, ChatRow, Delivery, ErrorCode, ExportReport, MessageBody,
    MessageRow, Mode, RestoreReport, TroubleCode, UiError,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{AccountCommand, ArchiveCommand, BackupCommand, Command, knowledge, tunnel, webhook};

/// The answer of a command, for people.
pub(super) fn answer(command: &Command, answer: &Value) -> String {
    let mut out = String::new();
    match command {
        Command::Account(AccountCommand::Add { .. }) => {
            if let Some(account) = read::<AccountView>(answer) {
                line(&mut out, &format!("Подключён аккаунт {}: {}", account.id, account.name));
            }
        }
        Command::Account(AccountCommand::List) => {
            let accounts: Vec<AccountView> = read(answer).unwrap_or_default();
            if accounts.is_empty() {
                line(&mut out, "Аккаунтов нет. Подключить: prilavok account add --client-id ID");
            }
            for account in accounts {
                line(&mut out, &format!("{}\t{}\t№ {}", account.id, account.name, account.user_id));
            }
        }
        Command::Account(AccountCommand::Remove { .. }) => line(&mut out, "Аккаунт отключён"),
        Command::Archive(ArchiveCommand::RecoveryCode | ArchiveCommand::NewCode) => {
            line(&mut out, answer["recoveryCode"].as_str().unwrap_or_default());
            line(
                &mut out,
                "Запишите код и храните отдельно от компьютера, потом: prilavok archive confirm-code",
            );
        }
        Command::Diagnostics { .. } => out.push_str(answer["text"].as_str().unwrap_or_default()),
        Command::Archive(ArchiveCommand::SetAside { .. }) => {
            if let Some(aside) = read::<SetAside>(answer) {
                line(&mut out, &format!("Повреждённый архив отложен: {}", aside.folder));
                line(&mut out, "Новый архив прочитает переписку заново с Avito при следующем запуске");
                if aside.accounts == 0 {
                    line(&mut out, "Аккаунты прочитать не удалось: подключите их заново");
                }
            }
        }
        Command::Archive(_) => {
            if let Some(archive) = read::<ArchiveView>(answer) {
                line(&mut out, protection(archive));
            }
        }
        Command::Backup(BackupCommand::Restore { .. }) => {
            if let Some(done) = read::<RestoreReport>(answer) {
                line(&mut out, &format!("Восстановлено. {}", contents(&done.backup)));
                if let Some(aside) = done.set_aside {
                    line(&mut out, &format!("Прежние данные отложены: {aside}"));
                }
                line(
                    &mut out,
                    "Ключей Avito в копии нет: если их нет и на этом компьютере, программа спросит их заново",
                );
            }
        }
        Command::Backup(command) => {
            if let Some(backup) = read::<BackupReport>(answer) {
                let done = match command {
                    BackupCommand::Create { .. } => "Копия готова и проверена",
                    _ => "Копия цела",
                };
                line(&mut out, &format!("{done}: {}", backup.path));
                line(&mut out, &contents(&backup));
            }
        }
        Command::Export { .. } => {
            if let Some(done) = read::<ExportReport>(answer) {
                line(&mut out, &format!("Выгружено: {}", done.path));
                line(
                    &mut out,
                    &format!(
                        "Чатов: {}, сообщений: {}, фото и голосовых: {}",
                        done.chats, done.messages, done.files
                    ),
                );
                if done.missing_files > 0 {
                    line(
                        &mut out,
                        &format!("Не открывали в программе, поэтому здесь нет: {}", done.missing_files),
                    );
                }
            }
        }
        Command::Knowledge(command) => out.push_str(&knowledge::words(command, answer)),
        Command::Tunnel(_) => out.push_str(&tunnel::words(answer)),
        Command::Webhook(command) => out.push_str(&webhook::words(command, answer)),
        Command::Status => {
            let accounts: Vec<AccountView> = read(&answer["accounts"]).unwrap_or_default();
            if accounts.is_empty() {
                line(&mut out, "Аккаунтов нет. Подключить: prilavok account add --client-id ID");
            }
            for account in accounts {
                status(&mut out, &account);
            }
        }
        Command::Chats { .. } => {
            for chat in read::<Vec<ChatRow>>(answer).unwrap_or_default() {
                let unread = if chat.unread > 0 { format!("({}) ", chat.unread) } else { String::new() };
                let preview = chat.preview.map(|preview| preview.text).unwrap_or_default();
                let buyer = chat.buyer.name.unwrap_or_default();
                let item = chat.item_title.unwrap_or_default();
                line(&mut out, &format!("{}\t{unread}{buyer}\t{item}\t{preview}", chat.avito_id));
            }
        }
        Command::Messages { .. } => {
            for message in read::<Vec<MessageRow>>(answer).unwrap_or_default() {
                line(&mut out, &bubble(&message));
            }
        }
        Command::Send { .. } => {
            let row = read::<MessageRow>(answer);
            line(
                &mut out,
                match row.and_then(|row| row.delivery) {
                    Some(Delivery::Sent | Delivery::Read) => "Отправлено",
                    Some(Delivery::Failed { .. }) => {
                        "Avito не принял сообщение; оно ждёт вашего решения в чате"
                    }
                    _ => "Пока не отправлено; программа попробует ещё",
                },
            );
        }
    }
    out
}

fn contents(backup: &BackupReport) -> String {
    format!(
        "Аккаунтов: {}, чатов: {}, сообщений: {}, фото и голосовых: {}; размер {} КБ, версия {}",
        backup.accounts,
        backup.chats,
        backup.messages,
        backup.files,
        backup.bytes / 1024,
        backup.program
    )
}

fn protection(archive: ArchiveView) -> &'static str {
    match (archive.encrypted, archive.recovery_code_confirmed) {
        (true, true) => "Переписка зашифрована, код восстановления записан",
        (true, false) => "Переписка зашифрована. Запишите код восстановления: prilavok archive recovery-code",
        (false, _) if archive.can_encrypt => {
            "Переписка не зашифрована. Зашифровать: prilavok archive encrypt"
        }
        (false, _) => "Переписка не зашифрована: на этом компьютере негде хранить ключ",
    }
}

/// An error, for people.
pub(super) fn error(error: &UiError) -> String {
    let words = match error.code {
        ErrorCode::WrongKey => "Avito не принимает этот ключ. Проверьте client_id и client_secret",
        ErrorCode::TariffMissing => "В тарифе нет доступа к API мессенджера",
        ErrorCode::Forbidden => "Avito запрещает это действие. Возможно, это ключ сотрудника",
        ErrorCode::RateLimited => "Слишком много запросов. Повторите через минуту",
        ErrorCode::ServerTrouble => "У Avito неполадки. Повторите позже",
        ErrorCode::Network => "Нет соединения с сервером",
        ErrorCode::Dns => "Адрес сервера не находится. Проверьте интернет и DNS-сервер",
        ErrorCode::BadAddress => "Адрес сервера записан неверно",
        ErrorCode::BadTunnel => "С такими настройками туннель работать не может",
        ErrorCode::AlreadyAdded => "Этот аккаунт уже подключён",
        ErrorCode::NoKeychain => {
            "На этом компьютере нет связки ключей. Укажите файл с парольной фразой: --passphrase-file ФАЙЛ, \
             или держите ключи только в памяти: --secrets-this-run-only"
        }
        ErrorCode::KeychainLocked => {
            "Хранилище ключей закрыто. Откройте связку ключей или укажите --passphrase-file ФАЙЛ"
        }
        ErrorCode::WrongPassphrase => "Парольная фраза не подходит",
        ErrorCode::EmptyText => "Пустое сообщение",
        ErrorCode::TextTooLong => "Сообщение длиннее 1000 знаков",
        ErrorCode::EntryTooLong => "Запись слишком длинная. Сохраните текст в файл и добавьте файл",
        ErrorCode::BadImage => "Это не картинка, которую принимает Avito",
        ErrorCode::ImageTooLarge => "Картинка больше 24 МБ",
        ErrorCode::TooLateToDelete => "Удалить можно только своё сообщение и только в течение часа",
        ErrorCode::NotFound => "Не найдено",
        ErrorCode::Storage => "Папка данных недоступна",
        ErrorCode::DiskFull => "Диск заполнен. Освободите место и повторите",
        ErrorCode::DiskReadOnly => {
            "В папку данных нельзя записать. Проверьте права на папку и не защищён ли диск от записи"
        }
        ErrorCode::ArchiveBusy => "Архив занят другой программой. Закройте её и повторите",
        ErrorCode::NewerDatabase => "База создана более новой версией программы. Обновите программу",
        ErrorCode::ArchiveKeyMissing => {
            "Переписка зашифрована, а ключа к ней в связке ключей нет. Укажите код восстановления: \
             --recovery-code-file ФАЙЛ. Файл с перепиской не изменён"
        }
        ErrorCode::BadRecoveryCode => "Это не код восстановления: проверьте его по буквам",
        ErrorCode::WrongRecoveryCode => "Этот код восстановления не подходит к этой переписке",
        ErrorCode::ArchiveDamaged => "Файл с перепиской повреждён. Программа его не меняла",
        ErrorCode::NotABackup => "Этот файл — не резервная копия Прилавка",
        ErrorCode::WrongBackupSecret => {
            "Копия не открывается: парольная фраза или код восстановления не подходит. Укажите другой: --key-file ФАЙЛ"
        }
        ErrorCode::BackupDamaged => {
            "Копия повреждена или обрезана, восстановить из неё нельзя. Возьмите другую копию"
        }
        ErrorCode::NewerBackup => "Копия сделана более новой версией программы. Обновите программу",
        ErrorCode::BackupSecretNeeded => {
            "Нужна парольная фраза или код восстановления этой копии: --key-file ФАЙЛ"
        }
        ErrorCode::PassphraseTooShort => "Парольная фраза короче 8 знаков",
        ErrorCode::FileExists => "Такой файл уже есть; выберите другое имя",
        ErrorCode::FileMissing => "Нет такого файла или папки",
        ErrorCode::FileTrouble => "Файл нельзя прочитать или записать",
        ErrorCode::Cancelled => "Остановлено",
        ErrorCode::Busy => "Уже идёт копирование, восстановление или экспорт. Повторите, когда закончится",
        ErrorCode::DraftStale => "Разговор продолжился: черновик больше не подходит",
        ErrorCode::DraftOutdated => "Сведения изменились: черновик пишется заново",
        ErrorCode::DraftUnsupported => {
            "В черновике есть то, чего нет в источниках: проверьте его перед отправкой"
        }
        ErrorCode::Internal => return error.message.clone(),
    };
    format!("{words} ({})", error.message)
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn status(out: &mut String, account: &AccountView) {
    let mode = match account.mode {
        Mode::Starting => "запускается",
        Mode::Live => "на связи, сообщения приходят сразу",
        Mode::Polling => "проверяет Avito регулярно",
        Mode::Offline => "не работает",
    };
    line(out, &format!("{}\t{}: {mode}", account.id, account.name));
    if let Some(trouble) = &account.trouble {
        line(out, &format!("\t{}", trouble_words(trouble.code)));
    }
    if let Some(backfill) = &account.backfill {
        line(out, &format!("\tистория: прочитано чатов {} из {}", backfill.chats_done, backfill.chats_total));
    }
    line(
        out,
        &format!(
            "\tнепрочитанных чатов: {}, ждут отправки: {}",
            account.unread_chats, account.outbox_waiting
        ),
    );
}

fn trouble_words(code: TroubleCode) -> &'static str {
    match code {
        TroubleCode::WrongKey => "Avito не принимает ключ: введите его заново",
        TroubleCode::SecretMissing => "ключа нет в связке ключей: введите его заново",
        TroubleCode::TariffMissing => "в тарифе нет доступа к API мессенджера",
        TroubleCode::Forbidden => "Avito запрещает доступ; возможно, это ключ сотрудника",
        TroubleCode::RateLimited => "слишком много запросов, ждём",
        TroubleCode::ServerTrouble => "у Avito неполадки, пробуем ещё",
        TroubleCode::Network => "нет соединения, пробуем ещё",
        TroubleCode::Dns => "адрес Avito не находится: нет интернета или не отвечает DNS, пробуем ещё",
        TroubleCode::UnexpectedAnswer => "Avito отвечает в незнакомом виде",
        TroubleCode::EventsMissing => "уведомления Avito не доходят, проверяем сами",
        TroubleCode::DiskFull => "диск заполнен: освободите место, дальше всё продолжится само",
        TroubleCode::DiskReadOnly => {
            "в папку данных нельзя записать: проверьте права и защиту диска от записи"
        }
        TroubleCode::ArchiveBusy => "архив занят другой программой, пробуем ещё",
        TroubleCode::ArchiveDamaged => {
            "архив повреждён: восстановите его из копии или отложите (prilavok archive set-aside)"
        }
        TroubleCode::DiskFailing => "диск отвечает ошибками, пробуем ещё",
        TroubleCode::WebhookRefused => "Avito не принял адрес для уведомлений, проверяем сами",
        TroubleCode::TunnelDown => "туннель не работает, проверяем сами",
        TroubleCode::SelfTestFailed => "проверочное сообщение не доходит, проверяем сами",
    }
}

fn bubble(message: &MessageRow) -> String {
    let who = if message.outgoing { "→" } else { "←" };
    let words = match &message.body {
        MessageBody::Text { text } | MessageBody::System { text } => text.clone(),
        MessageBody::Image { caption, .. } => format!("[фото] {}", caption.clone().unwrap_or_default()),
        MessageBody::Link { url, .. } => url.clone(),
        MessageBody::Item { title, .. } => format!("[объявление] {title}"),
        MessageBody::Location { text, .. } => format!("[место] {text}"),
        MessageBody::Call { .. } => "[звонок]".to_owned(),
        MessageBody::Voice { .. } => "[голосовое сообщение]".to_owned(),
        MessageBody::Deleted => "[удалено]".to_owned(),
        MessageBody::Unsupported { what } => format!("[{what}]"),
    };
    let deleted = if message.deleted { " (удалено на Avito)" } else { "" };
    format!("{who} {}{deleted}", words.trim_end())
}
