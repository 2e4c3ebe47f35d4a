//! The program.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

fn program(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_avito-sim"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
}

#[tokio::test]
async fn the_first_line_tells_all_a_client_needs() {
    for profile in ["observed", "spec"] {
        let mut child = program(&["--listen", "127.0.0.1:0", "--profile", profile, "--seed", "5", "--quiet"]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| told[key].as_str().unwrap().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", text("client_id")),
            ("client_secret", text("client_secret")),
        ];
        let token = http.post(format!("{}/token", text("base_url"))).form(&form).send().await.unwrap();
        let token: Value = token.json().await.unwrap();
        let url = format!(
            "{}/messenger/v3/accounts/{}/chats/{}/messages/",
            text("base_url"),
            told["user_id"],
            text("chat_id")
        );
        let request = http.get(url).bearer_auth(token["access_token"].as_str().unwrap());
        let messages: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(messages.is_array(), profile == "spec");
        let state = http.get(format!("{}/state", text("admin_url"))).send().await.unwrap();
        assert_eq!(state.status(), 200);
        child.kill().await.unwrap();
        let mut log = String::new();
        child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
        assert_eq!(log, "", "--quiet is silent");
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_credentials_and_the_log_goes_to_standard_error() {
    let mut told = Vec::new();
    for scene in ["small", "small", "demo"] {
        let mut child = program(&["--seed", "9", "--scene", scene]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        let url = format!("{}/core/v1/items", line["base_url"].as_str().unwrap());
        reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(log.next_line().await.unwrap().unwrap().contains("/core/v1/items"));
        told.push((line["client_id"].clone(), line["chat_id"].clone()));
    }
    assert_eq!(told[0], told[1]);
    assert!(told[2].1.is_string());
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_with_success_when_told_to() {
    for signal in ["-TERM", "-INT"] {
        let mut child = program(&["--quiet"]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.next_line().await.unwrap().unwrap();
        let id = child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
        assert!(child.wait().await.unwrap().success(), "{signal}");
    }
}
