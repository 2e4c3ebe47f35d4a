//! `bench webhook`: a delivery received durably, against a receiver that keeps it in memory only.

use std::path::Path;

use anyhow::{Context as _, Result};
use avito_sim::{Fill, Scene, SellerAccount, Sim, SimConfig};
use clap::Args;
use serde_json::Value;

use crate::archive::{self, Form};
use crate::ceiling;
use crate::deliveries::{Post, verify};
use crate::figures::{Samples, short};
use crate::load::{self, FEW, MANY, Outcome, Pace, RATE, Receiver};
use crate::memory::until_at_rest;
use crate::program::{Program, Running, patiently};
use crate::reference::Reference;
use crate::report::{Bound, Report};

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
    /// Ours only, without the reference beside it.
    #[arg(long)]
    pub alone: bool,
    /// Deliveries of the closed loop.
    #[arg(long, default_value_t = 10_000)]
    pub flood: usize,
}

/// One receiver's figures, one sample a round.
#[derive(Default)]
struct Figures {
    steady_p50: Samples,
    steady_p99: Samples,
    burst_p50: Samples,
    burst_p99: Samples,
    rate: Samples,
}

impl Figures {
    fn take(&mut self, steady: &Outcome, burst: &Outcome, flood: &Outcome) {
        self.steady_p50.push(steady.waits.median());
        self.steady_p99.push(steady.waits.percentile(99.0));
        self.burst_p50.push(burst.waits.median());
        self.burst_p99.push(burst.waits.percentile(99.0));
        self.rate.push(flood.rate());
    }
}

/// Who is measured.
struct Contender {
    what: &'static str,
    name: &'static str,
    figures: Figures,
    receiver: Receiver,
    post: Post,
    /// Our program; none: a receiver it is compared with.
    running: Option<Running>,
}

impl Contender {
    async fn round(&mut self, options: &Options) -> Result<()> {
        let mut outcomes = Vec::new();
        for (count, connections, pace) in [
            (options.seconds * RATE as usize, FEW, Pace::PerSecond(RATE)),
            (options.burst, MANY, Pace::Burst),
            (options.flood, MANY, Pace::AsFastAsAnswered),
        ] {
            let requests = load::requests(&self.receiver, &self.post.make(count));
            outcomes.push(load::deliver(&self.receiver, &requests, connections, pace).await?);
            if let Some(running) = &self.running {
                until_taken_in(running, &self.post).await?;
            }
        }
        if let [steady, burst, flood] = outcomes.as_slice() {
            self.figures.take(steady, burst, flood);
        }
        // Drafts are made of a flood after it; whoever is measured next has the machine alone.
        if let Some(running) = &self.running {
            until_at_rest(running.pid()).await?;
        }
        Ok(())
    }

    /// Looks for every acknowledged message in the archive and answers how many there are.
    async fn verify(&self) -> Result<usize> {
        match &self.running {
            Some(running) => Ok(verify(&running.door, &self.post).await?.count),
            None => Ok(0),
        }
    }
}

/// Measures.
///
/// # Errors
/// When a receiver does not start, refuses a delivery, or an acknowledged message is not in the archive afterwards.
pub async fn run(app: &Path, target: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("Webhook: POST → durable → 200");
    let folders = (tempfile::tempdir()?, tempfile::tempdir()?);
    let all = options.rounds * (options.seconds * RATE as usize + options.burst + options.flood);
    // A chat shows at most 500 messages at once, and all of them are looked for afterwards.
    let size = Fill { chats: all.div_ceil(400).max(20), messages: 1, days: 30 };
    let (ours, _avito) = ours(app, folders.0.path(), size, Form::Encrypted).await?;
    let mut contenders = vec![ours];
    // The reference has no Avito; the plain archive's lives as long as its measurement.
    let mut _plain_avito = None;
    let mut _reference = None;
    if !options.alone {
        let reference = Reference::start(target).await?;
        contenders.push(Contender {
            what: "FastAPI + queue",
            name: "reference",
            figures: Figures::default(),
            receiver: reference.receiver.clone(),
            post: contenders.iter().map(|ours| ours.post.another()).next().context("ours")?,
            running: None,
        });
        contenders.push(Contender {
            what: "answering at once",
            name: "ceiling",
            figures: Figures::default(),
            receiver: ceiling::start().await?,
            post: contenders.iter().map(|ours| ours.post.another()).next().context("ours")?,
            running: None,
        });
        let (plain, avito) = self::ours(app, folders.1.path(), size, Form::Plain).await?;
        contenders.push(plain);
        (_plain_avito, _reference) = (Some(avito), Some(reference));
    }
    for _ in 0..options.rounds {
        for contender in &mut contenders {
            contender.round(options).await?;
        }
        // Who begins takes turns, so that a machine that grows busy is nobody's luck.
        contenders.rotate_left(1);
    }
    contenders.sort_by_key(|contender| {
        ["ours", "reference", "plain", "ceiling"].iter().position(|name| *name == contender.name)
    });
    let mut kept = 0;
    for contender in &contenders {
        kept += contender.verify().await?;
    }
    show(&mut report, &contenders);
    report.figure("kept", kept);
    report
        .note(&format!("\nEvery one of the {} acknowledged messages is in the archive.", short(kept as f64)));
    for running in contenders.into_iter().filter_map(|contender| contender.running) {
        running.stop().await?;
    }
    Ok(report.finish())
}

/// Our program, connected to a stand-in that answers its calls as long as it runs.
async fn ours(app: &Path, folder: &Path, size: Fill, form: Form) -> Result<(Contender, Sim)> {
    let sim = Sim::start(SimConfig { scene: Scene::Empty, ..SimConfig::default() }).await?;
    let seller = sim.accounts().into_iter().next().context("the stand-in has an account")?;
    let chats = sim.fill(seller.user_id, size);
    let program = Program::on(app, folder)?;
    let running = match form {
        Form::Encrypted => {
            program.connect(&sim, &seller).await?;
            program.headless().await?
        }
        Form::Plain => {
            let running = program.headless_keeping_nothing().await?;
            archive::add_account(&running, &sim, &seller).await?;
            running
        }
    };
    running.door.wait_for_mode("live").await?;
    running.door.wait_for_history().await?;
    let (what, name) = match form {
        Form::Encrypted => ("ours, durable", "ours"),
        Form::Plain => ("ours, not encrypted", "plain"),
    };
    let (receiver, post) = (receiver(&sim, &seller, &running)?, Post::new(&seller, &chats));
    Ok((Contender { what, name, figures: Figures::default(), receiver, post, running: Some(running) }, sim))
}

/// Waits until nothing is left in the journal and the last delivery is a message of its chat.
///
/// # Errors
/// When that does not come about.
pub async fn until_taken_in(running: &Running, post: &Post) -> Result<()> {
    let Some((chat, id)) = post.last() else { return Ok(()) };
    // A chat's messages lie all over the archive: reading them again and again would take the time that taking in needs.
    running.door.wait_for_journal().await?;
    patiently("the deliveries are taken in", async || {
        let ids = running.door.message_ids(chat, 200).await?;
        Ok(ids.iter().any(|known| known == id).then_some(()))
    })
    .await
}

/// Where Avito was told to deliver.
///
/// # Errors
/// When it was told nothing.
pub fn receiver(sim: &Sim, seller: &SellerAccount, running: &Running) -> Result<Receiver> {
    let subscription =
        sim.subscriptions(seller.user_id).into_iter().next().context("no webhook is registered")?;
    let path = subscription.url.splitn(4, '/').nth(3).context("the webhook has no path")?;
    Ok(Receiver { address: running.address, path: format!("/{path}"), host: None })
}

/// What a row shows: its words, its name among the figures, where it comes from.
type Row = (&'static str, &'static str, fn(&Figures) -> &Samples);

fn show(report: &mut Report, contenders: &[Contender]) {
    const ROWS: [Row; 5] = [
        ("p50 at 200/s, ms", "steady_p50_ms", |figures| &figures.steady_p50),
        ("p99 at 200/s, ms", "steady_p99_ms", |figures| &figures.steady_p99),
        ("p50 of the burst, ms", "burst_p50_ms", |figures| &figures.burst_p50),
        ("p99 of the burst, ms", "burst_p99_ms", |figures| &figures.burst_p99),
        ("throughput, 1/s", "per_second", |figures| &figures.rate),
    ];
    let mut head = vec!["median of the rounds"];
    head.extend(contenders.iter().map(|contender| contender.what));
    let rows = ROWS.map(|(what, name, of)| {
        let mut row = vec![what.to_owned()];
        for contender in contenders {
            report.figure(&format!("{}.{name}", contender.name), of(&contender.figures).median());
            row.push(short(of(&contender.figures).median()));
        }
        row
    });
    report.table(&head, &rows);
    let find =
        |name: &str| contenders.iter().find(|contender| contender.name == name).map(|found| &found.figures);
    let Some(ours) = find("ours") else { return };
    report.budget("p99 at 200/s", ours.steady_p99.median(), Bound::AtMost, 20.0, "ms");
    report.budget("p99 of the burst", ours.burst_p99.median(), Bound::AtMost, 200.0, "ms");
    if let Some(theirs) = find("reference") {
        let ratio = ours.rate.median() / theirs.rate.median();
        if let Some(ceiling) = find("ceiling") {
            let most = ceiling.rate.median() / theirs.rate.median();
            report.note(&format!(
                "\nWith this load on the same cores no receiver is faster than {} × the reference.",
                short(most)
            ));
        }
        report.budget("throughput against the reference", ratio, Bound::AtLeast, 5.0, "×");
    }
}
