//! `bench retrieval`: the product's index against SQLite's trigram index and tantivy, the same passages and questions in
//! one run.

mod engines;
mod passages;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::output::{line, table};
use engines::{Engine, Ours, Tantivy, Trigrams};
use passages::{Asked, Made};

/// How much to measure.
#[derive(Args)]
pub struct Options {
    /// Passages in each index.
    #[arg(long, default_value_t = 50_000)]
    passages: usize,
    /// Questions asked of each.
    #[arg(long, default_value_t = 400)]
    questions: usize,
    /// Another seed makes other passages and questions.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// What the product must keep.
const P95: Duration = Duration::from_millis(20);
const PASSAGES_A_SECOND: f64 = 5_000.0;
const TIMES_THE_TEXT: f64 = 3.0;

struct Measured {
    name: &'static str,
    built: Duration,
    first: f64,
    first_ten: f64,
    median: Duration,
    p95: Duration,
}

/// Measures, prints, and gives the figures.
///
/// # Errors
/// An engine failed.
pub fn run(arguments: &Options) -> Result<Value> {
    let made = passages::passages(arguments.passages, arguments.seed);
    let asked = passages::questions(&made, arguments.questions, arguments.seed);
    let text: usize = made.iter().map(|passage| passage.title.len() + passage.text.len()).sum();
    let folder = tempfile::tempdir()?;
    let start = Instant::now();
    let mut ours = Ours::build(folder.path(), &made)?;
    let built = start.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "bytes and counts for a ratio")]
    let (times, speed) = (ours.size()? as f64 / text as f64, made.len() as f64 / built.as_secs_f64());
    let mut all = vec![measure(&mut ours, built, &asked)?];
    drop(ours);
    let start = Instant::now();
    let mut trigrams = Trigrams::build(folder.path(), &made)?;
    all.push(measure(&mut trigrams, start.elapsed(), &asked)?);
    drop(trigrams);
    let start = Instant::now();
    let mut tantivy = Tantivy::build(&made)?;
    all.push(measure(&mut tantivy, start.elapsed(), &asked)?);
    show(&made, &asked, &all);
    line(&format!(
        "knowledge: {speed:.0} passages a second, tables with their text {times:.2} times the text"
    ));
    let kept = all[0].p95 <= P95 && speed >= PASSAGES_A_SECOND && times <= TIMES_THE_TEXT;
    line(if kept {
        "the budgets are kept"
    } else {
        "over budget: p95 20 ms, 5 000 passages a second, 3 times the text"
    });
    let rows = all.iter().map(|row| {
        json!({
            "engine": row.name, "build_s": row.built.as_secs_f64(), "first": row.first, "first_ten": row.first_ten,
            "p50_ms": row.median.as_secs_f64() * 1e3, "p95_ms": row.p95.as_secs_f64() * 1e3,
        })
    });
    let rows: Vec<Value> = rows.collect();
    Ok(json!({
        "passages": made.len(), "engines": rows, "passages_a_second": speed, "times_the_text": times, "kept": kept,
    }))
}

fn measure(engine: &mut dyn Engine, built: Duration, asked: &[Asked]) -> Result<Measured> {
    // The first question reads what stays in memory.
    engine.search("диван цена")?;
    let mut taken = Vec::with_capacity(asked.len());
    let (mut first, mut first_ten) = (0_u32, 0_u32);
    for question in asked {
        let start = Instant::now();
        let found = engine.search(&question.text)?;
        taken.push(start.elapsed());
        first += u32::from(found.first() == Some(&question.passage));
        first_ten += u32::from(found.contains(&question.passage));
    }
    taken.sort_unstable();
    let at =
        |share: usize| taken.get((taken.len().saturating_sub(1)) * share / 100).copied().unwrap_or_default();
    let count = f64::from(u32::try_from(asked.len().max(1))?);
    Ok(Measured {
        name: engine.name(),
        built,
        first: f64::from(first) / count,
        first_ten: f64::from(first_ten) / count,
        median: at(50),
        p95: at(95),
    })
}

fn show(made: &[Made], asked: &[Asked], all: &[Measured]) {
    line(&format!("{} passages, {} questions", made.len(), asked.len()));
    let milliseconds = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|row| {
            vec![
                row.name.to_owned(),
                format!("{:.1}", row.built.as_secs_f64()),
                format!("{:.3}", row.first),
                format!("{:.3}", row.first_ten),
                milliseconds(row.median),
                milliseconds(row.p95),
            ]
        })
        .collect();
    table(&["engine", "build, s", "R@1", "R@10", "p50, ms", "p95, ms"], &rows);
}
