//! Running one program of a stage: output streamed, time limited, nothing left behind.

use std::io::Read;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::output::{raw, say};
use crate::processes::{self, MARK};

/// The longest a single program of a stage may take. A first build on a slow machine is the longest honest one.
pub(crate) const LIMIT: Duration = Duration::from_secs(40 * 60);

/// How long output may be awaited after the program ended; only a process that hides from us can hold it open.
const OUTPUT_GRACE: Duration = Duration::from_secs(5);

/// What to do with the program's standard output; standard error always goes to the terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// To the terminal only.
    Shown,
    /// To the terminal, and kept.
    ShownAndKept,
    /// Kept only.
    Kept,
}

/// How a program ended.
pub(crate) struct Finished {
    /// `None`: the time limit was reached and the program was ended with all that it had started.
    pub(crate) status: Option<ExitStatus>,
    /// Its standard output, as far as it was kept.
    pub(crate) output: String,
    limit: Duration,
}

impl Finished {
    /// The reason why this is a failure, if it is one.
    pub(crate) fn failure(&self) -> Option<String> {
        match self.status {
            Some(status) if status.success() => None,
            Some(status) => Some(match status.code() {
                Some(code) => format!("exit code {code}"),
                None => status.to_string(),
            }),
            None => Some(format!("stopped after {}: it hung", duration_text(self.limit))),
        }
    }
}

/// Runs a program without input and waits for it, at most [`LIMIT`].
pub(crate) fn run(command: &mut Command, output: Output) -> Result<Finished> {
    run_within(command, output, LIMIT)
}

/// Runs a program that has to succeed.
pub(crate) fn run_to_success(command: &mut Command) -> Result<()> {
    match run(command, Output::Shown)?.failure() {
        Some(failure) => bail!("{}: {failure}", command_line(command)),
        None => Ok(()),
    }
}

/// The same with a limit of one's own.
pub(crate) fn run_within(command: &mut Command, output: Output, limit: Duration) -> Result<Finished> {
    static STAGES: AtomicU32 = AtomicU32::new(0);
    let mark = format!("{}-{}", std::process::id(), STAGES.fetch_add(1, Ordering::Relaxed));
    let stdout = if output == Output::Shown { Stdio::inherit() } else { Stdio::piped() };
    let line = command_line(command);
    let mut child = command
        .env(MARK, &mark)
        .stdin(Stdio::null())
        .stdout(stdout)
        .spawn()
        .with_context(|| format!("{line}: could not be started"))?;
    let pid = child.id();
    let reader = child.stdout.take().map(|pipe| OutputReader::start(pipe, output == Output::ShownAndKept));

    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let status = match end.recv_timeout(limit) {
        Ok(status) => Some(status),
        Err(RecvTimeoutError::Timeout) => {
            processes::end_all(pid, &mark);
            let _ = end.recv(); // reaped
            None
        }
        Err(RecvTimeoutError::Disconnected) => return Err(anyhow!("{line}: could not be waited for")),
    };
    let left = processes::end_leftovers(&mark);
    if status.is_some() && !left.is_empty() {
        say!("note: left running and ended now: {}", left.join(", "));
    }
    let status = status.transpose().with_context(|| format!("{line}: could not be waited for"))?;
    Ok(Finished { status, output: reader.map(OutputReader::finish).unwrap_or_default(), limit })
}

/// Reads a pipe in a thread of its own.
struct OutputReader {
    kept: Arc<Mutex<Vec<u8>>>,
    closed: mpsc::Receiver<()>,
}

impl OutputReader {
    fn start(mut pipe: ChildStdout, show: bool) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (close, closed) = mpsc::channel();
        let target = Arc::clone(&kept);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                if show {
                    raw(&buffer[..length]);
                }
                target.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..length]);
            }
            let _ = close.send(());
        });
        Self { kept, closed }
    }

    fn finish(self) -> String {
        let _ = self.closed.recv_timeout(OUTPUT_GRACE);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

/// A command as one would type it, for messages.
pub(crate) fn command_line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// `12.3 s` or `4 min 05 s`.
pub(crate) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration_text(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(duration_text(Duration::from_secs(245)), "4 min 05 s");
    }

    #[cfg(unix)]
    mod on_unix {
        use super::*;

        fn shell(script: &str) -> Command {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]);
            command
        }

        #[cfg(target_os = "linux")]
        fn is_alive(pid: &str) -> bool {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, tail)| !tail.starts_with(['Z', 'X']))
        }

        #[test]
        fn output_is_kept_and_a_failure_names_the_exit_code() {
            let finished = run(&mut shell("echo один; exit 3"), Output::Kept).unwrap();
            assert_eq!(finished.output, "один\n");
            assert_eq!(finished.failure().as_deref(), Some("exit code 3"));
        }

        #[test]
        fn a_program_gets_no_input() {
            let finished = run(&mut shell("cat; echo end"), Output::Kept).unwrap();
            assert_eq!(finished.output, "end\n");
            assert!(finished.failure().is_none());
        }

        #[test]
        fn a_program_that_cannot_be_started_is_an_error_that_names_it() {
            let error = run(&mut Command::new("/nowhere/no-such-program"), Output::Kept).err().unwrap();
            assert!(error.to_string().contains("no-such-program"), "{error}");
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn a_hanging_program_is_ended_with_all_that_it_started() {
            // The first one stays a child, the second one leaves its parent.
            let script = "sleep 600 & echo $!; (sleep 600 & echo $!); sleep 600";
            let finished = run_within(&mut shell(script), Output::Kept, Duration::from_secs(3)).unwrap();
            assert!(finished.status.is_none());
            assert!(finished.failure().unwrap().contains("hung"));
            let pids: Vec<&str> = finished.output.lines().collect();
            assert_eq!(pids.len(), 2);
            for pid in pids {
                while is_alive(pid) {
                    std::thread::yield_now();
                }
            }
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn what_a_finished_program_left_running_is_ended_and_does_not_hold_up_the_stage() {
            let finished = run(&mut shell("sleep 600 & echo $!"), Output::Kept).unwrap();
            assert!(finished.failure().is_none());
            while is_alive(&finished.output) {
                std::thread::yield_now();
            }
        }
    }
}
