//! `bench tunnel`: a delivery through ngrok's stand-in against the same straight to the endpoint, in one run.
//!
//! The stand-in runs in this process, on the same cores as the load and the program: what is measured is what the tunnel costs
//! on this machine, not the way to ngrok's servers and back.

use std::path::Path;

use anyhow::{Context as _, Result};
use avito_sim::{Fill, Scene, Sim, SimConfig};
use clap::Args;
use ngrok_edge::{Edge, Options as EdgeOptions};
use serde_json::{Value, json};

use crate::deliveries::{Post, verify};
use crate::figures::{Samples, short};
use crate::load::{self, FEW, MANY, Pace, RATE, Receiver};
use crate::program::{Door, Program, patiently};
use crate::report::{Bound, Report};
use crate::webhook::{receiver, until_taken_in};

/// Avito waits no longer for an answer, ms: this limit is theirs.
const AVITO_WAITS: f64 = 2000.0;

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Repetitions; medians are shown.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of each open loop.
    #[arg(long, default_value_t = 10)]
    pub seconds: usize,
    /// Deliveries of the burst.
    #[arg(long, default_value_t = 2000)]
    pub burst: usize,
}

/// ngrok's stand-in, and how a program and an Avito are pointed at it.
pub struct Service {
    /// The stand-in.
    pub edge: Edge,
    folder: tempfile::TempDir,
}

impl Service {
    /// Starts it. Its addresses lead to this machine.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let edge = Edge::start(EdgeOptions::default()).await?;
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("ca.pem"), edge.ca_pem())?;
        Ok(Self { edge, folder })
    }

    /// An Avito that trusts its certificates.
    ///
    /// # Errors
    /// When the certificate cannot be read.
    pub fn trusted_by(&self, config: SimConfig) -> Result<SimConfig> {
        let ca = reqwest::Certificate::from_pem(self.edge.ca_pem().as_bytes())?;
        let client = reqwest::Client::builder().add_root_certificate(ca).no_proxy().build()?;
        Ok(SimConfig { webhook_client: Some(client), ..config })
    }

    /// The request that sets a program up with it.
    pub fn set_up(&self) -> Value {
        let ngrok =
            json!({"server": self.edge.agents().to_string(), "caFile": self.folder.path().join("ca.pem")});
        json!({"do": "tunnelSet", "ngrokToken": "2aKeyOfTheSellerForTheStandIn",
            "settings": {"order": ["ngrok"], "ngrok": ngrok}})
    }
}

#[derive(Default)]
struct Figures {
    p50: Samples,
    p99: Samples,
    burst_p50: Samples,
    burst_max: Samples,
}

/// Measures.
///
/// # Errors
/// When the program does not go live through the tunnel, refuses a delivery, or an acknowledged message is not in the archive.
pub async fn run(app: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("Webhook through a tunnel: POST → ngrok's stand-in → durable → 200");
    let service = Service::start().await?;
    let config = SimConfig { scene: Scene::Empty, ..SimConfig::default() };
    let sim = Sim::start(service.trusted_by(config)?).await?;
    let seller = sim.accounts().into_iter().next().context("the stand-in has an account")?;
    let all = options.rounds * (2 * options.seconds * RATE as usize + 2 * options.burst);
    let chats = sim.fill(seller.user_id, Fill { chats: all.div_ceil(400).max(20), messages: 1, days: 30 });
    let folder = tempfile::tempdir()?;
    let program = Program::on(app, folder.path())?;
    program.connect(&sim, &seller).await?;
    let running = program.headless().await?;
    running.door.ask(service.set_up()).await?;
    live_through_tunnel(&running.door, &service.edge).await?;
    running.door.wait_for_history().await?;
    let straight = receiver(&sim, &seller, &running)?;
    let host = service.edge.hosts().into_iter().next();
    let through = Receiver { address: service.edge.public(), path: straight.path.clone(), host };
    let mut post = Post::new(&seller, &chats);
    let (mut straightly, mut through_it) = (Figures::default(), Figures::default());
    for round in 0..options.rounds {
        let mut turns = [(&straight, &mut straightly), (&through, &mut through_it)];
        // Who begins takes turns, so that a machine that grows busy is nobody's luck.
        turns.rotate_left(round % 2);
        for (receiver, figures) in turns {
            let steady = load::requests(receiver, &post.make(options.seconds * RATE as usize));
            let steady = load::deliver(receiver, &steady, FEW, Pace::PerSecond(RATE)).await?;
            until_taken_in(&running, &post).await?;
            let burst = load::requests(receiver, &post.make(options.burst));
            let burst = load::deliver(receiver, &burst, MANY, Pace::Burst).await?;
            until_taken_in(&running, &post).await?;
            figures.p50.push(steady.waits.median());
            figures.p99.push(steady.waits.percentile(99.0));
            figures.burst_p50.push(burst.waits.median());
            figures.burst_max.push(burst.waits.max());
        }
    }
    let kept = verify(&running.door, &post).await?;
    show(&mut report, &straightly, &through_it);
    report.figure("kept", kept.count);
    report.figure("late", kept.late);
    report.note(&format!(
        "\nEvery one of the {} acknowledged messages is in the archive ({} were not in their chats yet at the first look).",
        short(kept.count as f64),
        kept.late
    ));
    let sessions = service.edge.live();
    running.stop().await?;
    service.edge.until_live(0).await;
    report.note(&format!("{sessions} session at the service before the end, none after it."));
    Ok(report.finish())
}

/// Waits until the program's one account is live under the service's address.
///
/// # Errors
/// When that does not come about.
pub async fn live_through_tunnel(door: &Door, edge: &Edge) -> Result<()> {
    patiently("the program is live through the tunnel", async || {
        let lines = door.ask(json!({"do": "webhookStatus", "account": null})).await?;
        let host = edge.hosts().into_iter().next();
        let under_it = |line: &Value| {
            let address = line["address"].as_str().unwrap_or_default();
            line["mode"] == "live" && host.as_deref().is_some_and(|host| address.contains(host))
        };
        Ok(lines.as_array().is_some_and(|lines| lines.iter().all(under_it)).then_some(()))
    })
    .await
}

/// What a row shows: its words, its name among the figures, where it comes from.
type Row = (&'static str, &'static str, fn(&Figures) -> &Samples);

fn show(report: &mut Report, straight: &Figures, through: &Figures) {
    const ROWS: [Row; 4] = [
        ("p50 at 200/s, ms", "steady_p50_ms", |figures| &figures.p50),
        ("p99 at 200/s, ms", "steady_p99_ms", |figures| &figures.p99),
        ("p50 of the burst, ms", "burst_p50_ms", |figures| &figures.burst_p50),
        ("slowest of the burst, ms", "burst_max_ms", |figures| &figures.burst_max),
    ];
    let rows = ROWS.map(|(what, name, of)| {
        let (straight, through) = (of(straight).median(), of(through).median());
        report.figure(&format!("straight.{name}"), straight);
        report.figure(&format!("through.{name}"), through);
        vec![what.to_owned(), short(straight), short(through), short(through - straight)]
    });
    report.table(&["median of the rounds", "straight", "through the tunnel", "added"], &rows);
    report.budget(
        "slowest answer of any burst through the tunnel",
        through.burst_max.max(),
        Bound::AtMost,
        AVITO_WAITS,
        "ms",
    );
    report.budget(
        "added p50 at 200/s",
        through.p50.median() - straight.p50.median(),
        Bound::AtMost,
        5.0,
        "ms",
    );
    report.budget(
        "added p99 at 200/s",
        through.p99.median() - straight.p99.median(),
        Bound::AtMost,
        20.0,
        "ms",
    );
}
