//! `bench page`: from the POST of a delivery to its text in the window's page, and how soon a chosen chat is drawn there.
//!
//! The page notes when it is: an observer of its document looks for the words of each delivery, by the same clock of this machine
//! by which the POST was made. A chat counts as drawn when the animation frame that found its messages in the document is over.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;

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
    /// Deliveries to the open chat, deliveries to other chats, chats opened.
    #[arg(long, default_value_t = 60)]
    pub rounds: usize,
}

/// Waits for the list, then watches for the words that `window.wanted` names.
const WATCH: &str = "
    const rows = () => document.querySelectorAll('[data-testid=chat-row]');
    const ready = () => {
        if (rows().length < 2) return setTimeout(ready, 50);
        window.seen = {};
        const look = () => {
            if (!window.wanted) return;
            const at = performance.timeOrigin + performance.now();
            for (const [place, selector] of [['bubble', '[data-testid=message]'], ['row', '[data-testid=chat-row]']]) {
                if (window.seen[place]) continue;
                for (const element of document.querySelectorAll(selector)) {
                    if (element.textContent.includes(window.wanted)) { window.seen[place] = at; break; }
                }
            }
        };
        new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
        done([...rows()].slice(0, 12).map((row) => row.dataset.avitoId));
    };
    ready();";

/// Measures.
///
/// # Errors
/// When the window does not open or a delivery does not appear in it.
pub async fn run(app: &Path, target: &Path, options: &Options) -> Result<Value> {
    let mut report = Report::titled("The page: POST → text in the document; opening chats");
    let archive = Archive::in_target(app, target, options.size, Form::Encrypted).await?;
    let sim = archive.avito().await?;
    let seller = sim.accounts().into_iter().next().context("the stand-in has an account")?;
    let desk = Desk::new()?;
    let program = archive.program()?;
    let driver = Driver::start(&desk, &program).await?;
    let listed: Vec<String> = serde_json::from_value(driver.run(WATCH).await?)?;
    let receiver = patiently("the webhook is registered", async || {
        let Some(subscription) = sim.subscriptions(seller.user_id).into_iter().next() else {
            return Ok(None);
        };
        let url = reqwest::Url::parse(&subscription.url)?;
        let address = url.socket_addrs(|| None)?.first().copied().context("an address")?;
        Ok(Some(Receiver { address, path: url.path().to_owned(), host: None }))
    })
    .await?;
    let opened = open_chats(&driver, &listed, options.rounds).await?;
    let first = listed.first().context("a chat")?;
    driver.run(&opening(first)).await?;
    let mut post = Post::new(&seller, &listed);
    // Words of this run alone, in an archive that is used again.
    let run: u32 = rand::random();
    let mut bubble = Samples::default();
    let mut row = Samples::default();
    for round in 0..options.rounds {
        // The open chat: its bubble. Another one: its row, which moves to the top.
        bubble.push(
            appears(&driver, &receiver, &mut post, 0, &format!("метка {run} {round} открытый"), "bubble")
                .await?,
        );
        let other = 1 + round % (listed.len() - 1);
        row.push(
            appears(&driver, &receiver, &mut post, other, &format!("метка {run} {round} другой"), "row")
                .await?,
        );
    }
    driver.close().await?;
    show(&mut report, &bubble, &row, &opened);
    Ok(report.finish())
}

fn show(report: &mut Report, bubble: &Samples, row: &Samples, opened: &Opened) {
    let all = [
        ("POST → bubble in the open chat", "bubble", bubble, 150.0),
        ("POST → row of another chat in the list", "row", row, 150.0),
        ("opening a chat for the first time → drawn", "first", &opened.first, 100.0),
        ("switching back to a chat → drawn", "again", &opened.again, 100.0),
        ("opening the longest chat → drawn", "longest", &opened.longest, 100.0),
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

/// Posts words to a chat and answers after how many milliseconds the page shows them.
async fn appears(
    driver: &Driver,
    receiver: &Receiver,
    post: &mut Post,
    chat: usize,
    words: &str,
    place: &str,
) -> Result<f64> {
    driver.run(&format!("window.seen = {{}}; window.wanted = {words:?}; done(1)")).await?;
    let delivery = post.saying(chat, words);
    let request = load::requests(receiver, &[delivery]);
    let request = request.first().context("a delivery")?;
    let mut connection = Connection::open(receiver).await?;
    let posted = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
    connection.post(request).await?;
    let wait = format!(
        "const wait = () => window.seen.{place} ? done(window.seen.{place}) : setTimeout(wait, 20);\nwait();"
    );
    let seen = driver.run(&wait).await?.as_f64().context("the page's time")?;
    Ok(seen - posted)
}

#[derive(Default)]
struct Opened {
    first: Samples,
    again: Samples,
    longest: Samples,
}

/// Chooses a row of the list and ends when its thread has been drawn, with the milliseconds that took.
fn opening(chat: &str) -> String {
    format!(
        "const row = document.querySelector('[data-avito-id={chat:?}]');
         if (!row) done(null); else {{
             const begin = performance.now();
             row.click();
             const drawn = () => {{
                 const thread = document.querySelector('[data-testid=thread]');
                 const there = thread?.dataset.chatId === row.dataset.chatId && thread.querySelector('[data-testid=message]');
                 if (!there) return requestAnimationFrame(drawn);
                 requestAnimationFrame(() => done(performance.now() - begin));
             }};
             requestAnimationFrame(drawn);
         }}"
    )
}

async fn open_chats(driver: &Driver, listed: &[String], rounds: usize) -> Result<Opened> {
    let mut opened = Opened::default();
    let time = async |chat: &str| -> Result<f64> {
        driver.run(&opening(chat)).await?.as_f64().context("the row is in the list")
    };
    // Chats never shown before: the list is scrolled on for each.
    for _ in 0..rounds {
        let next = driver
            .run(
                "const list = document.querySelector('[data-testid=chat-list]');
                 list.scrollTop += 78 * 3;
                 const rows = () => [...document.querySelectorAll('[data-testid=chat-row]')];
                 window.opened ??= new Set();
                 const pick = (tries) => {
                     const inView = rows().find((row) => !window.opened.has(row.dataset.avitoId)
                         && row.getBoundingClientRect().top > list.getBoundingClientRect().top + 80);
                     if (!inView && tries) return setTimeout(() => pick(tries - 1), 30);
                     if (inView) window.opened.add(inView.dataset.avitoId);
                     done(inView?.dataset.avitoId ?? null);
                 };
                 setTimeout(() => pick(50), 60);",
            )
            .await?;
        let Some(chat) = next.as_str() else { break };
        opened.first.push(time(chat).await?);
    }
    driver
        .run(
            "document.querySelector('[data-testid=chat-list]').scrollTop = 0; setTimeout(() => done(1), 300)",
        )
        .await?;
    let (longest, others) = listed.split_first().context("a chat")?;
    for round in 0..rounds {
        let other = others.get(round % 6).context("another chat")?;
        opened.again.push(time(other).await?);
        opened.longest.push(time(longest).await?);
    }
    // The first showings of these few were no switching back.
    opened.again = opened.again.without_first(6);
    Ok(opened)
}
