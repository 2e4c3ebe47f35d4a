//! What a file is: by its first bytes where they tell, by its name otherwise.

use crate::{Problem, packed};

/// What is read, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text without marks.
    Plain,
    /// Markdown.
    Markdown,
    /// A table of separated values.
    Csv,
    /// A web page.
    Html,
    /// Avito's autoload feed.
    Xml,
    /// Word, 2007 and later.
    Word,
    /// Excel, 2007 and later.
    Workbook,
    /// Excel before 2007.
    OldWorkbook,
    /// PDF.
    Pdf,
}

/// What a file picker offers and a watched folder takes, without dots.
pub const EXTENSIONS: [&str; 14] = [
    "txt", "text", "md", "markdown", "csv", "tsv", "html", "htm", "xml", "docx", "docm", "xlsx", "xlsm",
    "xls",
];

impl Kind {
    /// The kind of a file.
    ///
    /// # Errors
    /// [`Problem::Empty`], [`Problem::UnknownKind`], [`Problem::OldKind`], [`Problem::Password`] or [`Problem::Damaged`].
    pub fn of(bytes: &[u8], name: &str) -> Result<Self, Problem> {
        let extension =
            name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default();
        if bytes.is_empty() {
            return Err(Problem::Empty);
        }
        if bytes[..bytes.len().min(1024)].windows(5).any(|window| window == b"%PDF-") {
            return Ok(Self::Pdf);
        }
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            return packed::kind(bytes);
        }
        // The container of Office before 2007; since then of what a password encrypts.
        if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
            let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
            if bytes.windows(name.len()).any(|window| window == name) {
                return Err(Problem::Password);
            }
            return if extension == "xls" { Ok(Self::OldWorkbook) } else { Err(Problem::OldKind) };
        }
        match extension.as_str() {
            "txt" | "text" | "log" | "" => Ok(Self::Plain),
            "md" | "markdown" => Ok(Self::Markdown),
            "csv" | "tsv" | "tab" => Ok(Self::Csv),
            "html" | "htm" | "xhtml" => Ok(Self::Html),
            "xml" | "yml" => Ok(Self::Xml),
            // A name that promises a container, and none is there.
            "docx" | "docm" | "xlsx" | "xlsm" | "xls" | "pdf" => Err(Problem::Damaged),
            "doc" | "rtf" | "odt" | "ods" | "ppt" | "pptx" => Err(Problem::OldKind),
            _ => Err(Problem::UnknownKind),
        }
    }

    /// Whether a file of this name may be read, for watched folders.
    pub fn is_readable(name: &str) -> bool {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
        extension.is_some_and(|extension| extension == "pdf" || EXTENSIONS.contains(&extension.as_str()))
    }
}
