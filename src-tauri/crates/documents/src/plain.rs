//! Text without marks: paragraphs between empty lines; a short line alone, without a full stop, is a heading.

use crate::chunks::Chunks;
use crate::{Out, Problem, Reading};

pub(crate) fn read(text: &str, out: &mut Out<'_>) -> Reading {
    if text.trim().is_empty() {
        return Err(Problem::Empty.into());
    }
    let mut chunks = Chunks::default();
    let total = text.len() as u64;
    let mut done = 0;
    let mut paragraph: Vec<&str> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        done += line.len() as u64 + 1;
        let line = line.trim();
        if !line.is_empty() {
            // A question on a line of its own begins its answer.
            if line.ends_with('?') && paragraph.is_empty() {
                chunks.paragraph(line, out)?;
                continue;
            }
            paragraph.push(line);
            // Rules above a length: one paragraph of a whole file would be held twice.
            if paragraph.len() < 2000 {
                continue;
            }
        }
        let more = lines.peek().is_some();
        give(&mut chunks, &mut paragraph, more, out)?;
        out.progress(done, total)?;
    }
    give(&mut chunks, &mut paragraph, false, out)?;
    chunks.flush(out)
}

fn give(chunks: &mut Chunks, paragraph: &mut Vec<&str>, more: bool, out: &mut Out<'_>) -> Reading {
    let lines = std::mem::take(paragraph);
    if let [line] = lines[..]
        && more
        && line.chars().count() <= 80
        && line.chars().any(char::is_alphabetic)
        && !line.ends_with(['.', ',', ';', '!', '…'])
    {
        return chunks.heading(1, line.trim_end_matches(':').trim_matches(['#', '=', '*', ' ']), out);
    }
    // The first line of a paragraph that ends with a colon names what it lists.
    chunks.paragraph(&lines.join("\n"), out)
}
