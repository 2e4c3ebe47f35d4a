//! 50 000 chats and a chat of 10 000 messages in the real window: whatever is scrolled to, something is drawn there, and the document
//! stays small.

use bench::archive::{Archive, Form, Size};
use bench::desk::Desk;
use bench::driver::Driver;
use serde_json::Value;

use crate::support::app_file;

/// Elements of the whole document; a screenful takes some hundreds, and chunks beside it as many again.
const MOST_NODES: u64 = 6_000;

/// `frame()` waits for the next frame; `blank(box, drawn)` counts the points of a box where nothing of `drawn` lies.
const TOOLS: &str = "
    const frame = () => new Promise((next) => requestAnimationFrame(next));
    const nodes = () => document.querySelectorAll('*').length;
    const blank = (area, drawn) => {
        const box = area.getBoundingClientRect();
        const spots = [0.04, 0.3, 0.5, 0.7, 0.96].map((part) => box.top + box.height * part);
        const boxes = [...area.querySelectorAll(drawn)].map((element) => element.getBoundingClientRect());
        // Between two bubbles there is room; a day's heading has some as well.
        return spots.filter((y) => !boxes.some((one) => one.top - 60 <= y && one.bottom + 60 >= y)).length;
    };
    const work = async () => {";

async fn ask(driver: &Driver, body: &str) -> Value {
    let script = format!("{TOOLS}{body}}};\nwork().then(done, (error) => done(String(error)));");
    driver.run(&script).await.expect("the page answers")
}

fn number(answer: &Value, name: &str) -> u64 {
    answer[name].as_u64().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

#[test]
fn long_lists_are_never_blank_and_the_document_stays_small() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let size = Size { chats: 50_000, messages: 60_000 };
        let archive = Archive::at(&app_file(), &folder.path().join("archive"), size, Form::Encrypted).await.unwrap();
        let sim = archive.avito().await.unwrap();
        let desk = Desk::new().unwrap();
        let driver = Driver::start(&desk, &archive.program().unwrap()).await.unwrap();

        let list = ask(
            &driver,
            "const list = () => document.querySelector('[data-testid=chat-list]');
             while (!document.querySelector('[data-testid=chat-row]')) await frame();
             const area = list();
             const rows = Number(document.querySelector('[data-testid=chat-row]')?.ariaSetSize ?? 0);
             let [empty, most] = [0, 0];
             const look = async (top) => {
                 area.scrollTop = top;
                 await frame();
                 empty += blank(area, '.slot');
                 most = Math.max(most, nodes());
             };
             for (let step = 0; step < 60; step++) await look(area.scrollTop + area.clientHeight * 0.9);
             for (const part of [0.25, 0.9, 0.5, 1, 0.1]) await look((area.scrollHeight - area.clientHeight) * part);
             return {empty, most, rows};",
        )
        .await;
        assert!(number(&list, "rows") >= 50_000, "{list}");
        assert_eq!(number(&list, "empty"), 0, "{list}");
        assert!(number(&list, "most") < MOST_NODES, "{list}");

        // What was scrolled to is read as well, far down too.
        let far = "const area = document.querySelector('[data-testid=chat-list]');
             area.scrollTop = area.scrollHeight * 0.2;
             for (let step = 0; step < 600 && !area.querySelector('[data-testid=chat-row]'); step++) await frame();
             return {place: Number(area.querySelector('[data-testid=chat-row]')?.ariaPosInSet ?? 0)};";
        let mut place = 0;
        for _ in 0..12 {
            place = number(&ask(&driver, far).await, "place");
            if place > 9_000 {
                break;
            }
        }
        assert!(place > 9_000, "the rows at a fifth of the list were not read: {place}");

        // The longest chat is the one written in last.
        ask(
            &driver,
            "const area = document.querySelector('[data-testid=chat-list]');
             area.scrollTop = 0;
             const first = () => area.querySelector('[aria-posinset=\"1\"]');
             while (!first()) await frame();
             first().click();
             while (!document.querySelector('[data-testid=message]')) await frame();
             window.seen = new Set();
             return {};",
        )
        .await;
        let mut most = 0;
        let mut begun = false;
        for _ in 0..600 {
            let part = ask(
                &driver,
                "const area = document.querySelector('.viewport');
                 let [empty, most, begun] = [0, 0, false];
                 for (let step = 0; step < 20 && !begun; step++) {
                     area.scrollTop -= area.clientHeight * 1.8;
                     await frame();
                     empty += blank(area, '[data-key], .day, .unread, .edge');
                     most = Math.max(most, nodes());
                     for (const one of area.querySelectorAll('[data-key]')) window.seen.add(one.dataset.key);
                     begun = area.scrollTop === 0 && area.querySelector('.edge').innerText.includes('Начало');
                 }
                 return {empty, most, begun, seen: window.seen.size};",
            )
            .await;
            assert_eq!(number(&part, "empty"), 0, "{part}");
            most = most.max(number(&part, "most"));
            begun = part["begun"] == true;
            if begun {
                assert!(number(&part, "seen") >= 10_000, "messages were passed over: {part}");
                break;
            }
        }
        assert!(begun, "the beginning of the chat was not reached");
        assert!(most < MOST_NODES, "{most} elements");

        let newest = ask(
            &driver,
            "document.querySelector('[data-testid=jump-newest]').click();
             const area = document.querySelector('.viewport');
             let empty = 0;
             for (let step = 0; step < 600 && area.scrollTop + area.clientHeight < area.scrollHeight - 4; step++) {
                 await frame();
                 empty += blank(area, '[data-key], .day, .unread, .edge');
             }
             return {empty, nodes: nodes(), left: Math.round(area.scrollHeight - area.scrollTop - area.clientHeight)};",
        )
        .await;
        assert!(number(&newest, "left") <= 4, "{newest}");
        assert_eq!(number(&newest, "empty"), 0, "{newest}");
        assert!(number(&newest, "nodes") < MOST_NODES, "{newest}");
        driver.close().await.unwrap();
        sim.stop().await;
    });
}
