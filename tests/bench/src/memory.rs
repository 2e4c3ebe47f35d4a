//! `bench memory`: the program's own process with a large archive against a bare window, over many events, and at rest.
//!
//! Own process: WebKit draws pages in processes of its own, which are shown beside and are the same for every such window.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use avito_sim::{Fill, Scene, Sim, SimConfig};
use clap::Args;
use serde_json::Value;

use crate::archive::{Archive, Form, Size};
use crate::deliveries::Post;
use crate::desk::{Desk, Region};
use crate::figures::{Samples, short};
use crate::load::{self, Pace};
use crate::program::{Program, patiently};
use crate::report::{Bound, Report};
use crate::{start, webhook};

const MB: f64 = 1_048_576.0;
/// The whole window.
const WINDOW: Region = Region { x: 8, y: 110, width: 290, height: 560 };
/// Ticks of a processor's time in a second, as Linux shows them.
const TICKS: f64 = 100.0;

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The large archive.
    #[command(flatten)]
    pub size: Size,
    /// Windows of each kind; medians are shown.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Events over which memory must stay flat.
    #[arg(long, default_value_t = 200_000)]
    pub events: usize,
    /// Seconds until a started window counts as being at rest: a start looks through what has changed, for some ten of them, and after a
    /// minute through the listings, which it does again every half hour only.
    #[arg(long, default_value_t = 70)]
    pub settle: u64,
    /// Seconds of rest whose processor time is counted.
    #[arg(long, default_value_t = 30)]
    pub rest: u64,
    /// Seconds without events before memory is looked at in the middle and at the end of them: what a flood needed for itself is
    /// given back after fifteen.
    #[arg(long, default_value_t = 20)]
    pub pause: u64,
}

/// What a process holds, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Held {
    /// In memory, with what it shares with others.
    pub resident: f64,
    /// Its part of it: what is shared counts for each sharer in part.
    pub own: f64,
}

/// One kind of window.
#[derive(Default)]
struct Kind {
    resident: Samples,
    own: Samples,
    pages: Samples,
    /// Share of a core at rest: the own process, and all of its processes.
    busy: Samples,
    all_busy: Samples,
}

/// Measures.
///
/// # Errors
/// When a window does not open or a delivery is refused.
pub async fn run(app: &Path, target: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("Memory and rest");
    let bare = start::bare_window(app)?;
    let desk = Desk::new()?;
    let small = tempfile::tempdir()?;
    let (empty, _no_chats) = start::empty(app, small.path()).await?;
    let archive = Archive::in_target(app, target, options.size, Form::Encrypted).await?;
    let mut kinds = [
        ("bare window", "bare", Kind::default()),
        ("no chats", "empty", Kind::default()),
        ("large archive", "large", Kind::default()),
    ];
    for _ in 0..options.rounds {
        for (_, name, kind) in &mut kinds {
            let (command, _sim) = match *name {
                "bare" => (Command::new(&bare), None),
                "empty" => (start::windowed(&empty), None),
                _ => {
                    let sim = archive.avito().await?;
                    (start::windowed(&archive.program()?), Some(sim))
                }
            };
            look(&desk, command, &empty, kind, options).await?;
        }
    }
    let reference = kinds
        .first()
        .map_or((f64::NAN, f64::NAN), |(_, _, kind)| (kind.resident.median(), kind.own.median()));
    let rows: Vec<Vec<String>> = kinds
        .iter()
        .map(|(what, _, kind)| {
            vec![
                (*what).to_owned(),
                short(kind.resident.median() / MB),
                short(kind.own.median() / MB),
                short(kind.resident.median() / reference.0),
                short(kind.own.median() / reference.1),
                short(kind.pages.median() / MB),
                short(kind.busy.median()),
                short(kind.all_busy.median()),
            ]
        })
        .collect();
    let head = [
        "own process",
        "RSS, MB",
        "PSS, MB",
        "RSS ratio",
        "PSS ratio",
        "pages PSS, MB",
        "busy, %",
        "with pages, %",
    ];
    report.table(&head, &rows);
    for (_, name, kind) in &kinds {
        report.figure(&format!("{name}.rss_mb"), kind.resident.median() / MB);
        report.figure(&format!("{name}.pss_mb"), kind.own.median() / MB);
        report.figure(&format!("{name}.pages_pss_mb"), kind.pages.median() / MB);
        report.figure(&format!("{name}.busy_percent"), kind.busy.median());
        report.figure(&format!("{name}.all_busy_percent"), kind.all_busy.median());
    }
    let flow = over_events(app, options).await?;
    let rows: Vec<Vec<String>> = flow
        .iter()
        .map(|(events, held)| vec![short(*events as f64), short(held.resident / MB), short(held.own / MB)])
        .collect();
    report.table(&["events taken in, no window", "RSS, MB", "PSS, MB"], &rows);
    let growth = growth(&flow);
    report.figure("growth_bytes_per_event", growth);
    report.figure("app_bytes", fs::metadata(app)?.len());
    if let Some((_, _, large)) = kinds.last() {
        let (resident, own) = (large.resident.median() / reference.0, large.own.median() / reference.1);
        report.budget("RSS of the own process with the large archive", resident, Bound::AtMost, 1.5, "×");
        report.budget("PSS of the own process with the large archive", own, Bound::AtMost, 1.5, "×");
        // A million events may add 16 MB, which is noise of the allocator beside the archive they make.
        report.budget(
            "growth in the second half of the events",
            growth,
            Bound::AtMost,
            16.0,
            "bytes an event",
        );
        report.budget(
            "the own process at rest, live",
            large.busy.median(),
            Bound::AtMost,
            1.0,
            "% of a core",
        );
    }
    Ok(report.finish())
}

async fn look(
    desk: &Desk,
    command: Command,
    home: &Program,
    kind: &mut Kind,
    options: &Options,
) -> Result<()> {
    let nothing = desk.pixels(WINDOW)?;
    let shown = start::show(desk, command, home)?;
    start::until_rest(desk, Instant::now(), &nothing).await?;
    // What a start leaves to do (going live, the first look at Avito) is over by then.
    tokio::time::sleep(Duration::from_secs(options.settle)).await;
    let pids = descendants(shown.pid());
    let before = (ticks(shown.pid()), pids.iter().map(|pid| ticks(*pid)).sum::<f64>());
    tokio::time::sleep(Duration::from_secs(options.rest)).await;
    let after = (ticks(shown.pid()), pids.iter().map(|pid| ticks(*pid)).sum::<f64>());
    let percent = |ticks: f64| ticks / TICKS / options.rest as f64 * 100.0;
    kind.busy.push(percent(after.0 - before.0));
    kind.all_busy.push(percent(after.0 - before.0 + after.1 - before.1));
    let held = held(shown.pid())?;
    kind.resident.push(held.resident);
    kind.own.push(held.own);
    let pages = pids.iter().filter_map(|pid| self::held(*pid).ok());
    kind.pages.push(pages.map(|held| held.own).sum());
    Ok(())
}

/// Memory of the program without a window after every tenth of the events.
async fn over_events(app: &Path, options: &Options) -> Result<Vec<(usize, Held)>> {
    let folder = tempfile::tempdir()?;
    let sim = Sim::start(SimConfig { scene: Scene::Empty, ..SimConfig::default() }).await?;
    let seller = sim.accounts().into_iter().next().context("the stand-in has an account")?;
    let chats = sim.fill(seller.user_id, Fill { chats: 1000, messages: 1, days: 30 });
    let program = Program::on(app, folder.path())?;
    program.connect(&sim, &seller).await?;
    let running = program.headless().await?;
    running.door.wait_for_mode("live").await?;
    let receiver = webhook::receiver(&sim, &seller, &running)?;
    let mut post = Post::new(&seller, &chats);
    let step = (options.events / 10).max(1);
    let mut flow = vec![(0, held(running.pid())?)];
    for tenth in 1..=10 {
        let requests = load::requests(&receiver, &post.make(step));
        load::deliver(&receiver, &requests, 32, Pace::AsFastAsAnswered).await?;
        webhook::until_taken_in(&running, &post).await?;
        if tenth == 5 || tenth == 10 {
            tokio::time::sleep(Duration::from_secs(options.pause)).await;
        }
        flow.push((tenth * step, held(running.pid())?));
    }
    running.stop().await?;
    Ok(flow)
}

/// Bytes an event adds, from the middle to the end: by then caches are full.
fn growth(flow: &[(usize, Held)]) -> f64 {
    let Some((last, middle)) = flow.last().zip(flow.get(flow.len() / 2)) else { return f64::NAN };
    (last.1.own - middle.1.own) / (last.0 - middle.0) as f64
}

/// What a process holds.
///
/// # Errors
/// When it has ended.
pub fn held(pid: u32) -> Result<Held> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("the process has ended")?;
    let of = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1024.0
    };
    Ok(Held { resident: of("Rss:"), own: of("Pss:") })
}

/// Waits until a process has nothing left to do of what it was given: what it does then would be counted as somebody else's slowness.
///
/// # Errors
/// When it does not come to rest.
pub async fn until_at_rest(pid: u32) -> Result<()> {
    const LOOK: Duration = Duration::from_millis(500);
    const BUSY: f64 = 0.05; // of a core
    let mut before = ticks(pid);
    patiently("the program comes to rest", async || {
        tokio::time::sleep(LOOK).await;
        let now = ticks(pid);
        let used = (now - std::mem::replace(&mut before, now)) / TICKS;
        Ok((used < BUSY * LOOK.as_secs_f64()).then_some(()))
    })
    .await
}

/// Processor time a process has used, in ticks; 0 when it has ended.
fn ticks(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = stat.rsplit(')').next().unwrap_or_default();
    rest.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<f64>().ok()).sum()
}

/// Processes a process started, and those they started.
pub fn descendants(of: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut open = vec![of];
    while let Some(pid) = open.pop() {
        let threads: Vec<PathBuf> = fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect();
        for thread in threads {
            let text = fs::read_to_string(thread.join("children")).unwrap_or_default();
            let children: Vec<u32> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            open.extend(&children);
            found.extend(children);
        }
    }
    found
}

/// Ends processes at once; some may have ended already.
pub fn end(pids: &[u32]) {
    let mut command = Command::new("kill");
    command.args(["-s", "KILL"]).args(pids.iter().map(u32::to_string));
    let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_from_the_middle_on() {
        let at = |own: f64| Held { resident: 0.0, own };
        let flow = [(0, at(0.0)), (100, at(5000.0)), (200, at(5000.0)), (300, at(5100.0)), (400, at(5200.0))];
        assert_eq!(growth(&flow), 1.0);
    }

    #[test]
    fn this_process_holds_something() {
        let held = held(std::process::id()).unwrap();
        assert!(held.resident >= held.own && held.own > 0.0);
    }
}
