//! Sending by rule and replies taken back, in the real window.

use serde_json::json;

use crate::drafts::{RADIO, control, see_draft, start};
use crate::support::on_a_desk;
use crate::support::page::{Page, id};

/// Adds a rule through its form and switches it on: every draft above the lowest threshold, after this delay.
async fn add_rule(page: &Page, delay_s: u32, after_min: u32) {
    page.open_area("drafts").await;
    page.click(&id("drafts-tab-rules")).await;
    page.click(&id("rule-add")).await;
    set(page, "rule-chance", "0.5").await;
    set(page, "rule-delay", &delay_s.to_string()).await;
    set(page, "rule-after", &after_min.to_string()).await;
    page.click(&id("rule-on")).await;
    page.click(&id("rule-save")).await;
    page.see(&format!("{}[data-active=true]", id("rule"))).await;
    page.open_area("chats").await;
}

/// Gives a field a value as its own control does.
async fn set(page: &Page, field: &str, value: &str) {
    let script = format!(
        "const field = one('{}'); field.value = {value:?}; \
         for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, {{bubbles: true}})); return 1;",
        id(field)
    );
    page.run(&script).await.expect("the field takes it");
}

#[test]
fn a_rule_sends_once_after_its_delay_and_says_so_in_the_thread_and_in_its_log() {
    on_a_desk(async |desk| {
        let (shop, page) = start(desk).await;
        add_rule(&page, 6, 0).await;
        page.open_chat(&shop.vera).await;
        shop.buyer_writes(&shop.vera, "Сколько стоят ножки?");
        // It is there first, with the time at which it leaves.
        page.see(&id("draft-sends-at")).await;
        page.see(&format!("{}[data-outgoing=true] {}", id("message"), id("automatic"))).await;
        shop.until_posted(RADIO).await;
        page.see_gone(&id("draft")).await;
        page.open_area("drafts").await;
        page.click(&id("drafts-tab-rules")).await;
        page.see_words(&id("automatic-reply"), "Сколько стоят ножки").await;
        page.see_words(&id("automatic-reply"), "Источники").await;
        // Paused, the next question waits for the seller.
        page.click(&id("rules-pause")).await;
        page.see(&format!("{}[data-paused=true]", id("rules-state"))).await;
        shop.buyer_writes(&shop.vera, "Так сколько стоят ножки?");
        page.click(&id("drafts-tab-queue")).await;
        page.see(&id("waiting-draft")).await;
        assert_eq!(shop.sim.posted_count(RADIO), 1, "once, and nothing while paused");
    });
}

#[test]
fn a_rule_that_waits_sends_nothing_when_the_seller_was_faster() {
    on_a_desk(async |desk| {
        let (shop, page) = start(desk).await;
        add_rule(&page, 15, 0).await;
        page.open_chat(&shop.vera).await;
        shop.buyer_writes(&shop.vera, "Сколько стоят ножки?");
        page.see(&id("draft-sends-at")).await;
        page.reply("Девятьсот за четыре").await;
        page.see_delivery("Девятьсот за четыре", &["sent", "read"]).await;
        page.see_gone(&id("draft")).await;
        // A later question is answered by the rule: by then the first one's time is over.
        shop.buyer_writes(&shop.vera, "Так сколько стоят ножки?");
        shop.until_posted(RADIO).await;
        assert_eq!(shop.sim.posted_count(RADIO), 1, "the second question only");
    });
}

#[test]
fn a_sent_price_that_changed_is_taken_back_and_written_anew() {
    on_a_desk(async |desk| {
        let (shop, page) = start(desk).await;
        page.open_chat(&shop.vera).await;
        shop.buyer_writes(&shop.vera, "Сколько стоят ножки?");
        see_draft(&page, "900 ₽").await;
        page.click(&id("composer")).await;
        control(&page, "Enter").await;
        page.see_delivery(RADIO, &["sent", "read"]).await;
        let view = page
            .invoke("knowledge_view", &json!({"kind": "question", "words": "ножки"}))
            .await
            .expect("knowledge");
        let source = view["sources"][0]["id"].clone();
        let entry = json!({
            "kind": "question", "scope": {"account": null, "item": null},
            "title": "Сколько стоят ножки для радиолы?", "text": RADIO.replace("900", "1100"), "url": null
        });
        page.invoke("save_entry", &json!({"source": source, "entry": entry}))
            .await
            .expect("the entry is changed");
        page.see_words(&id("recall"), "900 ₽").await;
        page.click(&id("recall-do")).await;
        see_draft(&page, "1100 ₽").await;
        page.see_gone(&id("recall")).await;
        page.see(&format!("{}[data-deleted=true]", id("message"))).await;
        page.click(&id("composer")).await;
        control(&page, "Enter").await;
        shop.until_posted(&RADIO.replace("900", "1100")).await;
    });
}
