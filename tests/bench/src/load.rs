//! A load of deliveries: the same for whoever receives them.
//!
//! It speaks HTTP/1.1 over kept-open connections with bodies made beforehand, and does so cheaply: on a machine of two cores
//! whatever the load costs is taken from the receiver.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::figures::Samples;

/// Deliveries a second of an open loop: far above what the largest shop gets.
pub const RATE: f64 = 200.0;
/// Connections of an open loop.
pub const FEW: usize = 16;
/// Connections of a burst and of a closed loop.
pub const MANY: usize = 256;
/// Longest any answer may take; far above every budget, so that a slow receiver is measured and a dead one found out.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who receives.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    /// The path of its webhook, beginning with a slash.
    pub path: String,
    /// What requests say it is called; none: its address.
    pub host: Option<String>,
}

/// One delivery: the body, and the signature header Avito sends along.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// JSON.
    pub body: String,
    /// Hexadecimal digits.
    pub signature: String,
}

/// What came of a load.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Milliseconds from when a delivery was due to its answer 200.
    pub waits: Samples,
    /// Seconds from the first to the last.
    pub seconds: f64,
}

impl Outcome {
    /// Answered deliveries a second.
    pub fn rate(&self) -> f64 {
        self.waits.count() as f64 / self.seconds
    }
}

/// A kept-open connection to a receiver.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(receiver: &Receiver) -> Result<Self> {
        let stream = TcpStream::connect(receiver.address).await.context("the receiver does not listen")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(1024) })
    }

    /// Posts a request and answers its status.
    ///
    /// # Errors
    /// When the connection breaks, or no answer comes within half a minute.
    pub async fn post(&mut self, request: &[u8]) -> Result<u16> {
        tokio::time::timeout(PATIENCE, async {
            self.stream.write_all(request).await?;
            self.read_answer().await
        })
        .await
        .context("no answer in time")?
    }

    async fn read_answer(&mut self) -> Result<u16> {
        self.received.clear();
        loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                bail!("the receiver closed the connection");
            }
            let Some(head) = find(&self.received, b"\r\n\r\n") else { continue };
            let text = std::str::from_utf8(self.received.get(..head).unwrap_or_default())?;
            let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no status")?;
            let length = text.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let end = head + 4 + length.unwrap_or(0);
            while self.received.len() < end {
                if self.stream.read_buf(&mut self.received).await? == 0 {
                    bail!("the receiver closed the connection");
                }
            }
            return Ok(status);
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The bytes of each delivery's request to this receiver.
pub fn requests(receiver: &Receiver, deliveries: &[Delivery]) -> Arc<Vec<Vec<u8>>> {
    let host = receiver.host.clone().unwrap_or_else(|| receiver.address.to_string());
    let request = |delivery: &Delivery| {
        format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             X-Avito-Messenger-Signature: {}\r\n\r\n{}",
            receiver.path,
            host,
            delivery.body.len(),
            delivery.signature,
            delivery.body
        )
        .into_bytes()
    };
    Arc::new(deliveries.iter().map(request).collect())
}

/// When deliveries are due.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// So many a second, whether or not earlier ones have been answered (an open loop). A delivery that has to wait for a
    /// connection waits on the receiver's account.
    PerSecond(f64),
    /// All at once, at the beginning.
    Burst,
    /// Each connection sends its next one when its last was answered (a closed loop): how much the receiver can take.
    AsFastAsAnswered,
}

/// Delivers everything over so many connections. Each must be answered 200.
///
/// # Errors
/// When a delivery is refused or not answered.
pub async fn deliver(
    receiver: &Receiver,
    requests: &Arc<Vec<Vec<u8>>>,
    connections: usize,
    pace: Pace,
) -> Result<Outcome> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(receiver).await?);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for mut connection in open {
        let (requests, next) = (requests.clone(), next.clone());
        senders.spawn(async move {
            let mut waits = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(index) else { return Ok::<_, anyhow::Error>(waits) };
                let due = match pace {
                    Pace::PerSecond(rate) => begin + Duration::from_secs_f64(index as f64 / rate),
                    Pace::Burst => begin,
                    Pace::AsFastAsAnswered => Instant::now(),
                };
                if due > Instant::now() {
                    tokio::time::sleep_until(due.into()).await;
                }
                let status = connection.post(request).await?;
                if status != 200 {
                    bail!("a delivery was answered {status}");
                }
                waits.push(due.elapsed().as_secs_f64() * 1000.0);
            }
        });
    }
    let mut outcome = Outcome::default();
    while let Some(waits) = senders.join_next().await {
        outcome.waits.extend(waits??);
    }
    outcome.seconds = begin.elapsed().as_secs_f64();
    Ok(outcome)
}
