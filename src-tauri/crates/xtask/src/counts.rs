//! How many tests passed: read from what test programs print or write.

use std::ops::AddAssign;

use anyhow::{Context, Result};
use serde_json::Value;

/// Test counts of a stage, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Counts {
    /// `N passed, M failed`, and `, K skipped` if there are any.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("{} passed, {} failed", self.passed, self.failed);
        if self.skipped > 0 {
            line.push_str(&format!(", {} skipped", self.skipped));
        }
        line
    }

    /// Sums the `test result:` lines of `cargo test`. A test program that announced its tests and died before its
    /// result line counts as one failure: its tests are in no other number.
    pub(crate) fn from_cargo_test(output: &str) -> Self {
        let mut counts = Self::default();
        let mut unfinished = 0;
        for line in output.lines() {
            if is_announcement(line) {
                unfinished += 1;
            } else if let Some(result) = result_line(line) {
                counts += result;
                unfinished -= 1;
            }
        }
        counts.failed += u64::try_from(unfinished).unwrap_or(0);
        counts
    }

    /// Reads Vitest's JSON report. A file that failed before any of its tests ran counts as one failure. With
    /// `filtered`, tests that did not run were not wanted, so they are not counted as skipped.
    pub(crate) fn from_vitest(json: &str, filtered: bool) -> Result<Self> {
        let report: Value = serde_json::from_str(json).context("Vitest's report is not JSON")?;
        let number =
            |name: &str| report[name].as_u64().with_context(|| format!("Vitest's report has no {name}"));
        let files = report["testResults"].as_array().context("Vitest's report has no testResults")?;
        let broken_files = files
            .iter()
            .filter(|file| file["status"] == "failed")
            .filter(|file| {
                !file["assertionResults"]
                    .as_array()
                    .is_some_and(|tests| tests.iter().any(|test| test["status"] == "failed"))
            })
            .count();
        Ok(Self {
            passed: number("numPassedTests")?,
            failed: number("numFailedTests")? + u64::try_from(broken_files)?,
            skipped: if filtered { 0 } else { number("numPendingTests")? + number("numTodoTests")? },
        })
    }
}

/// `running 3 tests`: the first line of a test program.
fn is_announcement(line: &str) -> bool {
    line.strip_prefix("running ")
        .and_then(|rest| rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test")))
        .is_some_and(|count| count.parse::<u64>().is_ok())
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`. Anything that
/// only begins like it, such as a test's own output, is none.
fn result_line(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("test result: ")?;
    let rest = rest.strip_prefix("ok. ").or_else(|| rest.strip_prefix("FAILED. "))?;
    let mut parts = rest.split("; ");
    let mut next = |word: &str| parts.next()?.strip_suffix(word)?.trim_end().parse::<u64>().ok();
    let (passed, failed, skipped) = (next("passed")?, next("failed")?, next("ignored")?);
    next("measured")?;
    next("filtered out")?;
    Some(Counts { passed, failed, skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_of_several_programs_are_summed() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            running 1 test\n\
            test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.20s\n";
        assert_eq!(Counts::from_cargo_test(output), Counts { passed: 2, failed: 1, skipped: 1 });
    }

    #[test]
    fn a_test_program_that_died_counts_as_a_failure() {
        let output = "running 1 test\n\
            test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            running 9 tests\ntest a ... ok\n";
        assert_eq!(Counts::from_cargo_test(output), Counts { passed: 1, failed: 1, skipped: 0 });
    }

    #[test]
    fn lines_that_only_look_like_results_are_not_counted() {
        let output = "  test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
            test result: ok. 5 passed\ntest result: 5 passed; 0 failed\nrunning away tests\n";
        assert_eq!(Counts::from_cargo_test(output), Counts::default());
    }

    #[test]
    fn vitest_report_gives_counts_and_broken_files() {
        let json = r#"{"numPassedTests":4,"numFailedTests":1,"numPendingTests":2,"numTodoTests":1,"testResults":[
            {"status":"passed","assertionResults":[{"status":"passed"}]},
            {"status":"failed","assertionResults":[{"status":"failed"},{"status":"passed"}]},
            {"status":"failed","assertionResults":[],"message":"cannot import"}]}"#;
        let all = Counts::from_vitest(json, false).unwrap();
        assert_eq!(all, Counts { passed: 4, failed: 2, skipped: 3 });
        assert_eq!(Counts::from_vitest(json, true).unwrap().skipped, 0);
    }

    #[test]
    fn a_vitest_report_without_numbers_is_an_error() {
        assert!(Counts::from_vitest("{}", false).is_err());
        assert!(Counts::from_vitest("", false).is_err());
    }

    #[test]
    fn the_line_names_skipped_tests_only_when_there_are_some() {
        assert_eq!(Counts { passed: 3, failed: 0, skipped: 0 }.line(), "3 passed, 0 failed");
        assert_eq!(Counts { passed: 3, failed: 1, skipped: 2 }.line(), "3 passed, 1 failed, 2 skipped");
    }
}
