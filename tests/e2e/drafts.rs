//! Drafts in the real window: made from what the seller told, sent by one key, never when a fact has no source.

use llm_double::{Double, KEY, MODEL, Mode};
use serde_json::json;

use crate::support::page::{Page, id};
use crate::support::shop::Shop;
use crate::support::{Desk, WAIT, on_a_desk};

pub(crate) const RADIO: &str = "Ножки у радиолы родные, четыре штуки, стоят 900 ₽ за комплект.";

/// A connected shop that knows of the radio's legs, with the window open and live.
pub(crate) async fn start(desk: &mut Desk) -> (Shop, Page) {
    let shop = Shop::open().await;
    shop.connect(desk).await;
    let page = desk.start(&[]).await;
    page.see(&id("chat-row")).await;
    page.live().await;
    let entry = json!({
        "kind": "question", "scope": {"account": null, "item": null},
        "title": "Сколько стоят ножки для радиолы?", "text": RADIO, "url": null
    });
    page.invoke("save_entry", &json!({"source": null, "entry": entry})).await.expect("the entry is kept");
    (shop, page)
}

/// Fills the model's form in; nothing is saved yet.
pub(crate) async fn enter_model(page: &Page, double: &Double) {
    page.open_area("drafts").await;
    page.click(&id("drafts-tab-setup")).await;
    page.click(&id("drafts-use-model")).await;
    page.write(&id("model-url"), &double.base_url()).await;
    page.write(&id("model-name"), MODEL).await;
    page.write(&id("model-key"), KEY).await;
}

/// Sets the model up as its form does.
pub(crate) async fn use_model(page: &Page, double: &Double) {
    enter_model(page, double).await;
    page.click(&id("model-check")).await;
    page.see_words(&id("model-verdict"), "Модель отвечает").await;
    page.click(&id("drafts-save")).await;
    page.see_words(&id("toast"), "Сохранено").await;
    page.open_area("chats").await;
}

/// Presses Ctrl with a key, where the focus is.
pub(crate) async fn control(page: &Page, key: &str) {
    let script = format!(
        "(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', \
           {{key: {key:?}, code: {key:?}, ctrlKey: true, bubbles: true, cancelable: true}})); return 1;"
    );
    page.run(&script).await.expect("a key is pressed");
}

pub(crate) async fn see_draft(page: &Page, words: &str) {
    page.see_words(&id("draft-text"), words).await;
}

#[test]
fn a_known_answer_is_drafted_with_its_source_and_one_key_sends_it_once() {
    on_a_desk(async |desk| {
        let (shop, page) = start(desk).await;
        page.open_chat(&shop.vera).await;
        shop.buyer_writes(&shop.vera, "Сколько стоят ножки?");
        see_draft(&page, "900 ₽").await;
        // What has a source is underlined, in this web view too.
        let line =
            format!("getComputedStyle(one('{}[data-support=source]')).textDecorationLine", id("draft-fact"));
        assert_eq!(page.now(&line).await, "underline");
        page.click(&id("draft-source")).await;
        page.see_words(&id("source-words"), "четыре штуки").await;
        let text = page.now(&format!("text('{}')", id("draft-text"))).await;
        let text = text.as_str().unwrap().to_owned();
        page.click(&id("composer")).await;
        control(&page, "Enter").await;
        control(&page, "Enter").await;
        page.see_delivery(&text, &["sent", "read"]).await;
        page.see_gone(&id("draft")).await;
        assert_eq!(shop.sim.posted_count(&text), 1);

        // An edited one goes out as edited.
        shop.buyer_writes(&shop.vera, "А почём ножки для радиолы, ещё раз?");
        see_draft(&page, "900 ₽").await;
        page.click(&id("draft-edit")).await;
        page.until(
            "its words are in the composer",
            &format!("one('{}').value.includes('900 ₽')", id("composer")),
        )
        .await;
        page.write(&id("composer"), " Отдам за 800.").await;
        let edited = page.now(&format!("one('{}').value", id("composer"))).await;
        page.enter(&id("composer")).await;
        page.see_delivery("Отдам за 800.", &["sent", "read"]).await;
        assert_eq!(shop.sim.posted_count(edited.as_str().unwrap()), 1);
    });
}

#[test]
fn an_invented_price_is_red_and_a_dead_model_leaves_the_sellers_own_words() {
    on_a_desk(async |desk| {
        let (shop, page) = start(desk).await;
        let double = Double::start().await.expect("the model's server");
        use_model(&page, &double).await;
        double.set(Mode::Says {
            text: "ANSWERABLE: yes; SOURCES: 1\nДа, ножки есть, отдам за 5 500 ₽.".to_owned(),
        });
        page.open_chat(&shop.vera).await;
        shop.buyer_writes(&shop.vera, "Сколько стоят ножки?");
        page.see(&format!("{}[data-support=nothing]", id("draft-fact"))).await;
        assert_eq!(page.now(&format!("one('{}').disabled", id("draft-send"))).await, true);
        page.click(&id("composer")).await;
        control(&page, "Enter").await;

        // A newer message discards it; by then the model is dead.
        double.set(Mode::Fails { status: 500, code: "server_error".to_owned(), retry_after: None });
        shop.buyer_writes(&shop.vera, "Так почём ножки для радиолы?");
        page.until(
            "the seller's own words stand there instead",
            &format!("text('{0}').includes('900 ₽') && !text('{0}').includes('5 500')", id("draft-text")),
        )
        .await;
        page.see(&id("draft-trouble")).await;
        assert_eq!(shop.sim.posted_count("Да, ножки есть, отдам за 5 500 ₽."), 0);
    });
}

#[test]
fn what_nothing_answers_is_listed_and_answered_once_and_the_queue_is_walked_by_keyboard() {
    on_a_desk(async |desk| {
        let (shop, page) = start(desk).await;
        shop.buyer_writes(&shop.boris, "А гарантию на лампу сколько месяцев даёте?");
        page.open_area("drafts").await;
        page.click(&id("drafts-tab-questions")).await;
        page.see_words(&id("question-group"), "гарантию на лампу").await;
        page.click(&id("question-begin")).await;
        page.write(&id("question-answer"), "Гарантия на лампу 6 месяцев.").await;
        page.click(&id("question-save")).await;
        page.click(&id("drafts-tab-queue")).await;
        page.see_words(&id("queue-draft"), "6 месяцев").await;
        shop.buyer_writes(&shop.vera, "Сколько стоят ножки?");
        let both = format!(
            "all('{}').length === 2 && all('[data-testid=waiting-draft]').length",
            id("waiting-draft")
        );
        page.until("both wait", &both).await;
        page.run(&format!("one('{}').focus(); return 1;", id("draft-queue"))).await.unwrap();
        page.until("a draft that may go", &format!("one('{}').dataset.oneKey === 'true'", id("queue-draft")))
            .await;
        control(&page, "Enter").await;
        page.until("the next one is in sight", &format!("all('{}').length === 1", id("waiting-draft"))).await;
        control(&page, "Enter").await;
        page.see_gone(&id("waiting-draft")).await;
        let sent = shop.sim.until(WAIT, |_| {
            let said = |chat: &str, words: &str| {
                let ours = shop.replies(chat).into_iter();
                ours.filter(|message| message.text.as_deref().is_some_and(|text| text.contains(words)))
                    .count()
            };
            said(&shop.boris, "6 месяцев") == 1 && said(&shop.vera, "900 ₽") == 1
        });
        assert!(sent.await, "both replies are at Avito, once each");
    });
}
