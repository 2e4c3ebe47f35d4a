//! How the grounds add up. The weights are fitted by `cargo xtask eval --fit`; see docs/knowledge.md.

use super::Evidence;

/// What each ground of [`Evidence::grounds`] adds, in its order, and where the sum starts.
const WEIGHTS: [f32; 10] = [-1.06, -1.32, -1.30, 0.80, 0.60, 0.73, -1.39, 2.19, 3.81, 0.79];
const START: f32 = -3.56;

/// From here an answer is given.
pub(super) const GIVEN: f32 = 0.59;
/// Words that leave out a value which is asked about are no stronger than this.
const UNSAID: f32 = 0.5;
/// A passage is read only when its score is at least this share of the first one's.
pub(super) const WORTH: f32 = 0.7;
/// How much surer a lower-ranked passage must be to be quoted instead.
pub(super) const BETTER: f32 = 0.05;

/// What speaks for an answer, added up.
pub(super) fn strength(evidence: &Evidence) -> f32 {
    let sum: f32 = evidence.grounds().iter().zip(WEIGHTS).map(|((_, value), weight)| value * weight).sum();
    1.0 / (1.0 + (-(START + sum)).exp())
}

/// The same for words that somebody wrote from the passage. A quote without the value that is asked about comes from a passage that may
/// not have it, and the weight of that ground is fitted on quotes; whoever wrote words could have said it and has not.
pub(super) fn strength_of_words(evidence: &Evidence) -> f32 {
    let strength = strength(evidence);
    if evidence.valueless > 0.0 { strength.min(UNSAID) } else { strength }
}

/// Strength, and how often answers of it were right; between these places on a straight line. From the line that `--fit` prints; on shops
/// it was not made from it holds as well (docs/knowledge.md).
const FOUND: [(f32, f32); 9] = [
    (0.0, 0.0),
    (0.13, 0.15),
    (0.31, 0.38),
    (0.52, 0.55),
    (0.65, 0.73),
    (0.76, 0.87),
    (0.89, 0.94),
    (0.97, 0.985),
    (1.0, 0.99),
];

/// The chance that an answer of this strength is right.
pub(super) fn confidence(strength: f32) -> f32 {
    let line = FOUND.windows(2).find(|line| strength <= line[1].0).unwrap_or(&FOUND[FOUND.len() - 2..]);
    let [(from, low), (to, high)] = [line[0], line[1]];
    (low + (high - low) * (strength - from) / (to - from)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stronger_answer_is_never_less_sure() {
        let chances: Vec<f32> = (0..=1000_u16).map(|at| confidence(f32::from(at) / 1000.0)).collect();
        assert!(chances.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(chances[0] == 0.0 && chances[1000] < 1.0, "nothing is certain");
        assert!((confidence(0.585) - 0.64).abs() < 0.001, "halfway between two places");
    }
}
