//! What is no longer so: drafts that rest on it are made anew, and replies that state it are offered to be taken back while Avito can
//! still delete them.
//!
//! Of the latter nothing is kept but what the seller decided. Each look holds the sent words against the sources as they were then and as
//! they are now: a fact that had one and has none is what changed.

use ::drafts::{Mark, Origin, Source, Support, check};
use rusqlite::Connection;

use super::context::{self, Sourced};
use super::talk;
use super::templates;
use super::views;
use crate::Core;
use crate::clock;
use crate::error::CoreError;
use crate::ids::{ChatId, DraftId, SourceId};
use crate::reading::thread::DELETABLE_MS;
use crate::store::draft_work::{self, Work};
use crate::store::drafts::{self, DraftRow, SentRow};
use crate::store::{StoreError, messages, outbox, passages, sources};
use crate::view::{
    DraftMaker, DraftMark, DraftSource, DraftSourceKind, DraftSupport, FoundPassage, Recall, Scope,
};

/// Drafts looked at when a source changes, those first that wait longest.
const LOOKED_AT: u32 = 1000;

/// A source as the lock wants it.
struct Said {
    origin: Origin,
    text: String,
}

impl Said {
    fn of(source: &DraftSource, now_ms: i64) -> Self {
        let today =
            source.changed_ms.is_some_and(|at_ms| clock::local_day(at_ms) == clock::local_day(now_ms));
        let origin = match source.kind {
            DraftSourceKind::Item => Origin::Item,
            DraftSourceKind::Said => Origin::Said { today },
            DraftSourceKind::Passage | DraftSourceKind::Template => Origin::Passage { of_item: false },
        };
        Self { origin, text: source.text.clone() }
    }

    fn is_item(&self) -> bool {
        self.origin == Origin::Item
    }
}

impl Core {
    /// Replies of a chat, or of all, that began as drafts, can still be deleted at Avito and state what has changed since.
    pub async fn recalls(&self, chat: Option<ChatId>) -> Result<Vec<Recall>, CoreError> {
        let now = self.avito_now_ms();
        let from_s = (self.inner.clock.now_ms() - 2 * DELETABLE_MS).div_euclid(1000);
        let sent = self.inner.store.read(move |c| drafts::sent_since(c, chat, from_s)).await?;
        let mut out = Vec::new();
        for row in sent {
            let (of_chat, message) = (row.draft.chat, row.message);
            let read =
                self.inner.store.read(move |c| Ok((talk::read(c, of_chat)?, messages::get(c, message)?)));
            let (Some(talk), Some(message)) = read.await? else { continue };
            let until_ms = message.sent_s * 1000 + DELETABLE_MS;
            if until_ms <= now.at(row.draft.account) {
                continue;
            }
            let scope = Scope {
                account: Some(row.draft.account),
                item: talk.chat.item_id.map(|item| item.to_string()),
            };
            let found = self.find_knowledge(&scope, &row.draft.question, context::PASSAGES).await?;
            let (buyer, local_ms) = (talk.chat.buyer_name.clone(), self.inner.clock.now_ms());
            let changed =
                self.inner.store.read(move |c| Ok((changed(c, &row, &talk, &found, local_ms)?, row)));
            let (Some(marks), row) = changed.await? else { continue };
            out.push(Recall {
                draft: row.draft.id,
                account: row.draft.account,
                chat: row.draft.chat,
                buyer,
                message: row.message,
                text: row.sent_text.unwrap_or(row.draft.text),
                marks,
                until_ms,
            });
        }
        Ok(out)
    }

    /// Deletes such a reply at Avito and makes a new draft for its question, from what is so now.
    pub async fn recall_reply(&self, id: DraftId) -> Result<(), CoreError> {
        let found = self.inner.store.read(move |c| {
            let Some(draft) = drafts::get(c, id)? else { return Ok(None) };
            let row = draft.outbox.map(|row| outbox::get(c, row)).transpose()?.flatten();
            Ok(row.and_then(|row| row.message).map(|message| (draft, message)))
        });
        let (draft, message) = found.await?.ok_or_else(|| CoreError::not_found("no such reply"))?;
        self.delete_message(message).await?;
        let (chat, now_ms) = (draft.chat, self.inner.clock.now_ms());
        self.inner
            .store
            .write(move |c| {
                drafts::set_recall(c, id, true)?;
                let Some(talk) = talk::read(c, chat)? else { return Ok(()) };
                let Some(message) = talk.newest().filter(|_| !talk.replying) else { return Ok(()) };
                let work = Work {
                    chat,
                    account: draft.account,
                    message,
                    due_ms: now_ms,
                    attempts: 0,
                    instruction: None,
                };
                draft_work::put(c, &work)
            })
            .await?;
        self.inner.drafting.wake.notify_one();
        self.tell_draft(chat);
        Ok(())
    }

    /// A source has changed: drafts that wait and rest on what it no longer says are made anew.
    pub(crate) async fn renew_drafts(&self, source: SourceId) -> Result<(), StoreError> {
        let now_ms = self.inner.clock.now_ms();
        let rests_on_it = move |draft: &DraftRow| {
            let sources: Vec<DraftSource> = views::read(&draft.sources);
            sources.iter().any(|known| known.cited && known.source == Some(source))
        };
        let chats = self.inner.store.write(move |c| {
            let mut out = Vec::new();
            for draft in drafts::ready(c, LOOKED_AT)?.into_iter().filter(rests_on_it) {
                let talk = talk::read(c, draft.chat)?.filter(|talk| talk.still_asks(draft.message));
                let Some(talk) = talk else { continue };
                if !still_holds(c, &draft, &talk, now_ms)? {
                    make_anew(c, &draft, now_ms)?;
                    out.push(draft.chat);
                }
            }
            Ok(out)
        });
        for chat in chats.await? {
            self.tell_draft(chat);
            self.inner.drafting.wake.notify_one();
        }
        Ok(())
    }

    /// The reply stays as it is; it is not offered again.
    pub async fn keep_reply(&self, id: DraftId) -> Result<(), CoreError> {
        let chat = self.inner.store.write(move |c| {
            drafts::set_recall(c, id, false)?;
            Ok(drafts::get(c, id)?.map(|draft| draft.chat))
        });
        if let Some(chat) = chat.await? {
            self.tell_draft(chat);
        }
        Ok(())
    }
}

/// What of a sent reply is no longer so; none: nothing. Empty marks: the passage it quotes is not there any more.
fn changed(
    connection: &Connection,
    row: &SentRow,
    talk: &talk::Talk,
    found: &[FoundPassage],
    now_ms: i64,
) -> Result<Option<Vec<DraftMark>>, StoreError> {
    let draft = &row.draft;
    let text = row.sent_text.as_deref().unwrap_or(&draft.text);
    let known: Vec<DraftSource> = views::read(&draft.sources);
    let said = |source: &DraftSource| Said::of(source, now_ms);
    let then: Vec<Said> = known.iter().map(said).collect();
    let mut now: Vec<Said> = context::sources(talk, found, now_ms)
        .into_iter()
        .filter(|source| source.shown.kind != DraftSourceKind::Said) // the reply itself is among them by now
        .map(|Sourced { origin, shown, .. }| Said { origin, text: shown.text })
        .collect();
    let mut quote_is_gone = false;
    for source in &known {
        let stays = match (source.kind, &source.key) {
            (DraftSourceKind::Item, _) => false,
            (DraftSourceKind::Said | DraftSourceKind::Template, _) => true,
            (DraftSourceKind::Passage, Some(key)) => is_there(connection, key)?,
            (DraftSourceKind::Passage, None) => false,
        };
        if stays {
            now.push(said(source));
        } else if source.cited && source.kind == DraftSourceKind::Passage {
            quote_is_gone |= !now.iter().any(|other| other.text.contains(text));
        }
    }
    let marks: Vec<DraftMark> = outdated(text, &then, &now)
        .iter()
        .map(|mark| DraftMark {
            support: DraftSupport::Nothing,
            source: None,
            ..views::draft_mark(mark, |_| None)
        })
        .collect();
    let quoted = draft.maker == DraftMaker::Quote && row.sent_text.is_none();
    Ok((!marks.is_empty() || (quoted && quote_is_gone)).then_some(marks))
}

/// Whether a draft that has not gone out still says what is so: what it is taken from is there in the same words, and the listing
/// bears out what it did.
pub(super) fn still_holds(
    connection: &Connection,
    draft: &DraftRow,
    talk: &talk::Talk,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let known: Vec<DraftSource> = views::read(&draft.sources);
    let item = context::item_words(talk);
    let mut now: Vec<Said> =
        (!item.is_empty()).then_some(Said { origin: Origin::Item, text: item }).into_iter().collect();
    for source in &known {
        let stays = match (source.kind, &source.key) {
            (DraftSourceKind::Item, _) => continue,
            (DraftSourceKind::Passage, Some(key)) => is_there(connection, key)?,
            (DraftSourceKind::Template, _) => templates::is_said(connection, talk, &source.text)?,
            (DraftSourceKind::Said, _) => is_said(connection, source)?,
            _ => true,
        };
        if stays {
            now.push(Said::of(source, now_ms));
        } else if source.cited {
            return Ok(false);
        }
    }
    let then: Vec<Said> = known.iter().map(|source| Said::of(source, now_ms)).collect();
    Ok(outdated(&draft.text, &then, &now).is_empty())
}

/// The question of a draft that no longer holds gets another one, at once, if it does not get one already.
pub(super) fn make_anew(connection: &Connection, draft: &DraftRow, now_ms: i64) -> Result<(), StoreError> {
    if draft_work::get(connection, draft.chat)?.is_some_and(|work| work.message == draft.message) {
        return Ok(());
    }
    let work = Work {
        chat: draft.chat,
        account: draft.account,
        message: draft.message,
        due_ms: now_ms,
        attempts: 0,
        instruction: None,
    };
    draft_work::put(connection, &work)
}

fn is_there(connection: &Connection, key: &str) -> Result<bool, StoreError> {
    let Some(passage) = passages::by_key(connection, key)?.filter(|passage| !passage.off) else {
        return Ok(false);
    };
    Ok(sources::get(connection, passage.source)?.is_some_and(|source| !source.off))
}

/// What the seller has taken back was not said.
fn is_said(connection: &Connection, source: &DraftSource) -> Result<bool, StoreError> {
    let Some(id) = source.message else { return Ok(true) };
    Ok(messages::get(connection, id)?.is_some_and(|message| !message.deleted))
}

/// Facts that had a source then and have none now, or that the listing said then and says no longer.
fn outdated(text: &str, then: &[Said], now: &[Said]) -> Vec<Mark> {
    let marks = |all: &[Said]| {
        let sources: Vec<Source<'_>> =
            all.iter().map(|source| Source { origin: source.origin, text: &source.text }).collect();
        check(text, &sources)
    };
    let of_item = |mark: &Mark, all: &[Said]| matches!(mark.support, Support::By(index) if all.get(index).is_some_and(Said::is_item));
    let before = marks(then);
    let has_changed = |mark: &Mark| {
        let was = before.iter().find(|was| was.start < mark.end && mark.start < was.end);
        was.is_some_and(|was| {
            was.is_supported() && (!mark.is_supported() || (of_item(was, then) && !of_item(mark, now)))
        })
    };
    marks(now).into_iter().filter(has_changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Archive;

    fn said(origin: Origin, text: &str) -> Said {
        Said { origin, text: text.into() }
    }

    #[test]
    fn what_had_a_source_and_has_none_is_outdated_and_nothing_else() {
        let passage = Origin::Passage { of_item: false };
        let text = "Здравствуйте! Линзы 9 000 ₽, гарантия 12 месяцев, работаем до 19:00.";
        let then = [
            said(Origin::Item, "Объявление: Линзы.\nЦена: 9 000 ₽."),
            said(passage, "Линзы 9000 ₽, гарантия 12 месяцев."),
        ];
        let changes = |now: &[Said]| -> Vec<String> {
            let units: Vec<u16> = text.encode_utf16().collect();
            let words =
                |mark: &Mark| String::from_utf16_lossy(&units[mark.start as usize..mark.end as usize]);
            outdated(text, &then, now).iter().map(words).collect()
        };
        assert!(changes(&then).is_empty(), "the hours had no source then: {:?}", changes(&then));
        let dearer = said(Origin::Item, "Объявление: Линзы.\nЦена: 9 500 ₽.");
        let same = || said(passage, "Линзы 9000 ₽, гарантия 12 месяцев.");
        assert_eq!(changes(&[dearer, same()]), ["9 000 ₽"], "the live price beats what was written down");
        let item = || said(Origin::Item, "Объявление: Линзы.\nЦена: 9 000 ₽.");
        assert_eq!(changes(&[item(), said(passage, "Гарантия 6 месяцев.")]).len(), 1);
        assert!(changes(&[item(), said(passage, "Гарантия: 12 месяцев, цена 9000")]).is_empty());
    }

    #[test]
    fn a_draft_no_longer_holds_once_the_seller_has_taken_back_what_it_was_taken_from() {
        let archive = Archive::new();
        let Archive { connection, chat, .. } = &archive;
        let (said, question) = (archive.says(100, "Работаем до 19:00."), archive.asks(200, "До скольки вы?"));
        let source = DraftSource {
            message: Some(said),
            cited: true,
            ..context::plain(DraftSourceKind::Said, "Работаем до 19:00.".into(), None)
        };
        let draft = DraftRow {
            id: DraftId(0),
            account: archive.account,
            chat: *chat,
            message: question,
            question: "До скольки вы?".into(),
            asked_s: 200,
            state: drafts::State::Ready,
            maker: DraftMaker::Model,
            model: None,
            text: "Работаем до 19:00.".into(),
            marks: "[]".into(),
            sources: serde_json::to_string(&[source]).unwrap(),
            chance: 1.0,
            stopped: "[]".into(),
            trouble: None,
            created_ms: 0,
            outbox: None,
            edit_share: None,
            settled_ms: None,
        };
        let holds = || {
            let talk = talk::read(connection, *chat).unwrap().unwrap();
            still_holds(connection, &draft, &talk, 300_000).unwrap()
        };
        assert!(holds());
        messages::set_deleted(connection, said).unwrap();
        assert!(!holds());
    }
}
