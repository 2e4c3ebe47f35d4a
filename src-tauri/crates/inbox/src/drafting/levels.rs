//! What the drafts of the past say of a rule's threshold.

use rusqlite::Connection;

use super::rules::{self, hindrance};
use crate::Core;
use crate::error::CoreError;
use crate::store::drafts::{self, State};
use crate::store::{StoreError, chats};
use crate::view::{Rule, RuleHours, RuleLevel, RuleSettings};

/// How far back is looked.
const DAYS: i64 = 30;
/// The thresholds, in hundredths.
const LEVELS: [u32; 10] = [50, 55, 60, 65, 70, 75, 80, 85, 90, 95];

impl Core {
    /// For each threshold: how many drafts of the last 30 days the rule would have sent, and what the seller did with them.
    pub async fn rule_levels(&self, rule: Rule) -> Result<Vec<RuleLevel>, CoreError> {
        let from_ms = self.inner.clock.now_ms() - DAYS * rules::DAY_MS;
        Ok(self.inner.store.read(move |c| levels(c, &rule, from_ms)).await?)
    }
}

fn levels(connection: &Connection, rule: &Rule, from_ms: i64) -> Result<Vec<RuleLevel>, StoreError> {
    // Hours are not asked: they say when, not how sure.
    let any = RuleSettings { hours: RuleHours::Always, min_chance: 0.0, ..rule.settings.clone() };
    let mut judged: Vec<(f64, State)> = Vec::new();
    for draft in drafts::since(connection, from_ms)? {
        let Some(chat) = chats::get(connection, draft.chat)? else { continue };
        let fits = draft.state != State::Replaced && rules::is_for(rule, draft.account, chat.item_id);
        if fits && hindrance(&draft, &any, draft.created_ms).is_none() {
            judged.push((draft.chance, draft.state));
        }
    }
    Ok(LEVELS
        .map(|hundredths| {
            let min_chance = f64::from(hundredths) / 100.0;
            let count = |holds: &dyn Fn(State) -> bool| {
                let all = judged.iter().filter(|(chance, state)| *chance >= min_chance && holds(*state));
                u32::try_from(all.count()).unwrap_or(u32::MAX)
            };
            RuleLevel {
                min_chance,
                drafts: count(&|_| true),
                as_is: count(&|state| state == State::Sent),
                edited: count(&|state| state == State::SentEdited),
                dismissed: count(&|state| state == State::Dismissed),
            }
        })
        .to_vec())
}
