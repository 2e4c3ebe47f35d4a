//! The program behind `cargo xtask bench`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bench::archive::{Archive, Form, Size};
use bench::{
    catchup, chaos, draft, ingest, memory, output, page, report, retrieval, search, start, thread, tunnel,
    webhook,
};
use clap::{Parser, Subcommand};
use serde_json::{Map, Value};

/// Measurements and proofs on the real program.
#[derive(Parser)]
#[command(name = "cargo xtask bench", disable_help_subcommand = true)]
struct Cli {
    /// The program under test.
    #[arg(long, env = "PRILAVOK_BENCH_APP", global = true)]
    app: Option<PathBuf>,
    /// Writes the figures to this file as JSON.
    #[arg(long, global = true)]
    json: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The program is killed again and again while everything goes wrong; then both sides are compared. Measures nothing.
    Chaos(chaos::ChaosArgs),
    /// Makes a data folder with a large archive.
    Archive {
        #[command(flatten)]
        size: Size,
        /// Where to make it; otherwise in target/bench, where the other measurements look for it.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    #[command(flatten)]
    One(Measurement),
    /// Every measurement, one after the other.
    All,
}

#[derive(Subcommand)]
enum Measurement {
    /// A delivery received durably, against FastAPI with a queue in memory.
    Webhook(webhook::Options),
    /// A delivery through ngrok's stand-in, against the same straight to the endpoint.
    Tunnel(tunnel::Options),
    /// From the POST of a delivery to its text in the window; opening and switching chats there.
    Page(page::Options),
    /// Before a question leaves for the language model, and from its first letters to the page.
    Draft(draft::Options),
    /// From the start to a list that can be used, against a bare window.
    Start(start::Options),
    /// Memory with a large archive against a bare window, over many events, and the rest when nothing happens.
    Memory(memory::Options),
    /// Opening and switching chats, pages of the list, searching it, in the core on a large archive.
    Thread(thread::Options),
    /// Search over all messages of a large archive, against the same question put to FTS5 alone.
    Search(search::Options),
    /// Reading what happened during an outage, against the least possible.
    Catchup(catchup::Options),
    /// The knowledge's index against SQLite's trigram index and tantivy: quality, latency, building, size.
    Retrieval(retrieval::Options),
    /// Whole files (a price list of 100 000 rows, a document of 1 000 pages) into the archive.
    Ingest(ingest::Options),
}

/// Each measurement as `all` runs it.
const ALL: [&str; 11] = [
    "webhook",
    "tunnel",
    "page",
    "draft",
    "start",
    "memory",
    "thread",
    "search",
    "catchup",
    "retrieval",
    "ingest",
];

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = runtime.context("no runtime").and_then(|runtime| runtime.block_on(run(cli)));
    done.unwrap_or_else(|error| {
        output::line(&format!("bench: {error:#}"));
        ExitCode::FAILURE
    })
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let app = cli.app.context("which program? Say --app, or start this with `cargo xtask bench`")?;
    let app = std::path::absolute(app)?;
    let mut figures = Map::new();
    figures.insert("machine".to_owned(), report::machine());
    match cli.what {
        What::Chaos(arguments) => {
            let held = chaos::run(&app, &arguments, cli.json.as_ref()).await?;
            return Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        What::Archive { size, folder } => {
            let archive = match folder {
                Some(folder) => Archive::at(&app, &folder, size, Form::Encrypted).await?,
                None => Archive::in_target(&app, &target_folder(&app)?, size, Form::Encrypted).await?,
            };
            let folder = archive.program()?.data_dir();
            output::line(&format!("{} ({} MB)", folder.display(), archive.bytes()? / 1_000_000));
        }
        What::One(measurement) => measure(&app, measurement, &mut figures).await?,
        What::All => {
            for name in ALL {
                let measurement = Cli::try_parse_from(["bench", name])?;
                let What::One(measurement) = measurement.what else { continue };
                measure(&app, measurement, &mut figures).await?;
            }
        }
    }
    if let Some(file) = &cli.json {
        report::write(file, &figures)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A budget that is not met is told, and is no failure of the command: figures of a busy machine prove nothing by themselves.
async fn measure(app: &Path, measurement: Measurement, figures: &mut Map<String, Value>) -> Result<()> {
    let target = target_folder(app)?;
    let (name, found) = match measurement {
        Measurement::Webhook(options) => ("webhook", webhook::run(app, &target, &options).await?),
        Measurement::Tunnel(options) => ("tunnel", tunnel::run(app, &options).await?),
        Measurement::Page(options) => ("page", page::run(app, &target, &options).await?),
        Measurement::Draft(options) => ("draft", draft::run(app, &target, &options).await?),
        Measurement::Start(options) => ("start", start::run(app, &target, &options).await?),
        Measurement::Memory(options) => ("memory", memory::run(app, &target, &options).await?),
        Measurement::Thread(options) => ("thread", thread::run(app, &target, &options).await?),
        Measurement::Search(options) => ("search", search::run(app, &target, &options).await?),
        Measurement::Catchup(options) => ("catchup", catchup::run(app, &options).await?),
        Measurement::Retrieval(options) => ("retrieval", retrieval::run(&options)?),
        Measurement::Ingest(options) => ("ingest", ingest::run(app, &options).await?),
    };
    figures.insert(name.to_owned(), found);
    Ok(())
}

/// `target/bench`: what is made once and used again.
fn target_folder(app: &Path) -> Result<PathBuf> {
    let target = app.parent().and_then(Path::parent).context("the program stands in no target folder")?;
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
