//! Log files: one a day, two weeks of them. They hold paths, statuses and times; never texts, names or secrets.

use inbox::DataFolder;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

const FILES_KEPT: usize = 14;
/// Crates whose finer words hold secrets.
const CAPPED: [&str; 2] = ["muxado=info", "ngrok=info"];

/// Begins to log into the data folder, and to standard error when asked. Keep the guard: it writes the rest at the end.
pub(crate) fn start(folder: &DataFolder, to_stderr: bool) -> Option<WorkerGuard> {
    let filter = EnvFilter::try_from_env("PRILAVOK_LOG").unwrap_or_else(|_| {
        EnvFilter::new("warn,prilavok=info,inbox=info,avito=info,tunnel=info,avito_sim=warn,async_openai=off")
    });
    // Whatever is asked for: below this level they write the bytes of the connection, and ngrok's token with them.
    let filter = CAPPED.into_iter().filter_map(|cap| cap.parse().ok()).fold(filter, EnvFilter::add_directive);
    let appender = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("prilavok")
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        .build(folder.logs());
    let (file, guard) = match appender {
        Ok(appender) => {
            let (writer, guard) = tracing_appender::non_blocking(appender);
            (Some(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer)), Some(guard))
        }
        Err(_) => (None, None), // a full or read-only disk: the program runs without a log
    };
    let stderr = to_stderr.then(|| tracing_subscriber::fmt::layer().with_writer(std::io::stderr));
    let started = tracing_subscriber::registry().with(filter).with(file).with(stderr).try_init();
    if started.is_err() {
        return None;
    }
    guard
}
