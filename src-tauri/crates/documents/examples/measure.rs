//! How long a file takes and how much memory: `cargo run --release -p documents --example measure -- FILE…`

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
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

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]
fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        eprintln!("which files?");
        return ExitCode::FAILURE;
    }
    for path in paths {
        let name = path.to_string_lossy().into_owned();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("{name}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let mut count = Counted(0);
        let begun = Instant::now();
        let outcome = read(&bytes, &name, &Limits::default(), &mut count);
        let took = begun.elapsed();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
        println!("{name}: {} bytes, {} passages in {took:.2?}, {peak}, {outcome:?}", bytes.len(), count.0);
    }
    ExitCode::SUCCESS
}
