//! A disk that is full, takes no writing, or answers with errors. The tests run on a real small file system in a process of its own;
//! where the system gives us none, on a real limit of the process.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use avito_sim::{Fault, FaultKind};
use inbox::view::{ErrorCode, Mode, TroubleCode};

use super::{run_alone, try_open};
use crate::support::{Shop, open};

const MEANS: &str = "INBOX_KNOCKS_MEANS";

/// A file system of four megabytes of our own, mounted where only the child sees it.
const SMALL_DISK: [&str; 5] = [
    "unshare",
    "-rm",
    "sh",
    "-c",
    r#"mount -t tmpfs -o size=4m none "$INBOX_KNOCKS_DISK" && TMPDIR="$INBOX_KNOCKS_DISK" exec "$0" "$@""#,
];
/// Without SIGXFSZ a write beyond the limit is an ordinary error.
const LIMITED: [&str; 3] = ["sh", "-c", r#"trap "" XFSZ; exec "$0" "$@""#];

/// Why this machine gives us no small file system; none: it does.
fn no_small_disk() -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let tried = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "none"])
        .arg(folder.path())
        .output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Some(error.to_string()),
    }
}

pub(crate) fn on_a_small_disk(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().to_str().unwrap();
    match no_small_disk() {
        None => run_alone(&SMALL_DISK, test, &[(MEANS, "disk"), ("INBOX_KNOCKS_DISK", disk)]),
        Some(why) => {
            eprintln!("no small file system here ({why}): a limit of the process takes its place");
            run_alone(&LIMITED, test, &[(MEANS, "limit")]);
        }
    }
}

/// What can be filled up and emptied again.
pub(crate) struct Disk {
    limit: bool,
    ballast: PathBuf,
}

impl Disk {
    pub(crate) fn here() -> Self {
        let limit = std::env::var(MEANS).unwrap() == "limit";
        Self { limit, ballast: std::env::temp_dir().join("ballast") }
    }

    /// From now on nothing more can be written.
    pub(crate) fn fill(&self) {
        if self.limit {
            return limit_files("1:");
        }
        let mut file = File::options().create(true).append(true).open(&self.ballast).unwrap();
        while file.write_all(&[1; 512]).is_ok() {}
    }

    /// Gives a little room back, as when something small is deleted; false: nothing is taken any more.
    pub(crate) fn free_some(&self) -> bool {
        if self.limit {
            self.free();
            return false;
        }
        let taken = fs::metadata(&self.ballast).map_or(0, |file| file.len());
        let file = File::options().write(true).open(&self.ballast).unwrap();
        file.set_len(taken.saturating_sub(64 * 1024)).unwrap();
        taken > 0
    }

    fn free(&self) {
        if self.limit {
            return limit_files("unlimited:");
        }
        fs::remove_file(&self.ballast).unwrap();
    }

    /// What the seller is told. A limit of the process looks like a failing disk.
    fn trouble(&self) -> TroubleCode {
        if self.limit { TroubleCode::DiskFailing } else { TroubleCode::DiskFull }
    }

    fn code(&self) -> ErrorCode {
        if self.limit { ErrorCode::Storage } else { ErrorCode::DiskFull }
    }
}

/// Sets the largest size of files this process may write; the hard limit stays.
fn limit_files(soft: &str) {
    let pid = std::process::id().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={soft}")]).status();
    assert!(set.unwrap().success());
}

async fn until_told(shop: &Shop, code: TroubleCode) {
    shop.until("the seller is told", async || {
        shop.view().await.trouble.is_some_and(|trouble| trouble.code == code)
    })
    .await;
}

async fn until_well(shop: &Shop) {
    shop.until("all is well again", async || {
        let view = shop.view().await;
        view.trouble.is_none() && view.mode == Mode::Live
    })
    .await;
}

fn is_sound(folder: &Path) -> bool {
    let db = rusqlite::Connection::open(folder.join("prilavok.db")).unwrap();
    db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap() == "ok"
}

async fn nothing_is_lost_and_nothing_doubled(disk: &Disk) {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;

    // A reply is under way when the disk becomes full: Avito takes it, and that cannot be noted.
    let slow = FaultKind::Slow { millis: 700, processed: true };
    shop.sim.faults().set(Fault::new(slow).on_route("postSendMessage").times(1));
    shop.sim.faults().set(Fault::new(FaultKind::EchoOff).times(1));
    shop.core.send_text(chat, "в пути").await.unwrap();
    shop.until_avito("Avito has the reply", |sim| sim.posted_count("в пути") == 1).await;
    disk.fill();

    let refused = |sim: &avito_sim::Sim| {
        sim.deliveries().iter().any(|delivery| delivery.status == Some(503))
            && sim.deliveries().iter().all(|delivery| delivery.status.is_some())
    };
    shop.sim.shift_clock(1);
    shop.buyer_writes(&avito, "на полном диске");
    shop.until_avito("the delivery is refused in time", refused).await;
    until_told(&shop, disk.trouble()).await;
    assert!(shop.view().await.trouble.unwrap().retry_at_ms.is_some(), "it goes on by itself");
    // What the seller writes now is refused and told, not half taken.
    assert_eq!(shop.core.send_text(chat, "ответ").await.unwrap_err().code(), disk.code());
    assert_eq!(shop.core.save_composer(chat, "отв".into()).await.unwrap_err().code(), disk.code());
    // Reading goes on.
    assert_eq!(shop.list().await.len(), 1);
    assert_eq!(shop.sim.posted_count("ответ"), 0);

    disk.free();
    until_well(&shop).await;
    shop.until("nothing waits", async || shop.view().await.outbox_waiting == 0).await;
    assert_eq!(shop.sim.posted_count("в пути"), 1, "sent again");
    shop.until("what was refused has come", async || {
        shop.texts(chat).await == ["Здравствуйте", "в пути", "на полном диске"]
    })
    .await;
    shop.send(chat, "ответ").await;
    assert_eq!(shop.sim.posted_count("ответ"), 1);
    assert_eq!(shop.texts(chat).await, shop.at_avito(&avito));

    // A start on a full disk says so and harms nothing.
    shop.core.close().await;
    disk.fill();
    let refused = try_open(shop.folder.path(), &shop.setup).await.err().unwrap();
    // What SQLite cannot make longer counts as a full disk, also at a limit.
    assert!(refused == disk.code() || (disk.limit && refused == ErrorCode::DiskFull), "{refused:?}");
    disk.free();
    assert!(is_sound(shop.folder.path()));
    let core = open(shop.folder.path(), &shop.setup).await;
    let texts: Vec<_> = core.messages(chat, None, 50).await.unwrap().rows;
    assert_eq!(texts.len(), 4);
    core.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by on_a_full_disk_… and on_a_failing_disk_…, each with a disk of its own"]
async fn on_the_disk() {
    nothing_is_lost_and_nothing_doubled(&Disk::here()).await;
}

#[test]
fn on_a_full_disk_nothing_is_lost_or_doubled_it_is_told_and_all_goes_on_when_there_is_space() {
    on_a_small_disk("knocks::disk::on_the_disk");
}

#[test]
fn on_a_failing_disk_nothing_is_lost_or_doubled_it_is_told_and_all_goes_on_when_it_answers() {
    run_alone(&LIMITED, "knocks::disk::on_the_disk", &[(MEANS, "limit")]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run on a disk of its own by a_folder_that_takes_no_writing_is_told_at_the_start_and_left_as_it_is"]
async fn on_a_write_protected_disk() {
    let shop = Shop::live().await;
    shop.chat("Анна", "Здравствуйте").await;
    shop.core.close().await;
    let path = shop.folder.path().join("prilavok.db");
    let before = fs::read(&path).unwrap();
    let on_disk = std::env::var(MEANS).unwrap() == "disk";
    protect(shop.folder.path(), on_disk, true);
    let refused = try_open(shop.folder.path(), &shop.setup).await.err();
    protect(shop.folder.path(), on_disk, false);
    assert_eq!(refused, Some(ErrorCode::DiskReadOnly));
    assert_eq!(fs::read(&path).unwrap(), before);
    let core = open(shop.folder.path(), &shop.setup).await;
    assert_eq!(core.list_chats(crate::support::all_chats()).await.unwrap().rows.len(), 1);
    core.close().await;
}

fn protect(folder: &Path, on_disk: bool, protected: bool) {
    use std::os::unix::fs::PermissionsExt as _;
    if on_disk {
        let options = if protected { "remount,ro" } else { "remount,rw" };
        let done = Command::new("mount").args(["-o", options]).arg(std::env::temp_dir()).status();
        assert!(done.unwrap().success());
        return;
    }
    let mode = |writable, locked| fs::Permissions::from_mode(if protected { locked } else { writable });
    fs::set_permissions(folder.join("prilavok.db"), mode(0o600, 0o400)).unwrap();
    fs::set_permissions(folder.join("outbox"), mode(0o700, 0o500)).unwrap();
    fs::set_permissions(folder, mode(0o700, 0o500)).unwrap();
}

#[test]
fn a_folder_that_takes_no_writing_is_told_at_the_start_and_left_as_it_is() {
    on_a_small_disk("knocks::disk::on_a_write_protected_disk");
}
