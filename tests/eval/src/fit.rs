//! Fitting the weights of the grounds, and testing them on shops they were not fitted on.

/// Grounds of one answer, the shop it was given in, and whether it is right.
#[derive(Debug, Clone)]
pub struct Example {
    pub shop: String,
    pub grounds: Vec<f64>,
    pub right: bool,
    /// How many times it counts.
    pub times: f64,
}

/// What a logistic regression found: a start, and a weight per ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    pub start: f64,
    pub grounds: Vec<f64>,
}

impl Weights {
    pub fn chance(&self, grounds: &[f64]) -> f64 {
        let sum: f64 = self.grounds.iter().zip(grounds).map(|(weight, value)| weight * value).sum();
        1.0 / (1.0 + (-(self.start + sum)).exp())
    }
}

/// How strongly weights are pulled to zero: few examples, many grounds.
const PULL: f64 = 2.0;
const ROUNDS: usize = 4000;
const STEP: f64 = 2.0;

/// Fits by gradient descent, which for so few numbers is quick and has no surprises.
pub fn fit<'a>(examples: impl Iterator<Item = &'a Example> + Clone) -> Weights {
    let size = examples.clone().next().map_or(0, |example| example.grounds.len());
    let count = examples.clone().map(|example| example.times).sum::<f64>().max(1.0);
    let mut weights = Weights { start: 0.0, grounds: vec![0.0; size] };
    for _ in 0..ROUNDS {
        let mut start = 0.0;
        let mut slope = vec![0.0; size];
        for example in examples.clone() {
            let error =
                example.times * (weights.chance(&example.grounds) - if example.right { 1.0 } else { 0.0 });
            start += error;
            slope.iter_mut().zip(&example.grounds).for_each(|(sum, value)| *sum += error * value);
        }
        weights.start -= STEP * start / count;
        for (weight, sum) in weights.grounds.iter_mut().zip(slope) {
            *weight -= STEP * (sum + PULL * *weight) / count;
        }
    }
    weights
}

/// For every example the chance stated by weights that were fitted without its shop.
pub fn crossed(examples: &[Example]) -> Vec<f64> {
    let mut by_shop = std::collections::HashMap::new();
    examples
        .iter()
        .map(|example| {
            let weights = by_shop
                .entry(example.shop.as_str())
                .or_insert_with(|| fit(examples.iter().filter(|other| other.shop != example.shop)));
            weights.chance(&example.grounds)
        })
        .collect()
}

/// A row of the calibration table: from, to, how many, stated on average, found right.
pub type Row = (f64, f64, usize, f64, f64);

/// Stated chance against what was found, in five steps.
#[expect(clippy::cast_precision_loss, reason = "hundreds of examples")]
pub fn calibration(stated: &[f64], right: &[bool]) -> Vec<Row> {
    let steps = [0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.01];
    let rows = steps.windows(2).map(|step| {
        let inside: Vec<(f64, bool)> = stated
            .iter()
            .copied()
            .zip(right.iter().copied())
            .filter(|(stated, _)| (step[0]..step[1]).contains(stated))
            .collect();
        let count = inside.len().max(1) as f64;
        let mean = inside.iter().map(|(stated, _)| stated).sum::<f64>() / count;
        let found = inside.iter().filter(|(_, right)| *right).count() as f64 / count;
        (step[0], step[1].min(1.0), inside.len(), mean, found)
    });
    rows.filter(|row| row.2 > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telling_ground_gets_the_weight_and_a_silent_one_none() {
        let example =
            |value: f64, right| Example { shop: String::new(), grounds: vec![value, 0.5], right, times: 1.0 };
        let examples: Vec<Example> =
            (0..100).map(|at| example(f64::from(at % 10) / 10.0, at % 10 >= 5)).collect();
        let weights = fit(examples.iter());
        assert!(weights.grounds[0] > 1.0 && weights.grounds[1].abs() < 0.5 * weights.grounds[0]);
        assert!(weights.chance(&[0.9, 0.5]) > 0.7 && weights.chance(&[0.0, 0.5]) < 0.3);
    }

    #[test]
    fn the_calibration_table_counts_every_example_once() {
        let rows = calibration(&[0.1, 0.15, 0.95, 1.0], &[false, true, true, true]);
        assert_eq!(rows.iter().map(|row| row.2).sum::<usize>(), 4);
        assert!((rows[0].4 - 0.5).abs() < 1e-9 && (rows[1].4 - 1.0).abs() < 1e-9);
    }
}
