//! Every screen held against WCAG 2.1 AA by axe, in the real WebView, light and dark: the areas and dialogs of the app as a seller walks
//! through them, and every state of every component in the gallery.

use std::path::Path;

use serde_json::{Value, json};

use crate::gallery::{ANSWERS, CHATS, DIALOGS, Gallery, KNOWLEDGE, RECEPTION};
use crate::support::on_a_desk;
use crate::support::page::{Page, id};

/// What is asked of a screen: the two levels of WCAG, and what axe holds to be good practice.
const ASKED: &str = r#"{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], resultTypes: ["violations"]}"#;
/// What is asked of components that stand side by side: as above without what only a whole page can keep (one main part, one heading).
const ASKED_OF_PARTS: &str =
    r#"{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], resultTypes: ["violations"]}"#;

/// The page while it is walked through in one of its colours.
struct Walk {
    page: Page,
    theme: &'static str,
    faults: Vec<String>,
}

impl Walk {
    async fn click(&self, name: &str) {
        self.page.click(&id(name)).await;
    }

    async fn look(&mut self, name: &str) {
        self.faults.extend(look(&self.page, &format!("{}, {name}", self.theme)).await);
    }

    /// Opens something by a button, looks once it is there, and closes it by the dialog's own button.
    async fn look_at_dialog(&mut self, opener: &str, dialog: &str) {
        self.click(opener).await;
        self.page.see(&id(dialog)).await;
        self.look(dialog).await;
        self.page.close_dialog().await;
    }

    /// Ends the topmost dialog as Escape does.
    async fn escape(&self, dialog: &str) {
        let cancel =
            "all('dialog[open]').at(-1).dispatchEvent(new Event('cancel', {cancelable: true})); return 1;";
        self.page.run(cancel).await.expect("the dialog closes");
        self.page.see_gone(&id(dialog)).await;
    }
}

fn axe() -> String {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(axe).expect("axe-core is installed with the page's packages")
}

/// Walks through the demo in both colours; no screen that is looked at may break a rule.
fn in_both_colours(walk: impl AsyncFn(&mut Walk)) {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        page.run(&format!("{};\nwindow.axe = axe; return 1;", axe())).await.expect("axe is taken in");
        let mut faults = Vec::new();
        for theme in ["light", "dark"] {
            page.choose("setting-theme", theme).await;
            page.until("the colours", &format!("document.documentElement.dataset.theme === '{theme}'")).await;
            let mut one = Walk { page: page.clone(), theme, faults: Vec::new() };
            walk(&mut one).await;
            faults.extend(one.faults);
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

#[test]
fn no_area_breaks_the_rules_of_accessibility() {
    in_both_colours(async |walk| {
        for area in areas(&walk.page).await {
            walk.page.open_area(&area).await;
            walk.look(&area).await;
            for tab in tabs(&walk.page).await {
                walk.click(&tab).await;
                walk.look(&tab).await;
            }
        }
        walk.page.open_area("chats").await;
    });
}

#[test]
fn no_dialog_breaks_the_rules_of_accessibility() {
    in_both_colours(async |walk| {
        walk.look_at_dialog("connect-account", "onboarding").await;
        for (key, dialog) in
            [("{key: 'k', code: 'KeyK', ctrlKey: true}", "palette"), ("{key: '?'}", "shortcuts")]
        {
            let press = format!(
                "document.activeElement.blur(); dispatchEvent(new KeyboardEvent('keydown', {key})); return 1;"
            );
            walk.page.run(&press).await.expect("the key is pressed");
            walk.page.see(&id(dialog)).await;
            walk.look(dialog).await;
            walk.escape(dialog).await;
        }
        walk.click("settings-open").await;
        walk.page.see(&id("settings")).await;
        walk.look("settings").await;
        for (opener, dialog) in
            [("backup-from-copy", "backup-file-dialog"), ("backup-export", "export-dialog")]
        {
            walk.click(opener).await;
            walk.page.see(&id(dialog)).await;
            walk.look(dialog).await;
            walk.escape(dialog).await;
        }
        walk.page.until("pictures to clean", "!one('[data-testid=storage-clean]').disabled").await;
        walk.click("storage-clean").await;
        walk.page.see(&id("storage-question")).await;
        walk.look("storage-question").await;
        walk.escape("storage-question").await;
        walk.click("diagnostics-open").await;
        walk.page.see(&id("diagnostics-text")).await;
        walk.look("diagnostics").await;
        walk.escape("diagnostics").await;
    });
}

#[test]
fn no_part_of_the_chats_breaks_the_rules_of_accessibility() {
    in_both_colours(async |walk| {
        let page = walk.page.clone();
        page.click(&id("chat-row")).await;
        page.see(&id("message")).await;
        walk.look("thread").await;
        walk.click("emoji-open").await;
        page.see(&id("emoji-panel")).await;
        walk.look("emoji").await;
        walk.click("emoji-open").await;
        page.see_gone(&id("emoji-panel")).await;
        let long = "one('[data-testid=composer]').value = 'Велосипед в хорошем состоянии. '.repeat(50); \
            one('[data-testid=composer]').dispatchEvent(new Event('input', {bubbles: true})); return 1;";
        page.run(long).await.expect("a long text");
        walk.click("split-show").await;
        page.see(&id("split-parts")).await;
        walk.look("a text of several messages").await;
        walk.click("split-show").await;
        page.see_gone(&id("split-parts")).await;
        let none = "one('[data-testid=composer]').value = ''; \
            one('[data-testid=composer]').dispatchEvent(new Event('input', {bubbles: true})); return 1;";
        page.run(none).await.expect("no text");
        page.open_chat(&chat_with_a_picture(&page).await).await;
        page.click(&format!("{}[data-kind=image] .picture", id("message"))).await;
        page.see(&id("viewer")).await;
        walk.look("picture").await;
        walk.click("viewer-in").await;
        walk.look("picture from near").await;
        walk.click("viewer-close").await;
        page.see_gone(&id("viewer")).await;
        walk.click("chat-menu").await;
        page.see("[role=menuitem]").await;
        walk.look("menu of the chat").await;
        page.click(&id("block-open")).await;
        page.see(&id("block-question")).await;
        walk.look("block").await;
        walk.escape("block-question").await;
        page.write(&id("chat-search"), "доставкой").await;
        page.see(&id("found-message")).await;
        walk.look("search").await;
        page.click(&id("found-message")).await;
        page.see(".flashed").await;
        walk.look("found in the thread").await;
        page.run("one('[data-testid=chat-search]').value = ''; one('[data-testid=chat-search]').dispatchEvent(new Event('input', {bubbles: true})); return 1;").await.expect("the search is left");
        page.see_gone(&id("found-message")).await;
    });
}

#[test]
fn no_part_of_answers_and_knowledge_breaks_the_rules_of_accessibility() {
    in_both_colours(async |walk| {
        let page = walk.page.clone();
        walk.page.open_area("drafts").await;
        walk.click("drafts-tab-rules").await;
        walk.click("rule-add").await;
        page.see(&id("rule-editor")).await;
        walk.look("rule").await;
        walk.click("drafts-tab-setup").await;
        page.see(&id("drafts-use-model")).await;
        if page.now("one('[data-testid=drafts-use-model]').checked").await == false {
            walk.click("drafts-use-model").await;
        }
        page.see(&id("model-url")).await;
        walk.look("settings of the model").await;

        walk.page.open_area("knowledge").await;
        walk.click("knowledge-add").await;
        page.see(&id("add-question")).await;
        walk.look("menu of knowledge").await;
        walk.click("add-question").await;
        page.see(&id("entry-form")).await;
        walk.look("entry").await;
        page.click(&format!("{} button.open", id("source-row"))).await;
        page.see(&id("source")).await;
        walk.look("source").await;
        walk.click("open-trial").await;
        let account = "const of = one('main .one select'); of.selectedIndex = 1; of.dispatchEvent(new Event('change', {bubbles: true})); return 1;";
        page.run(account).await.expect("an account is chosen");
        if page.now("one('[data-testid=trial-question]').value").await == "" {
            page.write(&id("trial-question"), "Есть ли гарантия? Можно вернуть?").await;
        }
        walk.click("trial-ask").await;
        page.see(&id("found")).await;
        walk.look("trial").await;
        walk.page.open_area("chats").await;
    });
}

#[test]
fn no_part_of_reception_breaks_the_rules_of_accessibility() {
    in_both_colours(async |walk| {
        let page = walk.page.clone();
        walk.page.open_area("tunnel").await;
        walk.click("reception-tab-state").await;
        page.see(&id("line")).await;
        for part in ["line-subscriptions", "line-checks"] {
            page.click(&format!("{} summary", id(part))).await;
        }
        walk.click("checks-run").await;
        page.see(&id("check-delivery")).await;
        page.see_gone(&id("checks-stop")).await;
        walk.look("a line with its checks").await;
        walk.look_at_dialog("line-rotate", "ask").await;
        walk.click("reception-tab-tunnel").await;
        for kind in ["program", "own", "ngrok"] {
            let opener = format!("tunnel-open-{kind}");
            page.see(&id(&opener)).await;
            if page.now(&format!("one('{}').ariaExpanded", id(&opener))).await != "true" {
                walk.click(&opener).await;
            }
            walk.look(&opener).await;
        }
        walk.click("reception-tab-log").await;
        walk.click("event-body-open").await;
        page.see(&id("event-body")).await;
        walk.look("an event").await;
        walk.look_at_dialog("log-clear", "ask").await;
        walk.page.open_area("chats").await;
    });
}

#[test]
fn no_component_of_chats_breaks_the_rules_of_accessibility() {
    look_at_gallery(CHATS);
}

#[test]
fn no_component_of_answers_breaks_the_rules_of_accessibility() {
    look_at_gallery(ANSWERS);
}

#[test]
fn no_component_of_reception_breaks_the_rules_of_accessibility() {
    look_at_gallery(RECEPTION);
}

#[test]
fn no_component_of_knowledge_and_archive_breaks_the_rules_of_accessibility() {
    look_at_gallery(KNOWLEDGE);
}

#[test]
fn no_component_of_dialogs_breaks_the_rules_of_accessibility() {
    look_at_gallery(DIALOGS);
}

fn look_at_gallery(groups: &'static [&str]) {
    on_a_desk(async |desk| {
        let gallery = Gallery::open(desk).await;
        let axe = axe();
        let mut faults = Vec::new();
        for group in groups {
            gallery.show(group).await;
            gallery.take().await; // what is still being read is there then
            gallery.run(&format!("{axe};\nwindow.axe = axe; return 1;"), Vec::new()).await;
            for theme in ["light", "dark"] {
                gallery.colour(theme).await;
                let script = format!(
                    "const context = document.querySelector('dialog[open]') ?? document.querySelector('[data-testid=gallery]'); return {};",
                    violations("context", ASKED_OF_PARTS)
                );
                let found = gallery.run(&script, Vec::new()).await;
                faults.extend(told(&found, &format!("{theme}, {group}")));
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

/// A promise of the broken rules in words.
fn violations(context: &str, asked: &str) -> String {
    format!(
        "axe.run({context}, {asked}).then((result) => result.violations.map((fault) => \
         fault.id + ': ' + fault.nodes.map((node) => node.target.join(' ') + ' (' + \
         [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ') + ')').join(', ')))"
    )
}

fn told(found: &Value, name: &str) -> Vec<String> {
    let Value::Array(found) = found else { return vec![format!("{name}: no answer")] };
    found.iter().map(|fault| format!("{name}: {}", fault.as_str().unwrap_or_default())).collect()
}

/// Avito's id of a chat whose newest message is a picture.
async fn chat_with_a_picture(page: &Page) -> String {
    let query =
        json!({"query": {"account": null, "unreadOnly": false, "text": null, "after": null, "limit": 200}});
    let chats = page.invoke("list_chats", &query).await.expect("the chats");
    let rows = chats["rows"].as_array().expect("rows");
    let chat = rows.iter().find(|row| row["preview"]["kind"] == "image").expect("a chat with a picture");
    chat["avitoId"].as_str().expect("its id").to_owned()
}

/// The areas of the rail.
async fn areas(page: &Page) -> Vec<String> {
    names(
        page.now("all('nav button[data-testid^=area-]').map((button) => button.dataset.testid.slice(5))")
            .await,
    )
}

/// The tabs of the area in sight.
async fn tabs(page: &Page) -> Vec<String> {
    names(page.now("all('main [role=tab][data-testid]').map((tab) => tab.dataset.testid)").await)
}

fn names(found: Value) -> Vec<String> {
    serde_json::from_value(found).expect("a list of names")
}

async fn look(page: &Page, name: &str) -> Vec<String> {
    // A colour on its way to another is nobody's choice.
    let at_rest = "document.getAnimations().every((one) => one.playState !== 'running')";
    // It sets out with the next frame only.
    page.later("requestAnimationFrame(() => requestAnimationFrame(() => done(null)))").await;
    page.until("nothing moves", at_rest).await;
    let found = page
        .later(&format!("{}.then(done, (error) => done([String(error)]))", violations("document", ASKED)))
        .await;
    told(&found, name)
}
