//! Programs the tests start, and their certain end.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A program that ends, with everything it started, when this is dropped (also by a panic).
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts it. What it prints goes to the file, unless the command says otherwise already.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("a log file");
        command.stderr(log.try_clone().expect("a second handle of the log file"));
        Self::start_with(command.stdout(log))
    }

    /// Starts it with the standard streams the command has.
    pub(crate) fn start_with(command: &mut Command) -> Self {
        match command.spawn() {
            Ok(child) => Self { child },
            Err(error) => panic!("{} could not be started: {error}", command.get_program().display()),
        }
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end, as a service manager does.
    pub(crate) fn ask_to_end(&self) {
        signal("TERM", &[self.child.id()]);
    }

    /// The process of this program file among those it started.
    pub(crate) fn descendant(&self, program: &Path) -> Option<u32> {
        // By its first argument: who may not look into its memory may not read the link to its file either.
        let started = |pid: &u32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let program = program.as_os_str().as_encoded_bytes();
        let runs = |pid: &u32| started(pid).split(|byte| *byte == 0).next() == Some(program);
        descendants(self.child.id()).into_iter().find(runs)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gathered first: when a parent is gone its children can no longer be told from others'.
        let mut pids = descendants(self.child.id());
        if !self.has_ended() {
            pids.push(self.child.id());
        }
        kill(&pids);
        let _ = self.child.wait();
    }
}

/// Ends processes at once, as a power cut would.
pub(crate) fn kill(pids: &[u32]) {
    signal("KILL", pids);
}

fn signal(name: &str, pids: &[u32]) {
    if pids.is_empty() {
        return;
    }
    let mut command = Command::new("sh");
    command.args(["-c", r#"kill -s "$@""#, "sh", name]).args(pids.iter().map(u32::to_string));
    // Some may have ended meanwhile: nothing to do about those.
    let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Whether a process is there and not just waiting to be collected by its parent.
pub(crate) fn is_running(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}

/// Children, their children and so on.
pub(crate) fn descendants(of: u32) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::new();
    let mut open = vec![of];
    while let Some(pid) = open.pop() {
        let children = children(pid).unwrap_or_default();
        open.extend(&children);
        found.extend(children);
    }
    found
}

fn children(pid: u32) -> io::Result<Vec<u32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(PathBuf::from(format!("/proc/{pid}/task")))? {
        let text = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        children.extend(text.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
    }
    Ok(children)
}
