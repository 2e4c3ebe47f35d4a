//! The stages of a command, and the summary at its end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::counts::Counts;
use crate::output::say;
use crate::stage::{Finished, duration_text};

/// What a stage that could be run came to.
#[derive(Default)]
pub(crate) struct Outcome {
    /// `None` for a stage that runs no tests.
    pub(crate) counts: Option<Counts>,
    /// Why the stage failed, if it did.
    pub(crate) failure: Option<String>,
}

impl Outcome {
    /// A stage that runs no tests: it succeeds or fails as the program did.
    pub(crate) fn check(finished: &Finished) -> Self {
        Self { counts: None, failure: finished.failure() }
    }

    /// A stage that ran tests. It fails with its programs, with its tests, and when nothing ran although everything
    /// was wanted.
    pub(crate) fn tests(counts: Counts, program_failure: Option<String>, filtered: bool) -> Self {
        let failure = match program_failure {
            // A test program ends with a failure of its own for failed tests; the counts say more.
            Some(_) if counts.failed > 0 => Some(String::new()),
            Some(failure) => Some(failure),
            None if counts.failed > 0 => Some(String::new()),
            None if counts == Counts::default() && !filtered => Some("no tests ran".to_owned()),
            None => None,
        };
        Self { counts: Some(counts), failure }
    }
}

/// A stage that is over.
struct Stage {
    name: &'static str,
    /// `None`: it could not be run.
    time: Option<Duration>,
    outcome: Outcome,
}

/// The stages so far.
#[derive(Default)]
pub(crate) struct Report {
    stages: Vec<Stage>,
}

impl Report {
    /// Runs a stage. An error is a failure of the stage, not of the report.
    pub(crate) fn stage(&mut self, name: &'static str, work: impl FnOnce() -> Result<Outcome>) -> bool {
        say!("\n=== {name} ===");
        let start = Instant::now();
        let outcome =
            work().unwrap_or_else(|error| Outcome { counts: None, failure: Some(format!("{error:#}")) });
        let ok = outcome.failure.is_none();
        self.stages.push(Stage { name, time: Some(start.elapsed()), outcome });
        ok
    }

    /// Records a stage that could not be run: it counts as failed.
    pub(crate) fn not_run(&mut self, name: &'static str, reason: &str) {
        say!("\n=== {name} ===\nnot run: {reason}");
        let outcome = Outcome { counts: None, failure: Some(format!("not run: {reason}")) };
        self.stages.push(Stage { name, time: None, outcome });
    }

    /// The sum over all stages. A stage that failed without a failed test counts as one failure.
    fn total(&self) -> Counts {
        let mut total = Counts::default();
        for Stage { outcome, .. } in &self.stages {
            let mut counts = outcome.counts.unwrap_or_default();
            if outcome.failure.is_some() {
                counts.failed = counts.failed.max(1);
            }
            total += counts;
        }
        total
    }

    /// One line per stage, and the sum as the last line.
    fn lines(&self) -> Vec<String> {
        let width = self.stages.iter().map(|stage| stage.name.chars().count()).max().unwrap_or(0);
        let mut lines: Vec<String> = self
            .stages
            .iter()
            .map(|Stage { name, time, outcome }| {
                let word = if outcome.failure.is_none() { "ok" } else { "FAILED" };
                let time = time.map_or_else(|| "-".to_owned(), duration_text);
                let details: Vec<String> =
                    [outcome.counts.map(|counts| counts.line()), outcome.failure.clone()]
                        .into_iter()
                        .flatten()
                        .filter(|detail| !detail.is_empty())
                        .collect();
                format!("{word:<6}  {name:<width$}  {time:>12}  {}", details.join("; ")).trim_end().to_owned()
            })
            .collect();
        lines.push(self.total().line());
        lines
    }

    /// Prints the summary. The exit code is a failure when anything failed.
    pub(crate) fn finish(&self) -> ExitCode {
        say!("\n=== summary ===");
        for line in self.lines() {
            say!("{line}");
        }
        if self.total().failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// How many tests ran.
    pub(crate) fn tests_ran(&self) -> u64 {
        let total = self.total();
        total.passed + total.failed
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    fn report(outcomes: Vec<(&'static str, Result<Outcome>)>) -> Report {
        let mut report = Report::default();
        for (name, outcome) in outcomes {
            report.stage(name, || outcome);
            report.stages.last_mut().unwrap().time = Some(Duration::from_secs(61));
        }
        report
    }

    #[test]
    fn the_summary_has_a_line_per_stage_and_ends_with_the_sum() {
        let mut report = report(vec![
            ("page build", Ok(Outcome::default())),
            (
                "Rust tests",
                Ok(Outcome::tests(
                    Counts { passed: 7, failed: 2, skipped: 1 },
                    Some("exit code 101".into()),
                    false,
                )),
            ),
            ("page tests", Ok(Outcome::tests(Counts { passed: 5, failed: 0, skipped: 0 }, None, false))),
        ]);
        report.not_run("end-to-end tests", "the app was not built");
        assert_eq!(
            report.lines(),
            [
                "ok      page build          1 min 01 s",
                "FAILED  Rust tests          1 min 01 s  7 passed, 2 failed, 1 skipped",
                "ok      page tests          1 min 01 s  5 passed, 0 failed",
                "FAILED  end-to-end tests             -  not run: the app was not built",
                "12 passed, 3 failed, 1 skipped",
            ]
        );
    }

    #[test]
    fn a_program_that_fails_after_all_tests_passed_is_a_failure() {
        let outcome =
            Outcome::tests(Counts { passed: 3, failed: 0, skipped: 0 }, Some("exit code 1".into()), false);
        let report = report(vec![("page tests", Ok(outcome))]);
        assert_eq!(report.total(), Counts { passed: 3, failed: 1, skipped: 0 });
        assert!(report.lines()[0].ends_with("3 passed, 0 failed; exit code 1"), "{:?}", report.lines());
    }

    #[test]
    fn a_stage_that_could_not_start_counts_as_one_failure() {
        let report = report(vec![("spelling", Err(anyhow!("no such program")))]);
        assert_eq!(report.lines().last().unwrap(), "0 passed, 1 failed");
    }

    #[test]
    fn no_tests_at_all_are_a_failure_unless_a_filter_was_given() {
        assert!(Outcome::tests(Counts::default(), None, false).failure.is_some());
        assert!(Outcome::tests(Counts::default(), None, true).failure.is_none());
    }
}
