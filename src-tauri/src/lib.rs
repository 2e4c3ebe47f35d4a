//! The desktop shell: window, notifications, the command line. The only Rust that names Tauri.
//!
//! ```text
//! cli        what the command line means; commands go to the running program or open the core themselves
//! headless   the core without a window
//! opening    the shop opens while the window is made
//! desktop    the window: cores of the shops, notices to the page, media scheme, notifications
//! commands   what the page may call; contract: the same, as TypeScript
//! ```

mod backups;
mod cli;
mod commands;
mod contract;
mod demo;
mod desktop;
mod drafts;
#[cfg(target_os = "linux")]
mod drawing;
mod files;
mod headless;
mod knowledge;
mod logging;
mod media_scheme;
mod notifications;
mod opening;
mod privacy;
#[cfg(test)]
mod reach;
mod reception;
mod saving;
mod shops;
mod start;
mod words;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tokio::runtime::Handle;

/// Runs the program with this process's arguments.
pub fn run() -> ExitCode {
    if let Some(ended) = tunnel::program::run_if_asked() {
        return ended;
    }
    privacy::begin();
    heap::keep_arenas_few();
    let arguments = cli::Arguments::parse();
    #[cfg(target_os = "linux")]
    if arguments.command.is_none() && !arguments.headless {
        drawing::begin();
    }
    on_a_runtime(|handle| {
        tauri::async_runtime::set(handle.clone());
        match &arguments.command {
            Some(_) => cli::run(arguments),
            None if arguments.headless => headless::run(&arguments),
            None => desktop::run(&arguments),
        }
    })
}

/// How long work that cannot be broken off may take at the end.
const ENDING: Duration = Duration::from_secs(5);

/// Runs `work` beside a runtime that has ended when this returns. Its threads may not work on while the C library takes the process
/// down, and OpenSSL's locks with it: a command that had done its work ended as if it had failed.
#[expect(clippy::print_stderr, reason = "without threads this is the only place to say why")]
fn on_a_runtime(work: impl FnOnce(&Handle) -> ExitCode) -> ExitCode {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name(THREADS).build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let code = work(runtime.handle());
    runtime.shutdown_timeout(ENDING);
    code
}

/// Name of the runtime's threads.
const THREADS: &str = "prilavok-worker";

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn no_thread_works_on_when_a_command_has_ended() {
        let named = || {
            let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
            let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
            names.filter(|name| name.trim_end() == THREADS).count()
        };
        let (told, while_it_ran) = std::sync::mpsc::channel();
        let code = on_a_runtime(|handle| {
            handle.spawn(std::future::pending::<()>());
            let (begun, waiting) = std::sync::mpsc::channel();
            handle.spawn_blocking(move || {
                begun.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(50));
            });
            waiting.recv().unwrap();
            told.send(named()).unwrap();
            ExitCode::SUCCESS
        });
        assert_eq!(code, ExitCode::SUCCESS);
        assert!(while_it_ran.recv().unwrap() > 0);
        assert_eq!(named(), 0);
    }

    /// Debian's packages may not be named in Cyrillic (RPM's neither): one named «прилавок» was made and could not be installed.
    #[test]
    fn package_managers_take_the_packages_name() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tauri.conf.json");
        let config: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let name = config["productName"].as_str().unwrap();
        assert!(name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
    }
}
