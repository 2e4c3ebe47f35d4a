//! `bench ingest`: whole files into an encrypted archive by the core's own import: parsing, table of passages, index.
//!
//! A price list is made here, as csv; where LibreOffice is installed it makes the workbook and the paged document, as a seller's own programs
//! would. The core runs in this process, so the peak of memory is the process's own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use inbox::Core;
use inbox::view::{Scope, SourceState};
use serde_json::Value;

use crate::archive::{Archive, Form, Size};
use crate::figures::short;
use crate::report::{Bound, Report};

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Rows of the price list.
    #[arg(long, default_value_t = 100_000)]
    pub rows: usize,
    /// Pages of the document, about.
    #[arg(long, default_value_t = 1_000)]
    pub pages: usize,
    /// These files instead.
    #[arg(long)]
    pub file: Vec<PathBuf>,
}

/// Longer is no ingestion.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Passages a second that the index alone must take; a whole file is held against it for want of a budget of its own.
const LEAST: f64 = 5_000.0;
/// Lines that LibreOffice puts on a page of plain text.
const LINES_A_PAGE: usize = 50;

/// Measures.
///
/// # Errors
/// When a file cannot be made or is not read.
pub async fn run(app: &Path, options: &Options) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let files = if options.file.is_empty() { make(folder.path(), options)? } else { options.file.clone() };
    let mut report = Report::titled("Files into the archive");
    let mut rows = Vec::new();
    for file in &files {
        // Each in an archive of its own: what is there before makes it slower.
        let place = tempfile::tempdir()?;
        let size = Size { chats: 20, messages: 200 };
        let archive = Archive::at(app, place.path(), size, Form::Encrypted).await?;
        let before = archive.bytes()?;
        let core = archive.core_at_work().await?;
        forget_peak();
        let resting = resident("VmRSS")?;
        let begun = Instant::now();
        let passages = take_in(&core, file).await?;
        let took = begun.elapsed().as_secs_f64();
        let peak = resident("VmHWM")?;
        core.close().await;
        let speed = f64::from(passages) / took;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (bytes, grown) = (std::fs::metadata(file)?.len(), archive.bytes()?.saturating_sub(before));
        rows.push(vec![
            name.clone(),
            megabytes(bytes),
            passages.to_string(),
            short(took),
            short(speed),
            megabytes(peak),
            megabytes(resting),
            megabytes(grown),
        ]);
        let key = name.replace('.', "_");
        for (figure, value) in [("seconds", took), ("passages_a_second", speed)] {
            report.figure(&format!("{key}.{figure}"), value);
        }
        for (figure, value) in
            [("passages", u64::from(passages)), ("peak_bytes", peak), ("archive_bytes", grown)]
        {
            report.figure(&format!("{key}.{figure}"), value);
        }
        if name.ends_with(".csv") {
            report.budget(&name, speed, Bound::AtLeast, LEAST, "passages a second");
        }
    }
    let head = ["file", "MB", "passages", "seconds", "passages/s", "peak MB", "before MB", "archive +MB"];
    report.table(&head, &rows);
    Ok(report.finish())
}

/// Adds the file and waits until all of it can be found.
async fn take_in(core: &Core, file: &Path) -> Result<u32> {
    let id = core.add_files(&Scope::default(), vec![file.to_owned()], false).await?;
    let id = *id.first().context("no source")?;
    let begun = Instant::now();
    loop {
        let view = core.source_view(id, -1).await?;
        match view.row.state {
            SourceState::Read => {
                ensure!(view.row.problems.is_empty(), "{file:?}: {:?}", view.row.problems);
                return Ok(view.row.passages);
            }
            SourceState::ToRead if begun.elapsed() < PATIENCE => {}
            state => bail!("{file:?}: {state:?}, {:?}", view.row.problems),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn make(folder: &Path, options: &Options) -> Result<Vec<PathBuf>> {
    const THINGS: [&str; 8] =
        ["Линза", "Лампа", "Колодка", "Фильтр", "Подшипник", "Рычаг", "Стойка", "Ремень"];
    const FOR: [&str; 6] =
        ["для Lada Vesta", "универсальная", "для Kia Rio", "для Škoda Octavia", "усиленная", "для ВАЗ 2110"];
    let price = folder.join("price.csv");
    let mut text = String::from("Артикул;Наименование;Цена, ₽;Остаток;Производитель;Комментарий\n");
    for row in 0..options.rows {
        let (thing, whose) = (THINGS[row % THINGS.len()], FOR[row / 7 % FOR.len()]);
        let (cost, left) = (100 + row * 37 % 90_000, row * 13 % 40);
        text.push_str(&format!(
            "AB-{row:06};{thing} {whose} {row};{cost};{left};Завод №{};доставка {} дн., гарантия {} мес.\n",
            row % 90,
            1 + row % 9,
            3 + row % 24
        ));
    }
    std::fs::write(&price, text)?;
    let lines = folder.join("manual.txt");
    let mut text = String::new();
    for line in 0..options.pages * LINES_A_PAGE {
        let (thing, whose) = (THINGS[line % THINGS.len()], FOR[line / 5 % FOR.len()]);
        text.push_str(&format!("Пункт {line}. {thing} {whose}: момент затяжки {} Н·м.\n", 10 + line % 120));
        if line % 8 == 7 {
            text.push('\n');
        }
    }
    std::fs::write(&lines, text)?;
    let mut files = vec![price.clone()];
    files.extend(converted(folder, &price, "CSV:59,34,76,1", "xlsx"));
    files.extend(converted(folder, &lines, "Text (encoded):UTF8", "pdf"));
    Ok(files)
}

/// The file in another form, where there is a program for it.
fn converted(folder: &Path, file: &Path, read_as: &str, form: &str) -> Option<PathBuf> {
    let mut office = Command::new("soffice");
    office.arg(format!("-env:UserInstallation=file://{}", folder.join("office").display()));
    office.arg("--headless").arg(format!("--infilter={read_as}")).args(["--convert-to", form, "--outdir"]);
    office.arg(folder).arg(file);
    let made = file.with_extension(form);
    let ran = office.output().is_ok_and(|output| output.status.success());
    if ran && made.exists() {
        return Some(made);
    }
    crate::output::line(&format!("no {form}: LibreOffice is not installed or did not make it"));
    None
}

/// Linux counts the peak anew.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5"); // elsewhere the peak is that of the whole run
}

/// Bytes, by this line of the process's own status.
fn resident(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("memory is read on Linux only")?;
    let line = status.lines().find(|line| line.starts_with(name)).context("no such line")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kilobytes * 1024)
}

#[expect(clippy::cast_precision_loss, reason = "for a person to read")]
fn megabytes(bytes: u64) -> String {
    short(bytes as f64 / 1e6)
}
