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
    /// A connection to the endpoint that has not shown the secret by then is closed: the whole life of a stranger's connection.
    pub head_patience: Duration,
    /// How often the wall clock is compared with the steady one: so long after a computer's sleep everything looks again.
    pub clock_look: Duration,
    /// A connection that has shown it is closed after so long without a delivery. A short time would close it in Avito's face now
    /// and then.
    pub keep_open: Duration,
    /// What is made of messages (drafts, the words they are found by) waits no longer than this for those that are still being taken in.
    pub intake_patience: Duration,
    /// A buyer who has written nothing for so long has paused: several short messages are one question.
    pub buyer_pause: Duration,
    /// A draft is made so long after the first message at the latest.
    pub buyer_pause_max: Duration,
    /// How long after a start chats are looked through for questions that want a draft: the window is drawn first.
    pub drafts_first: Duration,
    /// How often files of knowledge and watched folders are looked at for changes.
    pub folder_look: Duration,
    /// How long after a start, or after it was connected, an account's items are read for the first time: its chats come first.
    pub items_first: Duration,
    /// How often they are read again.
    pub items_look: Duration,
    /// Settled deliveries are kept in the journal this long.
    pub journal_keep: Duration,
    /// What was removed from knowledge can be had back so long.
    pub source_grace: Duration,
    /// A replaced webhook path is accepted so much longer: deliveries to it may be under way.
    pub secret_grace: Duration,
    /// A line that went down twice must stay up so long before it is used; doubles with each time down.
    pub flap_first: Duration,
    /// The longest of these times.
    pub flap_max: Duration,
    /// A line that was used so long without going down is steady again.
    pub flap_memory: Duration,
    /// Without any delivery, a passed self-test proves the line for so long.
    pub proof_keep: Duration,
    /// How long a self-test waits for its answer.
    pub test_patience: Duration,
    /// How often a live account's time is written into the ledger.
    pub ledger_tick: Duration,
    /// A longer time between two checks is no polling: what happened in it was read afterwards.
    pub usual_gap: Duration,
}

impl Timing {
    /// The same with everything that is waited for so many times shorter, for proofs that cannot wait as long as a seller does.
    /// Counts stay, and what is kept is kept as long.
    #[must_use]
    pub fn hurried(self, times: u32) -> Self {
        let shorter = |time: Duration| time / times.max(1);
        Self {
            poll_busy: shorter(self.poll_busy),
            poll_quiet: shorter(self.poll_quiet),
            poll_night: shorter(self.poll_night),
            busy_for: shorter(self.busy_for),
            poll_live: shorter(self.poll_live),
            poll_live_first: shorter(self.poll_live_first),
            open_chat: shorter(self.open_chat),
            trouble_first: shorter(self.trouble_first),
            trouble_max: shorter(self.trouble_max),
            trouble_seller: shorter(self.trouble_seller),
            look_first: shorter(self.look_first),
            look_until: shorter(self.look_until),
            unknown_attempts: self.unknown_attempts,
            event_grace: shorter(self.event_grace),
            call_timeout: shorter(self.call_timeout),
            head_patience: shorter(self.head_patience),
            keep_open: shorter(self.keep_open),
            clock_look: self.clock_look,
            intake_patience: shorter(self.intake_patience),
            buyer_pause: shorter(self.buyer_pause),
            buyer_pause_max: shorter(self.buyer_pause_max),
            drafts_first: shorter(self.drafts_first),
            folder_look: shorter(self.folder_look),
            items_first: shorter(self.items_first),
            items_look: shorter(self.items_look),
            journal_keep: self.journal_keep,
            source_grace: self.source_grace,
            secret_grace: shorter(self.secret_grace),
            flap_first: shorter(self.flap_first),
            flap_max: shorter(self.flap_max),
            flap_memory: shorter(self.flap_memory),
            proof_keep: shorter(self.proof_keep),
            test_patience: self.test_patience,
            ledger_tick: shorter(self.ledger_tick),
            usual_gap: self.usual_gap,
        }
    }
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
            clock_look: seconds(10),
            head_patience: seconds(10),
            keep_open: seconds(120),
            intake_patience: seconds(5),
            buyer_pause: seconds(4),
            buyer_pause_max: seconds(30),
            drafts_first: seconds(3),
            folder_look: seconds(10),
            items_first: seconds(60),
            items_look: seconds(1800),
            journal_keep: seconds(14 * 24 * 3600),
            source_grace: seconds(600),
            secret_grace: seconds(600),
            flap_first: seconds(5),
            flap_max: seconds(300),
            flap_memory: seconds(600),
            proof_keep: seconds(3600),
            test_patience: seconds(10),
            ledger_tick: seconds(30),
            usual_gap: seconds(180),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_hurry_every_wait_is_shorter_and_nothing_is_kept_shorter_or_given_up_sooner() {
        let (usual, hurried) = (Timing::default(), Timing::default().hurried(10));
        assert_eq!(hurried.poll_busy, Duration::from_secs(1));
        assert_eq!(hurried.look_until, Duration::from_secs(2));
        assert_eq!(hurried.look_first, Duration::from_millis(300));
        assert_eq!(hurried.unknown_attempts, usual.unknown_attempts);
        assert_eq!(hurried.journal_keep, usual.journal_keep);
        for times in [0, 1] {
            assert_eq!(format!("{:?}", Timing::default().hurried(times)), format!("{usual:?}"));
        }
    }
}
