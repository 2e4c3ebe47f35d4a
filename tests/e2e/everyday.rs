//! What a seller does in a talk every day, by mouse and by the keyboard alone.

use avito_sim::Fill;
use fantoccini::key::Key;
use serde_json::json;

use crate::onboarding::fill_in;
use crate::support::on_a_desk;
use crate::support::page::{Page, id, row};
use crate::support::shop::Shop;

const CONTROL: char = '\u{e009}';

/// The text in the composer, once it holds these words.
async fn typed(page: &Page, words: &str) -> String {
    let field = format!("one('{}').value", id("composer"));
    page.until("the words are in the field", &format!("{field}.includes({words:?})")).await;
    page.now(&field).await.as_str().unwrap().to_owned()
}

/// A reply can be taken back for this long.
async fn with_seconds_to_undo(page: &Page, seconds: u32) {
    let mut settings = page.invoke("app_view", &json!({})).await.unwrap()["settings"].clone();
    settings["undoSendS"] = json!(seconds);
    page.invoke("save_settings", &json!({"settings": settings})).await.unwrap();
}

#[test]
fn by_mouse_a_message_is_quoted_answered_and_the_answer_deleted_within_the_hour() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        let menu_of = |side: bool| format!("{}[data-outgoing={side}] {}", id("message"), id("message-menu"));
        page.click(&menu_of(false)).await;
        page.click_away(&id("quote-message")).await;
        assert_eq!(typed(&page, "Кофемолка").await, "«Кофемолка в Твери?»\n");
        page.write(&id("composer"), "Да, в Твери").await;
        page.click(&id("send")).await;
        page.see_delivery("Да, в Твери", &["sent", "read"]).await;
        assert_eq!(shop.replies(&shop.anna)[0].text.as_deref(), Some("«Кофемолка в Твери?»\nДа, в Твери"));

        page.click(&menu_of(true)).await;
        page.see_words(&id("delete-message"), "ещё ").await;
        page.click_away(&id("delete-message")).await;
        page.click_away(&id("delete-confirm")).await;
        let deleted = format!("{}[data-outgoing=true][data-deleted=true]", id("message"));
        page.see_words(&deleted, "Да, в Твери").await;
        page.see_words(&deleted, "Удалено на Avito").await;
        let at_avito = shop.replies(&shop.anna)[0].content.to_string();
        assert!(!at_avito.contains("Твери"), "Avito still has it: {at_avito}");
    });
}

#[test]
fn by_mouse_a_reply_that_was_refused_is_deleted_and_had_back() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        shop.sim.buyer_blocks(shop.seller.user_id, &shop.anna, true);
        page.reply("Отправлю завтра утром").await;
        page.see_delivery("Отправлю завтра утром", &["failed"]).await;
        page.click(&id("discard-send")).await;
        page.see_gone(&id("send-failed")).await;
        page.click_away(&id("toast-action")).await;
        assert_eq!(typed(&page, "завтра").await, "Отправлю завтра утром");
        assert_eq!(shop.sim.posted_count("Отправлю завтра утром"), 0);
    });
}

#[test]
fn by_keyboard_alone_a_reply_with_an_emoji_is_taken_back_sent_and_deleted() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        with_seconds_to_undo(&page, 10).await;
        let enter = || [char::from(Key::Enter)];
        page.walk_to(&id("composer"), false).await;
        page.type_words("Добрый день").await;
        page.walk_to(&id("emoji-open"), false).await;
        page.press(&enter()).await;
        page.until("the first emoji has the focus", "document.activeElement?.matches('[data-testid=emoji]')")
            .await;
        page.press(&[char::from(Key::Right)]).await;
        page.press(&enter()).await;
        assert_eq!(typed(&page, "❌").await, "Добрый день❌");
        page.press(&enter()).await;
        page.see(&id("undo-send")).await;
        page.walk_to(&id("undo-send"), true).await;
        page.press(&enter()).await;
        assert_eq!(typed(&page, "❌").await, "Добрый день❌");
        assert!(
            shop.replies(&shop.anna).is_empty(),
            "it went out all the same: {:?}",
            shop.replies(&shop.anna)
        );

        page.walk_to(&id("composer"), false).await;
        page.press(&enter()).await;
        page.see(&id("send-now")).await;
        page.walk_to(&id("send-now"), true).await;
        page.press(&enter()).await;
        page.see_delivery("Добрый день❌", &["sent", "read"]).await;
        assert_eq!(shop.sim.posted_count("Добрый день❌"), 1);

        let menu = format!("{}[data-outgoing=true] {}", id("message"), id("message-menu"));
        page.walk_to(&menu, true).await;
        page.press(&enter()).await;
        let at = |name: &str| format!("document.activeElement?.matches('{}') === true", id(name));
        page.until("the menu has the focus", &at("copy-message")).await;
        page.press(&[char::from(Key::Up)]).await;
        page.until("its last entry has it", &at("delete-message")).await;
        page.press(&enter()).await;
        page.walk_to(&id("delete-confirm"), false).await;
        page.press(&enter()).await;
        let deleted = format!("{}[data-outgoing=true][data-deleted=true]", id("message"));
        page.until("it is deleted, or why not is told", &format!("one('{deleted}, {}')", id("toast"))).await;
        assert_eq!(page.now(&format!("text('{}')", id("toast"))).await, "");
    });
}

#[test]
fn by_keyboard_alone_a_buyer_is_blocked_and_another_chat_is_found_by_the_palette() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        let enter = || [char::from(Key::Enter)];
        page.walk_to(&id("chat-menu"), true).await;
        page.press(&enter()).await;
        page.until("the menu has the focus", "document.activeElement?.matches('[role=menuitem]')").await;
        page.press(&enter()).await;
        page.see_words(&id("block-question"), "Разблокировать нельзя").await;
        page.walk_to(&id("block-spam"), false).await;
        page.press(&[char::from(Key::Down)]).await;
        page.until("the second reason is chosen", &format!("one('{}').checked", id("block-fraud"))).await;
        page.walk_to(&id("block-do"), false).await;
        page.press(&enter()).await;
        page.see_gone(&id("block-question")).await;
        page.see(&id("blocked")).await;
        assert_eq!(shop.sim.blacklist(shop.seller.user_id).len(), 1);

        page.press(&[CONTROL, 'k']).await;
        page.see("dialog[open] input").await;
        page.type_words("борис").await;
        page.see_words("dialog[open] [role=option]", "Борис").await;
        page.press(&enter()).await;
        let there = format!(
            "one('{}')?.dataset.chatId === one('{}')?.dataset.chatId",
            id("thread"),
            row(&shop.boris)
        );
        page.until("his chat is open", &there).await;
    });
}

#[test]
fn history_is_read_while_the_seller_works_and_can_be_paused() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.sim.fill(shop.seller.user_id, Fill { chats: 120, messages: 3, days: 60 });
        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        fill_in(&page, &shop, &shop.seller.client_secret).await;
        page.click(&id("key-add")).await;
        page.click_away(&id("onboarding-finish")).await;
        let done = format!("Number(one('{}')?.dataset.done)", id("backfill-progress"));
        page.until("history is being read", &format!("{done} > 0")).await;
        page.click(&format!("{} > button.line", id("status-line"))).await;
        page.click(&id("backfill-pause")).await;
        page.see_words(&id("backfill-progress"), "на паузе").await;

        // A chat is opened and answered meanwhile.
        page.open_chat(&shop.anna).await;
        page.see_bubble("Кофемолка в Твери?").await;
        page.reply("Да, в Твери").await;
        page.see_delivery("Да, в Твери", &["sent", "read"]).await;
        let paused_at = page.now(&done).await;
        page.see_words(&id("backfill-progress"), "на паузе").await;
        page.click(&format!("{} > button.line", id("status-line"))).await;
        page.click(&id("backfill-pause")).await;
        let on = format!("!one('{}') || {done} > {paused_at}", id("backfill-progress"));
        page.until("it goes on", &on).await;
    });
}
