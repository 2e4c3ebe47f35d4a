//! PDF: the letters of each page with their places, put together into lines and paragraphs.
//!
//! Nothing is painted; the interpreter tells where each letter would go and which letter it is.

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};

use crate::chunks::Chunks;
use crate::{Out, Problem, Reading, Trouble};

/// Unwinds through the interpreter when the sink wants no more: it has no other way out of a page.
pub(crate) struct Stopped;

/// Letters of a page; a page for readers has some thousands.
const LETTERS: usize = 200_000;
/// Drawing steps between two looks at the clock.
const STEPS: u32 = 2_000;

pub(crate) fn read(bytes: &[u8], out: &mut Out<'_>) -> Reading {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Problem::Password,
        _ => Problem::Damaged,
    })?;
    let total = pdf.pages().len() as u64;
    if total == 0 {
        return Err(Problem::Damaged.into());
    }
    let cache = InterpreterCache::new();
    let mut chunks = Chunks::default();
    let mut silent: Vec<(u32, bool)> = Vec::new();
    for (page, number) in pdf.pages().iter().zip(1_u32..) {
        let settings = InterpreterSettings::default();
        let mut context =
            Context::new(Affine::IDENTITY, Rect::new(0.0, 0.0, 1.0, 1.0), &cache, pdf.xref(), settings);
        let mut letters = Letters {
            out,
            done: u64::from(number) - 1,
            total,
            letters: Vec::new(),
            pictures: false,
            steps: 0,
        };
        interpret_page(page, &mut context, &mut letters);
        let (lines, pictures) = (letters.lines(), letters.pictures);
        chunks.page(number, out)?;
        if lines.is_empty() {
            silent.push((number, pictures));
        }
        give(&lines, &mut chunks, out)?;
        out.progress(u64::from(number), total)?;
    }
    chunks.flush(out)?;
    // An empty page at the end is no trouble; one with a picture may be a scan.
    for (number, _) in silent.into_iter().filter(|(_, pictures)| *pictures) {
        match out.troubles.last_mut() {
            Some(Trouble { pages: Some((_, last)), .. }) if *last + 1 == number => *last = number,
            _ => out.troubles.push(Trouble {
                problem: Problem::NoText,
                pages: Some((number, number)),
                sheet: None,
            }),
        }
    }
    Ok(())
}

/// A line of a page.
#[derive(Debug, Default)]
struct Line {
    text: String,
    /// Height of its letters, in points.
    size: f64,
    /// Down the page, in points.
    y: f64,
}

/// Headings are lines of larger letters than most; paragraphs end where the distance grows.
fn give(lines: &[Line], chunks: &mut Chunks, out: &mut Out<'_>) -> Reading {
    let mut sizes: Vec<f64> =
        lines.iter().flat_map(|line| std::iter::repeat_n(line.size, line.text.len().min(200))).collect();
    sizes.sort_by(f64::total_cmp);
    let usual = sizes.get(sizes.len() / 2).copied().unwrap_or(0.0);
    let mut paragraph = String::new();
    let mut before: Option<&Line> = None;
    for line in lines {
        let words = line.text.chars().filter(|c| c.is_alphabetic()).count();
        if line.size > usual * 1.12 && words > 1 && line.text.chars().count() < 150 {
            chunks.paragraph(&std::mem::take(&mut paragraph), out)?;
            let level = if line.size > usual * 1.6 {
                1
            } else if line.size > usual * 1.3 {
                2
            } else {
                3
            };
            chunks.heading(level, &line.text, out)?;
            before = None;
            continue;
        }
        let gap = before.map_or(0.0, |before| (line.y - before.y).abs());
        if gap > line.size.max(1.0) * 1.75 {
            chunks.paragraph(&std::mem::take(&mut paragraph), out)?;
        }
        // A word that was broken at the end of a line.
        if paragraph.ends_with('-') && line.text.starts_with(char::is_lowercase) {
            paragraph.pop();
        } else if !paragraph.is_empty() {
            // Rows and items of a list stay lines of their own.
            let apart = line.text.contains(" | ") || line.text.starts_with(['•', '–', '—', '-', '*']);
            paragraph.push(if apart || before.is_some_and(|before| before.text.contains(" | ")) {
                '\n'
            } else {
                ' '
            });
        }
        paragraph.push_str(&line.text);
        before = Some(line);
    }
    chunks.paragraph(&paragraph, out)
}

/// One letter as it is drawn.
struct Letter {
    text: String,
    x: f64,
    y: f64,
    size: f64,
    width: Option<f64>,
}

/// Takes letters instead of painting them.
struct Letters<'o, 's> {
    out: &'o mut Out<'s>,
    done: u64,
    total: u64,
    letters: Vec<Letter>,
    pictures: bool,
    steps: u32,
}

impl Letters<'_, '_> {
    fn step(&mut self) {
        self.steps += 1;
        if self.steps.is_multiple_of(STEPS) && self.out.progress(self.done, self.total).is_err() {
            // Not a panic: nothing is said, and `read` knows the payload.
            std::panic::resume_unwind(Box::new(Stopped));
        }
    }

    /// Letters on one height are a line; where one stands apart, there is a space, or a column's border.
    fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut end: Option<(f64, f64)> = None;
        for letter in &self.letters {
            let same = lines.last().filter(|line| {
                (line.y - letter.y).abs() < line.size.max(letter.size) * 0.5
                    && end.is_none_or(|(x, _)| letter.x > x - line.size * 2.0)
            });
            if same.is_none() {
                lines.push(Line { text: String::new(), size: letter.size, y: letter.y });
                end = None;
            }
            let Some(line) = lines.last_mut() else { continue };
            if let Some((x, width)) = end {
                let gap = letter.x - x;
                if gap > letter.size.max(width) * 2.0 && !line.text.ends_with('|') {
                    line.text.push_str(" | ");
                } else if gap > letter.size * 0.2 && !line.text.ends_with(' ') {
                    line.text.push(' ');
                }
            }
            line.text.push_str(&letter.text);
            line.size = line.size.max(letter.size);
            let width = letter.width.unwrap_or(letter.size * 0.5);
            end = Some((letter.x + width, width));
        }
        for line in &mut lines {
            line.text = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        lines.retain(|line| !line.text.is_empty());
        lines
    }
}

impl Device<'_> for Letters<'_, '_> {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, _: &DrawMode) {
        for glyph in run.glyphs() {
            self.step();
            if self.letters.len() >= LETTERS {
                return;
            }
            let text = match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                Some(BfString::String(text)) => text,
                None => continue,
            };
            let place = props.transform * glyph.transform();
            let at = place * Point::ZERO;
            // Glyphs are drawn in thousandths of their height.
            let size = (place * Point::new(0.0, 1000.0) - at).hypot();
            let advance = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(drawn) => drawn.advance_width(),
            };
            let width = advance.map(|advance| (place * Point::new(advance.into(), 0.0) - at).hypot());
            if !at.x.is_finite() || !at.y.is_finite() || !size.is_finite() {
                continue;
            }
            // Bullets come from fonts of symbols.
            let bullet = |c: char| ('\u{e000}'..='\u{f8ff}').contains(&c) || c == '▪' || c == '●';
            let text =
                text.replace(|c: char| c.is_control(), " ").replace('\u{ad}', "-").replace(bullet, "•");
            self.letters.push(Letter { text, x: at.x, y: at.y, size, width });
        }
    }

    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {
        self.step();
        self.pictures = true;
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {
        self.step();
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.step();
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}
