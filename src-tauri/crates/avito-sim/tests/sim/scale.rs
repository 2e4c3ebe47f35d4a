//! Large archives.

use avito_sim::Fill;

use crate::common::Shop;

#[tokio::test]
async fn an_archive_of_eleven_hundred_chats_is_walked_to_its_reachable_end() {
    let shop = Shop::empty().await;
    let ids = shop.sim.fill(shop.user_id, Fill { chats: 1150, messages: 1000, days: 365 });
    assert_eq!(ids.len(), 1150);
    let mut seen = std::collections::BTreeSet::new();
    for offset in (0..=1000).step_by(100) {
        let (status, page) =
            shop.get(&format!("/messenger/v2/accounts/{{u}}/chats?limit=100&offset={offset}")).await;
        assert_eq!(status, 200);
        assert_eq!(page["meta"]["has_more"], true);
        seen.extend(
            page["chats"].as_array().unwrap().iter().map(|chat| chat["id"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(seen.len(), 1100);
    assert!(!seen.contains(&ids[0]), "the oldest chats are out of reach");
    assert!(seen.contains(ids.last().unwrap()));
    let (_, page) = shop.get(&format!("{}?limit=100&offset=900", shop.list_path(&ids[600]))).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 100);
    assert_eq!(
        shop.get("/messenger/v2/accounts/{u}/chats?unread_only=true").await.1["chats"],
        serde_json::json!([])
    );
}
