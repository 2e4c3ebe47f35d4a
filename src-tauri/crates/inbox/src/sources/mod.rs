//! Knowledge as the seller keeps it: entries and other sources, and what is found in them.
//!
//! ```text
//! entries ┐
//! files   ├→ passages (store) → index (`knowledge`) → found passages, quoted answers
//! items   ┘
//! ```
//!
//! Passages are kept whether they are switched on or not; the index holds those that can be found. Files are read by one
//! worker, one after the other; a kill costs a repetition of the file that was being read.

mod browsing;
mod duplicates;
mod entries;
mod files;
mod finding;
mod folders;
mod items;
mod meaning;
mod proposed;
mod reading;

use crate::core::Core;
use crate::error::CoreError;
use crate::store::sources;

pub(crate) use entries::price_words;
pub(crate) use meaning::Meaning;
pub(crate) use proposed::{Known, Trial};
pub(crate) use reading::{Desk, Ended};

/// Settles what a kill or a full disk interrupted.
async fn settle_left(core: &Core) -> Result<(), CoreError> {
    for id in core.inner.store.read(sources::unsettled).await? {
        core.try_settling(id).await?;
    }
    Ok(())
}

/// Settles what a kill interrupted and deletes what nobody had back, then reads what is to be read until the core stops.
pub(crate) async fn work(core: Core) {
    if let Err(error) = core.inner.store.write(|c| sources::give_up(c, None)).await {
        tracing::warn!(%error, "removed sources are not deleted");
    }
    if let Err(error) = settle_left(&core).await {
        tracing::warn!(%error, "sources' passages are not settled");
    }
    tokio::join!(
        reading::work(core.clone()),
        folders::watch(core.clone()),
        items::keep(core.clone()),
        meaning::work(core)
    );
}
