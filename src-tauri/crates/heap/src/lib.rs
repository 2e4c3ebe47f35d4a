//! The heap of glibc, which Rust, SQLite and the web view's library share.
//!
//! glibc makes an arena for each thread that allocates while others do, up to eight a core, and keeps what is freed in it for the next
//! one who asks: a flood that went through many threads leaves tens of megabytes that nobody uses. Other systems' heaps have
//! neither habit; there both calls do nothing.

/// Arenas a process may have: one for each of the threads a flood keeps busy, two of HTTP and the writer, and one for all others. With
/// two of them a thread waited for another at every delivery.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: libc::c_int = 4;

/// Keeps the number of arenas small. Called before there are threads: arenas that exist stay.
pub fn keep_arenas_few() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a call of the C library")]
    // SAFETY: `mallopt` takes two numbers; a value it does not know changes nothing.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}

/// Gives free memory back to the system. It looks at the whole heap and holds each arena meanwhile, some milliseconds: for pauses.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a call of the C library")]
    // SAFETY: `malloc_trim` has no precondition; what is in use stays where it is.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    /// Bytes of memory this process has, as the system counts.
    fn resident() -> usize {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    }

    #[test]
    fn free_memory_between_memory_in_use_is_given_back() {
        // In blocks too small to be the system's own, and one of a thousand stays: nothing can be given back from the end.
        let mut blocks: Vec<Vec<u8>> = (0..64_000).map(|_| vec![1; 1000]).collect();
        let mut at = 0;
        blocks.retain(|_| {
            at += 1;
            at % 1000 == 0
        });
        let before = resident();
        super::give_back();
        let after = resident();
        assert!(before > after + 32 * 1024 * 1024, "{before} became {after}");
        assert_eq!(blocks.len(), 64);
    }
}
