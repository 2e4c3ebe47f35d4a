//! The accounts' items as sources: title, price and status from their chats and from Avito's list.

use std::collections::BTreeMap;

use avito::ItemsQuery;

use crate::core::Core;
use crate::error::CoreError;
use crate::ids::AccountId;
use crate::store::sources::{self, ItemFacts};
use crate::view::Notice;

/// Items on a page of Avito's list, the most it gives.
const PAGE: u32 = 99;
/// Pages that are read; Avito allows 25 of these calls a minute.
const PAGES: u32 = 50;

impl Core {
    /// Reads the items of an account: those its chats are about, and Avito's list of those on sale. Gives how many there are.
    pub async fn refresh_items(&self, id: AccountId) -> Result<u32, CoreError> {
        let mut facts = self.inner.store.read(move |c| sources::items_of_chats(c, id)).await?;
        let account = self.account(id).ok_or_else(|| CoreError::not_found("no such account"))?;
        if let Some(client) = &account.client {
            for page in 1..=PAGES {
                let read =
                    client.items(&ItemsQuery { per_page: PAGE, page, ..ItemsQuery::default() }).await?;
                let last = read.items.len() < PAGE as usize;
                for item in read.items {
                    facts.retain(|known| known.item != item.id);
                    facts.push(ItemFacts {
                        item: item.id,
                        title: item.title.unwrap_or_default(),
                        price: item.price.map(roubles),
                        on_sale: item.status.as_deref().map(|status| status == "active"),
                        place: item.address,
                        url: item.url,
                    });
                }
                if last {
                    break;
                }
            }
        }
        let now_ms = self.inner.clock.now_ms();
        let mut changed = false;
        let count = u32::try_from(facts.len()).unwrap_or(u32::MAX);
        for piece in facts.chunks(100) {
            let piece = piece.to_vec();
            changed |=
                self.inner.store.write(move |c| super::entries::put_items(c, id, &piece, now_ms)).await?;
        }
        if changed {
            self.notify(Notice::Knowledge);
        }
        Ok(count)
    }
}

/// A price of Avito's list, with kopecks only where there are some.
fn roubles(price: f64) -> String {
    if price.fract() == 0.0 { format!("{price:.0} ₽") } else { format!("{price:.2} ₽").replace('.', ",") }
}

/// Keeps every account's items as they are at Avito, until the core stops.
pub(super) async fn keep(core: Core) {
    let mut read_ms: BTreeMap<AccountId, i64> = BTreeMap::new();
    let again_ms = i64::try_from(core.inner.timing.items_look.as_millis()).unwrap_or(i64::MAX);
    loop {
        core.inner.clock.sleep(core.inner.timing.items_first).await;
        let now_ms = core.inner.clock.now_ms();
        for account in core.accounts() {
            if read_ms.get(&account.id).is_some_and(|read_ms| now_ms - read_ms < again_ms) {
                continue;
            }
            // Also after trouble: it is told elsewhere, and the next look is soon enough.
            read_ms.insert(account.id, now_ms);
            if let Err(error) = core.refresh_items(account.id).await {
                tracing::info!(%error, "items stay as they were");
            }
        }
    }
}
