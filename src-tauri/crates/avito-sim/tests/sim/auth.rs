//! Tokens, scopes, keys, tiers.

use std::time::Duration;

use avito_sim::{ExpiredAnswer, KeyOwner, PaymentAnswer, SimConfig, TokenRefusal};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Shop, read};

async fn token(shop: &Shop, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    read(shop.http.post(shop.url(path)).form(form).send().await.unwrap()).await
}

#[tokio::test]
async fn client_credentials_give_a_day_long_token_on_both_forms_of_the_path() {
    let shop = Shop::open().await;
    let seller = &shop.sim.accounts()[0];
    for path in ["/token", "/token/"] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", seller.client_id.as_str()),
            ("client_secret", seller.client_secret.as_str()),
        ];
        let (status, body) = token(&shop, path, &form).await;
        assert_eq!(status, 200);
        assert_eq!(body["expires_in"], 86_400);
        assert_eq!(body["token_type"], "Bearer");
        assert!(body.get("refresh_token").is_none());
    }
    let (status, body) = read(shop.http.get(shop.url("/token")).send().await.unwrap()).await;
    assert_eq!((status, body), (404, json!({"message": "no Route matched with those values"})));
}

#[tokio::test]
async fn wrong_credentials_are_refused_in_the_chosen_way() {
    let wrong = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "y")];
    let shop = Shop::open().await;
    assert_eq!(token(&shop, "/token", &wrong).await, (401, json!({"error": "invalid_client"})));
    let shop = Shop::with(SimConfig { token_refusal: TokenRefusal::ErrorInOk, ..SimConfig::default() }).await;
    assert_eq!(token(&shop, "/token", &wrong).await, (200, json!({"error": "invalid_client"})));
}

#[tokio::test]
async fn a_code_and_a_refresh_token_work_once_and_carry_their_scopes() {
    let mut shop = Shop::open().await;
    let seller = shop.sim.accounts()[0].clone();
    let code = shop.sim.issue_code(shop.user_id, &["messenger:read"]);
    let exchange = |grant: &'static str, key: &'static str, value: String| {
        let form = [
            ("grant_type", grant.to_owned()),
            ("client_id", seller.client_id.clone()),
            ("client_secret", seller.client_secret.clone()),
            (key, value),
        ];
        shop.http.post(shop.url("/token")).form(&form)
    };
    let (status, first) =
        read(exchange("authorization_code", "code", code.clone()).send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert_eq!(first["scope"], "messenger:read");
    assert_eq!(read(exchange("authorization_code", "code", code).send().await.unwrap()).await.0, 400);
    let refresh = first["refresh_token"].as_str().unwrap().to_owned();
    let (status, second) =
        read(exchange("refresh_token", "refresh_token", refresh.clone()).send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(read(exchange("refresh_token", "refresh_token", refresh).send().await.unwrap()).await.0, 400);

    shop.token = second["access_token"].as_str().unwrap().to_owned();
    let chat = shop.chat();
    assert_eq!(shop.get("/messenger/v2/accounts/{u}/chats").await.0, 200);
    assert_eq!(shop.send(&chat, "без права писать").await.0, 403);
    assert_eq!(shop.get("/core/v1/accounts/self").await.0, 403);
    assert_eq!(shop.sim.posted_count("без права писать"), 0);
}

#[tokio::test]
async fn a_missing_or_made_up_token_is_unauthorized() {
    let mut shop = Shop::open().await;
    shop.token = "made-up".to_owned();
    let refused = json!({"error": {"code": 401, "message": "Unauthorized"}});
    assert_eq!(shop.get("/core/v1/accounts/self").await, (401, refused.clone()));
    let bare = shop.http.get(shop.url("/core/v1/accounts/self")).send().await.unwrap();
    assert_eq!(read(bare).await, (401, refused));
}

#[tokio::test]
async fn an_expired_token_is_answered_403_or_401_and_a_new_one_works() {
    for (answer, status) in [(ExpiredAnswer::Forbidden, 403), (ExpiredAnswer::Unauthorized, 401)] {
        let mut shop = Shop::with(SimConfig { expired_answer: answer, ..SimConfig::default() }).await;
        let old = shop.token.clone();
        shop.token = shop.new_token(0).await;
        assert_eq!(shop.get("/core/v1/accounts/self").await.0, 200);
        shop.token = old;
        assert_eq!(shop.get("/core/v1/accounts/self").await.0, 200, "a new token does not cancel older ones");
        shop.sim.shift_clock(86_401);
        let (seen, body) = shop.get("/core/v1/accounts/self").await;
        assert_eq!(seen, status);
        if status == 403 {
            assert_eq!(body, json!({"result": {"status": false, "message": "access token expired"}}));
        }
        shop.token = shop.new_token(0).await;
        assert_eq!(shop.get("/core/v1/accounts/self").await.0, 200);
        assert_eq!(shop.sim.revoke_tokens(shop.user_id), 3);
        assert_eq!(shop.get("/core/v1/accounts/self").await.0, status);
    }
}

#[tokio::test]
async fn tokens_live_as_long_as_configured() {
    let shop = Shop::with(SimConfig { token_life: Duration::from_secs(60), ..SimConfig::default() }).await;
    assert_eq!(shop.get("/core/v1/accounts/self").await.0, 200);
    shop.sim.shift_clock(61);
    assert_eq!(shop.get("/core/v1/accounts/self").await.0, 403);
}

#[tokio::test]
async fn another_accounts_number_is_forbidden() {
    let shop = Shop::open().await;
    let other = shop.sim.accounts()[1].user_id;
    for path in [
        format!("/messenger/v2/accounts/{other}/chats"),
        format!("/core/v1/accounts/{other}/balance/"),
        format!("/messenger/v1/accounts/{other}/getVoiceFiles?voice_ids=x"),
    ] {
        let forbidden = json!({"error": {"code": 403, "message": "Forbidden"}});
        assert_eq!(shop.get(&path).await, (403, forbidden), "{path}");
    }
}

#[tokio::test]
async fn without_the_tier_chats_show_the_advertisement_and_messages_cost_402() {
    for (answer, body) in [
        (PaymentAnswer::Advice, json!({"code": 402, "message": "Перейдите на подписку с API мессенджера"})),
        (PaymentAnswer::Document, json!({"error": {"code": 402, "message": "Payment required"}})),
    ] {
        let shop = Shop::with(SimConfig { payment_answer: answer, ..SimConfig::default() }).await;
        let chat = shop.chat();
        shop.sim.set_paid_tier(shop.user_id, false);
        let (status, list) = shop.get("/messenger/v2/accounts/{u}/chats").await;
        assert_eq!(status, 200);
        let advertisement = "Перейдите на подписку с API мессенджера, чтобы получить доступ к чатам";
        for shown in list["chats"].as_array().unwrap() {
            assert_eq!(shown["last_message"]["content"]["text"], advertisement);
        }
        let (status, one) = shop.get(&format!("/messenger/v2/accounts/{{u}}/chats/{chat}")).await;
        assert_eq!((status, &one["last_message"]["content"]["text"]), (200, &json!(advertisement)));
        assert_eq!(shop.get(&shop.list_path(&chat)).await, (402, body.clone()));
        assert_eq!(shop.send(&chat, "не уйдёт").await, (402, body));
        assert_eq!(shop.sim.posted_count("не уйдёт"), 0);
        assert_eq!(shop.call("/messenger/v1/subscriptions").await.0, 200);
        assert_eq!(shop.get("/core/v1/accounts/self").await.0, 200);
        shop.sim.set_paid_tier(shop.user_id, true);
        assert_eq!(shop.send(&chat, "теперь уйдёт").await.0, 200);
    }
}

#[tokio::test]
async fn an_employees_key_sees_no_chats_and_may_not_touch_messages() {
    let shop = Shop::open().await;
    let chat = shop.chat();
    shop.sim.set_key_owner(shop.user_id, KeyOwner::Employee);
    assert_eq!(shop.get("/messenger/v2/accounts/{u}/chats").await.1["chats"], json!([]));
    assert_eq!(shop.get("/core/v1/items").await.1["resources"], json!([]));
    assert_eq!(shop.get(&format!("/messenger/v2/accounts/{{u}}/chats/{chat}")).await.0, 403);
    assert_eq!(shop.get(&shop.list_path(&chat)).await.0, 403);
    assert_eq!(shop.send(&chat, "нет").await.0, 403);
    let read_path = format!("/messenger/v1/accounts/{{u}}/chats/{chat}/read");
    assert_eq!(read(shop.request(Method::POST, &read_path).send().await.unwrap()).await.0, 403);
}
