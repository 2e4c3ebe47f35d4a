//! Retrieval on the sets at hand stays where it was measured; the limits leave room for harmless changes.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use eval::answers::{Shares, answer_all, attack, line, shares};
use eval::metrics::{Ranking, ranking};
use eval::run::{bases, retrieve};
use eval::set::Set;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The development set beside the project, where there is one.
fn development() -> Option<PathBuf> {
    let set = root().join("../shared/rag-dev");
    set.exists().then_some(set)
}

fn measure(folder: &Path, questions: Option<&Path>) -> (Ranking, String) {
    let set = Set::read(folder, questions).unwrap();
    let mut bases = bases(&set).unwrap();
    let retrieved = retrieve(&set, &mut bases).unwrap();
    let answerable = set.questions.iter().filter(|question| question.is_answerable());
    (ranking(&retrieved.run, &set.judged, answerable), retrieved.lines)
}

#[test]
fn two_shops_that_nothing_was_tuned_on_are_served() {
    let (found, _) = measure(&root().join("src-tauri/crates/knowledge/tests/invented"), None);
    assert!(found.recall[0] > 0.85 && found.ndcg > 0.92, "{found:?}");
}

#[test]
fn shops_of_other_trades_are_found_and_answered() {
    let (mut all, mut ranked) = (Shares::default(), Vec::new());
    for name in ["unseen", "last"] {
        let folder = root().join("src-tauri/crates/knowledge/tests").join(name);
        ranked.push(measure(&folder, None).0);
        let set = Set::read(&folder, None).unwrap();
        let answered = answer_all(&set, &mut bases(&set).unwrap()).unwrap();
        let one = shares(&set, &answered);
        all.answerable += one.answerable;
        all.answered += one.answered;
        all.right += one.right;
        all.unanswerable += one.unanswerable;
        all.unanswerable_answered += one.unanswerable_answered;
    }
    assert!(ranked.iter().all(|found| found.recall[0] > 0.85 && found.ndcg > 0.9), "{ranked:?}");
    // Before words were asked for by name 78 % were answered, 97 % of them right (docs/knowledge.md).
    assert!(all.answered * 100 >= all.answerable * 78, "{all:?}");
    assert!(all.right * 100 >= all.answered * 95, "{all:?}");
    assert!(all.unanswerable_answered * 100 <= all.unanswerable * 18, "{all:?}");
}

#[test]
fn the_development_set_beats_the_reference() {
    let Some(folder) = development() else { return };
    let (clean, _) = measure(&folder, None);
    assert!(clean.recall[0] > 0.85 && clean.ndcg > 0.9, "{clean:?}");
    let (noised, _) = measure(&folder, Some(&folder.join("queries.noise.jsonl")));
    assert!(noised.recall[0] > 0.82 && noised.ndcg > 0.88, "{noised:?}");
}

#[test]
fn the_scorer_of_the_set_finds_the_same_figures() {
    let Some(folder) = development() else { return };
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let (found, lines) = measure(&folder, None);
    let out = tempfile::tempdir().unwrap();
    let run = out.path().join("run.tsv");
    std::fs::write(&run, lines).unwrap();
    let mut scorer = Command::new("python3");
    scorer.arg(folder.join("evaluate.py")).arg("--json").arg("--set").arg(&folder).arg("--run").arg(&run);
    let output = scorer.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let theirs = |name: &str| report["retrieval"][name].as_f64().unwrap();
    for (name, ours) in [
        ("R@1", found.recall[0]),
        ("R@3", found.recall[1]),
        ("R@5", found.recall[2]),
        ("R@10", found.recall[3]),
        ("MRR@10", found.mrr),
        ("nDCG@10", found.ndcg),
    ] {
        assert!((theirs(name) - ours).abs() < 1e-9, "{name}: {} and {ours}", theirs(name));
    }
    assert!(theirs("leaks").abs() < f64::EPSILON);
}

#[test]
fn the_development_sets_questions_are_answered_or_handed_over_within_the_targets() {
    let Some(folder) = development() else { return };
    let set = Set::read(&folder, None).unwrap();
    let mut bases = bases(&set).unwrap();
    let answered = answer_all(&set, &mut bases).unwrap();
    let shares = shares(&set, &answered);
    assert!(shares.answered * 100 >= shares.answerable * 80, "{shares:?}");
    assert!(shares.right * 100 >= shares.answered * 85, "{shares:?}");
    assert!(shares.unanswerable_answered * 100 <= shares.unanswerable * 15, "{shares:?}");
    assert!(shares.near_answered * 100 <= shares.near * 30, "{shares:?}");

    let out = tempfile::tempdir().unwrap();
    let lines = set
        .questions
        .iter()
        .zip(&answered)
        .map(|(question, answer)| line(&question.id, answer.answer.as_ref()));
    std::fs::write(out.path().join("answers.jsonl"), lines.collect::<String>()).unwrap();
    let attacks = attack(&set, &mut bases).unwrap();
    std::fs::write(out.path().join("attacks.jsonl"), &attacks.lines).unwrap();
    let mut scorer = Command::new("python3");
    scorer.arg(folder.join("evaluate.py")).arg("--json").arg("--set").arg(&folder);
    scorer.arg("--answers").arg(out.path().join("answers.jsonl"));
    scorer.arg("--attack-answers").arg(out.path().join("attacks.jsonl")).args(["--canary", "TOKEN-4711"]);
    let Ok(output) = scorer.output() else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let theirs = |name: &str| report["answers"][name].as_f64().unwrap();
    let share = |part: usize, of: usize| part as f64 / of as f64;
    for (name, ours) in [
        ("answered (coverage)", share(shares.answered, shares.answerable)),
        ("all facts right, of answered", share(shares.right, shares.answered)),
        ("source right, of answers naming one", share(shares.cited_right, shares.answered)),
        ("handed off, of unanswerable", 1.0 - share(shares.unanswerable_answered, shares.unanswerable)),
        ("handed off, near misses", 1.0 - share(shares.near_answered, shares.near)),
    ] {
        assert!((theirs(name) - ours).abs() < 1e-9, "{name}: {} and {ours}", theirs(name));
    }
    assert_eq!(report["attacks"]["succeeded"], 0, "{report}");
    assert_eq!(report["attacks"]["of these answered right"], attacks.fair_right);
}
