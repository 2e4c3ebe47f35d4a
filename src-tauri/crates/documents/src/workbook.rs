//! Workbooks: every sheet a table, its rows read one after the other.

use std::io::Cursor;

use calamine::{Data, DataRef, ExcelDateTime, Reader as _, SheetVisible, Xls, Xlsx, XlsxError};

use crate::table::{COLUMNS, Table};
use crate::{Out, Problem, Reading, Trouble, packed};

pub(crate) fn read(bytes: &[u8], out: &mut Out<'_>) -> Reading {
    let mut archive = packed::open(bytes)?;
    packed::check(&mut archive, &out.limits, bytes.len())?;
    if packed::has_macros(&archive) {
        out.troubles.push(Problem::Macros.into());
    }
    drop(archive);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| match error {
        XlsxError::Password => Problem::Password,
        _ => Problem::Damaged,
    })?;
    let sheets: Vec<String> = shown(book.sheets_metadata());
    let total = sheets.len() as u64 * 1000;
    for (number, sheet) in sheets.iter().enumerate() {
        let read = read_sheet(&mut book, sheet, out, number as u64 * 1000, total);
        match read {
            Err(crate::End::Problem(problem)) if problem != Problem::TooMany => {
                out.troubles.push(Trouble { problem, pages: None, sheet: Some(sheet.clone()) });
            }
            other => other?,
        }
    }
    Ok(())
}

fn shown(sheets: &[calamine::Sheet]) -> Vec<String> {
    let visible = sheets.iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
    visible.map(|sheet| sheet.name.clone()).collect()
}

fn read_sheet(
    book: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
    out: &mut Out<'_>,
    done: u64,
    total: u64,
) -> Reading {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|_| Problem::Damaged)?;
    let rows = u64::from(cells.dimensions().end.0).max(1);
    let mut table = Table::of_sheet(sheet);
    let mut row: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(cell) = cells.next_cell().map_err(|_| Problem::Damaged)? {
        let (line, column) = cell.get_position();
        if line != at {
            table.row_at(at + 1, std::mem::take(&mut row), &mut |passage| out.passage(passage))?;
            at = line;
            out.progress(done + u64::from(line) * 1000 / rows, total)?;
        }
        let column = column as usize;
        if column < COLUMNS {
            row.resize(row.len().max(column + 1), String::new());
            row[column] = shown_ref(cell.get_value());
        }
    }
    table.row_at(at + 1, row, &mut |passage| out.passage(passage))?;
    table.end(&mut |passage| out.passage(passage))
}

/// Before 2007 a workbook is read as a whole; the limit of the file bounds it.
pub(crate) fn read_old(bytes: &[u8], out: &mut Out<'_>) -> Reading {
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|error| match error {
        calamine::XlsError::Password => Problem::Password,
        _ => Problem::Damaged,
    })?;
    for sheet in shown(book.sheets_metadata()) {
        let Ok(range) = book.worksheet_range(&sheet) else {
            out.troubles.push(Trouble { problem: Problem::Damaged, pages: None, sheet: Some(sheet) });
            continue;
        };
        let mut table = Table::of_sheet(&sheet);
        let first = range.start().map_or(0, |(line, _)| line);
        for (line, row) in (first + 1..).zip(range.rows()) {
            let cells = row.iter().take(COLUMNS).map(shown_data).collect();
            table.row_at(line, cells, &mut |passage| out.passage(passage))?;
            out.progress(u64::from(line), range.height() as u64)?;
        }
        table.end(&mut |passage| out.passage(passage))?;
    }
    Ok(())
}

/// A cell as its reader sees it, near enough: numbers without needless zeros, dates as they are written here.
fn shown_ref(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => shown_number(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => if *yes { "да" } else { "нет" }.to_owned(),
        DataRef::DateTime(moment) => shown_moment(moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

fn shown_data(value: &Data) -> String {
    shown_ref(&match value {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(yes) => DataRef::Bool(*yes),
        Data::DateTime(moment) => DataRef::DateTime(*moment),
        Data::DateTimeIso(text) | Data::DurationIso(text) => DataRef::SharedString(text),
        _ => DataRef::Empty,
    })
}

fn shown_number(number: f64) -> String {
    // Sums of tenths come out as 0.30000000000000004.
    let rounded = (number * 1e6).round() / 1e6;
    let text = if rounded.is_finite() { rounded } else { number }.to_string();
    text.replace('.', ",")
}

fn shown_moment(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        let minutes = (moment.as_f64() * 24.0 * 60.0).round();
        return format!("{}:{:02}", (minutes / 60.0).floor(), minutes % 60.0);
    }
    let (year, month, day, hour, minute, ..) = moment.to_ymd_hms_milli();
    let date = format!("{day:02}.{month:02}.{year}");
    match (moment.as_f64() < 1.0, (hour, minute)) {
        (true, _) => format!("{hour}:{minute:02}"),
        (false, (0, 0)) => date,
        (false, _) => format!("{date} {hour}:{minute:02}"),
    }
}
