//! Which chats want a draft.

use rusqlite::Connection;

use super::talk;
use crate::Core;
use crate::account::news_floor_s;
use crate::ids::{ChatId, MessageId};
use crate::store::draft_work::{self, Work};
use crate::store::drafts::{self, State};
use crate::store::{StoreError, accounts, chats};

/// A question this old is no news: the seller has seen it or does not want it.
const NEWS_S: i64 = 48 * 3600;
/// Chats settled by one transaction.
const PIECE: u32 = 50;

/// What must be known to tell a question from history.
#[derive(Debug, Clone, Copy)]
struct Moment {
    now_ms: i64,
    pause_ms: i64,
    pause_max_ms: i64,
}

/// What came of looking at a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Settled {
    chat: ChatId,
    /// The message a draft is made for, or exists for.
    wanted: Option<MessageId>,
    changed: bool,
}

/// Looks at every chat that drafts may concern: after a start, and when more changed than is held in memory.
pub(super) async fn sweep(core: &Core) -> Result<(), StoreError> {
    let from_ms = core.inner.clock.now_ms() - NEWS_S * 1000;
    let mut after = ChatId(0);
    loop {
        let piece = core.inner.store.read(move |c| chats::of_drafts(c, from_ms, after, PIECE)).await?;
        let Some(last) = piece.last() else { return Ok(()) };
        after = *last;
        tell(core, settle(core, piece).await?);
    }
}

/// Settles every chat that changed.
pub(super) async fn settle_changed(core: &Core) -> Result<(), StoreError> {
    let Some(changed) = core.inner.drafting.take_changed() else {
        let swept = sweep(core).await;
        if swept.is_err() {
            core.inner.drafting.look_at_all(); // again, when the disk works
        }
        return swept;
    };
    for piece in changed.chunks(PIECE as usize) {
        let settled = settle(core, piece.to_vec()).await;
        if settled.is_err() {
            core.inner.drafting.look_at(&changed); // again, when the disk works
        }
        tell(core, settled?);
    }
    Ok(())
}

fn tell(core: &Core, settled: Vec<Settled>) {
    for settled in settled {
        core.inner.drafting.stop_unless(settled.chat, settled.wanted);
        if settled.changed {
            core.tell_draft(settled.chat);
        }
    }
}

async fn settle(core: &Core, piece: Vec<ChatId>) -> Result<Vec<Settled>, StoreError> {
    let millis = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(0);
    let moment = Moment {
        now_ms: core.inner.clock.now_ms(),
        pause_ms: millis(core.inner.timing.buyer_pause),
        pause_max_ms: millis(core.inner.timing.buyer_pause_max),
    };
    core.inner
        .store
        .write(move |c| {
            let mut out = Vec::new();
            for chat in piece {
                out.push(settle_one(c, chat, moment)?);
            }
            Ok(out)
        })
        .await
}

fn settle_one(connection: &Connection, chat: ChatId, moment: Moment) -> Result<Settled, StoreError> {
    let unwanted = |connection: &Connection| -> Result<Settled, StoreError> {
        let stale = drafts::settle_chat(connection, chat, State::Stale, moment.now_ms)?;
        let changed = draft_work::remove(connection, chat)? || stale;
        Ok(Settled { chat, wanted: None, changed })
    };
    let Some(talk) = talk::read(connection, chat)? else { return unwanted(connection) };
    let Some(newest) = talk.newest().filter(|_| !talk.replying) else { return unwanted(connection) };
    if drafts::is_done(connection, chat, newest)? {
        let asked_again = draft_work::get(connection, chat)?.is_some_and(|work| work.message == newest);
        let changed = !asked_again && draft_work::remove(connection, chat)?;
        return Ok(Settled { chat, wanted: Some(newest), changed });
    }
    let question = talk.question();
    let last_s = talk.burst.last().map_or(0, |message| message.sent_s);
    // Asked of the archive: while its key is replaced an account is not at work, and its questions are questions all the same.
    let account = accounts::get(connection, talk.chat.account)?;
    let is_news = account.is_some_and(|account| last_s >= news_floor_s(account.added_ms))
        && last_s >= moment.now_ms.div_euclid(1000) - NEWS_S
        && !talk.chat.hidden_by_tariff;
    if !is_news || question.is_empty() || ::drafts::is_small_talk(&question) {
        return unwanted(connection);
    }
    let mut changed = drafts::settle_chat(connection, chat, State::Stale, moment.now_ms)?;
    let known = draft_work::get(connection, chat)?;
    if known.as_ref().is_none_or(|work| work.message != newest) {
        let seen = |message: Option<&crate::store::messages::StoredMessage>| {
            message.map_or(moment.now_ms, |message| message.first_seen_ms)
        };
        let latest_ms = seen(talk.burst.first()).saturating_add(moment.pause_max_ms);
        let paused_ms = seen(talk.burst.last()).saturating_add(moment.pause_ms);
        let due_ms = paused_ms.min(latest_ms.max(moment.now_ms)).min(moment.now_ms + moment.pause_max_ms);
        let work = Work {
            chat,
            account: talk.chat.account,
            message: newest,
            due_ms,
            attempts: 0,
            instruction: None,
        };
        draft_work::put(connection, &work)?;
        changed = true;
    }
    Ok(Settled { chat, wanted: Some(newest), changed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Archive;

    #[test]
    fn a_question_waits_for_a_draft_whether_or_not_its_account_is_at_work() {
        // Nothing here is at work: it is as while the account's key is replaced.
        let archive = Archive::new();
        let asked = archive.asks(1_000, "Есть размер 42?");
        let moment = Moment { now_ms: 1_001_000, pause_ms: 4_000, pause_max_ms: 30_000 };
        let settled = settle_one(&archive.connection, archive.chat, moment).unwrap();
        assert_eq!((settled.wanted, settled.changed), (Some(asked), true));
        let work = draft_work::get(&archive.connection, archive.chat).unwrap().unwrap();
        assert_eq!((work.message, work.due_ms), (asked, 1_004_000));
    }

    #[test]
    fn a_question_from_before_the_account_was_connected_gets_no_draft_by_itself() {
        let archive = Archive::new();
        let connected = "UPDATE accounts SET added_ms = 1010000";
        archive.connection.execute(connected, []).unwrap();
        archive.asks(1_000, "Есть размер 42?");
        let moment = Moment { now_ms: 1_020_000, pause_ms: 4_000, pause_max_ms: 30_000 };
        assert_eq!(settle_one(&archive.connection, archive.chat, moment).unwrap().wanted, None);
    }
}
