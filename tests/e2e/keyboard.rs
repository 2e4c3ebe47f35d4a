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
        page.see_words(&format!("{} {}", id("viewer"), id("toast")), "Фото скопировано").await;
        page.press(&[key(Key::Escape)]).await;
        page.see_gone(&id("viewer")).await;
        page.until("the focus is where it was", "document.activeElement?.matches('.picture')").await;

        page.walk_to(&id("composer"), false).await;
        page.press(&[CONTROL, 'v']).await;
        page.see(&format!("{} img", id("picture-chip"))).await;
        page.press(&[key(Key::Enter)]).await;
        let sent = format!("{}[data-outgoing=true][data-kind=image]", id("message"));
        page.until("it is sent", &format!("['sent', 'read'].includes(one('{sent}')?.dataset.state)")).await;
        assert_eq!(shop.replies(&shop.anna).len(), 1);
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
        page.until_setting_is_stored("setting-sound", &json!(false)).await;
        page.until(
            "the focus is not lost",
            &format!("document.activeElement?.matches('{}')", id("composer")),
        )
        .await;
    });
}

/// Notes what Tab has to reach in the topmost dialog or the whole window, and begins at its start. Of a group of radio buttons Tab
/// reaches the chosen one only.
const BEGIN: &str = "
    const scope = all('dialog[open]').at(-1) ?? document.body;
    const reach = [...scope.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter((one) =>
        one.tabIndex >= 0 && !one.matches(':disabled, [type=radio]:not(:checked)') && !one.closest('[inert]') &&
        one.checkVisibility({visibilityProperty: true}) && one.getBoundingClientRect().width > 0);
    window.walk = {reach, reached: new Set(), unseen: []};
    document.activeElement?.blur();
    return reach.length;";

/// Looks at what has the focus now: whether it can be seen, and whether it looks otherwise than without the focus (a text field has its
/// caret). Answers false once everything was walked through.
const STEP: &str = "
    const at = document.activeElement;
    if (at === null || at === document.body) return walk.reached.size === 0;
    if (walk.reached.has(at)) return false;
    walk.reached.add(at);
    const name = at.dataset.testid ?? at.ariaLabel ?? at.className + ' ' + at.textContent.trim().slice(0, 30);
    const label = at.closest('label');
    const parts = [at, at.parentElement, at.nextElementSibling, label, ...at.querySelectorAll('*'), ...(label?.querySelectorAll('*') ?? [])].filter(Boolean).slice(0, 60);
    const looks = () => parts.map((part) => { const style = getComputedStyle(part); return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor, getComputedStyle(part, '::after').backgroundColor].join(); }).join(';');
    const shown = (label ?? at).getBoundingClientRect();
    const inSight = shown.width > 0 && shown.bottom > 0 && shown.right > 0 && shown.top < innerHeight && shown.left < innerWidth;
    const focused = looks();
    at.blur();
    const unfocused = looks();
    at.focus({preventScroll: true});
    const types = at.matches('textarea, input:not([type=checkbox], [type=radio])');
    if (!inSight) walk.unseen.push(name + ' is out of sight');
    else if (focused === unfocused && !types) walk.unseen.push(name + ' looks the same with the focus');
    return true;";

/// Walks by Tab alone until it comes round; what cannot be reached or seen is told.
async fn walk_through(page: &Page, what: &str, faults: &mut Vec<String>) {
    let many = page.run(BEGIN).await.unwrap().as_u64().unwrap();
    assert!(many > 0, "{what} has something to reach");
    for _ in 0..many + 40 {
        page.press(&[key(Key::Tab)]).await;
        if page.run(STEP).await.unwrap() == false {
            break;
        }
    }
    let missed = "[...walk.unseen, ...walk.reach.filter((one) => one.isConnected && !one.matches(':disabled') && !walk.reached.has(one))\
        .map((one) => (one.dataset.testid ?? one.ariaLabel ?? one.className + one.textContent.trim().slice(0, 30)) + ' is not reached')]";
    let found: Vec<String> = serde_json::from_value(page.now(missed).await).unwrap();
    faults.extend(found.into_iter().map(|fault| format!("{what}: {fault}")));
}

#[test]
fn tab_alone_reaches_everything_and_the_focus_is_always_seen() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        let mut faults = Vec::new();
        for (area, tabs) in [
            ("tunnel", &["reception-tab-tunnel", "reception-tab-log", "reception-tab-state"][..]),
            ("knowledge", &[]),
            ("drafts", &["drafts-tab-questions", "drafts-tab-rules", "drafts-tab-setup", "drafts-tab-queue"]),
        ] {
            page.open_area(area).await;
            for tab in tabs {
                page.click(&id(tab)).await;
                page.see_gone(&id("skeleton")).await;
                walk_through(&page, tab, &mut faults).await;
            }
            if tabs.is_empty() {
                page.see_gone(&id("skeleton")).await;
                walk_through(&page, area, &mut faults).await;
            }
        }
        page.open_area("chats").await;
        page.click(&id("chat-row")).await;
        page.see(&id("message")).await;
        walk_through(&page, "thread", &mut faults).await;
        page.click(&id("settings-open")).await;
        page.see(&id("settings")).await;
        walk_through(&page, "settings", &mut faults).await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

#[test]
fn the_focus_is_where_the_seller_was_after_what_had_it_is_gone() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.open_area("knowledge").await;
        page.see(&id("source-row")).await;
        let inside = |what: &str| format!("one('{what}')?.contains(document.activeElement) === true");
        page.walk_to(&format!("{} button", id("source-row")), false).await;
        page.press(&[key(Key::Enter)]).await;
        page.see(&id("source")).await;
        page.walk_to(&id("source-remove"), false).await;
        page.press(&[key(Key::Enter)]).await;
        page.until("the focus goes on to what is shown instead", &inside("main .one")).await;

        page.open_area("tunnel").await;
        page.see(&id("line-test")).await;
        page.walk_to(&id("line-test"), false).await;
        page.press(&[key(Key::Enter)]).await;
        page.see(&id("line-test-result")).await;
        let back = format!("document.activeElement?.matches('{}') === true", id("line-test"));
        page.until("the button that worked has the focus again", &back).await;
    });
}
