//! `prilavok webhook`: for whom, how it ended, and in words.

use std::fmt::Write as _;

use inbox::AccountId;
use inbox::control::Request;
use inbox::view::{LineReason, LineView, Mode, SelfTest, SubscriptionOwner};
use serde::Deserialize as _;
use serde_json::Value;

use super::WebhookCommand;

/// What the running program is asked.
pub(super) fn request(command: &WebhookCommand) -> Request {
    let account = |account: &Option<i64>| account.map(AccountId);
    match command {
        WebhookCommand::Register { account: id } => Request::WebhookRegister { account: account(id) },
        WebhookCommand::Status { account: id } => Request::WebhookStatus { account: account(id) },
        WebhookCommand::Unregister { account: id } => Request::WebhookUnregister { account: account(id) },
        WebhookCommand::Test { account: id } => Request::WebhookTest { account: account(id) },
    }
}

/// Whether every account is as the command wants it.
pub(super) fn is_well(command: &WebhookCommand, answer: &Value) -> bool {
    let rows = answer.as_array().map_or(&[][..], Vec::as_slice);
    let well = |row: &Value| match command {
        WebhookCommand::Register { .. } | WebhookCommand::Status { .. } => {
            line(row).is_some_and(|line| line.mode == Mode::Live)
        }
        WebhookCommand::Unregister { .. } => line(row).is_some_and(|line| line.registered_ms.is_none()),
        WebhookCommand::Test { .. } => test(row).is_some_and(|test| test.passed),
    };
    !rows.is_empty() && rows.iter().all(well)
}

/// The answer for people.
pub(super) fn words(command: &WebhookCommand, answer: &Value) -> String {
    let mut out = String::new();
    let rows = answer.as_array().map_or(&[][..], Vec::as_slice);
    if rows.is_empty() {
        out.push_str("Аккаунтов нет. Подключить: prilavok account add --client-id ID\n");
    }
    for row in rows {
        let name = format!("{}\t{}", row["account"], row["name"].as_str().unwrap_or_default());
        // Writing to a string cannot fail.
        let _ = match (command, line(row), test(row)) {
            (WebhookCommand::Test { .. }, _, Some(test)) => writeln!(out, "{name}: {}", test_words(&test)),
            (_, Some(line), _) => write!(out, "{name}: {}", line_words(&line)),
            _ => Ok(()),
        };
    }
    out
}

fn line(row: &Value) -> Option<LineView> {
    LineView::deserialize(row).ok()
}

fn test(row: &Value) -> Option<SelfTest> {
    SelfTest::deserialize(&row["test"]).ok()
}

fn test_words(test: &SelfTest) -> String {
    match (test.passed, test.total_ms, test.handler_ms) {
        (true, Some(total), Some(handler)) => format!(
            "проверочное сообщение дошло за {total} мс (в пути {} мс, обработка {handler} мс)",
            total.saturating_sub(handler)
        ),
        _ => format!("проверочное сообщение не дошло ({})", test.code.as_deref().unwrap_or("?")),
    }
}

fn line_words(line: &LineView) -> String {
    let mode = match line.mode {
        Mode::Live => "сообщения приходят сразу",
        Mode::Polling => "программа сама спрашивает Avito",
        Mode::Offline => "не работает",
        Mode::Starting => "запускается",
    };
    let mut out = format!("{mode} ({})\n", reason_words(line.reason));
    let mut add = |words: String| {
        let _ = writeln!(out, "\t{words}");
    };
    if let Some(address) = &line.address {
        add(format!("адрес: {address}"));
    }
    for one in &line.subscriptions {
        let whose = match one.owner {
            SubscriptionOwner::Current => "наш",
            SubscriptionOwner::Stale => "наш, устаревший",
            SubscriptionOwner::Stranger => "другая программа",
        };
        add(format!("у Avito: {} (версия {}, {whose})", one.address, one.version));
    }
    let today = line.today;
    if today.by_event + today.recovered > 0 {
        add(format!("сегодня вебхуком: {} из {}", today.by_event, today.by_event + today.recovered));
    }
    if let Some(error) = &line.error {
        add(format!("последняя ошибка: {}", error.code));
    }
    out
}

fn reason_words(reason: LineReason) -> &'static str {
    match reason {
        LineReason::Live => "вебхук работает",
        LineReason::Starting => "настраивается",
        LineReason::Account => "сначала нужно исправить неполадку аккаунта: prilavok status",
        LineReason::NotWanted => "вебхук снят вами: prilavok webhook register",
        LineReason::NoTunnel => "туннель не настроен",
        LineReason::TunnelConnecting => "туннель подключается",
        LineReason::TunnelDown => "туннель не отвечает, пробуем ещё",
        LineReason::TunnelFailed => "туннель не работает, нужно ваше решение",
        LineReason::Unsteady => "связь то есть, то нет: ждём, пока станет ровной",
        LineReason::Refused => "Avito не принял адрес",
        LineReason::TestFailed => "проверочное сообщение не доходит",
        LineReason::EventsMissing => "уведомления Avito не доходят",
    }
}
