//! The one way this program writes to the terminal, so that its lines and those of the programs it starts keep their
//! order.

use std::io::{self, Write};

/// Writes a line to standard output.
macro_rules! say {
    ($($argument:tt)*) => { $crate::output::line(format_args!($($argument)*)) };
}
pub(crate) use say;

/// What [`say!`] calls.
pub(crate) fn line(text: std::fmt::Arguments<'_>) {
    raw(format!("{text}\n").as_bytes());
}

/// Passes a program's output on as it came, half lines included. A terminal that went away is no reason to stop, so
/// errors are dropped.
pub(crate) fn raw(bytes: &[u8]) {
    if cfg!(test) {
        return; // libtest cannot capture this, and it would stand between its lines
    }
    let mut out = io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}
