//! How the grounds add up. The weights are fitted by `cargo xtask eval --fit`; see docs/knowledge.md.

use super::Evidence;

/// What each ground of [`Evidence::grounds`] adds, in its order, and where the sum starts.
const WEIGHTS: [f32; 11] = [1.04, -0.25, -1.51, 1.31, 0.75, 0.52, 0.12, -1.14, 1.82, 1.74, 1.07];
const START: f32 = -2.90;

/// From here an answer is given.
pub(super) const GIVEN: f32 = 0.64;
/// A passage is read only when its score is at least this share of the first one's.
pub(super) const WORTH: f32 = 0.7;
/// How much surer a lower-ranked passage must be to be quoted instead.
pub(super) const BETTER: f32 = 0.05;

/// The chance that the quote answers.
pub(super) fn confidence(evidence: &Evidence) -> f32 {
    let sum: f32 = evidence.grounds().iter().zip(WEIGHTS).map(|((_, value), weight)| value * weight).sum();
    1.0 / (1.0 + (-(START + sum)).exp())
}
