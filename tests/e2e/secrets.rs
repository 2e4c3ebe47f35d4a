//! A computer without a keychain: the seller chooses, and nothing secret lies open on the disk.

use std::fs;

use crate::onboarding::fill_in;
use crate::support::page::{Page, id};
use crate::support::search::files;
use crate::support::shop::Shop;
use crate::support::{Desk, Setup, on_a_desk, on_a_desk_with};

const BARE: Setup = Setup { keychain: false, sound: false };
const PASSPHRASE: &str = "сорок тысяч обезьян";

#[test]
fn with_a_keychain_the_secret_is_nowhere_in_the_data_folder() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = desk.start(&[]).await;
        fill_in(&page, &shop, &shop.seller.client_secret).await;
        page.click(&id("key-add")).await;
        page.click_away(&id("onboarding-finish")).await;
        works(&page, &shop).await;
        assert_no_secret(desk, &shop);
        desk.close_window().await;
        let page = desk.start(&[]).await;
        works(&page, &shop).await;
        assert_no_secret(desk, &shop);
    });
}

#[test]
fn without_a_keychain_the_key_may_be_kept_for_this_run_only() {
    on_a_desk_with(BARE, async |desk| {
        let shop = Shop::open().await;
        let page = desk.start(&[]).await;
        fill_in(&page, &shop, &shop.seller.client_secret).await;
        page.click(&id("key-add")).await;
        page.see(&id("secret-choice")).await;
        page.click(&format!("{} input[value=thisRunOnly]", id("secret-choice"))).await;
        page.click(&id("secret-continue")).await;
        page.click_away(&id("onboarding-finish")).await;
        works(&page, &shop).await;
        assert_no_secret(desk, &shop);

        desk.close_window().await;
        assert_no_secret(desk, &shop);
        let page = desk.start(&[]).await;
        page.see(&format!("{}[data-trouble=secretMissing]", id("status-line"))).await;
        page.open_chat(&shop.anna).await;
        page.see_bubble("Забираю!").await;
    });
}

#[test]
fn without_a_keychain_a_passphrase_seals_the_key_and_opens_it_after_a_restart() {
    on_a_desk_with(BARE, async |desk| {
        let shop = Shop::open().await;
        let page = desk.start(&[]).await;
        fill_in(&page, &shop, &shop.seller.client_secret).await;
        page.click(&id("key-add")).await;
        page.write(&id("secret-passphrase"), PASSPHRASE).await;
        page.write(&id("secret-repeat"), PASSPHRASE).await;
        page.click(&id("secret-continue")).await;
        page.click_away(&id("onboarding-finish")).await;
        works(&page, &shop).await;
        assert_no_secret(desk, &shop);
        desk.close_window().await;

        let page = desk.start(&[]).await;
        page.write(&id("unlock-passphrase"), "не та фраза").await;
        page.click(&id("unlock-submit")).await;
        page.see(&format!("{} [role=alert]", id("unlock"))).await;
        page.run(&format!("one('{}').select()", id("unlock-passphrase"))).await.unwrap();
        page.write(&id("unlock-passphrase"), PASSPHRASE).await;
        page.click(&id("unlock-submit")).await;
        page.see_gone(&id("unlock")).await;
        works(&page, &shop).await;
        assert_no_secret(desk, &shop);
    });
}

/// The account is connected: what a buyer writes comes by itself.
async fn works(page: &Page, shop: &Shop) {
    page.live().await;
    page.open_chat(&shop.anna).await;
    let before = page.now("all('[data-testid=message]').length").await;
    shop.buyer_writes(&shop.anna, "Забираю!");
    page.see_bubble("Забираю!").await;
    page.until("it is a new message", &format!("all('[data-testid=message]').length > {before}")).await;
}

/// Looks through every file of the data folder and of the person's own folders.
fn assert_no_secret(desk: &Desk, shop: &Shop) {
    let secrets = [shop.seller.client_secret.as_str(), PASSPHRASE];
    let files = [files(&desk.data_dir()), files(&desk.file("home"))].concat();
    assert!(files.iter().any(|file| file.ends_with("shop/prilavok.db")), "{files:?}");
    for file in files {
        // What is gone meanwhile holds nothing.
        let Ok(bytes) = fs::read(&file) else { continue };
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret lies open in {}", file.display());
        }
    }
}
