//! Past questions asked again in the real window, before a model, a file or an entry is trusted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use llm_double::{Double, Mode};
use serde_json::json;

use crate::drafts::{enter_model, see_draft, start};
use crate::support::page::{Page, id};
use crate::support::shop::Shop;
use crate::support::{Desk, on_a_desk};

/// A shop whose seller has answered two questions: one that an entry answers, and one that nothing does.
async fn with_past(desk: &mut Desk) -> (Shop, Page) {
    let (shop, page) = start(desk).await;
    page.resize(1280, 800).await;
    for (chat, question, reply) in [
        (&shop.vera, "Сколько стоят ножки?", "900 за комплект"),
        (&shop.boris, "А парковка для грузовика есть?", "Да, во дворе"),
    ] {
        page.open_chat(chat).await;
        shop.buyer_writes(chat, question);
        page.see_bubble(question).await;
        page.reply(reply).await;
        page.see_delivery(reply, &["sent", "read"]).await;
    }
    (shop, page)
}

/// The verdict on the question with these words.
async fn see_verdict(page: &Page, words: &str, verdict: &str) {
    let row = id("replay-row");
    let found = format!(
        "all('{row}').some((row) => row.innerText.includes({words:?}) && row.dataset.verdict === {verdict:?})"
    );
    page.until(&format!("«{words}»: {verdict}"), &found).await;
}

/// Drops a file onto the strip for trying.
async fn drop_on_trial(page: &Page, name: &str, text: &str) {
    let script = format!(
        "const bytes = Uint8Array.from(atob({:?}), (c) => c.charCodeAt(0)); \
         const carried = {{types: ['Files'], files: [new File([bytes], {name:?})]}}; \
         const event = (kind, place) => Object.assign(new Event(kind, {{bubbles: true, cancelable: true}}), \
           {{dataTransfer: carried, ...place}}); \
         const area = one('[data-testid=knowledge]'); \
         area.dispatchEvent(event('dragenter', {{}})); \
         return new Promise((done) => requestAnimationFrame(() => {{ \
           const box = one('[data-testid=drop-trial]').getBoundingClientRect(); \
           const place = {{clientX: box.x + box.width / 2, clientY: box.y + box.height / 2}}; \
           area.dispatchEvent(event('dragover', place)); area.dispatchEvent(event('drop', place)); done(1); }}));",
        BASE64.encode(text)
    );
    page.run(&script).await.expect("the file is dropped");
}

#[test]
fn a_model_is_tried_on_past_questions_before_it_is_saved() {
    on_a_desk(async |desk| {
        let (shop, page) = with_past(desk).await;
        let double = Double::start().await.expect("the model's server");
        double.set(Mode::Says {
            text: "ANSWERABLE: yes; SOURCES: 1\nЗдравствуйте! Отдам ножки за 5 500 ₽.".to_owned(),
        });
        enter_model(&page, &double).await;
        page.click(&id("replay-start")).await;
        see_verdict(&page, "Сколько стоят ножки?", "unsupported").await;
        see_verdict(&page, "парковка для грузовика", "unsupported").await;
        page.until("it has ended", &format!("one('{}')", id("replay-start"))).await;
        let row =
            page.now(&format!("all('{}').map((row) => row.innerText).join(' ')", id("replay-row"))).await;
        let row = row.as_str().unwrap();
        // What it would say, what it got then, and what the seller said.
        assert!(row.contains("5 500 ₽") && row.contains("900 за комплект"), "{row}");
        page.see_words(&id("replay-unsupported"), "2").await;
        let settings = page.invoke("draft_settings", &json!({})).await.expect("settings");
        assert_eq!((&settings["settings"]["useModel"], &settings["hasKey"]), (&json!(false), &json!(false)));
        assert_eq!(shop.sim.posted_count("Здравствуйте! Отдам ножки за 5 500 ₽."), 0);
    });
}

#[test]
fn a_file_and_an_entry_are_tried_on_past_questions_before_they_are_used() {
    on_a_desk(async |desk| {
        let (shop, page) = with_past(desk).await;
        page.open_area("knowledge").await;
        drop_on_trial(
            &page,
            "Как проехать.md",
            "# Парковка для грузовика\nПарковка для грузовика есть во дворе.",
        )
        .await;
        page.see_words(&id("source"), "Как проехать").await;
        page.click(&id("replay-start")).await;
        see_verdict(&page, "парковка для грузовика", "better").await;
        page.see_words(&id("replay-better"), "1").await;
        page.click(&id("replay-show-same")).await;
        see_verdict(&page, "Сколько стоят ножки?", "same").await;
        // Not used before it is accepted, and used from then on.
        let asked =
            json!({"scope": {"account": null, "item": null}, "question": "парковка для грузовика есть?"});
        let found = page.invoke("try_question", &asked).await.expect("an answer");
        assert_ne!(found["answer"]["given"], json!(true), "{found}");
        page.click(&id("source-off")).await;
        page.until("it is in use", &format!("!one('{}').innerText.includes('Выключено')", id("source")))
            .await;
        shop.buyer_writes(&shop.boris, "Так парковка для грузовика есть?");

        // The entry of the legs with words that no longer answer.
        let open = "all('[data-testid=source-row] button').find((row) => row.innerText.includes('ножки для радиолы')).click()";
        page.run(open).await.expect("the entry is opened");
        page.click(&id("source-edit")).await;
        let clear = format!("const field = one({:?}); field.focus(); field.select()", id("entry-title"));
        page.run(&clear).await.expect("the heading is chosen");
        page.write(&id("entry-title"), "Где вы находитесь?").await;
        let clear = format!("const field = one({:?}); field.focus(); field.select()", id("entry-text"));
        page.run(&clear).await.expect("the words are chosen");
        page.write(&id("entry-text"), "На улице Мира, 5.").await;
        page.click(&id("entry-check")).await;
        page.click(&id("replay-start")).await;
        see_verdict(&page, "Сколько стоят ножки?", "worse").await;
        page.open_area("chats").await;
        page.open_chat(&shop.boris).await;
        see_draft(&page, "во дворе").await;
    });
}
