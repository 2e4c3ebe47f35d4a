//! The npm packages of the page: what the lock file promises, what may end in the program, and known holes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::output::say;
use crate::project::Project;
use crate::report::Outcome;
use crate::stage::{self, Output};

/// Licences of packages whose code ends in the program: permissive only, as for crates.
const ALLOWED: [&str; 7] =
    ["MIT", "Apache-2.0", "Apache-2.0 OR MIT", "MIT OR Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC"];

/// How long the registry may take to say what it knows.
const AUDIT_LIMIT: Duration = Duration::from_secs(60);

/// Checks the lock file and the licences of what is bundled; known holes when the registry can be asked.
pub(crate) fn check(project: &Project) -> Result<Outcome> {
    let lock = fs::read_to_string(project.ui().join("package-lock.json")).context("ui/package-lock.json")?;
    let packages = parse(&lock)?;
    let mut faults = without_hash(&packages);
    let bundled = bundled(project)?;
    say!("In the bundle: {}", bundled.iter().cloned().collect::<Vec<_>>().join(", "));
    faults.extend(bad_licences(&packages, &bundled));
    if !faults.is_empty() {
        return Ok(Outcome { counts: None, failure: Some(faults.join("; ")) });
    }
    audit(project)
}

/// One entry of the lock file.
struct Package {
    licence: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    optional: bool,
}

/// All entries by their path in `node_modules`.
fn parse(lock: &str) -> Result<BTreeMap<String, Package>> {
    let lock: Value = serde_json::from_str(lock).context("ui/package-lock.json is no JSON")?;
    let entries = lock["packages"].as_object().context("ui/package-lock.json lists no packages")?;
    let text = |entry: &Value, key: &str| entry[key].as_str().map(str::to_owned);
    let packages = entries.iter().filter(|(path, _)| !path.is_empty()).map(|(path, entry)| {
        let package = Package {
            licence: text(entry, "license"),
            resolved: text(entry, "resolved"),
            integrity: text(entry, "integrity"),
            optional: entry["optional"] == true || entry["devOptional"] == true,
        };
        (path.clone(), package)
    });
    Ok(packages.collect())
}

/// Packages that could be exchanged unnoticed. Where from is not written down (npm then asks its own registry by name); the hash
/// is what holds. npm writes no hash for a platform's own build that it never saw; such an entry
/// names no file either, so nothing is fetched by it.
fn without_hash(packages: &BTreeMap<String, Package>) -> Vec<String> {
    let is_sound = |package: &Package| match (&package.resolved, &package.integrity) {
        (from, Some(hash)) => {
            from.as_ref().is_none_or(|from| from.starts_with("https://")) && hash.starts_with("sha512-")
        }
        (None, None) => package.optional,
        _ => false,
    };
    let unsound = packages.iter().filter(|(_, package)| !is_sound(package));
    unsound.map(|(path, _)| format!("{path} has no sound hash")).collect()
}

fn bad_licences(packages: &BTreeMap<String, Package>, bundled: &BTreeSet<String>) -> Vec<String> {
    let licence = |name: &String| {
        packages.get(&format!("node_modules/{name}")).and_then(|package| package.licence.as_deref())
    };
    bundled
        .iter()
        .filter(|name| !licence(name).is_some_and(|licence| ALLOWED.contains(&licence)))
        .map(|name| format!("{name} has the licence {}", licence(name).unwrap_or("(none)")))
        .collect()
}

/// The packages with code in the page, as the bundler's source map tells.
fn bundled(project: &Project) -> Result<BTreeSet<String>> {
    let out = project.workspace()?.target_dir.join("xtask").join("bundle");
    let mut build = project.npm(["exec", "--", "vite", "build", "--sourcemap", "--logLevel", "warn"]);
    build.args(["--emptyOutDir", "--outDir"]).arg(&out);
    stage::run_to_success(&mut build)?;
    let mut names = BTreeSet::new();
    for map in maps(&out)? {
        let map: Value = serde_json::from_str(&fs::read_to_string(&map)?).context("a source map")?;
        let sources = map["sources"].as_array().context("a source map without sources")?;
        names.extend(sources.iter().filter_map(Value::as_str).filter_map(package_of).map(str::to_owned));
    }
    if names.is_empty() {
        bail!("the bundle names no package at all: its source map is not understood");
    }
    Ok(names)
}

fn maps(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(maps(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "map") {
            found.push(path);
        }
    }
    Ok(found)
}

/// `svelte` of `../../node_modules/svelte/src/…`, with its scope when it has one.
fn package_of(source: &str) -> Option<&str> {
    let (_, inside) = source.rsplit_once("node_modules/")?;
    let slashes = if inside.starts_with('@') { 2 } else { 1 };
    let end = inside.match_indices('/').nth(slashes - 1)?.0;
    Some(&inside[..end])
}

fn audit(project: &Project) -> Result<Outcome> {
    // All of them: the page's framework is built in, and so npm counts it among the tools.
    let mut command = project.npm(["audit", "--audit-level=high", "--json"]);
    let audited = stage::run_within(&mut command, Output::Kept, AUDIT_LIMIT)?;
    Ok(match verdict(&audited.output) {
        Verdict::Clean => Outcome::default(),
        Verdict::Holes(holes) => Outcome { counts: None, failure: Some(holes) },
        Verdict::NotAsked => {
            say!("note: npm audit was not done, because the registry's audit cannot be reached from here");
            Outcome::default()
        }
    })
}

/// What the registry said.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    /// Packages with serious holes.
    Holes(String),
    NotAsked,
}

fn verdict(json: &str) -> Verdict {
    let Ok(report) = serde_json::from_str::<Value>(json) else { return Verdict::NotAsked };
    let Some(found) = report["vulnerabilities"].as_object() else { return Verdict::NotAsked };
    let serious = |entry: &Value| matches!(entry["severity"].as_str(), Some("high" | "critical"));
    let names: Vec<&str> =
        found.iter().filter(|(_, entry)| serious(entry)).map(|(name, _)| name.as_str()).collect();
    if names.is_empty() { Verdict::Clean } else { Verdict::Holes(format!("holes in {}", names.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_that_can_be_fetched_needs_a_hash() {
        let lock = r#"{"packages":{"":{},
            "node_modules/good":{"resolved":"https://a/good.tgz","integrity":"sha512-x","license":"MIT"},
            "node_modules/other-platform":{"optional":true},
            "node_modules/bare":{"resolved":"https://a/bare.tgz"},
            "node_modules/weak":{"resolved":"https://a/weak.tgz","integrity":"sha1-x"},
            "node_modules/open":{"resolved":"http://a/open.tgz","integrity":"sha512-x"},
            "node_modules/by-name":{"integrity":"sha512-x"},
            "node_modules/nowhere":{}}}"#;
        let faults = without_hash(&parse(lock).unwrap()).join(" ");
        for bad in ["bare", "weak", "open", "nowhere"] {
            assert!(faults.contains(bad), "{bad}: {faults}");
        }
        assert!(["good", "other-platform", "by-name"].iter().all(|name| !faults.contains(name)), "{faults}");
    }

    #[test]
    fn only_permissive_licences_end_in_the_bundle() {
        let lock = r#"{"packages":{
            "node_modules/svelte":{"license":"MIT"},
            "node_modules/viral":{"license":"GPL-3.0"},
            "node_modules/silent":{}}}"#;
        let packages = parse(lock).unwrap();
        let faults = |names: &[&str]| {
            bad_licences(&packages, &names.iter().map(|name| (*name).to_owned()).collect()).len()
        };
        assert_eq!(faults(&["svelte"]), 0);
        assert_eq!(faults(&["svelte", "viral", "silent", "unknown"]), 3);
    }

    #[test]
    fn a_source_names_its_package() {
        assert_eq!(package_of("../../node_modules/svelte/src/a.js"), Some("svelte"));
        assert_eq!(package_of("../node_modules/@tauri-apps/api/core.js"), Some("@tauri-apps/api"));
        assert_eq!(package_of("../node_modules/a/node_modules/b/c.js"), Some("b"));
        assert_eq!(package_of("../../src/main.ts"), None);
    }

    #[test]
    fn an_audit_is_clean_has_holes_or_was_not_done() {
        assert_eq!(verdict(r#"{"vulnerabilities":{}}"#), Verdict::Clean);
        assert_eq!(verdict(r#"{"vulnerabilities":{"a":{"severity":"moderate"}}}"#), Verdict::Clean);
        let holes = verdict(r#"{"vulnerabilities":{"a":{"severity":"low"},"b":{"severity":"critical"}}}"#);
        assert_eq!(holes, Verdict::Holes("holes in b".into()));
        assert_eq!(verdict(r#"{"error":{"summary":"405"}}"#), Verdict::NotAsked);
        assert_eq!(verdict(""), Verdict::NotAsked);
    }
}
