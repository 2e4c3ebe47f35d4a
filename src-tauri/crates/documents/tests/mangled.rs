//! Files nobody meant to make: reading always ends, and never with a panic.

use std::ops::ControlFlow;
use std::path::Path;

use documents::{Limits, Passage, Sink, read};
use proptest::prelude::*;

#[derive(Default)]
struct Counted {
    letters: usize,
}

impl Sink for Counted {
    fn passage(&mut self, passage: Passage) -> ControlFlow<()> {
        assert!(!passage.text.trim().is_empty());
        self.letters += passage.text.len() + passage.heading.len();
        ControlFlow::Continue(())
    }

    fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        assert!(done <= total);
        ControlFlow::Continue(())
    }
}

const FILES: [&str; 9] = [
    "conditions.docx",
    "office.pdf",
    "browser.pdf",
    "price.xlsx",
    "price.xls",
    "price.csv",
    "notes.md",
    "autoload.xml",
    "conditions.html",
];

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)).unwrap_or_default()
}

/// What is said stays in proportion to what was there: a heading is repeated, but nothing grows without end.
fn read_all(bytes: &[u8], name: &str) {
    let mut sink = Counted::default();
    let _ = read(bytes, name, &Limits::default(), &mut sink);
    assert!(sink.letters < 4 << 20, "{name}: {} letters", sink.letters);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_mangled_file_is_read_or_refused(which in 0..FILES.len(), cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20), end in any::<prop::sample::Index>()) {
        let name = FILES[which];
        let mut bytes = file(name);
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_all(&bytes, name);
        read_all(&bytes[..end.index(bytes.len())], name);
    }

    #[test]
    fn any_bytes_under_any_name(bytes in prop::collection::vec(any::<u8>(), 0..2000), name in "[a-z]{0,3}\\.(txt|md|csv|html|xml|docx|xlsx|pdf|xls|exe)?") {
        read_all(&bytes, &name);
    }

    #[test]
    fn any_text_loses_no_word(text in "[а-яё0-9 .,!?:;\n#|<>-]{0,3000}") {
        for name in ["a.txt", "a.md", "a.csv", "a.html"] {
            read_all(text.as_bytes(), name);
        }
        let mut all = String::new();
        struct Words<'a>(&'a mut String);
        impl Sink for Words<'_> {
            fn passage(&mut self, passage: Passage) -> ControlFlow<()> {
                self.0.push_str(&format!(" {} {}", passage.heading, passage.text));
                ControlFlow::Continue(())
            }
            fn progress(&mut self, _: u64, _: u64) -> ControlFlow<()> {
                ControlFlow::Continue(())
            }
        }
        let _ = read(text.as_bytes(), "a.txt", &Limits::default(), &mut Words(&mut all));
        // A heading with nothing below it is not kept: the last words may be one.
        let words = |text: &str| text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let kept: std::collections::HashSet<String> = words(&all).into_iter().collect();
        if let Some(last) = text.trim_end().lines().last() && !last.trim().ends_with('?') && !all.is_empty() {
            for word in words(last) {
                prop_assert!(kept.contains(&word), "{word} is lost");
            }
        }
    }
}
