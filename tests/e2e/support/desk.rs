//! One test's machine: a display, a session bus, a keychain, folders; nothing of the real machine's desktop.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::process::Process;
use super::screen::Screen;
use super::sound::SoundServer;
use super::window::Window;
use super::{WAIT, until};

/// What the machine has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// A Secret Service, unlocked.
    pub(crate) keychain: bool,
    /// A sound server whose output is recorded.
    pub(crate) sound: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { keychain: true, sound: false }
    }
}

/// The machine.
pub(crate) struct Desk {
    // Fields drop in this order: the app first, what it needs after it.
    window: Option<Window>,
    sound: Option<SoundServer>,
    keychain: Option<Process>,
    _bus: Process,
    _display: Process,
    environment: Vec<(&'static str, OsString)>,
    bus_address: String,
    screen: Screen,
    app: PathBuf,
    data_dir: PathBuf,
    folder: TempDir,
}

impl Desk {
    pub(crate) async fn new(setup: Setup, app: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["home", "run"] {
            fs::create_dir(at(name)).expect("a folder");
        }
        let (display, display_name) = start_display(&at("display.log"));
        let (bus, bus_address) = start_bus(folder.path());
        let mut environment: Vec<(&'static str, OsString)> = vec![
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("HOME", at("home").into()),
            ("XDG_RUNTIME_DIR", at("run").into()),
            ("DISPLAY", display_name.clone().into()),
            ("DBUS_SESSION_BUS_ADDRESS", bus_address.clone().into()),
            ("LANG", "C.UTF-8".into()),
            ("TZ", "Europe/Moscow".into()),
            ("NO_AT_BRIDGE", "1".into()), // there is no accessibility bus here, and waiting for it takes long
            ("GSETTINGS_BACKEND", "memory".into()),
            ("RUST_BACKTRACE", "1".into()),
        ];
        let sound = if setup.sound { Some(SoundServer::start(&at("sound")).await) } else { None };
        let server = sound.as_ref().map_or_else(|| at("no-sound-server"), |sound| sound.socket().to_owned());
        environment.push(("PULSE_SERVER", format!("unix:{}", server.display()).into()));
        let mut desk = Self {
            window: None,
            sound,
            keychain: None,
            _bus: bus,
            _display: display,
            environment,
            bus_address,
            screen: Screen::of(&display_name),
            app: app.to_owned(),
            data_dir: folder.path().join("Моя лавка"),
            folder,
        };
        if setup.keychain {
            desk.start_keychain().await;
        }
        desk
    }

    /// The data folder of the app; its name is what sellers' folders are like.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data_dir.clone()
    }

    /// From now on the app's data lies there.
    pub(crate) fn use_data_dir(&mut self, path: PathBuf) {
        self.data_dir = path;
    }

    /// A place for a test's own files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The recorded sound server.
    pub(crate) fn sound(&self) -> &SoundServer {
        self.sound.as_ref().expect("a desk with sound")
    }

    /// The screen.
    pub(crate) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// A command that runs on this machine.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// The app's program with this machine's data folder, without any other argument.
    pub(crate) fn app(&self) -> Command {
        let mut command = self.command(&self.app);
        command.arg("--data-dir").arg(self.data_dir());
        command
    }

    pub(crate) fn app_file(&self) -> &Path {
        &self.app
    }

    /// The open window.
    pub(crate) fn window(&mut self) -> &mut Window {
        self.window.as_mut().expect("a started window")
    }

    pub(crate) fn has_window(&self) -> bool {
        self.window.is_some()
    }

    pub(crate) fn set_window(&mut self, window: Option<Window>) {
        self.window = window;
    }

    pub(crate) fn take_window(&mut self) -> Option<Window> {
        self.window.take()
    }

    /// A variable for every program started from now on.
    pub(crate) fn set_variable(&mut self, name: &'static str, value: &str) {
        self.environment.push((name, value.into()));
    }

    /// Ends the keychain and everything in it, as a reinstalled system does; a new one is empty.
    pub(crate) async fn lose_keychain(&mut self) {
        drop(self.keychain.take());
        let kept = self.folder.path().join("home/.local/share/keyrings");
        if kept.exists() {
            fs::remove_dir_all(kept).expect("the keychain's files");
        }
        self.start_keychain().await;
    }

    /// Ends the keychain's service: nobody keeps secrets on this machine for now.
    pub(crate) fn stop_keychain(&mut self) {
        drop(self.keychain.take());
    }

    /// The whole of this machine's disk.
    pub(crate) fn disk(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn start_keychain(&mut self) {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets", "--control-directory"]);
        command.arg(self.file("run")).stdin(Stdio::piped());
        let mut keychain = Process::start(&mut command, &self.file("keychain.log"));
        let mut password = keychain.child().stdin.take().expect("its standard input");
        password.write_all(b"correct horse").expect("the keychain takes its password");
        drop(password);
        let bus = self.connect_to_bus().await;
        until("the keychain is on the bus", WAIT, async || {
            let names = zbus::fdo::DBusProxy::new(&bus).await.ok()?;
            let name = "org.freedesktop.secrets".try_into().ok()?;
            names.name_has_owner(name).await.ok()?.then_some(())
        })
        .await;
        self.keychain = Some(keychain);
    }

    /// A connection to the session bus.
    pub(crate) async fn connect_to_bus(&self) -> zbus::Connection {
        let builder = zbus::connection::Builder::address(self.bus_address.as_str()).expect("a bus address");
        builder.build().await.expect("a connection to the bus")
    }

    /// Copies what helps to understand a failure.
    pub(crate) fn keep_logs(&self, to: &Path) {
        let mut files: Vec<PathBuf> = list(self.folder.path());
        files.extend(list(&self.data_dir().join("logs")));
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "log")) {
            if let Some(name) = file.file_name() {
                let _ = fs::copy(file, to.join(name));
            }
        }
    }
}

/// The files in a folder, none when there is no such folder.
fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// A port nobody listens on. Somebody may take it before it is used; whoever uses it finds out and tries again.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// An X server, which chooses a free display itself.
fn start_display(log: &Path) -> (Process, String) {
    let mut command = Command::new("Xvfb");
    command.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(fs::File::create(log).expect("a log file"));
    let mut display = Process::start_with(&mut command);
    let number = first_line(&mut display);
    (display, format!(":{number}"))
}

/// A session bus that starts nothing by itself: what is not there on purpose must not appear.
fn start_bus(folder: &Path) -> (Process, String) {
    let config = folder.join("bus.conf");
    let text = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        folder.join("bus").display()
    );
    fs::write(&config, text).expect("the configuration of the bus");
    let mut command = Command::new("dbus-daemon");
    command.arg(format!("--config-file={}", config.display())).args([
        "--nofork",
        "--nopidfile",
        "--print-address=1",
    ]);
    let log = fs::File::create(folder.join("bus.log")).expect("a log file");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut bus = Process::start_with(&mut command);
    let address = first_line(&mut bus);
    (bus, address)
}

fn first_line(process: &mut Process) -> String {
    let output = process.child().stdout.take().expect("its standard output");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("a line");
    assert!(!line.trim().is_empty(), "a helper program ended before it was ready");
    line.trim().to_owned()
}
