//! The window's page under WebKit's own WebDriver: scripts in it, and nothing else.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::program::{Program, patiently};

/// How long a start of the session may take. One that hangs is known, and tried once more.
const SESSION: Duration = Duration::from_secs(60);

/// A window whose page answers scripts; the program and its driver end when this is dropped.
pub struct Driver {
    child: Child,
    session: String,
    client: reqwest::Client,
}

impl Driver {
    /// Starts the program with its window.
    ///
    /// # Errors
    /// When no window comes about.
    pub async fn start(desk: &Desk, program: &Program) -> Result<Self> {
        match Self::try_start(desk, program).await {
            Ok(driver) => Ok(driver),
            Err(_) => Self::try_start(desk, program).await,
        }
    }

    async fn try_start(desk: &Desk, program: &Program) -> Result<Self> {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new("WebKitWebDriver");
        command.arg(format!("--port={port}")).env_clear().envs(program.environment());
        command.envs(desk.environment().iter().cloned()).env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.stdin(Stdio::null()).stdout(desk.log("driver.log")?).stderr(desk.log("driver.log")?);
        let child = command.spawn().context("WebKitWebDriver cannot be started")?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut driver = Self { child, session: format!("http://127.0.0.1:{port}/session"), client };
        patiently("WebKitWebDriver listens", async || {
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok().then_some(()))
        })
        .await?;
        let options = json!({"binary": program.file(), "args": program.arguments()});
        let capabilities = json!({"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}});
        let asked = driver.ask("", capabilities);
        let answer = tokio::time::timeout(SESSION, asked).await.context("no session came about")??;
        let id = answer["sessionId"].as_str().context("the driver gives a session")?;
        driver.session = format!("{}/{id}", driver.session);
        driver.ask("/timeouts", json!({"script": 60_000})).await?;
        Ok(driver)
    }

    /// Runs a script in the page; `done(value)` ends it.
    ///
    /// # Errors
    /// When the script fails or takes more than a minute.
    pub async fn run(&self, body: &str) -> Result<Value> {
        let script = format!("const done = arguments[arguments.length - 1];\n{body}");
        self.ask("/execute/async", json!({"script": script, "args": []})).await
    }

    /// The process of the program.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self, program: &Program) -> Result<u32> {
        let runs =
            |pid: &u32| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program.file());
        crate::memory::descendants(self.child.id()).into_iter().find(runs).context("the program has ended")
    }

    async fn ask(&self, path: &str, body: Value) -> Result<Value> {
        let sent = self.client.post(format!("{}{path}", self.session)).json(&body).send().await?;
        let mut answer: Value = sent.json().await?;
        if let Some(error) = answer["value"].get("error") {
            bail!("the page refuses: {error}: {}", answer["value"]["message"]);
        }
        Ok(answer["value"].take())
    }

    /// Closes the window.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn close(self) -> Result<()> {
        self.client.delete(&self.session).send().await?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut pids = crate::memory::descendants(self.child.id());
        pids.push(self.child.id());
        crate::memory::end(&pids);
        let _ = self.child.wait();
    }
}
