//! Jumps of the wall clock against the steady one: the computer slept, or somebody set the clock.
//!
//! A sleeping computer's timers stand still, so after it every pause would go on as if no time had passed. And what was noted by the
//! wall clock before somebody set it means another moment now.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::Core;
use crate::store::{draft_work, outbox};

/// Smaller steps are the system's own small corrections.
const JUMP_MS: i64 = 10_000;

/// Runs until the core stops.
pub(crate) async fn watch(core: Core) {
    let lead_ms = || core.inner.clock.now_ms() - core.inner.clock.steady_ms();
    let mut last_ms = lead_ms();
    let mut network = outgoing_addresses();
    loop {
        core.inner.clock.sleep(core.inner.timing.clock_look).await;
        let now = outgoing_addresses();
        if now != network {
            let connected = now.iter().any(Option::is_some);
            tracing::info!(connected, "the network is another one");
            network = now;
            if connected {
                core.way_is_new();
            }
        }
        let jump_ms = lead_ms() - last_ms;
        if jump_ms.abs() < JUMP_MS {
            continue;
        }
        last_ms += jump_ms;
        tracing::info!(jump_ms, "time has jumped");
        core.time_jumped(jump_ms).await;
    }
}

/// The addresses this machine would send from, by IPv4 and by IPv6; none without a network. Nothing is sent to find out.
fn outgoing_addresses() -> [Option<IpAddr>; 2] {
    let towards = |any: IpAddr, outside: IpAddr| {
        let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
        // Only the routing table is asked.
        socket.connect(SocketAddr::new(outside, 9)).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    };
    // Any address outside will do; these are for documents.
    [
        towards(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(198, 51, 100, 1).into()),
        towards(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
    ]
}

impl Core {
    /// What was known of the way from Avito to us counts no longer: the tunnel and every account look again.
    fn way_is_new(&self) {
        self.inner.tunnels.way_changed();
        for account in self.accounts() {
            account.line.doubt();
        }
        self.wake_everything();
    }

    async fn time_jumped(&self, jump_ms: i64) {
        let now_ms = self.inner.clock.now_ms();
        // What lies in the future by now never happened.
        self.inner.last_message_ms.fetch_min(now_ms, std::sync::atomic::Ordering::Relaxed);
        for account in self.accounts() {
            // While the computer slept nothing could arrive; that says nothing about the events of a live account.
            account.update(self, |state| state.mode_since_ms = (state.mode_since_ms + jump_ms).min(now_ms));
        }
        let latest_ms = now_ms + i64::try_from(self.inner.timing.buyer_pause_max.as_millis()).unwrap_or(0);
        let moved = self.inner.store.write(move |c| {
            draft_work::no_later_than(c, latest_ms)?;
            outbox::no_later_than(c, now_ms)
        });
        if let Err(error) = moved.await {
            tracing::warn!(%error, "waiting replies keep their times");
        }
        self.way_is_new();
    }
}
