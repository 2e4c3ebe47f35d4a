//! The program around the library: arguments, the first line, the end.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use serde_json::json;

use crate::{Profile, Scene, Sim, SimConfig};

/// A stand-in for Avito's servers on this machine.
#[derive(Debug, Parser)]
#[command(name = "avito-sim", version)]
struct Arguments {
    /// Where the API listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the admin routes listen.
    #[arg(long, default_value = "127.0.0.1:0")]
    admin: SocketAddr,
    /// Which description of Avito the answers follow.
    #[arg(long, value_enum, default_value = "observed")]
    profile: ProfileArgument,
    /// Seed of everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What exists at the start.
    #[arg(long, value_enum, default_value = "small")]
    scene: SceneArgument,
    /// Buyers write and answer by themselves.
    #[arg(long)]
    live: bool,
    /// No log on standard error.
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileArgument {
    Observed,
    Spec,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SceneArgument {
    Empty,
    Small,
    Demo,
}

/// Runs the program until it is interrupted. Its first line on standard output is one JSON object with
/// `base_url`, `client_id`, `client_secret`, `user_id`, `chat_id` (null in the empty scene) and `admin_url`.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.quiet {
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &std::io::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "avito-sim: {error}");
    ExitCode::FAILURE
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let config = SimConfig {
        listen: arguments.listen,
        admin: Some(arguments.admin),
        seed: arguments.seed,
        profile: match arguments.profile {
            ProfileArgument::Observed => Profile::Observed,
            ProfileArgument::Spec => Profile::Spec,
        },
        scene: match arguments.scene {
            SceneArgument::Empty => Scene::Empty,
            SceneArgument::Small => Scene::Small,
            SceneArgument::Demo => Scene::Demo,
        },
        ..SimConfig::default()
    };
    // Listened for before the first line is out: whoever reads it may end the program at once.
    let mut interrupts = Interrupts::listen()?;
    let sim = Sim::start(config).await?;
    announce(&sim)?;
    if arguments.live {
        sim.run_demo_buyers();
    }
    interrupts.wait().await;
    sim.stop().await;
    Ok(())
}

fn announce(sim: &Sim) -> std::io::Result<()> {
    let accounts = sim.accounts();
    let seller = accounts.first().ok_or_else(|| std::io::Error::other("the scene has no account"))?;
    let line = json!({
        "base_url": sim.base_url(), "client_id": seller.client_id, "client_secret": seller.client_secret,
        "user_id": seller.user_id, "chat_id": first_item_chat(sim, seller.user_id), "admin_url": sim.admin_url(),
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// The most recent chat that the list of chats shows without further wishes.
fn first_item_chat(sim: &Sim, user_id: i64) -> Option<String> {
    sim.chat_ids(user_id).into_iter().find(|id| id.starts_with("u2i-"))
}

/// The ways to be told to end.
#[cfg(unix)]
struct Interrupts {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Interrupts {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The ways to be told to end.
#[cfg(windows)]
struct Interrupts(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Interrupts {
    fn listen() -> std::io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn wait(&mut self) {
        self.0.recv().await;
    }
}
