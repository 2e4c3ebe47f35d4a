//! The program under test, started as a seller starts it, and asked through the door its own command line uses.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use avito_sim::{SellerAccount, Sim};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long the program may take to start, to connect an account, or to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The stand-in answers as many calls as are made.
const CALLS_PER_MINUTE: &str = "60000";
/// Opens the sealed file of a measured data folder; it protects nothing.
const PASSPHRASE: &str = "measured, not secret";

/// The program on one data folder, with secrets in a sealed file: nothing of this machine's desktop or keychain.
#[derive(Debug, Clone)]
pub struct Program {
    file: PathBuf,
    folder: PathBuf,
}

impl Program {
    /// The program on the data folder in `folder`, which also holds its passphrase and its home.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn on(file: &Path, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder.join("home"))?;
        std::fs::write(folder.join("passphrase"), PASSPHRASE)?;
        Ok(Self { file: file.to_owned(), folder: folder.to_owned() })
    }

    /// The file of the program.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Its data folder.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Its passphrase.
    pub fn passphrase(&self) -> &'static str {
        PASSPHRASE
    }

    /// The arguments that every start has.
    pub fn arguments(&self) -> Vec<String> {
        let passphrase = self.folder.join("passphrase").to_string_lossy().into_owned();
        let mut arguments = self.data_dir_argument();
        arguments.extend(["--passphrase-file".to_owned(), passphrase]);
        arguments
    }

    fn data_dir_argument(&self) -> Vec<String> {
        vec!["--data-dir".to_owned(), self.data_dir().to_string_lossy().into_owned()]
    }

    /// The variables it runs with.
    pub fn environment(&self) -> Vec<(&'static str, std::ffi::OsString)> {
        vec![
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("HOME", self.folder.join("home").into()),
            ("LANG", "C.UTF-8".into()),
            ("TZ", "Europe/Moscow".into()),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere".into()),
        ]
    }

    fn command(&self, arguments: Vec<String>) -> Command {
        let mut command = Command::new(&self.file);
        command.env_clear().envs(self.environment()).args(arguments).kill_on_drop(true);
        command
    }

    /// Connects an account of the stand-in and reads its history.
    ///
    /// # Errors
    /// When the program refuses.
    pub async fn connect(&self, sim: &Sim, seller: &SellerAccount) -> Result<()> {
        let url = sim.base_url();
        let mut command = self.command(self.arguments());
        command.args(["account", "add", "--json", "--client-id", &seller.client_id, "--api-url", &url]);
        command.args(["--calls-per-minute", CALLS_PER_MINUTE]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("its standard input")?;
        input.write_all(seller.client_secret.as_bytes()).await?;
        drop(input);
        let output =
            tokio::time::timeout(PATIENCE, child.wait_with_output()).await.context("account add hangs")??;
        if !output.status.success() {
            bail!("account add failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Starts it without a window and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn headless(&self) -> Result<Running> {
        self.start_headless(self.arguments()).await
    }

    /// The same without a place for secrets: a new archive cannot be encrypted then.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn headless_keeping_nothing(&self) -> Result<Running> {
        let mut arguments = self.data_dir_argument();
        arguments.push("--secrets-this-run-only".to_owned());
        self.start_headless(arguments).await
    }

    async fn start_headless(&self, arguments: Vec<String>) -> Result<Running> {
        let mut command = self.command(arguments);
        let log = std::fs::File::create(self.folder.join("headless.log"))?;
        command.arg("--headless").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child =
            command.spawn().with_context(|| format!("{} cannot be started", self.file.display()))?;
        let mut line = String::new();
        let output = child.stdout.take().context("its standard output")?;
        let mut output = BufReader::new(output);
        tokio::time::timeout(PATIENCE, output.read_line(&mut line))
            .await
            .context("the program does not start")??;
        let ready: Value = serde_json::from_str(&line).context("the program gave no ready line")?;
        let address = ready["endpoint"].as_str().unwrap_or_default().parse()?;
        Ok(Running { child, address, door: Door::of(&self.data_dir())? })
    }
}

/// A started program.
pub struct Running {
    child: Child,
    /// Where its webhook endpoint listens.
    pub address: SocketAddr,
    /// The way to ask it.
    pub door: Door,
}

impl Running {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").arg(self.pid().to_string()).status().await?;
        let ended =
            tokio::time::timeout(PATIENCE, self.child.wait()).await.context("the program does not end")??;
        if !asked.success() || !ended.success() {
            bail!("the program did not end in order: {ended}");
        }
        Ok(())
    }
}

/// The running program's own door for its command line.
#[derive(Debug, Clone)]
pub struct Door {
    address: String,
    token: String,
    client: reqwest::Client,
}

#[derive(Deserialize)]
struct Reach {
    port: u16,
    token: String,
}

impl Door {
    /// The door of the program that runs on this data folder.
    ///
    /// # Errors
    /// When none runs there.
    pub fn of(data_dir: &Path) -> Result<Self> {
        let reach: Reach = serde_json::from_slice(&std::fs::read(data_dir.join("control.json"))?)?;
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
        Ok(Self { address: format!("http://127.0.0.1:{}/control", reach.port), token: reach.token, client })
    }

    /// Asks.
    ///
    /// # Errors
    /// When the program does not answer or refuses.
    pub async fn ask(&self, request: Value) -> Result<Value> {
        let sent = self.client.post(&self.address).bearer_auth(&self.token).json(&request).send().await?;
        let mut answer: Value = sent.json().await?;
        if let Some(error) = answer.get("error") {
            bail!("the program refuses: {error}");
        }
        Ok(answer["ok"].take())
    }

    /// Avito's ids of the newest messages of a chat, at most `limit` (and 500).
    ///
    /// # Errors
    /// When the program does not answer or knows no such chat.
    pub async fn message_ids(&self, chat: &str, limit: u32) -> Result<Vec<String>> {
        let rows = self.ask(json!({"do": "messages", "account": null, "chat": chat, "limit": limit})).await?;
        let rows = rows.as_array().cloned().unwrap_or_default();
        Ok(rows.iter().filter_map(|row| row["avitoId"].as_str().map(str::to_owned)).collect())
    }

    /// Waits until the one account is in this mode.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn wait_for_mode(&self, mode: &str) -> Result<()> {
        patiently(&format!("the account is {mode}"), async || {
            let status = self.ask(json!({"do": "status"})).await?;
            Ok((status["accounts"][0]["mode"] == mode).then_some(()))
        })
        .await
    }
}

impl Door {
    /// Waits until every delivery is taken in.
    ///
    /// # Errors
    /// When no more of them are, although some are left.
    pub async fn wait_for_journal(&self) -> Result<()> {
        let mut left = u64::MAX;
        while left > 0 {
            left = patiently("fewer deliveries wait to be taken in", async || {
                let status = self.ask(json!({"do": "status"})).await?;
                let now = status["journalWaiting"].as_u64().unwrap_or(u64::MAX);
                Ok((now == 0 || now < left).then_some(now))
            })
            .await?;
        }
        Ok(())
    }

    /// Waits until old history has been read.
    ///
    /// # Errors
    /// When that does not end.
    pub async fn wait_for_history(&self) -> Result<()> {
        patiently("the history is read", async || {
            let status = self.ask(json!({"do": "status"})).await?;
            Ok(status["accounts"][0]["backfill"].is_null().then_some(()))
        })
        .await
    }
}

/// Asks until there is an answer.
///
/// # Errors
/// When there is none within a minute, or asking fails.
pub async fn patiently<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if tokio::time::Instant::now() > deadline {
            bail!("waited in vain: {what}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
