//! The proof that nothing is lost and nothing doubled: the real program without a window, killed again and again while everything
//! around it goes wrong and both sides write; at the end Avito's messages and the program's are compared one by one.
//!
//! The rounds are spread over shops (a stand-in for Avito with three accounts, a data folder, one comparison at the end) that run
//! side by side. A shop's seed is the run's seed plus its number, so a shop that failed can be run again alone.
//! What is injected and what the result means is told in `docs/chaos.md`.

mod compare;
mod control;
mod ledger;
mod moment;
mod people;
mod program;
mod shop;
mod story;
mod tally;
mod weather;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::tally::Tally;
use crate::output;

/// How much faster than a seller's the program's intervals are. A look at a lost answer takes 2.5 s then: far more than the
/// stand-in needs to take a message.
const HURRY: u32 = 8;

/// Arguments of `chaos`.
#[derive(Debug, Clone, Args)]
pub struct ChaosArgs {
    /// How often the program is killed.
    #[arg(long, default_value_t = 1000)]
    pub rounds: u32,
    /// Everything random comes from it; by default it is random itself.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Shops side by side.
    #[arg(long, default_value_t = 3)]
    pub lanes: usize,
    /// Kills in the life of one shop.
    #[arg(long, default_value_t = 25)]
    pub rounds_per_shop: u32,
}

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// The seed it can be repeated with.
    pub seed: u64,
    /// `lost 0 doubled 0 parked P`.
    pub verdict: String,
    /// Whether both sides were the same.
    pub clean: bool,
    /// For each difference what happened to the message, with the seed and the round.
    pub stories: Vec<String>,
    tally: Tally,
    took: Duration,
}

impl Report {
    /// Deliveries that reached a program through a tunnel.
    #[must_use]
    pub fn through_tunnels(&self) -> u64 {
        self.tally.deliveries.get(tally::THROUGH_TUNNEL).copied().unwrap_or_default()
    }
}

/// Runs all rounds. `progress` hears of every finished shop, with its stories.
///
/// # Errors
/// When a shop cannot be set up at all. What goes wrong later is in the report.
pub async fn prove(app: &Path, arguments: &ChaosArgs, progress: impl Fn(&str)) -> Result<Report> {
    let began = Instant::now();
    let seed = arguments.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    progress(&format!("seed {seed}, {} rounds, {} lanes", arguments.rounds, arguments.lanes));
    let lanes = Arc::new(Semaphore::new(arguments.lanes.max(1)));
    let per_shop = arguments.rounds_per_shop.max(1);
    let count = arguments.rounds.div_ceil(per_shop);
    let mut shops = JoinSet::new();
    for number in 0..count {
        let rounds = per_shop.min(arguments.rounds - number * per_shop);
        let (lanes, app, seed) = (lanes.clone(), app.to_owned(), seed + u64::from(number));
        shops.spawn(async move {
            let _lane = lanes.acquire().await?;
            Ok::<_, anyhow::Error>((seed, rounds, shop::run(&app, seed, rounds, HURRY).await?))
        });
    }
    let stall = Stall::watch();
    let mut all = Tally::default();
    let mut stories = Vec::new();
    let mut finished = 0;
    while let Some(shop) = shops.join_next().await {
        let (seed, rounds, outcome) = shop??;
        finished += 1;
        let verdict = outcome.tally.verdict();
        progress(&format!(
            "shop {finished}/{count}, seed {seed}, {rounds} rounds: {verdict} ({} s)",
            began.elapsed().as_secs()
        ));
        for story in &outcome.stories {
            let again = format!("--seed {seed} --rounds {rounds} --rounds-per-shop {rounds} --lanes 1");
            let story = format!("seed {seed} (again: chaos {again})\n{story}");
            progress(&story);
            stories.push(story);
        }
        all.add(outcome.tally);
    }
    all.longest_stall_ms = stall.longest_ms();
    Ok(Report {
        seed,
        verdict: all.verdict(),
        clean: all.is_clean(),
        stories,
        tally: all,
        took: began.elapsed(),
    })
}

/// Runs the proof and prints what came of it; answers whether it held.
///
/// # Errors
/// See [`prove`]; also when the figures cannot be written.
pub async fn run(app: &Path, arguments: &ChaosArgs, figures: Option<&PathBuf>) -> Result<bool> {
    let report = tokio::select! {
        report = prove(app, arguments, output::line) => report?,
        // Ending in good order ends the programs, too.
        () = stopped() => anyhow::bail!("stopped before the end"),
    };
    output::line("");
    output::table(&["what", "count"], &report.tally.rows(report.took));
    output::line(&format!("seed {}", report.seed));
    output::line(&report.verdict);
    if let Some(file) = figures {
        let text = json!({"seed": report.seed, "seconds": report.took.as_secs(), "counts": report.tally});
        std::fs::write(file, format!("{text:#}\n")).with_context(|| file.display().to_string())?;
    }
    Ok(report.clean)
}

/// Waits until somebody wants this to end.
async fn stopped() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Measures how late timers are: a machine that stands still for seconds lets the stand-in take a message later than the program
/// waits for it, which no program could know.
struct Stall {
    longest_ms: Arc<std::sync::atomic::AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Stall {
    fn watch() -> Self {
        let longest_ms = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let longest = longest_ms.clone();
        let task = tokio::spawn(async move {
            let tick = Duration::from_millis(20);
            loop {
                let before = Instant::now();
                tokio::time::sleep(tick).await;
                let late = before.elapsed().saturating_sub(tick);
                longest.fetch_max(
                    u64::try_from(late.as_millis()).unwrap_or(u64::MAX),
                    std::sync::atomic::Ordering::Relaxed,
                );
            }
        });
        Self { longest_ms, task }
    }

    fn longest_ms(&self) -> u64 {
        self.task.abort();
        self.longest_ms.load(std::sync::atomic::Ordering::Relaxed)
    }
}
