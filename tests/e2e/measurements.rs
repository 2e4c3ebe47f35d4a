//! The measurements of `cargo xtask bench`, in small: that they measure and find what they sent, not what comes of it. The recorded
//! runs are in `docs/performance.md`.

use bench::archive::{Archive, Form, Size};
use bench::{catchup, memory, page, search, start, thread, tunnel, webhook};
use clap::Parser;

use crate::support::app_file;

/// Options as the command line gives them.
#[derive(Parser)]
struct Line<T: clap::Args> {
    #[command(flatten)]
    options: T,
}

fn options<T: clap::Args>(line: &[&str]) -> T {
    Line::<T>::parse_from(line).options
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

#[test]
fn a_made_archive_is_opened_by_the_program_with_all_its_messages() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let size = Size { chats: 300, messages: 2_000 };
        let archive = Archive::at(&app_file(), folder.path(), size, Form::Encrypted).await.unwrap();
        let sim = archive.avito().await.unwrap();
        let running = archive.program().unwrap().headless().await.unwrap();
        running.door.wait_for_mode("live").await.unwrap();
        let listed = running
            .door
            .ask(serde_json::json!({"do": "chats", "account": null, "unreadOnly": false, "limit": 1}));
        let chat = listed.await.unwrap()[0]["avitoId"].as_str().unwrap().to_owned();
        assert_eq!(running.door.message_ids(&chat, 500).await.unwrap().len(), 500);
        running.stop().await.unwrap();
        let store = archive.store().await.unwrap();
        let count =
            store.read(|c| Ok(c.query_row("SELECT count(*) FROM messages", [], |row| row.get::<_, i64>(0))?));
        // The stand-in's own chats have come in beside them.
        assert!(count.await.unwrap() >= 2_000);
        store.close().await;
        sim.stop().await;
    });
}

#[test]
fn what_a_tunnel_adds_to_a_delivery_is_measured_without_losing_any() {
    block_on(async {
        let options =
            options::<tunnel::Options>(&["bench", "--rounds", "1", "--seconds", "1", "--burst", "300"]);
        let figures = tunnel::run(&app_file(), &options).await.unwrap();
        assert_eq!(figures["kept"], 2 * (200 + 300));
        assert!(figures["through"]["steady_p50_ms"].as_f64().unwrap() > 0.0, "{figures}");
    });
}

#[test]
fn a_catch_up_makes_no_more_calls_than_it_needs() {
    block_on(async {
        let options =
            options::<catchup::Options>(&["bench", "--chats", "20", "--changed", "5", "--rounds", "1"]);
        let figures = catchup::run(&app_file(), &options).await.unwrap();
        assert_eq!(
            (figures["list_calls"].as_f64(), figures["message_calls"].as_f64()),
            (Some(1.0), Some(5.0))
        );
    });
}

#[test]
fn deliveries_are_counted_and_all_of_them_are_found_in_the_archive() {
    block_on(async {
        let line = ["bench", "--alone", "--rounds", "1", "--seconds", "1", "--burst", "60", "--flood", "300"];
        let folder = tempfile::tempdir().unwrap();
        let figures = webhook::run(&app_file(), folder.path(), &options(&line)).await.unwrap();
        assert_eq!(figures["kept"], 560);
        assert!(figures["ours"]["steady_p99_ms"].as_f64().unwrap() > 0.0);
    });
}

#[test]
fn windows_on_a_small_archive_are_measured_from_start_to_rest() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let size = ["--chats", "60", "--messages", "600"];
        let with = |more: &[&'static str]| [&["bench"], &size[..], more].concat();
        let app = app_file();
        let line = with(&["--rounds", "5", "--encrypted-only"]);
        let asked = thread::run(&app, folder.path(), &options(&line)).await.unwrap();
        assert_eq!(asked["encrypted"]["open_long"]["count"], 5);
        let found = search::run(&app, folder.path(), &options(&with(&["--rounds", "2"]))).await.unwrap();
        assert_eq!(found["all"]["count"], 12);
        let shown = page::run(&app, folder.path(), &options(&with(&["--rounds", "3"]))).await.unwrap();
        assert_eq!((shown["bubble"]["count"].as_u64(), shown["row"]["count"].as_u64()), (Some(3), Some(3)));
        let line = with(&["--rounds", "1", "--encrypted-only"]);
        let started = start::run(&app, folder.path(), &options(&line)).await.unwrap();
        assert!(started["large"]["p50"].as_f64().unwrap() > 0.0);
        let line =
            with(&["--rounds", "1", "--settle", "0", "--rest", "1", "--pause", "0", "--events", "100"]);
        let held = memory::run(&app, folder.path(), &options(&line)).await.unwrap();
        assert!(held["large"]["rss_mb"].as_f64().unwrap() > held["large"]["pss_mb"].as_f64().unwrap());
    });
}
