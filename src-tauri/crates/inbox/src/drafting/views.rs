//! Drafts as the page sees them.

use ::drafts::guard::Danger;
use ::drafts::{FactKind, Mark, Support};
use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::making::{Ground, Made};
use super::{rules, talk, trust};
use crate::Core;
use crate::error::CoreError;
use crate::ids::ChatId;
use crate::store::StoreError;
use crate::store::draft_work;
use crate::store::drafts::{self, DraftRow, State};
use crate::view::{
    Confidence, DraftDanger, DraftFact, DraftMaker, DraftMark, DraftSource, DraftState, DraftSupport,
    DraftView, WaitingDraft,
};

/// From here on a draft's chance is called high, medium.
const HIGH: f64 = 0.88;
const MEDIUM: f64 = 0.65;

impl Core {
    /// The draft of a chat as it is now; none: none is wanted.
    pub async fn draft(&self, chat: ChatId) -> Result<Option<DraftView>, CoreError> {
        if let Some(writing) = self.inner.drafting.writing(chat) {
            let view =
                in_the_making(chat, DraftState::Writing, writing.question, writing.text, writing.began_ms);
            return Ok(Some(view));
        }
        let now_ms = self.inner.clock.now_ms();
        Ok(self.inner.store.read(move |c| present(c, chat, now_ms)).await?)
    }

    /// Drafts that wait for the seller over all chats, the longest waiting buyer first.
    pub async fn waiting_drafts(&self, limit: u32) -> Result<Vec<WaitingDraft>, CoreError> {
        let rows = self.inner.store.read(move |c| {
            let mut out = Vec::new();
            for row in drafts::ready(c, limit.min(500))? {
                // What the talk has overtaken is not shown, even before it is marked so.
                let talk = talk::read(c, row.chat)?.filter(|talk| talk.still_asks(row.message));
                let Some(chat) = talk.map(|talk| talk.chat) else { continue };
                out.push(WaitingDraft {
                    account: row.account,
                    buyer: chat.buyer_name,
                    item_title: chat.item_title,
                    asked_ms: row.asked_s.saturating_mul(1000),
                    draft: view(row),
                });
            }
            Ok(out)
        });
        Ok(rows.await?)
    }
}

/// The draft that stands for a chat, if its question still does.
pub(super) fn present(
    connection: &Connection,
    chat: ChatId,
    now_ms: i64,
) -> Result<Option<DraftView>, StoreError> {
    let Some(talk) = talk::read(connection, chat)? else { return Ok(None) };
    let Some(newest) = talk.newest().filter(|_| !talk.replying) else { return Ok(None) };
    if let Some(work) = draft_work::get(connection, chat)?.filter(|work| work.message == newest) {
        let view = in_the_making(chat, DraftState::Waiting, talk.question(), String::new(), work.due_ms);
        return Ok(Some(view));
    }
    let row = drafts::newest(connection, chat)?;
    let stands =
        |row: &DraftRow| row.message == newest && matches!(row.state, State::Ready | State::Unanswerable);
    let Some(row) = row.filter(stands) else { return Ok(None) };
    let sends_at_ms = rules::sends_at_ms(connection, &row, now_ms)?;
    Ok(Some(DraftView { sends_at_ms, ..view(row) }))
}

fn in_the_making(
    chat: ChatId,
    state: DraftState,
    question: String,
    text: String,
    created_ms: i64,
) -> DraftView {
    DraftView {
        id: None,
        chat,
        state,
        question,
        text,
        maker: DraftMaker::Model,
        model: None,
        marks: Vec::new(),
        sources: Vec::new(),
        confidence: Confidence::Low,
        chance: 0.0,
        doubted: false,
        one_key: false,
        stopped: Vec::new(),
        trouble: None,
        created_ms,
        sends_at_ms: None,
    }
}

pub(super) fn view(row: DraftRow) -> DraftView {
    let marks: Vec<DraftMark> = read(&row.marks);
    let red = marks.iter().any(is_red);
    DraftView {
        id: Some(row.id),
        chat: row.chat,
        state: match row.state {
            State::Ready => DraftState::Ready,
            State::Unanswerable => DraftState::Unanswerable,
            State::Sent => DraftState::Sent,
            State::SentEdited => DraftState::SentEdited,
            State::SentByRule => DraftState::SentByRule,
            State::Dismissed => DraftState::Dismissed,
            State::Stale => DraftState::Stale,
            State::Replaced => DraftState::Replaced,
        },
        question: row.question,
        text: row.text,
        maker: row.maker,
        model: row.model,
        sources: read(&row.sources),
        confidence: confidence(row.chance, red),
        chance: row.chance,
        doubted: trust::is_doubted(row.maker, row.chance),
        one_key: row.state == State::Ready && may_go(row.maker, &marks, row.chance),
        marks,
        stopped: read(&row.stopped),
        trouble: row.trouble.as_deref().and_then(|word| serde_json::from_str(&format!("\"{word}\"")).ok()),
        created_ms: row.created_ms,
        sends_at_ms: None,
    }
}

fn confidence(chance: f64, red: bool) -> Confidence {
    if red || chance < MEDIUM {
        Confidence::Low
    } else if chance < HIGH {
        Confidence::Medium
    } else {
        Confidence::High
    }
}

pub(super) fn is_red(mark: &DraftMark) -> bool {
    matches!(mark.support, DraftSupport::Nothing | DraftSupport::Outdated)
}

/// Whether one key may send it.
pub(super) fn may_go(maker: DraftMaker, marks: &[DraftMark], chance: f64) -> bool {
    !marks.iter().any(is_red) && !trust::is_doubted(maker, chance)
}

/// Marks and sources as they are stored: cited sources first, marks pointing at them.
pub(super) fn shown(made: &Made, ground: &Ground) -> (Vec<DraftMark>, Vec<DraftSource>) {
    let rest = (0..ground.sources.len()).filter(|index| !made.cited.contains(index));
    let order: Vec<usize> = made.cited.iter().copied().chain(rest).collect();
    let place = |index: usize| order.iter().position(|at| *at == index).and_then(|at| u32::try_from(at).ok());
    let source = |index: &usize| {
        let known = ground.sources.get(*index)?;
        Some(DraftSource { cited: made.cited.contains(index), ..known.shown.clone() })
    };
    let marks = made.marks.iter().map(|mark| draft_mark(mark, place)).collect();
    (marks, order.iter().filter_map(source).collect())
}

pub(super) fn draft_mark(mark: &Mark, place: impl Fn(usize) -> Option<u32>) -> DraftMark {
    let (support, source) = match mark.support {
        Support::By(index) => (DraftSupport::Source, place(index)),
        Support::Sum => (DraftSupport::Sum, None),
        Support::Nothing => (DraftSupport::Nothing, None),
        Support::Outdated(index) => (DraftSupport::Outdated, place(index)),
    };
    DraftMark { start: mark.start, end: mark.end, fact: fact(mark.kind), support, source }
}

fn fact(kind: FactKind) -> DraftFact {
    match kind {
        FactKind::Number => DraftFact::Number,
        FactKind::Price => DraftFact::Price,
        FactKind::Date => DraftFact::Date,
        FactKind::Time => DraftFact::Time,
        FactKind::Size => DraftFact::Size,
        FactKind::Address => DraftFact::Address,
        FactKind::Phone => DraftFact::Phone,
        FactKind::Link => DraftFact::Link,
        FactKind::Stock => DraftFact::Stock,
        FactKind::Promise => DraftFact::Promise,
        FactKind::Card => DraftFact::Card,
    }
}

pub(super) fn danger(danger: Danger) -> DraftDanger {
    match danger {
        Danger::Empty => DraftDanger::Empty,
        Danger::TooLong => DraftDanger::TooLong,
        Danger::LeaksPrompt => DraftDanger::LeaksPrompt,
        Danger::NewLink => DraftDanger::NewLink,
        Danger::NewPhone => DraftDanger::NewPhone,
        Danger::Card => DraftDanger::Card,
        Danger::ClaimsHuman => DraftDanger::ClaimsHuman,
        Danger::SpeaksAsModel => DraftDanger::SpeaksAsModel,
        Danger::Instructs => DraftDanger::Instructs,
        Danger::ClaimsAction => DraftDanger::ClaimsAction,
        Danger::OtherLanguage => DraftDanger::OtherLanguage,
        Danger::Markup => DraftDanger::Markup,
    }
}

/// A list as JSON.
pub(super) fn json(list: &impl Serialize) -> String {
    serde_json::to_string(list).unwrap_or_else(|_| "[]".into())
}

pub(super) fn read<T: DeserializeOwned>(list: &str) -> Vec<T> {
    serde_json::from_str(list).unwrap_or_default()
}

/// The word an enum of the contract is stored by.
pub(super) fn word(value: &impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}
