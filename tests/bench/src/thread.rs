//! `bench thread`: opening a long chat, switching chats, pages of the list, searching the list, in the core on a large archive.
//!
//! The core runs in this process and answers what the window's commands ask it; what the window adds is measured by `bench page`.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use inbox::view::{ChatQuery, ChatRow};
use inbox::{ChatId, Core};
use serde_json::Value;

use crate::archive::{Archive, Form, Size};
use crate::figures::{Samples, short};
use crate::report::{Bound, Report};

/// What the page asks for: rows of a thread's page, rows of the list's page.
const THREAD_PAGE: u32 = 60;
const LIST_PAGE: u32 = 100;
/// What sellers type into the search box.
const SEARCHES: [&str; 6] = ["кофемолка", "алёна", "самовар 5 литров", "трек", "Škoda", "нет такого"];

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The large archive.
    #[command(flatten)]
    pub size: Size,
    /// Repetitions of each question.
    #[arg(long, default_value_t = 200)]
    pub rounds: usize,
    /// The encrypted archive only, without the plain one beside it.
    #[arg(long)]
    pub encrypted_only: bool,
}

/// Measures.
///
/// # Errors
/// When the archive cannot be made or read.
pub async fn run(app: &Path, target: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("Thread and list, in the core");
    let encrypted = Archive::in_target(app, target, options.size, Form::Encrypted).await?;
    let ours = ask(&encrypted, options.rounds).await?;
    let plain = if options.encrypted_only {
        None
    } else {
        let archive = Archive::in_target(app, target, options.size, Form::Plain).await?;
        Some((archive.bytes()?, ask(&archive, options.rounds).await?))
    };
    let mut head = vec!["milliseconds", "p50", "p95", "max"];
    if plain.is_some() {
        head.extend(["p50 plain", "p95 plain"]);
    }
    let mut rows = Vec::new();
    for (index, (what, name, samples)) in ours.iter().enumerate() {
        let mut row = vec![(*what).to_owned()];
        row.extend([samples.median(), samples.percentile(95.0), samples.max()].map(short));
        report.samples(&format!("encrypted.{name}"), samples);
        if let Some((_, _, samples)) = plain.as_ref().and_then(|(_, plain)| plain.get(index)) {
            row.extend([samples.median(), samples.percentile(95.0)].map(short));
            report.samples(&format!("plain.{name}"), samples);
        }
        rows.push(row);
    }
    report.table(&head, &rows);
    report.figure("encrypted.bytes", encrypted.bytes()?);
    let megabytes = |bytes: u64| short(bytes as f64 / 1e6);
    if let Some((bytes, _)) = &plain {
        report.figure("plain.bytes", *bytes);
        report.note(&format!(
            "\nThe archive takes {} MB encrypted, {} MB plain.",
            megabytes(encrypted.bytes()?),
            megabytes(*bytes)
        ));
    }
    for (what, name, samples) in &ours {
        if ["open_long", "switch", "first_page"].contains(name) {
            report.budget(
                &format!("{what}, p95 in the core"),
                samples.percentile(95.0),
                Bound::AtMost,
                50.0,
                "ms",
            );
        }
    }
    Ok(report.finish())
}

/// What, its name among the figures, its times in milliseconds.
type Asked = Vec<(&'static str, &'static str, Samples)>;

async fn ask(archive: &Archive, rounds: usize) -> Result<Asked> {
    let core = archive.core().await?;
    let first = list(&core, None, None).await?;
    let long = first.iter().map(|row| row.id).next().context("the archive has a chat")?;
    let mut asked: Asked = Vec::new();
    asked.push(("opening the longest chat", "open_long", {
        // Between two openings another chat was looked at.
        let mut samples = Samples::default();
        for round in 0..rounds {
            let other = first.get(1 + round % (first.len() - 1)).context("another chat")?;
            open(&core, other.id).await?;
            samples.push(open(&core, long).await?);
        }
        samples
    }));
    asked.push(("switching chats", "switch", {
        let mut samples = Samples::default();
        let mut after = None;
        while samples.count() < rounds {
            // Each chat once: none of its pages is in memory yet.
            let page = core.list_chats(query(None, after)).await?;
            for row in page.rows.iter().take(rounds - samples.count()) {
                samples.push(open(&core, row.id).await?);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        samples
    }));
    asked.push(("older pages of the longest chat", "older", {
        let mut samples = Samples::default();
        let mut before = core.messages(long, None, THREAD_PAGE).await?.older;
        while let Some(cursor) = before
            && samples.count() < rounds
        {
            let begin = Instant::now();
            before = core.messages(long, Some(cursor), THREAD_PAGE).await?.older;
            samples.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        samples
    }));
    asked.push(("first page of the list", "first_page", {
        let mut samples = Samples::default();
        for _ in 0..rounds {
            let begin = Instant::now();
            list(&core, None, None).await?;
            samples.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        samples
    }));
    asked.push(("later pages of the list", "later_pages", {
        let mut samples = Samples::default();
        let mut after = core.list_chats(query(None, None)).await?.next;
        while let Some(cursor) = after
            && samples.count() < rounds
        {
            let begin = Instant::now();
            after = core.list_chats(query(None, Some(cursor))).await?.next;
            samples.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        samples
    }));
    asked.push(("searching the list", "search", {
        let mut samples = Samples::default();
        for words in SEARCHES.iter().cycle().take(rounds) {
            let begin = Instant::now();
            list(&core, Some(words), None).await?;
            samples.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        samples
    }));
    asked.push(("the frame: accounts and counts", "frame", {
        let mut samples = Samples::default();
        for _ in 0..rounds {
            let begin = Instant::now();
            core.account_views().await?;
            samples.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        samples
    }));
    core.close().await;
    Ok(asked)
}

fn query(text: Option<&str>, after: Option<inbox::view::ChatCursor>) -> ChatQuery {
    ChatQuery { account: None, unread_only: false, text: text.map(str::to_owned), after, limit: LIST_PAGE }
}

async fn list(
    core: &Core,
    text: Option<&str>,
    after: Option<inbox::view::ChatCursor>,
) -> Result<Vec<ChatRow>> {
    Ok(core.list_chats(query(text, after)).await?.rows)
}

/// What the page asks when a chat is opened: its frame and its newest page, at the same time.
async fn open(core: &Core, chat: ChatId) -> Result<f64> {
    let begin = Instant::now();
    let (view, page) = tokio::join!(core.chat(chat), core.messages(chat, None, THREAD_PAGE));
    view?;
    page?;
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}
