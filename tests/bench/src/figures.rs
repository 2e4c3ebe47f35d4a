//! Samples, and what they come to.

/// Measured times (or sizes) of one thing, in the order they came.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds one.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Takes in what another measured.
    pub fn include(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that `percent` of the samples do not exceed (the nearest-rank percentile); NaN without samples.
    pub fn percentile(&self, percent: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.percentile(50.0)
    }

    /// All but the first few.
    #[must_use]
    pub fn without_first(self, count: usize) -> Self {
        self.0.into_iter().skip(count).collect()
    }

    /// The largest one; NaN without samples.
    pub fn max(&self) -> f64 {
        self.percentile(100.0)
    }
}

impl Extend<f64> for Samples {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        self.0.extend(values);
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

/// A number with as many digits as it is worth: 0.042, 3.1, 48, 12 300.
pub fn short(value: f64) -> String {
    let text = match value.abs() {
        size if !size.is_finite() => return "–".to_owned(),
        size if size < 0.1 => format!("{value:.3}"),
        size if size < 1.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0
            && (whole.len() - index).is_multiple_of(3)
            && digit.is_ascii_digit()
            && !out.ends_with('-')
        {
            out.push(' ');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_samples_by_nearest_rank() {
        let samples: Samples = (1..=100).rev().map(f64::from).collect();
        assert_eq!(samples.percentile(99.0), 99.0);
        assert_eq!(samples.median(), 50.0);
        assert_eq!(samples.max(), 100.0);
        let few: Samples = [3.0, 1.0, 2.0].into_iter().collect();
        assert_eq!(few.percentile(95.0), 3.0);
        assert_eq!(few.median(), 2.0);
        assert!(Samples::default().median().is_nan());
    }

    #[test]
    fn a_number_is_as_long_as_it_is_worth() {
        let texts = [0.0421, 0.42, 3.12, 48.0, 123.4, 12_300.0, -1234.0].map(short);
        assert_eq!(texts, ["0.042", "0.42", "3.1", "48.0", "123", "12 300", "-1 234"]);
        assert_eq!(short(f64::NAN), "–");
    }
}
