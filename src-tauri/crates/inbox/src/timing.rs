//! How often we ask and how long we wait. One place; tests shrink it.

use std::time::Duration;

/// Intervals of sync and outbox.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Polling while the window is in use or a talk is going on.
    pub poll_busy: Duration,
    /// Polling otherwise.
    pub poll_quiet: Duration,
    /// Polling at night (1 to 6 o'clock here) when nothing goes on.
    pub poll_night: Duration,
    /// How long after the last message or the last use of the window we still poll often.
    pub busy_for: Duration,
    /// Slow poll while live: catches lost deliveries and read ticks.
    pub poll_live: Duration,
    /// The first slow poll after going live; doubles up to `poll_live`.
    pub poll_live_first: Duration,
    /// The open chat's newest page is read again this often, for read ticks and deletions.
    pub open_chat: Duration,
    /// Pause after trouble; doubles up to `trouble_max`.
    pub trouble_first: Duration,
    /// Longest pause after trouble.
    pub trouble_max: Duration,
    /// Pause where only the seller can help (wrong key, tariff): looked at again, because the seller may have helped on the site.
    pub trouble_seller: Duration,
    /// After a send whose answer was lost: the time Avito gets to show the message before we look.
    pub look_first: Duration,
    /// So long after the attempt the message is taken as not accepted, and sent again.
    pub look_until: Duration,
    /// After so many attempts that all ended unknown, the seller decides.
    pub unknown_attempts: u32,
    /// A delivery this much later than the message counts as lost: the slow poll may simply have been faster.
    pub event_grace: Duration,
    /// How long one call to Avito may take; uploads get more.
    pub call_timeout: Duration,
    /// A connection to the endpoint that has sent no complete request head for so long is closed. It holds for a kept-open
    /// connection between two deliveries as well: a short time would close it in Avito's face now and then.
    pub head_patience: Duration,
    /// Settled deliveries are kept in the journal this long.
    pub journal_keep: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            poll_busy: seconds(10),
            poll_quiet: seconds(30),
            poll_night: seconds(90),
            busy_for: seconds(180),
            poll_live: seconds(300),
            poll_live_first: seconds(30),
            open_chat: seconds(15),
            trouble_first: seconds(5),
            trouble_max: seconds(300),
            trouble_seller: seconds(900),
            look_first: seconds(3),
            look_until: seconds(20),
            unknown_attempts: 4,
            event_grace: seconds(20),
            call_timeout: seconds(20),
            head_patience: seconds(15),
            journal_keep: seconds(14 * 24 * 3600),
        }
    }
}
