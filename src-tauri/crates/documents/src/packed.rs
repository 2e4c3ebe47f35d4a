//! Office files are packed folders: which kind one is, and whether it unpacks into a reasonable size.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::{Kind, Limits, Problem};

pub(crate) type Packed<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Files in a packed folder; an Office file has dozens.
const FILES: usize = 10_000;
/// The strings of a workbook are held in memory as a whole.
const STRINGS: u64 = 96 << 20;
/// Beyond a few megabytes honest files shrink up to some forty times; what shrinks more than this is made to fill the memory.
const RATIO: u64 = 200;
const FROM: u64 = 32 << 20;

/// What kind of file is packed here.
pub(crate) fn kind(bytes: &[u8]) -> Result<Kind, Problem> {
    let archive = open(bytes)?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    if has("word/document.xml") {
        Ok(Kind::Word)
    } else if has("xl/workbook.xml") {
        Ok(Kind::Workbook)
    } else if has("[Content_Types].xml") || has("content.xml") {
        Err(Problem::OldKind) // slides, OpenDocument
    } else {
        Err(Problem::UnknownKind)
    }
}

pub(crate) fn open(bytes: &[u8]) -> Result<Packed<'_>, Problem> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Problem::Damaged)?;
    if archive.len() > FILES {
        return Err(Problem::Bomb);
    }
    Ok(archive)
}

/// Unpacks everything into nothing, counting: sizes that a file states about itself may lie.
pub(crate) fn check(archive: &mut Packed<'_>, limits: &Limits, packed: usize) -> Result<(), Problem> {
    let mut total = 0_u64;
    let mut buffer = vec![0; 1 << 16];
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(damaged)?;
        let name = file.name().map_err(damaged)?.into_owned();
        let strings = name.ends_with("sharedStrings.xml");
        // Pictures are not read: what they unpack into does not matter, and is bounded by nothing we would hold.
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let before = total;
        loop {
            let count = file.read(&mut buffer).map_err(|_| Problem::Damaged)?;
            if count == 0 {
                break;
            }
            total += count as u64;
            if total > FROM && total / (packed as u64).max(1) > RATIO {
                return Err(Problem::Bomb);
            }
            if total > limits.unpacked || strings && total - before > STRINGS {
                return Err(Problem::TooLarge);
            }
        }
    }
    Ok(())
}

fn damaged(error: ZipError) -> Problem {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            Problem::Password
        }
        _ => Problem::Damaged,
    }
}

/// Whether it holds programs.
pub(crate) fn has_macros(archive: &Packed<'_>) -> bool {
    archive.file_names().flatten().any(|name| name.ends_with("vbaProject.bin"))
}
