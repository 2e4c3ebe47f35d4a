//! What the process keeps to itself: files it makes are its owner's alone, and its memory ends up in no core dump.

/// Called first of all, before any file is made and any thread is started.
#[cfg(unix)]
pub(crate) fn begin() {
    use rustix::process::{Resource, Rlimit, setrlimit, umask};

    // For what others make for us too: SQLite's files, the log's, the web view's. Programs we start inherit both.
    umask(rustix::fs::Mode::from_raw_mode(0o077));
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none); // where a sandbox forbids even that, the program works all the same
    // A system's own collector of core dumps does not mind the limit; and no other program of the same person may look into the
    // memory or the environment of this one.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Windows keeps a person's folders from other people by itself, and writes no dumps unless told to.
#[cfg(not(unix))]
pub(crate) fn begin() {}
