//! The pictures in `docs/pictures`, taken of the real window. They are written only when `PRILAVOK_E2E_PICTURES` is set.

use std::path::Path;

use serde_json::json;

use crate::demo::chats_by;
use crate::support::page::{Page, id};
use crate::support::shop::Shop;
use crate::support::{Desk, WAIT, on_a_desk, until};

#[test]
fn the_window_can_be_shown_in_both_colours_with_its_dialogs_and_narrow() {
    on_a_desk(async |desk| {
        let page = demo_at_rest(desk).await;
        page.choose("setting-theme", "light").await;
        let chat = chats_by(&page, |chat| {
            chat["buyer"]["name"] == "Марина"
                && chat["itemTitle"].as_str().is_some_and(|title| title.contains("Самовар"))
        });
        page.open_chat(&chat.await[0]).await;
        page.see(&id("item-panel")).await;
        page.see(&format!("{}[data-kind=image] img", id("message"))).await;
        put_pointer_away(&page).await;
        take(desk, &page, "inbox-light.png").await;

        page.click(&id("settings-open")).await;
        page.see(&id("settings")).await;
        take(desk, &page, "settings.png").await;
        page.close_dialog().await;
        page.click(&id("connect-account")).await;
        page.see(&id("onboarding")).await;
        take(desk, &page, "onboarding.png").await;
        page.close_dialog().await;

        page.resize(900, 600).await;
        put_pointer_away(&page).await;
        take(desk, &page, "narrow.png").await;
        page.resize(1280, 800).await;
        page.choose("setting-theme", "dark").await;
        page.until("the window is dark", "document.documentElement.dataset.theme === 'dark'").await;
        put_pointer_away(&page).await;
        take(desk, &page, "inbox-dark.png").await;
    });
}

#[test]
fn how_messages_arrive_can_be_shown_in_both_colours_and_narrow() {
    on_a_desk(async |desk| {
        let page = demo_at_rest(desk).await;
        for (theme, suffix) in [("light", "light"), ("dark", "dark")] {
            page.choose("setting-theme", theme).await;
            page.open_area("tunnel").await;
            page.click(&id("reception-tab-state")).await;
            page.see(&format!("{}[data-reason=live]", id("line"))).await;
            page.click(&id("line-test")).await;
            page.see(&format!("{}[data-passed=true]", id("line-test-result"))).await;
            take(desk, &page, &format!("reception-{suffix}.png")).await;
            page.click(&id("reception-tab-tunnel")).await;
            page.see(&id("ngrok-token")).await;
            take(desk, &page, &format!("reception-tunnel-{suffix}.png")).await;
            page.click(&id("reception-tab-log")).await;
            page.see(&id("event-log")).await;
            take(desk, &page, &format!("reception-log-{suffix}.png")).await;
        }
        page.resize(900, 600).await;
        page.click(&id("reception-tab-state")).await;
        page.see(&id("line")).await;
        take(desk, &page, "reception-narrow.png").await;
    });
}

#[test]
fn the_recovery_code_and_an_archive_that_asks_for_it_can_be_shown() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.live().await;
        page.resize(1280, 800).await;
        page.choose("setting-theme", "light").await;
        page.click(&id("recovery-open")).await;
        page.see(&id("recovery-shown")).await;
        take(desk, &page, "recovery-code.png").await;
        page.close_dialog().await;
        desk.close_window().await;

        desk.lose_keychain().await;
        let page = desk.start(&[]).await;
        page.see(&id("closed-archive")).await;
        take(desk, &page, "closed-archive.png").await;
    });
}

#[test]
fn what_else_the_guide_speaks_of_can_be_shown() {
    on_a_desk(async |desk| {
        let page = demo_at_rest(desk).await;
        page.choose("setting-theme", "light").await;

        let with_order = chat_with_an_order(&page).await;
        page.open_chat(&with_order).await;
        page.see(&id("order")).await;
        put_pointer_away(&page).await;
        take(desk, &page, "orders.png").await;
        page.click(&id("chat-menu")).await;
        page.click("[role=menuitem]").await;
        page.see("dialog[open] input[type=radio]").await;
        take(desk, &page, "block.png").await;
        page.close_dialog().await;

        page.write(&id("chat-search"), "доставкой").await;
        page.see(&id("found-message")).await;
        page.click(&id("found-message")).await;
        page.see(".flashed").await;
        put_pointer_away(&page).await;
        take(desk, &page, "search.png").await;

        page.click(&id("settings-open")).await;
        page.until("the files are measured", "/\\d/.test(one('[data-testid=storage-archive]')?.innerText)")
            .await;
        page.run("one('[data-testid=storage]').scrollIntoView(); return 1;").await.unwrap();
        take(desk, &page, "storage.png").await;
        page.close_dialog().await;

        page.open_area("drafts").await;
        page.click(&id("drafts-tab-rules")).await;
        page.click(&id("rule-add")).await;
        page.see(&id("rule-editor")).await;
        take(desk, &page, "rule.png").await;
        page.click(&id("drafts-tab-setup")).await;
        page.click(&id("replay-start")).await;
        page.see(&id("replay-better")).await;
        page.see_gone(&id("replay-stop")).await;
        // The demo's answers are the same again: such are folded away.
        page.click_away(&id("replay-show-same")).await;
        page.see(&id("replay-row")).await;
        page.run("one('[data-testid=replay]').scrollIntoView(); return 1;").await.unwrap();
        take(desk, &page, "replay.png").await;
        let moved = "one('#app').scrollTop + document.documentElement.scrollTop + document.body.scrollTop";
        assert_eq!(page.now(moved).await, 0, "the window itself never scrolls");
    });
}

/// The demo in a window of the usual size, once both of its shops are live and read.
async fn demo_at_rest(desk: &mut Desk) -> Page {
    let page = desk.start(&[]).await;
    page.resize(1280, 800).await;
    page.see(&id("chat-row")).await;
    page.until("both shops are live", "all('[data-testid=status-line][data-mode=live]').length === 2").await;
    page.see_gone(&id("backfill-progress")).await;
    page
}

/// A chat of the demo that has an order.
async fn chat_with_an_order(page: &Page) -> String {
    until("an order is known", WAIT, async || {
        let query = json!({"account": null, "unreadOnly": false, "text": null, "after": null, "limit": 200});
        let chats = page.invoke("list_chats", &json!({"query": query})).await.ok()?;
        for chat in chats["rows"].as_array()? {
            let orders = page.invoke("orders", &json!({"chat": chat["id"]})).await.ok()?;
            if orders.as_array().is_some_and(|orders| !orders.is_empty()) {
                return chat["avitoId"].as_str().map(str::to_owned);
            }
        }
        None
    })
    .await
}

/// Clicks where nothing answers to a click, so that nothing in the picture answers to the pointer.
async fn put_pointer_away(page: &Page) {
    page.click(&format!("{} span", id("demo-banner"))).await;
    page.until("no message answers to the pointer", "all('[data-testid=message]:hover').length === 0").await;
}

/// Takes a picture once every picture in sight is loaded and nothing moves any more.
pub(crate) async fn take(desk: &Desk, page: &Page, name: &str) {
    // A reader should not see this test's temporary folders, but where things really are.
    let folder = desk.file("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    page.run(&format!(
        "const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);\
         while (walker.nextNode()) {{\
           const node = walker.currentNode;\
           node.data = node.data.replace('{folder}/Моя лавка', '~/.local/share/ru.prilavok.desktop')\
             .replace('{folder}/home', '~/Документы');\
         }}"
    ))
    .await
    .unwrap();
    page.until(
        "all pictures are loaded",
        "all('img').every((picture) => {\
           const box = picture.getBoundingClientRect();\
           const seen = box.bottom > 0 && box.top < innerHeight;\
           return !seen || (picture.complete && picture.naturalWidth > 0);\
         })",
    )
    .await;
    page.until(
        "nothing moves",
        "document.getAnimations().every((animation) => animation.playState !== 'running')",
    )
    .await;
    let png = page.picture().await.unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    if std::env::var_os("PRILAVOK_E2E_PICTURES").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), png).unwrap();
    }
}
