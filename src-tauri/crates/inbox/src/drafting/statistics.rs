//! How drafts have done: sent as they were, changed, turned down; by maker and source; how fast replies are with and without.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::views;
use crate::Core;
use crate::error::CoreError;
use crate::store::drafts::{self, DraftRow, State};
use crate::store::{StoreError, questions};
use crate::view::{DraftCounts, DraftMaker, DraftSource, DraftStatistics};

/// Messages looked at for the time of replies without a draft.
const MESSAGES: u32 = 20_000;
const DAY_MS: i64 = 24 * 3_600_000;

impl Core {
    /// How drafts have done in the last days.
    pub async fn draft_statistics(&self, days: u32) -> Result<DraftStatistics, CoreError> {
        let from_ms = self.inner.clock.now_ms() - i64::from(days.clamp(1, 3660)) * DAY_MS;
        Ok(self.inner.store.read(move |c| count(c, from_ms)).await?)
    }
}

/// Sums while counting.
#[derive(Default)]
struct Sums {
    counts: DraftCounts,
    shares: f64,
}

impl Sums {
    fn add(&mut self, draft: &DraftRow) {
        match draft.state {
            State::Sent | State::SentByRule => self.counts.sent += 1,
            State::SentEdited => {
                self.counts.edited += 1;
                self.shares += draft.edit_share.unwrap_or(0.0);
            }
            State::Dismissed => self.counts.dismissed += 1,
            State::Stale => self.counts.stale += 1,
            State::Ready | State::Unanswerable | State::Replaced => {}
        }
    }

    fn done(mut self) -> DraftCounts {
        if self.counts.edited > 0 {
            self.counts.edit_share = self.shares / f64::from(self.counts.edited);
        }
        self.counts
    }
}

fn count(connection: &Connection, from_ms: i64) -> Result<DraftStatistics, StoreError> {
    let mut all = Sums::default();
    let mut makers: BTreeMap<String, Sums> = BTreeMap::new();
    let mut sources: BTreeMap<String, Sums> = BTreeMap::new();
    let mut with = Vec::new();
    for draft in drafts::since(connection, from_ms)? {
        all.add(&draft);
        let maker = match draft.maker {
            DraftMaker::Model => draft.model.clone().unwrap_or_else(|| "model".into()),
            DraftMaker::Quote => "quote".into(),
            DraftMaker::Holding => "holding".into(),
            DraftMaker::Template => "template".into(),
        };
        makers.entry(maker).or_default().add(&draft);
        let cited = views::read::<DraftSource>(&draft.sources).into_iter().filter(|source| source.cited);
        for source in cited.filter(|source| !source.title.is_empty()) {
            sources.entry(source.title).or_default().add(&draft);
        }
        if let (State::Sent | State::SentEdited | State::SentByRule, Some(settled_ms)) =
            (draft.state, draft.settled_ms)
        {
            with.push(settled_ms.div_euclid(1000) - draft.asked_s);
        }
    }
    let listed =
        |sums: BTreeMap<String, Sums>| sums.into_iter().map(|(name, sums)| (name, sums.done())).collect();
    Ok(DraftStatistics {
        all: all.done(),
        by_maker: listed(makers),
        by_source: listed(sources),
        answer_with_s: middle(with),
        answer_without_s: middle(without_drafts(connection, from_ms.div_euclid(1000))?),
        unanswerable: questions::count_since(connection, from_ms)?,
    })
}

/// The newest messages of all, sorted; by the index that has them in this order the whole archive would be read.
const NEWEST: &str = "
    SELECT m.chat, m.outgoing, m.sent_s,
           EXISTS (SELECT 1 FROM outbox o JOIN drafts d ON d.outbox = o.id WHERE o.message = m.id)
    FROM (SELECT id, chat, outgoing, sent_s, tie FROM messages NOT INDEXED WHERE id > (SELECT max(id) - ?2 FROM messages)
            AND rank = 0 AND sent_s >= ?1) m
    ORDER BY m.chat, m.sent_s, m.tie";

/// Seconds from a buyer's question to the reply, for replies that began as no draft.
fn without_drafts(connection: &Connection, from_s: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(NEWEST)?;
    let rows = statement.query_map((from_s, MESSAGES), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?, row.get::<_, i64>(2)?, row.get::<_, bool>(3)?))
    })?;
    let mut out = Vec::new();
    let mut asked: Option<(i64, i64)> = None;
    for row in rows {
        let (chat, outgoing, sent_s, of_draft) = row?;
        match asked {
            Some((in_chat, asked_s)) if in_chat == chat && outgoing => {
                if !of_draft {
                    out.push(sent_s - asked_s);
                }
                asked = None;
            }
            Some((in_chat, _)) if in_chat == chat => {}
            _ => asked = (!outgoing).then_some((chat, sent_s)),
        }
    }
    Ok(out)
}

fn middle(mut times: Vec<i64>) -> Option<u32> {
    times.sort_unstable();
    times.get(times.len() / 2).and_then(|time| u32::try_from((*time).max(0)).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_counted_without_walking_through_the_archive() {
        let lines = crate::store::plan(&crate::store::testing(), NEWEST);
        assert!(
            lines.iter().any(|line| line.contains("messages USING INTEGER PRIMARY KEY (rowid>?)")),
            "{lines:?}"
        );
    }
}
