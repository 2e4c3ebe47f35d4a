//! The command line talks to the running program.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use avito_sim::{Fault, FaultKind};
use inbox::DataFolder;
use inbox::control::{Request, client, server};
use inbox::view::ErrorCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::Shop;

async fn ask(folder: &DataFolder, request: Request) -> Result<Value, inbox::view::UiError> {
    client::ask(folder, &request).await.expect("a program runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_carried_out_by_the_running_program() {
    let shop = Shop::live().await;
    let (avito, chat) = shop.chat("Марина", "Продаёте?").await;
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(root.path()).unwrap();
    let shown = Arc::new(AtomicUsize::new(0));
    let counter = shown.clone();
    let show = Arc::new(move || {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let control = server::serve(&folder, &shop.core, Some(show)).await.unwrap();

    let status = ask(&folder, Request::Status).await.unwrap();
    assert_eq!(
        (&status["running"], &status["accounts"][0]["userId"]),
        (&json!(true), &json!(shop.seller.user_id))
    );
    let chats = ask(&folder, Request::Chats { account: None, unread_only: true, limit: 10 }).await.unwrap();
    assert_eq!(chats[0]["avitoId"], json!(avito));
    for name in [avito.clone(), chat.to_string()] {
        let messages =
            ask(&folder, Request::Messages { account: None, chat: name, limit: 10 }).await.unwrap();
        assert_eq!(messages[0]["body"]["text"], json!("Продаёте?"));
    }
    let send = Request::Send { account: None, chat: avito.clone(), text: "Да".into(), wait_ms: 30_000 };
    assert_eq!(ask(&folder, send).await.unwrap()["delivery"]["state"], json!("sent"));
    assert_eq!(shop.at_avito(&avito), ["Продаёте?", "Да"]);
    let picture = root.path().join("вид сбоку.png");
    let send = |file: &Path| Request::SendImage {
        account: None,
        chat: avito.clone(),
        file: file.to_owned(),
        wait_ms: 30_000,
    };
    let refused = ask(&folder, send(&picture)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadImage, "no such file");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02").unwrap();
    assert_eq!(ask(&folder, send(&picture)).await.unwrap()["delivery"]["state"], json!("sent"));
    assert_eq!(shop.at_avito(&avito), ["Продаёте?", "Да", "image"]);
    // Avito tells of the picture as well; what it told is taken in a moment later.
    shop.until("nothing waits in the journal", async || {
        ask(&folder, Request::Status).await.unwrap()["journalWaiting"] == 0
    })
    .await;
    let entry = inbox::view::EntryInput {
        kind: inbox::view::SourceKind::Question,
        scope: inbox::view::Scope::default(),
        title: "Где забрать?".into(),
        text: "На Лесной, 4, с десяти до шести.".into(),
        url: None,
    };
    let added = ask(&folder, Request::KnowledgeAdd { entry }).await.unwrap();
    let source = serde_json::from_value(added["added"][0].clone()).unwrap();
    let search = || Request::KnowledgeSearch {
        scope: inbox::view::Scope::default(),
        question: "где забирать".into(),
    };
    let trial = ask(&folder, search()).await.unwrap();
    assert_eq!(trial["passages"][0]["source"], json!(source));
    let list = ask(&folder, Request::KnowledgeList { words: "лесной".into() }).await.unwrap();
    assert_eq!(list[0]["title"], json!("Где забрать?"));
    ask(&folder, Request::KnowledgeRemove { source }).await.unwrap();
    assert_eq!(ask(&folder, search()).await.unwrap()["passages"], json!([]));
    let missing = Request::Messages { account: None, chat: "u2i-none".into(), limit: 1 };
    assert_eq!(ask(&folder, missing).await.unwrap_err().code, ErrorCode::NotFound);
    ask(&folder, Request::ShowWindow).await.unwrap();
    assert_eq!(shown.load(Ordering::Relaxed), 1);
    let list = ask(&folder, Request::AccountList).await.unwrap();
    assert_eq!(list.as_array().unwrap().len(), 1);
    let other = shop.sim.add_account("Велодвор");
    let add = Request::AccountAdd {
        client_id: other.client_id,
        client_secret: other.client_secret,
        api_url: Some(shop.sim.base_url()),
        calls_per_minute: None,
    };
    let added = ask(&folder, add).await.unwrap();
    assert_eq!(added["name"], json!("Велодвор"));
    let account = serde_json::from_value(added["id"].clone()).unwrap();
    ask(&folder, Request::AccountRemove { account, keep_archive: false }).await.unwrap();

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.control()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "only the owner can read the token");
    }
    drop(control);
    assert!(!folder.control().exists());
    assert!(client::ask(&folder, &Request::Status).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_is_ended_though_the_command_line_hangs_up() {
    let shop = Shop::live().await;
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(root.path()).unwrap();
    let _control = server::serve(&folder, &shop.core, None).await.unwrap();
    let reach: Value = serde_json::from_slice(&std::fs::read(folder.control()).unwrap()).unwrap();
    let hooks = || shop.sim.subscriptions(shop.seller.user_id).len();
    assert_eq!(hooks(), 1);
    shop.sim
        .faults()
        .set(Fault::once(FaultKind::Slow { millis: 700, processed: true }).on_route("getSubscriptions"));
    let body = serde_json::to_string(&Request::WebhookUnregister { account: None }).unwrap();
    let mut line =
        tokio::net::TcpStream::connect(("127.0.0.1", reach["port"].as_u64().unwrap() as u16)).await.unwrap();
    let head = format!(
        "POST /control HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        reach["token"].as_str().unwrap(),
        body.len(),
    );
    line.write_all(head.as_bytes()).await.unwrap();
    shop.until("it has begun", async || !shop.core.line_view(shop.account).await.unwrap().wanted).await;
    assert_eq!(hooks(), 1);
    drop(line);
    shop.until("the address is taken back", async || hooks() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_runs_token_nothing_is_answered() {
    let shop = Shop::live().await;
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(root.path()).unwrap();
    let _control = server::serve(&folder, &shop.core, None).await.unwrap();
    let reach: Value = serde_json::from_slice(&std::fs::read(folder.control()).unwrap()).unwrap();
    let url = format!("http://127.0.0.1:{}/control", reach["port"]);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = async |token: Option<&str>, body: &str| {
        let request = http.post(&url).header("content-type", "application/json").body(body.to_owned());
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap().status().as_u16()
    };
    let status = r#"{"do":"status"}"#;
    let token = reach["token"].as_str().unwrap();
    assert_eq!(post(Some(token), status).await, 200);
    for wrong in [None, Some(""), Some("wrong"), Some(&token[1..])] {
        assert_eq!(post(wrong, status).await, 401, "{wrong:?}");
        // A stranger does not even learn what a request looks like.
        assert_eq!(post(wrong, "{}").await, 401, "{wrong:?}");
    }
    assert_eq!(http.get(&url).send().await.unwrap().status(), 405);
    assert!(matches!(post(Some(token), r#"{"do":"unknown"}"#).await, 400..=422));
    let window = client::ask(&folder, &Request::ShowWindow).await.unwrap();
    assert_eq!(window.unwrap_err().code, ErrorCode::NotFound, "headless");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_file_means_that_nothing_runs_and_tells_strangers_nothing() {
    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(root.path()).unwrap();
    assert!(client::ask(&folder, &Request::Status).await.is_none(), "no file");
    std::fs::write(folder.control(), "{").unwrap();
    assert!(client::ask(&folder, &Request::Status).await.is_none(), "half a file");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    std::fs::write(folder.control(), json!({"port": port, "token": "the-old-token"}).to_string()).unwrap();
    // Somebody else has the port now, and answers everything with 200.
    let stranger = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let count = stream.read(&mut heard).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{\"ok\":true}")
            .await
            .unwrap();
        String::from_utf8_lossy(&heard[..count]).into_owned()
    });
    let add = Request::AccountAdd {
        client_id: "id".into(),
        client_secret: "very-secret".into(),
        api_url: None,
        calls_per_minute: None,
    };
    assert!(client::ask(&folder, &add).await.is_none());
    let heard = stranger.await.unwrap();
    assert!(!heard.contains("very-secret") && !heard.contains("the-old-token"), "{heard}");
    // Now nobody listens there.
    assert!(client::ask(&folder, &add).await.is_none());
}
