//! Knowledge as the seller keeps it: entries and other sources, and what is found in them.
//!
//! ```text
//! entries ┐
//! files   ├→ passages (store) → index (`knowledge`) → found passages, quoted answers
//! items   ┘
//! ```
//!
//! Passages are kept whether they are switched on or not; the index holds those that can be found.

mod entries;
mod finding;

use crate::core::Core;
use crate::store::sources;

/// Goes on where a kill interrupted the taking of passages into the index or out of it.
pub(crate) async fn settle_all(core: Core) {
    let unsettled = core.inner.store.read(sources::unsettled).await.unwrap_or_default();
    for id in unsettled {
        if let Err(error) = entries::settle(&core.inner.store, id).await {
            tracing::warn!(%error, "a source's passages are not settled");
        }
    }
}
