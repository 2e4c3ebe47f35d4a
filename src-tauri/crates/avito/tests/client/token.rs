//! Getting, renewing and losing tokens.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use avito::{Class, Client, Grant, Retry, SendOutcome};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{CHAT, ME, Reply, SECRET, Seen, Server, config, token};

fn account(seen: &Seen) -> Option<Reply> {
    (seen.path != "/token").then(|| Reply::ok(&json!({"id": ME})))
}

#[tokio::test]
async fn ten_calls_at_once_ask_for_one_token() {
    let server = Server::start(account).await;
    let client = server.client();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            tokio::spawn({
                let client = client.clone();
                async move { client.account_self().await }
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().id, ME);
    }
    assert_eq!(server.token_requests().len(), 1);
    let form = server.token_requests()[0].form();
    for (name, value) in
        [("grant_type", "client_credentials"), ("client_id", "our-client-id"), ("client_secret", SECRET)]
    {
        assert!(form.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
    assert!(server.calls().iter().all(|seen| seen.token() == "access-token-1"));
}

#[tokio::test]
async fn calls_that_waited_for_a_renewal_share_its_failure() {
    let server =
        Server::start(|seen| (seen.path == "/token").then(|| Reply::raw(503, "text/html", "<html>"))).await;
    let client = server.client();
    let (first, second, third) =
        tokio::join!(client.account_self(), client.account_self(), client.account_self());
    for outcome in [first, second, third] {
        assert_eq!(*outcome.unwrap_err().class(), Class::Server);
    }
    assert_eq!(server.token_requests().len(), 1);
}

#[tokio::test]
async fn a_token_at_its_end_is_renewed_before_it_is_used() {
    let server = Server::start(|seen| {
        let short = json!({"access_token": "short-lived", "expires_in": 0, "token_type": "Bearer"});
        if seen.path == "/token" { Some(Reply::ok(&short)) } else { account(seen) }
    })
    .await;
    let client = server.client();
    client.account_self().await.unwrap();
    client.account_self().await.unwrap();
    assert_eq!(server.token_requests().len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_repeated() {
    let expired_403 = json!({"result": {"status": false, "message": "access token expired"}});
    let official_401 = json!({"error": {"code": 401, "message": "Unauthorized"}});
    for (status, body) in [(401, official_401), (403, expired_403), (403, json!({})), (401, Value::Null)] {
        let server = Server::start(move |seen| {
            let refused = seen.path != "/token" && seen.token() == "access-token-1";
            if refused { Some(Reply::json(status, &body)) } else { account(seen) }
        })
        .await;
        let client = server.client();
        assert_eq!(client.account_self().await.unwrap().id, ME, "{status}");
        assert_eq!(client.account_self().await.unwrap().id, ME);
        let tokens: Vec<String> = server.calls().iter().map(|seen| seen.token().to_owned()).collect();
        assert_eq!(tokens, ["access-token-1", "access-token-2", "access-token-2"], "{status}");
    }
}

#[tokio::test]
async fn a_send_is_repeated_after_a_refused_token_too() {
    let server = Server::start(|seen| match seen.token() {
        "access-token-1" => Some(Reply::error(403, "access token expired")),
        "access-token-2" => {
            Some(Reply::ok(&json!({"id": "m1", "created": 1, "type": "text", "content": {"text": "да"}})))
        }
        _ => None,
    })
    .await;
    let message = server.client().send_text(ME, CHAT, "да").await.unwrap();
    assert_eq!(message.id, "m1");
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn many_calls_with_one_dead_token_renew_it_once() {
    let server = Server::start(|seen| {
        let dead = seen.path != "/token" && seen.token() == "access-token-1";
        if dead { Some(Reply::error(403, "Forbidden")) } else { account(seen) }
    })
    .await;
    let client = server.client();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            tokio::spawn({
                let client = client.clone();
                async move { client.account_self().await }
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.token_requests().len(), 2, "the first token and one renewal");
}

#[tokio::test]
async fn a_second_401_is_a_token_failure() {
    let server =
        Server::start(|seen| (seen.path != "/token").then(|| Reply::error(401, "Unauthorized"))).await;
    let error = server.client().send_text(ME, CHAT, "да").await.unwrap_err();
    assert_eq!((error.class(), error.status()), (&Class::Token, Some(401)));
    assert_eq!(error.send_outcome(), SendOutcome::NotSent);
    assert_eq!((server.calls().len(), server.token_requests().len()), (2, 2));
}

#[tokio::test]
async fn a_403_that_a_new_token_does_not_cure_is_forbidden_and_does_not_cost_a_token_each_time() {
    let server =
        Server::start(|seen| (seen.path != "/token").then(|| Reply::error(403, "no access to this chat")))
            .await;
    let client = server.client();
    for _ in 0..3 {
        let error = client.chat(ME, CHAT).await.unwrap_err();
        assert_eq!((error.class(), error.retry()), (&Class::Forbidden, Retry::Never));
        assert_eq!(error.message(), Some("no access to this chat"));
    }
    assert_eq!(server.token_requests().len(), 2);
    assert_eq!(server.calls().len(), 4, "only the first was repeated");
}

#[tokio::test]
async fn a_token_that_dies_while_a_chat_is_forbidden_is_still_renewed() {
    static DEAD: AtomicBool = AtomicBool::new(false);
    let server = Server::start(|seen| match seen.path.as_str() {
        "/token" => None,
        "/core/v1/accounts/self" if DEAD.load(Ordering::SeqCst) && seen.token() == "access-token-2" => {
            Some(Reply::json(403, &json!({"result": {"status": false, "message": "access token expired"}})))
        }
        "/core/v1/accounts/self" => account(seen),
        _ => Some(Reply::error(403, "Forbidden")),
    })
    .await;
    let client = server.client();
    client.chat(ME, CHAT).await.unwrap_err();
    DEAD.store(true, Ordering::SeqCst);
    client.account_self().await.unwrap();
    assert_eq!(server.token_requests().len(), 3);
}

#[tokio::test]
async fn wrong_credentials_are_told_apart_from_everything_else() {
    for (reply, class, message) in [
        ((401, r#"{"error":"invalid_client"}"#), Class::WrongCredentials, Some("invalid_client")),
        (
            (200, r#"{"error":"invalid_client","error_description":"Wrong pair"}"#),
            Class::WrongCredentials,
            Some("Wrong pair"),
        ),
        ((400, r#"{"error":"invalid_grant"}"#), Class::WrongCredentials, Some("invalid_grant")),
        (
            (403, r#"{"error":{"code":403,"message":"Forbidden"}}"#),
            Class::WrongCredentials,
            Some("Forbidden"),
        ),
        ((403, "<html>Доступ ограничен</html>"), Class::Forbidden, None),
        ((502, "<html>Bad gateway</html>"), Class::Server, None),
        (
            (404, r#"{"message":"no Route matched with those values"}"#),
            Class::NotFound,
            Some("no Route matched with those values"),
        ),
        ((200, "<html>"), Class::UnexpectedShape { path: ".".into() }, None),
        ((200, "{}"), Class::UnexpectedShape { path: "access_token".into() }, None),
    ] {
        let (status, body) = reply;
        let server =
            Server::start(move |seen| (seen.path == "/token").then(|| Reply::raw(status, "x/y", body))).await;
        let error = server.client().send_text(ME, CHAT, "да").await.unwrap_err();
        assert_eq!((error.class(), error.message()), (&class, message), "{reply:?}");
        assert_eq!(error.endpoint(), "/token");
        assert_eq!(error.send_outcome(), SendOutcome::NotSent, "no message goes without a token");
        assert_eq!((server.token_requests().len(), server.calls().len()), (1, 0));
    }
}

#[tokio::test]
async fn each_refresh_token_is_used_once_and_the_next_one_handed_out() {
    let server = Server::start(|seen| {
        if seen.path != "/token" {
            return account(seen);
        }
        let form = seen.form();
        let used = form.iter().find(|(name, _)| name == "refresh_token").map(|(_, value)| value.as_str());
        let number = match used {
            Some("refresh-0") => 1,
            Some("refresh-1") => 2,
            _ => return Some(Reply::json(400, &json!({"error": "invalid_grant"}))),
        };
        let mut answer = token(number);
        answer["expires_in"] = 0.into();
        answer["refresh_token"] = format!("refresh-{number}").into();
        Some(Reply::ok(&answer))
    })
    .await;
    let grant = Grant::Refresh { refresh_token: "refresh-0".into() };
    let client = Client::new(config(&server.url, grant)).unwrap();
    let mut updates = client.refresh_token_updates();
    for expected in ["refresh-1", "refresh-2"] {
        client.account_self().await.unwrap();
        assert!(updates.has_changed().unwrap());
        let stored = updates.borrow_and_update().clone().unwrap();
        assert_eq!(stored.expose_secret(), expected);
    }
    let error = client.account_self().await.unwrap_err();
    assert_eq!(*error.class(), Class::WrongCredentials, "a used refresh token needs a person");
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_then_refreshed() {
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|seen| {
        if seen.path != "/token" {
            return account(seen);
        }
        let number = REQUESTS.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answer = token(number);
        answer["expires_in"] = 0.into();
        answer["refresh_token"] = format!("refresh-{number}").into();
        Some(Reply::ok(&answer))
    })
    .await;
    let grant = Grant::AuthorizationCode { code: "from-the-redirect".into() };
    let client = Client::new(config(&server.url, grant)).unwrap();
    client.account_self().await.unwrap();
    client.account_self().await.unwrap();
    let forms: Vec<_> = server.token_requests().iter().map(Seen::form).collect();
    let has = |form: &Vec<(String, String)>, name: &str, value: &str| {
        form.contains(&(name.to_owned(), value.to_owned()))
    };
    assert!(
        has(&forms[0], "grant_type", "authorization_code") && has(&forms[0], "code", "from-the-redirect")
    );
    assert!(has(&forms[1], "grant_type", "refresh_token") && has(&forms[1], "refresh_token", "refresh-1"));
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_lose_a_single_use_refresh_token() {
    let server = Server::start(|seen| {
        if seen.path != "/token" {
            return account(seen);
        }
        let mut answer = token(1);
        answer["refresh_token"] = "refresh-1".into();
        Some(Reply::ok(&answer))
    })
    .await;
    let grant = Grant::Refresh { refresh_token: "refresh-0".into() };
    let client = Client::new(config(&server.url, grant)).unwrap();
    let mut updates = client.refresh_token_updates();
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.account_self().await }
    });
    while server.token_requests().is_empty() {
        assert!(!call.is_finished());
        tokio::task::yield_now().await;
    }
    call.abort();
    updates.changed().await.unwrap();
    assert_eq!(updates.borrow().as_ref().unwrap().expose_secret(), "refresh-1");
}
