//! Past questions asked again, offline: what a model, a setting or a document would make better or worse, before it is trusted.
//!
//! The seller's own reply of then is the measure. Nothing is stored or sent but the questions to the model that is tried, and they
//! count in the budget.

use std::sync::Arc;

use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::making::{self, Composed, Ground, Made};
use super::talk::{self, Talk};
use super::{model, seller, views};
use crate::Core;
use crate::error::CoreError;
use crate::ids::{ChatId, MessageId};
use crate::sources::Known;
use crate::store::drafts::{self, DraftRow, State};
use crate::store::{StoreError, chats, messages};
use crate::view::{
    DraftMaker, DraftMark, DraftSettings, ModelSecrets, ModelTrouble, PastQuestion, ReplayDraft,
    ReplayVerdict, Replayed,
};

/// Messages looked at for questions.
const MESSAGES: i64 = 20_000;
/// Questions at most.
const MOST: u32 = 200;
/// Closeness to the seller's reply that is no difference.
const ALIKE: f64 = 0.1;

/// The newest messages of all, sorted; by the index that has them in this order the whole archive would be read.
const NEWEST: &str = "
    SELECT chat, id, outgoing, text, sent_s FROM
      (SELECT chat, id, outgoing, text, sent_s, tie FROM messages NOT INDEXED
       WHERE id > (SELECT max(id) - ?1 FROM messages) AND rank = 0 AND deleted = 0)
    ORDER BY chat, sent_s, tie, id";

impl Core {
    /// The newest questions that the seller answered, newest first.
    pub async fn past_questions(&self, limit: u32) -> Result<Vec<PastQuestion>, CoreError> {
        Ok(self.inner.store.read(move |c| past_questions(c, limit.min(MOST))).await?)
    }

    /// Asks a past question with these settings, saved or not, and the knowledge of now, and compares with how it was.
    pub async fn replay(
        &self,
        chat: ChatId,
        message: MessageId,
        new: DraftSettings,
        secrets: ModelSecrets,
    ) -> Result<Replayed, CoreError> {
        let (talk, reply) = self.asked_then(chat, message).await?;
        let known = self.inner.store.read(move |c| drafts::of_question(c, chat, message)).await?;
        let ground = making::ground(self, talk, Known::Now).await?;
        let saved = self.draft_settings_now().await?;
        let before = match known.filter(|draft| draft.state == State::Unanswerable || !draft.text.is_empty())
        {
            Some(draft) => of_then(&draft, &reply),
            None => {
                // The model in use is asked too where another one is tried; otherwise the seller's own words are the measure.
                let other = saved.use_model && (saved.base_url != new.base_url || saved.model != new.model);
                let model = if other { self.model_now().await } else { Ok(None) };
                self.compose_again(&ground, model, &reply).await?
            }
        };
        let model = self.model_to_try(&new, secrets).await;
        let after = self.compose_again(&ground, model, &reply).await?;
        let verdict = verdict(&before, &after);
        Ok(Replayed { before, after, verdict })
    }

    /// Asks a past question with the knowledge of now and with the change that is tried ([`Core::propose_knowledge`]), by the settings in
    /// use, and compares. Where both find the same the model is asked once.
    pub async fn replay_proposed(&self, chat: ChatId, message: MessageId) -> Result<Replayed, CoreError> {
        let proposed = self.proposed().ok_or_else(|| CoreError::not_found("no change is tried"))?;
        let (talk, reply) = self.asked_then(chat, message).await?;
        let now = making::ground(self, talk.clone(), Known::Now).await?;
        let changed = making::ground(self, talk, Known::Proposed(proposed)).await?;
        let before = self.compose_again(&now, self.model_now().await, &reply).await?;
        if now.is_like(&changed) {
            return Ok(Replayed { after: before.clone(), before, verdict: ReplayVerdict::Same });
        }
        let after = self.compose_again(&changed, self.model_now().await, &reply).await?;
        let verdict = verdict(&before, &after);
        Ok(Replayed { before, after, verdict })
    }

    /// A past question as it stood, and the seller's reply to it.
    async fn asked_then(&self, chat: ChatId, message: MessageId) -> Result<(Talk, String), CoreError> {
        let read = self
            .inner
            .store
            .read(move |c| Ok((talk::at(c, chat, message)?, messages::reply_after(c, chat, message)?)));
        let (talk, reply) = read.await?;
        Ok((talk.ok_or_else(|| CoreError::not_found("no such question"))?, reply.unwrap_or_default()))
    }

    async fn compose_again(
        &self,
        ground: &Ground,
        model: Result<Option<Arc<model::Ready>>, ModelTrouble>,
        reply: &str,
    ) -> Result<ReplayDraft, CoreError> {
        let stop = CancellationToken::new();
        let _stopped_when_dropped = stop.clone().drop_guard();
        Ok(match making::compose(self, ground, model, &stop, None).await? {
            Composed::Made(made) => of_now(&made, ground, reply),
            Composed::Nothing | Composed::Cancelled => nothing(None),
            Composed::Later(_) => nothing(Some(ModelTrouble::TooMany)),
        })
    }
}

fn past_questions(connection: &Connection, limit: u32) -> Result<Vec<PastQuestion>, StoreError> {
    let mut statement = connection.prepare_cached(NEWEST)?;
    let mut rows = statement.query([MESSAGES])?;
    let mut found: Vec<PastQuestion> = Vec::new();
    let mut burst: Option<PastQuestion> = None;
    while let Some(row) = rows.next()? {
        let (chat, id, text): (ChatId, MessageId, String) = (row.get(0)?, row.get(1)?, row.get(3)?);
        let (outgoing, sent_s): (bool, i64) = (row.get(2)?, row.get(4)?);
        burst = burst.filter(|burst| burst.chat == chat);
        if !outgoing {
            let known = burst.take();
            let (mut question, asked_ms) =
                known.map_or((String::new(), sent_s * 1000), |known| (known.question, known.asked_ms));
            if !text.trim().is_empty() {
                if !question.is_empty() {
                    question.push('\n');
                }
                question.push_str(text.trim());
            }
            burst = Some(PastQuestion {
                chat,
                message: id,
                buyer: None,
                question,
                asked_ms,
                reply: String::new(),
            });
        } else if let Some(question) = burst.take()
            && !text.trim().is_empty()
            && !question.question.is_empty()
            && !::drafts::is_small_talk(&question.question)
        {
            found.push(PastQuestion { reply: text, ..question });
        }
    }
    found.sort_by_key(|question| std::cmp::Reverse(question.asked_ms));
    found.truncate(limit as usize);
    for question in &mut found {
        question.buyer = chats::get(connection, question.chat)?.and_then(|chat| chat.buyer_name);
    }
    Ok(found)
}

/// By words; a greeting makes no difference.
fn near(text: &str, reply: &str) -> f64 {
    const GREETINGS: [&str; 6] = ["здравствуйте", "добрый", "день", "вечер", "утро", "привет"];
    let plain = |text: &str| -> String {
        let words = knowledge::analysis::tokens(text).into_iter().map(|token| token.text);
        words.filter(|word| !GREETINGS.contains(&word.as_str())).collect::<Vec<_>>().join(" ")
    };
    let (text, reply) = (plain(text), plain(reply));
    if text.is_empty() || reply.is_empty() { 0.0 } else { 1.0 - seller::edit_share(&text, &reply).min(1.0) }
}

fn of_then(draft: &DraftRow, reply: &str) -> ReplayDraft {
    let marks: Vec<DraftMark> = views::read(&draft.marks);
    let answers = draft.state != State::Unanswerable && draft.maker != DraftMaker::Holding;
    ReplayDraft {
        maker: answers.then_some(draft.maker),
        text: if answers { draft.text.clone() } else { String::new() },
        one_key: answers && views::may_go(draft.maker, &marks, draft.chance),
        near: if answers { near(&draft.text, reply) } else { 0.0 },
        marks,
        stopped: views::read(&draft.stopped),
        trouble: None,
    }
}

fn of_now(made: &Made, ground: &Ground, reply: &str) -> ReplayDraft {
    let (marks, _) = views::shown(made, ground);
    let answers = made.state == State::Ready;
    ReplayDraft {
        maker: answers.then_some(made.maker),
        text: if answers { made.text.clone() } else { String::new() },
        one_key: answers && views::may_go(made.maker, &marks, made.chance),
        near: if answers { near(&made.text, reply) } else { 0.0 },
        marks: if answers { marks } else { Vec::new() },
        stopped: made.stopped.clone(),
        trouble: made.trouble,
    }
}

fn nothing(trouble: Option<ModelTrouble>) -> ReplayDraft {
    ReplayDraft {
        maker: None,
        text: String::new(),
        marks: Vec::new(),
        one_key: false,
        stopped: Vec::new(),
        trouble,
        near: 0.0,
    }
}

fn verdict(before: &ReplayDraft, after: &ReplayDraft) -> ReplayVerdict {
    if after.trouble.is_some() {
        return ReplayVerdict::Failed;
    }
    if !after.stopped.is_empty() || (after.maker.is_some() && !after.one_key) {
        return ReplayVerdict::Unsupported;
    }
    match (before.one_key, after.one_key) {
        (false, true) => ReplayVerdict::Better,
        (true, false) => ReplayVerdict::Worse,
        (true, true) if after.near > before.near + ALIKE => ReplayVerdict::Better,
        (true, true) if after.near + ALIKE < before.near => ReplayVerdict::Worse,
        _ => ReplayVerdict::Same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_questions_are_read_without_walking_through_the_archive() {
        let lines = crate::store::plan(&crate::store::testing(), NEWEST);
        assert!(
            lines.iter().any(|line| line.contains("messages USING INTEGER PRIMARY KEY (rowid>?)")),
            "{lines:?}"
        );
    }

    #[test]
    fn a_verdict_never_calls_an_unsupported_draft_better() {
        let draft = |one_key: bool, near: f64| ReplayDraft {
            maker: Some(DraftMaker::Model),
            one_key,
            near,
            text: "текст".into(),
            ..nothing(None)
        };
        let none = nothing(None);
        assert_eq!(verdict(&none, &draft(false, 1.0)), ReplayVerdict::Unsupported);
        assert_eq!(verdict(&none, &draft(true, 0.0)), ReplayVerdict::Better);
        assert_eq!(verdict(&draft(true, 0.5), &none), ReplayVerdict::Worse);
        assert_eq!(verdict(&draft(true, 0.5), &draft(true, 0.9)), ReplayVerdict::Better);
        assert_eq!(verdict(&draft(true, 0.5), &draft(true, 0.45)), ReplayVerdict::Same);
        assert_eq!(verdict(&draft(true, 0.5), &nothing(Some(ModelTrouble::Server))), ReplayVerdict::Failed);
    }
}
