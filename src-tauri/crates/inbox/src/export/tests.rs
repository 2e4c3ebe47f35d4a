use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;

const HOSTILE: &str =
    "<script>alert('x')</script><img src=https://evil.example/x onerror=alert(1)> \u{0} & \"q\"";

/// A database and a shop folder with two accounts, and pictures of which one is in the cache.
struct Archive {
    dir: tempfile::TempDir,
    connection: Connection,
}

impl Archive {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("shop/media")).unwrap();
        fs::write(dir.path().join("shop/media/2"), b"\x89PNG\r\n\x1a\n1234").unwrap();
        let connection = crate::store::testing();
        connection
            .execute_batch(
                "INSERT INTO accounts (id, user_id, name, client_id, added_ms) VALUES (1, 77, 'Лавка', 'a', 0);
                 INSERT INTO accounts (id, user_id, name, client_id, added_ms, removed_ms) VALUES (2, 88, 'Вело', 'b', 0, 1);
                 INSERT INTO media (id, account, address, fetched_ms) VALUES (1, 1, 'https://img/small', NULL);
                 INSERT INTO media (id, account, address, fetched_ms) VALUES (2, 1, 'https://img/large', 1);
                 INSERT INTO media (id, account, address, fetched_ms) VALUES (3, 1, 'voice:v1', NULL);",
            )
            .unwrap();
        let archive = Self { dir, connection };
        archive.chat(1, 1, "u2i-1", "Анна <b>", 5_000);
        archive.chat(2, 2, "u2i-2", "Борис", 9_000);
        archive
    }

    fn chat(&self, id: i64, account: i64, avito_id: &str, buyer: &str, updated_ms: i64) {
        self.connection
            .execute(
                "INSERT INTO chats (id, account, avito_id, buyer_name, buyer_id, item_id, item_title, updated_ms)
                 VALUES (?1, ?2, ?3, ?4, 5, 9007199254740993, 'Самовар', ?5)",
                (id, account, avito_id, buyer, updated_ms),
            )
            .unwrap();
    }

    fn message(&self, chat: i64, account: i64, sent_s: i64, kind: &str, content: Value, text: &str) {
        let number: i64 =
            self.connection.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
        let raw = json!({"id": format!("m{number}"), "type": kind, "author_id": 5, "created": sent_s,
            "direction": "in", "content": content});
        self.connection
            .execute(
                "INSERT INTO messages (account, chat, avito_id, author_id, outgoing, sent_s, kind, text, json, source, first_seen_ms)
                 VALUES (?1, ?2, ?3, 5, 0, ?4, ?5, ?6, ?7, 3, 0)",
                (account, chat, format!("m{number}"), sent_s, kind, text, raw.to_string()),
            )
            .unwrap();
    }

    fn text(&self, chat: i64, account: i64, sent_s: i64, text: &str) {
        self.message(chat, account, sent_s, "text", json!({"text": text}), text);
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("export")
    }

    fn export(&self, format: ExportFormat, account: Option<i64>) -> Result<ExportReport, BackupError> {
        let request = ExportRequest {
            out: self.out(),
            format,
            account: account.map(AccountId),
            pictures: true,
            english: false,
        };
        let job = Arc::new(Job::new(CancellationToken::new(), |_, _| ()));
        export(&self.connection, &self.dir.path().join("shop"), &request, 0, &job)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.out().join(name)).unwrap()
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        self.read(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn json_lines_hold_every_message_with_its_chat_and_its_raw_form() {
    let archive = Archive::new();
    archive.text(1, 1, 1_700_000_000, "Первое\nвторая строка");
    archive.text(1, 1, 1_700_000_060, "Второе");
    let sizes =
        json!({"image": {"sizes": {"640x480": "https://img/small", "1280x960": "https://img/large"}}});
    archive.message(1, 1, 1_700_000_120, "image", sizes, "");
    archive.message(1, 1, 1_700_000_130, "voice", json!({"voice": {"voice_id": "v1"}}), "");
    archive.text(2, 2, 1_700_000_000, "Чужой аккаунт");
    let report = archive.export(ExportFormat::Jsonl, None).unwrap();
    assert_eq!((report.chats, report.messages, report.files, report.missing_files), (2, 5, 1, 1));

    let chats = archive.lines("chats.jsonl");
    assert_eq!((&chats[0]["chat"], &chats[1]["chat"]), (&json!("u2i-2"), &json!("u2i-1")), "newest first");
    assert_eq!(chats[1]["item"]["id"], "9007199254740993", "no digit is lost");
    assert_eq!((&chats[1]["account"], &chats[1]["messages"]), (&json!("77"), &json!(4)));
    let messages = archive.lines("account-77.jsonl");
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[0]["text"], "Первое\nвторая строка");
    assert_eq!(
        (&messages[0]["sent"], &messages[0]["sentS"]),
        (&json!("2023-11-14T22:13:20Z"), &json!(1_700_000_000))
    );
    assert_eq!(
        (&messages[0]["direction"], &messages[0]["buyer"]["name"]),
        (&json!("in"), &json!("Анна <b>"))
    );
    assert_eq!(messages[0]["raw"]["content"]["text"], "Первое\nвторая строка");
    assert_eq!(messages[2]["media"], json!(["media/2.png"]));
    assert_eq!(messages[3]["media"], json!([]));
    assert!(archive.out().join("media/2.png").exists());
    assert_eq!(archive.lines("account-88.jsonl").len(), 1);
}

#[test]
fn one_account_alone_can_be_exported() {
    let archive = Archive::new();
    archive.text(1, 1, 1, "наше");
    archive.text(2, 2, 1, "другое");
    let report = archive.export(ExportFormat::Jsonl, Some(1)).unwrap();
    assert_eq!((report.chats, report.messages), (1, 1));
    assert!(!archive.out().join("account-88.jsonl").exists());
}

#[test]
fn invariant_9_what_buyers_wrote_is_text_in_the_pages_and_nothing_comes_from_elsewhere() {
    let archive = Archive::new();
    archive.chat(3, 1, "u2i-3", HOSTILE, 1);
    archive.text(3, 1, 1_700_000_000, HOSTILE);
    archive.message(
        3,
        1,
        1_700_000_001,
        "link",
        json!({"link": {"text": "t", "url": "javascript:alert(1)"}}),
        "t",
    );
    archive.message(1, 1, 1_700_000_002, "voice", json!({"voice": {"voice_id": "v1"}}), "");
    let sizes = json!({"image": {"sizes": {"1280x960": "https://img/large"}}});
    archive.message(1, 1, 1_700_000_003, "image", sizes, "");
    let report = archive.export(ExportFormat::Html, None).unwrap();
    assert_eq!((report.chats, report.files, report.missing_files), (3, 1, 1));
    for page in ["index.html", "chats/1.html", "chats/3.html"] {
        let page = archive.read(page);
        let tags: Vec<&str> =
            page.split('<').skip(1).map(|tag| tag.split(['>', ' ', '\n']).next().unwrap()).collect();
        assert!(!tags.contains(&"script"), "{page}");
        for address in page.split("href=\"").skip(1).chain(page.split("src=\"").skip(1)) {
            let address = address.split('"').next().unwrap();
            assert!(!address.contains(':'), "{address} leads elsewhere");
        }
        assert!(page.contains("default-src 'none'") && !page.contains('\u{0}'));
    }
    let chat = archive.read("chats/3.html");
    assert!(chat.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), "{chat}");
    assert!(archive.read("index.html").contains("href=\"chats/3.html\""));
    let with_picture = archive.read("chats/1.html");
    assert!(with_picture.contains("src=\"../media/2.png\"") && with_picture.contains("его здесь нет"));
}

#[test]
fn a_chat_of_ten_thousand_messages_becomes_pages_that_lead_to_each_other() {
    let archive = Archive::new();
    archive.connection.execute_batch("BEGIN").unwrap();
    for number in 0..10_000 {
        archive.text(1, 1, 1_700_000_000 + number, &format!("сообщение {number}."));
    }
    archive.connection.execute_batch("COMMIT").unwrap();
    archive.export(ExportFormat::Html, None).unwrap();
    let last = archive.read("chats/1-10.html");
    assert!(last.contains("сообщение 9999.") && !last.contains("сообщение 8999."));
    assert!(last.contains("href=\"1-9.html\"") && !last.contains("href=\"1-11.html\""));
    let first = archive.read("chats/1.html");
    assert!(first.contains("сообщение 0.") && first.contains("href=\"1-2.html\""));
    let all: usize = (1..=10)
        .map(|page| if page == 1 { "chats/1.html".to_owned() } else { format!("chats/1-{page}.html") })
        .map(|name| archive.read(&name).matches("class=\"message\"").count())
        .sum();
    assert_eq!(all, 10_000);
}

#[test]
fn an_export_overwrites_nothing_and_leaves_nothing_half_done() {
    let archive = Archive::new();
    archive.text(1, 1, 1, "слово");
    fs::create_dir(archive.out()).unwrap();
    archive.export(ExportFormat::Html, None).unwrap();
    assert!(matches!(archive.export(ExportFormat::Html, None), Err(BackupError::Exists)));
    fs::remove_dir_all(archive.out()).unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    let request = ExportRequest {
        out: archive.out(),
        format: ExportFormat::Jsonl,
        account: None,
        pictures: false,
        english: true,
    };
    let job = Job::new(stop, |_, _| ());
    let stopped = export(&archive.connection, &archive.dir.path().join("shop"), &request, 0, &job);
    assert!(matches!(stopped, Err(BackupError::Cancelled)));
    assert_eq!(fs::read_dir(archive.dir.path()).unwrap().count(), 1, "only the shop");
}

#[test]
fn an_empty_archive_gives_a_page_that_says_so() {
    let archive = Archive::new();
    archive.connection.execute_batch("DELETE FROM chats").unwrap();
    archive.export(ExportFormat::Html, None).unwrap();
    assert!(archive.read("index.html").contains("Чатов: 0, сообщений: 0"));
}
