//! Nothing of a started program outlives this one, however this one ends.
//!
//! Windows ends all processes of a job together with the program that holds it. Elsewhere a second process of this same program
//! stands between: the *minder*. It starts the tunnel client in a group of its own and holds the other end of a pipe from us;
//! however we end, the system closes our end, and the minder ends the whole group. Should the minder be killed too
//! (`killall`), Linux tells the client by itself.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// The hidden first argument that makes this program a minder.
const ARGUMENT: &str = "tunnel-minder";
/// The second stage, which becomes the program itself.
#[cfg(unix)]
const BECOME: &str = "tunnel-minder-become";
/// A program that was asked to end gets so long to do it.
#[cfg(unix)]
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);

/// Who ends a started program when this one is killed.
#[derive(Debug, Clone)]
pub struct Minder {
    program: Option<PathBuf>,
}

impl Minder {
    /// This program itself; its `main` must ask [`run_if_asked`] first.
    #[must_use]
    pub fn of_this_program() -> Self {
        Self { program: std::env::current_exe().ok() }
    }

    /// Another program that asks [`run_if_asked`] first.
    #[must_use]
    pub fn at(program: PathBuf) -> Self {
        Self { program: Some(program) }
    }

    /// Nobody: a started program is ended by us, or not at all when we are killed.
    #[must_use]
    pub fn nobody() -> Self {
        Self { program: None }
    }

    /// The command line that runs `program` under this minder.
    pub(super) fn wrap(&self, program: PathBuf, arguments: Vec<OsString>) -> (PathBuf, Vec<OsString>) {
        match &self.program {
            Some(minder) if cfg!(unix) => {
                let mut all = vec![ARGUMENT.into(), program.into_os_string()];
                all.extend(arguments);
                (minder.clone(), all)
            }
            _ => (program, arguments),
        }
    }

    /// Whether a started program ends when the pipe to it closes.
    pub(super) fn watches(&self) -> bool {
        cfg!(unix) && self.program.is_some()
    }
}

/// To be called first thing in `main`: does the minder's work and returns its end, when this process was started as one.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    let result = match first.to_str()? {
        #[cfg(unix)]
        ARGUMENT => mind(arguments),
        #[cfg(unix)]
        BECOME => become_program(arguments),
        _ => return None,
    };
    Some(result.unwrap_or_else(|error| {
        use io::Write as _;
        let _ = writeln!(io::stderr(), "{error}");
        ExitCode::from(127)
    }))
}

/// Runs the program and ends it when our input ends.
#[cfg(unix)]
fn mind(arguments: impl Iterator<Item = OsString>) -> io::Result<ExitCode> {
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use rustix::process::{Pid, Signal, kill_process_group};

    let mut child = Command::new(std::env::current_exe()?)
        .arg(BECOME)
        .arg(std::process::id().to_string())
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    let (ended, wait_for_end) = std::sync::mpsc::channel::<()>();
    let watcher = std::thread::spawn(move || {
        // Nobody writes: the read ends when the pipe's other end is gone.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = kill_process_group(group, Signal::TERM);
        let _ = wait_for_end.recv_timeout(GRACE);
        let _ = kill_process_group(group, Signal::KILL);
    });
    let status = child.wait()?;
    // The program has ended; what it has started itself ends now too.
    let _ = kill_process_group(group, Signal::KILL);
    drop(ended);
    drop(watcher);
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// Becomes the program, after asking the system to end it with its minder.
#[cfg(unix)]
fn become_program(mut arguments: impl Iterator<Item = OsString>) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;

    let minder = arguments.next().and_then(|id| id.to_str()?.parse::<i32>().ok());
    let program = arguments.next().ok_or(io::ErrorKind::InvalidInput)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid().map(|id| id.as_raw_nonzero().get()) != minder {
            return Ok(ExitCode::FAILURE); // the minder was killed before we could ask
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = minder;
    Err(std::process::Command::new(program).args(arguments).exec())
}
