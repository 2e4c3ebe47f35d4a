//! What each kind of failure becomes.

use avito::{ChatsQuery, Class, ItemsQuery, OrdersQuery, Retry, SendOutcome};
use serde_json::{Value, json};

use crate::support::{CHAT, End, ME, Reply, Server, client, ending_server, impatient};

#[tokio::test]
async fn every_status_has_its_class_and_its_consequences() {
    let official = |code: u16| json!({"error": {"code": code, "message": "as documented"}});
    let placeholder = "Перейдите на подписку с API мессенджера";
    let cases: [(u16, Value, Class, SendOutcome, Retry); 11] = [
        (400, official(400), Class::Validation, SendOutcome::Refused, Retry::Never),
        (402, official(402), Class::TariffMissing, SendOutcome::Refused, Retry::Never),
        (
            402,
            json!({"code": 402, "message": placeholder}),
            Class::TariffMissing,
            SendOutcome::Refused,
            Retry::Never,
        ),
        (403, json!({"message": placeholder}), Class::TariffMissing, SendOutcome::Refused, Retry::Never),
        (403, official(403), Class::Forbidden, SendOutcome::Refused, Retry::Never),
        (404, official(404), Class::NotFound, SendOutcome::Refused, Retry::Never),
        (408, json!({}), Class::Server, SendOutcome::Uncertain, Retry::After(None)),
        (413, json!({}), Class::Validation, SendOutcome::Refused, Retry::Never),
        (500, official(500), Class::Server, SendOutcome::Uncertain, Retry::After(None)),
        (503, official(503), Class::Server, SendOutcome::Uncertain, Retry::After(None)),
        (302, json!({}), Class::Server, SendOutcome::Uncertain, Retry::After(None)),
    ];
    for (status, body, class, outcome, retry) in cases {
        let answer = body.clone();
        let server =
            Server::start(move |seen| (seen.path != "/token").then(|| Reply::json(status, &answer))).await;
        let error = server.client().send_text(ME, CHAT, "да").await.unwrap_err();
        assert_eq!(
            (error.class(), error.send_outcome(), error.retry()),
            (&class, outcome, retry),
            "{status} {body}"
        );
        assert_eq!(error.status(), Some(status));
        assert_eq!(server.calls().len(), if status == 403 { 2 } else { 1 }, "{status}: nothing is repeated");
    }
}

#[tokio::test]
async fn a_page_of_html_is_no_message_for_people() {
    let page = "<html><h1>502 Bad Gateway</h1></html>";
    let server =
        Server::start(move |seen| (seen.path != "/token").then(|| Reply::raw(502, "text/html", page))).await;
    let error = server.client().chats(ME, &ChatsQuery::default()).await.unwrap_err();
    assert_eq!((error.class(), error.message()), (&Class::Server, None));
    assert_eq!(error.to_string(), "GET /messenger/v2/accounts/{user_id}/chats: server failure (status 502)");
}

#[tokio::test]
async fn a_send_whose_connection_is_cut_is_uncertain_and_made_once() {
    for end in [End::Cut, End::CutInBody] {
        let (url, paths) = ending_server(end).await;
        let error = client(&url).send_text(ME, CHAT, "да").await.unwrap_err();
        assert_eq!((error.class(), error.send_outcome()), (&Class::Network, SendOutcome::Uncertain));
        assert_eq!(error.retry(), Retry::WhenOnline);
        assert_eq!(paths.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_reading_call_is_repeated_once_when_its_connection_is_cut() {
    let (url, paths) = ending_server(End::Cut).await;
    let error = client(&url).messages(ME, CHAT, 10, 0).await.unwrap_err();
    assert_eq!(*error.class(), Class::Network);
    assert_eq!(paths.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_send_without_an_answer_is_uncertain() {
    let (url, paths) = ending_server(End::Silence).await;
    let error = impatient(&url).send_text(ME, CHAT, "да").await.unwrap_err();
    assert_eq!((error.class(), error.send_outcome()), (&Class::Network, SendOutcome::Uncertain));
    assert_eq!(error.message(), Some("no answer in time: operation timed out"));
    assert_eq!(paths.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_send_that_found_nobody_listening_was_not_sent() {
    let (url, _) = ending_server(End::Gone).await;
    let client = client(&url);
    for endpoint in ["/messenger/v1/accounts/{user_id}/chats/{chat_id}/messages"; 2] {
        let error = client.send_text(ME, CHAT, "да").await.unwrap_err();
        assert_eq!((error.class(), error.send_outcome()), (&Class::Network, SendOutcome::NotSent));
        assert_eq!(error.endpoint(), endpoint, "the token was there");
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    }
}

#[tokio::test]
async fn an_unexpected_shape_names_the_json_path() {
    let cases = [
        (json!({"name": "Лавка"}), "id"),
        (json!({"id": {"secret": "text"}}), "id"),
        (json!("secret"), "."),
        (json!(null), "."),
    ];
    for (body, expected) in cases {
        let server = Server::answering("/core/v1/accounts/self", body.clone()).await;
        let error = server.client().account_self().await.unwrap_err();
        assert_eq!(*error.class(), Class::UnexpectedShape { path: expected.to_owned() }, "{body}");
        assert!(!format!("{error:?}").contains("secret"), "the error must not quote the answer: {error:?}");
    }
    let server = Server::start(|seen| (seen.path != "/token").then(|| Reply::ok(&json!({"data": []})))).await;
    let client = server.client();
    let shape = |path: &str| Class::UnexpectedShape { path: path.to_owned() };
    assert_eq!(*client.chats(ME, &ChatsQuery::default()).await.unwrap_err().class(), shape("chats"));
    assert_eq!(*client.messages(ME, CHAT, 1, 0).await.unwrap_err().class(), shape("messages"));
    assert_eq!(*client.items(&ItemsQuery::default()).await.unwrap_err().class(), shape("resources"));
    assert_eq!(*client.orders(&OrdersQuery::default()).await.unwrap_err().class(), shape("orders"));
    assert_eq!(*client.subscriptions().await.unwrap_err().class(), shape("subscriptions"));
    assert_eq!(*client.voice_urls(ME, &["v"]).await.unwrap_err().class(), shape("voices_urls"));
    let sent = client.send_text(ME, CHAT, "да").await.unwrap_err();
    assert_eq!((sent.class(), sent.send_outcome()), (&shape("id"), SendOutcome::Uncertain));
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let big = vec![b' '; 33 * 1024 * 1024];
    let server =
        Server::start(move |seen| (seen.path != "/token").then(|| Reply::raw(200, "x/y", big.clone()))).await;
    let error = server.client().account_self().await.unwrap_err();
    assert_eq!(*error.class(), Class::UnexpectedShape { path: ".".to_owned() });
}

#[tokio::test]
async fn a_confirmation_that_says_no_is_an_error() {
    let server =
        Server::start(|seen| (seen.path != "/token").then(|| Reply::ok(&json!({"ok": false})))).await;
    let error = server.client().register_webhook("https://inbox.example.ru/x").await.unwrap_err();
    assert_eq!(*error.class(), Class::UnexpectedShape { path: "ok".to_owned() });
}

#[tokio::test]
async fn an_id_that_would_change_the_path_makes_no_call() {
    let server = Server::start(|_| None).await;
    let client = server.client();
    for id in ["", ".", ".."] {
        let error = client.mark_read(ME, id).await.unwrap_err();
        assert_eq!((error.class(), error.status()), (&Class::Validation, None), "{id:?}");
    }
    assert!(client.delete_message(ME, CHAT, "image").await.is_err(), "would send instead of delete");
    assert!(server.calls().is_empty());
}

#[tokio::test]
async fn redirects_are_followed_for_reading_and_at_home_only() {
    let stranger = Server::start(|_| Some(Reply::ok(&json!({"id": 666})))).await;
    let elsewhere = stranger.url.to_string();
    let server = Server::start(move |seen| match seen.path.as_str() {
        path if path == "/core/v1/accounts/self" || path.ends_with("/messages/image") => {
            Some(Reply::json(301, &json!({})).header("location", "/moved"))
        }
        "/moved" => Some(Reply::ok(&json!({"id": ME}))),
        "/token" => None,
        _ => Some(Reply::json(302, &json!({})).header("location", &elsewhere)),
    })
    .await;
    let client = server.client();
    assert_eq!(client.account_self().await.unwrap().id, ME);
    assert_eq!(*client.chat(ME, CHAT).await.unwrap_err().class(), Class::Server);
    assert_eq!(*client.send_text(ME, CHAT, "да").await.unwrap_err().class(), Class::Server);
    assert_eq!(*client.send_image(ME, CHAT, "1.a").await.unwrap_err().class(), Class::Server);
    let moved = server.calls().iter().filter(|seen| seen.path == "/moved").count();
    assert_eq!(moved, 1, "a send is not made again elsewhere");
    assert!(stranger.calls().is_empty(), "the token must not leave the host");
}

#[tokio::test]
async fn a_name_without_an_address_is_told_from_a_server_that_does_not_answer() {
    // Nobody may ever own a name that ends so (RFC 2606).
    let unknown = client(&"http://avito.invalid/".parse().unwrap()).account_self().await.unwrap_err();
    assert_eq!((unknown.class(), unknown.is_dns()), (&Class::Network, true), "{unknown}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let silent = client(&format!("http://{closed}/").parse().unwrap()).account_self().await.unwrap_err();
    assert_eq!((silent.class(), silent.is_dns()), (&Class::Network, false), "{silent}");
}
