//! Sending by rule: off until the seller switches a rule on, and then only what is sure, fully supported and still asked.
//!
//! Everything is looked at again in the transaction that puts the reply into the outbox, also whether what it says is still so, and
//! once more before each attempt to send it ([`still_fits`]): hours may lie between.

use std::time::Duration;

use rusqlite::Connection;

use super::talk::{self, Talk};
use super::{SETTINGS, recall, seller, trust, views};
use crate::Core;
use crate::clock;
use crate::error::CoreError;
use crate::ids::{ChatId, DraftId, OutboxId, RuleId};
use crate::store::draft_work;
use crate::store::drafts::{self, DraftRow, State};
use crate::store::outbox::OutboxState;
use crate::store::rules::{self, RuleRow};
use crate::store::{StoreError, chats, outbox, settings};
use crate::view::{
    AutomaticReply, DraftMark, DraftSettings, DraftSource, DryRun, ErrorCode, Notice, Rule, RuleHindrance,
    RuleHours, RuleSettings,
};

const HOUR_MS: i64 = 3_600_000;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;
/// Drafts looked at in one go.
const LOOKED_AT: u32 = 1000;
/// A question this old is answered by the seller or not at all.
const TOO_OLD_MS: i64 = 12 * HOUR_MS;

/// The seller's «Пауза».
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Pause {
    paused: bool,
    /// When it ended: drafts made before stay the seller's.
    since_ms: i64,
}

const PAUSE: &str = "rules_pause";

impl Core {
    /// All rules.
    pub async fn rules(&self) -> Result<Vec<Rule>, CoreError> {
        let rows = self.inner.store.read(rules::all).await?;
        Ok(rows.into_iter().map(|row| rule_view(&row)).collect())
    }

    /// Adds a rule or changes one. What was drafted before it was switched on stays the seller's.
    pub async fn save_rule(&self, rule: Rule) -> Result<RuleId, CoreError> {
        let now_ms = self.inner.clock.now_ms();
        let item = rule.item.as_deref().map(str::parse).transpose();
        let item = item.map_err(|_| CoreError::Invalid(ErrorCode::NotFound, "the item is no number"))?;
        let row = RuleRow {
            id: rule.id.unwrap_or(RuleId(0)),
            account: rule.account,
            item,
            active: rule.active,
            since_ms: now_ms,
            settings: serde_json::to_string(&rule.settings).unwrap_or_default(),
        };
        let id = self.inner.store.write(move |c| rules::put(c, &row, rule.id.is_none())).await?;
        self.rules_changed();
        Ok(id)
    }

    /// Removes a rule.
    pub async fn remove_rule(&self, id: RuleId) -> Result<(), CoreError> {
        self.inner.store.write(move |c| rules::remove(c, id)).await?;
        self.rules_changed();
        Ok(())
    }

    /// The one big switch: while it is on, no rule sends anything. What is drafted meanwhile stays the seller's.
    pub async fn pause_rules(&self, paused: bool) -> Result<(), CoreError> {
        let pause = Pause { paused, since_ms: self.inner.clock.now_ms() };
        self.inner.store.write(move |c| settings::set(c, PAUSE, &pause)).await?;
        self.rules_changed();
        Ok(())
    }

    fn rules_changed(&self) {
        self.notify(Notice::Drafts);
        self.inner.drafting.wake.notify_one();
    }

    /// Whether rules are paused.
    pub(super) async fn rules_paused(&self) -> Result<bool, StoreError> {
        Ok(self.inner.store.read(|c| settings::get::<Pause>(c, PAUSE)).await?.unwrap_or_default().paused)
    }

    /// What a rule would have done with the questions of the last 24 hours.
    pub async fn dry_run(&self, rule: Rule) -> Result<Vec<DryRun>, CoreError> {
        let now_ms = self.inner.clock.now_ms();
        Ok(self.inner.store.read(move |c| dry_run(c, &rule, now_ms)).await?)
    }

    /// What rules have sent, newest first, with the sources of each.
    pub async fn automatic_replies(
        &self,
        chat: Option<ChatId>,
        limit: u32,
    ) -> Result<Vec<AutomaticReply>, CoreError> {
        Ok(self.inner.store.read(move |c| log(c, chat, limit.min(500))).await?)
    }
}

fn rule_view(row: &RuleRow) -> Rule {
    Rule {
        id: Some(row.id),
        account: row.account,
        item: row.item.map(|item| item.to_string()),
        active: row.active,
        settings: settings_of(row),
    }
}

/// What a rule allows; what an older program did not know is as it is by default.
pub(super) fn settings_of(row: &RuleRow) -> RuleSettings {
    let mut all = serde_json::to_value(RuleSettings::default()).unwrap_or_default();
    if let (Some(all), Ok(serde_json::Value::Object(known))) =
        (all.as_object_mut(), serde_json::from_str(&row.settings))
    {
        all.extend(known);
    }
    serde_json::from_value(all).unwrap_or_default()
}

/// The rule for a chat: the one of its item before the account's before the general one.
pub(super) fn rule_for<'a>(all: &'a [RuleRow], talk: &Talk) -> Option<&'a RuleRow> {
    let holding = all.iter().filter(|rule| rule.active && is_for_talk(rule, talk));
    holding.max_by_key(|rule| (rule.item.is_some(), rule.account.is_some()))
}

/// Whether a rule, at work or not, is for a chat.
pub(super) fn is_for_talk(rule: &RuleRow, talk: &Talk) -> bool {
    rule.account.is_none_or(|account| account == talk.chat.account)
        && rule.item.is_none_or(|item| Some(item) == talk.chat.item_id)
}

/// Whether a rule is for this account and item.
pub(super) fn is_for(rule: &Rule, account: crate::AccountId, item: Option<i64>) -> bool {
    let of_item = rule.item.as_deref().map(str::parse::<i64>);
    rule.account.is_none_or(|of| of == account) && of_item.is_none_or(|of| of.ok() == item && item.is_some())
}

/// When a draft's time comes.
fn due_ms(draft: &DraftRow, settings: &RuleSettings) -> i64 {
    let asked_ms = draft.asked_s.saturating_mul(1000);
    let made_ms = draft.created_ms + i64::from(settings.delay_s) * 1000;
    made_ms.max(asked_ms + i64::from(settings.after_min) * 60_000)
}

/// What speaks against sending this draft by this rule, apart from what only the moment of sending tells.
pub(super) fn hindrance(draft: &DraftRow, settings: &RuleSettings, at_ms: i64) -> Option<RuleHindrance> {
    let marks: Vec<DraftMark> = views::read(&draft.marks);
    let sources: Vec<DraftSource> = views::read(&draft.sources);
    let question = crate::ingest::fold(&draft.question);
    let stops =
        |word: &String| !word.trim().is_empty() && question.contains(&crate::ingest::fold(word.trim()));
    if draft.text.is_empty() || matches!(draft.maker, crate::view::DraftMaker::Holding) {
        Some(RuleHindrance::NoDraft)
    } else if marks.iter().any(views::is_red) || !sources.iter().any(|source| source.cited) {
        Some(RuleHindrance::Unsupported)
    } else if draft.chance < settings.min_chance || trust::is_doubted(draft.maker, draft.chance) {
        Some(RuleHindrance::LowChance)
    } else if settings.stop_words.iter().any(stops) {
        Some(RuleHindrance::StopWord)
    } else if !within(settings, at_ms) {
        Some(RuleHindrance::OutsideHours)
    } else {
        None
    }
}

/// Whether a rule holds at this moment, by this machine's clock.
pub(super) fn within(settings: &RuleSettings, at_ms: i64) -> bool {
    let at = clock::local(at_ms);
    let minute = u32::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).unwrap_or(0);
    let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
    let (from, to) = (settings.from_min, settings.to_min);
    let inside = if from <= to {
        settings.days[day] && (from..to).contains(&minute)
    } else {
        // Over midnight: the night belongs to the day it began.
        (settings.days[day] && minute >= from) || (settings.days[(day + 6) % 7] && minute < to)
    };
    match settings.hours {
        RuleHours::Always => true,
        RuleHours::Within => inside,
        RuleHours::Outside => !inside,
    }
}

/// What became of one draft under the rules.
enum Step {
    Sent(ChatId, crate::AccountId),
    /// Not before.
    Later(i64),
    /// What it says is no longer so: another one is made.
    Anew(ChatId),
    Never,
}

/// Sends what is due and answers when to look again.
pub(super) async fn send_due(core: &Core) -> Result<Duration, StoreError> {
    let now_ms = core.inner.clock.now_ms();
    let long = Duration::from_secs(3600);
    let (all, pause, ready) = core
        .inner
        .store
        .read(|c| {
            let all: Vec<RuleRow> = rules::all(c)?.into_iter().filter(|rule| rule.active).collect();
            let pause: Pause = settings::get(c, PAUSE)?.unwrap_or_default();
            let ready =
                if all.is_empty() || pause.paused { Vec::new() } else { drafts::ready(c, LOOKED_AT)? };
            Ok((all, pause, ready))
        })
        .await?;
    let mut wait = long;
    for draft in ready.into_iter().filter(|draft| draft.created_ms >= pause.since_ms) {
        let (id, rules) = (draft.id, all.clone());
        match core.inner.store.read(move |c| judge(c, id, &rules, now_ms)).await? {
            Some(at_ms) if at_ms <= now_ms => {}
            Some(at_ms) => {
                wait = wait.min(Duration::from_millis(u64::try_from(at_ms - now_ms).unwrap_or(0)));
                continue;
            }
            None => continue,
        }
        match core.inner.store.write(move |c| send_one(c, id, now_ms)).await? {
            Step::Sent(chat, account) => {
                tracing::info!(draft = %id, "a rule sends a draft");
                core.reply_queued(account, chat);
                core.tell_draft(chat);
            }
            Step::Later(at_ms) => {
                wait = wait
                    .min(Duration::from_millis(u64::try_from((at_ms - now_ms).max(1000)).unwrap_or(1000)));
            }
            Step::Anew(chat) => core.tell_draft(chat), // its work is started by the step that called us
            Step::Never => {}
        }
    }
    Ok(wait)
}

/// When a rule would send this draft; none: no rule ever would, as things stand.
fn judge(
    connection: &Connection,
    id: DraftId,
    all: &[RuleRow],
    now_ms: i64,
) -> Result<Option<i64>, StoreError> {
    let Some(draft) = drafts::get(connection, id)?.filter(|draft| draft.state == State::Ready) else {
        return Ok(None);
    };
    let Some(talk) = talk::read(connection, draft.chat)?.filter(|talk| talk.still_asks(draft.message)) else {
        return Ok(None);
    };
    let Some(rule) = rule_for(all, &talk).filter(|rule| draft.created_ms >= rule.since_ms) else {
        return Ok(None);
    };
    let settings = settings_of(rule);
    let at_ms = due_ms(&draft, &settings);
    // Never twice for one question, also when the first reply was taken back; and not while another draft is made for it.
    if now_ms - draft.created_ms > TOO_OLD_MS
        || drafts::had_rule(connection, draft.chat, draft.message)?
        || draft_work::get(connection, draft.chat)?.is_some()
    {
        return Ok(None);
    }
    Ok(match hindrance(&draft, &settings, at_ms.max(now_ms)) {
        None => Some(at_ms),
        Some(RuleHindrance::OutsideHours) => Some(now_ms.max(at_ms) + 60_000), // looked at again in a minute
        Some(_) => None,
    })
}

/// When a waiting draft will be sent by a rule, for the page.
pub(super) fn sends_at_ms(
    connection: &Connection,
    draft: &DraftRow,
    now_ms: i64,
) -> Result<Option<i64>, StoreError> {
    let pause: Pause = settings::get(connection, PAUSE)?.unwrap_or_default();
    if pause.paused || draft.created_ms < pause.since_ms {
        return Ok(None);
    }
    judge(connection, draft.id, &rules::all(connection)?, now_ms)
}

/// Looks at everything once more and puts the reply into the outbox, in one transaction.
fn send_one(connection: &Connection, id: DraftId, now_ms: i64) -> Result<Step, StoreError> {
    let pause: Pause = settings::get(connection, PAUSE)?.unwrap_or_default();
    let all = rules::all(connection)?;
    let Some(draft) = drafts::get(connection, id)? else { return Ok(Step::Never) };
    match judge(connection, id, &all, now_ms)? {
        Some(at_ms) if at_ms > now_ms => return Ok(Step::Later(at_ms)),
        Some(_) if !pause.paused => {}
        _ => return Ok(Step::Never),
    }
    let Some(talk) = talk::read(connection, draft.chat)? else { return Ok(Step::Never) };
    let Some(rule) = rule_for(&all, &talk) else { return Ok(Step::Never) };
    if !recall::still_holds(connection, &draft, &talk, now_ms)? {
        recall::make_anew(connection, &draft, now_ms)?;
        return Ok(Step::Anew(draft.chat));
    }
    let settings = settings_of(rule);
    let types = !talk.chat.composer_text.trim().is_empty();
    let sent = drafts::sent_by_rules(connection, draft.chat, now_ms - HOUR_MS)?;
    if types || sent >= settings.per_hour {
        return Ok(Step::Later(now_ms + 60_000));
    }
    let row = outbox::add_text(connection, draft.account, draft.chat, draft.text.trim(), now_ms)?;
    chats::touch(connection, draft.chat, now_ms)?;
    drafts::settle(connection, id, State::SentByRule, now_ms)?;
    drafts::set_sent(connection, id, row, None, Some(rule.id))?;
    seller::note_uses(connection, &draft, true, now_ms)?;
    Ok(Step::Sent(draft.chat, draft.account))
}

/// Whether a reply that waits in the outbox may still be sent. One that a rule put there may not when the talk has overtaken it or what it
/// says is no longer so: it is dropped. Nor when the seller has paused rules or taken this one away: then it is his draft again.
/// `true` for everything the seller has approved.
pub(crate) fn still_fits(connection: &Connection, id: OutboxId, now_ms: i64) -> Result<bool, StoreError> {
    let Some(draft) = drafts::of_outbox(connection, id)?.filter(|draft| draft.state == State::SentByRule)
    else {
        return Ok(true);
    };
    let Some(row) = outbox::get(connection, id)? else { return Ok(true) };
    if row.uncertain > 0 {
        return Ok(true); // what may be at Avito is looked for, never dropped
    }
    let talk = talk::read(connection, draft.chat)?.filter(|talk| talk.newest() == Some(draft.message));
    let holds = match &talk {
        Some(talk) => recall::still_holds(connection, &draft, talk, now_ms)?,
        None => false,
    };
    let allowed = is_allowed(connection, &draft)?;
    if holds && allowed {
        return Ok(true);
    }
    outbox::set_state(connection, id, OutboxState::Discarded, None, None, None, None)?;
    if holds {
        drafts::hand_back(connection, draft.id)?;
    } else {
        drafts::overtaken(connection, draft.id, now_ms)?;
        if talk.is_some() {
            recall::make_anew(connection, &draft, now_ms)?;
        }
    }
    Ok(false)
}

/// Whether the seller still wants the rule that queued this draft to send.
fn is_allowed(connection: &Connection, draft: &DraftRow) -> Result<bool, StoreError> {
    let on = settings::get_over_default::<DraftSettings>(connection, SETTINGS)?.on;
    let paused = settings::get::<Pause>(connection, PAUSE)?.unwrap_or_default().paused;
    let sender = drafts::rule_of(connection, draft.id)?;
    Ok(on && !paused && rules::all(connection)?.iter().any(|rule| rule.active && Some(rule.id) == sender))
}

fn dry_run(connection: &Connection, rule: &Rule, now_ms: i64) -> Result<Vec<DryRun>, StoreError> {
    let mut out: Vec<DryRun> = Vec::new();
    let mut sent: Vec<(ChatId, i64)> = Vec::new();
    for draft in drafts::since(connection, now_ms - DAY_MS)? {
        let Some(chat) = chats::get(connection, draft.chat)? else { continue };
        if !is_for(rule, draft.account, chat.item_id) || draft.state == State::Replaced {
            continue;
        }
        let at_ms = due_ms(&draft, &rule.settings);
        let in_hour =
            sent.iter().filter(|(chat, sent_ms)| *chat == draft.chat && *sent_ms > at_ms - HOUR_MS).count();
        let overtaken =
            draft.state != State::SentByRule && draft.settled_ms.is_some_and(|settled_ms| settled_ms < at_ms);
        let hindrance = hindrance(&draft, &rule.settings, at_ms)
            .or(overtaken.then_some(RuleHindrance::TalkWentOn))
            .or((in_hour >= rule.settings.per_hour as usize).then_some(RuleHindrance::TooMany));
        if hindrance.is_none() {
            sent.push((draft.chat, at_ms));
        }
        let shown = views::view(draft);
        out.push(DryRun {
            chat: shown.chat,
            buyer: chat.buyer_name,
            question: shown.question,
            text: shown.text,
            chance: shown.chance,
            sends_at_ms: hindrance.is_none().then_some(at_ms),
            hindrance,
            became: shown.state,
        });
    }
    out.reverse();
    Ok(out)
}

fn log(connection: &Connection, chat: Option<ChatId>, limit: u32) -> Result<Vec<AutomaticReply>, StoreError> {
    let mut out = Vec::new();
    for (draft, rule) in drafts::by_rules(connection, chat, limit)? {
        let message = match draft.outbox {
            Some(row) => outbox::get(connection, row)?.and_then(|row| row.message),
            None => None,
        };
        let sources: Vec<DraftSource> = views::read(&draft.sources);
        out.push(AutomaticReply {
            draft: draft.id,
            chat: draft.chat,
            message,
            rule,
            question: draft.question,
            text: draft.text,
            sources: sources.into_iter().filter(|source| source.cited).map(|source| source.title).collect(),
            sent_ms: draft.settled_ms.unwrap_or(draft.created_ms),
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_an_older_program_keeps_what_it_says() {
        let row = RuleRow {
            id: RuleId(1),
            account: None,
            item: None,
            active: true,
            since_ms: 0,
            settings: r#"{"perHour":7,"minChance":0.75}"#.into(),
        };
        let expected = RuleSettings { per_hour: 7, min_chance: 0.75, ..RuleSettings::default() };
        assert_eq!(settings_of(&row), expected);
    }

    #[test]
    fn a_rule_holds_within_its_hours_also_over_midnight() {
        let at = |hour: i64| {
            // Some Wednesday at this hour, in whatever zone this machine is.
            let noon =
                clock::local(1_795_000_000_000).with().hour(0).minute(0).second(0).build().map_or(0, |day| {
                    let back = i64::from(day.weekday().to_monday_zero_offset()) - 2;
                    day.timestamp().as_millisecond() - back * DAY_MS
                });
            noon + hour * HOUR_MS + 60_000
        };
        let wednesday = [false, false, true, false, false, false, false];
        let rule = |hours, from: u32, to: u32| RuleSettings {
            hours,
            from_min: from * 60,
            to_min: to * 60,
            days: wednesday,
            ..RuleSettings::default()
        };
        assert!(
            within(&rule(RuleHours::Within, 9, 21), at(10))
                && !within(&rule(RuleHours::Within, 9, 21), at(22))
        );
        assert!(
            !within(&rule(RuleHours::Outside, 9, 21), at(10))
                && within(&rule(RuleHours::Outside, 9, 21), at(22))
        );
        let night = rule(RuleHours::Within, 21, 8);
        assert!(
            within(&night, at(23))
                && within(&night, at(24 + 7))
                && !within(&night, at(7))
                && !within(&night, at(24 + 9))
        );
        assert!(within(&RuleSettings::default(), at(3)));
    }
}
