//! How far a model's draft may be trusted: what the model says is held against what code makes of the question and the passages.
//!
//! The model decides whether the passages answer; code has its own opinion, which knows what is asked about and whether the passages
//! speak of it. Where the two disagree the draft is shown, and neither one key nor a rule sends it.

use super::making::Ground;
use crate::Core;
use crate::error::CoreError;
use crate::view::{DraftMaker, DraftSourceKind};

/// A model's draft below this is read before it is sent: code does not find that its sources speak of what is asked.
const DOUBT: f64 = 0.55;
/// Of the answers that stand in the passages, as many get into a model's words: measured with the double of a model (docs/drafts.md).
const WORDED: f64 = 0.94;
/// The listing or the seller's earlier words say it, and all that is asked about is spoken of. Not measured.
const BESIDE: f64 = 0.85;
/// Nothing is named that it rests on.
const UNNAMED: f64 = 0.3;

/// Whether code disagrees with the model that wrote a draft.
pub(super) fn is_doubted(maker: DraftMaker, chance: f64) -> bool {
    maker == DraftMaker::Model && chance < DOUBT
}

/// The chance that a model's words, whose facts all have sources, answer the question.
pub(super) async fn chance(
    core: &Core,
    ground: &Ground,
    cited: &[usize],
    words: &str,
) -> Result<f64, CoreError> {
    let sources = || cited.iter().filter_map(|at| ground.sources.get(*at)).map(|source| &source.shown);
    if cited.is_empty() {
        return Ok(UNNAMED);
    }
    let keys = sources().filter_map(|source| source.key.clone()).collect();
    let opinion = core.opinion(&ground.known, &ground.scope, &ground.question, keys, words).await?;
    let beside = |kind| matches!(kind, DraftSourceKind::Item | DraftSourceKind::Said);
    let of_passages = WORDED * f64::from(opinion.confidence);
    if opinion.says_what_is_asked && sources().any(|source| beside(source.kind)) {
        return Ok(of_passages.max(BESIDE));
    }
    Ok(of_passages)
}
