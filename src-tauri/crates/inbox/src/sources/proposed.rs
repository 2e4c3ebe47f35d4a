//! Knowledge as a change would make it: a copy of the index in memory, with sources switched on and off and an entry as it would be saved.
//! Nobody finds in it but who tries the change; there is one at most.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use knowledge::{NewPassage, Searcher, Writer};
use rusqlite::Connection;

use super::entries::parts_of;
use crate::core::Core;
use crate::error::CoreError;
use crate::ids::{PassageId, SourceId};
use crate::store::StoreError;
use crate::store::passages::{self, PassageRow};
use crate::store::sources::{self, NewSource, SourceRow};
use crate::view::{KnowledgeChange, SourceState};

/// Which knowledge is asked.
#[derive(Clone, Default)]
pub(crate) enum Known {
    /// As it is.
    #[default]
    Now,
    /// As a change would make it.
    Proposed(Arc<Proposed>),
}

/// Where passages are found, and where it is told what they are.
pub(super) struct Tables<'a> {
    /// The index.
    pub(super) index: &'a Connection,
    pub(super) store: &'a Connection,
    pub(super) proposed: Option<&'a Proposed>,
}

impl Tables<'_> {
    /// What a passage is and where it comes from; none: it is gone or switched off, and the index has not followed yet.
    pub(super) fn origin(&self, key: &str) -> Result<Option<(PassageRow, SourceRow)>, StoreError> {
        if let Some(entry) = self.proposed.and_then(|proposed| proposed.entry.as_ref())
            && let Some(row) = entry.passages.get(key)
        {
            return Ok(Some((row.clone(), entry.source.clone())));
        }
        let Some(row) = passages::by_key(self.store, key)? else { return Ok(None) };
        let Some(source) = sources::get(self.store, row.source)? else { return Ok(None) };
        let on = self.proposed.is_some_and(|proposed| proposed.on.contains(&source.id));
        Ok((!row.off && (on || !source.off)).then_some((row, source)))
    }
}

/// A change of knowledge that is tried.
pub(crate) struct Proposed {
    index: Mutex<(Connection, Searcher)>,
    /// Sources that are switched off and would be on.
    on: HashSet<SourceId>,
    entry: Option<ProposedEntry>,
}

/// The change that is tried now, and how many were before: one that was made anew meanwhile takes the place of none.
#[derive(Default)]
pub(crate) struct Trial {
    number: u64,
    proposed: Option<Arc<Proposed>>,
}

/// An entry as it would be saved.
struct ProposedEntry {
    source: SourceRow,
    passages: HashMap<String, PassageRow>,
}

impl Proposed {
    /// Asks the copy. `moment`: a transaction of the archive.
    pub(super) fn ask<T>(
        &self,
        archive: &Connection,
        scope: knowledge::Scope,
        work: impl FnOnce(&mut Searcher, &Tables<'_>, knowledge::Scope) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut place = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let (index, searcher) = &mut *place;
        work(searcher, &Tables { index, store: archive, proposed: Some(self) }, scope)
    }
}

impl Core {
    /// Tries a change of knowledge: makes what the replay of past questions asks instead of the knowledge of now. It takes the place of the
    /// one before, and stays until it is forgotten.
    pub async fn propose_knowledge(&self, change: KnowledgeChange) -> Result<(), CoreError> {
        let number = self.begin_trial();
        let entry = match &change.entry {
            Some(entry) => Some((change.edits, self.checked(entry.clone())?)),
            None => None,
        };
        let proposed = self.inner.store.read(move |connection| make(connection, &change, entry));
        let proposed = Arc::new(proposed.await?);
        let mut trial = self.inner.trial.lock().unwrap_or_else(PoisonError::into_inner);
        // Forgotten while its copy was made, or another one is tried by now.
        if trial.number == number {
            trial.proposed = Some(proposed);
        }
        Ok(())
    }

    /// The change is no longer tried: what it took of memory is given back.
    pub fn forget_proposed(&self) {
        self.begin_trial();
    }

    fn begin_trial(&self) -> u64 {
        let mut trial = self.inner.trial.lock().unwrap_or_else(PoisonError::into_inner);
        *trial = Trial { number: trial.number + 1, proposed: None };
        trial.number
    }

    /// The change that is tried.
    pub(crate) fn proposed(&self) -> Option<Arc<Proposed>> {
        self.inner.trial.lock().unwrap_or_else(PoisonError::into_inner).proposed.clone()
    }
}

fn make(
    archive: &Connection,
    change: &KnowledgeChange,
    entry: Option<(Option<SourceId>, NewSource)>,
) -> Result<Proposed, StoreError> {
    let mut index = knowledge::copy(archive)?;
    let transaction = index.transaction()?;
    let mut writer = Writer::new(&transaction);
    let edited = entry.as_ref().and_then(|(edited, _)| *edited);
    for source in change.off.iter().copied().chain(edited) {
        passages::each(archive, source, |row| Ok(writer.remove(&row.key).map(|_| ())?))?;
    }
    for source in &change.on {
        let Some(of) = passages::of(archive, *source)? else { continue };
        passages::each(archive, *source, |row| {
            if row.off {
                return Ok(());
            }
            let (account, item) = (of.account, row.part.item.or(of.item));
            let (key, title, text) = (&*row.key, &*row.part.heading, &*row.part.text);
            writer.put(&NewPassage { key, account, item, title, text })?;
            Ok(())
        })?;
    }
    let entry = entry.map(|(edited, new)| proposed_entry(edited.unwrap_or(SourceId(0)), new));
    if let Some(entry) = &entry {
        for (key, row) in &entry.passages {
            let (account, item) = (entry.source.account.map(|account| account.0), entry.source.item);
            writer.put(&NewPassage { key, account, item, title: &row.part.heading, text: &row.part.text })?;
        }
    }
    writer.finish()?;
    transaction.commit()?;
    Ok(Proposed {
        index: Mutex::new((index, Searcher::new())),
        on: change.on.iter().copied().collect(),
        entry,
    })
}

fn proposed_entry(id: SourceId, new: NewSource) -> ProposedEntry {
    let row = |(at, part)| {
        let key = format!("proposed:{at}");
        (key.clone(), PassageRow { id: PassageId(0), source: id, key, part, off: false })
    };
    let passages = parts_of(&new).into_iter().enumerate().map(row).collect();
    let source = SourceRow {
        id,
        kind: new.kind,
        account: new.account,
        item: new.item,
        title: new.title,
        text: new.text,
        url: new.url,
        path: None,
        folder: None,
        size: None,
        modified_ms: None,
        hash: None,
        state: SourceState::Read,
        reading: 1,
        problems: None,
        off: false,
        unsettled: false,
        added_ms: new.now_ms,
        changed_ms: new.now_ms,
    };
    ProposedEntry { source, passages }
}

#[cfg(test)]
mod tests {
    use std::future::{Future as _, poll_fn};
    use std::task::Poll;

    use super::*;
    use crate::testing::idle_core;

    #[tokio::test]
    async fn a_change_that_is_forgotten_while_its_copy_is_made_is_not_tried() {
        let (_folder, core) = idle_core().await;
        core.propose_knowledge(KnowledgeChange::default()).await.unwrap();
        assert!(core.proposed().is_some());
        let mut trying = std::pin::pin!(core.propose_knowledge(KnowledgeChange::default()));
        let begun = poll_fn(|context| Poll::Ready(trying.as_mut().poll(context))).await;
        core.forget_proposed();
        if begun.is_pending() {
            trying.await.unwrap();
        }
        assert!(core.proposed().is_none());
    }
}
