//! A tunnel client that the seller has installed: started, its address found in what it prints, watched, started again.

mod lines;
mod minder;
mod preset;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use regex::Regex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use minder::{Minder, run_if_asked};
pub use preset::Preset;

use crate::supervisor::{Line, News, supervise};
use crate::trouble::code;
use crate::{Trouble, Tunnel, own};

/// A client that has named no address by then is started anew. A slow start over a mobile line takes some ten seconds.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(45);
/// Lines kept for "details" of a failure.
const LAST_WORDS: usize = 4;
/// The minder gives the program two seconds to end by itself.
const STOP_PATIENCE: Duration = Duration::from_secs(4);
/// What the program printed last is waited for so long after its end.
const LAST_WORDS_PATIENCE: Duration = Duration::from_millis(500);

/// What the seller has set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Program and arguments as one would type them, with `{port}` where our port belongs. No shell reads it.
    pub command_line: String,
    /// A regular expression for the address in the program's output: its first group, or all of it.
    pub pattern: String,
}

impl Config {
    /// Whether it can be started at all: command line and pattern are readable and the program is there.
    ///
    /// # Errors
    /// `bad_command`, `bad_pattern` or `program_missing`.
    pub fn check(&self) -> Result<(), Trouble> {
        Ready::new(self, 0, &Minder::nobody()).map(|_| ())
    }
}

/// Starts keeping the program running.
pub fn start(config: Config, port: u16, minder: Minder) -> Arc<dyn Tunnel> {
    supervise(Program { config, port, minder, address_patience: ADDRESS_PATIENCE })
}

struct Program {
    config: Config,
    port: u16,
    minder: Minder,
    address_patience: Duration,
}

/// A configuration that has been understood.
struct Ready {
    program: PathBuf,
    arguments: Vec<OsString>,
    pattern: Regex,
}

impl Ready {
    fn new(config: &Config, port: u16, minder: &Minder) -> Result<Self, Trouble> {
        let words = words(&config.command_line)?;
        let mut words = words.into_iter().map(|word| word.replace("{port}", &port.to_string()));
        let name = words.next().ok_or_else(|| Trouble::new(code::BAD_COMMAND, "empty"))?;
        let pattern = Regex::new(&config.pattern)
            .map_err(|error| Trouble::new(code::BAD_PATTERN, error.to_string()))?;
        let (program, arguments) = minder.wrap(find(&name)?, words.map(OsString::from).collect());
        Ok(Self { program, arguments, pattern })
    }

    /// The address in a printed line.
    fn address_in(&self, line: &str) -> Option<Url> {
        let found = self.pattern.captures(line)?;
        let text = found.get(1).or_else(|| found.get(0))?.as_str();
        own::https(&text.parse().ok()?).ok()
    }
}

/// The words of a command line. On Windows a backslash is a part of a path and escapes nothing.
fn words(command_line: &str) -> Result<Vec<String>, Trouble> {
    let text = if cfg!(windows) { command_line.replace('\\', "\\\\") } else { command_line.to_owned() };
    shell_words::split(&text).map_err(|error| Trouble::new(code::BAD_COMMAND, error.to_string()))
}

/// The program's whole path. A desktop program's own search path often lacks the folders a terminal has, so they are added.
fn find(name: &str) -> Result<PathBuf, Trouble> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    if cfg!(unix) {
        folders.extend(["/usr/local/bin", "/opt/homebrew/bin", "/snap/bin"].map(PathBuf::from));
        if let Some(home) = std::env::var_os("HOME") {
            folders.extend(
                [".local/bin", "bin", ".cloudpub/bin"].map(|folder| PathBuf::from(&home).join(folder)),
            );
        }
    }
    let folders = std::env::join_paths(folders).unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_default();
    which::which_in(name, Some(folders), here)
        .map_err(|error| Trouble::new(code::PROGRAM_MISSING, format!("{name}: {error}")))
}

impl Line for Program {
    /// Clients notice by themselves, and a new start may mean another address.
    const RENEWS: bool = false;

    async fn run(&mut self, news: &News, stop: &CancellationToken) -> Trouble {
        let ready = match Ready::new(&self.config, self.port, &self.minder) {
            Ok(ready) => ready,
            Err(trouble) => return trouble,
        };
        let mut child = match spawn(&ready) {
            Ok(child) => child,
            Err(error) => {
                let code = match error.kind() {
                    std::io::ErrorKind::NotFound => code::PROGRAM_MISSING,
                    std::io::ErrorKind::PermissionDenied => code::PROGRAM_DENIED,
                    _ => code::ENDED,
                };
                return Trouble::new(code, error.to_string());
            }
        };
        // Held apart: waiting for a child closes its input, and then its minder ends it.
        let pipe = child.stdin().take();
        let trouble = self.watch(child.as_mut(), &ready, news, stop).await;
        drop(pipe);
        end(child, self.minder.watches()).await;
        trouble
    }
}

impl Program {
    /// Reads what the program prints until it ends, is silent for too long, or is to be stopped.
    async fn watch(
        &self,
        child: &mut dyn ChildWrapper,
        ready: &Ready,
        news: &News,
        stop: &CancellationToken,
    ) -> Trouble {
        let (sender, mut lines) = mpsc::channel(64);
        if let Some(output) = child.stdout().take() {
            tokio::spawn(lines::read(output, sender.clone()));
        }
        if let Some(output) = child.stderr().take() {
            tokio::spawn(lines::read(output, sender.clone()));
        }
        drop(sender);
        let mut last_words = LastWords::default();
        let mut has_address = false;
        let silence = tokio::time::sleep(self.address_patience);
        tokio::pin!(silence);
        loop {
            tokio::select! {
                Some(line) = lines.recv() => {
                    if let Some(url) = ready.address_in(&line) {
                        has_address = true;
                        news.online(url);
                    }
                    last_words.hear(line);
                }
                status = child.wait() => {
                    let more = async { while let Some(line) = lines.recv().await { last_words.hear(line); } };
                    let _ = tokio::time::timeout(LAST_WORDS_PATIENCE, more).await;
                    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                    return Trouble::new(code::ENDED, format!("{status}: {}", last_words.text()));
                }
                () = &mut silence, if !has_address => {
                    return Trouble::new(code::NO_ADDRESS, last_words.text());
                }
                () = stop.cancelled() => return Trouble::new(code::ENDED, "stopped"),
            }
        }
    }
}

fn spawn(ready: &Ready) -> std::io::Result<Box<dyn ChildWrapper>> {
    let mut command = CommandWrap::with_new(&ready.program, |command| {
        command.args(&ready.arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    #[cfg(unix)]
    command.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(windows)]
    command
        .wrap(process_wrap::tokio::CreationFlags(windows::Win32::System::Threading::CREATE_NO_WINDOW))
        .wrap(process_wrap::tokio::JobObject)
        .wrap(process_wrap::tokio::KillOnDrop);
    command.spawn()
}

/// Ends the program and what it has started. A minder has begun to when its pipe was closed.
async fn end(mut child: Box<dyn ChildWrapper>, minded: bool) {
    if minded && tokio::time::timeout(STOP_PATIENCE, child.wait()).await.is_ok() {
        return;
    }
    if let Err(error) = Box::into_pin(child.kill()).await {
        tracing::debug!(%error, "the program had ended");
    }
}

/// What the program printed last.
#[derive(Default)]
struct LastWords(std::collections::VecDeque<String>);

impl LastWords {
    fn hear(&mut self, line: String) {
        if line.trim().is_empty() {
            return;
        }
        if self.0.len() == LAST_WORDS {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    fn text(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    fn config(command_line: &str, pattern: &str) -> Config {
        Config { command_line: command_line.to_owned(), pattern: pattern.to_owned() }
    }

    #[test]
    fn a_command_line_that_cannot_work_is_refused_before_it_is_started() {
        let code = |command, pattern| config(command, pattern).check().unwrap_err().code;
        assert_eq!(code("", "x"), code::BAD_COMMAND);
        assert_eq!(code("sh 'open", "x"), code::BAD_COMMAND);
        assert_eq!(code("sh", "("), code::BAD_PATTERN);
        assert_eq!(code("no-such-program-anywhere {port}", "x"), code::PROGRAM_MISSING);
        assert_eq!(config("sh", "x").check(), Ok(()));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn one_that_names_no_address_in_time_is_told_with_its_last_words_and_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let starts = folder.path().join("starts");
        let script = format!("echo x >> {}; echo waiting for login; exec sleep 1000", starts.display());
        let line = Program {
            config: config(&format!("sh -c '{script}'"), "https://[a-z.]+"),
            port: 8770,
            minder: Minder::nobody(),
            address_patience: Duration::from_millis(500),
        };
        let tunnel = supervise(line);
        let mut states = tunnel.state();
        let offline = states.wait_for(|state| matches!(state, State::Offline { .. })).await.unwrap().clone();
        let State::Offline { trouble, .. } = offline else { unreachable!() };
        assert_eq!((trouble.code.as_str(), trouble.reason.as_str()), (code::NO_ADDRESS, "waiting for login"));
        while std::fs::read_to_string(&starts).unwrap().lines().count() < 2 {
            states.changed().await.unwrap();
        }
        tunnel.stop().await;
    }

    #[test]
    fn each_preset_finds_its_address_and_no_other() {
        // As the programs print them: `clo` 2 and 3, `tuna`, `cloudflared`.
        let printed = [
            (
                Preset::CloudPub,
                "Сервис опубликован: http://127.0.0.1:8770 -> https://wryly-bold-fish.cloudpub.ru:443",
                "https://wryly-bold-fish.cloudpub.ru/",
            ),
            (
                Preset::CloudPub,
                "Service published: [my shop] http://localhost:8770 -> https://wryly-bold-fish.cloudpub.online",
                "https://wryly-bold-fish.cloudpub.online/",
            ),
            (
                Preset::CloudPub,
                "Сервис опубликован: http://127.0.0.1:8770 -> https://hooks.example.ru:443",
                "https://hooks.example.ru/",
            ),
            (
                Preset::Tuna,
                "INFO[14:06:52] Forwarding https://abc123-12-34-56-78.ru.tuna.am -> 127.0.0.1:8770 ",
                "https://abc123-12-34-56-78.ru.tuna.am/",
            ),
            (
                Preset::Tuna,
                "INFO[14:06:52] Forwarding https://hooks.example.ru -> localhost:8770",
                "https://hooks.example.ru/",
            ),
            (
                Preset::Cloudflared,
                "2026-11-21T10:00:00Z INF |  https://odd-words-here.trycloudflare.com   |",
                "https://odd-words-here.trycloudflare.com/",
            ),
        ];
        let noise = [
            "INF Thank you for trying Cloudflare Tunnel. See https://developers.cloudflare.com/cloudflare-one/",
            "ERR failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": timeout",
            "INFO[14:06:14] Web Interface: http://127.0.0.1:4040",
            "WARN[14:06:14] A new version, see https://tuna.am/docs/guides/update?os=linux",
            "Ошибка публикации: http://127.0.0.1:8770 -> Превышен лимит, см. https://cloudpub.ru/pricing",
            "Доступна новая версия: 3.0.2. Выполните команду `clo upgrade` для обновления.",
        ];
        for (preset, line, address) in printed {
            let pattern = Regex::new(&preset.config().pattern).unwrap();
            let ready = Ready { program: PathBuf::new(), arguments: Vec::new(), pattern };
            assert_eq!(ready.address_in(line).unwrap().as_str(), address);
            for line in noise {
                assert_eq!(ready.address_in(line), None, "{preset:?}: {line}");
            }
        }
    }
}
