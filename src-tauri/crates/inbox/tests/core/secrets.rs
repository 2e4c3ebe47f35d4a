//! Secrets stay in the keychain.

use std::io::Write;
use std::sync::{Arc, Mutex};

use avito_sim::{Fault, FaultKind};
use inbox::NewKey;
use inbox::view::ShopMode;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Shop, key};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_05_no_secret_is_in_the_database_the_log_an_error_or_a_view() {
    let log = Log::default();
    // Everything our crates say, at the finest level; other tests of this process only add lines of their own.
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("inbox=trace,avito=trace,avito_sim=off")
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let shop = Shop::live().await;
    let (_, chat) = shop.chat("Анна", "Здравствуйте").await;
    let webhook = shop.webhook().await;
    let path_secret = webhook.rsplit('/').next().unwrap().to_owned();
    assert_eq!(path_secret.len(), 64);
    let mut said = Vec::new();
    shop.send(chat, "Да").await;
    // Failures of every kind that could quote what was sent.
    for kind in [
        FaultKind::TokenRevoked,
        FaultKind::ServerErrorHtml { status: 500 },
        FaultKind::MalformedJson,
        FaultKind::CutBefore,
    ] {
        shop.sim.faults().set(Fault::once(kind));
        said.push(format!("{:?}", shop.send(chat, "Ещё").await));
    }
    let wrong = NewKey {
        client_secret: "неверный-секрет-0123456789".into(),
        ..key(&shop.seller, &shop.sim.base_url())
    };
    let error = shop.core.check_key(&wrong).await.unwrap_err();
    said.push(format!("{error} {error:?}"));
    let nowhere =
        NewKey { api_url: Some("http://user:пароль-в-адресе@127.0.0.1:1/".into()), ..wrong };
    let error = shop.core.check_key(&nowhere).await.unwrap_err();
    said.push(format!("{error} {error:?}"));
    shop.sim.faults().set(
        Fault::new(FaultKind::ServerError { status: 500, processed: false }).on_route("getSubscriptions"),
    );
    let shop = shop.reopen().await;
    shop.until("checked", async || shop.view().await.trouble.is_some()).await;
    let view = shop.core.app_view(ShopMode::Real, true).await.unwrap();
    said.push(serde_json::to_string(&view).unwrap());
    said.push(format!("{view:?}"));
    said.push(serde_json::to_string(&shop.list().await).unwrap());
    shop.core.close().await;

    let mut files = Vec::new();
    for entry in std::fs::read_dir(shop.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push((path.clone(), std::fs::read(path).unwrap()));
        }
    }
    assert!(files.iter().any(|(_, bytes)| !bytes.is_empty()));
    let log = log.0.lock().unwrap().clone();
    assert!(!log.is_empty(), "the log was listened to");
    let secrets =
        [shop.seller.client_secret.as_str(), &path_secret, "неверный-секрет-0123456789", "пароль-в-адресе"];
    for secret in secrets {
        let inside = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        for (path, bytes) in &files {
            assert!(!inside(bytes), "{secret} in {}", path.display());
        }
        let line = log.split(|byte| *byte == b'\n').find(|line| inside(line));
        assert!(line.is_none(), "{secret} in the log: {}", String::from_utf8_lossy(line.unwrap_or_default()));
        for text in &said {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
