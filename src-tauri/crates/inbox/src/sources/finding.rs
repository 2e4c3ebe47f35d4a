//! From a question to passages and to a quoted answer.

use std::sync::PoisonError;

use super::entries::item_number;
use super::proposed::{Known, Tables};
use crate::core::Core;
use crate::error::CoreError;
use crate::ids::ChatId;
use crate::store::{StoreError, chats};
use crate::view::{FoundPassage, FoundWord, MatchKind, QuotedAnswer, Scope};
use knowledge::{Hit, How, Meant, Opinion, Passage, Reasons, Searcher};

impl Core {
    /// Where a chat's questions are asked: its account and its item.
    pub async fn scope_of(&self, chat: ChatId) -> Result<Scope, CoreError> {
        let row = self.inner.store.read(move |c| chats::get(c, chat)).await?;
        let row = row.ok_or_else(|| CoreError::not_found("no such chat"))?;
        Ok(Scope { account: Some(row.account), item: row.item_id.map(|item| item.to_string()) })
    }

    /// The passages for a question, best first, at most `limit`: with where they stand, scores and reasons.
    pub async fn find_knowledge(
        &self,
        scope: &Scope,
        question: &str,
        limit: usize,
    ) -> Result<Vec<FoundPassage>, CoreError> {
        self.find_in(&Known::Now, scope, question, limit).await
    }

    /// The best answer that can be quoted, by words alone: how sure it is was measured so. `None` when no passage has anything of the question. It is not always sure enough
    /// to be given: see [`QuotedAnswer::given`].
    pub async fn quoted_answer(
        &self,
        scope: &Scope,
        question: &str,
    ) -> Result<Option<QuotedAnswer>, CoreError> {
        self.quoted_in(&Known::Now, scope, question).await
    }

    /// [`Self::find_knowledge`], in this knowledge.
    pub(crate) async fn find_in(
        &self,
        known: &Known,
        scope: &Scope,
        question: &str,
        limit: usize,
    ) -> Result<Vec<FoundPassage>, CoreError> {
        let meant = self.meant(scope, question).await;
        let question = question.to_owned();
        self.ask_knowledge(known, scope, move |searcher, tables, scope| {
            let hits = match &meant {
                Some((model, vector)) => {
                    searcher.search_meant(tables.index, &question, scope, limit, Meant { model, vector })?
                }
                None => searcher.search(tables.index, &question, scope, limit)?,
            };
            let mut found = Vec::with_capacity(hits.len());
            for hit in hits {
                found.extend(describe(searcher, tables, &question, scope, hit)?);
            }
            Ok(found)
        })
        .await
    }

    /// [`Self::quoted_answer`], from this knowledge.
    pub(crate) async fn quoted_in(
        &self,
        known: &Known,
        scope: &Scope,
        question: &str,
    ) -> Result<Option<QuotedAnswer>, CoreError> {
        let question = question.to_owned();
        self.ask_knowledge(known, scope, move |searcher, tables, scope| {
            let Some(answer) = searcher.answer(tables.index, &question, scope)? else { return Ok(None) };
            let (quote, given, confidence) = (answer.quote(), answer.is_given(), answer.confidence);
            let hit = Hit { passage: answer.passage, score: answer.evidence.score, by_meaning: false };
            let passage = describe(searcher, tables, &question, scope, hit)?;
            Ok(passage.map(|passage| QuotedAnswer { passage, quote, confidence: confidence.into(), given }))
        })
        .await
    }

    /// What speaks for words written from passages, by code alone: a second opinion on what a model has said.
    pub(crate) async fn opinion(
        &self,
        known: &Known,
        scope: &Scope,
        question: &str,
        keys: Vec<String>,
        words: &str,
    ) -> Result<Opinion, CoreError> {
        let (question, words) = (question.to_owned(), words.to_owned());
        self.ask_knowledge(known, scope, move |searcher, tables, scope| {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            Ok(searcher.opinion(tables.index, &question, scope, &keys, &words)?)
        })
        .await
    }

    pub(super) async fn ask_knowledge<T: Send + 'static>(
        &self,
        known: &Known,
        scope: &Scope,
        work: impl FnOnce(&mut Searcher, &Tables<'_>, knowledge::Scope) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, CoreError> {
        let scope =
            knowledge::Scope { account: scope.account.map(|account| account.0), item: item_number(scope)? };
        let (searcher, known) = (self.inner.searcher.clone(), known.clone());
        let answer = self.inner.store.read(move |connection| {
            if let Known::Proposed(proposed) = &known {
                return proposed.ask(connection, scope, work);
            }
            // Locked before the first query: it follows the moments of the tables in their order.
            let mut searcher = searcher.lock().unwrap_or_else(PoisonError::into_inner);
            let tables = Tables { index: connection, store: connection, proposed: None };
            let answer = work(&mut searcher, &tables, scope);
            if answer.is_err() {
                *searcher = Searcher::new(); // it may have followed a change only halfway
            }
            answer
        });
        Ok(answer.await?)
    }
}

/// What the seller sees of a hit; `None` when its source was removed and the index has not followed yet.
fn describe(
    searcher: &mut Searcher,
    tables: &Tables<'_>,
    question: &str,
    scope: knowledge::Scope,
    hit: Hit,
) -> Result<Option<FoundPassage>, StoreError> {
    let Some((row, source)) = tables.origin(&hit.passage.key)? else { return Ok(None) };
    let Reasons { words, asked_about } = searcher.explain(tables.index, question, scope, &hit.passage)?;
    let words = words.into_iter().filter_map(|reason| {
        let field = field(&hit.passage, reason.in_title);
        let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
        let (before, word) = (field.get(..reason.span.start)?, field.get(reason.span)?);
        let start = units(before);
        Some(FoundWord {
            asked: reason.asked,
            word: word.to_owned(),
            how: how(reason.how),
            in_heading: reason.in_title,
            start,
            end: start + units(word),
        })
    });
    Ok(Some(FoundPassage {
        id: row.id,
        key: row.key,
        source: source.id,
        kind: source.kind,
        source_title: source.title,
        scope: Scope { account: source.account, item: source.item.map(|item| item.to_string()) },
        words: words.collect(),
        heading: row.part.heading,
        text: row.part.text,
        page: row.part.page,
        sheet: row.part.sheet,
        line: row.part.line,
        changed_ms: source.changed_ms,
        score: hit.score.into(),
        by_meaning: hit.by_meaning,
        asked_about: asked_about.into_iter().map(str::to_owned).collect(),
    }))
}

fn field(passage: &Passage, title: bool) -> &str {
    if title { &passage.title } else { &passage.text }
}

fn how(how: How) -> MatchKind {
    match how {
        How::Same => MatchKind::Same,
        How::Form => MatchKind::Form,
        How::Sound => MatchKind::Sound,
        How::Synonym => MatchKind::Synonym,
        How::Typo => MatchKind::Typo,
        How::Part => MatchKind::Part,
    }
}
