//! What the process and its files let others see.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::page::id;
use crate::support::process::descendants;
use crate::support::shop::Shop;
use crate::support::{Desk, on_a_desk};

#[test]
fn every_file_and_folder_is_readable_by_its_owner_only() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        let loaded = format!("one('{} img')?.naturalWidth > 0", id("chat-row"));
        page.until("a picture of the list is loaded, so its file is there", &loaded).await;
        page.reply("Добрый день!").await;
        page.see_delivery("Добрый день!", &["sent", "read"]).await;
        assert_private(desk);
        let seen = all_below(&desk.data_dir());
        for file in [
            "shop/prilavok.db",
            "shop/prilavok.db-wal",
            "shop/prilavok.db-shm",
            "control.json",
            "prilavok.lock",
        ] {
            assert!(seen.contains(&file.to_owned()), "{file} is not there: {seen:?}");
        }
        assert!(seen.iter().any(|file| file.starts_with("shop/media/")), "{seen:?}");
        assert!(seen.iter().any(|file| file.starts_with("logs/prilavok.")), "{seen:?}");
        let out = desk.file("support.txt");
        assert!(desk.tell(&["diagnostics", "--out", out.to_str().unwrap()]).await.success);
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        desk.close_window().await;
        // The demo writes into a folder of its own.
        let page = desk.start(&["--demo"]).await;
        page.see(&id("demo-banner")).await;
        assert_private(desk);
    });
}

#[test]
fn memory_goes_into_no_core_dump() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        shop.connect(desk).await;
        let page = desk.start(&[]).await;
        page.live().await;
        let app = desk.window().pid;
        let of_window = descendants(app);
        assert!(!of_window.is_empty(), "the web view's processes");
        for pid in [vec![app], of_window].concat() {
            let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
            let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
            let words: Vec<&str> = core.split_whitespace().collect();
            assert_eq!(words[4..6], ["0", "0"], "{core}");
        }
        // Not dumpable: the kernel hands the process's own files to root, so that nobody else, and no collector of dumps, reads its
        // memory. Its folder still belongs to whoever started it, which is told apart when that is not root.
        let owner = |name: &str| {
            std::os::unix::fs::MetadataExt::uid(&fs::metadata(format!("/proc/{app}/{name}")).unwrap())
        };
        assert_eq!(owner("environ"), 0);
    });
}

fn assert_private(desk: &Desk) {
    let root = desk.data_dir();
    assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
    for name in all_below(&root) {
        let Ok(found) = fs::symlink_metadata(root.join(&name)) else { continue };
        let allowed = if found.is_dir() { 0o700 } else { 0o600 };
        let mode = found.permissions().mode() & 0o777;
        assert_eq!(mode & !allowed, 0, "{name} has mode {mode:o}");
    }
}

/// Paths of all files and folders inside a folder.
fn all_below(root: &Path) -> Vec<String> {
    let mut open = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}
