//! Looking for what must not be there, in every form a program might write it down.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Something planted that must not be found.
#[derive(Debug, Clone)]
pub(crate) struct Needle {
    /// What it is, for the report.
    pub(crate) name: String,
    /// A secret may be nowhere; a text may be shown to the seller, but lie nowhere on the disk.
    pub(crate) secret: bool,
    value: String,
}

impl Needle {
    pub(crate) fn secret(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), secret: true, value: value.to_owned() }
    }

    pub(crate) fn text(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), secret: false, value: value.to_owned() }
    }
}

/// Finds any of the needles in any form, in one pass.
pub(crate) struct Searcher {
    /// Needle, name of the form, bytes.
    forms: Vec<(usize, &'static str, Vec<u8>)>,
    /// Forms by their first two bytes.
    begins: Vec<Vec<usize>>,
    needles: Vec<Needle>,
}

impl Searcher {
    pub(crate) fn new(needles: Vec<Needle>) -> Self {
        let mut forms = Vec::new();
        for (index, needle) in needles.iter().enumerate() {
            assert!(needle.value.len() >= 8, "{}: too short to be told from chance", needle.name);
            forms.extend(all_forms(&needle.value).into_iter().map(|(name, bytes)| (index, name, bytes)));
        }
        let mut begins = vec![Vec::new(); 1 << 16];
        for (index, (_, _, bytes)) in forms.iter().enumerate() {
            begins[start_of(bytes)].push(index);
        }
        Self { forms, begins, needles }
    }

    /// Every needle that is in there, and the form it is in.
    pub(crate) fn find(&self, haystack: &[u8]) -> Vec<(&Needle, &'static str)> {
        let mut found = Vec::new();
        for at in 0..haystack.len().saturating_sub(1) {
            let rest = &haystack[at..];
            for form in &self.begins[start_of(rest)] {
                let (needle, name, bytes) = &self.forms[*form];
                if rest.starts_with(bytes) && !found.contains(&(*needle, *name)) {
                    found.push((*needle, *name));
                }
            }
        }
        found.into_iter().map(|(needle, name)| (&self.needles[needle], name)).collect()
    }

    /// The same, without texts: where the seller reads, they belong.
    pub(crate) fn find_secrets(&self, haystack: &[u8]) -> Vec<(&Needle, &'static str)> {
        self.find(haystack).into_iter().filter(|(needle, _)| needle.secret).collect()
    }

    /// Everything found in the files of a folder, told by their paths.
    pub(crate) fn find_in_files(&self, folder: &Path, except: impl Fn(&Path) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        for file in files(folder).into_iter().filter(|file| !except(file)) {
            // What is gone meanwhile holds nothing.
            let Ok(bytes) = fs::read(&file) else { continue };
            let place = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
            for hit in self.find(&bytes).into_iter().chain(self.find(place.as_bytes())) {
                found.push(format!("{} as {} in {place}", hit.0.name, hit.1));
            }
        }
        found
    }
}

fn start_of(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// How the value may lie in a file, a log, an address, a message.
fn all_forms(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = value.as_bytes();
    let units: Vec<u16> = value.encode_utf16().collect();
    let hex = |upper: bool| {
        let digits =
            bytes.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        digits.collect::<String>().into_bytes()
    };
    let percent = |upper: bool| {
        let encode = |byte: &u8| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) => char::from(*byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        };
        bytes.iter().map(encode).collect::<String>().into_bytes()
    };
    let escaped = |quote: fn(u16) -> String| -> Vec<u8> {
        let encode = |unit: &u16| match u8::try_from(*unit) {
            Ok(byte) if byte.is_ascii() && !byte.is_ascii_control() => char::from(byte).to_string(),
            _ => quote(*unit),
        };
        units.iter().map(encode).collect::<String>().into_bytes()
    };
    let rust = value.chars().map(|letter| letter.escape_unicode().to_string()).collect::<String>();
    let mut forms = vec![
        ("plain", bytes.to_vec()),
        ("UTF-16 LE", units.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
        ("UTF-16 BE", units.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
        ("hex", hex(false)),
        ("HEX", hex(true)),
        ("percent", percent(true)),
        ("percent, small", percent(false)),
        ("JSON escapes", escaped(|unit| format!("\\u{unit:04x}"))),
        ("Rust escapes", rust.into_bytes()),
        ("lower case", value.to_lowercase().into_bytes()),
    ];
    if value.contains('-') {
        forms.push(("without dashes", value.replace('-', "").into_bytes()));
    }
    // In the middle of something encoded, a value begins at one of three places of a group.
    for before in 0..3 {
        let mut padded = vec![b'?'; before];
        padded.extend_from_slice(bytes);
        padded.truncate(padded.len() / 3 * 3);
        // The group it shares with what comes before it says nothing about it.
        let from = if before == 0 { 0 } else { 4 };
        for (name, engine) in [("base64", &STANDARD), ("base64 for addresses", &URL_SAFE)] {
            forms.push((name, engine.encode(&padded).into_bytes()[from..].to_vec()));
        }
    }
    forms.sort_by(|one, other| one.1.cmp(&other.1));
    forms.dedup_by(|one, other| one.1 == other.1);
    forms
}

/// All files in a folder and its folders.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found
}

#[test]
fn the_search_finds_what_is_planted_in_every_form() {
    let (secret, text) = ("s3cr3t-Key-0123456789", "Заберу самовар на Лесной");
    let searcher = Searcher::new(vec![Needle::secret("key", secret), Needle::text("text", text)]);
    let hex = |value: &str| value.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let utf16 = |value: &str| value.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for value in [secret, text] {
        let json = serde_json::to_string(value).unwrap();
        let url = reqwest::Url::parse_with_params("http://a/", [("q", value)]).unwrap().to_string();
        let mut planted: Vec<Vec<u8>> = vec![
            format!("before {value} after").into_bytes(),
            json.into_bytes(),
            [b"\0\x01".to_vec(), utf16(value), b"\x02".to_vec()].concat(),
            format!("x'{}'", hex(value)).into_bytes(),
            hex(value).to_uppercase().into_bytes(),
            url.replace('+', "%20").into_bytes(),
            format!("\"{}\"", value.escape_unicode()).into_bytes(),
        ];
        for before in ["", "a", "ab", "abc", "abcd"] {
            for after in ["", "z", "zz"] {
                let inside = format!("{before}{value}{after}");
                planted.push(STANDARD.encode(&inside).into_bytes());
                planted.push(URL_SAFE.encode(&inside).into_bytes());
            }
        }
        for haystack in planted {
            assert!(
                !searcher.find(&haystack).is_empty(),
                "{value} in {}",
                String::from_utf8_lossy(&haystack)
            );
        }
    }
    assert!(searcher.find(b"s3cr3t-Key and nothing else").is_empty());
    assert_eq!(searcher.find_secrets(text.as_bytes()).len(), 0);
    assert_eq!(searcher.find_secrets(secret.as_bytes()).len(), 1);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("deep")).unwrap();
    fs::write(folder.path().join("deep/file"), format!("...{secret}")).unwrap();
    assert_eq!(searcher.find_in_files(folder.path(), |_| false).len(), 1);
    assert_eq!(searcher.find_in_files(folder.path(), |file| file.ends_with("file")).len(), 0);
}
