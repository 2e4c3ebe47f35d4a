//! Every screen held against WCAG 2.1 AA by axe, in the real WebView, light and dark.

use std::path::Path;

use serde_json::Value;

use crate::support::on_a_desk;
use crate::support::page::{Page, id};

/// What is asked of a screen: the two levels of WCAG, and what axe holds to be good practice.
const ASKED: &str = r#"{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], resultTypes: ["violations"]}"#;

#[test]
fn no_screen_breaks_the_rules_of_accessibility() {
    on_a_desk(async |desk| {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).expect("axe-core is installed with the page's packages");
        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        page.run(&format!("{axe};\nwindow.axe = axe; return 1;")).await.expect("axe is taken in");
        let mut faults = Vec::new();
        for theme in ["light", "dark"] {
            page.choose("setting-theme", theme).await;
            page.until("the colours", &format!("document.documentElement.dataset.theme === '{theme}'")).await;
            for area in areas(&page).await {
                page.click(&id(&area)).await;
                faults.extend(look(&page, &format!("{theme}, {area}")).await);
                for tab in tabs(&page).await {
                    page.click(&id(&tab)).await;
                    faults.extend(look(&page, &format!("{theme}, {tab}")).await);
                }
            }
            page.click(&id("area-chats")).await;
            page.click(&id("chat-row")).await;
            page.see(&id("message")).await;
            faults.extend(look(&page, &format!("{theme}, thread")).await);
            for (opener, dialog) in [("settings-open", "settings"), ("connect-account", "onboarding")] {
                page.click(&id(opener)).await;
                page.see(&id(dialog)).await;
                faults.extend(look(&page, &format!("{theme}, {dialog}")).await);
                page.close_dialog().await;
            }
            for (key, dialog) in
                [("{key: 'k', code: 'KeyK', ctrlKey: true}", "palette"), ("{key: '?'}", "shortcuts")]
            {
                page.run(&format!("document.activeElement.blur(); dispatchEvent(new KeyboardEvent('keydown', {key})); return 1;"))
                    .await
                    .expect("the key is pressed");
                page.see(&id(dialog)).await;
                faults.extend(look(&page, &format!("{theme}, {dialog}")).await);
                page.run(
                    "one('dialog[open]').dispatchEvent(new Event('cancel', {cancelable: true})); return 1;",
                )
                .await
                .expect("the dialog closes");
                page.see_gone(&id(dialog)).await;
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

/// The areas of the rail, by the test ids of their buttons.
async fn areas(page: &Page) -> Vec<String> {
    names(page.now("all('nav button[data-testid^=area-]').map((button) => button.dataset.testid)").await)
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
        .later(&format!(
            "axe.run(document, {ASKED}).then((result) => done(result.violations.map((fault) => \
             fault.id + ': ' + fault.nodes.map((node) => node.target.join(' ') + ' (' + \
             [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ') + ')').join(', '))), \
             (error) => done([String(error)]))"
        ))
        .await;
    let Value::Array(found) = found else { return vec![format!("{name}: no answer")] };
    found.iter().map(|fault| format!("{name}: {}", fault.as_str().unwrap_or_default())).collect()
}
