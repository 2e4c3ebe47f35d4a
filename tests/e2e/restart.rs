//! What survives the end of the program, also a bad one.

use avito_sim::{Fault, FaultKind};

use crate::support::page::{Page, id};
use crate::support::shop::Shop;
use crate::support::{Desk, on_a_desk};

#[test]
fn history_and_half_typed_text_are_there_after_a_restart_even_without_a_connection() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        page.reply("Да, на Советской").await;
        page.see_delivery("Да, на Советской", &["sent", "read"]).await;
        page.write(&id("composer"), "Могу ещё показать, как она").await;
        // Closed at once, before the page has kept the text by itself.
        desk.close_window().await;

        shop.sim.pause().await;
        let page = desk.start(&[]).await;
        assert_eq!(page.now(&format!("all('{}').length", id("demo-banner"))).await, 0);
        page.open_chat(&shop.anna).await;
        page.see_bubble("Кофемолка в Твери?").await;
        page.see_delivery("Да, на Советской", &["sent", "read"]).await;
        let half = format!("one('{}').value === 'Могу ещё показать, как она'", id("composer"));
        page.until("the half-typed text is back", &half).await;
        page.see(&format!("{}[data-trouble=network]", id("status-line"))).await;
        assert_eq!(shop.sim.posted_count("Могу ещё показать, как она"), 0);
    });
}

const REPLY: &str = "Уже упаковал, отправлю утром";

#[test]
fn a_reply_survives_a_power_cut_right_after_enter_and_goes_out_once() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        reply_and_cut_power(desk, &page).await;
        comes_back_once(desk, &shop).await;
    });
}

#[test]
fn a_reply_that_waits_for_a_connection_survives_a_power_cut_and_goes_out_once() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        shop.sim.pause().await;
        reply_and_cut_power(desk, &page).await;
        assert_eq!(shop.sim.posted_count(REPLY), 0);
        shop.sim.resume().await.unwrap();
        comes_back_once(desk, &shop).await;
    });
}

#[test]
fn a_reply_whose_answer_a_power_cut_swallowed_is_recognised_and_not_sent_again() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        let faults = shop.sim.faults();
        let slow = faults
            .set(Fault::new(FaultKind::Slow { millis: 60_000, processed: true }).on_route("postSendMessage"));
        let no_echo = faults.set(Fault::new(FaultKind::EchoOff));
        page.reply(REPLY).await;
        shop.until_posted(REPLY).await;
        desk.cut_power().await;
        faults.clear(slow);
        faults.clear(no_echo);
        comes_back_once(desk, &shop).await;
    });
}

/// Cuts the power as soon as the bubble is drawn: from then on the seller believes that the reply is under way.
async fn reply_and_cut_power(desk: &mut Desk, page: &Page) {
    page.reply(REPLY).await;
    page.see_bubble(REPLY).await;
    desk.cut_power().await;
}

/// The reply is with Avito exactly once, and the thread shows it once, as sent.
async fn comes_back_once(desk: &mut Desk, shop: &Shop) {
    let page = desk.start(&[]).await;
    page.open_chat(&shop.anna).await;
    page.see_delivery(REPLY, &["sent", "read"]).await;
    let messages = shop.sim.chat_messages(shop.seller.user_id, &shop.anna);
    assert_eq!(messages.iter().filter(|message| message.text.as_deref() == Some(REPLY)).count(), 1);
    assert_eq!(shop.sim.posted_count(REPLY), 1);
    let bubbles = format!(
        "all('[data-testid=message]').filter((bubble) => bubble.innerText.includes('{REPLY}')).length"
    );
    assert_eq!(page.now(&bubbles).await, 1);
    assert_eq!(
        page.now(&format!("one('{}').value", id("composer"))).await,
        "",
        "it is also offered to be sent again"
    );
}
