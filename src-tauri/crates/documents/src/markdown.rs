//! Markdown: headings, paragraphs, list items, tables.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::chunks::Chunks;
use crate::table::Table;
use crate::{Out, Problem, Reading, html};

pub(crate) fn read(text: &str, out: &mut Out<'_>) -> Reading {
    if text.trim().is_empty() {
        return Err(Problem::Empty.into());
    }
    let mut chunks = Chunks::default();
    let mut words = String::new();
    let mut table: Option<Table> = None;
    let mut row: Vec<String> = Vec::new();
    let total = text.len() as u64;
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut hidden = false;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => hidden = true,
            Event::End(TagEnd::MetadataBlock(_)) => hidden = false,
            Event::Text(_) | Event::Code(_) if hidden => {}
            Event::Text(piece) | Event::Code(piece) => words.push_str(&piece),
            Event::Html(piece) | Event::InlineHtml(piece) => words.push_str(&html::text(&piece)),
            Event::SoftBreak => words.push(' '),
            Event::HardBreak => words.push('\n'),
            Event::Start(Tag::Heading { .. } | Tag::Paragraph) => words.clear(),
            Event::Start(Tag::Item) if !words.is_empty() => {
                chunks.paragraph(&std::mem::take(&mut words), out)?
            }
            Event::End(TagEnd::Heading(level)) => {
                chunks.heading(number(level), &std::mem::take(&mut words), out)?;
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock | TagEnd::HtmlBlock) => {
                chunks.paragraph(&std::mem::take(&mut words), out)?;
                out.progress(range.end as u64, total)?;
            }
            Event::Start(Tag::Table(_)) => table = Some(Table::default()),
            Event::End(TagEnd::TableCell) => row.push(std::mem::take(&mut words)),
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => {
                if let Some(table) = &mut table {
                    table.row(std::mem::take(&mut row), &mut |passage| chunks.passage(passage, out))?;
                }
            }
            Event::End(TagEnd::Table) => {
                if let Some(mut table) = table.take() {
                    table.end(&mut |passage| chunks.passage(passage, out))?;
                }
            }
            _ => {}
        }
    }
    chunks.paragraph(&words, out)?;
    chunks.flush(out)
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
