//! What a measurement found: figures for the file, tables for the eye, and each budget with its verdict.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::figures::{Samples, short};
use crate::output;

/// How a measured value stands to its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The value may not exceed the limit.
    AtMost,
    /// The value may not fall below the limit.
    AtLeast,
}

/// One measurement's findings.
#[derive(Debug, Default)]
pub struct Report {
    figures: Map<String, Value>,
    verdicts: Vec<(bool, String)>,
}

impl Report {
    /// Begins a measurement with its title.
    pub fn titled(title: &str) -> Self {
        output::line(&format!("\n{title}"));
        Self::default()
    }

    /// Keeps a figure for the file, under a path such as `ours.p99_ms`.
    pub fn figure(&mut self, path: &str, value: impl Into<Value>) {
        let mut parts: Vec<&str> = path.split('.').collect();
        let Some(last) = parts.pop() else { return };
        let mut level = &mut self.figures;
        for part in parts {
            let inner = level.entry(part).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            let Value::Object(inner) = inner else { return };
            level = inner;
        }
        level.insert(last.to_owned(), value.into());
    }

    /// Keeps p50, p95, p99 and the largest of some samples.
    pub fn samples(&mut self, path: &str, samples: &Samples) {
        self.figure(&format!("{path}.count"), samples.count());
        for percent in [50.0, 95.0, 99.0] {
            self.figure(&format!("{path}.p{percent}"), samples.percentile(percent));
        }
        self.figure(&format!("{path}.max"), samples.max());
    }

    /// Prints a table.
    pub fn table(&self, head: &[&str], rows: &[Vec<String>]) {
        output::line("");
        output::table(head, rows);
    }

    /// Says something beside the tables.
    pub fn note(&mut self, text: &str) {
        output::line(text);
    }

    /// Holds a value against its budget of the design.
    pub fn budget(&mut self, what: &str, value: f64, bound: Bound, limit: f64, unit: &str) {
        let (met, sign) = match bound {
            Bound::AtMost => (value <= limit, "≤"),
            Bound::AtLeast => (value >= limit, "≥"),
        };
        let words = format!("{what}: {} {unit} (budget {sign} {} {unit})", short(value), short(limit));
        self.verdicts.push((met, words.replace(" )", ")").replace("  ", " ")));
        let budgets = self.figures.entry("budgets").or_insert_with(|| json!([]));
        if let Value::Array(budgets) = budgets {
            budgets.push(json!({"what": what, "value": value, "limit": limit, "unit": unit, "met": met}));
        }
    }

    /// Prints the verdicts and gives the figures.
    pub fn finish(self) -> Value {
        if !self.verdicts.is_empty() {
            output::line("");
        }
        for (met, words) in &self.verdicts {
            output::line(&format!("{:7}  {words}", if *met { "ok" } else { "NOT MET" }));
        }
        Value::Object(self.figures)
    }
}

/// What the figures were taken on: nothing below means anything without it.
pub fn machine() -> Value {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<f64> = load.split_whitespace().take(3).filter_map(|part| part.parse().ok()).collect();
    json!({
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "load": load,
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
    })
}

/// Writes all figures to a file.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, figures: &Map<String, Value>) -> Result<()> {
    let text = serde_json::to_string_pretty(figures)?;
    std::fs::write(path, text + "\n").with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_met_at_its_limit_and_not_beyond() {
        let mut report = Report::default();
        report.budget("a", 20.0, Bound::AtMost, 20.0, "ms");
        report.budget("b", 20.1, Bound::AtMost, 20.0, "ms");
        report.budget("c", 4.9, Bound::AtLeast, 5.0, "×");
        report.figure("ours.webhook.p99", 3.0);
        let figures = report.finish();
        let met: Vec<bool> =
            figures["budgets"].as_array().unwrap().iter().map(|one| one["met"] == true).collect();
        assert_eq!(met, [true, false, false]);
        assert_eq!(figures["ours"]["webhook"]["p99"], 3.0);
    }
}
