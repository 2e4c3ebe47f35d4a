//! The seller's settings.

use crate::support::on_a_desk;
use crate::support::page::id;

#[test]
fn colours_language_and_switches_are_kept() {
    on_a_desk(async |desk| {
        let page = desk.start(&[]).await;
        page.choose("setting-theme", "dark").await;
        page.until("the window is dark", "document.documentElement.dataset.theme === 'dark'").await;
        page.switch("setting-enter", false).await;
        page.switch("setting-sound", false).await;
        page.choose("setting-language", "en").await;
        page.until("the window speaks English", "document.documentElement.lang.startsWith('en')").await;
        desk.close_window().await;

        let page = desk.start(&[]).await;
        page.see(&id("chat-row")).await;
        page.until("the window is dark", "document.documentElement.dataset.theme === 'dark'").await;
        page.until("the window speaks English", "document.documentElement.lang.startsWith('en')").await;
        let lightness =
            page.now("getComputedStyle(one('.window nav')).backgroundColor.match(/\\d+/g).map(Number)").await;
        assert!(
            lightness.as_array().unwrap().iter().take(3).all(|part| part.as_f64() < Some(80.0)),
            "{lightness}"
        );
        page.click(&id("settings-open")).await;
        page.see(&id("settings")).await;
        assert_eq!(page.now(&format!("one('{}').checked", id("setting-enter"))).await, false);
        assert_eq!(page.now(&format!("one('{}').checked", id("setting-sound"))).await, false);
        assert_eq!(page.now(&format!("one('{}').checked", id("setting-notifications"))).await, true);
    });
}
