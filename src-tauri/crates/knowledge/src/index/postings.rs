//! Which passages of a block hold a word, in few bytes.
//!
//! Entries stand in order of their place in the block. Each is a varint of `(distance to the one before) << 1 | plain`;
//! a plain entry means once in the text and not in the title. Otherwise a byte follows: times in the title (2 bits, up to
//! 3) and times in the text (3 bits, up to 7).

/// Passages that share a row.
pub(crate) const BLOCK: i64 = 2048;

/// A word in a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting {
    /// The passage's place in its block.
    pub(crate) place: u16,
    pub(crate) title: u8,
    pub(crate) text: u8,
}

const PLAIN: Posting = Posting { place: 0, title: 0, text: 1 };

/// `postings` in order of place, no place twice.
pub(crate) fn encode(postings: &[Posting]) -> Vec<u8> {
    let mut out = Vec::with_capacity(postings.len() * 2);
    let mut before = 0;
    for posting in postings {
        let plain = Posting { place: 0, ..*posting } == PLAIN;
        let mut number = u32::from(posting.place - before) << 1 | u32::from(plain);
        while number >= 0x80 {
            out.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
        if !plain {
            out.push(posting.title.min(3) << 3 | posting.text.min(7));
        }
        before = posting.place;
    }
    out
}

/// What [`encode`] wrote; `None` when the bytes are not its own.
pub(crate) fn decode(data: &[u8], mut each: impl FnMut(Posting)) -> Option<()> {
    let mut bytes = data.iter();
    let mut place: u32 = 0;
    while let Some(first) = bytes.next() {
        let mut number = u32::from(first & 0x7f);
        let mut shift = 7;
        let mut byte = *first;
        while byte & 0x80 != 0 {
            byte = *bytes.next()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
        }
        place = place.checked_add(number >> 1)?;
        let place = u16::try_from(place).ok().filter(|place| i64::from(*place) < BLOCK)?;
        if number & 1 == 1 {
            each(Posting { place, ..PLAIN });
        } else {
            let counts = *bytes.next()?;
            each(Posting { place, title: counts >> 3 & 3, text: counts & 7 });
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_the_same() {
        let postings: Vec<Posting> = [0, 1, 63, 64, 65, 700, 2047]
            .into_iter()
            .map(|place| Posting { place, title: (place % 4) as u8, text: (place % 8) as u8 })
            .collect();
        let mut read = Vec::new();
        assert!(decode(&encode(&postings), |posting| read.push(posting)).is_some());
        assert_eq!(read, postings);
    }

    #[test]
    fn a_plain_neighbour_takes_one_byte() {
        let plain: Vec<Posting> = (0..10).map(|place| Posting { place, ..PLAIN }).collect();
        assert_eq!(encode(&plain).len(), 10);
    }

    #[test]
    fn foreign_bytes_are_noticed() {
        assert!(decode(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff], |_| {}).is_none());
        assert!(decode(&[0x00], |_| {}).is_none(), "the counts are missing");
        assert!(decode(&[0xff, 0x7f], |_| {}).is_none(), "beyond the block");
    }
}
