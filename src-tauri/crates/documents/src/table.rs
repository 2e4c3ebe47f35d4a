//! Tables: a row is one passage with the names of its columns; a row with one filled cell is a heading of those below it.

use crate::chunks::{join, tidy};
use crate::{Out, Passage, Problem, Reading, price};

/// Rows that are looked at to find the names of the columns.
const LOOK: usize = 12;
/// Columns of a row; a price list has fewer.
pub(crate) const COLUMNS: usize = 64;
/// Letters of a cell.
const CELL: usize = 4_000;

/// Where passages of a table go.
type Give<'a> = dyn FnMut(Passage) -> Reading + 'a;

/// A table as its rows come in.
#[derive(Default)]
pub(crate) struct Table {
    sheet: Option<String>,
    /// Rows seen so far, empty ones included.
    seen: u32,
    /// The first filled rows, until the names of the columns are known.
    first: Vec<(u32, Vec<String>)>,
    names: Option<Vec<String>>,
    section: String,
}

impl Table {
    pub(crate) fn of_sheet(sheet: &str) -> Self {
        Self { sheet: Some(sheet.to_owned()), ..Self::default() }
    }

    /// The next row.
    pub(crate) fn row(&mut self, cells: Vec<String>, give: &mut Give<'_>) -> Reading {
        self.row_at(self.seen + 1, cells, give)
    }

    /// A row that says its number, from 1.
    pub(crate) fn row_at(&mut self, line: u32, mut cells: Vec<String>, give: &mut Give<'_>) -> Reading {
        self.seen = line;
        cells.truncate(COLUMNS);
        for cell in &mut cells {
            *cell = tidy(cell).replace('\n', " ");
            if let Some((end, _)) = cell.char_indices().nth(CELL) {
                cell.truncate(end);
            }
        }
        if cells.iter().all(String::is_empty) {
            return Ok(());
        }
        if self.names.is_some() {
            return self.give_row(line, &cells, give);
        }
        self.first.push((line, cells));
        if self.first.len() == LOOK { self.begin(give) } else { Ok(()) }
    }

    /// There are no more rows.
    pub(crate) fn end(&mut self, give: &mut Give<'_>) -> Reading {
        if self.names.is_none() { self.begin(give) } else { Ok(()) }
    }

    /// Finds the names of the columns among the first rows: the first row that is as full as any and has no numbers in it.
    fn begin(&mut self, give: &mut Give<'_>) -> Reading {
        let rows = std::mem::take(&mut self.first);
        let full = rows.iter().map(|(_, cells)| filled(cells)).max().unwrap_or(0);
        let head = rows.iter().position(|(_, cells)| {
            filled(cells) >= 2 && filled(cells) * 3 >= full * 2 && !cells.iter().any(|cell| is_number(cell))
        });
        // A table of words alone has names only when something stands below them.
        let head = head.filter(|at| at + 1 < rows.len());
        let mut names = Vec::new();
        for (at, (line, cells)) in rows.into_iter().enumerate() {
            match head {
                Some(head) if at < head => self.above(line, &cells, give)?,
                Some(head) if at == head => {
                    names.clone_from(&cells);
                    self.names = Some(cells);
                }
                _ => {
                    self.names.get_or_insert_with(Vec::new);
                    self.give_row(line, &cells, give)?;
                }
            }
        }
        self.names.get_or_insert(names);
        Ok(())
    }

    /// A row above the names: the title of the table, an address, a date.
    fn above(&mut self, line: u32, cells: &[String], give: &mut Give<'_>) -> Reading {
        if self.section.is_empty() && filled(cells) == 1 {
            self.section = joined(cells);
            return Ok(());
        }
        give(self.passage(line, self.section.clone(), joined(cells)))
    }

    fn give_row(&mut self, line: u32, cells: &[String], give: &mut Give<'_>) -> Reading {
        let names = self.names.as_deref().unwrap_or_default();
        if names == cells {
            return Ok(()); // the names once more, on the next page of a list
        }
        if filled(cells) == 1 && names.len() > 1 && !cells.iter().any(|cell| is_number(cell)) {
            self.section = joined(cells);
            return Ok(());
        }
        let mut text = String::new();
        for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            if !text.is_empty() {
                text.push_str("; ");
            }
            match names.get(at).filter(|name| !name.is_empty()) {
                Some(name) => {
                    let (name, roubles) = unit(name);
                    let cell = if roubles && is_number(cell) { &price(&format!("{cell} ₽")) } else { cell };
                    text.push_str(&format!("{name}: {cell}"));
                }
                None => text.push_str(cell),
            }
        }
        let thing = name_of(names, cells);
        let item =
            names.iter().position(|name| is_items_number(name)).and_then(|at| cells.get(at)?.parse().ok());
        let heading = join(&[self.section.clone(), thing]);
        give(Passage { item, ..self.passage(line, heading, text) })
    }

    fn passage(&self, line: u32, heading: String, text: String) -> Passage {
        Passage { heading, text, sheet: self.sheet.clone(), line: Some(line), ..Passage::default() }
    }
}

fn filled(cells: &[String]) -> usize {
    cells.iter().filter(|cell| !cell.is_empty()).count()
}

fn joined(cells: &[String]) -> String {
    cells.iter().filter(|cell| !cell.is_empty()).cloned().collect::<Vec<_>>().join("; ")
}

fn is_number(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    digits > 0 && letters <= 3 && digits >= letters
}

/// The name of a column without its unit, and whether what stands below it is roubles: «Цена, руб.».
fn unit(name: &str) -> (&str, bool) {
    let lower = name.to_lowercase();
    let roubles = lower.contains('₽') || lower.contains("руб") || lower.contains("rub");
    if !roubles {
        return (name, false);
    }
    let bare = name.split([',', '(']).next().unwrap_or(name).trim();
    (if bare.is_empty() { name } else { bare }, true)
}

/// The thing a row is about: the column that says so, or the first one with words.
fn name_of(names: &[String], cells: &[String]) -> String {
    const WORDS: [&str; 9] =
        ["наимен", "назван", "товар", "услуг", "модель", "позици", "title", "name", "product"];
    let says = |at: &usize| {
        let name = names[*at].to_lowercase();
        WORDS.iter().any(|word| name.contains(word)) && cells.get(*at).is_some_and(|cell| !cell.is_empty())
    };
    let named = (0..names.len()).find(says).map(|at| &cells[at]);
    let first = || cells.iter().find(|cell| cell.chars().any(char::is_alphabetic) && !is_number(cell));
    let thing = named.or_else(first).map(String::as_str).unwrap_or_default();
    thing.chars().take(160).collect()
}

/// Avito's autoload tables name the listing's number so.
pub(crate) fn is_items_number(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    matches!(letters.as_str(), "avitoid" | "номеробъявлениянаавито" | "номеробъявления")
}

/// A table of values separated by commas, semicolons, tabs or bars.
pub(crate) fn read_csv(text: &str, out: &mut Out<'_>) -> Reading {
    if text.trim().is_empty() {
        return Err(Problem::Empty.into());
    }
    // Excel writes the separator into the first line.
    let (told, body) = match text.strip_prefix("sep=") {
        Some(rest) => (rest.bytes().next(), rest.split_once('\n').map_or("", |(_, body)| body)),
        None => (None, text),
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(told.unwrap_or_else(|| separator(body)))
        .has_headers(false)
        .flexible(true)
        .from_reader(body.as_bytes());
    let mut table = Table::default();
    let total = body.len() as u64;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| Problem::Damaged)? {
        let position = record.position().map_or((0, 0), |position| (position.byte(), position.line()));
        let line = u32::try_from(position.1).unwrap_or(u32::MAX);
        let cells = record.iter().take(COLUMNS).map(str::to_owned).collect();
        table.row_at(line, cells, &mut |passage| out.passage(passage))?;
        out.progress(position.0, total)?;
    }
    table.end(&mut |passage| out.passage(passage))
}

/// The separator that cuts the first lines into the most even rows.
fn separator(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
    let worth = |separator: &u8| {
        let counts: Vec<usize> =
            lines.iter().map(|line| line.bytes().filter(|byte| byte == separator).count()).collect();
        let most = counts.iter().max().copied().unwrap_or(0);
        // Lines with as many as any: a comma inside words is not even.
        (counts.iter().filter(|count| **count == most && most > 0).count(), most)
    };
    [b',', b'|', b'\t', b';'].into_iter().max_by_key(|separator| worth(separator)).unwrap_or(b',')
}
