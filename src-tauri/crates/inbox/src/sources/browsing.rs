//! What the list of knowledge and an opened source show.

use rusqlite::{Connection, OptionalExtension as _};

use super::duplicates;
use super::reading::Desk;
use crate::core::Core;
use crate::error::CoreError;
use crate::ids::{AccountId, SourceId};
use crate::ingest::fold;
use crate::store::sources::{self, SourceRow};
use crate::store::{StoreError, passages};
use crate::view::{
    FolderView, KnowledgeView, PassageUse, PassageView, Scope, SourceKind, SourceRowView, SourceView, Trial,
};

/// Rows of the list; who has more finds by searching.
const LIST: u32 = 300;
/// Passages on a page of an opened source.
const PAGE: u32 = 50;
/// Uses that are shown.
const USES: u32 = 30;
/// Letters of a preview.
const PREVIEW: usize = 200;

impl Core {
    /// The list of knowledge: sources of a kind that hold these words in title or text.
    pub async fn knowledge_view(
        &self,
        kind: Option<SourceKind>,
        words: &str,
    ) -> Result<KnowledgeView, CoreError> {
        let words = fold(words.trim());
        let core = self.clone();
        let meaning = self.meaning_view().await?;
        let view = self.inner.store.read(move |c| {
            let desk = &core.inner.desk;
            let sources = list(c, kind, &words)?.into_iter().map(|row| shape(c, desk, row, &words));
            let count = |sql: &str| c.query_row(sql, [], |row| row.get(0));
            Ok(KnowledgeView {
                sources: sources.collect::<Result<_, _>>()?,
                total: count("SELECT count(*) FROM sources WHERE removed = 0")?,
                passages: count("SELECT count(*) FROM source_passages WHERE indexed = 1")?,
                folders: folders(c)?,
                duplicates: duplicates::groups(c)?,
                meaning,
            })
        });
        Ok(view.await?)
    }

    /// One source with a page of its passages after `after` (−1: from the beginning).
    pub async fn source_view(&self, id: SourceId, after: i64) -> Result<SourceView, CoreError> {
        let core = self.clone();
        let view = self.inner.store.read(move |c| {
            let Some(row) = sources::get(c, id)? else { return Ok(None) };
            let text = row.text.clone();
            let mut passages = passages(c, id, after)?;
            let more = passages.len() > PAGE as usize;
            passages.truncate(PAGE as usize);
            let older = sources::older_form(c, &row)?;
            let row = shape(c, &core.inner.desk, row, "")?;
            Ok(Some(SourceView { row, text, older, passages, more, uses: uses(c, id)? }))
        });
        view.await?.ok_or_else(|| CoreError::not_found("no such source"))
    }

    /// What the helper finds for a question, and what it would quote.
    pub async fn try_question(&self, scope: &Scope, question: &str) -> Result<Trial, CoreError> {
        let passages = self.find_knowledge(scope, question, 10).await?;
        Ok(Trial { passages, answer: self.quoted_answer(scope, question).await? })
    }
}

fn list(
    connection: &Connection,
    kind: Option<SourceKind>,
    words: &str,
) -> Result<Vec<SourceRow>, StoreError> {
    let sql = format!(
        "SELECT {} FROM sources WHERE removed = 0 AND (?1 IS NULL OR kind = ?1)
           AND (?2 = '' OR instr(fold(title), ?2) OR instr(fold(coalesce(text, '')), ?2)
             OR text IS NULL AND EXISTS (SELECT 1 FROM source_passages p WHERE p.source = sources.id
                  AND (instr(fold(p.text), ?2) OR instr(fold(p.heading), ?2))))
         ORDER BY state = 0 DESC, state = 2 DESC, changed_ms DESC, id DESC LIMIT {LIST}",
        sources::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_map((kind, words), sources::read)?.collect::<Result<_, _>>()?)
}

fn shape(
    connection: &Connection,
    desk: &Desk,
    row: SourceRow,
    words: &str,
) -> Result<SourceRowView, StoreError> {
    let count = |sql: &str| -> rusqlite::Result<u32> {
        connection.prepare_cached(sql)?.query_row([row.id], |found| found.get(0))
    };
    let preview = match &row.text {
        Some(text) => text.clone(),
        None => file_words(connection, row.id, words)?,
    };
    Ok(SourceRowView {
        id: row.id,
        kind: row.kind,
        item_title: item_title(connection, row.account, row.item)?,
        scope: Scope { account: row.account, item: row.item.map(|item| item.to_string()) },
        preview: preview.chars().take(PREVIEW).collect(),
        url: row.url,
        path: row.path,
        state: row.state,
        progress: desk.progress(row.id),
        problems: row.problems.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
        off: row.off,
        passages: count("SELECT count(*) FROM source_passages WHERE source = ?1")?,
        uses: count("SELECT count(*) FROM passage_uses WHERE source = ?1")?,
        changed_ms: row.changed_ms,
        title: row.title,
    })
}

/// Of a file: the passage that has the words looked for, or its beginning.
fn file_words(connection: &Connection, source: SourceId, words: &str) -> Result<String, StoreError> {
    if !words.is_empty() {
        let sql = "SELECT text FROM source_passages WHERE source = ?1 AND instr(fold(text), ?2) ORDER BY ordinal LIMIT 1";
        let found =
            connection.prepare_cached(sql)?.query_row((source, words), |row| row.get(0)).optional()?;
        if let Some(found) = found {
            return Ok(found);
        }
    }
    let first = passages::page(connection, source, -1, 1)?;
    Ok(first.into_iter().next().map(|(_, row)| row.part.text).unwrap_or_default())
}

fn item_title(
    connection: &Connection,
    account: Option<AccountId>,
    item: Option<i64>,
) -> Result<Option<String>, StoreError> {
    let (Some(account), Some(item)) = (account, item) else { return Ok(None) };
    let sql =
        "SELECT item_title FROM chats WHERE account = ?1 AND item_id = ?2 AND item_title IS NOT NULL LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row((account, item), |row| row.get(0)).optional()?)
}

fn folders(connection: &Connection) -> Result<Vec<FolderView>, StoreError> {
    let rows = sources::folders(connection)?;
    let files = "SELECT count(*) FROM sources WHERE folder = ?1 AND removed = 0";
    rows.into_iter()
        .map(|folder| {
            Ok(FolderView {
                id: folder.id,
                files: connection.prepare_cached(files)?.query_row([folder.id], |row| row.get(0))?,
                path: folder.path,
                problem: folder.problem.and_then(|json| serde_json::from_str(&json).ok()),
            })
        })
        .collect()
}

fn passages(connection: &Connection, source: SourceId, after: i64) -> Result<Vec<PassageView>, StoreError> {
    let uses = "SELECT count(*) FROM passage_uses WHERE source = ?1 AND key = ?2";
    let rows = passages::page(connection, source, after, PAGE + 1)?;
    rows.into_iter()
        .map(|(ordinal, row)| {
            Ok(PassageView {
                id: row.id,
                ordinal,
                uses: connection.prepare_cached(uses)?.query_row((source, &row.key), |row| row.get(0))?,
                heading: row.part.heading,
                text: row.part.text,
                page: row.part.page,
                sheet: row.part.sheet,
                line: row.part.line,
                off: row.off,
            })
        })
        .collect()
}

fn uses(connection: &Connection, source: SourceId) -> Result<Vec<PassageUse>, StoreError> {
    let sql = format!(
        "SELECT u.chat, coalesce(c.buyer_name, ''), u.question, u.sent, u.at_ms
         FROM passage_uses u JOIN chats c ON c.id = u.chat WHERE u.source = ?1 ORDER BY u.at_ms DESC, u.id DESC LIMIT {USES}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([source], |row| {
        Ok(PassageUse {
            chat: row.get(0)?,
            buyer: row.get(1)?,
            question: row.get(2)?,
            sent: row.get(3)?,
            at_ms: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
