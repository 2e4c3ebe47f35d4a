//! What the seller writes in the app: questions with answers, notes, pasted text.

use std::collections::HashMap;
use std::ops::ControlFlow;

use documents::{Limits, Passage, Sink};
use knowledge::Writer;
use rusqlite::Connection;

use super::reading::part;

use crate::core::Core;
use crate::error::CoreError;
use crate::ids::{AccountId, PassageId, SourceId};
use crate::store::passages::{self, Part};
use crate::store::sources::{self, ItemFacts, NewSource};
use crate::store::{Store, StoreError};
use crate::view::{EntryInput, ErrorCode, Notice, Scope, SourceKind};

/// Characters of an entry: far more than anybody writes, and what a search can quote from.
const TEXT_LIMIT: usize = 200_000;
/// Characters of a question or heading.
const TITLE_LIMIT: usize = 500;

impl Core {
    /// Adds an entry; it is found at once.
    pub async fn add_entry(&self, entry: EntryInput) -> Result<SourceId, CoreError> {
        let new = self.checked(entry)?;
        let id = self
            .inner
            .store
            .write(move |c| {
                let id = sources::add(c, &new)?;
                put_entry(c, id, &new)?;
                Ok(id)
            })
            .await?;
        self.settle(id).await?;
        Ok(id)
    }

    /// Changes an entry: from now on it is found by its new words only.
    pub async fn edit_entry(&self, id: SourceId, entry: EntryInput) -> Result<(), CoreError> {
        let new = self.checked(entry)?;
        let found = self
            .inner
            .store
            .write(move |c| {
                let Some(old) = sources::get(c, id)? else { return Ok(false) };
                if old.text.is_none() {
                    return Ok(false);
                }
                sources::rewrite(c, id, &new)?;
                put_entry(c, id, &new)?;
                Ok(true)
            })
            .await?;
        if !found {
            return Err(CoreError::not_found("no such entry"));
        }
        self.settle(id).await
    }

    /// Removes a source with its passages. For some minutes it can be had back, unless the program is closed before.
    pub async fn remove_source(&self, id: SourceId) -> Result<(), CoreError> {
        self.inner.desk.stop(id);
        if !self.inner.store.write(move |c| sources::put_away(c, id)).await? {
            return Err(CoreError::not_found("no such source"));
        }
        let (core, had_back) = (self.clone(), self.inner.desk.removed(id));
        self.spawn("removal of a source", async move {
            tokio::select! {
                () = had_back.cancelled() => return,
                () = core.inner.clock.sleep(core.inner.timing.source_grace) => {}
            }
            core.inner.desk.had_back(id);
            let given_up = core.inner.store.write(move |c| sources::give_up(c, Some(id))).await;
            let deleted = match given_up {
                Ok(()) => settle(&core.inner.store, id).await,
                error => error,
            };
            if let Err(error) = deleted {
                tracing::warn!(%error, "a removed source is deleted with the next start");
            }
        });
        self.settle(id).await
    }

    /// Has a source back that was removed a moment ago, as it was.
    pub async fn restore_source(&self, id: SourceId) -> Result<(), CoreError> {
        if !self.inner.store.write(move |c| sources::restore(c, id)).await? {
            return Err(CoreError::not_found("the source is deleted"));
        }
        self.inner.desk.had_back(id);
        self.inner.desk.wake.notify_one();
        self.settle(id).await
    }

    /// Switches a source off (it is kept and not found) or on.
    pub async fn switch_source_off(&self, id: SourceId, off: bool) -> Result<(), CoreError> {
        self.inner.store.write(move |c| sources::set_off(c, id, off)).await?;
        self.settle(id).await
    }

    /// Changes for whom a source holds.
    pub async fn set_source_scope(&self, id: SourceId, scope: &Scope) -> Result<(), CoreError> {
        let (account, item) = (scope.account, item_number(scope)?);
        let found = self.inner.store.write(move |c| {
            let found = sources::set_scope(c, id, account, item)?;
            passages::forget_index(c, id)?;
            Ok(found)
        });
        if !found.await? {
            return Err(CoreError::not_found("no such source"));
        }
        self.settle(id).await
    }

    /// Switches one passage off or on.
    pub async fn switch_passage_off(&self, id: PassageId, off: bool) -> Result<(), CoreError> {
        let source = self.inner.store.write(move |c| passages::set_off(c, id, off)).await?;
        self.settle(source.ok_or_else(|| CoreError::not_found("no such passage"))?).await
    }

    /// Brings the index in line with a source, piece by piece, tells the page, and has drafts made anew that say what it said before.
    pub(super) async fn settle(&self, id: SourceId) -> Result<(), CoreError> {
        let settled = self.try_settling(id).await;
        if settled.is_err() {
            self.inner.desk.wake.notify_one(); // whoever reads files goes on with it until it works
        }
        settled
    }

    pub(super) async fn try_settling(&self, id: SourceId) -> Result<(), CoreError> {
        self.notify(Notice::Knowledge);
        settle(&self.inner.store, id).await?;
        self.notify(Notice::Knowledge);
        Ok(self.renew_drafts(id).await?)
    }

    pub(super) fn checked(&self, entry: EntryInput) -> Result<NewSource, CoreError> {
        let (title, text) = (entry.title.trim().to_owned(), entry.text.trim().to_owned());
        let question = entry.kind == SourceKind::Question;
        if text.is_empty() || question && title.is_empty() {
            return Err(CoreError::Invalid(ErrorCode::EmptyText, "an entry needs words"));
        }
        if text.chars().count() > TEXT_LIMIT || title.chars().count() > TITLE_LIMIT {
            return Err(CoreError::Invalid(ErrorCode::EntryTooLong, "the entry is too long"));
        }
        let item = item_number(&entry.scope)?;
        let url = entry.url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
        Ok(NewSource {
            kind: entry.kind,
            account: entry.scope.account,
            item,
            title,
            text: Some(text),
            url,
            now_ms: self.inner.clock.now_ms(),
            ..NewSource::default()
        })
    }
}

/// Avito's number of the item a scope names.
pub(super) fn item_number(scope: &Scope) -> Result<Option<i64>, CoreError> {
    let bad = |_| CoreError::Invalid(ErrorCode::NotFound, "the item is no number");
    scope.item.as_deref().map(|item| item.parse().map_err(bad)).transpose()
}

/// Goes on until a source's passages are in or out of the index as they should be.
pub(super) async fn settle(store: &Store, id: SourceId) -> Result<(), StoreError> {
    while store.write(move |c| passages::settle_piece(c, id)).await? {}
    Ok(())
}

/// Writes an entry's passages; those of its words before go with the settling. Notes and pasted text are cut like files: they
/// may be long.
fn put_entry(connection: &Connection, id: SourceId, new: &NewSource) -> Result<(), StoreError> {
    let Some(of) = passages::of(connection, id)? else { return Ok(()) };
    let parts = parts_of(new);
    let mut writer = Writer::new(connection);
    let mut equal: HashMap<u64, u32> = HashMap::new();
    for (part, ordinal) in parts.iter().zip(0..) {
        let again = equal.entry(part.digest()).or_default();
        passages::put(connection, &mut writer, &of, ordinal, part, *again)?;
        *again += 1;
    }
    writer.finish()?;
    passages::end_reading(connection, &of)
}

/// The passages of an entry.
pub(super) fn parts_of(new: &NewSource) -> Vec<Part> {
    let text = new.text.clone().unwrap_or_default();
    let whole = Part { heading: new.title.clone(), text, ..Part::default() };
    match new.kind {
        SourceKind::Note | SourceKind::Pasted => cut(&whole),
        _ => vec![whole],
    }
}

fn cut(whole: &Part) -> Vec<Part> {
    struct Parts<'a>(&'a str, Vec<Part>);
    impl Sink for Parts<'_> {
        fn passage(&mut self, passage: Passage) -> ControlFlow<()> {
            let mut part = part(passage);
            part.heading = match (self.0, part.heading.as_str()) {
                (title, "") => title.to_owned(),
                ("", heading) => heading.to_owned(),
                (title, heading) => format!("{title} › {heading}"),
            };
            self.1.push(part);
            ControlFlow::Continue(())
        }

        fn progress(&mut self, _: u64, _: u64) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }
    let mut parts = Parts(&whole.heading, Vec::new());
    match documents::read_text(&whole.text, &Limits::default(), &mut parts) {
        Ok(_) if !parts.1.is_empty() => parts.1,
        // A single line that reads as a heading, say.
        _ => vec![whole.clone()],
    }
}

/// What an item's price says in a text of ours. Avito writes «Цена не указана» where there is none.
pub(crate) fn price_words(price: &str) -> String {
    let price = documents::price(price);
    if price.starts_with("Цена") { format!("{price}.") } else { format!("Цена: {price}.") }
}

/// Keeps what is known of items, each as a source; unchanged ones are left alone. Gives whether any was news.
pub(super) fn put_items(
    connection: &Connection,
    account: AccountId,
    facts: &[ItemFacts],
    now_ms: i64,
) -> Result<bool, StoreError> {
    let mut changed = false;
    for facts in facts {
        let mut text = String::new();
        if let Some(price) = &facts.price {
            text.push_str(&format!("{} ", price_words(price)));
        }
        if let Some(place) = &facts.place {
            text.push_str(&format!("Где: {place}. "));
        }
        text.push_str(match facts.on_sale {
            Some(true) => "Объявление активно.",
            Some(false) => "Объявление снято с публикации.",
            None => "",
        });
        let known = sources::of_item(connection, account, facts.item)?;
        if known.as_ref().is_some_and(|known| {
            known.title == facts.title && known.text.as_deref() == Some(text.trim()) && known.url == facts.url
        }) {
            continue;
        }
        let new = NewSource {
            kind: SourceKind::Item,
            account: Some(account),
            item: Some(facts.item),
            title: facts.title.clone(),
            text: Some(text.trim().to_owned()),
            url: facts.url.clone(),
            now_ms,
            ..NewSource::default()
        };
        let id = match known {
            Some(known) => {
                sources::rewrite(connection, known.id, &new)?;
                known.id
            }
            None => sources::add(connection, &new)?,
        };
        put_entry(connection, id, &new)?;
        while passages::settle_piece(connection, id)? {}
        changed = true;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The index follows piece by piece; a draft from the former words must not pass meanwhile.
    #[test]
    fn former_words_of_an_entry_are_gone_before_the_index_has_followed() {
        let connection = crate::store::testing();
        let says = |text: &str| NewSource {
            kind: SourceKind::Question,
            title: "Сколько стоит установка?".into(),
            text: Some(text.into()),
            ..NewSource::default()
        };
        let keys = |id| {
            let mut keys = Vec::new();
            let see = |row: passages::PassageRow| {
                keys.push(row.key);
                Ok(())
            };
            passages::each(&connection, id, see).unwrap();
            keys
        };
        let in_force = |key: &str| passages::by_key(&connection, key).unwrap().is_some();
        let id = sources::add(&connection, &says("4 000 ₽.")).unwrap();
        put_entry(&connection, id, &says("4 000 ₽.")).unwrap();
        let old = keys(id).remove(0);
        assert!(in_force(&old));
        put_entry(&connection, id, &says("4 500 ₽.")).unwrap();
        let (gone, there): (Vec<String>, Vec<String>) = keys(id).into_iter().partition(|key| *key == old);
        assert_eq!((gone.len(), there.len()), (1, 1), "nothing is settled yet");
        assert!(!in_force(&old) && in_force(&there[0]));
    }

    #[test]
    fn a_price_is_said_once_and_in_one_piece() {
        assert_eq!(price_words("24500 ₽"), "Цена: 24\u{a0}500\u{a0}₽.");
        assert_eq!(price_words("Бесплатно"), "Цена: Бесплатно.");
        assert_eq!(price_words("Цена не указана"), "Цена не указана.");
    }
}
