//! Ending a program together with everything it started.
//!
//! The test programs start displays, buses and sound servers that leave their parent, their process group or their
//! session. So on Linux a process belongs to a stage if it descends from the stage's program **or** carries the stage's
//! mark in its environment, which is inherited across all of that.

#[cfg(not(target_os = "linux"))]
use std::process::Command;

/// The environment variable that marks the processes of a stage.
pub(crate) const MARK: &str = "PRILAVOK_STAGE";

/// Ends `root` and all that belongs to it, at once. Returns when nothing that could be found is left.
pub(crate) fn end_all(root: u32, mark: &str) {
    // A process may start another one between looking and ending: look until none is left, but not for ever, since a
    // process in an uninterruptible wait stays listed.
    for _ in 0..20 {
        let mut pids: Vec<u32> = belonging_to(root, mark).into_iter().map(|(pid, _)| pid).collect();
        pids.push(root);
        end(&pids);
        if belonging_to(root, mark).is_empty() {
            return;
        }
        std::thread::yield_now();
    }
}

/// Ends what a finished stage left running and names it. Linux only: elsewhere nothing can be found.
pub(crate) fn end_leftovers(mark: &str) -> Vec<String> {
    let mut left = belonging_to(u32::MAX, mark);
    left.sort_by_key(|(pid, _)| *pid);
    end(&left.iter().map(|(pid, _)| *pid).collect::<Vec<_>>());
    left.into_iter().map(|(pid, name)| format!("{name} ({pid})")).collect()
}

/// Ids and names of the living processes that descend from `root` or carry the mark.
fn belonging_to(root: u32, mark: &str) -> Vec<(u32, String)> {
    let table = table(mark);
    let mut found = Vec::<(u32, String)>::new();
    let mut is_new = true;
    while is_new {
        is_new = false;
        for process in &table {
            let belongs = process.marked
                || process.parent == root
                || found.iter().any(|(parent, _)| *parent == process.parent);
            if belongs && process.pid != root && !found.iter().any(|(pid, _)| *pid == process.pid) {
                found.push((process.pid, process.name.clone()));
                is_new = true;
            }
        }
    }
    found
}

/// A running process.
struct Process {
    pid: u32,
    parent: u32,
    name: String,
    marked: bool,
}

#[cfg(target_os = "linux")]
fn table(mark: &str) -> Vec<Process> {
    let marker = format!("{MARK}={mark}").into_bytes();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let pid = path.file_name()?.to_str()?.parse().ok()?;
            let (name, parent) = parse_stat(&std::fs::read_to_string(path.join("stat")).ok()?)?;
            let environment = std::fs::read(path.join("environ")).unwrap_or_default();
            let marked = environment.split(|byte| *byte == 0).any(|variable| variable == marker);
            Some(Process { pid, parent, name, marked })
        })
        .collect()
}

/// Name and parent from `/proc/<pid>/stat`: `17 (name) S 1 …`, where the name may contain anything. Processes that
/// ended and only wait for their parent (`Z`) are none.
#[cfg(target_os = "linux")]
fn parse_stat(stat: &str) -> Option<(String, u32)> {
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = tail.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    Some((name.to_owned(), fields.next()?.parse().ok()?))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn table(_mark: &str) -> Vec<Process> {
    let Ok(output) = Command::new("ps").args(["-axo", "pid=,ppid=,comm="]).output() else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let (pid, parent) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            Some(Process { pid, parent, name: fields.collect::<Vec<_>>().join(" "), marked: false })
        })
        .collect()
}

#[cfg(windows)]
fn table(_mark: &str) -> Vec<Process> {
    Vec::new() // taskkill /T finds the descendants itself
}

#[cfg(unix)]
fn end(pids: &[u32]) {
    use rustix::process::{Pid, Signal, kill_process};
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(i32::try_from(*pid).ok()?)) {
        let _ = kill_process(pid, Signal::KILL); // it may have ended by itself
    }
}

#[cfg(windows)]
fn end(pids: &[u32]) {
    for pid in pids {
        let _ = Command::new("taskkill").args(["/F", "/T", "/PID", &pid.to_string()]).output();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn stat_survives_names_with_brackets_and_leaves_out_ended_processes() {
        assert_eq!(parse_stat("17 (a) b (c)) S 4 17 0"), Some(("a) b (c)".to_owned(), 4)));
        assert_eq!(parse_stat("17 (sh) Z 4 17 0"), None);
    }
}
