//! From bytes to text: Unicode by its marks, otherwise the likeliest encoding of Russian text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::Problem;

/// The text of a file.
///
/// # Errors
/// [`Problem::UnknownKind`] for what is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, Problem> {
    decode_as(bytes, None)
}

/// The text of a file that may name its own encoding.
pub(crate) fn decode_as(bytes: &[u8], named: Option<&'static Encoding>) -> Result<String, Problem> {
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, length),
        None => (guess(bytes, named), 0),
    };
    let (text, _) = encoding.decode_without_bom_handling(&bytes[mark..]);
    let sample = || text.chars().take(100_000);
    let controls = sample().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}')).count();
    if controls * 50 > sample().count() {
        return Err(Problem::UnknownKind);
    }
    Ok(text.into_owned())
}

fn guess(bytes: &[u8], named: Option<&'static Encoding>) -> &'static Encoding {
    let sample = &bytes[..bytes.len().min(1 << 20) & !1];
    if let Some(encoding) = without_mark(sample) {
        return encoding;
    }
    // Also when the sample cuts a letter in two.
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    named.unwrap_or_else(|| {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(sample, true);
        detector.guess(Some(b"ru"), Utf8Detection::Deny)
    })
}

/// UTF-16 without a mark: every second byte of Russian or English text is 4 or 0.
fn without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let share = |first: usize| {
        let bytes = sample.iter().skip(first).step_by(2);
        let high = bytes.clone().filter(|byte| matches!(byte, 0 | 4)).count();
        high * 10 > bytes.count() * 8
    };
    if sample.len() < 8 {
        return None;
    }
    match (share(0), share(1)) {
        (false, true) => Some(UTF_16LE),
        (true, false) => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Доставка по городу 400 ₽, за город не возим.\nСамовывоз — Лесная, 4.";

    #[test]
    fn russian_text_is_read_in_every_encoding_it_comes_in() {
        let utf16 = |le: bool| -> Vec<u8> {
            TEXT.encode_utf16()
                .flat_map(|unit| if le { unit.to_le_bytes() } else { unit.to_be_bytes() })
                .collect()
        };
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark.to_vec(), bytes].concat();
        assert_eq!(decode(TEXT.as_bytes()).unwrap(), TEXT);
        assert_eq!(decode(&marked(b"\xEF\xBB\xBF", TEXT.into())).unwrap(), TEXT);
        assert_eq!(decode(&utf16(true)).unwrap(), TEXT);
        assert_eq!(decode(&utf16(false)).unwrap(), TEXT);
        assert_eq!(decode(&marked(b"\xFF\xFE", utf16(true))).unwrap(), TEXT);
        assert_eq!(decode(&marked(b"\xFE\xFF", utf16(false))).unwrap(), TEXT);
        let narrow = TEXT.replace('₽', "р.").replace('—', "-");
        for encoding in [encoding_rs::WINDOWS_1251, encoding_rs::KOI8_R, encoding_rs::IBM866] {
            let (bytes, ..) = encoding.encode(&narrow);
            assert_eq!(decode(&bytes).unwrap(), narrow, "{}", encoding.name());
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        assert_eq!(decode(&bytes), Err(Problem::UnknownKind));
    }
}
