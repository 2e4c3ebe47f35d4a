//! Tunnel clients that behave and that do not, as real processes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tunnel::program::{self, Config, Minder};
use tunnel::trouble::code;
use tunnel::{State, Trouble, Tunnel};

/// Long enough for a busy machine; nothing waits for it when all is well.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that is a shell script, in a folder of its own.
struct Client {
    folder: tempfile::TempDir,
}

impl Client {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("client.sh"), script).unwrap();
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command_line(&self) -> String {
        format!("sh '{}' '{}' {{port}}", self.file("client.sh").display(), self.folder.path().display())
    }

    fn start(&self) -> Arc<dyn Tunnel> {
        let pattern = r"https://[a-z0-9.-]+\.test".to_owned();
        let config = Config { command_line: self.command_line(), pattern };
        program::start(config, 8770, Minder::at(env!("CARGO_BIN_EXE_tunnel-host").into()))
    }

    /// A process whose number the script has written down.
    fn process(&self, name: &str) -> Pid {
        let text = std::fs::read_to_string(self.file(name)).unwrap();
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    }
}

async fn until(tunnel: &Arc<dyn Tunnel>, wanted: impl FnMut(&State) -> bool) -> State {
    tokio::time::timeout(PATIENCE, tunnel.state().wait_for(wanted)).await.unwrap().unwrap().clone()
}

async fn online(tunnel: &Arc<dyn Tunnel>, host: &str) {
    let url = format!("https://{host}/").parse().unwrap();
    until(tunnel, |state| *state == State::Online { url: Clone::clone(&url) }).await;
}

async fn offline(tunnel: &Arc<dyn Tunnel>) -> Trouble {
    match until(tunnel, |state| matches!(state, State::Offline { .. })).await {
        State::Offline { trouble, .. } => trouble,
        _ => unreachable!(),
    }
}

fn is_running(process: Pid) -> bool {
    let path = format!("/proc/{}/stat", process.as_raw_nonzero());
    match std::fs::read_to_string(Path::new(&path)) {
        Ok(stat) => !stat.contains(") Z "), // one that has ended and whom nobody has buried yet
        Err(_) => cfg!(not(target_os = "linux")) && test_kill_process(process).is_ok(),
    }
}

async fn gone(process: Pid) {
    let wait = async {
        while is_running(process) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the process is gone");
}

#[tokio::test]
async fn the_address_is_found_in_what_it_prints_and_it_gets_our_port() {
    let client =
        Client::new("echo \"started $2\" >&2; echo \"port $2 -> https://shop.test\" >&2; exec sleep 1000");
    let tunnel = client.start();
    online(&tunnel, "shop.test").await;
    tunnel.stop().await;
    assert_eq!(*tunnel.state().borrow(), State::Stopped);
}

#[tokio::test]
async fn another_address_in_its_output_is_told() {
    let client = Client::new(
        "echo https://one.test; while [ ! -e \"$1/go\" ]; do sleep 0.05; done; echo https://two.test; exec sleep 1000",
    );
    let tunnel = client.start();
    online(&tunnel, "one.test").await;
    std::fs::write(client.file("go"), "").unwrap();
    online(&tunnel, "two.test").await;
}

#[tokio::test]
async fn one_that_crashes_is_told_with_its_last_words_and_started_again() {
    let client = Client::new(
        "if [ -e \"$1/second\" ]; then echo https://again.test; exec sleep 1000; fi; touch \"$1/second\"\n\
         echo https://first.test; while [ ! -e \"$1/go\" ]; do sleep 0.05; done; echo 'out of luck' >&2; exit 3",
    );
    let tunnel = client.start();
    online(&tunnel, "first.test").await;
    std::fs::write(client.file("go"), "").unwrap();
    let trouble = offline(&tunnel).await;
    assert_eq!(trouble.code, code::ENDED);
    assert!(trouble.reason.contains("out of luck") && trouble.reason.contains('3'), "{}", trouble.reason);
    online(&tunnel, "again.test").await;
}

#[tokio::test]
async fn a_noisy_one_neither_hides_its_address_nor_fills_the_memory() {
    let client = Client::new(
        "i=0; while [ $i -lt 200 ]; do head -c 100000 /dev/zero | tr '\\0' x; i=$((i+1)); done\n\
         printf '\\n\\033[1mhttps://quiet.test\\033[0m\\n'; yes 'noise https://elsewhere.example'",
    );
    let tunnel = client.start();
    online(&tunnel, "quiet.test").await;
    tunnel.stop().await;
    assert_eq!(*tunnel.state().borrow(), State::Stopped, "it is stopped in the middle of its noise");
}

#[tokio::test]
async fn one_that_is_not_there_is_told_at_once() {
    let config = Config { command_line: "no-such-client http {port}".into(), pattern: "x".into() };
    let tunnel = program::start(config, 8770, Minder::nobody());
    let State::Failed { trouble } = until(&tunnel, |state| matches!(state, State::Failed { .. })).await
    else {
        unreachable!()
    };
    assert_eq!(trouble.code, code::PROGRAM_MISSING);
}

#[tokio::test]
async fn a_stop_ends_it_and_what_it_has_started() {
    let client = Client::new(
        "trap '' TERM; sleep 1000 & echo $! > \"$1/child\"; echo $$ > \"$1/self\"; echo https://shop.test; wait; wait",
    );
    let tunnel = client.start();
    online(&tunnel, "shop.test").await;
    let (itself, child) = (client.process("self"), client.process("child"));
    assert!(is_running(itself) && is_running(child));
    tunnel.stop().await;
    gone(itself).await;
    gone(child).await;
}

/// A program with this client, up to the moment at which it is online.
fn host(client: &Client) -> std::process::Child {
    let mut host = Command::new(env!("CARGO_BIN_EXE_tunnel-host"))
        .args(["8770", r"https://[a-z0-9.-]+\.test", &client.command_line()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let states = BufReader::new(host.stdout.take().unwrap());
    assert!(states.lines().map_while(Result::ok).any(|state| state.starts_with("Online")));
    host
}

#[tokio::test]
async fn nothing_of_it_is_left_when_the_program_is_killed() {
    let client = Client::new(
        "sleep 1000 & echo $! > \"$1/child\"; echo $$ > \"$1/self\"; echo https://shop.test; wait",
    );
    let mut host = host(&client);
    let (itself, child) = (client.process("self"), client.process("child"));
    assert!(is_running(itself) && is_running(child));
    host.kill().unwrap(); // SIGKILL: nothing of it runs any more
    host.wait().unwrap();
    gone(itself).await;
    gone(child).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn not_even_when_its_minder_is_killed_with_it() {
    let client = Client::new(
        "echo $$ > \"$1/self\"; echo $PPID > \"$1/minder\"; echo https://shop.test; exec sleep 1000",
    );
    let mut host = host(&client);
    let (itself, minder) = (client.process("self"), client.process("minder"));
    assert!(is_running(itself) && is_running(minder));
    kill_process(minder, Signal::KILL).unwrap();
    host.kill().unwrap();
    host.wait().unwrap();
    gone(itself).await;
}
