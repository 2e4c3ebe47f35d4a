//! `prilavok knowledge`: entries and files added, looked through, tried and removed.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use inbox::control::Request;
use inbox::view::{EntryInput, Scope, SourceKind, SourceRowView, SourceState, Trial, UiError};
use inbox::{AccountId, SourceId};
use serde::Deserialize as _;
use serde_json::Value;

use super::{backup, invalid};

/// What to do with the knowledge.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum KnowledgeCommand {
    /// Добавить вопрос с ответом, заметку или файлы
    Add {
        /// Вопрос покупателя
        #[arg(long, value_name = "ТЕКСТ", requires = "answer")]
        question: Option<String>,
        /// Ответ на него
        #[arg(long, value_name = "ТЕКСТ", requires = "question")]
        answer: Option<String>,
        /// Заметка
        #[arg(long, value_name = "ТЕКСТ", conflicts_with_all = ["question", "files"])]
        note: Option<String>,
        /// Заголовок заметки
        #[arg(long, value_name = "ТЕКСТ", requires = "note")]
        title: Option<String>,
        /// Файлы: txt, md, csv, xlsx, docx, pdf, html, xml Автозагрузки
        #[arg(value_name = "ФАЙЛ", conflicts_with = "question", required_unless_present_any = ["question", "note"])]
        files: Vec<PathBuf>,
        #[command(flatten)]
        of: Of,
    },
    /// Что в базе; со словом — только где оно есть
    List {
        /// Слово или его часть
        words: Option<String>,
    },
    /// Что найдёт помощник на вопрос и что процитирует
    Search {
        /// Вопрос, как его напишет покупатель
        question: String,
        #[command(flatten)]
        of: Of,
    },
    /// Убрать из базы
    Remove {
        /// Номер из списка
        source: i64,
    },
}

/// For whom it holds.
#[derive(Debug, Clone, Args)]
pub(crate) struct Of {
    /// Для одного аккаунта (номер из списка)
    #[arg(long, value_name = "НОМЕР")]
    account: Option<i64>,
    /// Для одного объявления (номер у Avito)
    #[arg(long, value_name = "НОМЕР", requires = "account")]
    item: Option<u64>,
}

impl Of {
    fn scope(&self) -> Scope {
        Scope { account: self.account.map(AccountId), item: self.item.map(|item| item.to_string()) }
    }
}

/// What the running program is asked.
pub(super) fn request(command: &KnowledgeCommand) -> Result<Request, UiError> {
    let entry = |kind, of: &Of, title: &str, text: &str| Request::KnowledgeAdd {
        entry: EntryInput { kind, scope: of.scope(), title: title.into(), text: text.into(), url: None },
    };
    Ok(match command {
        KnowledgeCommand::Add { question: Some(question), answer: Some(answer), of, .. } => {
            entry(SourceKind::Question, of, question, answer)
        }
        KnowledgeCommand::Add { note: Some(note), title, of, .. } => {
            entry(SourceKind::Note, of, title.as_deref().unwrap_or_default(), note)
        }
        KnowledgeCommand::Add { files, of, .. } => {
            if let Some(missing) = files.iter().find(|file| !file.is_file()) {
                let name = missing.display();
                return Err(invalid(&if missing.is_dir() {
                    format!(
                        "это папка: {name}; за папкой следит окно («Знания → Добавить»), здесь называют файлы"
                    )
                } else {
                    format!("нет такого файла: {name}")
                }));
            }
            let files = files.iter().map(|file| backup::absolute(file)).collect();
            Request::KnowledgeAddFiles { scope: of.scope(), files }
        }
        KnowledgeCommand::List { words } => {
            Request::KnowledgeList { words: words.clone().unwrap_or_default() }
        }
        KnowledgeCommand::Search { question, of } => {
            Request::KnowledgeSearch { scope: of.scope(), question: question.clone() }
        }
        KnowledgeCommand::Remove { source } => Request::KnowledgeRemove { source: SourceId(*source) },
    })
}

/// The answer for people.
pub(super) fn words(command: &KnowledgeCommand, answer: &Value) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = match command {
        KnowledgeCommand::Add { files, .. } if !files.is_empty() => {
            writeln!(out, "Добавлено; файлы читает работающая программа, а без неё — следующий запуск")
        }
        KnowledgeCommand::Add { .. } => writeln!(out, "Добавлено"),
        KnowledgeCommand::Remove { .. } => writeln!(out, "Убрано"),
        KnowledgeCommand::List { .. } => list(&mut out, answer),
        KnowledgeCommand::Search { .. } => found(&mut out, answer),
    };
    out
}

fn list(out: &mut String, answer: &Value) -> std::fmt::Result {
    let rows = Vec::<SourceRowView>::deserialize(answer).unwrap_or_default();
    if rows.is_empty() {
        return writeln!(out, "Ничего нет. Добавить: prilavok knowledge add --question … --answer …");
    }
    for row in rows {
        let kind = match row.kind {
            SourceKind::Question => "вопрос",
            SourceKind::Note => "заметка",
            SourceKind::File => "файл",
            SourceKind::Pasted => "с сайта",
            SourceKind::Item => "объявление",
            SourceKind::Reply => "ответ",
        };
        let state = match (row.off, row.state) {
            (true, _) => ", выключено",
            (_, SourceState::ToRead) => ", читается",
            (_, SourceState::Unreadable) => ", не прочитано",
            (_, SourceState::Stopped) => ", остановлено",
            (false, SourceState::Read) => "",
        };
        let preview: String = row.preview.split_whitespace().collect::<Vec<_>>().join(" ");
        let preview: String = preview.chars().take(80).collect();
        writeln!(out, "{}\t{kind}{state}\t{}\t{preview}", row.id, row.title)?;
    }
    Ok(())
}

fn found(out: &mut String, answer: &Value) -> std::fmt::Result {
    let Ok(trial) = Trial::deserialize(answer) else { return Ok(()) };
    match trial.answer.filter(|answer| answer.given) {
        Some(answer) => {
            writeln!(out, "Ответ (уверенность {:.0} %): {}", answer.confidence * 100.0, answer.quote)?;
        }
        None => writeln!(out, "Уверенного ответа нет: вопрос остался бы вам")?,
    }
    for (at, passage) in trial.passages.iter().enumerate() {
        let heading = if passage.heading.is_empty() { &passage.source_title } else { &passage.heading };
        let text = passage.text.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(out, "{}. [{}] {heading}: {text} ({:.1})", at + 1, passage.source, passage.score)?;
    }
    Ok(())
}
