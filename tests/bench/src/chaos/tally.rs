//! What was done, counted: the proof is worth as much as what it went through.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// Name of the count of deliveries that came through a tunnel.
pub(super) const THROUGH_TUNNEL: &str = "came through a tunnel";

/// Counts of a shop, or of all of them.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Tally {
    pub(super) rounds: u64,
    /// Kills by what was going on.
    pub(super) kills: BTreeMap<&'static str, u64>,
    pub(super) chats: u64,
    pub(super) buyer_messages: u64,
    pub(super) phone_messages: u64,
    /// Replies the program accepted.
    pub(super) approved: u64,
    /// Replies whose acceptance a kill left open.
    pub(super) unanswered: u64,
    pub(super) pictures: u64,
    /// Replies refused by the program at once (a chat it does not know yet).
    pub(super) refused: u64,
    /// Messages compared.
    pub(super) compared: u64,
    pub(super) sent: u64,
    pub(super) parked: u64,
    pub(super) taken_for_phone: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) wrong: u64,
    /// Deliveries by what became of them.
    pub(super) deliveries: BTreeMap<&'static str, u64>,
    /// Strokes of faults by name.
    pub(super) faults: BTreeMap<&'static str, u64>,
    pub(super) calls: u64,
    /// Longest delay of a timer in this process, milliseconds: how far the machine itself was from keeping time.
    pub(super) longest_stall_ms: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Tally) {
        let into = |mine: &mut BTreeMap<&'static str, u64>, theirs: BTreeMap<&'static str, u64>| {
            for (name, count) in theirs {
                *mine.entry(name).or_default() += count;
            }
        };
        into(&mut self.kills, other.kills);
        into(&mut self.deliveries, other.deliveries);
        into(&mut self.faults, other.faults);
        for (mine, theirs) in [
            (&mut self.rounds, other.rounds),
            (&mut self.chats, other.chats),
            (&mut self.buyer_messages, other.buyer_messages),
            (&mut self.phone_messages, other.phone_messages),
            (&mut self.approved, other.approved),
            (&mut self.unanswered, other.unanswered),
            (&mut self.pictures, other.pictures),
            (&mut self.refused, other.refused),
            (&mut self.compared, other.compared),
            (&mut self.sent, other.sent),
            (&mut self.parked, other.parked),
            (&mut self.taken_for_phone, other.taken_for_phone),
            (&mut self.lost, other.lost),
            (&mut self.doubled, other.doubled),
            (&mut self.wrong, other.wrong),
            (&mut self.calls, other.calls),
        ] {
            *mine += theirs;
        }
        self.longest_stall_ms = self.longest_stall_ms.max(other.longest_stall_ms);
    }

    /// Whether both sides were the same everywhere.
    pub(super) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.wrong == 0
    }

    /// The line everybody asks for.
    pub(super) fn verdict(&self) -> String {
        let line = format!("lost {} doubled {} parked {}", self.lost, self.doubled, self.parked);
        if self.wrong == 0 { line } else { format!("{line} wrong {}", self.wrong) }
    }

    /// A table of all counts.
    pub(super) fn rows(&self, took: Duration) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let mut row = |name: &str, count: u64| rows.push(vec![name.to_owned(), count.to_string()]);
        row("rounds", self.rounds);
        for (moment, count) in &self.kills {
            row(&format!("  killed {moment}"), *count);
        }
        row("messages compared", self.compared);
        row("  by buyers, while it ran", self.buyer_messages);
        row("  by the seller on the phone", self.phone_messages);
        row("  by the program", self.sent);
        row("chats", self.chats);
        row("replies accepted by the program", self.approved);
        row("  of them pictures", self.pictures);
        row("replies whose acceptance a kill left open", self.unanswered);
        row("replies refused at once", self.refused);
        row("replies parked", self.parked);
        row("replies taken for equal words from the phone", self.taken_for_phone);
        for (what, count) in &self.deliveries {
            row(&format!("deliveries {what}"), *count);
        }
        for (fault, count) in &self.faults {
            row(&format!("fault {fault}"), *count);
        }
        row("calls to Avito", self.calls);
        row("longest stall of this machine, ms", self.longest_stall_ms);
        row("seconds", took.as_secs());
        rows
    }
}
