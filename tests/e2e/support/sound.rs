//! A sound server without a loudspeaker: what would be heard is recorded and measured while it plays.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use super::process::Process;
use super::{WAIT, until};

/// Samples a second.
const RATE: u32 = 22_050;
/// From here on a sample counts as heard: a sound of a program is far above it, silence is exactly zero.
const AUDIBLE: i16 = i16::MAX / 100;

/// What has been recorded so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Heard {
    /// All samples.
    pub(crate) samples: u64,
    /// Separate sounds: with at least a fifth of a second of silence between them.
    pub(crate) sounds: u32,
    /// Loudest sample, 0 to 1.
    pub(crate) peak: f32,
    silent_for: u64,
    any: bool,
}

impl Heard {
    fn take(&mut self, sample: i16) {
        self.samples += 1;
        let loudness = sample.unsigned_abs();
        self.peak = self.peak.max(f32::from(loudness) / f32::from(i16::MAX));
        if loudness < AUDIBLE.unsigned_abs() {
            self.silent_for += 1;
            return;
        }
        if !self.any || self.silent_for > u64::from(RATE / 5) {
            self.sounds += 1;
        }
        (self.any, self.silent_for) = (true, 0);
    }
}

/// The server and its recorder.
pub(crate) struct SoundServer {
    heard: Arc<Mutex<Heard>>,
    socket: PathBuf,
    // The recorder ends before its server.
    _recorder: Process,
    _server: Process,
}

impl SoundServer {
    /// Starts both with their files in this folder.
    pub(crate) async fn start(folder: &Path) -> Self {
        for name in ["", "run", "state"] {
            fs::create_dir_all(folder.join(name)).expect("a folder");
        }
        let socket = folder.join("socket");
        let command = |program: &str| {
            let mut command = Command::new(program);
            command.env("HOME", folder).env("XDG_RUNTIME_DIR", folder).stdin(Stdio::null());
            command
                .env("PULSE_RUNTIME_PATH", folder.join("run"))
                .env("PULSE_STATE_PATH", folder.join("state"));
            command.env("PULSE_SERVER", format!("unix:{}", socket.display()));
            command
        };
        let mut server = command("pulseaudio");
        server.args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]);
        server
            .arg("-L")
            .arg(format!("module-native-protocol-unix socket={} auth-anonymous=1", socket.display()));
        server.arg("-L").arg(format!("module-null-sink sink_name=test rate={RATE} channels=1"));
        let mut server = Process::start(&mut server, &folder.join("pulseaudio.log"));
        while !socket.exists() {
            assert!(!server.has_ended(), "pulseaudio has ended");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let mut recorder = command("parec");
        recorder.args(["-d", "test.monitor", "--raw", "--format=s16le", "--channels=1", "--latency-msec=20"]);
        recorder.arg(format!("--rate={RATE}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut recorder = Process::start_with(&mut recorder);
        let mut output = recorder.child().stdout.take().expect("its standard output");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let into = heard.clone();
        std::thread::spawn(move || {
            let mut pair = [0; 2];
            let mut output = std::io::BufReader::new(&mut output);
            while output.read_exact(&mut pair).is_ok() {
                into.lock().expect("what was heard").take(i16::from_le_bytes(pair));
            }
        });
        let server = Self { heard, socket, _recorder: recorder, _server: server };
        // The recorder begins some time after it is started; a sound before that would be lost.
        until("the recorder records", WAIT, async || (server.heard().samples > 0).then_some(())).await;
        server
    }

    /// Where programs reach the server.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// What has been recorded so far.
    pub(crate) fn heard(&self) -> Heard {
        *self.heard.lock().expect("what was heard")
    }

    /// Waits until so many sounds have been heard, and the last of them is over.
    pub(crate) async fn until_sounds(&self, count: u32) -> Heard {
        until(&format!("sound {count} is heard to its end"), WAIT, async || {
            let heard = self.heard();
            (heard.sounds >= count && heard.silent_for > u64::from(RATE / 5)).then_some(heard)
        })
        .await
    }

    /// Waits until another second has been recorded: the time a sound that is due would have taken to begin.
    pub(crate) async fn another_second(&self) {
        let end = self.heard().samples + u64::from(RATE);
        until("a second is recorded", WAIT, async || (self.heard().samples >= end).then_some(())).await;
    }
}
