//! A second run for tests that failed, by themselves.
//!
//! A test that passes then is unsteady: it or the program has a race, or the machine stood still. It fails nothing, so that one such
//! moment among a thousand tests does not hold up work, but the summary counts it and the output keeps why it failed. It has to be mended.

use anyhow::Result;

use crate::counts::Counts;
use crate::output::say;
use crate::stage::Finished;

/// More failures than these are no accident.
const MOST: usize = 8;

/// The counts and the failure of a run, after the tests that failed were run again by `again`. A run that hung, or in which a test
/// program died, is judged as it is.
pub(crate) fn judge(
    first: &Finished,
    again: impl FnOnce(&[&str]) -> Result<Finished>,
) -> Result<(Counts, Option<String>)> {
    let mut counts = Counts::from_cargo_test(&first.output);
    let names = failed_tests(&first.output);
    let known = u64::try_from(names.len()) == Ok(counts.failed);
    if first.status.is_none() || !known || !(1..=MOST).contains(&names.len()) {
        return Ok((counts, first.failure()));
    }
    say!("\nRun again, because they failed: {}", names.join(", "));
    let second = again(&names)?;
    let passed = Counts::from_cargo_test(&second.output).passed.min(counts.failed);
    counts.passed += passed;
    counts.failed -= passed;
    counts.unsteady = passed;
    Ok((counts, second.failure()))
}

/// The tests named in the lists of failures at the ends of test programs.
fn failed_tests(output: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut listed = Vec::new();
    let mut in_list = false;
    for line in output.lines() {
        if line == "failures:" {
            in_list = true;
            listed.clear(); // the list of names is the last of its kind before the result
        } else if line.starts_with("test result: ") {
            names.append(&mut listed);
            in_list = false;
        } else if in_list && let Some(name) = line.strip_prefix("    ") {
            listed.push(name);
        }
    }
    names
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::stage::{self, Output};

    const FAILED: &str = "running 3 tests
test a::one ... ok
test a::two ... FAILED
test b::three ... FAILED

failures:

---- a::two stdout ----
    not a name
---- b::three stdout ----

failures:
    a::two
    b::three

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

    /// A run that printed this and ended with this code.
    fn ran(output: &str, code: i32) -> Finished {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "printf %s \"$1\"; exit $2", "sh", output, &code.to_string()]);
        stage::run(&mut command, Output::Kept).unwrap()
    }

    fn passed(count: u64) -> String {
        format!(
            "running {count} tests\n\
             test result: ok. {count} passed; 0 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.10s\n"
        )
    }

    #[test]
    fn what_passes_when_it_is_run_again_fails_nothing_and_is_told() {
        let (counts, failure) = judge(&ran(FAILED, 101), |names| {
            assert_eq!(names, ["a::two", "b::three"]);
            Ok(ran(&passed(2), 0))
        })
        .unwrap();
        assert_eq!(failure, None);
        assert_eq!(counts, Counts { passed: 3, failed: 0, skipped: 0, unsteady: 2 });
    }

    #[test]
    fn what_fails_again_has_failed() {
        let one = FAILED.replace("1 passed; 2 failed", "1 passed; 1 failed");
        let (counts, failure) = judge(&ran(FAILED, 101), |_| Ok(ran(&one, 101))).unwrap();
        assert_eq!(failure.as_deref(), Some("exit code 101"));
        assert_eq!(counts, Counts { passed: 2, failed: 1, skipped: 0, unsteady: 1 });
    }

    #[test]
    fn nothing_is_run_again_when_all_passed_or_many_failed_or_a_program_died() {
        let many: String = (0..=MOST).map(|number| format!("    a::{number}\n")).collect();
        let many = format!(
            "running 9 tests\n\nfailures:\n{many}\n\
             test result: FAILED. 0 passed; 9 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n"
        );
        let died = format!("running 2 tests\n{FAILED}");
        for (output, code, failed) in [(passed(3), 0, 0), (many, 101, 9), (died, 101, 3)] {
            let (counts, failure) = judge(&ran(&output, code), |_| panic!("run again")).unwrap();
            assert_eq!((counts.failed, counts.unsteady, failure.is_some()), (failed, 0, code != 0));
        }
    }
}
