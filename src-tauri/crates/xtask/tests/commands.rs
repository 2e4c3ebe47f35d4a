//! The commands as a user meets them: the real program in a project folder, on a machine whose tools (apt, Node, npm,
//! Cargo) are small scripts that write down how they were called.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a machine that cannot be set up is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A machine with a project on it.
struct Machine {
    folder: PathBuf,
}

impl Machine {
    /// Everything installed, nothing built, every test passing. `name` is the test's.
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands").join(name);
        let _ = fs::remove_dir_all(&folder);
        let machine = Self { folder };
        for made in ["bin", "project/src-tauri/crates/xtask", "project/ui/src", "target"] {
            fs::create_dir_all(machine.path(made)).unwrap();
        }
        machine.write("project/ui/package-lock.json", "lock 1");
        machine.write("project/ui/src/main.ts", "page 1");

        machine.tool("id", "echo 0");
        machine.tool("env", "shift; exec \"$@\"");
        machine.tool("dpkg-query", "shift 3; for package; do echo \"$package installed\"; done");
        machine.tool("apt-get", "exit 0");
        machine.tool("node", "echo v20.19.0");
        machine.tool(
            "npm",
            r#"case "$*" in
            ci*) /bin/mkdir -p node_modules ;;
            'run build') /bin/mkdir -p dist src/words/generated
                echo page > dist/index.html; echo words > src/words/generated/ru.js ;;
            test*) for argument; do case $argument in --outputFile.json=*)
                echo '{"numPassedTests":5,"numFailedTests":0,"numPendingTests":0,"numTodoTests":0,"testResults":[]}' \
                    > "${argument#*=}" ;;
                esac; done ;;
            esac"#,
        );
        machine.tool("cargo", &machine.cargo_script("ok. 7 passed; 0 failed", "exit 0"));
        machine.write("target/app", "#!/bin/sh\necho \"app $*\" >> \"$CALLS\"\nexit 7\n");
        machine.make_executable("target/app");
        machine
    }

    /// A Cargo whose Rust tests give `result`; documentation tests and this package's tests give none, end-to-end
    /// tests give 2. `after_rust` runs when the Rust tests are over.
    fn cargo_script(&self, result: &str, after_rust: &str) -> String {
        let target = self.path("target").display().to_string();
        let metadata = format!(
            r#"{{"target_directory":"{target}","packages":[{{"name":"prilavok","targets":[{{"name":"e2e","kind":["test"]}},{{"name":"outbox","kind":["test"]}}]}}]}}"#
        );
        let artifact = format!(
            r#"{{"reason":"compiler-artifact","target":{{"name":"prilavok","kind":["bin"]}},"profile":{{"test":false}},"executable":"{target}/app"}}"#
        );
        let rest = "0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        format!(
            "case \"$*\" in
            metadata*) echo '{metadata}' ;;
            *--message-format=*) echo '{artifact}' ;;
            *--doc*|*'--package xtask'*) ;;
            *'--test e2e'*) echo \"e2e app=$PRILAVOK_E2E_APP out=$PRILAVOK_E2E_OUT\" >> \"$CALLS\"
                echo 'test result: ok. 2 passed; 0 failed; {rest}' ;;
            test*) echo 'test result: {result}; {rest}'; {after_rust} ;;
            esac"
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn make_executable(&self, name: &str) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a tool on the machine, which notes its call and then runs `script`.
    fn tool(&self, name: &str, script: &str) {
        let file = format!("bin/{name}");
        self.write(&file, &format!("#!/bin/sh\necho \"{name} $*\" >> \"$CALLS\"\n{script}\n"));
        self.make_executable(&file);
    }

    fn remove_tool(&self, name: &str) {
        fs::remove_file(self.path("bin").join(name)).unwrap();
    }

    /// Leaves these packages out of what dpkg lists.
    fn lacks(&self, packages: &str) {
        self.tool(
            "dpkg-query",
            &format!("shift 3; for package; do case \" {packages} \" in *\" $package \"*) ;; *) echo \"$package installed\" ;; esac; done"),
        );
    }

    /// Runs a command without a terminal; what was noted before is forgotten.
    fn xtask(&self, arguments: &[&str]) -> Done {
        self.xtask_with(arguments, &[])
    }

    fn xtask_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        let calls = self.path("calls");
        fs::write(&calls, "").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("CARGO", self.path("bin/cargo"))
            .env("CARGO_MANIFEST_DIR", self.path("project/src-tauri/crates/xtask"))
            .env("CALLS", &calls)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Done::new(&output, &fs::read_to_string(calls).unwrap())
    }
}

/// What a command did.
struct Done {
    code: i32,
    text: String,
    calls: Vec<String>,
}

impl Done {
    fn new(output: &Output, calls: &str) -> Self {
        Self {
            code: output.status.code().unwrap(),
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
            calls: calls.lines().map(str::to_owned).collect(),
        }
    }

    /// The calls of one tool.
    fn calls_of(&self, tool: &str) -> Vec<&str> {
        let prefix = format!("{tool} ");
        self.calls.iter().filter(|call| call.starts_with(&prefix)).map(String::as_str).collect()
    }

    fn last_line(&self) -> &str {
        self.text.lines().last().unwrap_or_default()
    }
}

#[test]
fn missing_packages_without_root_or_sudo_give_the_line_to_run_and_change_nothing() {
    let machine = Machine::new("no_root");
    machine.tool("id", "echo 1000");
    machine.lacks("curl libssl-dev");
    let done = machine.xtask(&["run", "--yes"]);
    assert_eq!(done.code, 1, "{}", done.text);
    assert!(done.text.contains("missing: curl libssl-dev\n"), "{}", done.text);
    assert!(done.last_line().ends_with(" curl libssl-dev"), "{}", done.text);
    assert!(done.last_line().contains("apt-get install"), "{}", done.text);
    assert!(done.calls_of("apt-get").is_empty() && done.calls_of("npm").is_empty(), "{:?}", done.calls);
}

#[test]
fn nothing_is_installed_without_consent() {
    let machine = Machine::new("no_consent");
    machine.lacks("curl");
    for command in ["run", "test", "ci"] {
        let done = machine.xtask(&[command]);
        assert_eq!(done.code, 1, "{}", done.text);
        assert!(done.last_line().contains("apt-get install"), "{}", done.text);
        assert!(done.calls_of("apt-get").is_empty() && done.calls_of("cargo").is_empty(), "{:?}", done.calls);
    }
}

#[test]
fn consent_by_flag_or_ci_updates_the_lists_and_installs_only_what_is_missing() {
    let machine = Machine::new("consent");
    machine.lacks("file xvfb");
    for (arguments, variables, packages) in
        [(vec!["run", "--yes"], vec![], "file"), (vec!["test"], vec![("CI", "true")], "file xvfb")]
    {
        let done = machine.xtask_with(&arguments, &variables);
        let calls = done.calls_of("apt-get");
        assert_eq!(calls[0], "apt-get update", "{}", done.text);
        assert!(calls[1].starts_with("apt-get install -y "), "{calls:?}");
        assert!(calls[1].contains(" --no-remove "), "{calls:?}");
        assert!(calls[1].ends_with(&format!("=120 {packages}")), "{calls:?}");
    }
}

#[test]
fn users_other_than_root_install_by_sudo() {
    let machine = Machine::new("sudo");
    machine.tool("id", "echo 1000");
    machine.tool("sudo", "exec \"$@\"");
    machine.lacks("file");
    let done = machine.xtask(&["run", "--yes"]);
    assert_eq!(done.calls_of("sudo").len(), 2, "{:?}", done.calls);
    assert!(done.calls_of("sudo").iter().all(|call| call.contains(" apt-get ")), "{:?}", done.calls);
}

#[test]
fn the_demo_starts_with_the_users_arguments_and_gives_its_exit_code() {
    let machine = Machine::new("demo");
    let demo = machine.xtask(&["run", "--", "--lang", "ru"]);
    assert_eq!(demo.calls_of("app"), ["app --demo --lang ru"], "{}", demo.text);
    assert_eq!(demo.code, 7);
    let real = machine.xtask(&["run", "--real", "--", "--lang", "ru"]);
    assert_eq!(real.calls_of("app"), ["app --lang ru"], "{}", real.text);
}

#[test]
fn the_app_is_built_with_the_page_in_it() {
    let done = Machine::new("with_page").xtask(&["run"]);
    let page = done.calls.iter().position(|call| call == "npm run build").unwrap();
    let app = done.calls.iter().position(|call| call.starts_with("cargo build ")).unwrap();
    assert!(page < app, "{:?}", done.calls);
    assert!(done.calls[app].contains("--features tauri/custom-protocol"), "{:?}", done.calls);
}

#[test]
fn page_packages_are_installed_again_only_when_the_lock_file_changed() {
    let machine = Machine::new("lock");
    let installs = || machine.xtask(&["run"]).calls_of("npm").iter().any(|call| call.starts_with("npm ci"));
    assert!(installs());
    assert!(!installs());
    machine.write("project/ui/package-lock.json", "lock 2");
    assert!(installs());
    assert!(!installs());
}

#[test]
fn the_page_is_built_again_when_a_source_changed_or_went_away() {
    let machine = Machine::new("page");
    machine.write("project/ui/src/old.ts", "old");
    let builds = || machine.xtask(&["run"]).calls_of("npm").contains(&"npm run build");
    assert!(builds());
    assert!(!builds());
    machine.write("project/ui/src/main.ts", "page 2");
    assert!(builds());
    assert!(!builds());
    fs::remove_file(machine.path("project/ui/src/old.ts")).unwrap();
    assert!(builds());
    fs::remove_dir_all(machine.path("project/ui/dist")).unwrap();
    assert!(builds());
    assert!(!builds());
}

#[test]
fn a_missing_or_old_node_is_said_in_one_sentence() {
    let machine = Machine::new("node");
    machine.tool("node", "echo v18.20.4");
    let old = machine.xtask(&["run"]);
    assert_eq!(old.code, 1);
    assert!(old.last_line().contains("v18.20.4 is too old: install version 20.19"), "{}", old.text);
    machine.remove_tool("node");
    let missing = machine.xtask(&["run"]);
    assert_eq!(missing.code, 1);
    assert!(missing.last_line().contains("Node.js is missing"), "{}", missing.text);
    assert!(missing.calls_of("npm").is_empty(), "{:?}", missing.calls);
}

#[test]
fn other_distributions_go_on_only_with_webkit() {
    let machine = Machine::new("other");
    machine.remove_tool("apt-get");
    machine.tool("pkg-config", "exit 1");
    let without = machine.xtask(&["run"]);
    assert_eq!(without.code, 1);
    assert!(without.last_line().contains("WebKitGTK"), "{}", without.text);
    machine.tool("pkg-config", "exit 0");
    assert_eq!(machine.xtask(&["run"]).calls_of("app"), ["app --demo"]);
}

#[test]
fn passing_tests_end_with_the_sum_of_all_stages() {
    let machine = Machine::new("passing");
    let done = machine.xtask(&["test"]);
    assert_eq!(done.last_line(), "14 passed, 0 failed", "{}", done.text);
    assert_eq!(done.code, 0);
    let expected = format!(
        "e2e app={} out={}",
        machine.path("target/app").display(),
        machine.path("project/tests/out").display()
    );
    assert_eq!(done.calls_of("e2e"), [expected]);
}

#[test]
fn the_rust_stage_leaves_out_the_end_to_end_tests() {
    let done = Machine::new("rust_stage").xtask(&["test", "--only", "rust"]);
    assert_eq!(done.last_line(), "7 passed, 0 failed", "{}", done.text);
    assert!(done.calls_of("cargo").iter().any(|call| call.contains("--test outbox")), "{:?}", done.calls);
    assert!(!done.calls_of("cargo").iter().any(|call| call.contains("--test e2e")), "{:?}", done.calls);
}

#[test]
fn failed_tests_do_not_keep_the_other_stages_from_running() {
    let machine = Machine::new("failing");
    machine.tool("cargo", &machine.cargo_script("FAILED. 6 passed; 1 failed", "exit 101"));
    let done = machine.xtask(&["test"]);
    assert_eq!(done.last_line(), "13 passed, 1 failed", "{}", done.text);
    assert_eq!(done.code, 1);
    let lines: Vec<&str> = done.text.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("FAILED  Rust tests ")), "{}", done.text);
    assert!(lines.iter().any(|line| line.starts_with("ok      end-to-end tests ")), "{}", done.text);
}

#[test]
fn stages_that_cannot_run_count_as_failed() {
    let machine = Machine::new("no_build");
    machine.tool("npm", "case \"$*\" in ci*) /bin/mkdir -p node_modules ;; *) exit 1 ;; esac");
    let done = machine.xtask(&["test"]);
    // page build, and with it the Rust and the end-to-end tests; the page tests on their own
    assert_eq!(done.last_line(), "0 passed, 4 failed", "{}", done.text);
    assert_eq!(done.code, 1);
}

#[test]
fn packages_that_cannot_be_installed_are_a_failure_but_the_tests_still_run() {
    let machine = Machine::new("apt_fails");
    machine.lacks("pulseaudio");
    machine.tool("apt-get", "exit 100");
    let done = machine.xtask(&["test", "--yes"]);
    assert_eq!(done.last_line(), "14 passed, 1 failed", "{}", done.text);
    assert_eq!(done.code, 1);
}

#[test]
fn a_filter_reaches_every_stage_and_must_match_something() {
    let machine = Machine::new("filter");
    let done = machine.xtask(&["test", "echo"]);
    assert!(done.calls_of("npm").iter().any(|call| call.ends_with(" -t echo")), "{:?}", done.calls);
    let runs = done.calls.iter().filter(|call| call.starts_with("cargo test") && !call.contains("--no-run"));
    assert!(runs.clone().count() >= 3 && runs.clone().all(|call| call.contains(" echo")), "{:?}", done.calls);

    machine.tool("cargo", &machine.cargo_script("ok. 0 passed; 0 failed", "exit 0"));
    let nothing = machine.xtask(&["test", "--only", "rust", "echo"]);
    assert_eq!((nothing.last_line(), nothing.code), ("0 passed, 1 failed", 1), "{}", nothing.text);
}
