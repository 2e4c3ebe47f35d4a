//! When the program is killed: at a random time, or at the very instant something happens between it and Avito.

use std::time::Duration;

use avito_sim::Sim;
use rand::RngExt as _;
use rand::rngs::StdRng;

/// However little happens, no round is longer.
const LONGEST: Duration = Duration::from_secs(5);
/// Instants at which much can go wrong, and how they are called.
const CALLS: [(&str, &str); 6] = [
    ("postSendMessage", "as Avito answers a reply"),
    ("postSendImageMessage", "as Avito answers a picture"),
    ("uploadImages", "as Avito answers an upload"),
    ("getMessagesV3", "as Avito answers a page of messages"),
    ("getChatsV2", "as Avito answers a page of chats"),
    ("postWebhookV3", "as Avito takes its address"),
];

/// An instant to wait for.
#[derive(Debug)]
pub(super) enum Moment {
    /// So long after the start.
    After(Duration),
    /// At the n-th answer to this operation from now.
    Call { operation: &'static str, name: &'static str, nth: usize },
    /// At the n-th delivery the program has answered from now.
    Delivery { nth: usize },
}

impl Moment {
    pub(super) fn choose(rng: &mut StdRng) -> Self {
        match rng.random_range(0..100) {
            // Evenly over the orders of magnitude: 0.05 to 4 s.
            0..40 => Self::After(Duration::from_secs_f64(0.05 * 80_f64.powf(rng.random()))),
            40..60 => Self::Delivery { nth: rng.random_range(1..30) },
            _ => {
                let (operation, name) = CALLS[rng.random_range(0..CALLS.len())];
                Self::Call { operation, name, nth: rng.random_range(1..12) }
            }
        }
    }

    /// Waits for it. Answers how it is called; none: it was any time.
    pub(super) async fn come(&self, sim: &Sim, rng: &mut StdRng) -> Option<&'static str> {
        let name = match self {
            Self::After(time) => {
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
