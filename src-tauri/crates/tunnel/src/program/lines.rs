//! Lines out of whatever a program prints: of bounded length, without colours, redrawn progress lines apart.

use std::sync::LazyLock;

use regex::Regex;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::mpsc;

/// More of a line is not kept; an address stands at its beginning.
const LONGEST: usize = 4096;

/// Sends the lines as they come; ends with the output.
pub(super) async fn read(mut output: impl AsyncRead + Unpin, lines: mpsc::Sender<String>) {
    let mut chunk = vec![0; 8192];
    let mut line = Vec::new();
    while let Ok(size @ 1..) = output.read(&mut chunk).await {
        for &byte in &chunk[..size] {
            if matches!(byte, b'\n' | b'\r') {
                if !line.is_empty() && lines.send(text(&line)).await.is_err() {
                    return;
                }
                line.clear();
            } else if line.len() < LONGEST {
                line.push(byte);
            }
        }
    }
    if !line.is_empty() {
        let _ = lines.send(text(&line)).await;
    }
}

fn text(line: &[u8]) -> String {
    static ESCAPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07]*\x07?|.)").unwrap_or_else(|_| unreachable!())
    });
    ESCAPE.replace_all(&String::from_utf8_lossy(line), "").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(output: &[u8]) -> Vec<String> {
        let (sender, mut receiver) = mpsc::channel(1024);
        read(output, sender).await;
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn colours_redrawn_lines_and_endless_lines_do_no_harm() {
        let mut output =
            b"\x1b[32mhttps://a.example\x1b[0m ok\r\nwait 1%\rwait 2%\r\n\n\xff\xfe bytes\n".to_vec();
        output.extend(vec![b'x'; 3 * LONGEST]);
        let lines = lines_of(&output).await;
        assert_eq!(lines[..3], ["https://a.example ok", "wait 1%", "wait 2%"]);
        assert!(lines[3].ends_with("bytes"));
        assert_eq!(lines[4].len(), LONGEST);
    }
}
