//! The receiver ours is held against: FastAPI with a queue in memory, under uvicorn, one process.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use tokio::process::{Child, Command};

use crate::load::Receiver;
use crate::output;
use crate::program::patiently;

const PROGRAM: &str = include_str!("../reference/receiver.py");
const REQUIREMENTS: &str = include_str!("../reference/requirements.txt");

/// The running reference; ends when dropped.
pub struct Reference {
    _child: Child,
    /// Where it listens.
    pub receiver: Receiver,
}

impl Reference {
    /// Installs what it needs (once) into `folder` and starts it.
    ///
    /// # Errors
    /// When Python, the installation or the start fails.
    pub async fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("reference");
        std::fs::create_dir_all(&folder)?;
        let python = install(&folder).await?;
        std::fs::write(folder.join("receiver.py"), PROGRAM)?;
        // Somebody may take the port before uvicorn does; then uvicorn ends and says so.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new(python);
        command.args(["-m", "uvicorn", "receiver:app", "--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--workers", "1", "--no-access-log", "--log-level", "warning"]);
        command.current_dir(&folder).stdin(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().context("uvicorn cannot be started")?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        patiently("uvicorn listens", async || {
            if let Some(status) = child.try_wait()? {
                bail!("uvicorn has ended: {status}");
            }
            Ok(tokio::net::TcpStream::connect(address).await.is_ok().then_some(()))
        })
        .await?;
        Ok(Self { _child: child, receiver: Receiver { address, path: "/webhook".to_owned(), host: None } })
    }
}

/// The Python of a virtual environment with the pinned packages.
async fn install(folder: &Path) -> Result<std::path::PathBuf> {
    let environment = folder.join("venv");
    let python = environment.join("bin").join("python");
    let installed = environment.join("installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(python);
    }
    output::line("Installing the reference receiver's Python packages (once)");
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, REQUIREMENTS)?;
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment)).await?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run(pip.arg(&requirements)).await?;
    std::fs::write(installed, REQUIREMENTS)?;
    Ok(python)
}

async fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().await.context("python3 cannot be started")?;
    if !status.success() {
        bail!("the reference's Python packages could not be installed");
    }
    Ok(())
}
