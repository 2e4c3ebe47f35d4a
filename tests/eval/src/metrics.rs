//! The figures of a run: how often the right passage comes first, and how far scores tell answerable questions apart.

use std::collections::HashMap;

use crate::set::{Judged, Question};

/// Question id → passages, best first, with their scores.
pub type Run = HashMap<String, Vec<(String, f64)>>;

/// Means over questions.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Ranking {
    pub questions: usize,
    /// Share of questions with a relevant passage among the first 1, 3, 5, 10.
    pub recall: [f64; 4],
    pub mrr: f64,
    pub ndcg: f64,
}

/// The depths of [`Ranking::recall`].
pub const DEPTHS: [usize; 4] = [1, 3, 5, 10];

/// Measures the run on these questions.
#[expect(clippy::cast_precision_loss, reason = "ranks and counts are small")]
pub fn ranking<'a>(run: &Run, judged: &Judged, questions: impl Iterator<Item = &'a Question>) -> Ranking {
    let (nothing, unjudged) = (Vec::new(), HashMap::new());
    let mut out = Ranking::default();
    for question in questions {
        out.questions += 1;
        let grades = judged.get(&question.id).unwrap_or(&unjudged);
        let grade = |passage: &String| grades.get(passage).copied().unwrap_or(0);
        let found = run.get(&question.id).unwrap_or(&nothing);
        let found: Vec<u32> = found.iter().take(10).map(|(passage, _)| grade(passage)).collect();
        if let Some(first) = found.iter().position(|grade| *grade > 0) {
            DEPTHS
                .iter()
                .zip(&mut out.recall)
                .filter(|(depth, _)| first < **depth)
                .for_each(|(_, sum)| *sum += 1.0);
            out.mrr += 1.0 / (first as f64 + 1.0);
        }
        let mut best: Vec<u32> = grades.values().copied().collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        best.truncate(10);
        let ideal = gain(&best);
        out.ndcg += if ideal > 0.0 { gain(&found) / ideal } else { 0.0 };
    }
    let count = out.questions.max(1) as f64;
    out.recall.iter_mut().for_each(|sum| *sum /= count);
    out.mrr /= count;
    out.ndcg /= count;
    out
}

#[expect(clippy::cast_precision_loss, reason = "ranks are small")]
fn gain(grades: &[u32]) -> f64 {
    grades.iter().enumerate().map(|(rank, grade)| f64::from(*grade) / (rank as f64 + 2.0).log2()).sum()
}

/// The chance that a random value of `above` is greater than one of `below`; ties count half.
pub fn auroc(above: &[f64], below: &[f64]) -> Option<f64> {
    if above.is_empty() || below.is_empty() {
        return None;
    }
    let wins: f64 = above
        .iter()
        .flat_map(|a| below.iter().map(move |b| a.partial_cmp(b)))
        .map(|order| match order {
            Some(std::cmp::Ordering::Greater) => 1.0,
            Some(std::cmp::Ordering::Equal) => 0.5,
            _ => 0.0,
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    Some(wins / (above.len() * below.len()) as f64)
}

/// The value below which `share` (0 to 1) of the values lie, between neighbours in proportion.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indices are small"
)]
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = values.len().checked_sub(1)? as f64 * share;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    Some(values[low] + (values[high] - values[low]) * (place - place.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(id: &str) -> Question {
        serde_json::from_str(&format!(r#"{{"_id": "{id}", "text": "?"}}"#)).unwrap()
    }

    #[test]
    fn a_ranking_is_measured_as_by_hand() {
        let judged = Judged::from([
            ("a".to_owned(), HashMap::from([("p".to_owned(), 2), ("r".to_owned(), 1)])),
            ("b".to_owned(), HashMap::from([("p".to_owned(), 2)])),
        ]);
        let run = Run::from([("a".to_owned(), vec![("q".to_owned(), 2.0), ("p".to_owned(), 1.0)])]);
        let found = ranking(&run, &judged, [question("a"), question("b")].iter());
        assert_eq!(found.recall, [0.0, 0.5, 0.5, 0.5]);
        assert!((found.mrr - 0.25).abs() < 1e-9);
        let by_hand = (2.0 / 3.0_f64.log2()) / (2.0 + 1.0 / 3.0_f64.log2()) / 2.0;
        assert!((found.ndcg - by_hand).abs() < 1e-9);
    }

    #[test]
    fn scores_that_say_nothing_have_an_auroc_of_one_half() {
        assert_eq!(auroc(&[1.0, 2.0], &[1.0, 2.0]), Some(0.5));
        assert_eq!(auroc(&[3.0], &[1.0, 2.0]), Some(1.0));
        assert_eq!(auroc(&[], &[1.0]), None);
        assert_eq!(percentile(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
    }
}
