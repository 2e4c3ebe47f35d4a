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

use clap::Parser as _;

/// Runs the program with this process's arguments.
pub fn run() -> ExitCode {
    if let Some(ended) = tunnel::program::run_if_asked() {
        return ended;
    }
    privacy::begin();
    heap::keep_arenas_few();
    let arguments = cli::Arguments::parse();
    match &arguments.command {
        Some(_) => cli::run(arguments),
        None if arguments.headless => headless::run(&arguments),
        None => desktop::run(&arguments),
    }
}

#[cfg(test)]
mod tests {
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
