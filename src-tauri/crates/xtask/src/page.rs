//! The page: Node, its npm packages, its build.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, anyhow, bail};

use crate::output::say;
use crate::project::Project;
use crate::stage::{self, Finished, Output};

/// Beside the installed packages: a copy of the lock file they were installed from.
const INSTALLED_LOCK: &str = "node_modules/.installed-lock.json";
/// Beside the installed packages: the [`fingerprint`] of what the page was built from.
const BUILT: &str = "node_modules/.page-built";
/// What tools make inside `ui`; nobody's source.
const MADE: [&str; 4] = ["node_modules", "dist", "coverage", "src/words/generated"];
/// The tool for the page's words keeps its own things here, beside its one source file.
const WORDS_PROJECT: (&str, &str) = ("project.inlang", "settings.json");

/// Makes sure that Node is there and new enough, and that the npm packages are those of the lock file.
pub(crate) fn ensure_packages(project: &Project) -> Result<()> {
    check_node(project)?;
    let ui = project.ui();
    let lock = fs::read(ui.join("package-lock.json")).context("ui/package-lock.json cannot be read")?;
    if fs::read(ui.join(INSTALLED_LOCK)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    say!("Installing the page's packages (npm ci)");
    stage::run_to_success(&mut project.npm(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(ui.join(INSTALLED_LOCK), lock).context("ui/node_modules cannot be written")
}

/// Builds the page unless nothing has changed since it was last built: a page built anew would make Cargo build the
/// app and all its tests anew.
pub(crate) fn build(project: &Project) -> Result<()> {
    let ui = project.ui();
    // Taken before the build: a file changed during the build is then seen as changed the next time.
    let source = fingerprint(&ui).context("ui cannot be read")?;
    if is_there(project) && fs::read_to_string(ui.join(BUILT)).is_ok_and(|built| built == source) {
        say!("The page is up to date");
        return Ok(());
    }
    let _ = fs::remove_file(ui.join(BUILT)); // a build that breaks off leaves half a page
    stage::run_to_success(&mut project.npm(["run", "build"]))?;
    if !is_there(project) {
        bail!("npm run build succeeded and left no ui/dist/index.html");
    }
    fs::write(ui.join(BUILT), source).context("ui/node_modules cannot be written")
}

/// Whether there is a built page, new or old.
pub(crate) fn is_there(project: &Project) -> bool {
    project.ui().join("dist/index.html").is_file()
}

/// Runs one of the page's npm scripts as a check.
pub(crate) fn script(project: &Project, name: &str) -> Result<Finished> {
    stage::run(&mut project.npm(["run", name]), Output::Shown)
}

fn check_node(project: &Project) -> Result<()> {
    let output = project.command("node").arg("--version").stderr(Stdio::null()).output();
    let version = output
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .ok_or_else(|| anyhow!("Node.js is missing: install version 20.19 or newer, with npm"))?;
    if is_new_enough(&version) {
        Ok(())
    } else {
        Err(anyhow!(
            "Node.js {version} is too old: install version 20.19 or newer (21 and 22.0 to 22.11 do not do)"
        ))
    }
}

/// What Vite asks for: `^20.19.0 || >=22.12.0`. Unreadable versions are too old.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => {
            (major == 20 && minor >= 19) || (major == 22 && minor >= 12) || major > 22
        }
        _ => false,
    }
}

/// A number for the names and contents of all files in `ui` that the page may be made of. Contents and not times,
/// because tools write files again without changing them.
fn fingerprint(ui: &Path) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    let mut open = vec![PathBuf::new()];
    while let Some(path) = open.pop() {
        let full = ui.join(&path);
        if full.is_dir() {
            let mut entries = fs::read_dir(&full)?
                .map(|entry| Ok(path.join(entry?.file_name())))
                .filter(|entry| entry.as_ref().map_or(true, |entry| is_source(entry)))
                .collect::<io::Result<Vec<_>>>()?;
            entries.sort();
            open.append(&mut entries);
        } else {
            (&path, fs::read(&full)?).hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Whether a path inside `ui` is, or may hold, something written by hand.
fn is_source(path: &Path) -> bool {
    let (folder, file) = WORDS_PROJECT;
    !MADE.iter().any(|made| path == Path::new(made))
        && (path.parent() != Some(Path::new(folder)) || path.ends_with(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_follow_what_vite_asks_for() {
        for good in ["v20.19.0", "v20.20.2", "v22.12.0", "v24.0.1", "v23.0.0"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["v18.20.4", "v20.18.3", "v21.7.3", "v22.11.0", "", "nonsense"] {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }

    #[test]
    fn what_tools_make_is_no_source() {
        for source in [
            "src/main.ts",
            "index.html",
            ".env",
            "messages/ru.json",
            "project.inlang",
            "project.inlang/settings.json",
        ] {
            assert!(is_source(Path::new(source)), "{source}");
        }
        for made in ["node_modules", "dist", "src/words/generated", "project.inlang/.meta.json"] {
            assert!(!is_source(Path::new(made)), "{made}");
        }
    }
}
