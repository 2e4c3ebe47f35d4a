//! Word documents: paragraphs with their styles, tables, pages as the last program that saved the file broke them.

use std::collections::HashMap;
use std::io::{BufReader, Read as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::chunks::Chunks;
use crate::table::Table;
use crate::{Out, Problem, Reading, packed};

pub(crate) fn read(bytes: &[u8], out: &mut Out<'_>) -> Reading {
    let mut archive = packed::open(bytes)?;
    packed::check(&mut archive, &out.limits, bytes.len())?;
    if packed::has_macros(&archive) {
        out.troubles.push(Problem::Macros.into());
    }
    let mut styles = String::new();
    if let Ok(file) = archive.by_name("word/styles.xml") {
        // What is no text names no headings.
        let _ = file.take(8 << 20).read_to_string(&mut styles);
    }
    let levels = heading_levels(&styles);
    let file = archive.by_name("word/document.xml").map_err(|_| Problem::Damaged)?;
    let total = file.size();
    Document::new(levels).read(Reader::from_reader(BufReader::new(file)), total, out)
}

/// Level of each style that is a heading's; Word names styles by number in Russian, so their names are asked.
fn heading_levels(styles: &str) -> HashMap<String, u8> {
    let mut levels = HashMap::new();
    let mut reader = Reader::from_str(styles);
    let mut style = String::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(tag) if tag.local_name().as_ref() == "style" => {
                style = attribute(&tag, "styleId").unwrap_or_default();
            }
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "name" => {
                    let name = attribute(&tag, "val").unwrap_or_default().to_lowercase();
                    let level = match name.strip_prefix("heading ").or(name.strip_prefix("заголовок "))
                    {
                        Some(number) => number.trim().parse().ok().filter(|level| (1..=9).contains(level)),
                        None => (name == "title").then_some(1),
                    };
                    if let Some(level) = level {
                        levels.insert(style.clone(), level);
                    }
                }
                "outlineLvl" => {
                    let level = attribute(&tag, "val").and_then(|level| level.parse::<u8>().ok());
                    if let Some(level) = level.filter(|level| *level < 9) {
                        levels.entry(style.clone()).or_insert(level + 1);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    levels
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute =
        tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(attribute.value.into_owned())
}

/// What is known in the middle of a document.
struct Document {
    levels: HashMap<String, u8>,
    chunks: Chunks,
    words: String,
    style: Option<u8>,
    page: u32,
    pages_known: bool,
    /// Depth in tables; only the outer one has rows of its own.
    depth: u32,
    table: Option<Table>,
    row: Vec<String>,
    /// In what is not shown: deleted text, the older form of a drawing.
    hidden: u32,
}

/// Not shown, or shown another time in a newer form.
const HIDDEN: [&str; 4] = ["del", "Fallback", "instrText", "moveFrom"];

impl Document {
    fn new(levels: HashMap<String, u8>) -> Self {
        Self {
            levels,
            chunks: Chunks::default(),
            words: String::new(),
            style: None,
            page: 1,
            pages_known: false,
            depth: 0,
            table: None,
            row: Vec::new(),
            hidden: 0,
        }
    }

    fn read(mut self, mut reader: Reader<impl std::io::BufRead>, total: u64, out: &mut Out<'_>) -> Reading {
        let mut buffer = Vec::new();
        let mut in_text = false;
        loop {
            buffer.clear();
            let event = reader.read_event_into(&mut buffer).map_err(|_| Problem::Damaged)?;
            match event {
                Event::Eof => break,
                Event::Start(tag) => {
                    let name = tag.local_name();
                    match name.as_ref() {
                        name if HIDDEN.contains(&name) => self.hidden += 1,
                        "t" => in_text = true,
                        "tbl" => self.begin_table(out)?,
                        "tr" if self.depth == 1 => self.row.clear(),
                        _ => self.mark(&tag),
                    }
                }
                Event::Empty(tag) => self.mark(&tag),
                Event::Text(text) if in_text && self.hidden == 0 => self.words.push_str(&text.into_inner()),
                Event::GeneralRef(name) if in_text && self.hidden == 0 => {
                    self.words.push_str(&resolved(&name));
                }
                Event::End(tag) => match tag.local_name().as_ref() {
                    name if HIDDEN.contains(&name) => self.hidden = self.hidden.saturating_sub(1),
                    "t" => in_text = false,
                    "p" => {
                        self.end_paragraph(out)?;
                        out.progress(reader.buffer_position(), total)?;
                    }
                    "tc" if self.depth == 1 => self.row.push(std::mem::take(&mut self.words)),
                    "tr" if self.depth == 1 => self.end_row(out)?,
                    "tbl" => self.end_table(out)?,
                    _ => {}
                },
                _ => {}
            }
        }
        self.end_paragraph(out)?;
        self.chunks.flush(out)
    }

    /// A mark inside a paragraph.
    fn mark(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "pStyle" => {
                let style = attribute(tag, "val").unwrap_or_default();
                self.style = self.levels.get(&style).copied();
            }
            "outlineLvl" => {
                let level = attribute(tag, "val").and_then(|level| level.parse::<u8>().ok());
                self.style = level.filter(|level| *level < 9).map(|level| level + 1);
            }
            "tab" => self.words.push(' '),
            "br" if attribute(tag, "type").as_deref() == Some("page") => self.break_page(),
            "lastRenderedPageBreak" => self.break_page(),
            "br" | "cr" => self.words.push('\n'),
            "noBreakHyphen" => self.words.push('-'),
            _ => {}
        }
    }

    fn break_page(&mut self) {
        self.page += 1;
        self.pages_known = true;
    }

    fn end_paragraph(&mut self, out: &mut Out<'_>) -> Reading {
        if self.depth > 0 {
            self.words.push(' ');
            self.style = None;
            return Ok(());
        }
        let words = std::mem::take(&mut self.words);
        match self.style.take() {
            Some(level) => self.chunks.heading(level, &words, out)?,
            None => self.chunks.paragraph(&words, out)?,
        }
        if self.pages_known { self.chunks.page(self.page, out) } else { Ok(()) }
    }

    fn begin_table(&mut self, out: &mut Out<'_>) -> Reading {
        self.depth += 1;
        if self.depth == 1 {
            self.chunks.flush(out)?;
            self.table = Some(Table::default());
            self.words.clear();
        }
        Ok(())
    }

    fn end_row(&mut self, out: &mut Out<'_>) -> Reading {
        let Some(table) = &mut self.table else { return Ok(()) };
        let row = std::mem::take(&mut self.row);
        table.row(row, &mut |passage| self.chunks.passage(passage, out))
    }

    fn end_table(&mut self, out: &mut Out<'_>) -> Reading {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0
            && let Some(mut table) = self.table.take()
        {
            table.end(&mut |passage| self.chunks.passage(passage, out))?;
        }
        Ok(())
    }
}

/// `amp`, `lt`, `#8381` … as the letter they stand for.
pub(crate) fn resolved(name: &quick_xml::events::BytesRef<'_>) -> String {
    if let Ok(Some(c)) = name.resolve_char_ref() {
        return c.to_string();
    }
    quick_xml::escape::resolve_predefined_entity(name).unwrap_or(" ").to_owned()
}
