//! `bench draft`: what the program adds to a language model's own time, in the window.
//!
//! The model is a stand-in behind a socket that types a few letters at a time and notes by the clock of this machine when a question
//! was there and when its first letters left. «Before» is from the seller's click for another version to the question at the model:
//! the archive, knowledge, prompt and connection are in it; the pause that waits for the buyer's next message is not. «After» is from
//! the first letters to words on the page, and from the last ones to the checked draft.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use llm_double::{Double, KEY, MODEL, Mode};
use serde_json::{Value, json};

use crate::archive::{Archive, Form, Size};
use crate::deliveries::Post;
use crate::desk::Desk;
use crate::driver::Driver;
use crate::figures::{Samples, short};
use crate::load::{self, Connection, Receiver};
use crate::program::patiently;
use crate::report::{Bound, Report};

/// How much to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The large archive.
    #[command(flatten)]
    pub size: Size,
    /// Entries of knowledge.
    #[arg(long, default_value_t = 500)]
    pub entries: usize,
    /// Drafts made.
    #[arg(long, default_value_t = 40)]
    pub rounds: usize,
}

/// Between two pieces of the stand-in's answer.
const PAUSE_MS: u64 = 60;

/// Waits for the list and answers whose chats are in it.
const LISTED: &str = "
    const rows = () => document.querySelectorAll('[data-testid=chat-row]');
    const ready = () => rows().length < 2 ? setTimeout(ready, 50) : done([...rows()].slice(0, 12).map((row) => row.dataset.avitoId));
    ready();";

/// Asks for another version and answers when the click was, when words were there and when the draft was whole.
const AGAIN: &str = "
    const now = () => performance.timeOrigin + performance.now();
    const again = () => document.querySelector('[data-testid=draft-again]');
    const begin = (tries) => {
        if (!again()) return tries ? setTimeout(() => begin(tries - 1), 20) : done(null);
        const seen = {};
        const look = () => {
            const card = document.querySelector('[data-testid=draft]');
            if (!card) return;
            if (!seen.words && card.dataset.state === 'writing' && card.querySelector('p')) seen.words = now();
            if (card.dataset.state === 'writing' || card.dataset.state === 'waiting') seen.busy = true;
            if (seen.busy && card.dataset.state === 'ready') {
                seen.ready = now();
                observer.disconnect();
                done(seen);
            }
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
        seen.clicked = now();
        again().click();
    };
    begin(500);";

/// Measures.
///
/// # Errors
/// When the window does not open or no draft comes about.
pub async fn run(app: &Path, target: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("Drafts: the program's own time around the model");
    let archive = Archive::in_target(app, target, options.size, Form::Encrypted).await?;
    let sim = archive.avito().await?;
    let seller = sim.accounts().into_iter().next().context("the stand-in has an account")?;
    let double = Double::start().await?;
    double.set(Mode::Typing { pause_ms: PAUSE_MS });
    let desk = Desk::new()?;
    let driver = Driver::start(&desk, &archive.program()?).await?;
    let listed: Vec<String> = serde_json::from_value(driver.run(LISTED).await?)?;
    let receiver = patiently("the webhook is registered", async || {
        let Some(subscription) = sim.subscriptions(seller.user_id).into_iter().next() else {
            return Ok(None);
        };
        let url = reqwest::Url::parse(&subscription.url)?;
        let address = url.socket_addrs(|| None)?.first().copied().context("an address")?;
        Ok(Some(Receiver { address, path: url.path().to_owned(), host: None }))
    })
    .await?;
    teach(&driver, options.entries).await?;
    use_model(&driver, &double).await?;
    let first = listed.first().context("a chat")?;
    driver
        .run(&format!(
            "document.querySelector('[data-avito-id={first:?}]').click(); setTimeout(() => done(1), 300)"
        ))
        .await?;
    let mut post = Post::new(&seller, &listed);
    let question = post.saying(0, "Здравствуйте! Сколько стоит полка номер 7 и есть ли она?");
    let mut connection = Connection::open(&receiver).await?;
    connection.post(load::requests(&receiver, &[question]).first().context("a delivery")?).await?;
    let (mut before, mut words, mut whole) = (Samples::default(), Samples::default(), Samples::default());
    // The first is no measure: the index is read for it.
    for round in 0..=options.rounds {
        let asked = double.asked().len();
        let seen = driver.run(AGAIN).await?;
        ensure!(!seen.is_null(), "no draft came about");
        let time =
            |name: &str| seen[name].as_f64().with_context(|| format!("the page saw no {name}: {seen}"));
        // Since the click; at the first click the draft may still be on its way that the buyer's message made.
        let question = double.asked().into_iter().skip(asked).last().context("the model was asked")?;
        if round == 0 {
            continue;
        }
        before.push(question.came_ms - time("clicked")?);
        words.push(time("words")? - question.began_ms);
        whole.push(time("ready")? - question.ended_ms);
    }
    driver.close().await?;
    show(&mut report, &before, &words, &whole);
    Ok(report.finish())
}

fn show(report: &mut Report, before: &Samples, words: &Samples, whole: &Samples) {
    let all = [
        ("click → the question is at the model", "before", before, 100.0),
        ("first letters left → words on the page", "after_first", words, 150.0),
        ("last letters left → the checked draft on the page", "after_last", whole, 150.0),
    ];
    let rows = all.map(|(what, _, samples, _)| {
        let [p50, p95, max] = [samples.median(), samples.percentile(95.0), samples.max()].map(short);
        vec![what.to_owned(), p50, p95, max]
    });
    report.table(&["milliseconds", "p50", "p95", "max"], &rows);
    for (what, name, samples, limit) in all {
        report.samples(name, samples);
        report.budget(&format!("{what}, p95"), samples.percentile(95.0), Bound::AtMost, limit, "ms");
    }
}

/// Calls a command of the page's and waits for its answer.
async fn invoke(driver: &Driver, command: &str, arguments: &Value) -> Result<()> {
    let script = format!(
        "window.__TAURI_INTERNALS__.invoke({command:?}, {arguments}).then(() => done(null), (error) => done(String(error?.message ?? error)))"
    );
    let failure = driver.run(&script).await?;
    ensure!(failure.is_null(), "{command}: {failure}");
    Ok(())
}

async fn teach(driver: &Driver, entries: usize) -> Result<()> {
    for number in 0..entries {
        let entry = json!({
            "kind": "question", "scope": {"account": null, "item": null},
            "title": format!("Сколько стоит полка номер {number}?"),
            "text": format!("Полка номер {number} стоит {} ₽, есть в наличии, везём за 2 дня.", 1000 + number),
            "url": null,
        });
        invoke(driver, "save_entry", &json!({"source": null, "entry": entry})).await?;
    }
    Ok(())
}

async fn use_model(driver: &Driver, double: &Double) -> Result<()> {
    let mut settings = driver
        .run("window.__TAURI_INTERNALS__.invoke('draft_settings').then((view) => done(view.settings))")
        .await?;
    settings["useModel"] = json!(true);
    settings["baseUrl"] = json!(double.base_url());
    settings["model"] = json!(MODEL);
    let secrets = json!({"key": KEY, "headers": null, "proxy": null});
    invoke(driver, "save_draft_settings", &json!({"settings": settings, "secrets": secrets})).await
}
