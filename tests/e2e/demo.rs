//! The demo shop: what a newcomer sees first.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::page::{Page, id, row};
use crate::support::{Setup, WAIT, on_a_desk, on_a_desk_with, until};

/// Every kind of message there is, as the page names them.
const KINDS: [&str; 10] =
    ["text", "image", "link", "item", "location", "call", "voice", "system", "deleted", "unsupported"];

#[test]
fn the_first_start_opens_a_demo_shop_that_lives() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.see(&id("demo-banner")).await;
        page.until("both shops are there", "all('[data-testid=status-line]').length === 2").await;
        page.see_words(&id("status-line"), "Лавка старых вещей").await;
        page.see_words(&id("status-line"), "Велодвор").await;
        // Only the rows in sight exist; each of them knows how many there are.
        let rows = "all('[data-testid=chat-row]')";
        page.until("the list is filled", &format!("{rows}.length >= 7 && {rows}[0].ariaSetSize >= 20")).await;

        // A mark that a reload would wipe away.
        let unread = format!("{rows}.map((row) => [row.dataset.avitoId, Number(row.dataset.unread)])");
        page.run(&format!("window.before = new Map({unread})")).await.unwrap();
        page.until(
            "a buyer writes without anybody doing anything",
            &format!(
                "window.before && {unread}.some(([chat, count]) => count > (window.before.get(chat) ?? 0))"
            ),
        )
        .await;
    });
}

#[test]
fn in_a_small_window_with_large_letters_names_of_shops_are_told_whole() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.until("both shops are there", "all('[data-testid=status-line][data-mode=live]').length === 2")
            .await;
        page.resize(900, 600).await;
        let mut settings = page.invoke("app_view", &json!({})).await.unwrap()["settings"].clone();
        settings["textPercent"] = json!(130);
        page.invoke("save_settings", &json!({ "settings": settings })).await.unwrap();
        page.until(
            "the letters are large",
            "parseFloat(getComputedStyle(document.documentElement).fontSize) > 17",
        )
        .await;

        let whole = |words: &str, name: &str| {
            format!(
                "{words}.some((words) => {{
                   const all = document.createRange();
                   all.selectNodeContents(words);
                   const place = (words.closest('td') ?? words).getBoundingClientRect();
                   return words.innerText === '{name}' && all.getBoundingClientRect().right <= place.right + 0.1;
                 }})"
            )
        };
        let filters = format!("all('{} .one-line')", id("filter-account"));
        page.until("the short name is whole beside the long one", &whole(&filters, "Велодвор")).await;

        page.open_area("tunnel").await;
        page.click(&id("reception-tab-log")).await;
        let told = format!("all('{} .chat > span')", id("event"));
        for name in ["Лавка старых вещей", "Велодвор"] {
            page.until("the log tells the whole name", &whole(&told, name)).await;
        }
    });
}

#[test]
fn a_reply_in_the_demo_is_shown_at_once_then_sent_then_read_and_answered() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        let chat = chats_by(&page, |chat| chat["buyer"]["name"] == "Ирина Сергеевна").await.remove(0);
        page.open_chat(&chat).await;
        page.see_bubble("помол регулируется").await;
        // Every state our bubble goes through, as it is drawn.
        page.run(
            "window.states = [];\
             const note = () => all('[data-outgoing=true]').filter((bubble) => bubble.innerText.includes('Жернова стальные'))\
               .forEach((bubble) => window.states.at(-1) !== bubble.dataset.state && window.states.push(bubble.dataset.state));\
             new MutationObserver(note).observe(document.body, {subtree: true, childList: true, attributes: true});",
        )
        .await
        .unwrap();
        page.reply("Жернова стальные, помол регулируется винтом").await;
        page.see_delivery("Жернова стальные", &["read"]).await;
        let states = page.now("window.states").await;
        let states: Vec<&str> = states.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(["queued", "sending"].contains(&states[0]), "the bubble came late: {states:?}");
        assert!(states.contains(&"sent"), "{states:?}");
        page.until(
            "the buyer answers",
            "all('[data-testid=message]').at(-1).dataset.outgoing === 'false' && \
             all('[data-outgoing=true]').at(-1).innerText.includes('Жернова стальные')",
        )
        .await;
    });
}

#[test]
fn every_kind_of_message_is_drawn_pictures_are_really_there_and_recordings_are_heard() {
    on_a_desk_with(Setup { sound: true, ..Setup::default() }, async |desk| {
        let page = desk.start(&[]).await;
        // Live buyers are heard as well; here only the recording shall be.
        page.switch("setting-sound", false).await;
        page.until("a picture of the list is loaded", &loaded(&id("chat-row"))).await;
        for (chat, kinds) in chats_with_all_kinds(&page).await {
            page.open_chat(&chat).await;
            for kind in kinds {
                page.see(&format!("{}[data-kind={kind}]", id("message"))).await;
                if kind == "image" {
                    let bubble = format!("{}[data-kind=image]", id("message"));
                    // What is far away leaves the document while buyers write.
                    let shown = format!("(one('{bubble}')?.scrollIntoView(), one('{bubble}') !== null)");
                    page.until("the picture is scrolled to", &shown).await;
                    page.until("the picture is loaded through the core", &loaded(&bubble)).await;
                    page.click(&format!("{bubble} .picture")).await;
                    page.until("the large picture is loaded", &loaded(&id("viewer"))).await;
                    page.run(
                        "one('[data-testid=viewer]').dispatchEvent(new Event('cancel', {cancelable: true}))",
                    )
                    .await
                    .unwrap();
                    page.see_gone(&id("viewer")).await;
                }
                if kind == "voice" {
                    page.click(&id("voice-play")).await;
                    assert!(desk.sound().until_sounds(1).await.peak > 0.1, "the recording is not heard");
                }
            }
        }
    });
}

/// Whether the pictures inside an element have come, by the core's own scheme.
fn loaded(selector: &str) -> String {
    format!(
        "((pictures) => pictures.length > 0 && pictures.every((picture) => \
           picture.currentSrc.startsWith('media://localhost/') && picture.complete && picture.naturalWidth > 0))\
         (all('{selector} img').slice(0, 3))"
    )
}

/// Avito's ids of the chats the page may list that satisfy a condition.
pub(crate) async fn chats_by(page: &Page, wanted: impl Fn(&Value) -> bool) -> Vec<String> {
    page.see(&id("chat-row")).await;
    let all = list(page).await;
    let ids = all.iter().filter(|chat| wanted(chat)).filter_map(|chat| chat["avitoId"].as_str());
    ids.map(str::to_owned).collect()
}

async fn list(page: &Page) -> Vec<Value> {
    let query = json!({"account": null, "unreadOnly": false, "text": null, "after": null, "limit": 200});
    let chats = page.invoke("list_chats", &json!({"query": query})).await.unwrap();
    chats["rows"].as_array().unwrap().clone()
}

/// A few chats near the top of the list that hold every kind among their newest messages, and the kinds to look for in each.
async fn chats_with_all_kinds(page: &Page) -> BTreeMap<String, Vec<&'static str>> {
    page.see(&id("chat-row")).await;
    until("history holds every kind", WAIT, async || {
        let mut found: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        let mut open = KINDS.to_vec();
        for chat in list(page).await {
            let asked = json!({"chat": chat["id"], "before": null, "limit": 60});
            let messages = page.invoke("messages", &asked).await.ok()?;
            let kinds: Vec<&str> =
                messages["rows"].as_array()?.iter().filter_map(|row| row["body"]["kind"].as_str()).collect();
            let here: Vec<&'static str> = open.iter().copied().filter(|kind| kinds.contains(kind)).collect();
            open.retain(|kind| !here.contains(kind));
            if !here.is_empty() {
                found.insert(chat["avitoId"].as_str()?.to_owned(), here);
            }
        }
        open.is_empty().then_some(found)
    })
    .await
}

#[test]
fn a_chat_is_found_by_the_buyers_name() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        page.write(&id("chat-search"), "геннадий льв").await;
        page.until("only the one chat is listed", "all('[data-testid=chat-row]').length === 1").await;
        page.see_words(&id("chat-row"), "Геннадий Львович").await;
        let chat = page.now("one('[data-testid=chat-row]').dataset.avitoId").await;
        page.open_chat(chat.as_str().unwrap()).await;
        page.see_bubble("Интересует патефон").await;
        page.see(&row(chat.as_str().unwrap())).await;
    });
}
