//! What goes wrong outside of the program is told in plain words, each with its next step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use avito_sim::{Fault, FaultKind};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::on_a_desk;
use crate::support::page::id;
use crate::support::shop::Shop;

/// A server whose name nobody knows, except the proxy below.
const NAMELESS: &str = "http://avito.invalid";

/// A proxy that knows where [`NAMELESS`] is.
async fn proxy_to(port: u16) -> std::io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass_on(client, port));
        }
    });
    Ok(address)
}

/// A head up to its empty line.
async fn head_of(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn port_of(shop: &Shop) -> u16 {
    let address = shop.sim.base_url();
    address.rsplit(':').next().and_then(|port| port.trim_end_matches('/').parse().ok()).expect("a port")
}

/// One request of a connection: a server is asked with a path, a proxy with the whole address.
async fn pass_on(mut client: TcpStream, port: u16) -> std::io::Result<()> {
    let head = head_of(&mut client).await?.replacen(NAMELESS, "", 1);
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    server.write_all(head.as_bytes()).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

#[test]
fn an_address_that_is_not_found_is_told_apart_from_a_dead_line() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        // At the time of connecting a proxy finds the server; later the computer has to, and cannot.
        desk.set_variable("HTTP_PROXY", &proxy_to(port_of(&shop)).await.unwrap());
        let add = ["account", "add", "--client-id", &shop.seller.client_id, "--api-url", NAMELESS, "--json"];
        desk.tell_with_input(&add, &shop.seller.client_secret).await.json();
        desk.set_variable("HTTP_PROXY", "");
        let page = desk.start(&[]).await;
        let line = format!("{}[data-trouble=dns]", id("status-line"));
        page.see_words(&line, "Адрес Avito не находится").await;
        page.see_words(&line, "Проверить сейчас").await;
        page.click(&format!("{line} > button.line")).await;
        page.see_words(&id("status-details"), "смените DNS-сервер").await;
        // What is there can be read, and a reply waits and says for what.
        page.open_chat(&shop.anna).await;
        page.reply("Да, в Твери").await;
        page.see_delivery("Да, в Твери", &["waiting"]).await;
        page.see_words(&id("message"), "Адрес Avito не находится").await;
    });
}

/// Each is said in the status line, with what it means and what to do, and goes when its cause has gone.
#[test]
fn what_ails_an_account_is_told_in_words_of_its_own_each_with_a_next_step() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let page = shop.talk(desk, &shop.anna).await;
        page.click(&format!("{} > button.line", id("status-line"))).await;
        let user = shop.seller.user_id;
        // A fault of the server; none: the tariff ends.
        let causes = [
            (
                "rateLimited",
                Some(FaultKind::RateLimited { retry_after: Some(1) }),
                ["просит подождать", "Продолжим сами", "Проверить сейчас"],
            ),
            (
                "serverTrouble",
                Some(FaultKind::ServerErrorHtml { status: 503 }),
                ["У Avito неполадки", "Сообщения не потеряются", "Проверить сейчас"],
            ),
            (
                "network",
                Some(FaultKind::CutBefore),
                ["Нет связи с Avito", "Проверьте интернет", "Проверить сейчас"],
            ),
            ("tariffMissing", None, ["Тариф без сообщений", "Нужен тариф", "Открыть Avito"]),
        ];
        let check = |what: &str| format!("(one('{}')?.click(), one('{what}'))", id("check-now"));
        for (code, fault, [title, help, next]) in causes {
            match fault {
                Some(kind) => {
                    shop.sim.faults().set(Fault::new(kind));
                }
                None => assert!(shop.sim.set_paid_tier(user, false)),
            }
            let line = format!("{}[data-trouble={code}]", id("status-line"));
            page.until(&format!("{code} is told"), &check(&line)).await;
            page.see_words(&line, title).await;
            page.see_words(&id("status-details"), help).await;
            page.see_words(&format!("{} button", id("status-details")), next).await;
            shop.sim.faults().clear_all();
            shop.sim.set_paid_tier(user, true);
            page.until(
                &format!("{code} is over"),
                &check(&format!("{}:not([data-trouble])", id("status-line"))),
            )
            .await;
        }
    });
}

/// Stands before the server and, while told to, dates its answers an hour away.
async fn clock_before(port: u16, wrong: Arc<AtomicBool>) -> std::io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(dated(client, port, wrong.clone()));
        }
    });
    Ok(address)
}

async fn dated(mut client: TcpStream, port: u16, wrong: Arc<AtomicBool>) -> std::io::Result<()> {
    let asked = head_of(&mut client).await?.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    server.write_all(asked.as_bytes()).await?;
    // Its body is short and on its way: the server answers when it has all of it.
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut answer = head_of(&mut from_server).await?;
    if let Some(at) = answer.find("\r\ndate: ").filter(|_| wrong.load(Ordering::SeqCst)) {
        let hour = at + "\r\ndate: Sat, 21 Nov 2026 ".len();
        let other = match answer[hour..hour + 2].parse::<u8>() {
            Ok(23) => 22,
            Ok(known) => known + 1,
            Err(error) => panic!("{answer}: {error}"),
        };
        answer.replace_range(hour..hour + 2, &format!("{other:02}"));
    }
    to_client.write_all(answer.as_bytes()).await?;
    tokio::io::copy(&mut from_server, &mut to_client).await.map(|_| ())
}

#[test]
fn a_computer_whose_clock_is_wrong_is_told_so_until_it_is_right() {
    on_a_desk(async |desk| {
        let shop = Shop::open().await;
        let wrong = Arc::new(AtomicBool::new(true));
        let server = clock_before(port_of(&shop), wrong.clone()).await.unwrap();
        let add = ["account", "add", "--client-id", &shop.seller.client_id, "--api-url", &server];
        let add = [add.as_slice(), &["--calls-per-minute", "6000", "--json"]].concat();
        desk.tell_with_input(&add, &shop.seller.client_secret).await.json();
        let page = desk.start(&[]).await;
        page.see_words(&id("clock-wrong"), "Часы компьютера").await;
        page.see_words(&id("clock-wrong"), "установку времени по интернету").await;
        wrong.store(false, Ordering::SeqCst);
        page.click(&format!("{} > button.line", id("status-line"))).await;
        page.see(&id("check-now")).await;
        // The middle of a few answers is believed: one of them might have been slow.
        let gone = "(one('[data-testid=check-now]').click(), all('[data-testid=clock-wrong]').length === 0)";
        page.until("the clock is right", gone).await;
    });
}
