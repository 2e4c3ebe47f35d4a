//! Avito's autoload feed: one `Ad` for each listing, its fields as elements.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::chunks::tidy;
use crate::{Out, Passage, Problem, Reading, encoding, html, price, word};

/// Fields that say nothing to a buyer.
const TECHNICAL: [&str; 14] = [
    "Id",
    "AvitoId",
    "AdStatus",
    "DateBegin",
    "DateEnd",
    "ListingFee",
    "AllowEmail",
    "ManagerName",
    "ContactPhone",
    "ContactMethod",
    "InternetCalls",
    "CallsDevices",
    "VideoURL",
    "Images",
];
/// Letters of one field.
const FIELD: usize = 20_000;
/// Depth of elements: the feed has four.
const DEPTH: usize = 64;

pub(crate) fn read(bytes: &[u8], out: &mut Out<'_>) -> Reading {
    let text = encoding::decode_as(bytes, named(bytes))?;
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = false;
    let total = text.len() as u64;
    let mut path: Vec<String> = Vec::new();
    let mut ad: Option<Vec<(String, String)>> = None;
    let mut words = String::new();
    let mut line = 0;
    loop {
        match reader.read_event().map_err(|_| Problem::Damaged)? {
            Event::Eof => break,
            Event::Start(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                if name == "Ad" && ad.is_none() {
                    ad = Some(Vec::new());
                    path.clear();
                } else if path.len() < DEPTH {
                    path.push(name);
                } else {
                    return Err(Problem::Damaged.into());
                }
                words.clear();
            }
            Event::Text(text) => words.push_str(&text.into_inner()),
            Event::CData(data) => words.push_str(&data.into_inner()),
            Event::GeneralRef(name) => words.push_str(&word::resolved(&name)),
            Event::End(tag) if tag.local_name().as_ref() == "Ad" => {
                line += 1;
                if let Some(fields) = ad.take() {
                    give(&fields, line, out)?;
                }
                out.progress(reader.buffer_position(), total)?;
            }
            Event::End(_) => {
                let name = path.pop();
                if let (Some(fields), Some(name)) = (&mut ad, name) {
                    let value: String = words.chars().take(FIELD).collect();
                    if !value.trim().is_empty() {
                        fields.push((name, value));
                    }
                }
                words.clear();
            }
            _ => {}
        }
    }
    if line == 0 { Err(Problem::UnknownKind.into()) } else { Ok(()) }
}

/// The description first, as the seller wrote it; then what the other fields say.
fn give(fields: &[(String, String)], line: u32, out: &mut Out<'_>) -> Reading {
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.trim());
    let heading = field("Title").map(tidy).unwrap_or_default();
    let item = field("AvitoId").and_then(|id| id.parse().ok());
    let description = field("Description").map(html::text).unwrap_or_default();
    let mut rest = Vec::new();
    if let Some(number) = field("Price") {
        rest.push(format!("Цена: {}", price(&format!("{number} ₽")))); // the feed's prices are in roubles
    }
    for (name, value) in fields {
        let known =
            ["Title", "Description", "Price"].contains(&name.as_str()) || TECHNICAL.contains(&name.as_str());
        if !known && !value.trim_start().starts_with("http") {
            rest.push(format!("{name}: {}", tidy(value).replace('\n', ", ")));
        }
    }
    let passage = |text: String| Passage {
        heading: heading.clone(),
        text,
        line: Some(line),
        item,
        ..Passage::default()
    };
    out.passage(passage(description))?;
    out.passage(passage(rest.join("; ")))
}

fn named(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_lowercase();
    let (_, rest) = head.split_once("encoding=")?;
    let label: String =
        rest.chars().skip(1).take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    encoding_rs::Encoding::for_label(label.as_bytes())
}
