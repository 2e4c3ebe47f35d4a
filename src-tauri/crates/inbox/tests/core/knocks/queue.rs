//! A long queue at the start, and large archives that are removed.

use std::time::{Duration, Instant};

use inbox::view::Mode;
use inbox::{Alert, Timing};

use super::run_alone;
use crate::support::{PATIENCE, Setup, Shop, all_chats, empty_sim, timing};

/// Deliveries in the journal, and the chats they belong to.
const EVENTS: usize = 100_000;
const CHATS: usize = 500;
/// What taking them in may add to the process: far less than the deliveries themselves.
const MEMORY_KB: u64 = 64 * 1024;

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn body(shop: &Shop, number: usize, chat: usize, sent_s: i64) -> Vec<u8> {
    let value = serde_json::json!({
        "id": format!("m{number}"), "chat_id": format!("u2i-{chat}"), "user_id": shop.seller.user_id,
        "author_id": 7_000_000 + chat, "created": sent_s, "type": "text", "chat_type": "u2i",
        "content": {"text": format!("сообщение {number}")},
    });
    serde_json::json!({"id": format!("e{number}"), "payload": {"type": "message", "value": value}})
        .to_string()
        .into_bytes()
}

/// So many deliveries of so many chats that were answered 200 and not taken in when the program was killed.
fn queue(shop: &Shop, now_s: i64, events: usize, chats: usize) {
    let mut db = rusqlite::Connection::open(shop.folder.path().join("prilavok.db")).unwrap();
    let transaction = db.transaction().unwrap();
    for number in 0..events {
        let body = body(shop, number, number % chats, now_s + i64::try_from(number / chats).unwrap());
        transaction
            .prepare_cached("INSERT INTO events (account, received_ms, body, size) VALUES (?1, ?2, ?3, ?4)")
            .unwrap()
            .execute((shop.account.0, now_s * 1000, &body, i64::try_from(body.len()).unwrap()))
            .unwrap();
    }
    transaction.commit().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_of_a_long_queue_are_begun_when_it_is_taken_in_and_not_anew_with_each_part_of_it() {
    let (events, chats) = (3000, 5);
    // However long this machine takes for it.
    let timing = Timing { intake_patience: Duration::from_secs(3600), ..timing() };
    let shop = Shop::new(empty_sim().await, Setup { timing, ..Setup::default() }).await;
    shop.until("live", async || shop.view().await.mode == Mode::Live).await;
    shop.chat("Анна", "Здравствуйте").await;
    shop.core.close().await;
    queue(&shop, shop.sim.now(), events, chats);
    shop.sim.pause().await;
    let shop = shop.reopen().await;
    let mut notices = shop.core.notices();
    let begun = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = begun.clone();
    let counting = tokio::spawn(async move {
        while let Ok(notice) = notices.recv().await {
            let of_draft = matches!(notice, inbox::view::Notice::Draft { .. });
            counted.fetch_add(usize::from(of_draft), std::sync::atomic::Ordering::SeqCst);
        }
    });
    shop.until("all of it is taken in", async || {
        let last = format!("сообщение {}", events - 1);
        shop.list().await.iter().any(|row| row.preview.as_ref().is_some_and(|shown| shown.text == last))
    })
    .await;
    let begun = begun.load(std::sync::atomic::Ordering::SeqCst);
    counting.abort();
    // Thirty parts with messages of every chat; each chat's draft may be begun, made and told of once, and once more.
    assert!(begun <= 4 * chats, "{begun} notices of drafts before the queue was taken in");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run as a process of its own, to measure its memory, by a_hundred_thousand_deliveries_queued_at_the_start_…"]
async fn a_long_queue() {
    let shop = Shop::live().await;
    shop.chat("Анна", "Здравствуйте").await;
    shop.core.close().await;
    queue(&shop, shop.sim.now(), EVENTS, CHATS);
    shop.sim.pause().await; // what is taken in comes from the journal alone
    let before_kb = resident_kb();
    let started = Instant::now();
    let mut shop = shop.reopen().await;
    // Usable at once: the list, a thread, a half-typed text, while nearly everything still waits.
    let rows = shop.list().await;
    let usable_ms = started.elapsed().as_millis();
    shop.core.save_composer(rows[0].id, "пишу".into()).await.unwrap();
    let taken = |shop: &Shop| {
        let core = shop.core.clone();
        async move { core.list_chats(all_chats()).await.unwrap().total }
    };
    shop.until("the chats are there", async || taken(&shop).await as usize > CHATS).await;
    let peak = std::sync::atomic::AtomicU64::new(0);
    let last = format!("u2i-{}", CHATS - 1);
    let begun = Instant::now();
    // Far longer than it takes; the number of deliveries is what makes it long.
    while shop.core.find_chat(None, &last).await.is_err() || open_events(&shop) > 0 {
        peak.fetch_max(resident_kb(), std::sync::atomic::Ordering::Relaxed);
        assert!(begun.elapsed() < 10 * PATIENCE, "{} deliveries still wait", open_events(&shop));
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let took = started.elapsed();
    let grown_kb = peak.into_inner().saturating_sub(before_kb);
    println!(
        "{EVENTS} deliveries: usable after {usable_ms} ms, taken in at {:.0} a second, memory grew by {} MB",
        EVENTS as f64 / took.as_secs_f64(),
        grown_kb / 1024
    );
    assert!(grown_kb < MEMORY_KB, "memory grew by {grown_kb} kB");
    let chat = shop.core.find_chat(None, &last).await.unwrap();
    assert_eq!(shop.thread(chat).await.len(), EVENTS / CHATS);
    // One word about all of them.
    let Alert::Burst { messages, chats } = shop.next_alert().await else { panic!("no burst") };
    assert_eq!((messages as usize, chats as usize), (EVENTS, CHATS));
    assert!(shop.alerts.try_recv().is_err(), "a second alert");
    shop.core.close().await;
}

fn open_events(shop: &Shop) -> i64 {
    let db = rusqlite::Connection::open(shop.folder.path().join("prilavok.db")).unwrap();
    db.query_row("SELECT count(*) FROM events WHERE state = 0", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_hundred_thousand_deliveries_queued_at_the_start_are_all_taken_in_and_told_once() {
    run_alone(&[], "knocks::queue::a_long_queue", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_removing_a_large_archive_does_not_hold_up_another_accounts_deliveries() {
    let shop = Shop::live().await;
    let second = shop.sim.add_account("Вторая лавка");
    let large = shop.core.add_account(&crate::support::key(&second, &shop.sim.base_url())).await.unwrap().id;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    fill(&shop, large.0, 40_000);
    let core = shop.core.clone();
    let removing = tokio::spawn(async move { core.remove_account(large, false).await });
    let mut during = 0;
    while !removing.is_finished() {
        shop.buyer_writes_later(&avito, &format!("сообщение {during}"));
        during += 1;
        let expected = during + 1;
        shop.until("it has come", async || shop.texts(chat).await.len() == expected).await;
    }
    removing.await.unwrap().unwrap();
    assert!(during > 1, "the removal was over at once: nothing is proved");
    assert!(shop.sim.deliveries().iter().all(|delivery| delivery.status.is_none_or(|status| status == 200)));
    assert_eq!(left(&shop, large.0), 0);
    assert_eq!(shop.view().await.mode, Mode::Live);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_cut_short_by_a_kill_is_finished_at_the_next_start() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Анна", "Здравствуйте").await;
    let second = shop.sim.add_account("Вторая лавка");
    let large = shop.core.add_account(&crate::support::key(&second, &shop.sim.base_url())).await.unwrap().id;
    fill(&shop, large.0, 10_000);
    shop.core.close().await;
    // As a kill in the middle leaves it.
    let db = rusqlite::Connection::open(shop.folder.path().join("prilavok.db")).unwrap();
    db.execute("UPDATE accounts SET removed_ms = 1 WHERE id = ?1", [large.0]).unwrap();
    db.execute("DELETE FROM messages WHERE account = ?1 AND id % 2 = 0", [large.0]).unwrap();
    db.execute("INSERT INTO settings (key, value) VALUES ('removing', ?1)", [format!("[{}]", large.0)])
        .unwrap();
    drop(db);
    let shop = shop.reopen().await;
    shop.until("nothing of it is left", async || left(&shop, large.0) == 0).await;
    assert_eq!(shop.core.account_views().await.unwrap().len(), 1);
    assert_eq!(shop.texts(chat).await, shop.at_avito(&avito));
}

/// Messages for an account, put there by hand.
fn fill(shop: &Shop, account: i64, messages: usize) {
    let mut db = rusqlite::Connection::open(shop.folder.path().join("prilavok.db")).unwrap();
    db.busy_timeout(PATIENCE).unwrap();
    let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    for chat in 0..messages / 100 {
        transaction
            .execute(
                "INSERT INTO chats (account, avito_id) VALUES (?1, ?2)",
                (account, format!("u2i-x{chat}")),
            )
            .unwrap();
        let id = transaction.last_insert_rowid();
        for number in 0..100 {
            transaction
                .execute(
                    "INSERT INTO messages (account, chat, avito_id, outgoing, sent_s, kind, json, source, first_seen_ms)
                     VALUES (?1, ?2, ?3, 0, ?4, 'text', '{}', 0, 0)",
                    (account, id, format!("x{chat}-{number}"), number),
                )
                .unwrap();
        }
    }
    transaction.commit().unwrap();
}

fn left(shop: &Shop, account: i64) -> i64 {
    let db = rusqlite::Connection::open(shop.folder.path().join("prilavok.db")).unwrap();
    let count = |table: &str| -> i64 {
        let column = if table == "accounts" { "id" } else { "account" };
        db.query_row(&format!("SELECT count(*) FROM {table} WHERE {column} = ?1"), [account], |row| {
            row.get(0)
        })
        .unwrap()
    };
    ["messages", "chats", "events", "outbox", "media", "accounts"].into_iter().map(count).sum()
}
