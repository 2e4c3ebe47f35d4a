//! Photos in a talk: dropped on it, stopped on their way, looked at one after the other, cleaned from the disk.

use avito_sim::{Content, Fault, FaultKind, SimMessage};
use fantoccini::key::Key;
use serde_json::json;

use crate::support::on_a_desk;
use crate::support::page::{Page, id, row};
use crate::support::shop::Shop;

fn kinds(messages: &[SimMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.kind.as_str()).collect()
}

/// Drags two photos, drawn here, over the talk and lets them go. The driver moves no files of the desktop: the events are made in the
/// page, with real files in them, and everything after them is the program's.
async fn drag(page: &Page, events: &[&str]) {
    let script = format!(
        "(async () => {{
            const carried = new DataTransfer();
            for (const [name, colour] of [['вид спереди.png', '#14805f'], ['вид сзади.png', '#b04a2f']]) {{
                const canvas = document.createElement('canvas');
                [canvas.width, canvas.height] = [240, 180];
                const pen = canvas.getContext('2d');
                pen.fillStyle = colour;
                pen.fillRect(20, 20, 200, 140);
                const bytes = await new Promise((made) => canvas.toBlob(made, 'image/png'));
                carried.items.add(new File([bytes], name, {{type: 'image/png'}}));
            }}
            const over = one('[data-testid=thread] [data-testid=message]');
            for (const name of {events:?})
                over.dispatchEvent(new DragEvent(name, {{bubbles: true, cancelable: true, dataTransfer: carried}}));
            done(carried.files.length);
        }})().catch((error) => done(String(error)));"
    );
    assert_eq!(page.later(&script).await, 2, "files in the page");
}

#[test]
fn photos_dropped_on_the_talk_are_shown_at_once_and_go_out_with_the_words() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        page.see_bubble("Кофемолка в Твери?").await;
        drag(&page, &["dragenter", "dragover"]).await;
        page.see_words(&id("thread"), "Отпустите, чтобы прикрепить фото").await;
        drag(&page, &["drop"]).await;
        let chips = format!("all('{} img')", id("picture-chip"));
        page.until(
            "both are seen",
            &format!("{chips}.length === 2 && {chips}.every((picture) => picture.naturalWidth === 240)"),
        )
        .await;
        page.see_words(&id("picture-chip"), "вид сзади.png").await;
        let asks = "!text('[data-testid=thread]').includes('Отпустите')";
        page.until("nothing asks to let go any more", asks).await;
        assert!(shop.replies(&shop.anna).is_empty(), "they went out before the seller sent them");

        page.until("one can write on", &format!("document.activeElement === one('{}')", id("composer")))
            .await;
        page.type_words("С обеих сторон").await;
        page.press(&[char::from(Key::Enter)]).await;
        page.see_gone(&id("picture-chip")).await;
        page.see_delivery("С обеих сторон", &["sent", "read"]).await;
        let sent = format!("all('{}[data-outgoing=true][data-kind=image]')", id("message"));
        page.until(
            "both are sent and drawn",
            &format!(
                "{sent}.length === 2 && {sent}.every((bubble) => ['sent', 'read'].includes(bubble.dataset.state)\
                   && bubble.querySelector('img')?.naturalWidth > 0)"
            ),
        )
        .await;
        assert_eq!(kinds(&shop.replies(&shop.anna)), ["image", "image", "text"]);
    });
}

#[test]
fn a_photo_on_its_way_is_stopped_the_words_go_out_and_the_photo_is_had_back() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        let faults = shop.sim.faults();
        faults.set(
            Fault::new(FaultKind::Slow { millis: 3_600_000, processed: false }).on_route("uploadImages"),
        );
        page.write(&id("attach"), concat!(env!("CARGO_MANIFEST_DIR"), "/icons/128x128.png")).await;
        page.see(&format!("{} img", id("picture-chip"))).await;
        page.reply("Вот она").await;
        page.see(&id("upload")).await;
        assert!(shop.replies(&shop.anna).is_empty(), "the words overtook the photo");

        page.click_away(&id("upload")).await;
        page.see_words(&id("toast"), "Фото не отправлено").await;
        faults.clear_all();
        page.click_away(&id("toast-action")).await; // offered for seconds only
        page.see_gone(&format!("{}[data-outgoing=true][data-kind=image]", id("message"))).await;
        page.see_delivery("Вот она", &["sent", "read"]).await;
        assert_eq!(kinds(&shop.replies(&shop.anna)), ["text"]);

        page.until("it is back", &format!("one('{} img')?.naturalWidth === 128", id("picture-chip"))).await;
        page.click(&id("send")).await;
        let sent = format!("one('{}[data-outgoing=true][data-kind=image]')", id("message"));
        page.until("it is sent", &format!("['sent', 'read'].includes({sent}?.dataset.state)")).await;
        assert_eq!(kinds(&shop.replies(&shop.anna)), ["text", "image"]);
    });
}

#[test]
fn photos_are_looked_at_one_after_the_other_by_keys() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        for photo in ["wheel_scratch", "saddle_seam", "bicycle_gears"] {
            shop.sim.buyer_sends(shop.seller.user_id, &shop.anna, Content::image(photo)).unwrap();
        }
        let page = shop.talk(desk, &shop.anna).await;
        let photo = id("message-picture");
        page.until("three photos", &format!("all('{photo}').length === 3")).await;
        page.walk_to(&photo, true).await; // the last one is the nearest to the composer
        page.press(&[char::from(Key::Enter)]).await;
        let at = async |place: &str| {
            page.see_words(&id("viewer"), &format!("{place} из\u{a0}3")).await;
            let drawn = format!("one('{} img')?.naturalWidth > 0 && one('{0} img').src", id("viewer"));
            page.until(&format!("photo {place} is drawn"), &drawn).await
        };
        let third = at("3").await;
        page.see_gone(&id("viewer-next")).await;
        page.press(&[char::from(Key::Left)]).await;
        let second = at("2").await;
        page.press(&[char::from(Key::Left)]).await;
        let first = at("1").await;
        page.see_gone(&id("viewer-previous")).await;
        assert!(first != second && second != third && first != third, "{first} {second} {third}");
        page.press(&[char::from(Key::Left)]).await; // there is none before the first
        assert_eq!(at("1").await, first);
        page.press(&[char::from(Key::Right)]).await;
        assert_eq!(at("2").await, second);
        page.press(&[char::from(Key::Right)]).await;
        assert_eq!(at("3").await, third);
        page.press(&[char::from(Key::Escape)]).await;
        page.see_gone(&id("viewer")).await;
        page.until("one is where one was", &format!("document.activeElement?.matches('{photo}')")).await;
    });
}

#[test]
fn photos_cleaned_from_the_disk_come_back_when_they_are_looked_at() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.sim.buyer_sends(shop.seller.user_id, &shop.anna, Content::image("wheel_scratch")).unwrap();
        let page = shop.talk(desk, &shop.anna).await;
        let drawn = |within: &str| format!("one('{within} img')?.naturalWidth > 0");
        page.until("the photo is drawn", &drawn(&id("message-picture"))).await;
        page.until("the listing's is drawn", &drawn(&row(&shop.anna))).await;
        // What is still being fetched would be kept after the cleaning.
        page.until("every picture has come", "all('img').every((image) => image.complete)").await;
        let stored = async |page: &Page| {
            page.invoke("storage_view", &json!({})).await.unwrap()["pictures"].as_i64().unwrap()
        };
        let before = stored(&page).await;
        assert!(before > 0, "nothing was kept");

        page.click(&id("settings-open")).await;
        page.until("it can be cleaned", &format!("one('{}')?.disabled === false", id("storage-clean"))).await;
        page.click(&id("storage-clean")).await;
        page.see_words(&id("storage-question"), "снова, когда откроете чат").await;
        page.click_away(&id("storage-clean-do")).await;
        page.see_words(&id("toast"), "Освобождено").await;
        page.until("nothing more to clean", &format!("one('{}').disabled", id("storage-clean"))).await;
        assert_eq!(stored(&page).await, 0);
        page.close_dialog().await;

        // A new window has nothing in its memory.
        desk.close_window().await;
        let page = desk.start(&[]).await;
        page.open_chat(&shop.anna).await;
        page.until("the photo is drawn again", &drawn(&id("message-picture"))).await;
        page.until("the listing's is drawn again", &drawn(&row(&shop.anna))).await;
        page.click(&id("message-picture")).await;
        page.until("it opens large", &drawn(&id("viewer"))).await;
        assert!(stored(&page).await > 0, "drawn, and not kept");
    });
}
