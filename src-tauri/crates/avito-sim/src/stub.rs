//! Avatar stubs: a white initial on one of eight colours.
//!
//! The embedded masks are PNGs of sixteen greys. Such a file becomes a coloured one by two changes: its
//! header declares a palette, and the palette runs from the colour to white.

use bytes::Bytes;

use crate::assets;

/// Muted enough for white letters.
const COLOURS: [[u8; 3]; 8] = [
    [0xd9, 0x6b, 0x5b],
    [0xd2, 0x8a, 0x3e],
    [0x6f, 0x9a, 0x4b],
    [0x3f, 0x96, 0x8a],
    [0x4a, 0x85, 0xbf],
    [0x6d, 0x70, 0xc4],
    [0x9a, 0x63, 0xb0],
    [0xb8, 0x60, 0x84],
];
/// Signature, then length, type, 13 bytes and checksum of the header.
const HEADER_START: usize = 8;
const HEADER_END: usize = 33;
const COLOUR_TYPE: usize = 25;
const PALETTE: u8 = 3;

/// The stub for an initial; a figure for letters without a mask.
pub(crate) fn png(initial: &str, colour: usize) -> Option<Bytes> {
    let letter = initial.chars().next().map_or(0, u32::from);
    let (mask, _) = assets::find(&format!("stub/{letter:04x}")).or_else(|| assets::find("stub/plain"))?;
    let mut header = mask.get(..HEADER_END)?.to_vec();
    *header.get_mut(COLOUR_TYPE)? = PALETTE;
    let checked = checksum(header.get(HEADER_START + 4..HEADER_END - 4)?).to_be_bytes();
    header.truncate(HEADER_END - 4);
    header.extend(checked);

    let base = COLOURS[colour % COLOURS.len()];
    let mut palette = b"PLTE".to_vec();
    for step in 0..16_u32 {
        palette.extend(base.map(|part| {
            let mixed = (u32::from(part) * (15 - step) + 255 * step) / 15;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        }));
    }
    let mut out = header;
    out.extend(48_u32.to_be_bytes());
    out.extend(&palette);
    out.extend(checksum(&palette).to_be_bytes());
    out.extend(mask.get(HEADER_END..)?);
    Some(out.into())
}

/// CRC-32 as PNG uses it.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{checksum, png};

    #[test]
    fn checksum_matches_the_published_test_value() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_stub_has_a_palette_right_after_its_header_and_keeps_its_picture() {
        let stub = png("М", 2).unwrap();
        assert_eq!(&stub[37..41], b"PLTE");
        assert_eq!(stub[25], 3);
        assert_ne!(png("М", 3).unwrap(), stub);
        assert!(stub.ends_with(b"IEND\xaeB`\x82"));
        assert!(png("Q", 0).is_some(), "an initial without a mask gets the figure");
    }
}
