//! A seller's day without a mouse, with real keys in the real window.

use avito_sim::Content;
use fantoccini::key::Key;
use serde_json::json;

use crate::support::on_a_desk;
use crate::support::page::{Page, id, row};
use crate::support::shop::Shop;

const CONTROL: char = '\u{e009}';
const ALT: char = '\u{e00a}';

fn key(key: Key) -> char {
    char::from(key)
}

async fn thread_of(page: &Page, chat: &str) {
    let open = format!("one('{}')?.dataset.chatId === one('{}')?.dataset.chatId", id("thread"), row(chat));
    page.until("the thread is open", &open).await;
    page.until(
        "the composer has the focus",
        &format!("document.activeElement?.matches('{}')", id("composer")),
    )
    .await;
}

#[test]
fn a_chat_is_found_answered_and_left_for_the_next_one() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.see(&row(&shop.boris)).await;
        page.live().await;

        // Typing in the list is looking for a chat.
        page.type_words("борис").await;
        page.until(
            "what is typed is searched for",
            &format!(
                "one('{}').value === 'борис' && all('{}').length === 1",
                id("chat-search"),
                id("chat-row")
            ),
        )
        .await;
        page.press(&[key(Key::Enter)]).await;
        thread_of(&page, &shop.boris).await;
        page.type_words("Да, горит").await;
        page.press(&[key(Key::Enter)]).await;
        page.see_delivery("Да, горит", &["sent", "read"]).await;
        assert_eq!(shop.sim.posted_count("Да, горит"), 1);

        page.press(&[CONTROL, 'f']).await;
        page.until(
            "the search has the focus",
            &format!("document.activeElement?.matches('{}')", id("chat-search")),
        )
        .await;
        page.press(&[key(Key::Escape)]).await;
        page.see(&row(&shop.anna)).await;
        page.press(&[ALT, key(Key::Down)]).await;
        // Boris was answered last, so he is on top; below him comes whoever wrote last.
        page.until(
            "the neighbour is open",
            &format!(
                "one('{0}') && one('{0}').dataset.chatId !== one('{1}').dataset.chatId",
                id("thread"),
                row(&shop.boris)
            ),
        )
        .await;
        page.press(&[ALT, key(Key::Up)]).await;
        thread_of(&page, &shop.boris).await;
        page.press(&[key(Key::Escape)]).await;
        page.see(&id("no-chat")).await;
    });
}

#[test]
fn a_picture_is_looked_at_copied_and_sent_on() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.see(&row(&shop.anna)).await;
        page.live().await;
        shop.sim.buyer_sends(shop.seller.user_id, &shop.anna, Content::image("wheel_scratch")).unwrap();
        page.see_words(&row(&shop.anna), "Фото").await;
        page.type_words("анна").await;
        page.until("it is found", &format!("all('{}').length === 1", id("chat-row"))).await;
        page.press(&[key(Key::Enter)]).await;
        thread_of(&page, &shop.anna).await;
        page.see(&format!("{} img", id("message"))).await;

        page.walk_to(".picture", true).await;
        page.press(&[key(Key::Enter)]).await;
        let large = format!("one('{} img')?.naturalWidth > 0", id("viewer"));
        page.until("the large picture is there", &large).await;
        let scale = format!("Number(one('{} .stage').dataset.scale)", id("viewer"));
        page.press(&['+']).await;
        page.until("it is nearer", &format!("{scale} > 1")).await;
        page.press(&['0']).await;
        page.until("it is whole again", &format!("{scale} === 1")).await;
        page.press(&[CONTROL, 'c']).await;
        page.see_words(&id("toast"), "Фото скопировано").await;
        page.press(&[key(Key::Escape)]).await;
        page.see_gone(&id("viewer")).await;
        page.until("the focus is where it was", "document.activeElement?.matches('.picture')").await;

        page.walk_to(&id("composer"), false).await;
        page.press(&[CONTROL, 'v']).await;
        page.see(&format!("{} img", id("picture-chip"))).await;
        page.press(&[key(Key::Enter)]).await;
        let sent = format!("{}[data-outgoing=true][data-kind=image]", id("message"));
        page.until("it is sent", &format!("['sent', 'read'].includes(one('{sent}')?.dataset.state)")).await;
        let ours = shop.sim.chat_messages(shop.seller.user_id, &shop.anna);
        assert_eq!(ours.iter().filter(|message| message.direction == "out").count(), 1);
    });
}

#[test]
fn a_draft_is_approved_and_a_setting_is_changed() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.see(&row(&shop.vera)).await;
        page.live().await;
        let entry = json!({
            "kind": "question", "scope": {"account": null, "item": null}, "url": null,
            "title": "Сколько стоят ножки для радиолы?", "text": "Ножки у радиолы родные, стоят 900 ₽ за комплект."
        });
        page.invoke("save_entry", &json!({"source": null, "entry": entry})).await.expect("the entry is kept");
        shop.buyer_writes(&shop.vera, "Сколько стоят ножки?");
        page.type_words("вера").await;
        page.until("it is found", &format!("all('{}').length === 1", id("chat-row"))).await;
        page.press(&[key(Key::Enter)]).await;
        thread_of(&page, &shop.vera).await;
        page.see_words(&id("draft-text"), "900 ₽").await;
        let text = page.now(&format!("text('{}')", id("draft-text"))).await;
        page.press(&[CONTROL, key(Key::Enter)]).await;
        page.see_delivery(text.as_str().unwrap(), &["sent", "read"]).await;
        assert_eq!(shop.sim.posted_count(text.as_str().unwrap()), 1);

        page.press(&[CONTROL, ',']).await;
        page.see(&id("settings")).await;
        page.walk_to(&id("setting-sound"), false).await;
        page.press(&[' ']).await;
        page.until("the sound is off", &format!("one('{}').checked === false", id("setting-sound"))).await;
        page.press(&[key(Key::Escape)]).await;
        page.see_gone(&id("settings")).await;
        let view = page.invoke("app_view", &json!({})).await.unwrap();
        assert_eq!(view["settings"]["sound"], false);
        page.until(
            "the focus is not lost",
            &format!("document.activeElement?.matches('{}')", id("composer")),
        )
        .await;
    });
}
