//! From headings and paragraphs to passages: what stands under one heading, up to a length that can be read at a glance.

use crate::{Out, Passage, Reading};

/// Letters of a passage. Longer ones answer less sharply, shorter ones lose what a condition limits.
const LENGTH: usize = 700;
/// Between headings.
pub(crate) const STEP: &str = " › ";
/// Letters of a heading; what is longer is text set large.
const HEADING: usize = 200;

/// Collects paragraphs under their headings.
#[derive(Default)]
pub(crate) struct Chunks {
    headings: Vec<(u8, String)>,
    text: String,
    page: Option<u32>,
}

impl Chunks {
    /// From here on a new page; what is collected ends with the one before.
    pub(crate) fn page(&mut self, page: u32, out: &mut Out<'_>) -> Reading {
        self.flush(out)?;
        self.page = Some(page);
        Ok(())
    }

    /// A heading of this level, 1 the highest.
    pub(crate) fn heading(&mut self, level: u8, text: &str, out: &mut Out<'_>) -> Reading {
        let text = tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        if text.chars().count() > HEADING {
            return self.paragraph(&text, out);
        }
        self.flush(out)?;
        self.headings.retain(|(other, _)| *other < level);
        self.headings.push((level, text));
        Ok(())
    }

    /// A paragraph. A short question alone is the heading of what follows.
    pub(crate) fn paragraph(&mut self, text: &str, out: &mut Out<'_>) -> Reading {
        let text = tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        if text.ends_with('?')
            && text.chars().count() <= HEADING
            && !text[..text.len() - 1].contains(['.', '!', '?'])
        {
            return self.heading(QUESTION, &text, out);
        }
        if !self.text.is_empty() && length(&self.text) + length(&text) > LENGTH {
            self.flush(out)?;
        }
        for piece in pieces(&text) {
            if !self.text.is_empty() {
                if length(&self.text) + length(piece) > LENGTH {
                    self.flush(out)?;
                } else {
                    self.text.push('\n');
                }
            }
            self.text.push_str(piece.trim());
        }
        Ok(())
    }

    /// A passage of its own under the present headings.
    pub(crate) fn passage(&mut self, passage: Passage, out: &mut Out<'_>) -> Reading {
        self.flush(out)?;
        let heading = join(&[self.path(), passage.heading]);
        out.passage(Passage { heading, page: self.page, ..passage })
    }

    /// Gives away what is collected.
    pub(crate) fn flush(&mut self, out: &mut Out<'_>) -> Reading {
        if self.text.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(&mut self.text);
        out.passage(Passage { heading: self.path(), text, page: self.page, ..Passage::default() })
    }

    fn path(&self) -> String {
        let headings: Vec<String> = self.headings.iter().map(|(_, text)| text.clone()).collect();
        join(&headings)
    }
}

/// Below every heading that is marked as one.
const QUESTION: u8 = 9;

/// Headings in one line.
pub(crate) fn join(headings: &[String]) -> String {
    let filled: Vec<&str> = headings.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    filled.join(STEP)
}

/// One space where there were many, lines kept apart.
pub(crate) fn tidy(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Cuts a long paragraph at the ends of sentences, and a long sentence at spaces.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while length(rest) > LENGTH {
        let end = rest.char_indices().nth(LENGTH).map_or(rest.len(), |(at, _)| at);
        let head = &rest[..end];
        let sentence = head
            .char_indices()
            .filter(|(at, c)| {
                matches!(c, '.' | '!' | '?' | '…' | '\n')
                    && head[at + c.len_utf8()..].chars().next().is_none_or(char::is_whitespace)
            })
            .map(|(at, c)| at + c.len_utf8())
            .next_back()
            .filter(|at| *at > end / 3);
        let space = || head.rfind(char::is_whitespace).filter(|at| *at > 0);
        let cut = sentence.or_else(space).unwrap_or(end);
        pieces.push(&rest[..cut]);
        rest = rest[cut..].trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}
