//! `bench start`: from the start of the program to a list that can be used, against a bare window with a static page.
//!
//! The same eye for all: the pixels of the screen where the list (or the static text) is. A start lasts until they first look as
//! they look when everything has come to rest.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use avito_sim::{Scene, Sim, SimConfig};
use clap::Args;
use serde_json::Value;

use crate::archive::{Archive, Form, Size};
use crate::desk::{Desk, Region};
use crate::figures::{Samples, short};
use crate::program::Program;
use crate::report::{Bound, Report};

/// The list of chats, without the search above it and the status line below it.
const LIST: Region = Region { x: 8, y: 110, width: 290, height: 560 };
/// No change for so long is rest.
const REST: Duration = Duration::from_millis(1500);
/// A window takes less than this, whatever the machine does meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The large archive.
    #[command(flatten)]
    pub size: Size,
    /// Starts of each; medians are shown.
    #[arg(long, default_value_t = 9)]
    pub rounds: usize,
    /// The encrypted archive only, without the plain one beside it.
    #[arg(long)]
    pub encrypted_only: bool,
    /// Keeps a picture of the measured part of the screen after each kind's first start (raw pixels, 4 bytes each).
    #[arg(long)]
    pub pictures: Option<PathBuf>,
}

/// Measures.
///
/// # Errors
/// When a window does not open.
pub async fn run(app: &Path, target: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("Start: from the command to a list that can be used");
    let bare = bare_window(app)?;
    let desk = Desk::new()?;
    let small = tempfile::tempdir()?;
    let (empty, _no_chats) = empty(app, small.path()).await?;
    let mut archives = vec![(
        "large, encrypted",
        "large",
        Archive::in_target(app, target, options.size, Form::Encrypted).await?,
    )];
    if !options.encrypted_only {
        archives.push((
            "large, plain",
            "plain",
            Archive::in_target(app, target, options.size, Form::Plain).await?,
        ));
    }
    let mut kinds =
        vec![("bare window", "bare", Samples::default()), ("no chats", "empty", Samples::default())];
    kinds.extend(archives.iter().map(|(what, name, _)| (*what, *name, Samples::default())));
    for round in 0..options.rounds {
        for (what, name, samples) in &mut kinds {
            let archive = archives.iter().find(|(_, known, _)| known == name).map(|(_, _, archive)| archive);
            let (command, _sim) = match (archive, *name) {
                (Some(archive), _) => {
                    // Also closes what the last window left open when it was killed.
                    let sim = archive.avito().await?;
                    (windowed(&archive.program()?), Some(sim))
                }
                (None, "bare") => (Command::new(&bare), None),
                (None, _) => (windowed(&empty), None),
            };
            let (time, picture) =
                painted(&desk, command, &empty).await.with_context(|| (*what).to_owned())?;
            samples.push(time);
            if let Some(folder) = options.pictures.as_ref().filter(|_| round == 0) {
                std::fs::create_dir_all(folder)?;
                std::fs::write(folder.join(format!("{name}-{}x{}.bgrx", LIST.width, LIST.height)), picture)?;
            }
        }
    }
    let reference = kinds.first().map_or(f64::NAN, |(_, _, samples)| samples.median());
    let rows: Vec<Vec<String>> = kinds
        .iter()
        .map(|(what, _, samples)| {
            let [median, p95] = [samples.median(), samples.percentile(95.0)].map(short);
            vec![(*what).to_owned(), median, p95, short(samples.median() / reference)]
        })
        .collect();
    report.table(&["milliseconds", "median", "p95", "against the bare window"], &rows);
    report.note("\nSecrets are in a sealed file here: the programs' figures hold the making of its key from the passphrase.");
    for (_, name, samples) in &kinds {
        report.samples(name, samples);
    }
    let large = kinds
        .iter()
        .find(|(_, name, _)| *name == "large")
        .map_or(f64::NAN, |(_, _, samples)| samples.median());
    report.budget("start with the large archive", large / reference, Bound::AtMost, 1.3, "×");
    Ok(report.finish())
}

/// The bare window's program, built with the others.
///
/// # Errors
/// When it was not built.
pub fn bare_window(app: &Path) -> Result<PathBuf> {
    let file = app.with_file_name(format!("bare-window{}", std::env::consts::EXE_SUFFIX));
    if !file.exists() {
        bail!("{} is not there: build the whole workspace", file.display());
    }
    Ok(file)
}

/// A connected account without chats.
///
/// # Errors
/// When the account cannot be connected.
pub async fn empty(app: &Path, folder: &Path) -> Result<(Program, Sim)> {
    let sim = Sim::start(SimConfig { scene: Scene::Empty, ..SimConfig::default() }).await?;
    let seller = sim.accounts().into_iter().next().context("the stand-in has an account")?;
    let program = Program::on(app, folder)?;
    program.connect(&sim, &seller).await?;
    Ok((program, sim))
}

/// The program with its window.
pub fn windowed(program: &Program) -> Command {
    let mut command = Command::new(program.file());
    command.args(program.arguments());
    command
}

/// A started window; it ends when this is dropped.
pub struct Shown {
    child: Child,
}

impl Shown {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut pids = crate::memory::descendants(self.child.id());
        pids.push(self.child.id());
        crate::memory::end(&pids);
        let _ = self.child.wait();
    }
}

/// Starts a window on the desk.
///
/// # Errors
/// When it cannot be started.
pub fn show(desk: &Desk, mut command: Command, home: &Program) -> Result<Shown> {
    command.env_clear().envs(home.environment()).envs(desk.environment().iter().cloned());
    command.stdin(Stdio::null()).stdout(desk.log("window.log")?).stderr(desk.log("window.log")?);
    let child =
        command.spawn().with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    Ok(Shown { child })
}

/// Starts a window, and gives the milliseconds until it first looked as it looks at rest, with that look. The window ends.
async fn painted(desk: &Desk, command: Command, home: &Program) -> Result<(f64, Vec<u8>)> {
    let nothing = desk.pixels(LIST)?;
    let begin = Instant::now();
    let shown = show(desk, command, home)?;
    let (time, look) = until_rest(desk, begin, &nothing).await?;
    drop(shown);
    let deadline = Instant::now() + PATIENCE;
    while desk.pixels(LIST)? != nothing && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((time, look))
}

/// Waits until the screen has come to rest.
///
/// # Errors
/// When nothing is shown in time.
pub async fn until_rest(desk: &Desk, begin: Instant, nothing: &[u8]) -> Result<(f64, Vec<u8>)> {
    let mut looks: Vec<(Duration, Vec<u8>)> = Vec::new();
    loop {
        let now = begin.elapsed();
        let pixels = desk.pixels(LIST)?;
        let last = looks.last().map_or(nothing, |(_, pixels)| pixels);
        if pixels != last {
            looks.push((now, pixels));
        } else if let Some((since, rest)) = looks.last()
            && now > *since + REST
            && has_words(rest)
        {
            let first = looks.iter().find(|(_, look)| look == rest).map_or(*since, |(time, _)| *time);
            return Ok((first.as_secs_f64() * 1e3, rest.clone()));
        }
        if now > PATIENCE {
            bail!("the window does not come to rest");
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
}

/// Whether this is more than one colour: a window without its page is not yet what is waited for.
fn has_words(pixels: &[u8]) -> bool {
    let mut colours = pixels.chunks_exact(4);
    let first = colours.next();
    colours.any(|colour| Some(colour) != first)
}
