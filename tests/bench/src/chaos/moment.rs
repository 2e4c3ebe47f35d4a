//! When the program is killed: at a random time, or at the very instant something happens between it and Avito.

use std::time::Duration;

use avito_sim::Sim;
use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::sync::watch;

/// However little happens, no round is longer.
const LONGEST: Duration = Duration::from_secs(5);
/// Instants at which much can go wrong, how they are called, and up to which of them a round goes.
const CALLS: [(&str, &str, usize); 6] = [
    ("postSendMessage", "as Avito answers a reply", 14),
    ("postSendImageMessage", "as Avito answers a picture", 5),
    ("uploadImages", "as Avito answers an upload", 5),
    ("getMessagesV3", "as Avito answers a page of messages", 120),
    ("getChatsV2", "as Avito answers a page of chats", 14),
    ("postWebhookV3", "as Avito takes its address", 4),
];

/// An instant to wait for.
#[derive(Debug)]
pub(super) enum Moment {
    /// So long after the start.
    After(Duration),
    /// So long after it was ready.
    Ready(Duration),
    /// At the n-th answer to this operation from now.
    Call { operation: &'static str, name: &'static str, nth: usize },
    /// At the n-th delivery the program has answered from now.
    Delivery { nth: usize },
}

impl Moment {
    pub(super) fn choose(rng: &mut StdRng) -> Self {
        match rng.random_range(0..100) {
            // Evenly over the orders of magnitude: 0.05 to 0.8 s, 0.05 to 5 s.
            0..15 => Self::After(Duration::from_secs_f64(0.05 * 16_f64.powf(rng.random()))),
            15..35 => Self::Ready(Duration::from_secs_f64(0.05 * 100_f64.powf(rng.random()))),
            35..55 => Self::Delivery { nth: rng.random_range(1..30) },
            _ => {
                let (operation, name, most) = CALLS[rng.random_range(0..CALLS.len())];
                Self::Call { operation, name, nth: rng.random_range(1..=most) }
            }
        }
    }

    /// Waits for it. Answers how it is called; none: it was any time.
    pub(super) async fn come(
        &self,
        sim: &Sim,
        ready: &mut watch::Receiver<bool>,
        rng: &mut StdRng,
    ) -> Option<&'static str> {
        let name = match self {
            Self::After(time) => {
                tokio::time::sleep(*time).await;
                return None;
            }
            Self::Ready(time) => {
                let _ = ready.wait_for(|ready| *ready).await;
                tokio::time::sleep(*time).await;
                return None;
            }
            Self::Call { operation, name, nth } => {
                let due = sim.call_count(operation) + nth;
                sim.until(LONGEST, |sim| sim.call_count(operation) >= due).await.then_some(*name)
            }
            Self::Delivery { nth } => {
                let due = sim.delivered_count() + nth;
                let came = sim.until(LONGEST, |sim| sim.delivered_count() >= due).await;
                came.then_some("as it has answered a delivery")
            }
        };
        if rng.random() {
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..25))).await;
        }
        name
    }
}
