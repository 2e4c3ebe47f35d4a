//! What the seller does with drafts: send, change, ask for another, turn down.

use ::drafts::check;
use rusqlite::Connection;

use super::context::Sourced;
use super::talk;
use super::{making, recall, views};
use crate::Core;
use crate::core::sendable;
use crate::error::CoreError;
use crate::ids::{ChatId, DraftId, MessageId};
use crate::reading::thread;
use crate::sources::Known;
use crate::store::draft_work::{self, Work};
use crate::store::drafts::{self, DraftRow, Edited, State};
use crate::store::{StoreError, chats, outbox, uses};
use crate::view::{
    DraftMark, DraftSource, DraftSourceKind, EntryInput, ErrorCode, MessageRow, Scope, SentDraft, SourceKind,
};

/// A reply changed by more than this says something of its own.
const LESSON: f64 = 0.25;
/// Characters of the reason for turning a draft down.
const REASON_LIMIT: usize = 300;

/// Why a draft was not sent.
enum Refused {
    Stale(ChatId),
    Outdated(ChatId),
    Unsupported,
    Gone,
}

impl Core {
    /// Sends a draft, as it is (`text` is none) or changed. One draft becomes one reply, however often this is called. What no
    /// source says is sent only when the seller says to have looked (`despite_marks`) or has changed the text.
    pub async fn send_draft(
        &self,
        id: DraftId,
        text: Option<String>,
        despite_marks: bool,
    ) -> Result<SentDraft, CoreError> {
        let changed = text.map(|text| sendable(&text)).transpose()?;
        let now_ms = self.inner.clock.now_ms();
        let hold_ms = i64::from(self.settings().undo_send_s) * 1000;
        let sent = self
            .inner
            .store
            .write(move |c| {
                let Some(draft) = drafts::get(c, id)? else { return Ok(Err(Refused::Gone)) };
                let chat = draft.chat;
                if !matches!(draft.state, State::Ready | State::Unanswerable) {
                    return Ok(Err(Refused::Stale(chat)));
                }
                // Checked again in the transaction that sends it.
                let Some(talk) = talk::read(c, chat)?.filter(|talk| talk.still_asks(draft.message)) else {
                    drafts::settle(c, id, State::Stale, now_ms)?;
                    return Ok(Err(Refused::Stale(chat)));
                };
                let changed = changed.filter(|text| *text != draft.text.trim());
                let marks: Vec<DraftMark> = views::read(&draft.marks);
                let may_go = views::may_go(draft.maker, &marks, draft.chance);
                if changed.is_none() && !despite_marks && !may_go {
                    return Ok(Err(Refused::Unsupported));
                }
                // Who has changed it, or says to have looked, answers for the facts.
                if changed.is_none() && !despite_marks && !recall::still_holds(c, &draft, &talk, now_ms)? {
                    recall::make_anew(c, &draft, now_ms)?;
                    return Ok(Err(Refused::Outdated(chat)));
                }
                let text = changed.clone().unwrap_or_else(|| draft.text.trim().to_owned());
                let share = changed.as_deref().map(|text| edit_share(&draft.text, text));
                let row = outbox::add_text(c, draft.account, chat, &text, now_ms)?;
                if hold_ms > 0 {
                    outbox::hold(c, row, now_ms.saturating_add(hold_ms))?;
                }
                chats::touch(c, chat, now_ms)?;
                let state = if changed.is_some() { State::SentEdited } else { State::Sent };
                drafts::settle(c, id, state, now_ms)?;
                let edited = changed.as_deref().zip(share).map(|(text, share)| Edited { text, share });
                drafts::set_sent(c, id, row, edited.as_ref(), None)?;
                note_uses(c, &draft, true, now_ms)?;
                let echo: Option<MessageRow> =
                    outbox::get(c, row)?.map(|row| thread::echo(c, &row)).transpose()?;
                let item = chats::get(c, chat)?.and_then(|chat| chat.item_id);
                Ok(Ok((draft, echo, text, share, item)))
            })
            .await?;
        let (draft, echo, text, share, item) = match sent {
            Ok(sent) => sent,
            Err(Refused::Stale(chat)) => {
                self.tell_draft(chat);
                return Err(CoreError::Invalid(ErrorCode::DraftStale, "the talk has gone on"));
            }
            Err(Refused::Outdated(chat)) => {
                self.inner.drafting.wake.notify_one();
                self.tell_draft(chat);
                return Err(CoreError::Invalid(ErrorCode::DraftOutdated, "what it says is no longer so"));
            }
            Err(Refused::Unsupported) => {
                return Err(CoreError::Invalid(ErrorCode::DraftUnsupported, "a fact has no source"));
            }
            Err(Refused::Gone) => return Err(CoreError::not_found("no such draft")),
        };
        self.reply_queued(draft.account, draft.chat);
        self.tell_draft(draft.chat);
        let row = echo.ok_or_else(|| CoreError::not_found("no such reply"))?;
        let lesson = share.filter(|share| *share >= LESSON).and_then(|_| lesson(&draft, &text, item));
        Ok(SentDraft { row, lesson })
    }

    /// Makes another version, different as the seller asks («короче»); the present one goes when it is there.
    pub async fn another_draft(&self, chat: ChatId, instruction: &str) -> Result<(), CoreError> {
        let (instruction, now_ms) =
            (instruction.trim().chars().take(REASON_LIMIT).collect(), self.inner.clock.now_ms());
        let asked = self
            .inner
            .store
            .write(move |c| {
                let Some(talk) = talk::read(c, chat)? else { return Ok(false) };
                let Some(message) = talk.newest().filter(|_| !talk.replying) else { return Ok(false) };
                let account = talk.chat.account;
                let work = Work {
                    chat,
                    account,
                    message,
                    due_ms: now_ms,
                    attempts: 0,
                    instruction: Some(instruction),
                };
                draft_work::put(c, &work)?;
                Ok(true)
            })
            .await?;
        if !asked {
            return Err(CoreError::Invalid(ErrorCode::DraftStale, "nothing is asked in this chat"));
        }
        self.inner.drafting.wake.notify_one();
        self.tell_draft(chat);
        Ok(())
    }

    /// Turns this draft down; without one stops the making of the chat's. A question that came later is not touched: nobody has seen it.
    pub async fn dismiss_draft(
        &self,
        chat: ChatId,
        draft: Option<DraftId>,
        reason: Option<String>,
    ) -> Result<(), CoreError> {
        let now_ms = self.inner.clock.now_ms();
        let reason: Option<String> = reason.map(|reason| reason.trim().chars().take(REASON_LIMIT).collect());
        let reason = reason.filter(|reason| !reason.is_empty());
        let writing = self.inner.drafting.writing(chat);
        let began = writing.as_ref().map(|writing| (writing.message, writing.question.clone()));
        let done_with = self.inner.store.write(move |c| match draft {
            Some(id) => turn_down(c, chat, id, reason.as_deref(), now_ms),
            None => stop_making(c, chat, began, now_ms),
        });
        let done_with = done_with.await?;
        if let Some(writing) = writing.filter(|writing| Some(writing.message) == done_with) {
            writing.stop.cancel();
        }
        self.inner.drafting.look_at(&[chat]);
        self.tell_draft(chat);
        Ok(())
    }

    /// The facts of a text the seller types, held against what the chat's draft would be made from.
    pub async fn check_reply(&self, chat: ChatId, text: &str) -> Result<Vec<DraftMark>, CoreError> {
        let talk = self.inner.store.read(move |c| talk::read(c, chat)).await?;
        let talk = talk.ok_or_else(|| CoreError::not_found("no such chat"))?;
        let ground = making::ground(self, talk, Known::Now).await?;
        let sources: Vec<::drafts::Source<'_>> = ground.sources.iter().map(Sourced::as_source).collect();
        Ok(check(text, &sources).iter().map(|mark| views::draft_mark(mark, |_| None)).collect())
    }
}

/// Gives the message whose question is done with.
fn turn_down(
    connection: &Connection,
    chat: ChatId,
    id: DraftId,
    reason: Option<&str>,
    now_ms: i64,
) -> Result<Option<MessageId>, StoreError> {
    let draft = drafts::get(connection, id)?.filter(|draft| draft.chat == chat);
    let Some(draft) = draft else { return Ok(None) };
    remove_work(connection, chat, draft.message)?;
    drafts::settle(connection, id, State::Dismissed, now_ms)?;
    if let Some(reason) = reason {
        drafts::set_reason(connection, id, reason)?;
    }
    Ok(Some(draft.message))
}

/// Gives the message whose question is done with: the one a draft is made for, otherwise the newest.
fn stop_making(
    connection: &Connection,
    chat: ChatId,
    began: Option<(MessageId, String)>,
    now_ms: i64,
) -> Result<Option<MessageId>, StoreError> {
    let asked = match began {
        Some(began) => Some(began),
        None => talk::read(connection, chat)?.and_then(|talk| Some((talk.newest()?, talk.question()))),
    };
    let Some((message, question)) = asked else { return Ok(None) };
    remove_work(connection, chat, message)?;
    drafts::settle_chat(connection, chat, State::Dismissed, now_ms)?;
    // It is not drafted again.
    if !drafts::is_done(connection, chat, message)?
        && let Some(chat) = chats::get(connection, chat)?
    {
        drafts::add(connection, &turned_down(&chat, message, question, now_ms))?;
    }
    Ok(Some(message))
}

fn remove_work(connection: &Connection, chat: ChatId, message: MessageId) -> Result<(), StoreError> {
    if draft_work::get(connection, chat)?.is_some_and(|work| work.message == message) {
        draft_work::remove(connection, chat)?;
    }
    Ok(())
}

/// A question whose draft was stopped before there was one.
fn turned_down(
    chat: &chats::StoredChat,
    message: crate::MessageId,
    question: String,
    now_ms: i64,
) -> DraftRow {
    DraftRow {
        id: DraftId(0),
        account: chat.account,
        chat: chat.id,
        message,
        question,
        asked_s: now_ms.div_euclid(1000),
        state: State::Dismissed,
        maker: crate::view::DraftMaker::Model,
        model: None,
        text: String::new(),
        marks: "[]".into(),
        sources: "[]".into(),
        chance: 0.0,
        stopped: "[]".into(),
        trouble: None,
        created_ms: now_ms,
        outbox: None,
        edit_share: None,
        settled_ms: Some(now_ms),
    }
}

/// Notes which passages a draft rests on, or the reply it became.
pub(super) fn note_uses(
    connection: &rusqlite::Connection,
    draft: &DraftRow,
    sent: bool,
    now_ms: i64,
) -> Result<(), StoreError> {
    let sources: Vec<DraftSource> = views::read(&draft.sources);
    for source in sources.iter().filter(|source| source.cited && source.kind == DraftSourceKind::Passage) {
        if let (Some(id), Some(key)) = (source.source, &source.key) {
            uses::add(connection, draft.account, draft.chat, id, key, &draft.question, sent, now_ms)?;
        }
    }
    Ok(())
}

/// The entry a changed reply could become. Buyers' words enter only as its heading, and only when the seller keeps it.
fn lesson(draft: &DraftRow, text: &str, item: Option<i64>) -> Option<EntryInput> {
    let known: Vec<DraftSource> = views::read(&draft.sources);
    // A reply that says what the knowledge says already teaches nothing.
    let says_it = known.iter().any(|source| edit_share(&source.text, text) < LESSON);
    (!says_it).then(|| EntryInput {
        kind: SourceKind::Reply,
        scope: Scope { account: Some(draft.account), item: item.map(|item| item.to_string()) },
        title: draft.question.lines().collect::<Vec<_>>().join(" ").chars().take(300).collect(),
        text: text.to_owned(),
        url: None,
    })
}

/// How much of a text was changed, by words: 0 nothing, 1 everything.
pub(super) fn edit_share(before: &str, after: &str) -> f64 {
    let words = |text: &str| -> Vec<String> {
        knowledge::analysis::tokens(text).into_iter().map(|token| token.text).take(400).collect()
    };
    let (before, after) = (words(before), words(after));
    let longest = before.len().max(after.len());
    if longest == 0 {
        return 0.0;
    }
    let mut row: Vec<usize> = (0..=after.len()).collect();
    for (i, word) in before.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in after.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(word != other)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[after.len()] as f64 / longest as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Archive;

    #[test]
    fn turning_a_draft_down_leaves_what_the_buyer_has_asked_since() {
        let archive = Archive::new();
        let Archive { connection, account, chat } = &archive;
        let stored = chats::get(connection, *chat).unwrap().unwrap();
        let first = archive.asks(100, "Сколько стоит?");
        let shown = DraftRow {
            state: State::Ready,
            ..turned_down(&stored, first, "Сколько стоит?".into(), 0)
        };
        let shown = drafts::add(connection, &shown).unwrap();
        // Nobody has seen a draft for this one yet.
        let second = archive.asks(200, "А доставка?");
        let work = Work {
            chat: *chat,
            account: *account,
            message: second,
            due_ms: 0,
            attempts: 0,
            instruction: None,
        };
        draft_work::put(connection, &work).unwrap();

        assert_eq!(turn_down(connection, *chat, shown, Some("дорого"), 1).unwrap(), Some(first));
        assert_eq!(draft_work::get(connection, *chat).unwrap(), Some(work));
        assert!(drafts::is_done(connection, *chat, first).unwrap());
        assert!(!drafts::is_done(connection, *chat, second).unwrap());
    }

    #[test]
    fn how_much_was_changed_is_counted_in_words() {
        assert!(edit_share("Цена 9000 ₽", "цена 9 000 ₽!") < 0.01);
        assert!((edit_share("один два три четыре", "один два три пять") - 0.25).abs() < 0.01);
        assert!(edit_share("один два", "совсем другие слова") > 0.99);
        assert!(edit_share("", "") < 0.01);
    }
}
