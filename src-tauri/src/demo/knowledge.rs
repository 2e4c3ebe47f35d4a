//! What the demo shop's owner has told the helper: so that a first start shows drafts with their sources.

use inbox::view::{EntryInput, Scope, SourceKind};
use inbox::{AccountId, Core, CoreError};

/// Sections of a text, each begun by `## scope | kind | title`: scope is the shop's place in the demo or `*` for both.
const ENTRIES: &str = include_str!("entries.txt");
/// The bicycle shop's prices, as such a shop keeps them.
const PRICES: &str = include_str!("prices.csv");

/// Fills the knowledge of the demo's accounts, in the order they were added.
pub(super) async fn tell(core: &Core, accounts: &[AccountId]) -> Result<(), CoreError> {
    for (place, kind, title, text) in entries() {
        let account = place.and_then(|place| accounts.get(place)).copied();
        let scope = Scope { account, item: None };
        let entry = EntryInput { kind, scope, title: title.into(), text: text.into(), url: None };
        core.add_entry(entry).await?;
    }
    let scope = Scope { account: accounts.last().copied(), item: None };
    core.add_dropped_file(&scope, "Цены мастерской.csv", PRICES.as_bytes().to_vec(), false).await?;
    Ok(())
}

fn entries() -> impl Iterator<Item = (Option<usize>, SourceKind, &'static str, &'static str)> {
    ENTRIES.split("\n## ").filter_map(|section| {
        let (head, text) = section.trim_start_matches("## ").split_once('\n')?;
        let mut head = head.splitn(3, '|').map(str::trim);
        let place = head.next()?.parse().ok();
        let kind = if head.next()? == "note" { SourceKind::Note } else { SourceKind::Question };
        Some((place, kind, head.next()?, text.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_demo_has_words_and_a_shop() {
        let all: Vec<_> = entries().collect();
        assert_eq!(all.len(), ENTRIES.matches("## ").count());
        assert!(all.len() >= 8 && all.iter().all(|(.., title, text)| !title.is_empty() && !text.is_empty()));
        assert!(all.iter().any(|entry| entry.0 == Some(1)) && all.iter().any(|entry| entry.0.is_none()));
    }
}
