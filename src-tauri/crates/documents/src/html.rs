//! Web pages: what a reader sees of them, without menus and programs.

use encoding_rs::Encoding;
use scraper::Html;
use scraper::node::Node;

use crate::chunks::Chunks;
use crate::table::Table;
use crate::{Out, Problem, Reading, encoding};

/// What is not read: programs, forms, what leads around the site.
const HIDDEN: [&str; 15] = [
    "script", "style", "noscript", "template", "svg", "nav", "footer", "aside", "form", "button", "select",
    "iframe", "object", "head", "menu",
];
/// What ends a paragraph.
const BLOCKS: [&str; 22] = [
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "section",
    "article",
    "main",
    "header",
    "blockquote",
    "pre",
    "hr",
    "address",
    "figure",
    "figcaption",
    "details",
    "summary",
    "body",
    "center",
];
/// A page of this many bytes is no page for readers.
const LIMIT: usize = 16 << 20;

pub(crate) fn read(bytes: &[u8], out: &mut Out<'_>) -> Reading {
    if bytes.len() > LIMIT {
        return Err(Problem::TooLarge.into());
    }
    let page = encoding::decode_as(bytes, named(bytes))?;
    read_page(&page, out)
}

pub(crate) fn read_page(page: &str, out: &mut Out<'_>) -> Reading {
    use ego_tree::iter::Edge;

    let document = Html::parse_document(page);
    let mut chunks = Chunks::default();
    let mut words = String::new();
    let mut table: Option<Table> = None;
    let mut row: Vec<String> = Vec::new();
    let mut cell = String::new();
    let mut in_cell = false;
    let (mut hidden, mut depth_of_table) = (0_u32, 0_u32);
    let total = document.tree.values().count() as u64;
    for (done, edge) in document.tree.root().traverse().enumerate() {
        if done % 1000 == 0 {
            out.progress(done as u64 / 2, total)?;
        }
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Text(text) if hidden == 0 => {
                    let into = if in_cell { &mut cell } else { &mut words };
                    into.push_str(&text.replace(['\n', '\r', '\t'], " "));
                }
                Node::Element(element) => match element.name() {
                    name if HIDDEN.contains(&name) => hidden += 1,
                    "br" if in_cell => cell.push(' '),
                    "br" => words.push('\n'),
                    "table" => {
                        depth_of_table += 1;
                        if depth_of_table == 1 {
                            chunks.paragraph(&std::mem::take(&mut words), out)?;
                            table = Some(Table::default());
                        }
                    }
                    "td" | "th" if depth_of_table == 1 => in_cell = true,
                    "tr" => row.clear(),
                    name if !in_cell && (BLOCKS.contains(&name) || level(name).is_some()) => {
                        chunks.paragraph(&std::mem::take(&mut words), out)?;
                    }
                    _ if in_cell => cell.push(' '),
                    _ => {}
                },
                _ => {}
            },
            Edge::Close(node) => {
                let Node::Element(element) = node.value() else { continue };
                match element.name() {
                    name if HIDDEN.contains(&name) => hidden -= 1,
                    "td" | "th" if depth_of_table == 1 => {
                        in_cell = false;
                        row.push(std::mem::take(&mut cell));
                    }
                    "tr" if depth_of_table == 1 => {
                        if let Some(table) = &mut table {
                            table
                                .row(std::mem::take(&mut row), &mut |passage| chunks.passage(passage, out))?;
                        }
                    }
                    "table" => {
                        depth_of_table = depth_of_table.saturating_sub(1);
                        if depth_of_table == 0
                            && let Some(mut table) = table.take()
                        {
                            table.end(&mut |passage| chunks.passage(passage, out))?;
                        }
                    }
                    name if !in_cell => {
                        if let Some(level) = level(name) {
                            chunks.heading(level, &std::mem::take(&mut words), out)?;
                        } else if BLOCKS.contains(&name) {
                            chunks.paragraph(&std::mem::take(&mut words), out)?;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    chunks.paragraph(&words, out)?;
    chunks.flush(out)
}

/// The words of a piece of a page, in one line.
pub(crate) fn text(piece: &str) -> String {
    let spaced = piece.replace("<br", " <br").replace("</p>", "</p> ").replace("</li>", "</li> ");
    let words: String = Html::parse_fragment(&spaced).root_element().text().collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// The encoding a page names in its head.
fn named(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_lowercase();
    let (_, rest) = head.split_once("charset")?;
    let rest = rest.trim_start_matches([' ', '=', '"', '\'']);
    let label: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    Encoding::for_label(label.as_bytes())
}
