//! A receiver that answers at once and does nothing with what it gets: how much this machine carries with the load on the same cores.
//! What no receiver could reach is nobody's fault.

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::load::Receiver;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Starts it, in threads of its own as another program would have, until this process ends.
///
/// # Errors
/// When it cannot listen.
pub async fn start() -> Result<Receiver> {
    let (tell, hear) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("ceiling".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let _ = runtime.map(|runtime| {
            runtime.block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                let _ = tell.send(listener.local_addr()?);
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream));
                }
                Ok::<_, std::io::Error>(())
            })
        });
    })?;
    let address = hear.await.context("nobody listens")?;
    Ok(Receiver { address, path: "/webhook".to_owned(), host: None })
}

/// Answers every request of a connection once its body is here.
async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(());
        }
        while let Some(end) = end_of_request(&received) {
            received.drain(..end);
            stream.write_all(ANSWER).await?;
        }
    }
}

/// Where the first request ends, once it is here as a whole.
fn end_of_request(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(received.get(..head)?).ok()?;
    let length = text.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head + length.unwrap_or(0);
    (received.len() >= end).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{self, Delivery, Pace};

    #[tokio::test]
    async fn every_request_is_answered_whole() {
        let receiver = start().await.unwrap();
        let body = "x".repeat(10_000);
        let deliveries: Vec<_> =
            (0..20).map(|_| Delivery { body: body.clone(), signature: String::new() }).collect();
        let requests = load::requests(&receiver, &deliveries);
        let outcome = load::deliver(&receiver, &requests, 3, Pace::AsFastAsAnswered).await.unwrap();
        assert_eq!(outcome.waits.count(), 20);
    }
}
