//! The truth lock on a table of pairs. `cargo test -p drafts --test lock -- --nocapture` prints the shares.

use std::collections::BTreeMap;

use drafts::{Mark, Origin, Source, check};

struct Pair {
    part: String,
    kind: String,
    source: String,
    draft: String,
    /// What must be marked; empty: nothing may be.
    unsupported: Vec<String>,
}

fn pairs() -> Vec<Pair> {
    let table = include_str!("lock/pairs.tsv");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), 5, "{line}");
        let unsupported =
            if cells[4] == "-" { Vec::new() } else { cells[4].split('|').map(str::to_owned).collect() };
        Pair {
            part: cells[0].into(),
            kind: cells[1].into(),
            source: cells[2].into(),
            draft: cells[3].into(),
            unsupported,
        }
    };
    table.lines().skip(1).map(row).collect()
}

fn marks(pair: &Pair) -> Vec<Mark> {
    let sources: Vec<Source<'_>> = pair
        .source
        .split(" ¦ ")
        .map(|text| {
            let live = text.starts_with("Статус объявления") || text.starts_with("Сейчас в объявлении");
            Source { origin: if live { Origin::Item } else { Origin::Passage { of_item: false } }, text }
        })
        .collect();
    check(&pair.draft, &sources)
}

/// Spans of a text in UTF-16 units.
fn place(text: &str, part: &str) -> std::ops::Range<u32> {
    let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    let Some(at) = text.find(part) else { panic!("«{part}» is not in «{text}»") };
    units(&text[..at])..units(&text[..at + part.len()])
}

/// Whether a false statement went through, and whether a true one was stopped.
fn judge(pair: &Pair) -> (bool, bool) {
    let red: Vec<Mark> = marks(pair).into_iter().filter(|mark| !mark.is_supported()).collect();
    let found = |part: &String| {
        let wanted = place(&pair.draft, part);
        red.iter().any(|mark| mark.start < wanted.end && wanted.start < mark.end)
    };
    if pair.unsupported.is_empty() {
        (false, !red.is_empty())
    } else {
        (!pair.unsupported.iter().all(found), false)
    }
}

#[test]
fn invariant_8_the_table_of_pairs_is_judged_as_people_judge_it() {
    let show = std::env::var("SHOW").unwrap_or_default();
    // (false statements, passed; true statements, stopped)
    let mut shares: BTreeMap<(String, String), [u32; 4]> = BTreeMap::new();
    for pair in pairs() {
        let (passed, stopped) = judge(&pair);
        if (passed || stopped) && (pair.part == "tuned" || show == "all") && !show.is_empty() {
            println!(
                "{} {}: {} => {}   {:?}",
                if passed { "PASSED" } else { "STOPPED" },
                pair.kind,
                pair.source,
                pair.draft,
                marks(&pair)
            );
        }
        for kind in [pair.kind.clone(), "all".to_owned()] {
            let share = shares.entry((pair.part.clone(), kind)).or_default();
            share[if pair.unsupported.is_empty() { 2 } else { 0 }] += 1;
            share[1] += u32::from(passed);
            share[3] += u32::from(stopped);
        }
    }
    for ((part, kind), [wrong, passed, right, stopped]) in &shares {
        println!("{part} | {kind} | false {wrong}, passed {passed} | true {right}, stopped {stopped}");
    }
    let all = |part: &str| shares[&(part.to_owned(), "all".to_owned())];
    let [_, passed, _, stopped] = all("tuned");
    assert_eq!((passed, stopped), (0, 0), "of the pairs the lock was built with, none may be judged wrongly");
    let [wrong, passed, right, stopped] = all("held-out");
    assert!(passed * 20 <= wrong, "held out: {passed} of {wrong} false statements passed");
    assert!(stopped * 10 <= right, "held out: {stopped} of {right} true statements were stopped");
}
