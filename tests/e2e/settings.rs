//! The seller's settings.

use crate::support::page::id;
use crate::support::{WAIT, on_a_desk, until};

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

/// Where the system asks for less motion, no word keeps the old colour for some frames after a change of colours.
#[test]
fn with_less_motion_every_word_has_the_new_colour_at_once() {
    on_a_desk(async |desk| {
        let gtk = desk.file("home/.config/gtk-3.0");
        std::fs::create_dir_all(&gtk).unwrap();
        std::fs::write(gtk.join("settings.ini"), "[Settings]\ngtk-enable-animations=0\n").unwrap();
        let page = desk.start(&[]).await;
        page.choose("setting-theme", "light").await;
        page.see(&format!("{} .name", id("chat-row"))).await;
        assert_eq!(page.now("matchMedia('(prefers-reduced-motion: reduce)').matches").await, true);
        // Buyers write meanwhile, and the program puts the chosen colours back when it hears of something: only what stays as it is
        // can be compared, and only while it does.
        let look = "const theme = document.documentElement.dataset;
             theme.theme = 'light';
             const words = all('.window :is(button, span, time, p)').map((word) => ({word, kind: word.className}));
             const colours = () => words.map(({word}) => getComputedStyle(word).color);
             const light = colours();
             theme.theme = 'dark';
             const atOnce = colours();
             let frames = 0;
             const next = () => theme.theme !== 'dark' ? done(null) : ++frames < 20 ? requestAnimationFrame(next) : done({
                 changed: atOnce.filter((colour, at) => colour !== light[at]).length,
                 late: colours().filter((colour, at) =>
                     colour !== atOnce[at] && words[at].word.isConnected && words[at].word.className === words[at].kind).length,
             });
             requestAnimationFrame(next);";
        let found = until("nothing comes between", WAIT, async || {
            let found = page.later(look).await;
            (!found.is_null()).then_some(found)
        })
        .await;
        assert!(found["changed"].as_u64().is_some_and(|count| count > 20), "{found}");
        assert_eq!(found["late"], 0, "{found}");
    });
}
