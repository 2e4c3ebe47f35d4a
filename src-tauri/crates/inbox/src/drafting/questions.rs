//! «Вопросы без ответа»: what nothing answers, grouped, and one step away from an entry.

use std::collections::BTreeSet;

use knowledge::analysis::{stem, tokens};

use crate::Core;
use crate::error::CoreError;
use crate::ids::{ChatId, QuestionId, SourceId};
use crate::store::draft_work::{self, Work};
use crate::store::questions::{self, QuestionRow};
use crate::view::{EntryInput, Notice, OpenQuestion, QuestionGroup, Scope};

/// Questions shown at most.
const SHOWN: u32 = 500;
/// Share of words that makes two questions one.
const ALIKE: f64 = 0.5;

impl Core {
    /// Questions that nothing answers, those alike together, newest group first.
    pub async fn open_questions(&self) -> Result<Vec<QuestionGroup>, CoreError> {
        let rows = self.inner.store.read(|c| questions::open(c, SHOWN)).await?;
        Ok(group(rows))
    }

    /// Writes an entry that answers these questions; buyers who still wait get a draft from it.
    pub async fn answer_questions(
        &self,
        ids: Vec<QuestionId>,
        entry: EntryInput,
    ) -> Result<SourceId, CoreError> {
        let source = self.add_entry(entry).await?;
        self.close_questions(ids, Some(source)).await?;
        Ok(source)
    }

    /// Puts questions away without an answer.
    pub async fn put_questions_away(&self, ids: Vec<QuestionId>) -> Result<(), CoreError> {
        self.close_questions(ids, None).await
    }

    async fn close_questions(&self, ids: Vec<QuestionId>, source: Option<SourceId>) -> Result<(), CoreError> {
        let now_ms = self.inner.clock.now_ms();
        let chats: Vec<ChatId> = self
            .inner
            .store
            .write(move |c| {
                let mut chats = Vec::new();
                for id in ids {
                    let Some(chat) = questions::close(c, id, source)? else { continue };
                    let Some(talk) = super::talk::read(c, chat)? else { continue };
                    let Some(message) = talk.newest().filter(|_| source.is_some() && !talk.replying) else {
                        continue;
                    };
                    let account = talk.chat.account;
                    let work =
                        Work { chat, account, message, due_ms: now_ms, attempts: 0, instruction: None };
                    draft_work::put(c, &work)?;
                    chats.push(chat);
                }
                Ok(chats)
            })
            .await?;
        for chat in chats {
            self.notify(Notice::Draft { chat });
        }
        self.notify(Notice::Drafts);
        self.inner.drafting.wake.notify_one();
        Ok(())
    }
}

fn group(rows: Vec<QuestionRow>) -> Vec<QuestionGroup> {
    let mut groups: Vec<(BTreeSet<String>, Vec<QuestionRow>)> = Vec::new();
    for row in rows {
        let words = words(&row.text);
        let fits = |(known, _): &&mut (BTreeSet<String>, Vec<QuestionRow>)| {
            let shared = known.intersection(&words).count() as f64;
            shared > 0.0 && shared / known.union(&words).count() as f64 >= ALIKE
        };
        match groups.iter_mut().find(fits) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((words, vec![row])),
        }
    }
    groups.into_iter().map(|(_, rows)| view(rows)).collect()
}

/// Stems of the words that carry sense.
fn words(text: &str) -> BTreeSet<String> {
    const EMPTY: &[&str] = &[
        "здравствуйте",
        "добрый",
        "день",
        "вечер",
        "привет",
        "а",
        "и",
        "у",
        "вас",
        "ли",
        "вы",
        "это",
        "по",
        "в",
        "на",
        "с",
    ];
    let tokens = tokens(text).into_iter().map(|token| token.text);
    tokens.filter(|word| !EMPTY.contains(&word.as_str())).map(|word| stem(&word)).collect()
}

fn view(rows: Vec<QuestionRow>) -> QuestionGroup {
    let same = |other: &dyn Fn(&QuestionRow) -> Option<i64>| {
        let first = rows.first().and_then(other);
        first.filter(|_| rows.iter().all(|row| other(row) == first))
    };
    let item = same(&|row| row.item);
    let account = same(&|row| Some(row.account.0)).map(crate::AccountId);
    let item_title = item.and_then(|_| rows.first().and_then(|row| row.item_title.clone()));
    let open = |row: QuestionRow| OpenQuestion {
        id: row.id,
        chat: row.chat,
        text: row.text,
        asked_ms: row.asked_ms,
    };
    QuestionGroup {
        scope: Scope { account, item: item.map(|item| item.to_string()) },
        item_title,
        questions: rows.into_iter().map(open).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_alike_are_one_group() {
        let row = |id: i64, text: &str| QuestionRow {
            id: QuestionId(id),
            account: crate::AccountId(1),
            chat: ChatId(id),
            item: Some(7),
            item_title: Some("Стол".into()),
            text: text.into(),
            asked_ms: id,
        };
        let groups = group(vec![
            row(3, "Добрый день! Можно с парковкой рядом?"),
            row(2, "а парковка рядом можно"),
            row(1, "Какой у вас режим?"),
        ]);
        let sizes: Vec<usize> = groups.iter().map(|group| group.questions.len()).collect();
        assert_eq!(sizes, [2, 1]);
        assert_eq!(groups[0].scope.item.as_deref(), Some("7"));
    }
}
