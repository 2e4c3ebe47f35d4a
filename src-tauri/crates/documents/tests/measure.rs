//! How long large files take and how much memory. Not a check: `DOCUMENTS_MEASURE=FILE cargo test -p documents --release --test
//! measure -- --ignored --nocapture` prints it for a file of your own.

use std::ops::ControlFlow;
use std::time::Instant;

use documents::{Limits, Passage, Sink, read};

struct Counted(u32);

impl Sink for Counted {
    fn passage(&mut self, _: Passage) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Continue(())
    }

    fn progress(&mut self, _: u64, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

#[test]
#[ignore = "measures a file that is given to it"]
fn a_file() {
    let Some(path) = std::env::var_os("DOCUMENTS_MEASURE") else { return };
    let Ok(bytes) = std::fs::read(&path) else { return };
    let name = path.to_string_lossy().into_owned();
    let mut count = Counted(0);
    let begun = Instant::now();
    let outcome = read(&bytes, &name, &Limits::default(), &mut count);
    let took = begun.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("{name}: {} bytes, {} passages in {took:.2?}, {peak}, {outcome:?}", bytes.len(), count.0);
}
