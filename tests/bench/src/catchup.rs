//! `bench catchup`: reading what happened during an outage, in calls and in time, against the least that any reader needs.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use avito_sim::{Fill, Scene, SellerAccount, Sim, SimConfig};
use clap::Args;
use serde_json::{Value, json};

use crate::figures::{Samples, short};
use crate::program::{Program, patiently};
use crate::report::{Bound, Report};

/// The largest page Avito gives.
const PAGE: usize = 100;

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Chats in all.
    #[arg(long, default_value_t = 1000)]
    pub chats: usize,
    /// Chats in which buyers write during the outage.
    #[arg(long, default_value_t = 500)]
    pub changed: usize,
    /// Outages; medians are shown.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
}

/// One outage's figures.
struct Outage {
    list_calls: usize,
    message_calls: usize,
    other_calls: usize,
    seconds: f64,
    least_seconds: f64,
}

/// Measures.
///
/// # Errors
/// When the program does not start, or a message of the outage does not come.
pub async fn run(app: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("Catching up after an outage");
    let folder = tempfile::tempdir()?;
    let sim = Sim::start(SimConfig { scene: Scene::Empty, ..SimConfig::default() }).await?;
    let seller = sim.accounts().into_iter().next().context("the stand-in has an account")?;
    let chats = sim.fill(seller.user_id, Fill { chats: options.chats, messages: 3, days: 30 });
    let program = Program::on(app, folder.path())?;
    program.connect(&sim, &seller).await?;
    let mut outages = Vec::new();
    for round in 0..options.rounds {
        outages.push(outage(&program, &sim, &seller, &chats, options.changed, round).await?);
    }
    let median = |of: fn(&Outage) -> f64| outages.iter().map(of).collect::<Samples>().median();
    let least_lists = list_pages(options.changed);
    let (lists, messages) = (median(|o| o.list_calls as f64), median(|o| o.message_calls as f64));
    let (seconds, least_seconds) = (median(|o| o.seconds), median(|o| o.least_seconds));
    report.table(
        &["median of the outages", "ours", "the least", "ratio"],
        &[
            row("calls for the list of chats", lists, least_lists as f64),
            row("calls for messages", messages, options.changed as f64),
            vec![
                "other calls".to_owned(),
                short(median(|o| o.other_calls as f64)),
                "–".to_owned(),
                "–".to_owned(),
            ],
            row("seconds", seconds, least_seconds),
        ],
    );
    report.note(
        "Seconds: ours from the start of the program until every message is in the archive; the least is the same calls one after \
         the other with nothing done about their answers. Neither waits for a budget of calls, as it would at Avito.",
    );
    for (name, value) in [
        ("list_calls", lists),
        ("message_calls", messages),
        ("other_calls", median(|o| o.other_calls as f64)),
        ("seconds", seconds),
        ("least_seconds", least_seconds),
    ] {
        report.figure(name, value);
    }
    report.budget(
        "calls for lists and messages",
        lists + messages,
        Bound::AtMost,
        (least_lists + options.changed) as f64,
        "calls",
    );
    Ok(report.finish())
}

fn row(what: &str, ours: f64, least: f64) -> Vec<String> {
    vec![what.to_owned(), short(ours), short(least), short(ours / least)]
}

/// Pages of the list that hold the changed chats, and the beginning of what has not changed: without seeing that, nobody knows that
/// there is no more.
fn list_pages(changed: usize) -> usize {
    changed / PAGE + 1
}

async fn outage(
    program: &Program,
    sim: &Sim,
    seller: &SellerAccount,
    chats: &[String],
    changed: usize,
    round: usize,
) -> Result<Outage> {
    // The program is not running; Avito has nobody to deliver to.
    sim.drop_subscriptions(seller.user_id);
    let mut written = Vec::new();
    for chat in chats.iter().rev().take(changed) {
        // Two each: the list of chats tells the last one, the one before it has to be read.
        let first = sim.buyer_writes(seller.user_id, chat, &format!("Пока вас не было: {round}"));
        sim.buyer_writes(seller.user_id, chat, "Ответьте, пожалуйста");
        written.push((chat, first));
    }
    let count =
        |sim: &Sim| (sim.call_count("getChatsV2"), sim.call_count("getMessagesV3"), sim.calls().len());
    let before = count(sim);
    let begin = Instant::now();
    let running = program.headless().await?;
    for (chat, id) in &written {
        patiently("the messages of the outage are there", async || {
            Ok(running.door.message_ids(chat, 20).await?.contains(id).then_some(()))
        })
        .await?;
    }
    running.door.wait_for_mode("live").await?;
    let seconds = begin.elapsed().as_secs_f64();
    let after = count(sim);
    running.stop().await?;
    let (list_calls, message_calls) = (after.0 - before.0, after.1 - before.1);
    Ok(Outage {
        list_calls,
        message_calls,
        other_calls: after.2 - before.2 - list_calls - message_calls,
        seconds,
        least_seconds: the_same_calls(sim, seller, chats, changed).await?,
    })
}

/// Makes the calls a catch-up needs, one after the other, and answers the seconds they take.
async fn the_same_calls(sim: &Sim, seller: &SellerAccount, chats: &[String], changed: usize) -> Result<f64> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let base = sim.base_url();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", seller.client_id.as_str()),
        ("client_secret", seller.client_secret.as_str()),
    ];
    let token: Value = client.post(format!("{base}/token")).form(&form).send().await?.json().await?;
    let token = token["access_token"].as_str().context("the stand-in gives a token")?.to_owned();
    let begin = Instant::now();
    for page in 0..list_pages(changed) {
        let url = format!("{base}/messenger/v2/accounts/{}/chats", seller.user_id);
        let query = json!({"limit": PAGE, "offset": page * PAGE, "chat_types": "u2i,u2u,a2u"});
        let sent = client.get(url).query(&query).bearer_auth(&token).send().await?.error_for_status()?;
        sent.bytes().await?;
    }
    for chat in chats.iter().rev().take(changed) {
        let url = format!("{base}/messenger/v3/accounts/{}/chats/{chat}/messages/", seller.user_id);
        let sent = client.get(url).query(&json!({"limit": PAGE})).bearer_auth(&token).send().await?;
        sent.error_for_status()?.bytes().await?;
    }
    Ok(begin.elapsed().as_secs_f64())
}
