//! Knowledge as a seller builds it: dropped files, entries, and the question that is tried.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use crate::pictures::take;
use crate::support::page::{Page, id};
use crate::support::{WAIT, on_a_desk, until};

fn document(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri/crates/documents/tests/files");
    std::fs::read(folder.join(name)).unwrap()
}

/// Drops a file onto the area. The system's own drag cannot be driven from outside; the page's part of it is real.
async fn drop_file(page: &Page, name: &str, bytes: &[u8]) {
    let script = format!(
        "const bytes = Uint8Array.from(atob({:?}), (c) => c.charCodeAt(0));\
         const event = new Event('drop', {{bubbles: true, cancelable: true}});\
         event.dataTransfer = {{types: ['Files'], files: [new File([bytes], {name:?})]}};\
         one('[data-testid=knowledge]').dispatchEvent(event);",
        BASE64.encode(bytes)
    );
    page.run(&script).await.unwrap();
}

async fn ask(page: &Page, question: &str) {
    page.click(&id("open-trial")).await;
    page.see(&id("trial-question")).await;
    page.run("const field = one('[data-testid=trial-question]'); field.value = ''; field.dispatchEvent(new Event('input', {bubbles: true}))")
        .await
        .unwrap();
    page.write(&id("trial-question"), question).await;
    page.click(&id("trial-ask")).await;
}

/// The demo knows its shop; here is one whose owner has told nothing yet.
async fn forget_everything(page: &Page) {
    until("nothing is known", WAIT, async || {
        let view = page.invoke("knowledge_view", &json!({"kind": null, "words": ""})).await.ok()?;
        let sources = view["sources"].as_array()?;
        for source in sources {
            let _ = page.invoke("remove_source", &json!({"source": source["id"]})).await;
        }
        sources.is_empty().then_some(())
    })
    .await;
}

async fn replace(page: &Page, field: &str, words: &str) {
    let clear = format!("const field = one({:?}); field.focus(); field.select()", id(field));
    page.run(&clear).await.unwrap();
    page.write(&id(field), words).await;
}

async fn open(page: &Page, title: &str) {
    page.see_words(&id("source-row"), title).await;
    let click = format!(
        "all('[data-testid=source-row] button').find((row) => row.innerText.includes({title:?})).click()"
    );
    page.run(&click).await.unwrap();
    page.see_words(&id("source"), title).await;
}

#[test]
fn a_dropped_document_is_found_edited_words_too_and_a_broken_file_says_why() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.resize(1280, 800).await;
        page.see(&id("chat-row")).await;
        page.open_area("knowledge").await;
        forget_everything(&page).await;
        page.see(&id("knowledge-empty")).await;

        drop_file(&page, "Условия.docx", &document("conditions.docx")).await;
        page.see_words(&id("source-row"), "Условия.docx").await;
        ask(&page, "сколько стоит доставка курьером по городу?").await;
        page.see_words(&id("trial-answer"), "400 ₽").await;
        page.see_words(&id("found"), "Доставка").await;

        // A long price list shows how far it is, and can be stopped.
        let rows: String = (0..120_000).map(|n| format!("Лампа арт{n:06};{}\n", n * 10)).collect();
        drop_file(&page, "Прайс.csv", format!("Наименование;Цена, руб.\n{rows}").as_bytes()).await;
        page.until(
            "some rows are read",
            "all('[data-testid=source-row] [role=progressbar]').some((bar) => bar.ariaValueNow > 0)",
        )
        .await;
        page.click(&id("stop-reading")).await;
        page.see_words(&id("source-row"), "остановлено").await;

        drop_file(&page, "Сломанный.docx", b"this was never a document").await;
        page.see_words(&id("source-problem"), "повреждён").await;

        page.click(&id("knowledge-add")).await;
        page.click(&id("add-question")).await;
        page.write(&id("entry-title"), "Есть ли самовывоз?").await;
        page.write(&id("entry-text"), "Да, забрать можно на Лесной, 4.").await;
        page.click(&id("entry-save")).await;
        page.see_words(&id("source"), "Лесной").await;
        page.click(&id("source-edit")).await;
        replace(&page, "entry-text", "Да, забрать можно на Садовой, 17, вход со двора.").await;
        page.click(&id("entry-save")).await;
        page.see_words(&id("source"), "Садовой").await;
        ask(&page, "где забрать самовывозом").await;
        page.see_words(&id("found"), "Садовой").await;
        page.until("the old words are gone", "!document.body.innerText.includes('Лесной, 4')").await;

        open(&page, "Есть ли самовывоз?").await;
        page.click(&id("source-remove")).await;
        page.see_gone(&id("source")).await;
        let row = |there: bool| {
            format!(
                "all('{}').some((row) => row.innerText.includes('Есть ли самовывоз')) === {there}",
                id("source-row")
            )
        };
        page.until("it is gone", &row(false)).await;
        page.click_away(&id("toast-action")).await;
        page.see_words(&id("source"), "Садовой").await;
        page.until("it is there again", &row(true)).await;
        ask(&page, "где забрать самовывозом").await;
        page.see_words(&id("found"), "Садовой").await;
    });
}

#[test]
fn knowledge_can_be_shown_in_both_colours_and_narrow() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.resize(1280, 800).await;
        page.see(&id("chat-row")).await;
        page.choose("setting-theme", "light").await;
        page.open_area("knowledge").await;
        forget_everything(&page).await;
        page.see(&id("knowledge-empty")).await;
        take(desk, &page, "knowledge-empty.png").await;
        page.click(&id("add-example")).await;
        page.see(&id("trial-answer")).await;
        drop_file(&page, "Условия мастерской.docx", &document("conditions.docx")).await;
        drop_file(&page, "Прайс ноябрь.xlsx", &document("price.xlsx")).await;
        drop_file(&page, "Скан паспорта лампы.pdf", &document("scan.pdf")).await;
        drop_file(&page, "Инструкция.pdf", &document("office.pdf")).await;
        page.click(&id("knowledge-add")).await;
        page.click(&id("add-items")).await;
        page.see(&id("source-problem")).await;
        ask(&page, "скока стоит доставка курьером?").await;
        page.see(&id("trial-answer")).await;
        take(desk, &page, "knowledge-light.png").await;
        page.resize(900, 600).await;
        take(desk, &page, "knowledge-narrow.png").await;
        page.choose("setting-theme", "dark").await;
        page.until("the window is dark", "document.documentElement.dataset.theme === 'dark'").await;
        page.resize(1280, 800).await;
        open(&page, "Прайс ноябрь.xlsx").await;
        take(desk, &page, "knowledge-dark.png").await;
    });
}

#[test]
fn the_demo_shows_at_first_start_what_a_shop_that_knows_itself_is_like() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.resize(1280, 800).await;
        page.see(&id("chat-row")).await;
        page.open_area("knowledge").await;
        page.see_words(&id("source-row"), "Цены мастерской.csv").await;
        // Tried without a shop chosen: what holds for all of them.
        ask(&page, "ещё продаётся?").await;
        page.see_words(&id("trial-answer"), "в наличии").await;
        take(desk, &page, "knowledge-demo.png").await;
        // Drafts are there without anybody having told anything.
        page.open_area("drafts").await;
        page.see(&id("waiting-draft")).await;
        take(desk, &page, "demo-drafts.png").await;
    });
}
