use serde_json::json;

use super::*;
use crate::alerts::Alert;
use crate::testing::idle_core;

#[tokio::test]
async fn what_arrives_while_its_account_is_not_at_work_is_told_all_the_same() {
    let (_folder, core) = idle_core().await;
    let mut alerts = core.alerts().unwrap();
    // It is in the archive and not at work, as while its key is replaced.
    let delivered = |connection: &Connection| {
        let new = accounts::NewAccount {
            user_id: 7,
            name: String::new(),
            client_id: String::new(),
            api_url: None,
            calls_per_minute: 60,
            added_ms: 1_000_000,
        };
        let account = accounts::add(connection, &new)?;
        for (id, created) in [("m1", 900), ("m2", 1_000)] {
            let message = json!({"id": id, "chat_id": "u2i-1", "user_id": 7, "author_id": 8, "created": created,
                "type": "text", "content": {"text": "Продаёте?"}, "direction": "in"});
            let body = json!({"id": id, "payload": {"type": "message", "value": message}}).to_string();
            events::append(connection, account, 1_000_000, body.as_bytes(), None)?;
        }
        Ok(())
    };
    core.inner.store.write(delivered).await.unwrap();
    assert!(core.accounts().is_empty());

    let mut news = News::new();
    assert_eq!(take_batch(&core, BATCH, &mut news).await.unwrap(), 2);
    alert(&core, news).await;
    let told = alerts.try_recv().unwrap();
    // The older one is from before the account was connected.
    assert!(matches!(told, Alert::Message { count: 1, .. }), "{told:?}");
    assert!(alerts.try_recv().is_err());
}
