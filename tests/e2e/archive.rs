//! The encrypted archive in the window: its recovery code, and what happens when the keychain is lost.

use std::fs;

use serde_json::json;

use crate::support::page::{Page, id};
use crate::support::shop::Shop;
use crate::support::{Desk, on_a_desk};

/// Writes the code down as the window asks for it; answers it.
async fn write_code_down(page: &Page) -> String {
    page.click(&id("recovery-open")).await;
    page.see(&id("recovery-shown")).await;
    let code = page.now("text('[data-testid=recovery-shown]').replaceAll(/\\s/g, '')").await;
    let code = code.as_str().unwrap().to_owned();
    page.click(&id("recovery-written")).await;
    page.write(&id("recovery-last"), "0000").await;
    page.click(&id("recovery-confirm")).await;
    page.see(&format!("{} [role=alert]", id("recovery-dialog"))).await;
    page.run(&format!("one('{}').select()", id("recovery-last"))).await.unwrap();
    page.write(&id("recovery-last"), &code[code.len() - 4..].to_lowercase()).await;
    page.click(&id("recovery-confirm")).await;
    page.see_gone(&id("recovery-dialog")).await;
    page.see_gone(&id("recovery-banner")).await;
    code
}

fn database(desk: &Desk) -> Vec<u8> {
    fs::read(desk.data_dir().join("shop/prilavok.db")).unwrap()
}

#[test]
fn when_the_keychain_is_lost_the_recovery_code_opens_all_chats_again() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.live().await;
        let code = write_code_down(&page).await;
        assert!(page.invoke("recovery_code", &json!({})).await.is_err(), "the code is shown once only");
        page.open_chat(&shop.anna).await;
        page.reply("Да, в Твери").await;
        page.see_delivery("Да, в Твери", &["sent", "read"]).await;
        let before = desk.tell(&["messages", &shop.anna, "--json"]).await.json();
        desk.close_window().await;
        assert!(!database(desk).starts_with(b"SQLite"), "the archive is encrypted");

        desk.lose_keychain().await;
        let untouched = database(desk);
        let refused = desk.tell(&["chats", "--json"]).await;
        assert!(!refused.success && refused.stdout.contains("archiveKeyMissing"), "{refused:?}");
        let page = desk.start(&[]).await;
        page.see(&format!("{}[data-code=archiveKeyMissing]", id("closed-archive"))).await;
        page.see_words(&id("closed-archive"), desk.data_dir().to_str().unwrap()).await;
        // A typing error is told before anything is tried; another archive's code simply does not fit.
        page.write(&id("recovery-code"), &mistyped(&code)).await;
        page.click(&id("code-open")).await;
        page.see(&format!("{}[data-code=badRecoveryCode]", id("closed-error"))).await;
        page.run(&format!("one('{}').select()", id("recovery-code"))).await.unwrap();
        page.write(&id("recovery-code"), OTHERS_CODE).await;
        page.click(&id("code-open")).await;
        page.see(&format!("{}[data-code=wrongRecoveryCode]", id("closed-error"))).await;
        assert!(database(desk) == untouched, "a wrong code changes nothing");

        page.run(&format!("one('{}').select()", id("recovery-code"))).await.unwrap();
        page.write(&id("recovery-code"), &code.to_lowercase().replace('-', " ")).await;
        page.click(&id("code-open")).await;
        page.open_chat(&shop.anna).await;
        page.see_bubble("Да, в Твери").await;
        assert_eq!(page.now(&format!("all('{}').length", id("recovery-banner"))).await, 0);
        assert_eq!(desk.tell(&["messages", &shop.anna, "--json"]).await.json(), before);
        desk.close_window().await;

        // The key is in the keychain again.
        let page = desk.start(&[]).await;
        page.open_chat(&shop.anna).await;
        page.see_bubble("Да, в Твери").await;
    });
}

#[test]
fn a_new_code_replaces_the_old_one_and_the_command_line_opens_with_it() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let first = desk.tell(&["archive", "recovery-code", "--json"]).await.json();
        let first = first["recoveryCode"].as_str().unwrap().to_owned();
        let wrong = desk.tell_with_input(&["archive", "confirm-code", "--json"], "0000\n").await;
        assert!(!wrong.success && wrong.stdout.contains("wrongRecoveryCode"), "{wrong:?}");
        let kept = desk.tell_with_input(&["archive", "confirm-code", "--json"], &first[30..]).await.json();
        assert_eq!(kept, json!({"encrypted": true, "canEncrypt": true, "recoveryCodeConfirmed": true}));
        assert!(!desk.tell(&["archive", "recovery-code"]).await.success);

        let page = desk.start(&[]).await;
        page.live().await;
        page.click(&id("settings-open")).await;
        page.click(&id("archive-new-code")).await;
        page.click(&id("new-code-make")).await;
        page.see(&id("recovery-shown")).await;
        let second = page.now("text('[data-testid=recovery-shown]').replaceAll(/\\s/g, '')").await;
        let second = second.as_str().unwrap().to_owned();
        assert_ne!(first, second);
        page.close_dialog().await;
        page.open_chat(&shop.anna).await;
        desk.close_window().await;

        desk.lose_keychain().await;
        let (old, new) = (desk.file("old.txt"), desk.file("new.txt"));
        fs::write(&old, &first).unwrap();
        fs::write(&new, format!("{second}\n")).unwrap();
        let refused = desk.tell(&["chats", "--json", "--recovery-code-file", old.to_str().unwrap()]).await;
        assert!(!refused.success && refused.stdout.contains("wrongRecoveryCode"), "{refused:?}");
        let chats = desk.tell(&["chats", "--json", "--recovery-code-file", new.to_str().unwrap()]).await;
        assert_eq!(chats.json().as_array().map(Vec::len), Some(shop.sim.chat_ids(shop.seller.user_id).len()));
        assert!(desk.tell(&["chats", "--json"]).await.success, "the key is kept again");
    });
}

#[test]
fn a_stopped_password_store_is_waited_for_and_the_chats_open_without_a_restart() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        desk.stop_keychain();
        let page = desk.start(&[]).await;
        page.see(&id("closed-archive")).await;
        // Another start of the program finds this window.
        assert!(desk.tell(&[]).await.success);
        desk.start_keychain().await;
        page.click(&id("closed-retry")).await;
        page.open_chat(&shop.anna).await;
        page.see_bubble("Кофемолка в Твери?").await;
    });
}

/// A well-formed code that opens nothing here.
const OTHERS_CODE: &str = "0000-0000-0000-0000-0000-0000-003F";

/// One letter differs.
fn mistyped(code: &str) -> String {
    let other = if code.starts_with('A') { "B" } else { "A" };
    format!("{other}{}", &code[1..])
}
