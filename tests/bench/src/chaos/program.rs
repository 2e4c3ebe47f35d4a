//! The program under test: started as a seller starts it, ended as a power cut ends it.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// How to start it.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    app: PathBuf,
    folder: PathBuf,
    listen: Option<u16>,
    hurry: u32,
}

impl Installation {
    /// A computer without a keychain, whose seller has written a passphrase down. With a port the endpoint is where it was
    /// before, so that what Avito delivers late still arrives.
    pub(super) fn new(app: &Path, folder: &Path, listen: Option<u16>, hurry: u32) -> Result<Self> {
        std::fs::create_dir_all(folder.join("run"))?;
        std::fs::write(folder.join("passphrase"), "сорок тысяч обезьян\n")?;
        Ok(Self { app: app.to_owned(), folder: folder.to_owned(), listen, hurry })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the program wrote to standard error, over all runs.
    pub(super) fn errors(&self) -> PathBuf {
        self.folder.join("stderr.log")
    }

    pub(super) fn start(&self) -> Result<Program> {
        let errors = std::fs::File::options().create(true).append(true).open(self.errors())?;
        let mut command = Command::new(&self.app);
        command
            .arg("--headless")
            .arg("--data-dir")
            .arg(self.data())
            .arg("--passphrase-file")
            .arg(self.folder.join("passphrase"))
            .arg("--hurry")
            .arg(self.hurry.to_string());
        if let Some(port) = self.listen {
            command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        }
        // The keychain of whoever runs this is none of our business.
        command.env("DBUS_SESSION_BUS_ADDRESS", "disabled:").env("XDG_RUNTIME_DIR", self.folder.join("run"));
        command.env("RUST_BACKTRACE", "1").current_dir(&self.folder).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child =
            command.spawn().with_context(|| format!("{} cannot be started", self.app.display()))?;
        let output = child.stdout.take().context("the program has no standard output")?;
        let (tell, ready) = watch::channel(false);
        tokio::spawn(async move {
            let mut output = BufReader::new(output);
            let mut line = String::new();
            if output.read_line(&mut line).await.is_ok_and(|length| length > 0) {
                tell.send_replace(line.contains("\"ready\":true"));
            }
            // Kept open until the end: a program whose output nobody takes would be another test.
            let _ = output.read_to_end(&mut Vec::new()).await;
        });
        Ok(Program { child, ready })
    }
}

/// A run of the program.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    ready: watch::Receiver<bool>,
}

impl Program {
    /// Becomes true when the program says that it is ready.
    pub(super) fn ready(&self) -> watch::Receiver<bool> {
        self.ready.clone()
    }

    /// Waits until it is ready.
    pub(super) async fn until_ready(&mut self, patience: Duration) -> Result<()> {
        match tokio::time::timeout(patience, self.ready.wait_for(|ready| *ready)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => bail!("the program ended before it was ready"),
            Err(_) => bail!("the program was not ready within {} s", patience.as_secs()),
        }
    }

    /// Waits until it ends by itself.
    pub(super) async fn ended(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// SIGKILL: no destructor runs, nothing is flushed. Answers when it is gone.
    pub(super) async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Asks it to end, as a service manager does, and waits for it.
    #[cfg(unix)]
    pub(super) async fn end(mut self, patience: Duration) -> Result<()> {
        let Some(pid) = self.child.id() else { bail!("the program has ended by itself") };
        Command::new("kill").args(["-s", "TERM", &pid.to_string()]).status().await?;
        match tokio::time::timeout(patience, self.child.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(ExitStatus::success) => Ok(()),
            Ok(status) => bail!("asked to end, the program ended with {status:?}"),
            Err(_) => bail!("asked to end, the program was still there after {} s", patience.as_secs()),
        }
    }
}
