//! Backups and exports, by the command line and in the window.

use serde_json::Value;

use crate::support::page::{id, row};
use crate::support::shop::Shop;
use crate::support::{Desk, Setup, WAIT, on_a_desk, on_a_desk_with, until};

const PHRASE: &str = "кофемолка и самовар";

#[test]
fn by_the_command_line_a_backup_is_made_checked_and_restored_with_and_without_a_running_program() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        std::fs::write(desk.file("phrase"), format!("{PHRASE}\n")).unwrap();
        std::fs::write(desk.file("wrong"), "другая фраза").unwrap();
        let (mut running, _) = desk.start_headless(&[]).await;

        // The running program makes it, while it goes on.
        let made = desk
            .tell(&["backup", "create", "--out", "a.backup", "--key-file", "phrase", "--json"])
            .await
            .json();
        assert_eq!(made["chats"].as_u64(), Some(shop.sim.chat_ids(shop.seller.user_id).len() as u64));
        assert!(desk.file("a.backup").exists(), "the file lies where the command was given");
        let own = desk.tell(&["backup", "create", "--json"]).await.json();
        assert!(own["path"].as_str().unwrap().ends_with(".prilavok-backup"), "{own}");
        let whole = desk.tell(&["backup", "verify", own["path"].as_str().unwrap()]).await;
        assert!(whole.success && whole.stdout.contains("Копия цела"), "{whole:?}");
        let wrong = desk.tell(&["backup", "verify", "a.backup", "--key-file", "wrong", "--json"]).await;
        assert_eq!(error_code(&wrong.stdout), "wrongBackupSecret");
        let in_use = desk.tell(&["backup", "restore", "a.backup", "--key-file", "phrase"]).await;
        assert!(!in_use.success && in_use.stderr.contains("Закройте"), "{in_use:?}");
        running.ask_to_end();
        until("the program ends when asked to", WAIT, async || running.has_ended().then_some(())).await;

        // Alone: what came after the backup is set aside with the rest, and read again from Avito.
        shop.buyer_writes(&shop.anna, "Уже после копии");
        assert_eq!(texts(desk, &shop).await, ["Кофемолка в Твери?", "Уже после копии"]);
        let restored =
            desk.tell(&["backup", "restore", "a.backup", "--key-file", "phrase", "--json"]).await.json();
        let aside = std::path::PathBuf::from(restored["setAside"].as_str().unwrap());
        assert!(aside.join("prilavok.db").exists() && desk.data_dir().join("shop/prilavok.db").exists());
        assert_eq!(texts(desk, &shop).await, ["Кофемолка в Твери?", "Уже после копии"]);

        let half = std::fs::read(desk.file("a.backup")).unwrap();
        std::fs::write(desk.file("half.backup"), &half[..half.len() / 2]).unwrap();
        let damaged =
            desk.tell(&["backup", "restore", "half.backup", "--key-file", "phrase", "--json"]).await;
        assert_eq!(error_code(&damaged.stdout), "backupDamaged");
        assert_eq!(texts(desk, &shop).await.len(), 2, "nothing was touched");
    });
}

#[test]
fn by_the_command_line_chats_are_exported_for_programs_and_for_people() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let lines = desk.tell(&["export", "--format", "jsonl", "--out", "lines", "--json"]).await.json();
        let file = desk.file("lines").join(format!("account-{}.jsonl", shop.seller.user_id));
        let file = std::fs::read_to_string(file).unwrap();
        assert_eq!(file.lines().count() as u64, lines["messages"].as_u64().unwrap());
        let anna: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(
            anna.iter()
                .any(|line| line["chat"] == shop.anna.as_str() && line["text"] == "Кофемолка в Твери?")
        );
        let pages = desk.tell(&["export", "--format", "html", "--out", "pages"]).await;
        assert!(pages.success && pages.stdout.contains("Выгружено"), "{pages:?}");
        assert!(std::fs::read_to_string(desk.file("pages/index.html")).unwrap().contains("Анна"));
        let again = desk.tell(&["export", "--format", "html", "--out", "pages", "--json"]).await;
        assert_eq!(error_code(&again.stdout), "fileExists");
    });
}

#[test]
fn in_the_window_a_backup_is_made_and_restored_and_the_window_goes_on() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        page.click(&id("settings-open")).await;
        page.see_words(&id("backup-last"), "Копий ещё не было").await;
        page.click(&id("backup-make")).await;
        page.see_words(&id("backup-outcome"), "Копия готова и проверена").await;
        page.see_words(&id("backup-last"), "Последняя копия").await;
        let made = files_ending(&desk.file("home"), ".prilavok-backup");
        assert_eq!(made.len(), 1, "in the seller's own folder: {made:?}");
        page.close_dialog().await;

        shop.buyer_writes(&shop.anna, "Уже после копии");
        page.see_bubble("Уже после копии").await;
        page.reply("Ответ после копии").await;
        page.see_delivery("Ответ после копии", &["sent", "read"]).await;
        page.click(&id("settings-open")).await;
        page.click(&id("backup-from-copy")).await;
        page.see_words(&id("backup-file"), "prilavok-").await;
        page.click(&id("backup-verify")).await;
        page.see_words(&id("backup-outcome"), "Копия цела").await;
        page.click(&id("backup-restore")).await;
        page.see_words(&id("backup-outcome"), "shop-set-aside-").await;
        page.click_away(&id("backup-close")).await;
        page.close_dialog().await;
        let aside: Vec<_> = std::fs::read_dir(desk.data_dir())
            .unwrap()
            .filter(|entry| {
                entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("shop-set-aside-")
            })
            .collect();
        assert_eq!(aside.len(), 1);

        // The restored shop is live: it reads what it missed, and takes what comes.
        page.see(&row(&shop.anna)).await;
        page.open_chat(&shop.anna).await;
        page.see_bubble("Уже после копии").await;
        page.see_bubble("Ответ после копии").await;
        shop.buyer_writes(&shop.anna, "А сейчас видно?");
        page.see_bubble("А сейчас видно?").await;
        page.reply("Видно").await;
        page.see_delivery("Видно", &["sent", "read"]).await;
        assert_eq!(shop.sim.posted_count("Ответ после копии"), 1);
        assert_eq!(shop.sim.posted_count("Видно"), 1);
        let status = desk.tell(&["status", "--json"]).await.json();
        assert_eq!(status["running"], true, "the command line reaches the restored shop");
    });
}

#[test]
fn in_the_window_of_a_machine_without_a_keychain_a_passphrase_protects_the_backup_and_chats_are_exported() {
    on_a_desk_with(Setup { keychain: false, ..Setup::default() }, async |desk| {
        let page = desk.start(&[]).await;
        page.click(&id("settings-open")).await;
        page.write(&id("backup-phrase"), PHRASE).await;
        page.write(&id("backup-phrase-again"), PHRASE).await;
        page.click(&id("backup-make")).await;
        page.see_words(&id("backup-outcome"), "Копия готова и проверена").await;
        let made = files_ending(&desk.file("home"), ".prilavok-backup");
        std::fs::write(desk.file("phrase"), PHRASE).unwrap();
        let checked =
            desk.tell(&["backup", "verify", made[0].to_str().unwrap(), "--key-file", "phrase"]).await;
        assert!(checked.success, "{checked:?}");
        page.click(&id("backup-export")).await;
        page.click(&id("export-make")).await;
        page.see_words(&id("backup-outcome"), "Переписка выгружена").await;
        let exported = files_ending(&desk.file("home"), "");
        assert!(exported.iter().any(|path| path.join("index.html").exists()), "{exported:?}");
    });
}

fn files_ending(folder: &std::path::Path, end: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

fn error_code(stdout: &str) -> String {
    let answer: Value = serde_json::from_str(stdout).unwrap();
    answer["error"]["code"].as_str().unwrap().to_owned()
}

/// The texts of Anna's chat, oldest first.
async fn texts(desk: &Desk, shop: &Shop) -> Vec<String> {
    let messages = desk.tell(&["messages", &shop.anna, "--json"]).await.json();
    let texts = messages.as_array().unwrap().iter().filter_map(|message| message["body"]["text"].as_str());
    texts.map(str::to_owned).collect()
}
