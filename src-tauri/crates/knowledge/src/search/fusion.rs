//! Words and meaning together, where meaning helps.
//!
//! Both arms are brought to 0 … 1 and added; how much meaning counts falls with how well words answer. An embedding model is good at
//! paraphrase and bad at part numbers: a question that names one that some passage has is left to words.

use std::collections::HashMap;

use super::rank::Ranked;
use crate::analysis::Kind;

/// Passages by words that take part.
pub(super) const DEPTH: usize = 50;
/// Share of the visible passages that must have a vector: before, those without would be at a disadvantage.
const COVERED: f32 = 0.9;
/// Words that find so much of what is asked need no help.
const STRONG: f32 = 0.8;
/// How much a lead over the second passage speaks for words.
const AHEAD: f32 = 0.5;
/// How far, in spreads, the nearest passage must stand out from all: else the vectors tell nothing.
const NOISE: f32 = 1.5;
/// What the nearest passage gets at most, in units of the best score by words.
const SHARE: f32 = 0.5;

/// How little words say of what is asked, 0 to 1.
pub(super) fn weakness(ranked: &Ranked) -> f32 {
    let exact = ranked
        .query
        .terms
        .iter()
        .zip(&ranked.matches)
        .any(|(term, matches)| matches!(term.kind, Kind::Code | Kind::Number) && !matches.is_empty());
    if exact {
        return 0.0;
    }
    let Some((_, first)) = ranked.order.first() else { return 1.0 };
    let found = first / ranked.possible.max(f32::EPSILON);
    let second = ranked.order.get(1).map_or(0.0, |(_, score)| *score);
    let ahead = (first - second) / first.max(f32::EPSILON);
    (STRONG - found - AHEAD * ahead).clamp(0.0, 1.0)
}

/// Row, score and whether meaning lifted it, best first. `visible`: places and nearness of the passages that `likeness` belongs to.
pub(super) fn fuse(
    ranked: &Ranked,
    visible: &[(usize, f32)],
    likeness: &[Option<f32>],
) -> Vec<(i64, f32, bool)> {
    let by_words = || ranked.order.iter().map(|(id, score)| (*id, *score, false)).collect::<Vec<_>>();
    let weak = weakness(ranked);
    let known: Vec<f32> = likeness.iter().flatten().copied().collect();
    if weak <= 0.0 || !is_covered(known.len(), visible.len()) {
        return by_words();
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of passages")]
    let count = known.len() as f32;
    let mean = known.iter().sum::<f32>() / count;
    let spread = (known.iter().map(|cosine| (cosine - mean).powi(2)).sum::<f32>() / count).sqrt();
    let best = known.iter().copied().fold(f32::MIN, f32::max);
    if spread <= f32::EPSILON || (best - mean) / spread < NOISE {
        return by_words();
    }
    let first = ranked.order.first().map_or(1.0, |(_, score)| *score).max(f32::EPSILON);
    let words: HashMap<usize, f32> = ranked
        .order
        .iter()
        .filter_map(|(id, score)| Some((usize::try_from(*id).ok()?, score / first)))
        .collect();
    let share = SHARE * weak;
    let mut order: Vec<(i64, f32, bool)> = visible
        .iter()
        .zip(likeness)
        .filter_map(|((at, nearness), likeness)| {
            let by_words = words.get(at).copied().unwrap_or(0.0);
            let meaning = likeness.map_or(0.0, |cosine| ((cosine - mean) / (best - mean)).max(0.0));
            let lifted = share * meaning * meaning * nearness;
            (by_words > 0.0 || lifted > 0.0)
                .then(|| Some((i64::try_from(*at).ok()?, first * (by_words + lifted), lifted > by_words)))?
        })
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    order.truncate(DEPTH);
    order
}

/// Whether enough passages have a vector for meaning to be asked.
#[expect(clippy::cast_precision_loss, reason = "counts of passages")]
pub(super) fn is_covered(with: usize, all: usize) -> bool {
    with > 0 && with as f32 >= all as f32 * COVERED
}
