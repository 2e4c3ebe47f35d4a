//! A screen of its own for the windows that are measured: a display nobody else draws on, whose pixels can be read, and a session
//! bus without services.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// Pixels of the screen.
const WIDTH: usize = 1280;
const HEIGHT: usize = 1024;
/// Bytes of a pixel.
const DEPTH: usize = 4;

/// The screen and the bus; both end when this is dropped.
pub struct Desk {
    display: Child,
    bus: Child,
    environment: Vec<(&'static str, OsString)>,
    frame: PathBuf,
    folder: TempDir,
}

/// A rectangle of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Region {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Width.
    pub width: usize,
    /// Height.
    pub height: usize,
}

impl Desk {
    /// Starts both.
    ///
    /// # Errors
    /// When Xvfb or the bus is not installed or does not start.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut display = Command::new("Xvfb");
        display.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            &format!("{WIDTH}x{HEIGHT}x24"),
            "-nolisten",
            "tcp",
        ]);
        display.arg("-noreset").arg("-fbdir").arg(folder.path());
        let (display, number) = started(&mut display, &folder)?;
        let config = folder.path().join("bus.conf");
        std::fs::write(&config, bus_config(&folder.path().join("bus").display().to_string()))?;
        let mut bus = Command::new("dbus-daemon");
        bus.arg(format!("--config-file={}", config.display())).args([
            "--nofork",
            "--nopidfile",
            "--print-address=1",
        ]);
        let (bus, address) = started(&mut bus, &folder)?;
        let environment = vec![
            ("DISPLAY", format!(":{number}").into()),
            ("DBUS_SESSION_BUS_ADDRESS", address.into()),
            ("XDG_RUNTIME_DIR", folder.path().into()),
            ("NO_AT_BRIDGE", "1".into()), // there is no accessibility bus here, and waiting for it takes long
            ("GSETTINGS_BACKEND", "memory".into()),
            ("PULSE_SERVER", "unix:/nowhere".into()),
        ];
        let frame = folder.path().join("Xvfb_screen0");
        Ok(Self { display, bus, environment, frame, folder })
    }

    /// The variables of a program that runs here.
    pub fn environment(&self) -> &[(&'static str, OsString)] {
        &self.environment
    }

    /// A file for the output of a program.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn log(&self, name: &str) -> Result<File> {
        Ok(File::options().create(true).append(true).open(self.folder.path().join(name))?)
    }

    /// What is in a rectangle of the screen right now. The display keeps its pixels in a file (of the form of `xwd`).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pixels(&self, region: Region) -> Result<Vec<u8>> {
        let mut file = File::open(&self.frame).context("the display's pixels")?;
        let mut header = [0; 100];
        file.read_exact(&mut header)?;
        let number = |place: usize| -> usize {
            let bytes = header.get(place * 4..place * 4 + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, |bytes| u32::from_be_bytes(bytes) as usize)
        };
        // Header size, bytes of a line, colours of 12 bytes each.
        let (head, line, colours) = (number(0), number(12), number(19));
        let begin = head + colours * 12;
        let mut pixels = Vec::with_capacity(region.width * region.height * DEPTH);
        let mut row = vec![0; region.width * DEPTH];
        for y in region.y..region.y + region.height {
            file.seek(SeekFrom::Start((begin + y * line + region.x * DEPTH) as u64))?;
            file.read_exact(&mut row)?;
            pixels.extend_from_slice(&row);
        }
        Ok(pixels)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for child in [&mut self.bus, &mut self.display] {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts a program and reads its first line.
fn started(command: &mut Command, folder: &TempDir) -> Result<(Child, String)> {
    let log = File::options().create(true).append(true).open(folder.path().join("desk.log"))?;
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn();
    let mut child = child.with_context(|| format!("{name} cannot be started"))?;
    let mut line = String::new();
    let output = child.stdout.take().context("its standard output")?;
    BufReader::new(output).read_line(&mut line)?;
    if line.trim().is_empty() {
        let _ = child.kill();
        let _ = child.wait();
        bail!("{name} ended before it was ready");
    }
    Ok((child, line.trim().to_owned()))
}

fn bus_config(socket: &str) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}
