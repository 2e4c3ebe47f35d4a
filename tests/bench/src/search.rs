//! `bench search`: search over all messages, in the core on a large archive.
//!
//! The reference is the same question put to SQLite's FTS5 alone on the same file in the same run: the numbers of the newest rows that fit,
//! without the messages, their chats and the marked words.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Args;
use inbox::view::MessageQuery;
use inbox::{Core, Store};
use serde_json::Value;

use crate::archive::{Archive, Form, Size};
use crate::figures::{Samples, short};
use crate::report::{Bound, Report};

/// What the page asks for at a time.
const PAGE: u32 = 50;
/// So many of the searches are found as typed; for the others a second question is put, which FTS5 alone is not asked.
const AS_TYPED: usize = 4;
/// What sellers type: words that stand in many messages and in few, several, half typed ones, mistyped ones.
const SEARCHES: [(&str, &str); 6] = [
    ("a frequent word", "здравствуйте"),
    ("two words", "доставка сегодня"),
    ("half a word", "дост"),
    ("a rare word", "самовары"),
    ("another keyboard layout", "cfvjdfh"),
    ("a mistyped word", "гарантея"),
];

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The large archive.
    #[command(flatten)]
    pub size: Size,
    /// Repetitions of each question.
    #[arg(long, default_value_t = 100)]
    pub rounds: usize,
}

/// Measures.
///
/// # Errors
/// When the archive cannot be made or read, or a word of its messages is not found.
pub async fn run(app: &Path, target: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("Search over all messages, in the core");
    let archive = Archive::in_target(app, target, options.size, Form::Encrypted).await?;
    let (core, store) = (archive.core().await?, archive.store().await?);
    let (mut all, mut ours, mut bare) = (Samples::default(), Samples::default(), Samples::default());
    let mut rows = Vec::new();
    for (at, (what, words)) in SEARCHES.into_iter().enumerate() {
        let (mut of_word, mut of_bare) = (Samples::default(), Samples::default());
        for _ in 0..options.rounds {
            let (found, took) = ask(&core, words).await?;
            ensure!(found > 0, "«{words}» was not found");
            of_word.push(took);
            of_bare.push(ask_bare(&store, words).await?);
        }
        let figures =
            [of_word.median(), of_word.percentile(95.0), of_bare.median(), of_bare.percentile(95.0)];
        rows.push([vec![format!("{what}: «{words}»")], figures.map(short).to_vec()].concat());
        all.include(&of_word);
        if at < AS_TYPED {
            ours.include(&of_word);
            bare.include(&of_bare);
        }
    }
    report.table(&["milliseconds", "p50", "p95", "p50 FTS5 alone", "p95 FTS5 alone"], &rows);
    report.samples("all", &all);
    report.samples("ours", &ours);
    report.samples("bare", &bare);
    let index = store.read(|c| {
        let sql = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name LIKE 'message_words%'";
        Ok(c.query_row(sql, [], |row| row.get::<_, i64>(0)).ok())
    });
    if let Some(bytes) = index.await? {
        report.figure("index.bytes", bytes);
        report.note(&format!(
            "\nThe index takes {} MB of {} MB.",
            bytes / 1_000_000,
            archive.bytes()? / 1_000_000
        ));
    }
    let times = ours.percentile(95.0) / bare.percentile(95.0);
    report.budget("search, p95 in the core", all.percentile(95.0), Bound::AtMost, 50.0, "ms");
    report.budget("search, p95 beside FTS5 alone", times, Bound::AtMost, 2.0, "times");
    core.close().await;
    store.close().await;
    Ok(report.finish())
}

/// How many were found, and the milliseconds it took.
async fn ask(core: &Core, words: &str) -> Result<(usize, f64)> {
    let query = MessageQuery { text: words.to_owned(), account: None, chat: None, before: None, limit: PAGE };
    let begin = Instant::now();
    let page = core.search_messages(query).await?;
    Ok((page.found.len(), begin.elapsed().as_secs_f64() * 1e3))
}

async fn ask_bare(store: &Store, words: &str) -> Result<f64> {
    let expression = inbox::expression_of(words);
    let begin = Instant::now();
    store
        .read(move |c| {
            let sql =
                "SELECT rowid FROM message_words WHERE message_words MATCH ?1 ORDER BY rowid DESC LIMIT ?2";
            let mut statement = c.prepare_cached(sql)?;
            let found = statement.query_map((expression, PAGE + 1), |row| row.get::<_, i64>(0))?;
            Ok(found.collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}
