//! Hard knocks to the real program: killed between an answer and its work, a full disk, a damaged file, odd folders.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::page::{Page, id};
use crate::support::process::kill;
use crate::support::shop::Shop;
use crate::support::{Desk, Setup, WAIT, on_a_desk, on_a_desk_with, until};

/// On a machine without a keychain the archive is not encrypted, so that a test can damage it on purpose.
const NO_KEYCHAIN: Setup = Setup { keychain: false, sound: false };
const THIS_RUN: &str = "--secrets-this-run-only";

async fn texts(desk: &Desk, chat: &str) -> Vec<String> {
    let messages = desk.tell(&["messages", chat, "--limit", "500", "--json"]).await.json();
    let texts = messages.as_array().unwrap().iter().filter_map(|message| message["body"]["text"].as_str());
    texts.map(str::to_owned).collect()
}

async fn until_mode(desk: &Desk, mode: &str) {
    until(&format!("the account is {mode}"), WAIT, async || {
        let status = desk.tell(&["status", "--json"]).await.json();
        (status["accounts"][0]["mode"] == mode).then_some(())
    })
    .await;
}

#[test]
fn invariant_01_a_delivery_answered_200_is_there_after_the_program_was_killed() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let (mut running, _) = desk.start_headless(&[]).await;
        until_mode(desk, "live").await;
        for number in 0..300 {
            shop.buyer_writes(&shop.anna, &format!("№ {number}"));
        }
        let accepted = |sim: &avito_sim::Sim| {
            sim.deliveries().into_iter().filter(|delivery| delivery.status == Some(200)).collect::<Vec<_>>()
        };
        assert!(shop.sim.until(WAIT, |sim| accepted(sim).len() >= 40).await);
        kill(&[running.child().id()]);
        until("it is gone", WAIT, async || running.has_ended().then_some(())).await;
        let accepted = accepted(&shop.sim);
        // Nothing can be asked now: what is there was delivered.
        shop.sim.pause().await;
        let (_running, _) = desk.start_headless(&[]).await;
        until("every accepted delivery is there", WAIT, async || {
            let messages = desk.tell(&["messages", &shop.anna, "--limit", "500", "--json"]).await.json();
            let messages = messages.as_array().unwrap();
            let here = |id: &str| messages.iter().any(|message| message["avitoId"] == id);
            accepted.iter().all(|delivery| here(&delivery.message_id)).then_some(())
        })
        .await;
    });
}

/// A folder with a path of exactly this many characters, with spaces and Cyrillic letters.
fn long_path(root: &Path, characters: usize) -> PathBuf {
    let mut path = root.join("Лавка на Советской, 12");
    let mut missing = characters - path.to_str().unwrap().chars().count();
    while missing > 60 {
        path.push(format!("очень длинная папка {}", "я".repeat(29)));
        missing -= 50;
    }
    path.push(format!("данные {}", "ы".repeat(missing - 8)));
    assert_eq!(path.to_str().unwrap().chars().count(), characters);
    path
}

#[test]
fn a_data_folder_with_spaces_cyrillic_and_two_hundred_characters_works_like_any_other() {
    on_a_desk(async |desk| {
        let folder = long_path(desk.file("").as_path(), 200);
        desk.use_data_dir(folder.clone());
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let picture = desk.file("снимок.png");
        fs::write(&picture, include_bytes!("../../src-tauri/crates/avito-sim/assets/stub/plain.png"))
            .unwrap();

        let page = desk.start(&[]).await;
        page.open_chat(&shop.anna).await;
        page.reply("Да, в Твери").await;
        page.see_delivery("Да, в Твери", &["sent", "read"]).await;
        // The command line finds the running program through control.json there, and the window shows the picture from there.
        let status = desk.tell(&["status", "--json"]).await.json();
        assert_eq!(status["running"], true);
        let sent =
            desk.tell(&["send", &shop.anna, "--image", picture.to_str().unwrap(), "--json"]).await.json();
        assert_eq!(sent["delivery"]["state"], "sent");
        let drawn =
            format!("all('{}[data-kind=image] img').some((img) => img.naturalWidth > 0)", id("message"));
        page.until("the picture is drawn", &drawn).await;
        desk.close_window().await;

        // The keychain gives the key back to this very folder, and the encrypted archive opens.
        let (_running, ready) = desk.start_headless(&[]).await;
        assert_eq!(ready["dataDir"], folder.to_str().unwrap());
        assert_eq!(ready["secretStore"], "keychain");
        until_mode(desk, "live").await;
        assert_eq!(texts(desk, &shop.anna).await, ["Кофемолка в Твери?", "Да, в Твери"]);
        let archive = fs::read(folder.join("shop/prilavok.db")).unwrap();
        assert!(!archive.starts_with(b"SQLite format 3"));
    });
}

fn archive(desk: &Desk) -> PathBuf {
    desk.data_dir().join("shop/prilavok.db")
}

/// Overwrites some bytes of the closed archive.
fn overwrite(desk: &Desk, at: usize, new: &[u8]) {
    let mut bytes = fs::read(archive(desk)).unwrap();
    bytes[at..at + new.len()].copy_from_slice(new);
    fs::write(archive(desk), bytes).unwrap();
}

fn error_code(answer: &str) -> Value {
    serde_json::from_str::<Value>(answer).unwrap()["error"]["code"].clone()
}

#[test]
fn the_command_line_tells_a_newer_and_a_damaged_archive_and_sets_the_damaged_one_aside() {
    on_a_desk_with(NO_KEYCHAIN, async |desk| {
        let shop = Shop::open().await;
        shop.connect_with(desk, &[THIS_RUN]).await;
        // The header of a database holds its schema's version, big-endian.
        let version = fs::read(archive(desk)).unwrap()[60..64].to_vec();
        overwrite(desk, 60, &[0, 0, 3, 231]);
        let before = fs::read(archive(desk)).unwrap();
        let refused = desk.tell(&["status", THIS_RUN, "--json"]).await;
        assert!(!refused.success && refused.stderr.contains("Обновите программу"), "{refused:?}");
        assert_eq!(error_code(&refused.stdout), "newerDatabase");
        assert_eq!(fs::read(archive(desk)).unwrap(), before);
        overwrite(desk, 60, &version);
        let accounts = desk.tell(&["account", "list", THIS_RUN, "--json"]).await.json();
        assert_eq!(accounts.as_array().map(Vec::len), Some(1));

        overwrite(desk, 0, &[0xA5; 4096]);
        let before = fs::read(archive(desk)).unwrap();
        let refused = desk.tell(&["status", THIS_RUN, "--json"]).await;
        assert!(!refused.success && refused.stderr.contains("повреждён"), "{refused:?}");
        assert_eq!(error_code(&refused.stdout), "archiveDamaged");
        assert_eq!(fs::read(archive(desk)).unwrap(), before, "it was written to");
        // Without a yes nothing happens.
        let asked = desk.tell_with_input(&["archive", "set-aside", THIS_RUN], "нет\n").await;
        assert!(!asked.success && archive(desk).exists(), "{asked:?}");
        let aside = desk.tell(&["archive", "set-aside", "--yes", THIS_RUN, "--json"]).await.json();
        let folder = PathBuf::from(aside["folder"].as_str().unwrap());
        assert_eq!(fs::read(folder.join("prilavok.db")).unwrap(), before);
        let accounts = desk.tell(&["account", "list", THIS_RUN, "--json"]).await.json();
        assert_eq!(accounts.as_array().map(Vec::len), Some(0));
        shop.connect_with(desk, &[THIS_RUN]).await;
        assert_eq!(texts(desk, &shop.anna).await, ["Кофемолка в Твери?"]);
    });
}

#[test]
fn the_window_tells_a_damaged_archive_and_a_second_start_finds_it() {
    on_a_desk_with(NO_KEYCHAIN, async |desk| {
        let shop = Shop::open().await;
        shop.connect_with(desk, &[THIS_RUN]).await;
        overwrite(desk, 0, &[0xA5; 4096]);
        let page = desk.start(&["--hidden"]).await;
        page.see(&format!("{}[data-code=archiveDamaged]", id("stuck-archive"))).await;
        assert_eq!(desk.screen().window(), None);
        let second = desk.tell(&[]).await;
        assert!(second.success, "{second:?}");
        until("the window is on the screen", WAIT, async || desk.screen().window()).await;
        // A hidden window has no layout, and so no words to be seen.
        page.see_words(&id("stuck-archive"), "Файл с перепиской повреждён").await;
        let told = desk.tell(&["status", "--json"]).await;
        assert_eq!(error_code(&told.stdout), "archiveDamaged", "the command line gets the reason, too");
        keep_pictures(&page, "damaged").await;

        page.click(&id("set-aside")).await;
        keep_pictures(&page, "damaged-sure").await;
        page.click(&id("set-aside-yes")).await;
        // Nothing could be read of the accounts: what a newcomer sees.
        page.see(&id("demo-banner")).await;
        page.see(&id("chat-row")).await;
        let kept = fs::read_dir(desk.data_dir().join("shop")).unwrap().flatten();
        assert_eq!(
            kept.filter(|entry| entry.file_name().to_string_lossy().starts_with("damaged-")).count(),
            1
        );
    });
}

/// Fills the disk under the data folder.
struct Ballast(PathBuf);

impl Ballast {
    fn fill(desk: &Desk) -> Self {
        let path = desk.data_dir().join("ballast");
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        while file.write_all(&[1; 512]).is_ok() {}
        Self(path)
    }

    fn free(self) {
        fs::remove_file(self.0).unwrap();
    }
}

/// Runs in a mount namespace of its own; see the test below.
#[test]
#[ignore = "run where it may mount a small disk by on_a_full_disk_the_window_says_so_keeps_the_sellers_text_and_goes_on_by_itself"]
fn on_a_small_disk() {
    on_a_desk(async |desk| {
        fs::create_dir(desk.data_dir()).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m", "none"])
            .arg(desk.data_dir())
            .status();
        assert!(mounted.unwrap().success());
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.resize(1280, 800).await;
        page.open_chat(&shop.anna).await;
        page.live().await;

        let ballast = Ballast::fill(desk);
        shop.buyer_writes(&shop.anna, "На полном диске");
        page.see(&format!("{}[data-trouble=diskFull]", id("status-line"))).await;
        page.reply("Ответ на полном диске").await;
        page.see_words("[role=alert]", "Диск заполнен").await;
        page.click(&id("settings-open")).await;
        page.click(&format!("{} label:has(input[value=dark])", id("setting-theme"))).await;
        page.see_words(&format!("dialog {}", id("toast")), "Диск заполнен").await;
        page.until("the window is as the settings say", "document.documentElement.dataset.theme !== 'dark' && !one('[data-testid=setting-theme] input[value=dark]').checked").await;
        page.close_dialog().await;
        let kept = format!("one('{}').value === 'Ответ на полном диске'", id("composer"));
        page.until("the seller's text is still there", &kept).await;
        page.click(&format!("{} .line", id("status-line"))).await;
        keep_pictures(&page, "disk-full-running").await;
        ballast.free();
        page.see_gone(&format!("{}[data-trouble=diskFull]", id("status-line"))).await;
        page.see_bubble("На полном диске").await;
        page.enter(&id("composer")).await;
        page.see_delivery("Ответ на полном диске", &["sent", "read"]).await;
        assert_eq!(shop.sim.posted_count("Ответ на полном диске"), 1);
        desk.close_window().await;

        let ballast = Ballast::fill(desk);
        let page = desk.start(&[]).await;
        page.see(&format!("{}[data-code=diskFull]", id("stuck-archive"))).await;
        keep_pictures(&page, "disk-full-start").await;
        let refused = desk.tell(&["chats", "--json"]).await;
        assert_eq!(error_code(&refused.stdout), "diskFull", "{refused:?}");
        ballast.free();
        page.open_chat(&shop.anna).await;
        page.see_bubble("На полном диске").await;
    });
}

#[test]
fn on_a_full_disk_the_window_says_so_keeps_the_sellers_text_and_goes_on_by_itself() {
    let output = Command::new("unshare")
        .args(["-rm", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "knocks::on_a_small_disk", "--ignored", "--nocapture"])
        .stdin(Stdio::null())
        .output()
        .expect("unshare, of util-linux");
    let said = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}\n{said}");
}

/// Keeps what the seller sees, in both colours, where the evidence of failed tests goes.
async fn keep_pictures(page: &Page, name: &str) {
    for theme in ["light", "dark"] {
        page.now(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        let png = page.picture().await.unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        if let Some(out) = std::env::var_os("PRILAVOK_E2E_OUT") {
            let folder = PathBuf::from(out).join("knocks");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("{name}-{theme}.png")), png).unwrap();
        }
    }
}
