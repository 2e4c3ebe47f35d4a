//! Messages of a connected shop: in and out.

use std::path::Path;

use avito_sim::{Content, Fault, FaultKind, SimMessage};
use fantoccini::key::Key;

use crate::support::page::{id, row};
use crate::support::shop::Shop;
use crate::support::{WAIT, on_a_desk};

#[test]
fn a_buyers_message_appears_in_the_open_thread_and_the_reply_goes_out_once() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        page.see_bubble("Кофемолка в Твери?").await;
        page.run("window.mark = true").await.unwrap();
        page.live().await;

        shop.buyer_writes(&shop.anna, "Могу забрать сегодня в шесть");
        page.see_bubble("Могу забрать сегодня в шесть").await;
        page.reply("Да, приезжайте").await;
        page.see_delivery("Да, приезжайте", &["sent", "read"]).await;
        assert_eq!(page.now("window.mark").await, true, "the page was loaded anew");
        assert_eq!(shop.sim.posted_count("Да, приезжайте"), 1);
        assert_eq!(page.now(&format!("one('{}').value", id("composer"))).await, "");
        let bubbles = "all('[data-testid=message]').filter((bubble) => bubble.innerText.includes('Да, приезжайте')).length";
        assert_eq!(page.now(bubbles).await, 1, "the echo and the real message are one bubble");
    });
}

#[test]
fn a_message_for_another_chat_moves_it_to_the_top_and_counts_as_unread_until_it_is_opened() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        let unread = page.now(&format!("Number(one('{}').dataset.unread)", row(&shop.vera))).await;
        let unread = unread.as_i64().unwrap();
        shop.buyer_writes(&shop.vera, "Ножки нашли?");
        let top = format!(
            "one('[data-testid=chat-list] [aria-posinset=\"1\"]')?.matches('{}[data-unread=\"{}\"]')",
            row(&shop.vera),
            unread + 1
        );
        page.until("the chat is on top with one more unread message", &top).await;
        page.open_chat(&shop.vera).await;
        page.see_bubble("Ножки нашли?").await;
        page.see(&format!("{}[data-unread=\"0\"]", row(&shop.vera))).await;
        let read = shop.sim.until(WAIT, |sim| sim.unread(shop.seller.user_id, &shop.vera) == Some(0));
        assert!(read.await, "Avito was not told that the chat is read");
    });
}

#[test]
fn a_picture_copied_in_another_program_is_pasted_and_copied_files_are_not_pasted_as_text() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        page.click(&id("composer")).await;
        let files = "file:///home/anna/Фото/scratch.jpg\r\n";
        desk.screen().copy("text/uri-list", files.as_bytes().to_vec());
        page.press(&[char::from(Key::Control), 'v']).await;
        page.see_words(&id("toast"), "Вставить нечего").await;
        assert_eq!(page.now(&format!("one('{}').value", id("composer"))).await, "");

        let picture = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("icons/128x128.png")).unwrap();
        desk.screen().copy("image/png", picture);
        page.press(&[char::from(Key::Control), 'v']).await;
        page.until(
            "its picture is seen",
            &format!("one('{} img')?.naturalWidth === 128", id("picture-chip")),
        )
        .await;
        page.enter(&id("composer")).await;
        let sent = format!("{}[data-outgoing=true][data-kind=image]", id("message"));
        page.until("it is sent", &format!("['sent', 'read'].includes(one('{sent}')?.dataset.state)")).await;
        assert_eq!(shop.replies(&shop.anna).len(), 1);
    });
}

#[test]
fn a_picture_is_shown_at_once_and_goes_out_with_the_words() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/icons/128x128.png");
        page.write(&id("attach"), file).await;
        page.see(&format!("{} img", id("picture-chip"))).await;
        page.reply("Вот она").await;
        page.see_gone(&id("picture-chip")).await;
        let bubble = format!("{}[data-outgoing=true][data-kind=image]", id("message"));
        page.until(
            "the picture is sent and drawn",
            &format!(
                "['sent', 'read'].includes(one('{bubble}')?.dataset.state) && one('{bubble} img')?.naturalWidth > 0"
            ),
        )
        .await;
        page.see_delivery("Вот она", &["sent", "read"]).await;
        let sent = shop.sim.chat_messages(shop.seller.user_id, &shop.anna);
        let kinds: Vec<&str> =
            sent.iter().skip(1).map(|message: &SimMessage| message.kind.as_str()).collect();
        assert_eq!(kinds, ["image", "text"]);
    });
}

#[test]
fn pictures_that_were_not_to_be_had_come_by_themselves_into_the_places_kept_for_them() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let faults = shop.sim.faults();
        faults.set(Fault::new(FaultKind::ServerErrorHtml { status: 502 }).on_route("media"));
        shop.sim.buyer_sends(shop.seller.user_id, &shop.anna, Content::image("wheel_scratch")).unwrap();
        let page = shop.talk(desk, &shop.anna).await;
        let picture = id("message-picture");
        page.see_words(&picture, "Фото не загрузилось").await;
        page.until("the listing's is missing too", &format!("!one('{} img')", row(&shop.anna))).await;
        let place = format!(
            "(() => {{ const box = one('{picture}').getBoundingClientRect(); return `${{box.width}} ${{box.height}}`; }})()"
        );
        let before = page.now(&place).await;

        faults.clear_all();
        // The web view keeps addresses that failed: what counts is what is drawn.
        let drawn = |within: &str| format!("one('{within} img')?.naturalWidth > 0");
        page.until("the buyer's picture is drawn", &drawn(&picture)).await;
        assert_eq!(page.now(&place).await, before, "nothing has moved");
        page.until("the listing's is drawn", &drawn(&row(&shop.anna))).await;
        page.click(&picture).await;
        page.until("it opens large", &drawn(&id("viewer"))).await;
    });
}

#[test]
fn a_refused_reply_waits_for_the_seller_and_goes_out_once_when_tried_again() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        shop.sim.buyer_blocks(shop.seller.user_id, &shop.anna, true);
        page.reply("Вы ещё думаете?").await;
        page.see_delivery("Вы ещё думаете?", &["failed"]).await;
        page.see(&id("send-failed")).await;
        assert_eq!(shop.sim.posted_count("Вы ещё думаете?"), 0);

        shop.sim.buyer_blocks(shop.seller.user_id, &shop.anna, false);
        page.click(&id("retry-send")).await;
        page.see_delivery("Вы ещё думаете?", &["sent", "read"]).await;
        page.see_gone(&id("send-failed")).await;
        assert_eq!(shop.sim.posted_count("Вы ещё думаете?"), 1);
    });
}

#[test]
fn words_from_long_ago_are_found_and_the_chat_opens_at_them() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let needle = "А складной зонтик ещё у вас?";
        shop.sim.buyer_writes(shop.seller.user_id, &shop.vera, needle);
        for number in 0..150 {
            shop.sim.shift_clock(1);
            shop.sim.buyer_writes(shop.seller.user_id, &shop.vera, &format!("Строка {number}"));
            shop.sim.seller_writes_elsewhere(shop.seller.user_id, &shop.vera, "Да, строка получена");
        }
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        page.write(&id("chat-search"), "зонтики").await;
        let found = id("found-message");
        page.see_words(&found, "складной зонтик").await;
        page.click(&found).await;
        page.see_words(".flashed", "складной зонтик").await;
        let middle = "(() => { const box = one('.flashed').getBoundingClientRect(); return box.top > 60 && box.bottom < innerHeight - 60; })()";
        page.until("the message is in sight", middle).await;
        let shown = page.now("all('[data-testid=message]').length").await;
        assert!(shown.as_i64().is_some_and(|count| count < 120), "the whole history was drawn: {shown}");
        page.resize(900, 600).await;
        let covers_nothing = "(() => { const button = one('[data-testid=jump-newest]').getBoundingClientRect();
             const places = all('[data-testid=message][data-outgoing=true] time').map((time) => time.parentElement.getBoundingClientRect());
             return places.length > 0 && places.every((place) => place.right <= button.left); })()";
        page.until("no time and no ticks come to lie under the button", covers_nothing).await;
        page.click(&id("jump-newest")).await;
        page.see_bubble("Строка 149").await;
        shop.buyer_writes(&shop.vera, "Самое новое");
        page.see_bubble("Самое новое").await;

        // From near by the list glides there. A turn of the wheel just as the message comes is followed by another.
        let up = format!("(one('.viewport').scrollBy(0, -400), one('{}') !== null)", id("jump-newest"));
        page.until("the newest is left", &up).await;
        page.click_away(&id("jump-newest")).await;
        let left = "(() => { const area = one('.viewport'); return area.scrollHeight - area.scrollTop - area.clientHeight; })()";
        page.until("the newest is in sight", &format!("{left} < 4")).await;
    });
}
