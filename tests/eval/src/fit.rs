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

/// Places of the line from stated chances to found ones; each has about as many examples.
const PLACES: usize = 9;

/// How often answers of a stated chance were right, as a line that never falls: groups of like chances, joined where a surer group
/// was right less often.
#[expect(clippy::cast_precision_loss, reason = "hundreds of examples")]
pub fn found_line(stated: &[f64], right: &[bool]) -> Vec<(f64, f64)> {
    let mut pairs: Vec<(f64, f64)> =
        stated.iter().copied().zip(right.iter().map(|right| if *right { 1.0 } else { 0.0 })).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Count, sum of stated, sum of right.
    let mut groups: Vec<(f64, f64, f64)> = Vec::new();
    for group in pairs.chunks(pairs.len().div_ceil(PLACES).max(1)) {
        let sums = group.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        groups.push((group.len() as f64, sums.0, sums.1));
        while let [.., (count, said, held), (next, next_said, next_held)] = groups[..]
            && held / count >= next_held / next
        {
            groups.truncate(groups.len() - 2);
            groups.push((count + next, said + next_said, held + next_held));
        }
    }
    groups.into_iter().map(|(count, said, held)| (said / count, held / count)).collect()
}

/// The chance found for a stated one, by a line of [`found_line`].
pub fn on_line(line: &[(f64, f64)], stated: f64) -> f64 {
    let (Some(first), Some(last)) = (line.first(), line.last()) else { return stated };
    let mut places = vec![(0.0, first.1.min(first.0))];
    places.extend(line);
    places.push((1.0, last.1));
    let between = places.windows(2).find(|pair| stated <= pair[1].0).unwrap_or(&places[places.len() - 2..]);
    let ((from, low), (to, high)) = (between[0], between[1]);
    if to <= from { high } else { low + (high - low) * ((stated - from) / (to - from)).clamp(0.0, 1.0) }
}

/// The same chances as of [`crossed`], each put on the line that the other shops give.
pub fn crossed_on_line(examples: &[Example], stated: &[f64]) -> Vec<f64> {
    let of_others = |shop: &str| {
        let others = examples.iter().zip(stated).filter(|(example, _)| example.shop != shop);
        let (right, stated): (Vec<bool>, Vec<f64>) =
            others.map(|(example, stated)| (example.right, *stated)).unzip();
        found_line(&stated, &right)
    };
    let mut lines = std::collections::HashMap::new();
    examples
        .iter()
        .zip(stated)
        .map(|(example, stated)| {
            on_line(lines.entry(example.shop.as_str()).or_insert_with(|| of_others(&example.shop)), *stated)
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
    fn a_line_of_found_chances_never_falls_and_meets_what_was_found() {
        // Stated 0.0 to 0.9 in even shares; right from 0.5 on, and by mistake also at 0.2.
        let stated: Vec<f64> = (0..900).map(|at| f64::from(at % 10) / 10.0).collect();
        let right: Vec<bool> =
            stated.iter().map(|stated| *stated >= 0.5 || (*stated - 0.2).abs() < 0.01).collect();
        let line = found_line(&stated, &right);
        assert!(line.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{line:?}");
        assert!(on_line(&line, 0.9) > 0.95 && on_line(&line, 0.05) < 0.1, "{line:?}");
        let middle = on_line(&line, 0.3);
        assert!((0.2..0.5).contains(&middle), "one in three was right there: {middle} {line:?}");
        assert!((on_line(&[], 0.4) - 0.4).abs() < 1e-9);
    }

    #[test]
    fn the_calibration_table_counts_every_example_once() {
        let rows = calibration(&[0.1, 0.15, 0.95, 1.0], &[false, true, true, true]);
        assert_eq!(rows.iter().map(|row| row.2).sum::<usize>(), 4);
        assert!((rows[0].4 - 0.5).abs() < 1e-9 && (rows[1].4 - 1.0).abs() < 1e-9);
    }
}
